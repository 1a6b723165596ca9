"""Our settings in vLLM's words: engine arguments, and the parameters of one request.

On a CPU no prompt is ever prefilled in pieces: a seeded request that is kills that build's engine ("CPU Generator does
not use offset").
"""

import os
from dataclasses import asdict, fields
from typing import Any

from samples.engines import Placement, Sampling, vllm_watchdog
from samples.errors import UsageError

# Engine arguments that `extra` may not set, and what sets them.
_OURS = {
    "model": "the model",
    "revision": "the revision",
    "tokenizer": "the model",
    "dtype": "dtype",
    "max_model_len": "max_model_len",
    "logprobs_mode": "logprobs_mode",
}
# Each of these can cut a prompt's prefill into pieces.
_OURS_ON_CPU = dict.fromkeys(("enable_chunked_prefill", "long_prefill_token_threshold"), "the CPU engine")


def engine_args(path: str, revision: str | None, dtype: str, sampling: Sampling, placement: Placement) -> Any:
    """Everything that vLLM is told when it starts; None leaves vLLM's choice for offline work on this hardware."""
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.platforms import current_platform

    known = {option.name for option in fields(AsyncEngineArgs)}
    settings: dict[str, Any] = {
        "model": path,
        "revision": revision,
        "tokenizer_revision": revision,
        "dtype": dtype,
        "max_model_len": sampling.max_model_len,
        "logprobs_mode": sampling.logprobs_mode,
        "tensor_parallel_size": placement.tensor_parallel_size,
        "max_num_seqs": placement.max_num_seqs,
        "max_num_batched_tokens": placement.max_num_batched_tokens,
        "gpu_memory_utilization": placement.gpu_memory_utilization,
        "disable_log_stats": True,
        "use_tqdm_on_load": False,
        "worker_extension_cls": f"{vllm_watchdog.__name__}.{vllm_watchdog.Guard.__name__}",
    }
    os.environ[vllm_watchdog.OWNER] = str(os.getpid())
    if placement.tensor_parallel_size > 1:
        # Inside a Ray actor vLLM would ask Ray for more actors; ours holds all its GPUs itself.
        settings["distributed_executor_backend"] = "mp"
    if current_platform.is_cpu():
        settings |= {
            # bfloat16 without native support is ten times slower.
            "dtype": "float32" if dtype == "auto" else dtype,
            "enforce_eager": True,
            "max_num_seqs": placement.max_num_seqs or 128,
            "kv_cache_memory_bytes": int(placement.kv_cache_gib * 2**30),
            # vLLM then gives a batch room for max_model_len, or says so when it was given less.
            "enable_chunked_prefill": False,
        }
        os.environ.pop("VLLM_CPU_KVCACHE_SPACE", None)  # it would override kv_cache_memory_bytes
        os.environ.setdefault("VLLM_CPU_NUM_OF_RESERVED_CPU", "0")  # else one core idles
    refused = _OURS | (_OURS_ON_CPU if current_platform.is_cpu() else {})
    for name in placement.extra:
        if name not in known:
            raise UsageError(f'vLLM has no engine argument "{name}"')
        if name in refused:
            raise UsageError(f'engine argument "{name}" is set by {refused[name]}; it cannot be an extra one')
    return AsyncEngineArgs(**settings | placement.extra)


def sampling_params(sampling: Sampling, seed: int) -> Any:
    """Everything that vLLM is told with a request."""
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    settings: dict[str, Any] = asdict(sampling) | {
        "stop": list(sampling.stop),
        "stop_token_ids": list(sampling.stop_token_ids),
    }
    del settings["max_model_len"], settings["logprobs_mode"]  # the engine's, not a request's
    return SamplingParams(
        **settings, seed=seed, logprobs=0, flat_logprobs=True, output_kind=RequestOutputKind.FINAL_ONLY
    )

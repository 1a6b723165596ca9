"""Translate our settings into vLLM's: the arguments of the engine, and the parameters of one request.

On a CPU, chunked prefill is off except for scoring: a seeded request that is prefilled in chunks kills the engine of
the CPU build ("CPU Generator does not use offset").
"""

import os
from dataclasses import asdict, fields
from typing import Any

from samples.engines import Placement, Sampling, vllm_watchdog
from samples.engines.adapters import Adapter
from samples.engines.engine_args import RESERVED, require_free
from samples.errors import ModelError, UsageError

# Each of these can turn on chunked prefill.
_RESERVED_ON_CPU = dict.fromkeys(("enable_chunked_prefill", "long_prefill_token_threshold"), "the CPU engine")

_HEAD = "lm_head"
_RESERVED_FOR_SCORING = {
    "lora_target_modules": "scoring, from the adapter's config",
    "enable_prefix_caching": "scoring, which needs it off",
}
_RESERVED_FOR_TOP = {"max_logprobs": "--top-logprobs"}


def engine_args(
    path: str,
    revision: str | None,
    dtype: str,
    sampling: Sampling,
    placement: Placement,
    adapter: Adapter | None = None,
    *,
    scoring: bool = False,
    top_logprobs: int = 0,
) -> Any:
    """Return the engine arguments. None keeps vLLM's default for offline work on this hardware.

    `scoring` prepares for scores: see `_for_scoring`. A request may ask for `top_logprobs` tokens at a position.

    Raises:
        ModelError: This machine cannot compute in `dtype`, or cannot apply an adapter in it.
        UsageError: `placement.extra` has an argument that vLLM lacks, or that we set.
    """
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.platforms import current_platform

    _require_dtype(dtype, current_platform)
    known = {option.name for option in fields(AsyncEngineArgs)}
    settings: dict[str, Any] = {
        "model": path,
        "revision": revision,
        "tokenizer_revision": revision,
        "dtype": dtype,
        "trust_remote_code": placement.trust_remote_code,
        "max_model_len": sampling.max_model_len,
        "logprobs_mode": sampling.logprobs_mode,
        "tensor_parallel_size": placement.tensor_parallel_size,
        "max_num_seqs": placement.max_num_seqs,
        "max_num_batched_tokens": placement.max_num_batched_tokens,
        "pipeline_parallel_size": placement.pipeline_parallel_size,
        "gpu_memory_utilization": placement.gpu_memory_utilization * min(placement.gpus_per_replica or 1, 1),
        "disable_log_stats": True,
        "use_tqdm_on_load": False,
        "worker_extension_cls": f"{vllm_watchdog.__name__}.{vllm_watchdog.WorkerExtension.__name__}",
    }
    os.environ[vllm_watchdog.OWNER_VARIABLE] = str(os.getpid())
    if placement.parallel > 1:
        # Inside a Ray actor, vLLM would ask Ray for more actors. Our actor holds all its GPUs itself.
        settings["distributed_executor_backend"] = "mp"
    if adapter is not None:
        require_adapter_dtype(dtype, current_platform)
        settings |= {"enable_lora": True, "max_loras": 1, "max_lora_rank": _room_for(adapter)}
    if current_platform.is_cpu():
        settings |= {
            "enforce_eager": True,
            "max_num_seqs": placement.max_num_seqs or 128,
            "kv_cache_memory_bytes": int(placement.kv_cache_gib * 2**30),
            # vLLM then makes a batch large enough for max_model_len, or refuses a smaller batch size.
            "enable_chunked_prefill": False,
        }
        os.environ.pop("VLLM_CPU_KVCACHE_SPACE", None)  # this variable would override kv_cache_memory_bytes
        os.environ.setdefault("VLLM_CPU_NUM_OF_RESERVED_CPU", "0")  # by default vLLM leaves one core idle
    if scoring:
        settings |= _for_scoring(current_platform, adapter)
    for name in placement.extra:
        if name not in known:
            raise UsageError(f'vLLM has no engine argument "{name}": see the fields of its AsyncEngineArgs')
    if top_logprobs:
        settings["max_logprobs"] = top_logprobs
    reserved = RESERVED | (_RESERVED_FOR_SCORING if scoring else {}) | (_RESERVED_FOR_TOP if top_logprobs else {})
    require_free(placement.extra, reserved | (_RESERVED_ON_CPU if current_platform.is_cpu() else {}))
    settings |= placement.extra
    if placement.head_dtype:
        settings["hf_overrides"] = {**(placement.extra.get("hf_overrides") or {}), "head_dtype": placement.head_dtype}
    return AsyncEngineArgs(**settings)


def _for_scoring(platform: Any, adapter: Adapter | None) -> dict[str, Any]:
    """Return the arguments that make scores right: raw log-probs, and no prefix cache, with which they depend on order.

    On a CPU too, prompts are prefilled in chunks, so that batches can be small. Scores are not seeded, so chunks do no
    harm. An adapter may not change the head: vLLM applies that to sampled tokens only, and dies or scores wrong. It
    prepares the head for adapters unless it is told which other layers they change.

    Raises:
        ModelError: The adapter changes the head, or does not list what it changes.
    """
    more: dict[str, Any] = {"logprobs_mode": "raw_logprobs", "enable_prefix_caching": False}
    if platform.is_cpu():
        more["enable_chunked_prefill"] = True
    if adapter is not None:
        modules = adapter.modules()
        if modules is None or any(name.rpartition(".")[2] == _HEAD for name in modules):
            what = f"changes {_HEAD}" if modules else "names the layers that it changes by a pattern"
            raise ModelError(
                f'adapter "{adapter.name}" {what}: vLLM cannot score with it; use --engine transformers, or merge it '
                "into its base"
            )
        more["lora_target_modules"] = modules
    return more


def _room_for(adapter: Adapter) -> int:
    """Return the smallest rank that vLLM has room for and that holds the adapter's."""
    from typing import get_args

    from vllm.config.lora import MaxLoRARanks

    ranks = sorted(get_args(MaxLoRARanks))
    room = next((rank for rank in ranks if rank >= adapter.rank), None)
    if room is None:
        raise ModelError(f'adapter "{adapter.name}" has rank {adapter.rank}; vLLM applies ranks up to {ranks[-1]}')
    return room


def lora_request(adapter: Adapter | None) -> Any:
    """Return what a request says of the adapter; None without one."""
    if adapter is None:
        return None
    from vllm.lora.request import LoRARequest

    return LoRARequest(adapter.name, 1, adapter.path)


def _require_dtype(dtype: str, platform: Any) -> None:
    """Check that this machine computes in the run's dtype: vLLM would take another, or fail minutes later."""
    import torch

    supported: list[Any] = platform.supported_dtypes
    if getattr(torch, dtype) not in supported:
        there = ", ".join(str(kind).removeprefix("torch.") for kind in supported)
        raise ModelError(
            f"vLLM cannot compute in {dtype}, the run's dtype, on this machine's {platform.get_device_name()}, which "
            f"has {there}: use other machines, or begin another run with --dtype"
        )


def require_adapter_dtype(dtype: str, platform: Any) -> None:
    """Check that vLLM applies adapters in this dtype: its kernels on a GPU take two, and else the engine dies.

    Raises:
        ModelError: It does not.
    """
    if platform.is_cuda_alike() and dtype not in ("bfloat16", "float16"):
        raise ModelError(
            f"vLLM cannot apply an adapter in {dtype} on a GPU, where it applies adapters in bfloat16 and float16 "
            "only: begin a run with --dtype bfloat16, or use --engine transformers"
        )


def sampling_params(sampling: Sampling, seed: int, *, detokenize: bool = True, top_logprobs: int = 0) -> Any:
    """Return the parameters of one request. Without `detokenize` its completion has token ids and no text.

    vLLM gives the log-prob of the drawn token and those of the `top_logprobs` most likely ones.
    """
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    settings: dict[str, Any] = asdict(sampling) | {
        "stop": list(sampling.stop),
        "stop_token_ids": list(sampling.stop_token_ids),
    }
    del settings["max_model_len"], settings["logprobs_mode"]  # the engine has these, not a request
    return SamplingParams(
        **settings,
        seed=seed,
        logprobs=top_logprobs,
        flat_logprobs=True,
        detokenize=detokenize,
        output_kind=RequestOutputKind.FINAL_ONLY,
    )

"""Which of vLLM's engine arguments decide what is drawn.

PLACEMENT lists those that only say where and how fast the same computation runs. They change a number by rounding at
most, as another batch does. Any other argument is part of a run's identity: quantization, rope scaling and KV cache
types change the distribution, and of an argument that nobody has looked at we cannot know. Two runs that could be one
are a smaller harm than one run of two distributions.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from samples.errors import UsageError
from samples.lines import json_without_keys

PLACEMENT = frozenset(
    {
        # processes and machines
        *("tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size", "data_parallel_size_local"),
        *("data_parallel_rank", "data_parallel_start_rank", "data_parallel_address", "data_parallel_rpc_port"),
        *("data_parallel_backend", "data_parallel_hybrid_lb", "data_parallel_external_lb"),
        *("prefill_context_parallel_size", "decode_context_parallel_size", "enable_expert_parallel"),
        *("distributed_executor_backend", "distributed_timeout_seconds", "cpu_distributed_timeout_seconds"),
        *("master_addr", "master_port", "nnodes", "node_rank", "device_ids", "disable_custom_all_reduce"),
        *("numa_bind", "numa_bind_nodes", "numa_bind_cpus", "ray_workers_use_nsight"),
        # memory
        *("gpu_memory_utilization", "kv_cache_memory_bytes", "num_gpu_blocks_override", "block_size", "swap_space"),
        *("cpu_offload_gb", "cpu_offload_params", "offload_backend", "offload_group_size", "offload_num_in_group"),
        *("offload_prefetch_step", "offload_params", "kv_offloading_size", "kv_offloading_backend"),
        *("enable_prefix_caching", "prefix_caching_hash_algo", "enable_sleep_mode"),
        # batches
        *("max_num_seqs", "max_num_active_seqs", "max_num_batched_tokens", "max_num_scheduled_tokens"),
        *("max_num_partial_prefills", "max_long_partial_prefills", "long_prefill_token_threshold"),
        *("enable_chunked_prefill", "scheduling_policy", "prefill_schedule_interval", "async_scheduling"),
        *("stream_interval", "scheduler_reserve_full_isl"),
        # graphs: captured or not, the same kernels
        *("enforce_eager", "cudagraph_capture_sizes", "max_cudagraph_capture_size"),
        # how files are read; a token is a secret, which no table may hold
        *("download_dir", "hf_token", "max_parallel_loading_workers", "use_tqdm_on_load", "pt_load_map_location"),
        *("safetensors_load_strategy", "safetensors_prefetch_num_threads", "safetensors_prefetch_block_size"),
        # what is told about the work
        *("served_model_name", "disable_log_stats", "aggregate_engine_logging", "log_level", "logging_config"),
        *("log_config_file", "otlp_traces_endpoint", "collect_detailed_traces", "show_hidden_metrics_for_version"),
        *("kv_cache_metrics", "kv_cache_metrics_sample", "cudagraph_metrics", "enable_mfu_metrics"),
        *("enable_layerwise_nvtx_tracing", "enable_logging_iteration_details", "profiler_config", "shutdown_timeout"),
    }
)

# Arguments that Samples sets, and what to give in their place. A replica is one process on one node.
_OF_A_REPLICA = "the replica, which is one process on one node"
RESERVED = {
    **dict.fromkeys(("model", "tokenizer"), "--model"),
    "revision": "--revision",
    "dtype": "--dtype",
    "max_model_len": "--max-model-len",
    "logprobs_mode": "--logprobs-mode",
    "trust_remote_code": "--trust-remote-code",
    "tensor_parallel_size": "--tensor-parallel-size",
    "pipeline_parallel_size": "--pipeline-parallel-size",
    **dict.fromkeys(("enable_lora", "max_lora_rank", "max_loras", "lora_modules"), "--adapter"),
    **dict.fromkeys(("data_parallel_size", "data_parallel_size_local"), "--replicas"),
    "max_num_seqs": "--max-num-seqs",
    "max_num_batched_tokens": "--max-num-batched-tokens",
    "gpu_memory_utilization": "--gpu-memory-utilization",
    **dict.fromkeys(
        ("distributed_executor_backend", "worker_extension_cls", "worker_cls", "nnodes", "node_rank", "master_addr"),
        _OF_A_REPLICA,
    ),
}


def require_free(given: Iterable[str], reserved: Mapping[str, str] = RESERVED) -> None:
    """Check that none of these engine arguments is one that we set.

    Raises:
        UsageError: One is. The message says what sets it.
    """
    for name in given:
        if name in reserved:
            raise UsageError(f'engine argument "{name}" is set by {reserved[name]}: leave it out of --engine-arg')


def deciding(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the engine arguments that are part of a run's identity, as JSON values, sorted by name.

    Keys within URIs are hidden: they are secrets, and decide nothing.

    Raises:
        UsageError: One of them cannot be written as JSON.
    """
    found: dict[str, Any] = {}
    for name in sorted(set(given) - PLACEMENT):
        try:
            found[name] = json_without_keys(json.loads(json.dumps(given[name], sort_keys=True)))
        except (TypeError, ValueError) as error:
            raise UsageError(
                f'engine argument "{name}" is {given[name]!r}: give it as a JSON value, because it is part of the run'
            ) from error
    return found

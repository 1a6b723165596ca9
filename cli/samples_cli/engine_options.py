"""Options of the commands that load a model: which one, and how it is placed on machines."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Literal

from typer import Option

from samples_cli.values import Pair, Replicas, positive, share

_engine = partial(Option, rich_help_panel="Engine and placement")

ONE = Replicas(1, 1)

Model = Annotated[str, _engine("--model", metavar="MODEL",
        help="The model: a folder, or a name on the Hugging Face Hub.")]  # fmt: skip

Engine = Annotated[Literal["vllm", "transformers", "toy"], _engine("--engine", metavar="ENGINE",
        help="The engine: vllm, transformers (slow, a reference), or toy (no model).")]  # fmt: skip

Revision = Annotated[str | None, _engine("--revision", metavar="REVISION",
        help="The revision of the model on the Hub: a branch, tag or commit.")]  # fmt: skip

Adapter = Annotated[str | None, _engine("--adapter", metavar="ADAPTER",
        help="A LoRA adapter of the model: a folder, or a name on the Hub. It is part of the run or "
        "scorer.")]  # fmt: skip

TrustRemoteCode = Annotated[bool, _engine("--trust-remote-code",
        help="Run the Python files of the model's repository, with your rights. Read them first. Without it they never "
        "run. It is part of the run or scorer.")]  # fmt: skip

Dtype = Annotated[str, _engine("--dtype", metavar="DTYPE",
        help="The type to compute in: float32, bfloat16, float16, or auto, which is the checkpoint's own on every "
        "machine. It is part of the run or scorer. A CPU without bfloat16 draws ten times faster in "
        "float32.")]  # fmt: skip

HeadDtype = Annotated[str | None, _engine("--head-dtype", metavar="DTYPE",
        help="With float32, compute the logits in float32, whatever the model's dtype: bfloat16 logits have steps of "
        ".06 to .12, which log-probs inherit. It is part of the run or scorer.")]  # fmt: skip

ReplicasOfJob = Annotated[Replicas, _engine("--replicas", metavar="MIN..MAX", parser=Replicas.read,
        help="How many engines run at once. Ray starts and ends them as the work needs. 0..MAX waits until some node "
        "can hold one.")]  # fmt: skip

TensorParallelSize = Annotated[int, _engine("--tensor-parallel-size", min=1,
        help="The number of GPUs that share each layer of a replica's model.")]  # fmt: skip

PipelineParallelSize = Annotated[int, _engine("--pipeline-parallel-size", min=1,
        help="The number of GPUs, or groups of them, that a replica's layers are spread over. A replica lies on one "
        "node.")]  # fmt: skip

GpusPerReplica = Annotated[float | None, _engine("--gpus-per-replica", parser=positive,
        show_default="as many as the parallel sizes say",
        help="The GPUs that a replica holds: 0.5 puts two replicas on one GPU.")]  # fmt: skip

MaxNumSeqs = Annotated[int | None, _engine("--max-num-seqs", min=1,
        help="The number of completions that a replica works on at once.")]  # fmt: skip

MaxNumBatchedTokens = Annotated[int | None, _engine("--max-num-batched-tokens", min=1,
        help="The most tokens in one step of a replica's engine.")]  # fmt: skip

GpuMemoryUtilization = Annotated[float, _engine("--gpu-memory-utilization", parser=share,
        help="The share of a GPU's memory that a replica takes, or of its part of a GPU.")]  # fmt: skip

KvCacheGib = Annotated[float, _engine("--kv-cache-gib", parser=positive,
        help="GiB of memory for the key-value cache, with vLLM's CPU build.")]  # fmt: skip

EngineArg = Annotated[list[Pair] | None, _engine("--engine-arg", metavar="NAME=VALUE", parser=Pair.read,
        help="Another engine argument of vLLM; its value is JSON, or text. It is part of the run or scorer, unless it "
        "only says where and how fast the work is done, such as enforce_eager. Repeatable.")]  # fmt: skip

TopLogprobs = Annotated[int, _engine("--top-logprobs", metavar="N", min=0, max=20, show_default="none",
        help="Keep the N most likely tokens at each position too, up to 20, with their log-probs, for samples query "
        "entropy. Each takes about 5 bytes, as much as a sample's own token. Samples that are there already stay as "
        "they are.")]  # fmt: skip


def placement(given: Mapping[str, Any]) -> Any:
    """Return the placement of a command's options."""
    from samples.engines import Placement

    extra = {name.replace("-", "_"): value(text) for name, text in given["engine_arg"] or ()}
    return Placement(**{name: given[name] for name in Placement.__dataclass_fields__ if name in given}, extra=extra)


def pool(given: Mapping[str, Any]) -> Any:
    """Return the pool of a command's `--replicas`."""
    from samples.runs.request import Pool

    return Pool(*given["replicas"])


def value(text: str) -> Any:
    """Read a value as JSON, or as text if it is none."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text

"""Engines: they turn prompt tokens into completions, and say how likely given completions are.

Three engines share one small interface. `vllm` draws large runs. `transformers` is the reference. `toy` is for tests
of the code around an engine. An engine's module is imported when the engine is loaded, because importing torch and
vLLM takes seconds.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from samples.engines.top import Top
from samples.errors import MissingExtra, UsageError
from samples.lines import without_keys

if TYPE_CHECKING:  # it imports this module
    from samples.engines.adapters import Adapter


@dataclass(frozen=True)
class Sampling:
    """How each completion is drawn. It is part of a run's identity. The names are vLLM's.

    `max_tokens` limits the completion alone. `max_model_len` limits prompt and completion together; None means the
    model's own limit. `top_k` 0 means all tokens. `logprobs_mode` is vLLM's setting: raw_logprobs are the log-probs of
    the model's own distribution, before temperature and truncation; processed_logprobs are those of the distribution
    that tokens are drawn from.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    repetition_penalty: float = 1.0
    max_tokens: int = 1024
    min_tokens: int = 0
    stop: tuple[str, ...] = ()
    stop_token_ids: tuple[int, ...] = ()
    ignore_eos: bool = False
    max_model_len: int | None = None
    logprobs_mode: str = "raw_logprobs"


@dataclass(frozen=True)
class Placement:
    """How one replica uses its machine.

    It is not part of a run's identity, except for what `engine_args.deciding` finds.
    """

    tensor_parallel_size: int = 1
    pipeline_parallel_size: int = 1
    gpus_per_replica: float | None = None  # below 1 a part of one GPU; None is as many as the engine computes with
    max_num_seqs: int | None = None
    max_num_batched_tokens: int | None = None
    gpu_memory_utilization: float = 0.9  # of a GPU, or of the part of it that the replica holds
    kv_cache_gib: float = 1.0  # CPU builds only
    head_dtype: str | None = None  # float32 computes the logits in it, whatever the model's dtype; part of the identity
    trust_remote_code: bool = False  # run the Python files of the model's repository; part of the run's identity
    extra: dict[str, Any] = field(default_factory=dict[str, Any])  # further AsyncEngineArgs, by name

    @property
    def parallel(self) -> int:
        """The number of devices that one engine computes with."""
        return self.tensor_parallel_size * self.pipeline_parallel_size

    @property
    def deciding(self) -> dict[str, Any]:
        """What of it decides which distribution is drawn from, beside the engine arguments that do."""
        return ({"head_dtype": self.head_dtype} if self.head_dtype else {}) | (
            {"trust_remote_code": True} if self.trust_remote_code else {}
        )

    def require_whole(self) -> None:
        """Check that the GPUs of a replica are as many as the engine computes with, or a part of one.

        Raises:
            UsageError: They are not.
        """
        gpus = self.gpus_per_replica
        if gpus is None:
            return
        if gpus <= 0 or (gpus > 1 and gpus != int(gpus)):
            raise UsageError(f"--gpus-per-replica {gpus:g}: expected a part of one GPU, such as 0.5, or a whole number")
        if gpus != self.parallel and self.parallel > 1:
            raise UsageError(
                f"--gpus-per-replica {gpus:g}: the engine computes with {self.parallel} GPUs (tensor-parallel "
                f"{self.tensor_parallel_size} times pipeline-parallel {self.pipeline_parallel_size}); leave it out"
            )


@dataclass(frozen=True)
class Completion:
    """One drawn completion, or the reason why there is none.

    `token_ids` (int32) and `token_logprobs` (float32, natural log) have one entry per completion token. They include
    the end token if the engine emitted one. `finish_reason` is "stop", "length" or None. `stop_reason` is the stop
    string or token id that ended the completion, as text. `top` has the most likely tokens at each position, in the
    run's log-prob mode, if the engine was asked for them. If `error` is set, the arrays are empty and `text` is "".
    """

    text: str
    token_ids: npt.NDArray[np.int32]
    token_logprobs: npt.NDArray[np.float32]
    finish_reason: str | None = None
    stop_reason: str | None = None
    error: str | None = None
    top: Top | None = None

    @classmethod
    def failed(cls, error: str) -> "Completion":
        """Return the completion of a failed request."""
        return cls("", np.empty(0, np.int32), np.empty(0, np.float32), error=without_keys(error))

    @classmethod
    def too_long(cls, tokens: int, max_model_len: int) -> "Completion":
        """Return the failed completion of a prompt that leaves no room for one token; every engine uses these words."""
        return cls.failed(f"prompt of {tokens} tokens leaves no room for a completion in max_model_len {max_model_len}")


@dataclass(frozen=True)
class Scored:
    """The log-probs of given tokens under a model, or the reason why there are none.

    `token_logprobs` has one entry per token of the completion: natural logarithms of the model's own distribution
    (raw). A NaN is the engine's own. `top` has the most likely tokens at each position, if the engine was asked for
    them. If `error` is set, the array is empty.
    """

    token_logprobs: npt.NDArray[np.float32]
    error: str | None = None
    top: Top | None = None

    @classmethod
    def failed(cls, error: str) -> "Scored":
        """Return the scores of a failed request."""
        return cls(np.empty(0, np.float32), without_keys(error))


class Tokenizer(Protocol):
    """Turns chats into prompts and prompts into token ids. It loads fast, because it loads no weights."""

    @property
    def digest(self) -> str:
        """16 hex digits, the hash of the vocabulary with its added tokens, and of the merges; not of the chat template.

        Under tokenizers of the same digest, a token id stands for the same text.
        """
        ...

    @property
    def end_ids(self) -> frozenset[int]:
        """The ids of the special tokens. One of them may end a completion, and is no part of its text."""
        ...

    @property
    def chat_template(self) -> str | None:
        """The model's own chat template (Jinja text), or None when it has none."""
        ...

    def render_chat(
        self, messages: list[dict[str, str]], date: str | None = None, options: Mapping[str, Any] | None = None
    ) -> str:
        """Render messages ({"role", "content"}) with the chat template, up to the start of the assistant's turn.

        `date` (YYYY-MM-DD) is today's date, for a template that asks for it. `options` are variables of the template.
        """
        ...

    def encode(self, text: str, *, special_tokens: bool) -> list[int]:
        """Return the token ids of `text`. `special_tokens` adds the model's begin token, which plain prompts need."""
        ...

    def decode(self, token_ids: list[int]) -> list[str]:
        """Return the text of each token on its own, for display."""
        ...


OnCompletion = Callable[[int, Completion], None]  # the number of its seed, and the completion


def ignore_completion(_number: int, _completion: Completion) -> None:
    """Do nothing with a completion."""


OnScored = Callable[[Scored], None]


def ignore_scored(_: Scored) -> None:
    """Do nothing with scores."""


class Engine(Protocol):
    """One loaded model. Several threads call `sample` or `score` at the same time."""

    sequences: int  # completions that it draws or scores at the same time; the others wait
    vocabulary: int  # token ids below it can be scored
    settled: Mapping[str, Any]  # what it decided while it loaded, as JSON values: device, attention, max_model_len …

    def sample(
        self, prompt_ids: list[int], seeds: list[int], on_completion: OnCompletion = ignore_completion
    ) -> list[Completion]:
        """Draw one completion per seed for one prompt, in the order of `seeds`.

        A unit of long completions takes minutes, so `on_completion` is called with each completion when it ends, from
        any thread. Its text may still be empty; `with_text` adds it. A request that fails gives a `Completion` with
        `error` set, for example if the prompt is longer than max_model_len. The same seed gives the same completion
        only on the same engine, hardware and batch.

        Raises:
            EngineDead: The engine cannot answer any more; the process that holds it must end.
        """
        ...

    def with_text(self, prompt_ids: list[int], completion: Completion) -> Completion:
        """Return a completion that `on_completion` was called with, or `sample` returned, with its text."""
        ...

    def score(
        self,
        prompt_ids: list[int],
        completions: Sequence[npt.NDArray[np.int32]],
        on_scored: OnScored = ignore_scored,
    ) -> list[Scored]:
        """Return the raw log-probs of each of `completions`, in order; each follows the same prompt.

        `on_scored` is called with each result, from any thread and in any order. An empty completion gives an empty
        array. A request that fails gives `Scored` with `error` set: prompt and completion are longer than the model's
        context, a token id is not below `vocabulary`, or the engine gives no log-prob for a token.

        Raises:
            EngineDead: The engine cannot answer any more; the process that holds it must end.
        """
        ...

    def close(self) -> None:
        """Free the model. Print nothing and raise nothing."""
        ...


class EngineDead(RuntimeError):
    """The engine cannot answer any more."""


SEQUENCES = 256  # completions that an engine draws at the same time, if it says nothing else

NAMES = ("vllm", "transformers", "toy")


def _module(name: str) -> Any:
    if name not in NAMES:
        raise UsageError(f'engine "{name}" is not known: choose one of {", ".join(NAMES)}')
    return import_module(f"samples.engines.{name}")


@contextmanager
def _packages_of(name: str) -> Generator[None]:
    """Raise `MissingExtra` for a missing package. Engines import their packages late, since imports take seconds."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"engine {name} needs the package {error.name}, which is not installed: pip install 'samples[sampling]' "
            "(with an NVIDIA GPU) or 'samples[sampling-cpu]'"
        ) from error


def tokenizer(engine: str, model: str, revision: str | None = None, *, trust_remote_code: bool = False) -> Tokenizer:
    """Load the tokenizer that `engine` uses for `model`. `trust_remote_code` runs Python of the model's repository.

    Raises:
        ModelError: The model cannot be found, has no tokenizer, or needs its own Python and is not trusted.
    """
    with _packages_of(engine):
        return _module(engine).tokenizer(model, revision, trust_remote_code=trust_remote_code)


def load(
    engine: str,
    model: str,
    revision: str | None,
    dtype: str,
    sampling: Sampling,
    placement: Placement,
    adapter: "Adapter | None" = None,
    *,
    scoring: bool = False,
    top_logprobs: int = 0,
) -> Engine:
    """Load `model` into a new engine, with `adapter` applied to it. This takes seconds to minutes.

    The engine computes in `dtype`; "auto" is the checkpoint's own. `scoring` prepares it for `score`, not `sample`.
    `top_logprobs` asks for so many of the most likely tokens at each position; 0 asks for none.

    Raises:
        ModelError: The model cannot be found or loaded, or this machine cannot compute in `dtype`.
    """
    from samples.engines.dtypes import dtype_used
    from samples.engines.huggingface import find_model

    with _packages_of(engine):
        if has_weights(engine):
            dtype = dtype_used(find_model(model, revision), revision, dtype)
        more = {} if adapter is None else {"adapter": adapter}
        how: dict[str, Any] = {"scoring": scoring, "top_logprobs": top_logprobs}
        return _module(engine).load(model, revision, dtype, sampling, placement, **how, **more)


def has_weights(engine: str) -> bool:
    """Return whether models of this engine have weights: files that tell them apart, and that a GPU holds."""
    return getattr(_module(engine), "WEIGHTS", True)


def gpus(engine: str, placement: Placement, *, there: bool) -> float:
    """Return how many GPUs one replica holds. `there` says whether the cluster has any now.

    vLLM's CUDA build needs them, whether or not a node with some is there yet. The transformers engine takes one where
    it finds it.
    """
    if placement.gpus_per_replica is not None:
        return placement.gpus_per_replica
    found: Callable[..., float] | None = getattr(_module(engine), "gpus", None)
    return found(placement, there=there) if found else 0


def largest_batch(engine: str, placement: Placement) -> int:
    """Return how many completions one engine may draw at once: the setting, or the most on any hardware."""
    return placement.max_num_seqs or getattr(_module(engine), "LARGEST_BATCH", SEQUENCES)


def require_device(engine: str, given: float) -> None:
    """Check, in a replica, that the engine's build computes with what the replica holds: `given` GPUs.

    Raises:
        ModelError: It was given GPUs that this machine's build cannot use, or none, and the build needs one.
    """
    if check := getattr(_module(engine), "require_device", None):
        check(given)


def versions(engine: str) -> dict[str, str]:
    """Return the versions of the packages that decide what this engine draws; a run's record stores them."""
    return _module(engine).versions()

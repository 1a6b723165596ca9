"""Engines: what turns prompt tokens into completions.

Three real ones behind one small interface: `vllm` for collections, `transformers` as the reference, `toy` for
everything that is tested around an engine. Modules are imported when an engine is made, since torch and vLLM
take seconds.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from samples.errors import MissingExtra, UsageError


@dataclass(frozen=True)
class Sampling:
    """How each completion is drawn; part of a run's identity, under vLLM's names.

    `max_tokens` bounds the completion alone; `max_model_len` bounds prompt and completion together and is the
    model's own when None. `top_k` 0 means all tokens. `logprobs_mode` is vLLM's: raw_logprobs are the model's own
    distribution, before temperature and truncation; processed_logprobs are what was sampled from.
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
    """How one replica uses its machine; never part of a run's identity."""

    tensor_parallel_size: int = 1
    max_num_seqs: int | None = None
    max_num_batched_tokens: int | None = None
    gpu_memory_utilization: float = 0.9
    kv_cache_gib: float = 1.0  # CPU builds only
    extra: dict[str, Any] = field(default_factory=dict[str, Any])  # further AsyncEngineArgs, by name


@dataclass(frozen=True)
class Completion:
    """One drawn completion, or the reason why there is none.

    `token_ids` (int32) and `token_logprobs` (float32, natural log) have one entry per completion token, the end
    token included where the engine emitted one. `finish_reason` is "stop", "length" or None; `stop_reason` the stop
    string or token id that ended it, as text. With `error` set the arrays are empty and `text` is "".
    """

    text: str
    token_ids: npt.NDArray[np.int32]
    token_logprobs: npt.NDArray[np.float32]
    finish_reason: str | None = None
    stop_reason: str | None = None
    error: str | None = None

    @classmethod
    def failed(cls, error: str) -> "Completion":
        """Return the completion that a failed request leaves behind."""
        return cls("", np.empty(0, np.int32), np.empty(0, np.float32), error=error)

    @classmethod
    def too_long(cls, tokens: int, max_model_len: int) -> "Completion":
        """Return the completion of a prompt that leaves no room for one token; the same words from every engine."""
        return cls.failed(f"prompt of {tokens} tokens leaves no room for a completion in max_model_len {max_model_len}")


class Tokenizer(Protocol):
    """Turns a rendered prompt into token ids, and chats into prompts. Cheap to load: no weights."""

    @property
    def chat_template(self) -> str | None:
        """The model's own chat template (Jinja text), or None when it has none."""
        ...

    def render_chat(self, messages: list[dict[str, str]]) -> str:
        """Render messages ({"role", "content"}) with the chat template, ready for the assistant's turn."""
        ...

    def encode(self, text: str, *, special_tokens: bool) -> list[int]:
        """Token ids of `text`; `special_tokens` adds the model's own begin token (plain prompts want it)."""
        ...

    def decode(self, token_ids: list[int]) -> list[str]:
        """Text of each token on its own, for display."""
        ...


Seen = Callable[[Completion], None]


def unseen(_: Completion) -> None:
    """Take no note of a completion."""


class Engine(Protocol):
    """One loaded model. `sample` is called from several threads at once."""

    sequences: int  # completions that it draws at once; more of them wait

    def sample(self, prompt_ids: list[int], seeds: list[int], seen: Seen = unseen) -> list[Completion]:
        """Draw one completion per seed for one prompt, in the order of `seeds`.

        `seen` is told of each completion when it ends, from any thread: a unit of long ones takes minutes.
        A request that fails is a `Completion` with `error` set (a prompt longer than max_model_len, say). The
        same seed gives the same completion only on the same engine, hardware and batch.

        Raises:
            EngineDead: The engine cannot answer any more; the process that holds it must end.
        """
        ...

    def close(self) -> None:
        """Free the model; no output, no traceback."""
        ...


class EngineDead(RuntimeError):
    """An engine that cannot answer any more."""


SEQUENCES = 256  # drawn at once where nobody says how many: vLLM's default on most GPUs

NAMES = ("vllm", "transformers", "toy")


def _module(name: str) -> Any:
    if name not in NAMES:
        raise UsageError(f'engine "{name}" is not known: choose one of {", ".join(NAMES)}')
    return import_module(f"samples.engines.{name}")


@contextmanager
def _packages_of(name: str) -> Generator[None]:
    """Turn a missing package into a line; engines import theirs only when one is used, since that takes seconds."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"engine {name} needs the package {error.name}, which is not installed: pip install 'samples[sampling]' "
            "(with an NVIDIA GPU) or 'samples[sampling-cpu]'"
        ) from error


def tokenizer(engine: str, model: str, revision: str | None = None) -> Tokenizer:
    """Load the tokenizer that `engine` uses for `model`.

    Raises:
        ModelError: The model cannot be found or has no tokenizer.
    """
    with _packages_of(engine):
        return _module(engine).tokenizer(model, revision)


def load(engine: str, model: str, revision: str | None, dtype: str, sampling: Sampling, placement: Placement) -> Engine:
    """Load `model` into a new engine; takes seconds to minutes.

    Raises:
        ModelError: The model cannot be found or loaded.
    """
    with _packages_of(engine):
        return _module(engine).load(model, revision, dtype, sampling, placement)


def has_weights(engine: str) -> bool:
    """Return whether models of this engine have weights: files that tell them apart, and that a GPU holds."""
    return getattr(_module(engine), "WEIGHTS", True)


def versions(engine: str) -> dict[str, str]:
    """Versions of the packages that decide what this engine draws, for the run's record."""
    return _module(engine).versions()

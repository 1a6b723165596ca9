"""A small deterministic engine without a model. It tests the order, faults and speed of the code around an engine.

A completion depends on (prompt, seed) alone: it is the same in any batch, order, process or machine. It is filler text,
then an answer to the last "A + B" of the prompt, correct with probability `p`, then an end token. The engine uses only
three sampling settings: max_tokens, max_model_len and stop.

The model's name sets its behaviour, for example "toy?tokens=2000&delay=0.05":

    tokens  mean length of a completion; lengths are uniform between half and one and a half of it (32)
    p       share of correct answers (0.4)
    delay   seconds that one call of `sample` takes (0)
    fail    share of requests that become error rows (0)
    nan     share of completions with a NaN among their log-probs (0)
    inf     share of completions with a -inf among their log-probs (0)
    dead    a file; of all engines that name it, the first call creates the file and raises EngineDead
    broken  a folder; as many engines as it has files take one away and cannot load
"""

import hashlib
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import numpy as np

from samples.engines import SEQUENCES, Completion, EngineDead, OnCompletion, Placement, Sampling, ignore_completion
from samples.errors import ModelError

WEIGHTS = False  # a model is a name, without files

_END = 0  # the end token: a NUL byte, which no text contains
_SUM = re.compile(r"(-?\d+)\s*\+\s*(-?\d+)")
_FILLER = np.frombuffer(b"etaoin shrdlu etaoin shrdlu cmfw", np.uint8).astype(np.int32)
_CHAT_TEMPLATE = "{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}<assistant>"


@dataclass(frozen=True)
class Behaviour:
    """The options in the model's name."""

    tokens: int = 32
    p: float = 0.4
    delay: float = 0.0
    fail: float = 0.0
    nan: float = 0.0
    inf: float = 0.0
    dead: str = ""
    broken: str = ""

    @classmethod
    def parse(cls, model: str) -> "Behaviour":
        """Read the behaviour from a model's name.

        Raises:
            ModelError: The name is not a toy's, has an unknown option, or has a value out of range.
        """
        name, _, query = model.partition("?")
        if name != "toy":
            raise ModelError(f'the toy engine has one model, "toy" or "toy?option=value&…", not "{model}"')
        options: dict[str, int | float | str] = {}
        try:
            for option, value in parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)):
                if option not in cls.__dataclass_fields__:
                    raise ModelError(
                        f'model "{model}": option "{option}" is not known: choose from '
                        + ", ".join(cls.__dataclass_fields__)
                    )
                options[option] = type(getattr(cls, option))(value)
        except ValueError as error:
            if isinstance(error, ModelError):
                raise
            raise ModelError(f'model "{model}": {error}') from error
        behaviour = cls(**options)  # pyright: ignore[reportArgumentType]  # each value has its default's type
        shares = (behaviour.p, behaviour.fail, behaviour.nan, behaviour.inf)
        if behaviour.tokens < 1 or behaviour.delay < 0 or not all(0 <= share <= 1 for share in shares):
            raise ModelError(
                f'model "{model}": tokens must be at least 1, delay at least 0, and every share between 0 and 1'
            )
        return behaviour


_ASCII = 128


class ToyTokenizer:
    """Tokens are the bytes of UTF-8."""

    @property
    def chat_template(self) -> str:
        """The chat template, as Jinja text."""
        return _CHAT_TEMPLATE

    def render_chat(
        self, messages: list[dict[str, str]], date: str | None = None, options: Mapping[str, Any] | None = None
    ) -> str:
        """Render messages as `<role>content` lines."""
        del date, options
        return "".join(f"<{message['role']}>{message['content']}\n" for message in messages) + "<assistant>"

    def encode(self, text: str, *, special_tokens: bool) -> list[int]:
        """Return the bytes of `text`; there is no begin token."""
        del special_tokens
        return list(text.encode("utf-8", "surrogatepass"))

    def decode(self, token_ids: list[int]) -> list[str]:
        """Return each byte as a character; what is not ASCII becomes U+FFFD."""
        return [chr(token) if 0 <= token < _ASCII else "\ufffd" for token in token_ids]


class ToyEngine:
    """The engine. It has no state, so threads need no lock."""

    def __init__(self, behaviour: Behaviour, sampling: Sampling, sequences: int) -> None:
        self.sequences = sequences
        self.settled = {"max_model_len": sampling.max_model_len}
        self._behaviour = behaviour
        self._sampling = sampling

    def sample(
        self, prompt_ids: list[int], seeds: list[int], on_completion: OnCompletion = ignore_completion
    ) -> list[Completion]:
        """Draw one completion per seed, in order. One of 2,000 tokens takes about 50 microseconds."""
        behaviour = self._behaviour
        if behaviour.delay:
            time.sleep(behaviour.delay)
        if behaviour.dead and _create_marker(Path(behaviour.dead)):
            raise EngineDead(f"toy engine: dies once, as the model's name asks; {behaviour.dead} records it")
        room = self._sampling.max_tokens
        if (limit := self._sampling.max_model_len) is not None:
            if len(prompt_ids) >= limit:
                return [Completion.too_long(len(prompt_ids), limit) for _ in seeds]
            room = min(room, limit - len(prompt_ids))
        prompt = bytes(token & 0xFF for token in prompt_ids)
        digest = int.from_bytes(hashlib.blake2b(prompt, digest_size=8).digest())
        sums = _SUM.findall(prompt.decode("utf-8", "replace"))
        answer = int(sums[-1][0]) + int(sums[-1][1]) if sums else 0
        completions = [self._draw_one(np.random.default_rng((digest, seed)), answer, room) for seed in seeds]
        for completion in completions:
            on_completion(completion)
        return completions

    def close(self) -> None:
        """Do nothing: there is nothing to free."""

    def _draw_one(self, rng: np.random.Generator, answer: int, room: int) -> Completion:
        behaviour = self._behaviour
        right, fails, has_nan, has_inf, where = rng.random(5)
        if fails < behaviour.fail:
            return Completion.failed("toy engine: this request fails, as the model's name asks")
        length = int(rng.integers((behaviour.tokens + 1) // 2, behaviour.tokens + behaviour.tokens // 2 + 1))
        if right >= behaviour.p:
            answer += int(rng.integers(1, 10)) * int(rng.choice((-1, 1)))
        ending = np.frombuffer(f" The answer is \\boxed{{{answer}}}.\0".encode(), np.uint8)
        filler = _FILLER[rng.integers(0, _FILLER.size, max(length - ending.size, 0), dtype=np.uint8)]
        token_ids = np.concatenate([filler, ending.astype(np.int32)], dtype=np.int32)
        finish_reason, stop_reason = "stop", None
        if token_ids.size > room:
            token_ids, finish_reason = token_ids[:room], "length"
        text = token_ids.astype(np.uint8).tobytes().decode("ascii").rstrip(chr(_END))
        # The stop string that is complete first wins, as in vLLM. Its tokens are kept; its text is removed.
        stops = [(at + len(stop), at, stop) for stop in self._sampling.stop if (at := text.find(stop)) >= 0]
        if stops:
            end, at, stop_reason = min(stops)
            token_ids, text, finish_reason = token_ids[:end], text[:at], "stop"
        logprobs = -rng.standard_exponential(token_ids.size, dtype=np.float32)
        if token_ids.size and has_nan < behaviour.nan:
            logprobs[int(where * token_ids.size)] = np.nan
        if token_ids.size and has_inf < behaviour.inf:
            logprobs[int((1 - where) * token_ids.size) - 1] = -np.inf
        return Completion(text, token_ids, logprobs, finish_reason, stop_reason)


def _create_marker(marker: Path) -> bool:
    """Create the file `marker`; return False if it exists already. Only one call of all processes gets True."""
    try:
        marker.open("x").close()
    except FileExistsError:
        return False
    return True


def _take_away(folder: Path) -> bool:
    """Remove one file of `folder`; return False if there is none. Each file goes to one engine of all processes."""
    for file in folder.iterdir():
        try:
            file.unlink()
        except FileNotFoundError:
            continue
        return True
    return False


def tokenizer(model: str, revision: str | None, *, trust_remote_code: bool = False) -> ToyTokenizer:
    """Return the byte tokenizer."""
    del revision, trust_remote_code
    Behaviour.parse(model)
    return ToyTokenizer()


def load(model: str, revision: str | None, dtype: str, sampling: Sampling, placement: Placement) -> ToyEngine:
    """Make a toy engine; it ignores revision and dtype."""
    del revision, dtype
    if (broken := Behaviour.parse(model).broken) and _take_away(Path(broken)):
        raise ModelError(f"toy engine: cannot load, as the model's name asks; {broken} has a file less")
    return ToyEngine(Behaviour.parse(model), sampling, placement.max_num_seqs or SEQUENCES)


def versions() -> dict[str, str]:
    """Return the versions that a completion depends on: this file's algorithm, and numpy's random streams."""
    return {"toy": "1", "numpy": version("numpy")}

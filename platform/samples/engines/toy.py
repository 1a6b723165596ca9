"""A small deterministic engine that costs nothing: for ordering, faults and the speed of everything around an engine.

A completion is a function of (prompt, seed) alone: same answer in any batch, order, process or machine. It is
filler followed by an answer to the last "A + B" of the prompt, right with probability `p`, and an end token. Of the
sampling settings it honours max_tokens, max_model_len and stop.

The model's name says how it behaves, "toy?tokens=2000&delay=0.05":

    tokens  mean length of a completion, uniform between a half and one and a half of it (32)
    p       share of right answers (0.4)
    delay   seconds that one call of `sample` takes (0)
    fail    share of requests that become error rows (0)
    nan     share of completions with a NaN among their log-probs (0)
    inf     share of completions with a -inf among their log-probs (0)
    dead    a file: the first call, of all engines that name it, leaves it behind and finds its engine dead
"""

import hashlib
import re
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import parse_qsl

import numpy as np

from samples.engines import SEQUENCES, Completion, EngineDead, Placement, Sampling, Seen, unseen
from samples.errors import ModelError

_END = 0  # the end token: a NUL byte, never part of a text
_SUM = re.compile(r"(-?\d+)\s*\+\s*(-?\d+)")
_FILLER = np.frombuffer(b"etaoin shrdlu etaoin shrdlu cmfw", np.uint8).astype(np.int32)
_CHAT_TEMPLATE = "{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}<assistant>"
WEIGHTS = False  # a model is a name, without files


@dataclass(frozen=True)
class Behaviour:
    """What the model's name asks for."""

    tokens: int = 32
    p: float = 0.4
    delay: float = 0.0
    fail: float = 0.0
    nan: float = 0.0
    inf: float = 0.0
    dead: str = ""

    @classmethod
    def parse(cls, model: str) -> "Behaviour":
        """Read the behaviour from a model's name.

        Raises:
            ModelError: Not a toy, an option that does not exist, or a value out of range.
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
        behaviour = cls(**options)  # pyright: ignore[reportArgumentType]  # each was made with its default's type
        shares = (behaviour.p, behaviour.fail, behaviour.nan, behaviour.inf)
        if behaviour.tokens < 1 or behaviour.delay < 0 or not all(0 <= share <= 1 for share in shares):
            raise ModelError(f'model "{model}": tokens is at least 1, delay at least 0, every share between 0 and 1')
        return behaviour


class ToyTokenizer:
    """UTF-8 bytes."""

    @property
    def chat_template(self) -> str:
        """The one format, as Jinja text."""
        return _CHAT_TEMPLATE

    def render_chat(self, messages: list[dict[str, str]]) -> str:
        """Render messages as `<role>content` lines."""
        return "".join(f"<{message['role']}>{message['content']}\n" for message in messages) + "<assistant>"

    def encode(self, text: str, *, special_tokens: bool) -> list[int]:
        """Return the bytes of `text`; there is no begin token."""
        del special_tokens
        return list(text.encode("utf-8", "surrogatepass"))

    def decode(self, token_ids: list[int]) -> list[str]:
        """Return each byte as a character; one that is no ASCII character as U+FFFD."""
        return [bytes([token]).decode("ascii", "replace") for token in token_ids]


class ToyEngine:
    """The engine; without state, so threads need no lock."""

    def __init__(self, behaviour: Behaviour, sampling: Sampling, sequences: int) -> None:
        self.sequences = sequences
        self._behaviour = behaviour
        self._sampling = sampling

    def sample(self, prompt_ids: list[int], seeds: list[int], seen: Seen = unseen) -> list[Completion]:
        """Draw one completion per seed, in order; about 50 microseconds each at 2,000 tokens."""
        behaviour = self._behaviour
        if behaviour.delay:
            time.sleep(behaviour.delay)
        if behaviour.dead and _first(Path(behaviour.dead)):
            raise EngineDead(f"toy engine: dead once, as {behaviour.dead} now says")
        room = self._sampling.max_tokens
        if (limit := self._sampling.max_model_len) is not None:
            if len(prompt_ids) >= limit:
                return [Completion.too_long(len(prompt_ids), limit) for _ in seeds]
            room = min(room, limit - len(prompt_ids))
        prompt = bytes(token & 0xFF for token in prompt_ids)
        digest = int.from_bytes(hashlib.blake2b(prompt, digest_size=8).digest())
        sums = _SUM.findall(prompt.decode("utf-8", "replace"))
        answer = int(sums[-1][0]) + int(sums[-1][1]) if sums else 0
        completions = [self._one(np.random.default_rng((digest, seed)), answer, room) for seed in seeds]
        for completion in completions:
            seen(completion)
        return completions

    def close(self) -> None:
        """Nothing to free."""

    def _one(self, rng: np.random.Generator, answer: int, room: int) -> Completion:
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
        # The stop string that completes first wins, as in vLLM; its tokens stay, its text does not.
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


def _first(marker: Path) -> bool:
    """Whether this call, of all processes', is the one that makes `marker`."""
    try:
        marker.open("x").close()
    except FileExistsError:
        return False
    return True


def tokenizer(model: str, revision: str | None) -> ToyTokenizer:
    """Return the byte tokenizer."""
    del revision
    Behaviour.parse(model)
    return ToyTokenizer()


def load(model: str, revision: str | None, dtype: str, sampling: Sampling, placement: Placement) -> ToyEngine:
    """Make a toy engine; revision and dtype change nothing."""
    del revision, dtype
    return ToyEngine(Behaviour.parse(model), sampling, placement.max_num_seqs or SEQUENCES)


def versions() -> dict[str, str]:
    """Return what a completion depends on: numpy's random streams, and the version of this file's algorithm."""
    return {"toy": "1", "numpy": version("numpy")}

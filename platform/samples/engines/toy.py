"""A small deterministic engine without a model. It tests the order, faults and speed of the code around an engine.

A completion depends on (prompt, seed) alone: it is the same in any batch, order, process or machine. It is filler text,
then an answer to the last "A + B" of the prompt, correct with probability `p`, then an end token. The engine uses only
three sampling settings: max_tokens, max_model_len and stop.

The log-prob of a token is looked up in a fixed table by the token before it, the first token's by the prompt's last
one. So scores of a completion equal the log-probs that were stored when it was drawn. The filler is not drawn from the
table: only `bigram` gives completions whose log-probs are those of their own distribution.

The model's name sets its behaviour, for example "toy?tokens=2000&delay=0.05"; toy_behaviour.py lists the options.
"""

import hashlib
import re
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt

from samples.engines import (
    SEQUENCES,
    Completion,
    OnCompletion,
    OnScored,
    Placement,
    Sampling,
    Scored,
    ignore_completion,
    ignore_scored,
    toy_faults,
    toy_table,
)
from samples.engines.refusal import refusal
from samples.engines.top import Top
from samples.engines.toy_behaviour import Behaviour
from samples.engines.toy_table import END, FILLER

WEIGHTS = False  # a model is a name, without files

_SUM = re.compile(r"(-?\d+)\s*\+\s*(-?\d+)")
_CHAT_TEMPLATE = "{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}<assistant>"
_ASCII = 128
_FAILS = "toy engine: this request fails, as the model's name asks"


class ToyTokenizer:
    """Tokens are the bytes of UTF-8."""

    digest = hashlib.sha256(b"toy: bytes of UTF-8").hexdigest()[:16]
    end_ids = frozenset({END})

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

    vocabulary = toy_table.SIZE

    def __init__(self, behaviour: Behaviour, sampling: Sampling, sequences: int, top_logprobs: int = 0) -> None:
        self.sequences = sequences
        self.settled = {"max_model_len": sampling.max_model_len}
        self._behaviour = behaviour
        self._sampling = sampling
        if behaviour.bigram:
            settings = (behaviour.taste, behaviour.bigram, behaviour.tokens)
            self._table, self._rows = toy_table.for_drawing(*settings), toy_table.rows_for_drawing(*settings)
        else:
            self._table, self._rows = toy_table.plain(behaviour.taste), None
        self._likeliest = toy_table.likeliest(self._table, top_logprobs) if top_logprobs else None

    def sample(
        self, prompt_ids: list[int], seeds: list[int], on_completion: OnCompletion = ignore_completion
    ) -> list[Completion]:
        """Draw one completion per seed, in order. One of 2,000 tokens takes about 50 microseconds."""
        toy_faults.wait_or_die(self._behaviour, prompt_ids)
        room = self._sampling.max_tokens
        if (limit := self._sampling.max_model_len) is not None:
            if len(prompt_ids) >= limit:
                return [Completion.too_long(len(prompt_ids), limit) for _ in seeds]
            room = min(room, limit - len(prompt_ids))
        prompt = bytes(token & 0xFF for token in prompt_ids)
        digest = _number_of(prompt)
        sums = _SUM.findall(prompt.decode("utf-8", "replace"))
        answer = int(sums[-1][0]) + int(sums[-1][1]) if sums else 0
        last = prompt[-1] if prompt else END
        completions: list[Completion] = []
        for number, seed in enumerate(seeds):
            if number and self._behaviour.apart:
                time.sleep(self._behaviour.apart)
            completions.append(self._draw_one(np.random.default_rng((digest, seed)), answer, last, room))
            on_completion(number, completions[-1])
        return completions

    def with_text(self, prompt_ids: list[int], completion: Completion) -> Completion:
        """Return the completion, which has its text."""
        del prompt_ids
        return completion

    def score(
        self,
        prompt_ids: list[int],
        completions: Sequence[npt.NDArray[np.int32]],
        on_scored: OnScored = ignore_scored,
    ) -> list[Scored]:
        """Look up each token of each completion."""
        toy_faults.wait_or_die(self._behaviour, prompt_ids)
        scores = [self._score_one(prompt_ids, completion) for completion in completions]
        for one in scores:
            on_scored(one)
        return scores

    def close(self) -> None:
        """Do nothing: there is nothing to free."""

    def _draw_one(self, rng: np.random.Generator, answer: int, last: int, room: int) -> Completion:
        behaviour = self._behaviour
        right, fails, has_nan, has_inf, where = rng.random(5)
        if fails < behaviour.fail:
            return Completion.failed(_FAILS)
        if self._rows is not None:
            token_ids = toy_table.draw(self._rows, rng, last, room)
            finish_reason = "stop" if token_ids[-1] == END else "length"
        else:
            token_ids = self._filler(rng, answer, right=right < behaviour.p)
            finish_reason = "stop" if token_ids.size <= room else "length"
            token_ids = token_ids[:room]
        text = token_ids.astype(np.uint8).tobytes().decode("ascii").rstrip(chr(END))
        stop_reason = None
        # The stop string that is complete first wins, as in vLLM. Its tokens are kept; its text is removed.
        stops = [(at + len(stop), at, stop) for stop in self._sampling.stop if (at := text.find(stop)) >= 0]
        if stops:
            end, at, stop_reason = min(stops)
            token_ids, text, finish_reason = token_ids[:end], text[:at], "stop"
        logprobs = toy_table.logprobs(self._table, last, token_ids)
        self._spoil(logprobs, has_nan, has_inf, where)
        top = self._top(last, token_ids)
        return Completion(text, token_ids, logprobs, finish_reason, stop_reason, top=top)

    def _filler(self, rng: np.random.Generator, answer: int, *, right: bool) -> npt.NDArray[np.int32]:
        tokens = self._behaviour.tokens
        length = int(rng.integers((tokens + 1) // 2, tokens + tokens // 2 + 1))
        if not right:
            answer += int(rng.integers(1, 10)) * int(rng.choice((-1, 1)))
        ending = np.frombuffer(f" The answer is \\boxed{{{answer}}}.\0".encode(), np.uint8)
        filler = FILLER[rng.integers(0, FILLER.size, max(length - ending.size, 0), dtype=np.uint8)]
        return np.concatenate([filler, ending.astype(np.int32)], dtype=np.int32)

    def _score_one(self, prompt_ids: list[int], completion: npt.NDArray[np.int32]) -> Scored:
        behaviour = self._behaviour
        if not completion.size:
            return Scored(np.empty(0, np.float32))
        if error := refusal(prompt_ids, completion, self.vocabulary, self._sampling.max_model_len):
            return Scored.failed(error)
        logprobs = toy_table.logprobs(self._table, prompt_ids[-1], completion)
        logprobs += np.float32(behaviour.shift)
        if behaviour.fail or behaviour.nan or behaviour.inf:
            number = _number_of(bytes(prompt_ids) + completion.astype(np.uint8).tobytes())
            fails, has_nan, has_inf, where = np.random.default_rng(number).random(4)
            if fails < behaviour.fail:
                return Scored.failed(_FAILS)
            self._spoil(logprobs, has_nan, has_inf, where)
        return Scored(logprobs, top=self._top(prompt_ids[-1], completion))

    def _top(self, before: int, token_ids: npt.NDArray[np.int32]) -> Top | None:
        """Return the most likely tokens of the table at each position; `before` is the token before the first."""
        if self._likeliest is None:
            return None
        rows = np.concatenate([[before], token_ids[:-1]]).astype(np.intp)[: token_ids.size]
        ids = self._likeliest[rows]
        return Top(ids, self._table[rows[:, None], ids])

    def _spoil(self, logprobs: npt.NDArray[np.float32], has_nan: float, has_inf: float, where: float) -> None:
        """Put the NaN and -inf of the model's name among the log-probs of one completion."""
        if logprobs.size and has_nan < self._behaviour.nan:
            logprobs[int(where * logprobs.size)] = np.nan
        if logprobs.size and has_inf < self._behaviour.inf:
            logprobs[int((1 - where) * logprobs.size) - 1] = -np.inf


def _number_of(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest())


def tokenizer(model: str, revision: str | None, *, trust_remote_code: bool = False) -> ToyTokenizer:
    """Return the byte tokenizer."""
    del revision, trust_remote_code
    Behaviour.parse(model)
    return ToyTokenizer()


def load(
    model: str,
    revision: str | None,
    dtype: str,
    sampling: Sampling,
    placement: Placement,
    *,
    scoring: bool = False,
    top_logprobs: int = 0,
) -> ToyEngine:
    """Make a toy engine; it ignores revision and dtype, and it scores without preparation."""
    del revision, dtype, scoring
    behaviour = Behaviour.parse(model)
    toy_faults.load_or_die(behaviour)
    return ToyEngine(behaviour, sampling, placement.max_num_seqs or SEQUENCES, top_logprobs)


def versions() -> dict[str, str]:
    """Return the versions that a completion depends on: our own algorithm, and numpy's random streams."""
    return {"toy": "2", "numpy": version("numpy")}

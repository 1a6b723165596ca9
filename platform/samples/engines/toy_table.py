"""The toy engine's model: a fixed table of log p(token | token before it), over the 256 bytes.

Each row is normalised. A table is made from a seed, so it is the same on every machine. The plain table gives every
byte a share, and the bytes of the toy's filler text the largest ones. A table for drawing knows a few letters and the
end token only: its other entries are -inf, so text is drawn from exactly the distribution that scores it.
"""

import functools
from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

SIZE = 256
END = 0  # the end token: a NUL byte, which no text contains
FILLER = np.frombuffer(b"etaoin shrdlu etaoin shrdlu cmfw", np.uint8).astype(np.int32)
LETTERS = 26  # the most that a table for drawing can have
_SEED = 20_000
_RARE = 0.1  # the weight of a byte outside the filler; the weights within it are counts

Table = npt.NDArray[np.float32]


@functools.cache
def plain(taste: int) -> Table:
    """Return the table of whole texts of the toy: (256, 256), natural log, a row per previous token."""
    weights = _weights(taste) * (np.bincount(FILLER, minlength=SIZE) + _RARE)
    return _logs(weights / weights.sum(1, keepdims=True))


@functools.cache
def for_drawing(taste: int, letters: int, tokens: int) -> Table:
    """Return the table of `letters` letters from "a" and the end token, which has the share 1 / `tokens` in each row.

    So the lengths of completions, with the end token, have the mean `tokens`.
    """
    shares = np.zeros((SIZE, SIZE))
    known = slice(ord("a"), ord("a") + letters)
    shares[:, known] = _weights(taste)[:, known]
    shares *= (1 - 1 / tokens) / shares.sum(1, keepdims=True)
    shares[:, END] = 1 / tokens
    return _logs(shares)


def _weights(taste: int) -> npt.NDArray[np.float64]:
    return np.exp(np.random.default_rng((_SEED, taste)).standard_normal((SIZE, SIZE)))


def _logs(shares: npt.NDArray[np.float64]) -> Table:
    with np.errstate(divide="ignore"):
        table = np.log(shares).astype(np.float32)
    table.setflags(write=False)
    return table


def logprobs(table: Table, before: int, token_ids: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
    """Return the log-prob of each token; `before` is the token before the first."""
    places = token_ids.astype(np.intp)
    places[1:] += SIZE * places[:-1]
    places[:1] += SIZE * before
    return table.ravel().take(places)


def likeliest(table: Table, n: int) -> npt.NDArray[np.int32]:
    """Return the ids of the `n` most likely tokens of each row, the likeliest first: (256, n)."""
    return np.argsort(-table, axis=1, kind="stable")[:, :n].astype(np.int32)


Rows = list[tuple[Sequence[float], Sequence[int]]]


@functools.cache
def rows_for_drawing(taste: int, letters: int, tokens: int) -> Rows:
    """Return, for each previous token, where each next token's part of [0, 1) ends, and the next tokens.

    The end of the last part is left out, because rounding may put it below 1.
    """
    rows: Rows = []
    for row in for_drawing(taste, letters, tokens).astype(np.float64):
        known = np.flatnonzero(np.isfinite(row))
        rows.append((np.exp(row[known]).cumsum()[:-1].tolist(), known.tolist()))
    return rows


def draw(rows: Rows, rng: np.random.Generator, before: int, room: int) -> npt.NDArray[np.int32]:
    """Draw tokens until the end token, which is kept, or until there are `room`; `before` is the token before them."""
    drawn: list[int] = []
    while len(drawn) < room:
        for point in rng.random(min(room - len(drawn), SIZE)).tolist():
            ends, tokens = rows[before]
            before = tokens[bisect_right(ends, point)]
            drawn.append(before)
            if before == END:
                return np.array(drawn, np.int32)
    return np.array(drawn, np.int32)

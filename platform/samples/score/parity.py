"""Parity: before a scorer scores, it scores samples that its own model drew, and must find what was stored.

Wrong scores are silent: a prefix cache, a shift by one token, another precision, processed log-probs in place of raw
ones. Where the lake has samples of the scorer's own weights with raw log-probs, every replica scores some of them
first.

The mismatch KL is the mean over tokens of r - log r - 1, with r = p_scored / p_stored: the estimator k3 of the KL
divergence (Schulman 2020, http://joschu.net/blog/kl-approx.html).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from samples.engines import Engine, Scored
from samples.errors import SamplesError

SAMPLES_MOST, TOKENS_MOST = 32, 65_536


@dataclass(frozen=True)
class Bound:
    """The largest mean |difference| and mismatch KL that rounding explains."""

    mean: float
    kl: float


# Measured on one machine: float32 against itself 5e-6 and 6e-9; bfloat16 against float32 .03 and 1e-3.
_FLOAT32, _SHORT = Bound(0.005, 1e-4), Bound(0.06, 0.005)


@dataclass(frozen=True)
class Own:
    """A stored sample of the scorer's own weights: what it was drawn from, its tokens and their raw log-probs."""

    run: str
    dtype: str
    prompt_ids: list[int]
    token_ids: npt.NDArray[np.int32]
    token_logprobs: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Parity:
    """What scoring its own samples showed. `failed` samples could not be scored; `why` is the reason of the first."""

    run: str
    samples: int
    tokens: int
    mean: float | None
    worst: float | None
    kl: float | None
    within: bool
    failed: int = 0
    why: str = ""

    def __str__(self) -> str:
        what = told(self.run, self.samples, self.tokens, self.mean, self.worst, self.kl)
        if self.mean is None:
            return f"{what}: {self.why}"
        return f"{what}; {self.failed} of them could not be scored ({self.why})" if self.failed else what

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


def told(run: str, samples: int, tokens: int, mean: float | None, worst: float | None, kl: float | None) -> str:
    """Return the figures of a check in words."""
    what = f"{samples} samples ({tokens:,} tokens) of {run}"
    if mean is None:
        return f"{what} could not be scored"
    return f"{what}: mean |difference| {mean:.2g}, worst {worst:.2g}, mismatch KL {kl:.2g}"


def check(engine: Engine, dtype: str, own: Sequence[Own]) -> Parity:
    """Score own samples again, and compare with what is stored. `dtype` is the scorer's."""
    results = [engine.score(one.prompt_ids, [one.token_ids])[0] for one in own]
    return compare(dtype, own, results)


def compare(dtype: str, own: Sequence[Own], results: Sequence[Scored]) -> Parity:
    """Compare scores of own samples with their stored log-probs. Tokens whose log-prob is not finite are left out."""
    pairs = [
        (one.token_logprobs.astype(np.float64), result.token_logprobs.astype(np.float64))
        for one, result in zip(own, results, strict=True)
        if result.error is None
    ]
    failures = [result.error for result in results if result.error is not None]
    run = ", ".join(dict.fromkeys(one.run for one in own))
    stored, scored = (np.concatenate([pair[side] for pair in pairs] or [np.empty(0)]) for side in (0, 1))
    finite = np.isfinite(stored)
    lost, why = len(failures), failures[0] if failures else ""
    if not finite.any():
        return Parity(run, len(own), 0, None, None, None, within=False, failed=lost, why=why)
    log_ratio = np.where(np.isfinite(scored), scored, -np.inf)[finite] - stored[finite]
    mean, worst = float(np.abs(log_ratio).mean()), float(np.abs(log_ratio).max())
    kl = float((np.exp(log_ratio) - log_ratio - 1).mean())
    exact = {dtype, *(one.dtype for one in own)} <= {"float32", "float64"}
    bound = _FLOAT32 if exact else _SHORT
    within = mean <= bound.mean and kl <= bound.kl
    return Parity(run, len(own), int(finite.sum()), mean, worst, kl, within=within, failed=lost, why=why)


def require(parity: Parity, scorer: str) -> None:
    """Check that a scorer finds what its own model stored.

    Raises:
        SamplesError: It does not. The message has the numbers and the likely causes.
    """
    if not parity.within:
        raise SamplesError(
            f"scorer {scorer} does not find what its own model stored: {parity}. Likely causes: another dtype or "
            "quantization than the run's, another revision of the weights or of the engine, an engine that scores with "
            "a prefix cache. Nothing was scored; --allow-mismatch scores all the same, and keeps these numbers"
        )

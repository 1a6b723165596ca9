"""The companion of a segment: the most likely tokens at each position of its samples, with bounds of their entropy."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from samples.engines.top import Top
from samples.units.segment import lists

_NOTHING = Top(np.empty((0, 0), np.int32), np.empty((0, 0), np.float32))  # of a failed request


def companion(key: dict[str, pa.Array], tops: Sequence[Top | None], vocabulary: int) -> pa.Table | None:
    """Return a row for each sample of a unit; None if the engine was asked for no such tokens, or gave none.

    `key` holds the columns that the unit's tables share. `vocabulary` is the number of tokens that may come next.
    """
    if not any(tops):
        return None
    found = [top or _NOTHING for top in tops]
    n = max(top.token_ids.shape[1] for top in found)
    bounds = np.array([entropies(top.logprobs, vocabulary) for top in found])
    return pa.table(
        {
            **key,
            "n": pa.array([n] * len(found), pa.int32()),
            "positions": pa.array([len(top.token_ids) for top in found], pa.int32()),
            **dict(zip(("top_entropy", "mass_left", "entropy_least", "entropy_most"), bounds.T, strict=True)),
            "top_ids": lists([top.token_ids.ravel() for top in found], np.int32),
            "top_logprobs": lists([top.logprobs.ravel() for top in found], np.float32),
        }
    )


def entropies(logprobs: npt.NDArray[np.float32], vocabulary: int) -> tuple[float, float, float, float]:
    """Return sums over the positions of a sample's listed log-probs, (positions, N) with the largest first.

    They are: -p log p of the listed tokens, the probability m of the others, and a lower and an upper bound of the
    entropy of the next token, in nats. No other token is likelier than the last listed one, p_N, nor than m. So the
    others add at least -m log min(m, p_N). They add most where all are equally likely: m log(others / m).
    """
    if not logprobs.size:
        return 0.0, 0.0, 0.0, 0.0
    logs = logprobs.astype(np.float64)
    shares = np.exp(logs)
    last = shares[:, -1]
    with np.errstate(divide="ignore", invalid="ignore"):  # a NaN of the engine is kept
        listed = -np.where(shares == 0, 0.0, shares * logs).sum(1)
        left = np.where(last == 0, 0.0, np.maximum(1 - shares.sum(1), 0.0))  # at 0, all that is possible is listed
        least = np.where(left == 0, 0.0, -left * np.log(np.minimum(left, last)))
        most = np.where(left == 0, 0.0, left * np.log(max(vocabulary - logs.shape[1], 1) / left))
    sums = (listed.sum(), left.sum(), (listed + least).sum(), (listed + most).sum())
    return sums[0].item(), sums[1].item(), sums[2].item(), sums[3].item()

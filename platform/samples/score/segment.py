"""The segment of a unit of scores: the log-prob of each token, with the rows of table `scores` as its facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from samples.engines import Scored
from samples.lake.parquet import storable_text
from samples.lake.tables import Tables
from samples.score.request import IDS
from samples.units import segment
from samples.units.companion import companion
from samples.units.plan import Unit
from samples.units.segment import Receipt, Record, Target, lists, new_attempt, record_nothing
from samples_schemas import SCORE_LOGPROBS, SCORES


@dataclass(frozen=True)
class Given:
    """A sample as a scorer is given it: the tokens to score, and what is known of them.

    `ends` says whether the last token is an end token, which is no part of the text. `same` says whether the tokens are
    those that the run drew, None if the run has none. `error` is why there is nothing to score.
    """

    index: int
    token_ids: npt.NDArray[np.int32]
    text_bytes: int
    ends: bool
    same: bool | None
    error: str | None = None


def target(scorer_id: str, record: Record = record_nothing) -> Target:
    """Return where the units of a scorer go."""
    return Target(SCORE_LOGPROBS, SCORES, scorer_id, {"scorer_id": scorer_id}, record)


def write(
    lake: Tables,
    scorer_id: str,
    unit: Unit,
    mode: tuple[str, str],
    given: Sequence[Given],
    scored: Sequence[Scored],
    scored_by: Mapping[str, Any],
    vocabulary: int = 0,
) -> Receipt:
    """Write one unit's scores, in the order of sample indices; see `samples.units.segment.write`.

    `mode` is the token mode and the prompt. `vocabulary` is the engine's.

    Raises:
        LakeError: The segment could not be written. Readers see nothing of it.
    """
    count = len(given)
    token_mode, prompt = mode
    key = {
        "problem_id": pa.array([unit.problem_id] * count),
        "sample_index": pa.array([one.index for one in given], pa.int32()),
        "attempt": pa.array([new_attempt()] * count),
    }
    values = [one.token_logprobs for one in scored]
    ends = [float(logs[-1]) if one.ends and logs.size else None for one, logs in zip(given, values, strict=True)]
    facts = {
        **key,
        "tokens": pa.array([logs.size for logs in values], pa.int32()),
        "bytes": pa.array([one.text_bytes for one in given], pa.int32()),
        "cumulative_logprob": pa.array([float(np.sum(logs, dtype=np.float64)) for logs in values], pa.float64()),
        "end_logprob": pa.array(ends, pa.float64()),
        "token_mode": pa.array([token_mode] * count),
        "prompt": pa.array([prompt] * count),
        "same_tokens": pa.array([one.same for one in given], pa.bool_()),
        "error": pa.array([storable_text(one.error) for one in scored], pa.string()),
    }
    payload = pa.table(
        {**key, "token_logprobs": lists(values, np.float32), "token_ids": _ids(token_mode, given, values)}
    )
    top = companion(key, [one.top for one in scored], vocabulary)
    return segment.write(lake, target(scorer_id), unit, pa.table(facts), payload, scored_by, top)


def _ids(token_mode: str, given: Sequence[Given], values: Sequence[npt.NDArray[np.float32]]) -> pa.Array:
    """Return the token ids to store: in mode text those that were scored; with ids table completions has them."""
    kind = SCORE_LOGPROBS.schema.field("token_ids").type
    if token_mode == IDS:
        return pa.nulls(len(given), kind)
    return lists([one.token_ids[: logs.size] for one, logs in zip(given, values, strict=True)], np.int32).cast(kind)

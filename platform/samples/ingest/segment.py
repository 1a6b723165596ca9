"""The segment of a unit of completions: text, token ids and log-probs, with the facts of table `samples`."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from samples.engines import Completion
from samples.lake.parquet import storable_text
from samples.lake.tables import Tables
from samples.runs.run import Run
from samples.runs.setups import add_setups
from samples.units import segment
from samples.units.commit import Committer
from samples.units.companion import companion
from samples.units.plan import Unit
from samples.units.segment import Receipt, Target, lists, new_attempt
from samples_schemas import COMPLETIONS, SAMPLES


def target(run: Run) -> Target:
    """Return where the units of a run go."""
    return Target(COMPLETIONS, SAMPLES, run.run_id, run.partition, lambda lake, found: add_setups(lake, run, found))


def committer(lake: Tables, run: Run) -> Committer:
    """Return what commits the receipts of a run."""
    return Committer(lake, target(run))


def write(
    lake: Tables,
    run: Run,
    unit: Unit,
    seeds: Sequence[int],
    completions: Sequence[Completion],
    drawn_by: Mapping[str, Any] | None = None,
    vocabulary: int = 0,
) -> Receipt:
    """Write one unit's completions, in the order of its indices, as one segment; see `samples.units.segment.write`.

    Raises:
        LakeError: The segment could not be written. Readers see nothing of it.
    """
    count = unit.stop - unit.start
    assert len(seeds) == len(completions) == count, f"{unit}: {len(completions)} completions for {count} indices"
    key = {
        "problem_id": pa.array([unit.problem_id] * count),
        "sample_index": pa.array(np.arange(unit.start, unit.stop, dtype=np.int32)),
        "attempt": pa.array([new_attempt()] * count),
    }
    facts = {
        **key,
        "tokens": pa.array([len(c.token_ids) for c in completions], pa.int32()),
        "cumulative_logprob": pa.array(
            [float(np.sum(c.token_logprobs, dtype=np.float64)) for c in completions], pa.float64()
        ),
        "finish_reason": pa.array([c.finish_reason for c in completions], pa.string()),
        "stop_reason": pa.array([storable_text(c.stop_reason) for c in completions], pa.string()),
        "seed": pa.array(seeds, pa.int64()),
        "error": pa.array([storable_text(c.error) for c in completions], pa.string()),
    }
    payload = {
        **key,
        "text": pa.array([storable_text(c.text) for c in completions], pa.string()),
        "token_ids": lists([c.token_ids for c in completions], np.int32),
        "token_logprobs": lists([c.token_logprobs for c in completions], np.float32),
    }
    top = companion(key, [c.top for c in completions], vocabulary)
    return segment.write(lake, target(run), unit, pa.table(facts), pa.table(payload), drawn_by, top)

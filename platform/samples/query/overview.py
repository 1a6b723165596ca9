"""The runs of a lake at a glance: model, settings that differ, samples there and wanted, verifiers with accuracy."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from samples.errors import LakeError, StoreAway
from samples.lake.tables import Tables
from samples.query.connect import connect
from samples.query.rows import Rows
from samples.query.unreadable import readable
from samples.query.views import tables
from samples.runs.record import wanted
from samples.runs.run import Run, every
from samples.runs.settings import differing

_VIEWS = ("runs", "samples", "tallies")
_DRAWN = "SELECT run_id, count(*), count(error) FROM samples GROUP BY run_id"
_ACCURACY = """
SELECT run_id, verifier, sum(c) / nullif(sum(n), 0)
FROM tallies
GROUP BY run_id, verifier
ORDER BY verifier
"""


def runs(lake: Tables, *, skip_unreadable: bool = False) -> Rows:
    """List the runs of a lake, the oldest first, one row each; `skip_unreadable` leaves out those that notes name.

    Columns: run (its name), model (its name), dataset, problems, samples (there now), wanted (by the last ingest; NULL
    where none was recorded, or where that cannot be read, as a note says), errors (samples whose request failed),
    accuracy (of each verifier: correct samples among those judged, a map), age, run_id, labels; then a column for each
    setting that differs between these runs.

    Raises:
        LakeError: The lake cannot be read.
    """
    pinned, notes = lake.pin(), ()
    if skip_unreadable:
        pinned, notes = readable(pinned, tables(_VIEWS))
    there = every(pinned)
    asked: dict[str, int] = {}
    try:
        asked = wanted(pinned)
    except StoreAway:
        raise
    except LakeError as error:  # it tells nothing else
        notes = (*notes, f"wanted is not known: {error}")
    with connect(pinned, _VIEWS) as connection:
        drawn = {run: counts for run, *counts in connection.execute(_DRAWN).fetchall()}
        labels = dict(connection.execute("SELECT run_id, labels FROM runs").fetchall())
        accuracy: dict[str, dict[str, float]] = {}
        for run, verifier, share in connection.execute(_ACCURACY).fetchall():
            accuracy.setdefault(run, {})[verifier] = share
    settings = differing([run.specification for run in there])
    columns: dict[str, pa.Array] = {
        "run": pa.array([run.name for run in there], pa.string()),
        "model": pa.array([run.model_name for run in there], pa.string()),
        "dataset": pa.array([run.dataset for run in there], pa.string()),
        "problems": pa.array([len(run.problem_hashes) for run in there], pa.int64()),
        "samples": pa.array([drawn.get(run.run_id, [0, 0])[0] for run in there], pa.int64()),
        "wanted": pa.array([_wanted(run, asked) for run in there], pa.int64()),
        "errors": pa.array([drawn.get(run.run_id, [0, 0])[1] for run in there], pa.int64()),
        "accuracy": pa.array(
            [list(accuracy.get(run.run_id, {}).items()) for run in there], pa.map_(pa.string(), pa.float64())
        ),
        "age": pa.array([age(datetime.now(UTC) - run.created_at) for run in there], pa.string()),
        "run_id": pa.array([run.run_id for run in there], pa.string()),
        "labels": pa.array([list(labels[run.run_id].items()) for run in there], pa.map_(pa.string(), pa.string())),
        # Last, because they may be many: a narrow terminal shows what came before.
        **{name: pa.array(values, pa.string()) for name, values in settings.items()},
    }
    return Rows(pa.table(columns), notes)


def _wanted(run: Run, asked: Mapping[str, int]) -> int | None:
    return asked[run.run_id] * len(run.problem_hashes) if run.run_id in asked else None


def age(time: timedelta) -> str:
    """Write how long ago something was, in its largest unit: 3 days, 5 hours, 2 min."""
    seconds = max(0, int(time.total_seconds()))
    for unit, size in (("day", 86_400), ("hour", 3_600)):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{seconds // 60} min" if seconds >= 60 else f"{seconds} s"  # noqa: PLR2004 - seconds of a minute

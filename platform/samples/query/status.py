"""Tell how far a run is, from the lake alone. Any other machine may draw the run."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pyarrow as pa

from samples.lake.tables import Tables
from samples.query.connect import connect
from samples.runs.record import wanted
from samples.runs.run import find
from samples.runs.setups import setup_facts
from samples_schemas import SAMPLES

_WINDOW = 600.0  # seconds of commits over which the rate is measured
_IDLE = 180.0  # after so many seconds without a commit, nobody seems to draw


@dataclass(frozen=True)
class RunStatus:
    """One look at a run. `wanted` is the number of samples that the last ingest asked for.

    `samples` counts those with an index below the k of that ingest, and `problems_done` the problems that have all of
    theirs. If the lake records no k, `wanted` and `problems_done` are None, and `samples` counts all. `tokens` is None
    if no number of tokens is known, as of imported texts. `per_second` is measured over the commits of the last ten
    minutes. It is None if the last commit is more than three minutes old.
    `setups` has the facts of each combination of hardware and versions that drew samples, such as device and vllm.
    """

    name: str
    run_id: str
    dataset: str
    model: str
    problems: int
    problems_done: int | None
    wanted: int | None
    samples: int
    errors: int
    tokens: int | None
    per_second: float | None
    seconds_left: float | None
    last_commit: datetime | None
    setups: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    verifiers: dict[str, tuple[int, float | None]] = field(default_factory=dict[str, "tuple[int, float | None]"])

    @property
    def complete(self) -> bool:
        """Whether all samples that were asked for are there."""
        return self.wanted is not None and self.samples >= self.wanted


_COUNTS = """
WITH each AS (
    SELECT
        problem_id, count(*) AS samples, count(error) AS errors, sum(tokens) AS tokens,
        countif(error IS NULL AND tokens IS NOT NULL) AS known, countif(error IS NULL AND tokens IS NULL) AS unknown
    FROM samples
    WHERE run_id = $run AND ($k IS NULL OR sample_index < $k)
    GROUP BY problem_id
)
SELECT
    coalesce(sum(samples), 0)::BIGINT, coalesce(sum(errors), 0)::BIGINT,
    CASE WHEN sum(known) > 0 OR coalesce(sum(unknown), 0) = 0 THEN coalesce(sum(tokens), 0)::BIGINT END,
    countif(samples >= $k)
FROM each
"""
_VERIFIERS = """
SELECT verifier, coalesce(sum(n + errors + timeouts), 0)::BIGINT, sum(c) / nullif(sum(n), 0)
FROM tallies
WHERE run_id = $run
GROUP BY verifier
ORDER BY verifier
"""
_SETUPS = "SELECT drawn_by FROM setups WHERE run_id = $run ORDER BY created_at, drawn_by"


def status(lake: Tables, name: str) -> RunStatus:
    """Look at the run of this name, or of this unambiguous prefix of its id.

    Raises:
        NotFound: There is no such run.
        LakeError: The lake cannot be read.
    """
    pinned = lake.pin()
    run = find(pinned, name)
    k = wanted(pinned).get(run.run_id)
    with connect(pinned, ["samples", "setups", "tallies"]) as connection:
        values = {"run": run.run_id, "k": k}
        ((samples, errors, tokens, done),) = connection.execute(_COUNTS, values).fetchall()
        judged = connection.execute(_VERIFIERS, {"run": run.run_id}).fetchall()
        setups = connection.execute(_SETUPS, {"run": run.run_id}).fetchall()
    last, per_second = commits(pinned, run.run_id)
    asked = None if k is None else k * len(run.problem_hashes)
    left = None if asked is None or not per_second else max(asked - samples, 0) / per_second
    return RunStatus(
        name=run.name,
        run_id=run.run_id,
        dataset=run.dataset,
        model=run.model_name,
        problems=len(run.problem_hashes),
        problems_done=done,
        wanted=asked,
        samples=samples,
        errors=errors,
        tokens=tokens,
        per_second=per_second,
        seconds_left=left,
        last_commit=last,
        setups=[setup_facts(drawn_by) for (drawn_by,) in setups],
        verifiers={verifier: (verdicts, accuracy) for verifier, verdicts, accuracy in judged},
    )


def commits(lake: Tables, run_id: str) -> tuple[datetime | None, float | None]:
    """Return the time of the last commit of a run's samples, and the samples per second lately."""
    snapshot = lake.delta(SAMPLES.name)
    if snapshot is None:
        return None, None
    adds = pa.RecordBatchReader.from_stream(snapshot.get_add_actions(flatten=True)).read_all()
    mine = [
        (row["modification_time"], row["num_records"] or 0)
        for row in adds.select(["modification_time", "num_records", "partition.run_id"]).to_pylist()
        if row["partition.run_id"] == run_id
    ]
    if not mine:
        return None, None
    times = sorted((_utc(time), count) for time, count in mine)
    now, last = datetime.now(UTC), times[-1][0]
    recent = [(time, count) for time, count in times if (now - time).total_seconds() <= _WINDOW]
    if not recent or (now - last).total_seconds() > _IDLE:
        return last, None
    # The samples of the first commit were drawn before it, in unknown time.
    seconds = (last - recent[0][0]).total_seconds()
    return last, sum(count for _, count in recent[1:]) / seconds if seconds > 0 else None


def _utc(time: datetime | int) -> datetime:
    if isinstance(time, int):
        return datetime.fromtimestamp(time / 1000, UTC)
    return time if time.tzinfo else time.replace(tzinfo=UTC)

"""Label chains of thought: valid, flawed, lucky or unclear, with a note.

Labels are appended, and earlier ones stay readable. Of one sample and one reviewer the label with the highest number is
current. Numbers are given under the lake's lock on appends, so they do not depend on clocks.
"""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from samples.errors import NotFound, UsageError, meant
from samples.lake.parquet import storable_text
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.reviews.reviewer import require_reviewer
from samples.runs.numbered import numbered
from samples.runs.run import Run, find
from samples_schemas import REVIEW_LABELS, REVIEWS, SAMPLES

_LONGEST_NOTE = 10_000  # characters
_SHOWN = 5  # ids in a message

Row = dict[str, Any]


class Review(NamedTuple):
    """A label for the chain of thought of one sample, and the reason."""

    problem_id: str
    sample_index: int
    label: str
    note: str | None = None


def review(
    lake: Tables, run: str, problem_id: str, sample_index: int, label: str, *, note: str | None = None, reviewer: str
) -> Row:
    """Label the chain of thought of one sample, and return the reviewer's current label of it.

    The result has run, problem_id, sample_index, reviewer, label, note, number and created_at. A label that is current
    already, with the same note, is not written again.

    Raises:
        NotFound: There is no such run, problem or sample.
        UsageError: The label, the note or the reviewer cannot be used, or the sample failed and has no completion.
        LakeError: The lake cannot be written.
    """
    return review_many(lake, run, [Review(problem_id, sample_index, label, note)], reviewer=reviewer)[0]


def review_many(lake: Tables, run: str, given: Iterable[Review], *, reviewer: str) -> list[Row]:
    """Label several samples of a run in one commit, and return the current label of each. See `review`.

    If a sample is named twice, both labels are kept, and the later one is current.

    Raises:
        NotFound: There is no such run, problem or sample. Nothing was written.
        UsageError: A label, a note or the reviewer cannot be used. Nothing was written.
        LakeError: The lake cannot be written.
    """
    require_reviewer(reviewer)
    recorded = find(lake, run)
    wanted = [_checked(recorded, one) for one in given]
    _require_samples(lake, recorded, wanted)
    current: dict[tuple[str, int], Row] = {}

    def choose() -> list[tuple[pa.Table, Mapping[str, str]]]:
        rows = lake.read(REVIEWS.name)
        ours = rows.filter((pc.field("run_id") == recorded.run_id) & (pc.field("reviewer") == reviewer))
        current.clear()
        current.update({_sample(row): row for row in ours.sort_by("number").to_pylist()})
        number = pc.call_function("max", [rows["number"]]).as_py() or 0
        new: list[Row] = []
        for one in wanted:
            before = current.get(one[:2])
            if before and (before["label"], before["note"]) == (one.label, one.note):
                continue
            number += 1
            about = {"run_id": recorded.run_id, "reviewer": reviewer, "number": number}
            new.append({**about, **one._asdict(), "created_at": datetime.now(UTC)})
            current[one[:2]] = new[-1]
        return [(pa.Table.from_pylist(new, schema=REVIEWS.schema), {})]

    lake.append(REVIEWS.name, "reviews", choose)
    columns = [name for name in REVIEWS.schema.names if name != "run_id"]
    return [{"run": recorded.name, **{name: current[one[:2]][name] for name in columns}} for one in wanted]


def _sample(row: Mapping[str, Any]) -> tuple[str, int]:
    return row["problem_id"], row["sample_index"]


def _checked(run: Run, one: Review) -> Review:
    """Return a review with a whole number and with no empty note."""
    index = numbered(one.sample_index)
    if one.problem_id not in run.problem_hashes:
        count, some = len(run.problem_hashes), ", ".join(sorted(run.problem_hashes)[:_SHOWN])
        raise NotFound(f'run {run.name} has no problem "{one.problem_id}"; it has {count}, such as {some}')
    if one.label not in REVIEW_LABELS:
        close = meant(str(one.label), REVIEW_LABELS)
        raise UsageError(f'label "{one.label}" is not known{close}: choose one of {", ".join(REVIEW_LABELS)}')
    note = storable_text(str(one.note)) if one.note else None
    if note and len(note) > _LONGEST_NOTE:
        raise UsageError(f"note: {len(note):,} characters; at most {_LONGEST_NOTE:,} are kept")
    return Review(one.problem_id, index, one.label, note)


def _require_samples(lake: Tables, run: Run, wanted: Sequence[Review]) -> None:
    """Check that these samples are there, and have a completion."""
    asked = ds.field("problem_id").isin(sorted({one.problem_id for one in wanted}))
    kept = asked & ds.field("sample_index").isin(sorted({one.sample_index for one in wanted}))
    columns = ["problem_id", "sample_index", "error"]
    with explained(lake.place.table_uri(SAMPLES.name)):
        rows = lake.dataset(SAMPLES.name, **run.partition).to_table(columns=columns, filter=kept).to_pylist()
    there = {_sample(row) for row in rows}
    fine = {_sample(row) for row in rows if row["error"] is None}
    for one in wanted:
        where = f"sample {one.sample_index} of problem {one.problem_id}"
        if one[:2] not in there:
            words = [run.name, one.problem_id]
            apart = ["--"] if any(word.startswith("-") for word in words) else []
            listed = shlex.join(["samples", "show", *apart, *words])
            raise NotFound(f"run {run.name} has no {where}: {listed} lists those that it has")
        if one[:2] not in fine:
            raise UsageError(f"{where} of run {run.name} failed and has no completion to review")

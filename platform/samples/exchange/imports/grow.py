"""Top up an imported run with a longer file, or with more files: they hold the run's samples, unchanged, and more.

A run that was imported is known by its first file. A later file of the same name, dataset, format and score goes on
with it if it agrees with every sample that the run has. Its verdicts count as those of the first file.
"""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

from samples.errors import UsageError
from samples.exchange.imports.reading import Sources
from samples.exchange.imports.row import Row
from samples.files.errors import BadRow
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.problems.problems import Problem
from samples.runs.run import Run, every
from samples.runs.settings import IMPORTED
from samples_schemas import COMPLETIONS, COUNTS, SAMPLES, VERDICTS

_OF_THE_FILE = ("content", "file")  # what a longer file may have otherwise
_COUNTED = ("n", "c", "errors", "timeouts")


def earlier(lake: Tables, name: str, specification: Mapping[str, Any]) -> Run | None:
    """Return the imported run of this name that a file of this specification may go on with."""

    def of(given: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in given.items() if key not in _OF_THE_FILE}

    named = next((run for run in every(lake) if run.name == name and run.engine == IMPORTED), None)
    return named if named and of(named.specification) == of(specification) else None


def require_agreement(
    lake: Tables, run: Run, problems: Iterable[Problem], files: Sources, rows: Iterable[tuple[str, Row | BadRow]]
) -> None:
    """Check that a file agrees with what the lake has of a run, and holds all of it if it holds more.

    Raises:
        UsageError: The file has another version of a problem, another sample, verdict or count, or lacks some.
        LakeError: A file of the run cannot be read.
    """
    other = f"is not that of run {run.name}, which has this name: give the file another --name"
    for problem in problems:
        if run.problem_hashes.get(problem.problem_id, problem.problem_hash) != problem.problem_hash:
            raise UsageError(f'{files.name}: problem "{problem.problem_id}" (its question, answer or tests) {other}')
    there = _There(lake, run)
    met = fresh = 0
    for place, row in rows:
        if isinstance(row, BadRow):
            raise UsageError(f"{place}: changed while it was read; nothing is imported")
        if wrong := there.contradicted(row):
            raise UsageError(f'{files.where(place)}: {wrong} of problem "{row.problem_id}" {other}')
        known = there.has(row)
        met, fresh = met + known, fresh + (not known)
    if fresh and met < len(there):
        raise UsageError(
            f"{files.name}: has {met:,} of the {len(there):,} samples of run {run.name}, which has this name, and "
            f"{fresh:,} others: a longer file of a run holds all that the run has; give the file another --name"
        )


class _There:
    """What the lake has of an imported run: a hash of each completion, the status of each verdict, the counts.

    Raises:
        LakeError: A file cannot be read.
    """

    def __init__(self, lake: Tables, run: Run) -> None:
        self.samples: dict[str, dict[int, int]] = {}
        with explained(lake.place.table_uri(SAMPLES.name)):
            for batch in lake.dataset(SAMPLES.name, **run.partition).to_batches(
                columns=["problem_id", "sample_index", "error"]
            ):
                for problem_id, index, error in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    self.samples.setdefault(problem_id, {})[index] = _digest(None, error)
        with explained(lake.place.table_uri(COMPLETIONS.name)):
            for batch in lake.dataset(COMPLETIONS.name, **run.partition).to_batches(
                columns=["problem_id", "sample_index", "text"], batch_size=512, cache_metadata=False
            ):
                for problem_id, index, text in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    if index in self.samples.get(problem_id, {}):
                        self.samples[problem_id][index] = _digest(text, None)
        verdicts = lake.read(VERDICTS.name, ["verifier", "problem_id", "sample_index", "status"], run_id=run.run_id)
        *keys, statuses = (column.to_pylist() for column in verdicts.columns)
        self.verdicts: dict[tuple[str, str, int], str] = dict(zip(zip(*keys, strict=True), statuses, strict=True))
        counted = lake.read(COUNTS.name, ["problem_id", *_COUNTED], run_id=run.run_id)
        problem_ids, *numbers = (column.to_pylist() for column in counted.columns)
        self.counts: dict[str, tuple[int, ...]] = dict(zip(problem_ids, zip(*numbers, strict=True), strict=True))

    def has(self, row: Row) -> bool:
        """Return whether the lake has this sample, or counts of this problem."""
        if row.counts is not None:
            return row.problem_id in self.counts
        return (row.sample_index or 0) in self.samples.get(row.problem_id, {})

    def contradicted(self, row: Row) -> str | None:
        """Say what of a row is otherwise in the lake, if anything is."""
        index = row.sample_index or 0
        if row.counts is not None:
            counted = tuple(getattr(row.counts, name) for name in _COUNTED)
            return None if self.counts.get(row.problem_id, counted) == counted else "the number of samples"
        text = _digest(row.completion, row.error)
        if self.samples.get(row.problem_id, {}).get(index, text) != text:
            return f"sample {index}"
        for one in row.verdicts:
            status = self.verdicts.get((one.verifier, row.problem_id, index), one.verdict.status)
            if status != one.verdict.status:
                return f"the verdict {one.verdict.status} of sample {index}"
        return None

    def __len__(self) -> int:
        return sum(map(len, self.samples.values())) + len(self.counts)


def _digest(completion: str | None, error: str | None) -> int:
    key = f"text {completion}" if completion is not None else f"error {error}"
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest())

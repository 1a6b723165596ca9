"""Find what to compact: files of one partition that are smaller than they should be, or that another tool wrote.

A file is small below half of its table's goal, 256 MB with tokens and 64 MB without. So what was merged is merged again
until it has half of the goal, and then it stays.

Segments are merged once their samples are committed; others are left to the driver that adopts them. All other files
are merged in the order in which their names say they were appended, pass by pass of a verifier. So the new names can
say the same: that no key is there twice, and of which pass the verdicts are.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, takewhile
from typing import Any
from urllib.parse import unquote

import pyarrow.compute as pc

from samples.lake import checksums, stated
from samples.lake.log import added_files
from samples.lake.parquet import is_heavy, statistics_columns
from samples.lake.stated import Facts, repeats_no_key
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.units.packed import is_packed
from samples.units.segment import attempt_of, is_segment
from samples_schemas import COMPLETIONS, SAMPLES, SCORE_LOGPROBS, SCORES, TOP_LOGPROBS, Table

_HEAVY_GOAL, _NARROW_GOAL = 256 << 20, 64 << 20  # bytes

Key = tuple[Any, ...]
Leaving = Callable[..., AbstractContextManager[None]]


@dataclass(frozen=True)
class Input:
    """One file to merge. `first` is no greater than the sort key of any of its rows; () is not greater than any."""

    path: str
    size: int
    rows: int | None
    ranges: Mapping[str, tuple[Any, Any]]  # of columns, as far as the log has them
    first: Key

    @property
    def pass_id(self) -> int | None:
        """The pass of all its verdicts; None if they are of several, or no verdicts."""
        least, greatest = self.ranges.get("pass_id", (None, None))
        return least if least == greatest else None

    @property
    def sorted(self) -> bool:
        """Whether Samples wrote the file, and so in the order of its table."""
        return checksums.is_ours(self.path) or is_segment(self.path)


@dataclass(frozen=True)
class Job:
    """Files of one partition to merge.

    With `segments` their rows are those of whole segments: each output may be committed alone. `before` is the number
    of rows that come before these, None if keys may be there twice. `whole` says that there are no other files.
    """

    table: Table
    partition: Mapping[str, str]
    files: Sequence[Input]
    segments: bool = False
    before: int | None = None
    whole: bool = False

    @cached_property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(file.size for file in self.files)


def goal(table: Table) -> int:
    """Return how many bytes a file of a table should have."""
    return _HEAVY_GOAL if is_heavy(table) else _NARROW_GOAL


def jobs(
    lake: Tables, table: Table, runs: Collection[str] | None, least: int, leaving: Leaving = lambda *_: nullcontext()
) -> Iterator[Job]:
    """Yield what to merge of a table, in some runs or in all: of partitions with `least` small files or more.

    The context `leaving(table, *partition values)` may keep the error about a partition; then the others come.

    Raises:
        LakeError: The table's log cannot be read, or a file that says which segments are committed.
    """
    if runs is not None and "run_id" not in table.partition_by:
        return
    for partition, files in _partitions(lake, table):
        if runs is not None and partition["run_id"] not in runs:
            continue
        small = [file for file in files if _is_small(table, file)]
        if len(small) < least and not any(map(_is_foreign, files)):
            continue
        others = [file for file in files if not _holds_segments(file)]
        alone = len(others) == len(files)
        if not alone:
            with leaving(table.name, *partition.values()):
                yield from _of_segments(lake, table, partition, [file for file in small if _holds_segments(file)])
        if others:
            yield from _of_rows(table, partition, others, alone=alone)


def _holds_segments(file: Input) -> bool:
    """Return whether a file holds whole segments: one, or several that were merged."""
    return is_segment(file.path) or is_packed(file.path)


def _of_segments(lake: Tables, table: Table, partition: Mapping[str, str], small: Sequence[Input]) -> Iterator[Job]:
    there = _attempts(lake, table, partition)
    fresh = [file for file in small if not is_packed(file.path) and there(file.path)]
    packed = [file for file in small if is_packed(file.path)]
    if sum(file.size for file in (*fresh, *packed)) <= goal(table) * 3 // 2:
        fresh, packed = [*fresh, *packed], []
    if len(fresh) > 1:
        yield Job(table, partition, _in_order(fresh), segments=True)
    elif packed:  # the rest is for the next look
        some: list[Input] = []
        for file in packed:
            if sum(one.size for one in some) < goal(table):
                some.append(file)
        if len(some) > 1:
            yield Job(table, partition, _in_order(some), segments=True)


def _of_rows(table: Table, partition: Mapping[str, str], files: Sequence[Input], *, alone: bool) -> Iterator[Job]:
    known = repeats_no_key([Facts(file.path, file.rows, tuple(file.ranges.values())) for file in files])
    if not alone or not known:
        # Of a table with attempts, in which another tool merged segments: what is merged is segments again.
        segments = is_heavy(table) and "attempt" in table.key and all(map(_is_foreign, files))
        for _, some in groupby(sorted(files, key=_pass), key=_pass):
            small = [file for file in some if _is_small(table, file)]
            if len(small) > 1 or any(map(_is_foreign, small)):
                whole = alone and len(small) == len(files)
                yield Job(table, partition, _in_order(small), segments=segments and whole, whole=whole)
        return
    # Files whose names state nothing come first. If there are several, the log's ranges show that they share no key;
    # all of them get new names then.
    in_order = sorted(files, key=lambda file: (stated.after(file.path) is not None, stated.after(file.path) or 0))
    several = sum(stated.after(file.path) is None for file in files) > 1
    before = 0
    for _, some in groupby(in_order, key=lambda file: file.pass_id):
        group = list(some)
        forced = several and any(stated.after(file.path) is None for file in group)
        full = 0 if forced else next((n for n, file in enumerate(group) if _is_small(table, file)), len(group))
        before += sum(file.rows or 0 for file in group[:full])
        left = group[full:]
        if len(left) > 1 or (left and forced):
            yield Job(table, partition, _in_order(left), before=before, whole=len(left) == len(files))
        before += sum(file.rows or 0 for file in left)


def _pass(file: Input) -> int:
    return -1 if file.pass_id is None else file.pass_id


def _attempts(lake: Tables, table: Table, partition: Mapping[str, str]) -> Callable[[str], bool]:
    """Return a function that says of a segment's path whether its samples are committed."""
    narrow = {COMPLETIONS.name: SAMPLES, SCORE_LOGPROBS.name: SCORES}.get(table.name)
    values = dict(partition)
    if table is TOP_LOGPROBS:  # of a run's own samples, or of a scorer
        narrow = SAMPLES if values["scorer_id"] == values["run_id"] else SCORES
    assert narrow is not None, f"{table.name} has no segments"
    values = {name: value for name, value in values.items() if name in narrow.partition_by}
    there: set[str] = set()
    with explained(lake.uri):
        for batch in lake.dataset(narrow.name, **values).to_batches(columns=["attempt"]):
            there.update(pc.call_function("unique", [batch["attempt"]]).to_pylist())
    return lambda path: attempt_of(path) in there


def _partitions(lake: Tables, table: Table) -> Iterator[tuple[dict[str, str], list[Input]]]:
    """Yield the partition values and the files of each partition, as the newest snapshot has them."""
    if (snapshot := lake.delta(table.name)) is None:
        return
    with explained(lake.place.table_uri(table.name)):
        found = added_files(snapshot)
    found = {name: found[name].to_pylist() for name in found.column_names}
    stated_of = [name for name in statistics_columns(table.file_schema.names) if f"min.{name}" in found]
    partitions: dict[tuple[str, ...], list[Input]] = {}
    for row, path in enumerate(found["path"]):
        ranges = {name: (found[f"min.{name}"][row], found[f"max.{name}"][row]) for name in stated_of}
        file = Input(unquote(path), found["size_bytes"][row], found["num_records"][row], ranges, _first(table, ranges))
        values = tuple(found[f"partition.{name}"][row] for name in table.partition_by)
        partitions.setdefault(values, []).append(file)
    for values, files in sorted(partitions.items()):
        yield dict(zip(table.partition_by, values, strict=True)), files


def _first(table: Table, ranges: Mapping[str, tuple[Any, Any]]) -> Key:
    known = takewhile(lambda least: least is not None, (ranges.get(name, (None, None))[0] for name in table.sort_by))
    return tuple(known)


def _in_order(files: Iterable[Input]) -> list[Input]:
    return sorted(files, key=lambda file: (file.first, file.path))


def _is_small(table: Table, file: Input) -> bool:
    return file.size < goal(table) // 2 or _is_foreign(file)


def _is_foreign(file: Input) -> bool:
    """Return whether another tool wrote a file: its encodings and its order of rows are that tool's."""
    return not file.sorted

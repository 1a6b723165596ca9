"""Commit segments to the lake.

The heavy table is committed first, the narrow one second, and between them what did the units, if the lake lacks it.
Companions of segments come before the heavy table; without companions, nothing is committed to their table. A sample
is there once the narrow table has it, so a crash between the commits leaves nothing half-visible. A unit is committed
whole, once: the first of two attempts wins, and of two drivers that did the same unit the second drops it. Every commit
is claimed before the lake is asked what it has: a driver that slept meanwhile names nothing that another has adopted,
and a compaction merged. One commit holds many units, so many units cost little.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from itertools import groupby

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from samples.lake import unnamed
from samples.lake.commits import Claim
from samples.lake.log import added_files, rows_there
from samples.lake.parquet import File
from samples.lake.storage import explained
from samples.lake.tables import Tables, folder
from samples.runs.settings import digest
from samples.units import packed, segment
from samples.units.parts import Remover
from samples.units.plan import CELL, Plan, bits
from samples.units.segment import Receipt, Target
from samples_schemas import Table


@dataclass(frozen=True)
class Committer:
    """Commits the receipts of one run or scorer."""

    lake: Tables
    target: Target
    written: set[str] = field(default_factory=set[str])  # its files of the narrow table
    _recorded: set[str] = field(default_factory=set[str], init=False)  # what did units, as the lake has it

    @cached_property
    def _remover(self) -> Remover:
        return Remover(self.lake.place)

    def commit(self, receipts: Iterable[Receipt]) -> list[Receipt]:
        """Commit receipts of new segments. Return those that readers now see; the samples of others were there before.

        Raises:
            LakeError: The lake cannot be written. What was committed stays.
        """
        receipts = list(receipts)
        committed = self._commit(receipts, frozenset())
        self._remover.remove(path for receipt in receipts for path in receipt.parts)
        return committed

    def commit_found(self, receipts: Sequence[Receipt]) -> list[Receipt]:
        """Commit receipts of segments that were found in the lake. What a table has already is not named again.

        Raises:
            LakeError: The lake cannot be read or written. What was committed stays.
        """
        target, runs = self.target, {receipt.unit.run_id for receipt in receipts}
        named = self._named(target.heavy, map(target.partition, runs))
        named |= self._merged(target.heavy, receipts, target.partition)
        if beside := [receipt for receipt in receipts if receipt.companion]:
            named |= self._named(target.companion, map(target.companion_partition, runs))
            named |= self._merged(target.companion, beside, target.companion_partition)
        return self._commit(receipts, named)

    def _commit(self, receipts: Iterable[Receipt], named: frozenset[str]) -> list[Receipt]:
        """Commit receipts, but for the files in `named` (TABLE/PATH), which the heavy or companions' table has."""
        narrow, partition = self.target.narrow.name, self.target.partition
        pending = _first_of_each(receipts)
        while pending:
            tables = [*(table for table, files in self._files(pending) if files), narrow]
            claims = {table: self.lake.claim(table, self.target.writer) for table in tables}
            pending = self._uncommitted(pending, claims[narrow].snapshot)
            if not pending:
                break
            try:
                for table, files in self._files(pending):
                    if fresh := [(file, values) for file, values in files if f"{table}/{file.path}" not in named]:
                        self.lake.commit(table, fresh, claims[table])
                        named |= {f"{table}/{file.path}" for file, _ in fresh}
                self._record(pending)
                files = [(self._put(claims[narrow], run, some), partition(run)) for run, some in _by_run(pending)]
                self.written.update(file.path for file, _ in files)
                self.lake.commit(narrow, files, claims[narrow])
            except CommitFailedError:
                continue  # another driver committed first: check again what is missing
            break
        return pending

    def _files(self, receipts: Sequence[Receipt]) -> Iterator[tuple[str, list[tuple[File, dict[str, str]]]]]:
        """Yield the files of receipts with their partition values, table by table, companions first."""
        target = self.target
        yield (
            target.companion.name,
            [(one.companion, target.companion_partition(one.unit.run_id)) for one in receipts if one.companion],
        )
        yield target.heavy.name, [(one.file, target.partition(one.unit.run_id)) for one in receipts]

    def _record(self, receipts: Iterable[Receipt]) -> None:
        """Record what did these receipts. Almost always it is what did the receipts before."""
        if new := {receipt.drawn_by for receipt in receipts} - self._recorded:
            self.target.record(self.lake, new)
            self._recorded.update(new)

    def _put(self, claim: Claim, run: str, receipts: Sequence[Receipt]) -> File:
        """Write the facts of one run's receipts as one file of the narrow table."""
        rows = pa.concat_tables(receipt.facts for receipt in receipts)
        partition = self.target.partition(run)
        return self.lake.put(self.target.narrow.name, rows, partition, None, rows_there(claim.snapshot, partition))

    def adopt(self, plan: Plan) -> list[Receipt]:
        """Commit the complete segments of planned units that an earlier driver wrote but did not commit.

        Older ones are left out, because a vacuum may delete them at any moment (`samples.lake.unnamed`).
        """
        runs, since = list(dict.fromkeys(plan.run_ids)) or [""], datetime.now(UTC) - unnamed.NAMED
        segments = [(run, *one) for run in runs for one in segment.found(self.lake, self.target, run, since)]
        missing: dict[tuple[str, int], int] = {}
        for number, unit in enumerate(plan) if segments else ():
            cell = (digest(unit.key), unit.start // CELL)
            mask = bits(unit.start, unit.stop) if plan.mask is None else int(plan.mask[number])
            missing[cell] = missing.get(cell, 0) | mask
        candidates = [
            (path, size, run)
            for run, path, size, problem, start, stop in segments
            if not _ends(start, stop) & ~missing.get((problem, start // CELL), 0)
        ]
        found = [segment.reopen(self.lake, self.target, *candidate) for candidate in candidates]
        receipts = [receipt for receipt in found if receipt]
        return self.commit_found(receipts) if receipts else []

    def _named(self, table: Table, partitions: Iterable[Mapping[str, str]]) -> frozenset[str]:
        """Return the files of these partitions that a table names, as TABLE/PATH."""
        if (snapshot := self.lake.delta(table.name)) is None:
            return frozenset()
        paths = added_files(snapshot)["path"]
        named: set[str] = set()
        for partition in partitions:
            ours = pc.MatchSubstringOptions(folder(table, partition))
            there = paths.filter(pc.call_function("starts_with", [paths], ours)).to_pylist()
            named |= {f"{table.name}/{path}" for path in there}
        return frozenset(named)

    def _merged(
        self, table: Table, receipts: Iterable[Receipt], partition_of: Callable[[str], Mapping[str, str]]
    ) -> frozenset[str]:
        """Return the files of receipts, as TABLE/PATH, whose rows the table has in files of many segments."""
        snapshot, merged = self.lake.delta(table.name), set[str]()
        for run, some in _by_run(receipts):
            there = packed.attempts(self.lake, table, snapshot, partition_of(run))
            held = [receipt for receipt in some if receipt.facts["attempt"][0].as_py() in there]
            files = [receipt.file if table is self.target.heavy else receipt.companion for receipt in held]
            merged |= {f"{table.name}/{file.path}" for file in files if file}
        return frozenset(merged)

    def _uncommitted(self, receipts: list[Receipt], snapshot: DeltaTable) -> list[Receipt]:
        """Drop the units of which any sample is committed: a unit is committed whole or not at all."""
        left: list[Receipt] = []
        for run, some in _by_run(receipts):
            there = self.lake.dataset(self.target.narrow.name, snapshot, **self.target.partition(run))
            left += uncommitted(self.lake, some, there)
        return left


def uncommitted(lake: Tables, receipts: list[Receipt], narrow: ds.Dataset) -> list[Receipt]:
    """Return the receipts of units of which `narrow`, the rows of their run, has no sample."""
    # Units are done in the order of their indices, so few files hold these. Statistics let the scan skip the rest.
    index = ds.field("sample_index")
    first, last = min(r.unit.start for r in receipts), max(r.unit.stop for r in receipts)
    facts = pa.concat_tables(receipt.facts.select(["problem_id", "sample_index"]) for receipt in receipts)
    number = np.repeat(np.arange(len(receipts)), [receipt.facts.num_rows for receipt in receipts])
    with explained(lake.uri), duckdb.connect() as connection:
        connection.register("there", narrow.filter((index >= first) & (index < last)))
        connection.register("done", facts.append_column("unit", pa.array(number)))
        taken = connection.sql(_TAKEN).fetchall()
    there = {unit for (unit,) in taken}
    return [receipt for index, receipt in enumerate(receipts) if index not in there]


_TAKEN = "SELECT DISTINCT unit FROM done SEMI JOIN there USING (problem_id, sample_index)"


def _by_run(receipts: Iterable[Receipt]) -> Iterator[tuple[str, list[Receipt]]]:
    for run, some in groupby(sorted(receipts, key=_run), _run):
        yield run, list(some)


def _run(receipt: Receipt) -> str:
    return receipt.unit.run_id


def _ends(start: int, stop: int) -> int:
    """Return the bits of a unit's first and last index within its cell. What lies between may be a gap."""
    return bits(start, start + 1) | bits(stop - 1, stop)


def _first_of_each(receipts: Iterable[Receipt]) -> list[Receipt]:
    """Return the first receipt of every unit: a repeated unit may have been written twice."""
    taken: set[tuple[str, int]] = set()
    kept: list[Receipt] = []
    for receipt in receipts:
        indices = {(receipt.unit.key, index) for index in receipt.facts["sample_index"].to_pylist()}
        if not indices & taken:
            taken |= indices
            kept.append(receipt)
    return kept

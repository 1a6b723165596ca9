"""Commit segments to the lake.

The heavy table is committed first, the narrow one second, and between them what did the units, if the lake lacks it. A
sample is there once the narrow table has it, so a crash between the commits leaves nothing half-visible. A unit is
committed whole, once: the first of two attempts wins, and of two drivers that did the same unit the second drops it.
One commit holds many units, so many units cost little.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from samples.lake.commits import Claim
from samples.lake.log import added_files, rows_there
from samples.lake.parquet import File
from samples.lake.storage import explained
from samples.lake.tables import Tables, folder
from samples.runs.settings import digest
from samples.units import segment
from samples.units.plan import CELL, Plan, bits
from samples.units.segment import Receipt, Target


@dataclass(frozen=True)
class Committer:
    """Commits the receipts of one run or scorer."""

    lake: Tables
    target: Target
    written: set[str] = field(default_factory=set[str])  # its files of the narrow table
    _recorded: set[str] = field(default_factory=set[str], init=False)  # what did units, as the lake has it

    def commit(self, receipts: Iterable[Receipt], *, named: frozenset[str] = frozenset()) -> list[Receipt]:
        """Commit receipts. Return those that readers now see; the samples of the others were already there.

        `named` holds the paths of files that the heavy table already names.

        Raises:
            LakeError: The lake cannot be written. What was committed stays.
        """
        heavy, narrow, partition = self.target.heavy.name, self.target.narrow.name, self.target.partition
        pending = _first_of_each(receipts)
        while pending:
            claim = self.lake.claim(narrow, self.target.writer)
            pending = self._uncommitted(pending, claim.snapshot)
            if fresh := [receipt for receipt in pending if receipt.file.path not in named]:
                self.lake.commit(heavy, [(receipt.file, partition(receipt.unit.run_id)) for receipt in fresh])
                named |= {receipt.file.path for receipt in fresh}
            if not pending:
                break
            self._record(pending)
            files = [(self._put(claim, run, some), partition(run)) for run, some in _by_run(pending)]
            self.written.update(file.path for file, _ in files)
            try:
                self.lake.commit(narrow, files, claim)
            except CommitFailedError:
                continue  # another driver committed first: check again what is missing
            break
        return pending

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
        """Commit the complete segments of planned units that an earlier driver wrote but did not commit."""
        runs = list(dict.fromkeys(plan.run_ids)) or [""]
        segments = [(run, *one) for run in runs for one in segment.found(self.lake, self.target, run)]
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
        if not candidates:
            return []
        receipts = [segment.reopen(self.lake, self.target, *candidate) for candidate in candidates]
        return self.commit([receipt for receipt in receipts if receipt], named=self._named(runs))

    def _named(self, runs: Iterable[str]) -> frozenset[str]:
        """Return the paths of these runs' files that the heavy table names."""
        if (snapshot := self.lake.delta(self.target.heavy.name)) is None:
            return frozenset()
        paths = added_files(snapshot)["path"]
        named: set[str] = set()
        for run in runs:
            ours = pc.MatchSubstringOptions(folder(self.target.heavy, self.target.partition(run)))
            named |= set(paths.filter(pc.call_function("starts_with", [paths], ours)).to_pylist())
        return frozenset(named)

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

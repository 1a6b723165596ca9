"""Commit sampled segments to the lake.

Completions are committed first, samples second. A sample exists once the table `samples` has it, so a crash between the
two commits leaves nothing half-visible. Between the two, what drew the samples is recorded if the lake lacks it. A unit
is committed whole, once: the first of two attempts wins, and of two drivers of one run that drew the same unit the
second drops it. One commit holds many units, so many units cost little.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from samples.ingest import segment
from samples.ingest.plan import CELL, Plan
from samples.ingest.segment import Receipt
from samples.lake.log import added_files, rows_there
from samples.lake.storage import explained
from samples.lake.tables import Tables, folder
from samples.runs.run import Run
from samples.runs.settings import digest
from samples.runs.setups import add_setups
from samples_schemas import COMPLETIONS, SAMPLES


@dataclass(frozen=True)
class Committer:
    """Commits one run's receipts."""

    lake: Tables
    run: Run
    written: set[str] = field(default_factory=set[str])  # its files of table `samples`
    _setups: set[str] = field(default_factory=set[str], init=False)  # those that the lake has

    def commit(self, receipts: Iterable[Receipt], *, named: frozenset[str] = frozenset()) -> list[Receipt]:
        """Commit receipts. Return those that readers now see; the samples of the others were already there.

        `named` holds the paths of files that the completions table already names.

        Raises:
            LakeError: The lake cannot be written. What was committed stays.
        """
        pending = _first_of_each(receipts)
        while pending:
            claim = self.lake.claim(SAMPLES.name, self.run.run_id)
            pending = self._uncommitted(pending, claim.snapshot)
            if fresh := [receipt for receipt in pending if receipt.file.path not in named]:
                self.lake.commit(COMPLETIONS.name, [(receipt.file, self.run.partition) for receipt in fresh])
                named |= {receipt.file.path for receipt in fresh}
            if not pending:
                break
            self._record_setups(pending)
            rows = pa.concat_tables(receipt.facts for receipt in pending)
            after = rows_there(claim.snapshot, self.run.partition)
            file = self.lake.put(SAMPLES.name, rows, self.run.partition, None, after)
            self.written.add(file.path)
            try:
                self.lake.commit(SAMPLES.name, [(file, self.run.partition)], claim)
            except CommitFailedError:
                continue  # another driver of this run committed first: check again what is missing
            break
        return pending

    def adopt(self, plan: Plan) -> list[Receipt]:
        """Commit the complete segments of planned units that an earlier driver wrote but did not commit."""
        segments = list(segment.found(self.lake, self.run))
        missing: dict[tuple[str, int], int] = {}
        for unit in plan if segments else ():
            cell = (digest(unit.problem_id), unit.start // CELL)
            missing[cell] = missing.get(cell, 0) | _mask(unit.start, unit.stop)
        candidates = [
            (path, size)
            for path, size, problem, start, stop in segments
            if not _mask(start, stop) & ~missing.get((problem, start // CELL), 0)
        ]
        if not candidates:
            return []
        receipts = [segment.reopen(self.lake, path, size) for path, size in candidates]
        return self.commit([receipt for receipt in receipts if receipt], named=self._named())

    def _record_setups(self, receipts: Iterable[Receipt]) -> None:
        """Record what drew these receipts. Almost always it is what drew the receipts before."""
        if new := {receipt.drawn_by for receipt in receipts} - self._setups:
            add_setups(self.lake, self.run, new)
            self._setups.update(new)

    def _named(self) -> frozenset[str]:
        """Return the paths of this run's files that the completions table names."""
        if (snapshot := self.lake.delta(COMPLETIONS.name)) is None:
            return frozenset()
        paths = added_files(snapshot)["path"]
        ours = pc.MatchSubstringOptions(folder(COMPLETIONS, self.run.partition))
        return frozenset(paths.filter(pc.call_function("starts_with", [paths], ours)).to_pylist())

    def _uncommitted(self, receipts: list[Receipt], snapshot: DeltaTable) -> list[Receipt]:
        """Drop the units that have any committed sample: a unit is committed whole or not at all."""
        return uncommitted(self.lake, receipts, self.lake.dataset(SAMPLES.name, snapshot, **self.run.partition))


def uncommitted(lake: Tables, receipts: list[Receipt], samples: ds.Dataset) -> list[Receipt]:
    """Return the receipts of units of which `samples`, those of their run, has no sample."""
    # Units are drawn in the order of their indices, so few files hold these. Statistics let the scan skip the rest.
    index = ds.field("sample_index")
    first, last = min(r.unit.start for r in receipts), max(r.unit.stop for r in receipts)
    units = pa.table(
        {
            "unit": pa.array(range(len(receipts)), pa.int64()),
            "problem_id": [receipt.unit.problem_id for receipt in receipts],
            "start": [receipt.unit.start for receipt in receipts],
            "stop": [receipt.unit.stop for receipt in receipts],
        }
    )
    with explained(lake.uri), duckdb.connect() as connection:
        some = samples.filter((index >= first) & (index < last))
        connection.register("samples", some).register("units", units)
        taken = connection.sql(_TAKEN).fetchall()
    there = {unit for (unit,) in taken}
    return [receipt for index, receipt in enumerate(receipts) if index not in there]


_TAKEN = """
SELECT DISTINCT unit
FROM units JOIN samples
  ON samples.problem_id = units.problem_id AND sample_index >= units.start AND sample_index < units.stop
"""


def _mask(start: int, stop: int) -> int:
    """Return the bits of a unit's indices within its cell. No unit crosses a cell."""
    return ((1 << (stop - start)) - 1) << (start % CELL)


def _first_of_each(receipts: Iterable[Receipt]) -> list[Receipt]:
    """Return the first receipt of every unit: a repeated unit may have been written twice."""
    taken: set[tuple[str, int]] = set()
    kept: list[Receipt] = []
    for receipt in receipts:
        indices = {(receipt.unit.problem_id, index) for index in range(receipt.unit.start, receipt.unit.stop)}
        if not indices & taken:
            taken |= indices
            kept.append(receipt)
    return kept

"""Commit verdicts to the lake. Each sample gets one verdict per pass, whoever else is rescoring at the same time.

Verdicts come as rows of `ROWS` and are committed every few seconds. Each verifier has one commit at a time. A pass
belongs to one version of its verifier. If another version has taken part in it, or has begun a later pass, the verdicts
that are not yet committed begin the next pass.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from samples.lake.log import added_files, rows_there
from samples.lake.pace import Pace
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.verifiers import Verifier
from samples_schemas import VERDICTS

_COMMIT_BYTES = 64 << 20

# Verdicts before they are committed. `compared` is false if the answer's verdict was already known.
ROWS = pa.schema([*VERDICTS.schema, pa.field("compared", pa.bool_())])


@dataclass
class Ledger:
    """Collects the verdicts of one pass and commits them.

    Make it before the pending samples are planned: what others commit from then on is compared with the verdicts here.
    `counts` (by status) and `compared` are of committed verdicts, `taken` is the number of all verdicts so far.
    """

    lake: Tables
    judge: Verifier
    pass_id: int
    counts: Counter[str] = field(default_factory=Counter[str], init=False)
    compared: int = field(default=0, init=False)
    taken: int = field(default=0, init=False)
    _rows: list[pa.Table] = field(default_factory=list[pa.Table], init=False)
    _pace: Pace = field(default_factory=Pace, init=False)
    _known: set[str] = field(init=False)  # paths of verdicts that were there at first, and of our own

    def __post_init__(self) -> None:
        """Note which verdicts are there."""
        self._known = self._paths(self.lake.delta(VERDICTS.name))

    @classmethod
    def begin(cls, lake: Tables, judge: Verifier, *, again: bool) -> Self:
        """Return the ledger of the last pass if it goes on, else of the next one."""
        ledger = cls(lake, judge, 0)  # before the passes are read: what others commit from now on is compared
        with explained(lake.uri), duckdb.connect() as connection:
            connection.register("verdicts", lake.dataset(VERDICTS.name, verifier=judge.name))
            ((last, version),) = connection.sql(_LAST).fetchall()
        ledger.pass_id = last if version == judge.version and not again else (last or 0) + 1
        return ledger

    def take(self, rows: pa.Table) -> None:
        """Collect verdicts, and commit them when it is time."""
        self._rows.append(rows)
        self.taken += rows.num_rows
        if self._pace.due or sum(rows.nbytes for rows in self._rows) > _COMMIT_BYTES:
            self.commit()

    def commit(self) -> None:
        """Commit the collected verdicts."""
        with self._pace.committing():
            self._commit(pa.concat_tables(self._rows) if self._rows else ROWS.empty_table())
        self._rows = []

    def _commit(self, rows: pa.Table) -> None:
        while rows.num_rows:
            claim = self.lake.claim(VERDICTS.name, self.judge.name)
            rows = self._not_judged_meanwhile(claim.snapshot, rows)
            files = [
                (self.lake.put(VERDICTS.name, part, partition, after=rows_there(claim.snapshot, partition)), partition)
                for partition, part in self._by_run(rows)
            ]
            try:
                if files:
                    self.lake.commit(VERDICTS.name, files, claim)
            except CommitFailedError:
                continue  # another rescoring of this verifier committed first: check what it judged
            self._known |= {file.path for file, _ in files}
            self.counts.update(rows["status"].to_pylist())
            self.compared += pc.call_function("sum", [rows["compared"]]).as_py() or 0
            break

    def _by_run(self, rows: pa.Table) -> Iterator[tuple[dict[str, str], pa.Table]]:
        number = pa.array(np.full(rows.num_rows, self.pass_id))
        rows = rows.set_column(rows.schema.get_field_index("pass_id"), "pass_id", number).drop_columns("compared")
        for run_id in rows["run_id"].unique().to_pylist():
            yield {"verifier": self.judge.name, "run_id": run_id}, rows.filter(ds.field("run_id") == run_id)

    def _not_judged_meanwhile(self, snapshot: DeltaTable, rows: pa.Table) -> pa.Table:
        """Drop rows that another rescoring judged in this pass. If another version took part, begin the next pass."""
        new = self._paths(snapshot) - self._known
        if not new:
            return rows
        values = {"pass": self.pass_id, "version": self.judge.version}
        with explained(self.lake.uri), duckdb.connect() as connection:
            connection.register("judged", rows)
            connection.register("verdicts", self.lake.dataset_of(VERDICTS.name, snapshot, new))
            ((newer,),) = connection.execute(_NEWER, values).fetchall()
            if newer is not None:
                self.pass_id = newer + 1
                self._known |= new
                return rows
            return connection.sql(_NEW, params={"pass": self.pass_id}).to_arrow_table()

    def _paths(self, snapshot: DeltaTable | None) -> set[str]:
        """Return the paths of the files that hold this verifier's verdicts."""
        if snapshot is None:
            return set()
        files = added_files(snapshot)
        ours = pc.call_function("equal", [files["partition.verifier"], self.judge.name])
        return set(files["path"].filter(ours).to_pylist())


_LAST = "SELECT max(pass_id), max_by(verifier_version, pass_id) FROM verdicts"

_NEWER = """
SELECT max(pass_id) FROM verdicts WHERE pass_id > $pass OR (pass_id = $pass AND verifier_version <> $version)
"""

_NEW = """
SELECT judged.*
FROM judged ANTI JOIN (SELECT * FROM verdicts WHERE pass_id = $pass) AS there USING (run_id, problem_id, sample_index)
"""

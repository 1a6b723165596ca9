"""Commit verdicts to the lake. Each sample gets one verdict per pass, whoever else is rescoring at the same time.

Verdicts come as rows of `ROWS` and are committed every few seconds. Each verifier has one commit at a time. A pass
belongs to one version of its verifier. If another version has taken part in it, or has begun a later pass, the verdicts
that are not yet committed begin the next pass.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

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
    """Collects the verdicts of one pass and commits them."""

    lake: Tables
    judge: Verifier
    pass_id: int
    counts: Counter[str] = field(default_factory=Counter[str], init=False)
    compared: int = field(default=0, init=False)
    _rows: list[pa.Table] = field(default_factory=list[pa.Table], init=False)
    _pace: Pace = field(default_factory=Pace, init=False)
    _own_version: int = field(default=-1, init=False)  # version of the table that our last commit made

    def take(self, rows: pa.Table) -> None:
        """Count verdicts, and commit them when it is time."""
        self._rows.append(rows)
        self.counts.update(rows["status"].to_pylist())
        self.compared += int(rows["compared"].to_numpy().sum())
        if self._pace.due or sum(rows.nbytes for rows in self._rows) > _COMMIT_BYTES:
            self.commit()

    def commit(self) -> None:
        """Commit the collected verdicts."""
        rows = pa.concat_tables(self._rows).drop_columns("compared") if self._rows else ROWS.empty_table()
        self._rows = []
        with self._pace.committing():
            self._commit(rows)

    def _commit(self, rows: pa.Table) -> None:
        while rows.num_rows:
            claim = self.lake.claim(VERDICTS.name, self.judge.name)
            version = claim.snapshot.version()
            if version != self._own_version:
                rows = self._not_judged_meanwhile(claim.snapshot, rows)
            files = [
                (self.lake.put(VERDICTS.name, part, partition), partition) for partition, part in self._by_run(rows)
            ]
            try:
                if files:
                    self.lake.commit(VERDICTS.name, files, claim)
                    self._own_version = version + 1  # the next claim finds this version if nobody else commits
            except CommitFailedError:
                continue  # another rescoring of this verifier committed first: check what it judged
            break

    def _by_run(self, rows: pa.Table) -> Iterator[tuple[dict[str, str], pa.Table]]:
        number = pa.array(np.full(rows.num_rows, self.pass_id))
        rows = rows.set_column(rows.schema.get_field_index("pass_id"), "pass_id", number)
        for run_id in rows["run_id"].unique().to_pylist():
            yield {"verifier": self.judge.name, "run_id": run_id}, rows.filter(ds.field("run_id") == run_id)

    def _not_judged_meanwhile(self, snapshot: DeltaTable, rows: pa.Table) -> pa.Table:
        """Drop rows that another rescoring judged in this pass. If another version took part, begin the next pass."""
        values = {"pass": self.pass_id, "version": self.judge.version}
        with explained(self.lake.uri), duckdb.connect() as connection:
            connection.register("judged", rows)
            connection.register("verdicts", self.lake.dataset(VERDICTS.name, snapshot, verifier=self.judge.name))
            ((newer,),) = connection.execute(_NEWER, values).fetchall()
            if newer is not None:
                self.pass_id = newer + 1
                return rows
            return connection.sql(_NEW, params={"pass": self.pass_id}).to_arrow_table()


_NEWER = """
SELECT max(pass_id) FROM verdicts WHERE pass_id > $pass OR (pass_id = $pass AND verifier_version <> $version)
"""

_NEW = """
SELECT judged.*
FROM judged ANTI JOIN (SELECT * FROM verdicts WHERE pass_id = $pass) AS there USING (run_id, problem_id, sample_index)
"""

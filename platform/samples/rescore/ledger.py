"""Commit verdicts to the lake: each sample's once per pass, whoever else is rescoring at the same time.

Verdicts come in rows of `ROWS`; they are committed every few seconds, one commit at a time for each verifier. A pass
belongs to one version of its verifier: where another version has taken part in it, or begun a later one, the verdicts
that are still to be committed begin the next.
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

# Verdicts on their way: `compared` says whether the answer was compared for this sample, or known.
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
    _seen: int = field(default=-1, init=False)  # version of the table after our last commit

    def take(self, rows: pa.Table) -> None:
        """Count verdicts, and commit them when it is time to."""
        self._rows.append(rows)
        self.counts.update(rows["status"].to_pylist())
        self.compared += int(rows["compared"].to_numpy().sum())
        if self._pace.due or sum(rows.nbytes for rows in self._rows) > _COMMIT_BYTES:
            self.commit()

    def commit(self) -> None:
        """Commit what was collected."""
        rows = pa.concat_tables(self._rows).drop_columns("compared") if self._rows else ROWS.empty_table()
        self._rows = []
        with self._pace.committing():
            self._commit(rows)

    def _commit(self, rows: pa.Table) -> None:
        while rows.num_rows:
            claim = self.lake.claim(VERDICTS.name, self.judge.name)
            version = claim.snapshot.version()
            if version != self._seen:
                rows = self._new(claim.snapshot, rows)
            files = [
                (self.lake.put(VERDICTS.name, part, partition), partition) for partition, part in self._parts(rows)
            ]
            try:
                if files:
                    self.lake.commit(VERDICTS.name, files, claim)
                    self._seen = version + 1  # nobody else's, if that is what the next claim finds
            except CommitFailedError:
                continue  # another rescoring of this verifier came first: look at what it said
            break

    def _parts(self, rows: pa.Table) -> Iterator[tuple[dict[str, str], pa.Table]]:
        number = pa.array(np.full(rows.num_rows, self.pass_id))
        rows = rows.set_column(rows.schema.get_field_index("pass_id"), "pass_id", number)
        for run_id in rows["run_id"].unique().to_pylist():
            yield {"verifier": self.judge.name, "run_id": run_id}, rows.filter(ds.field("run_id") == run_id)

    def _new(self, snapshot: DeltaTable, rows: pa.Table) -> pa.Table:
        """Drop rows whose sample was judged meanwhile in this pass; leave a pass that another version took part in."""
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

"""Samples that other drivers commit while this one is at work."""

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from deltalake import DeltaTable

from samples.lake.files import Selection, path_within, snapshot_files
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.units.plan import Plan, key
from samples.units.segment import Target


class Arrivals:
    """Reads only files of the narrow table that came since the last look."""

    def __init__(
        self, lake: Tables, target: Target, plan: Plan, since: DeltaTable | None, own: Collection[str]
    ) -> None:
        """Begin with what came after the snapshot `since` of the narrow table. Files in `own` are left out."""
        self._lake, self._target, self._own = lake, target, own
        self._several = bool(plan.run_ids)
        self._partitions = [target.partition(run) for run in dict.fromkeys(plan.run_ids)] or [target.partition("")]
        self._snapshot, self._known = since, self._files(since)

    def look(self) -> tuple[pa.Array, npt.NDArray[np.int64]]:
        """Return the keys of problems and the sample indices of what came since the last look.

        Raises:
            LakeError: The table cannot be read.
        """
        name = self._target.narrow.name
        if self._snapshot is None:
            self._snapshot = self._lake.delta(name)
        else:
            with explained(self._lake.place.table_uri(name)):
                self._snapshot.update_incremental()
        files = self._files(self._snapshot)
        new = (files - self._known).difference(self._own)
        rows = self._target.narrow.schema.empty_table()
        if new and self._snapshot:
            with explained(self._lake.place.table_uri(name)):
                rows = self._lake.dataset_of(name, self._snapshot, new)
                rows = rows.to_table(columns=["run_id", "problem_id", "sample_index"])
        self._known = files  # only now: what could not be read is read at the next look
        return self._keys(rows), rows["sample_index"].to_numpy().astype(np.int64)

    def _keys(self, rows: pa.Table) -> pa.Array:
        if not self._several:
            return rows["problem_id"].combine_chunks()
        pairs = zip(rows["run_id"].to_pylist(), rows["problem_id"].to_pylist(), strict=True)
        return pa.array([key(run, problem) for run, problem in pairs], pa.string())

    def _files(self, snapshot: DeltaTable | None) -> set[str]:
        """Return the paths of the job's files of the narrow table."""
        if snapshot is None:
            return set()
        runs = frozenset(partition["run_id"] for partition in self._partitions)
        some = snapshot_files(self._lake, self._target.narrow, Selection(runs), snapshot)
        return {
            path_within(self._lake, self._target.narrow.name, file)
            for file in some
            if any(partition.items() <= file.partition.items() for partition in self._partitions)
        }

"""Samples of a run that other drivers commit while this one is at work."""

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from deltalake import DeltaTable

from samples.lake.files import Selection, path_within, snapshot_files
from samples.lake.tables import Tables
from samples.runs.run import Run
from samples_schemas import SAMPLES


class Arrivals:
    """Reads only files that came since the last look."""

    def __init__(self, lake: Tables, run: Run, since: DeltaTable | None, own: Collection[str]) -> None:
        """Begin with what came after the snapshot `since` of table samples. Files in `own` are left out."""
        self._lake, self._run, self._own = lake, run, own
        self._snapshot, self._known = since, self._files(since)

    def look(self) -> tuple[pa.Array, npt.NDArray[np.int64]]:
        """Return the problem ids and sample indices of what came since the last look.

        Raises:
            LakeError: The table cannot be read.
        """
        if self._snapshot is None:
            self._snapshot = self._lake.delta(SAMPLES.name)
        else:
            self._snapshot.update_incremental()
        files = self._files(self._snapshot)
        new = (files - self._known).difference(self._own)
        rows = SAMPLES.schema.empty_table()
        if new and self._snapshot:
            rows = self._lake.dataset_of(SAMPLES.name, self._snapshot, new)
            rows = rows.to_table(columns=["problem_id", "sample_index"])
        self._known = files  # only now: what could not be read is read at the next look
        index = rows["sample_index"].to_numpy().astype(np.int64)
        return rows["problem_id"].combine_chunks(), index

    def _files(self, snapshot: DeltaTable | None) -> set[str]:
        """Return the paths of the run's files of table samples."""
        if snapshot is None:
            return set()
        some = snapshot_files(self._lake, SAMPLES, Selection(frozenset({self._run.run_id})), snapshot)
        return {path_within(self._lake, SAMPLES.name, file) for file in some}

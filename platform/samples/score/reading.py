"""Read the samples of a unit from the lake, as a scorer is given them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.dataset as ds

from samples.engines import Tokenizer
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.score.request import IDS
from samples.score.segment import Given
from samples.units.plan import Unit
from samples_schemas import COMPLETIONS, SAMPLES

_NOTHING = np.empty(0, np.int32)
_NO_TEXT, _NO_IDS = "the sample's text is not stored", "the sample's token ids are not stored"
_FACTS = ["sample_index", "attempt", "finish_reason", "stop_reason"]
_PAYLOAD = ["sample_index", "attempt", "text", "token_ids"]


class Reader:
    """Reads from one snapshot of a lake. Several threads call it at once."""

    def __init__(self, lake: Tables, tokenizer: Tokenizer) -> None:
        self._lake, self._tokenizer = lake.pin((SAMPLES.name, COMPLETIONS.name)), tokenizer
        self._datasets: dict[tuple[str, str], ds.Dataset] = {}

    def given(self, dataset: str, unit: Unit, indices: Sequence[int], token_mode: str) -> list[Given]:
        """Return the samples of a unit, in the order of `indices`.

        Raises:
            LakeError: The lake cannot be read.
        """
        partition = {"dataset": dataset, "run_id": unit.run_id}
        facts = {row["sample_index"]: row for row in self._rows(SAMPLES.name, _FACTS, unit, partition)}
        payload = {
            (row["sample_index"], row["attempt"]): row
            for row in self._rows(COMPLETIONS.name, _PAYLOAD, unit, partition)
        }
        return [
            self._one(index, fact, payload.get((index, fact["attempt"])), token_mode)
            for index in indices
            for fact in [facts[index]]
        ]

    def _one(self, index: int, fact: dict[str, Any], payload: dict[str, Any] | None, token_mode: str) -> Given:
        if payload is None:
            return Given(index, _NOTHING, 0, ends=False, same=None, error=_NO_TEXT)
        text, stored = payload["text"], payload["token_ids"]
        size = len(text.encode("utf-8", "surrogatepass"))
        ids = None if stored is None else np.asarray(stored, np.int32)
        ends = ids is not None and self._ends(ids, fact)
        if token_mode == IDS:
            if ids is None:
                return Given(index, _NOTHING, size, ends=False, same=None, error=_NO_IDS)
            return Given(index, ids, size, ends, same=True)
        encoded = np.asarray(self._tokenizer.encode(text, special_tokens=False), np.int32)
        same = None if ids is None else bool(np.array_equal(encoded, ids[: ids.size - ends]))
        return Given(index, encoded, size, ends=False, same=same)

    def _ends(self, ids: npt.NDArray[np.int32], fact: dict[str, Any]) -> bool:
        """Return whether the last token is an end token: a special one, or the one that the run stopped at."""
        if not ids.size or fact["finish_reason"] != "stop":
            return False
        last = int(ids[-1])
        return last in self._tokenizer.end_ids or fact["stop_reason"] == str(last)

    def _rows(self, table: str, columns: list[str], unit: Unit, partition: dict[str, str]) -> list[dict[str, Any]]:
        index = ds.field("sample_index")
        here = (ds.field("problem_id") == unit.problem_id) & (index >= unit.start) & (index < unit.stop)
        with explained(self._lake.uri):
            rows: pa.Table = self._dataset(table, partition).filter(here).to_table(columns=columns)
            return rows.to_pylist()

    def _dataset(self, table: str, partition: dict[str, str]) -> ds.Dataset:
        key = table, partition["run_id"]
        if key not in self._datasets:
            self._datasets[key] = self._lake.dataset(table, **partition)
        return self._datasets[key]

"""A Ray datasource of unit numbers: one tiny Ray block per unit, which holds the unit's number.

Reading the numbers asks for the same resources as the replicas. Ray then fuses the two, and makes each number inside
the actor that uses it. With Ray's own datasource each number was a task, which took 0.2 s of CPU, and a replica never
had two units at once.
"""

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
from ray.data import Datasource
from ray.data.block import BlockMetadata
from ray.data.datasource import ReadTask

_SCHEMA = pa.schema([("unit", pa.int64())])


class UnitNumbers(Datasource):
    """The numbers 0 to `count` - 1, one per block."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    def estimate_inmemory_data_size(self) -> int:
        """Return eight bytes per unit."""
        return 8 * self._count

    def get_read_tasks(
        self, parallelism: int, per_task_row_limit: int | None = None, data_context: Any = None
    ) -> list[ReadTask]:
        """Return one task per unit."""
        del parallelism, per_task_row_limit, data_context
        return [ReadTask(_task(number), _METADATA, _SCHEMA) for number in range(self._count)]


_METADATA = BlockMetadata(num_rows=1, size_bytes=8, exec_stats=None)


def _task(number: int) -> Any:
    def read() -> Iterable[pa.Table]:
        return [pa.table({"unit": [number]}, schema=_SCHEMA)]

    return read

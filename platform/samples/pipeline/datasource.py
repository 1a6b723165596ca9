"""Tickets: one tiny Ray block per unit, which holds the unit's number.

A source of our own, because reading takes the same resources as sampling then, and Ray fuses the two: a ticket is made
inside the actor that samples it. As a task of its own it cost 0.2 s of a CPU that waited for it, and a replica
never had two units at once.
"""

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
from ray.data import Datasource
from ray.data.block import BlockMetadata
from ray.data.datasource import ReadTask

_SCHEMA = pa.schema([("unit", pa.int64())])


class Tickets(Datasource):
    """The numbers 0 to `count` - 1, a block each."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    def estimate_inmemory_data_size(self) -> int:
        """Eight bytes a ticket."""
        return 8 * self._count

    def get_read_tasks(
        self, parallelism: int, per_task_row_limit: int | None = None, data_context: Any = None
    ) -> list[ReadTask]:
        """Return one task per ticket."""
        del parallelism, per_task_row_limit, data_context
        return [ReadTask(_ticket(number), _METADATA, _SCHEMA) for number in range(self._count)]


_METADATA = BlockMetadata(num_rows=1, size_bytes=8, exec_stats=None)


def _ticket(number: int) -> Any:
    def read() -> Iterable[pa.Table]:
        return [pa.table({"unit": [number]}, schema=_SCHEMA)]

    return read

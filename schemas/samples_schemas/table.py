"""Declare tables: columns with types and meanings.

The Arrow schema of files, the Delta schema of the lake, the empty tables of tests and the reference page of columns all
come from these declarations. Nothing repeats them.
"""

from dataclasses import dataclass

import pyarrow as pa

TEXTS = pa.list_(pa.field("element", pa.string(), nullable=False))
TOKEN_IDS = pa.list_(pa.field("element", pa.int32(), nullable=False))
LOGPROBS = pa.list_(pa.field("element", pa.float32(), nullable=False))
LABELS = pa.map_(pa.string(), pa.string())


@dataclass(frozen=True)
class Column:
    """One column: its type, its meaning with the unit, and whether it may be null.

    Tables of earlier builds lack a column that is `later`. It is null in their rows, and the next append adds it.
    """

    name: str
    type: pa.DataType
    meaning: str
    nullable: bool = False
    later: bool = False


@dataclass(frozen=True)
class Table:
    """One table of a lake.

    `partition_by` columns are text and come first in `columns`. Their values are in a file's path, not in the file.
    `sort_by` is the order of rows inside a file. `key` identifies a row.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partition_by: tuple[str, ...] = ()
    sort_by: tuple[str, ...] = ()

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of the whole table, partition columns included."""
        return _schema(self.columns)

    @property
    def file_schema(self) -> pa.Schema:
        """The Arrow schema of one file: all columns except the partition columns."""
        return _schema(tuple(column for column in self.columns if column.name not in self.partition_by))


def _schema(columns: tuple[Column, ...]) -> pa.Schema:
    return pa.schema([pa.field(column.name, column.type, nullable=column.nullable) for column in columns])


DATASET = Column("dataset", pa.string(), "name of the problem set, such as math500")
RUN_ID = Column("run_id", pa.string(), "id of the run: r and 16 hex digits, which are the hash of its specification")
PROBLEM_ID = Column("problem_id", pa.string(), "id of the problem within its dataset")
SAMPLE_INDEX = Column("sample_index", pa.int32(), "number of the sample within its problem and run, from 0")
ATTEMPT = Column(
    "attempt",
    pa.string(),
    "id of the attempt that drew or scored this row: 16 hex digits; joins a narrow table to its heavy one",
)
SCORER_ID = Column(
    "scorer_id", pa.string(), "id of the scorer: s and 16 hex digits, which are the hash of its specification"
)

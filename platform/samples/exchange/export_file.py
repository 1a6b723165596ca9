"""The file that samples are exported to: Parquet or JSON lines, written as they come, there whole or not at all."""

import json
import math
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from samples.errors import SamplesError, UsageError

EXTENSIONS = (".parquet", ".jsonl")

_GROUP_BYTES = 32 << 20
_GROUP_ROWS = 122_880
_PLAIN = {"token_ids.list.element": "PLAIN", "token_logprobs.list.element": "BYTE_STREAM_SPLIT"}


class Sink(Protocol):
    """Takes record batches of one schema."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Write rows."""
        ...

    def close(self) -> None:
        """Write what is left."""
        ...


def check(file: str, *, force: bool) -> None:
    """Refuse a file that cannot be written, before anything is read. "-" is stdout.

    Raises:
        UsageError: Its extension is not known, its folder is not there, or it is there and `force` is not set.
    """
    path = Path(file)
    if file == "-":
        return
    if "://" in file or path.suffix not in EXTENSIONS:
        raise UsageError(f'"{file}" is no local file that ends in {" or ".join(EXTENSIONS)}; name one, or - for stdout')
    if not path.parent.is_dir():
        raise UsageError(f"{file}: there is no folder {path.parent}; make it first")
    if path.is_dir() or (path.exists() and not force):
        raise UsageError(f"{file}: is there already; choose another name, or --force to replace it")


@contextmanager
def opened(file: str, schema: pa.Schema, stdout: IO[bytes]) -> Generator[Sink]:
    """Open a file for rows of this schema; it appears when the context ends well. "-" is JSON lines on `stdout`.

    Raises:
        UsageError: It cannot be written.
    """
    if file == "-":
        yield _Lines(stdout)
        stdout.flush()
        return
    path = Path(file)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as raw:
            sink = _Parquet(raw, schema) if path.suffix == ".parquet" else _Lines(raw)
            try:
                yield sink
            finally:
                sink.close()
        part.replace(path)
    except SamplesError:
        raise
    except OSError as error:
        raise UsageError(f"{file}: cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)


class _Parquet:
    """Row groups of bounded size; tokens are encoded as in a lake."""

    def __init__(self, raw: IO[bytes], schema: pa.Schema) -> None:
        leaves = [f"{c.name}.list.element" if pa.types.is_list(c.type) else c.name for c in schema]
        encoded = {name: encoding for name, encoding in _PLAIN.items() if name in leaves}
        self._schema = schema
        self._writer = pq.ParquetWriter(
            raw,
            schema,
            compression="zstd",
            compression_level=3,
            column_encoding=encoded,
            use_dictionary=[  # pyright: ignore[reportArgumentType]  # pyarrow takes names too
                name for name in leaves if name not in encoded and name != "completion"
            ],
        )
        self._held: list[pa.RecordBatch] = []

    def write(self, batch: pa.RecordBatch) -> None:
        """Hold rows until a group is full."""
        self._held.append(batch)
        if sum(b.nbytes for b in self._held) > _GROUP_BYTES or sum(b.num_rows for b in self._held) >= _GROUP_ROWS:
            self._flush()

    def close(self) -> None:
        """Write the last group and the footer."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._held:
            group = pa.Table.from_batches(self._held, self._schema)
            self._writer.write_table(group, row_group_size=group.num_rows)
            self._held = []


class _Lines:
    """One JSON object a line. A number that JSON has no word for is text: "NaN", "Infinity", "-Infinity"."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw

    def write(self, batch: pa.RecordBatch) -> None:
        """Write each row as a line."""
        for row in batch.to_pylist():
            if row.get("token_logprobs") is not None:
                # Nine digits tell any float32 apart; as doubles they would be written with seventeen.
                row["token_logprobs"] = [_number(float(f"{value:.9g}")) for value in row["token_logprobs"]]
            for name, value in row.items():
                if isinstance(value, float):
                    row[name] = _number(value)
            self._raw.write(json.dumps(row, ensure_ascii=False, allow_nan=False).encode() + b"\n")

    def close(self) -> None:
        """Nothing is held."""


def _number(value: float) -> Any:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"

"""Write exported samples to a file, Parquet or JSON lines. The file appears whole or not at all."""

import json
import math
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from samples.errors import SamplesError, UsageError
from samples.lake.parquet import ENCODINGS, leaf_columns

EXTENSIONS = (".parquet", ".jsonl")

_GROUP_BYTES = 32 << 20
_GROUP_ROWS = 122_880


class Sink(Protocol):
    """Takes record batches of one schema."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Write rows."""
        ...

    def close(self) -> None:
        """Write the last rows."""
        ...


def check_folder(folder: str) -> None:
    """Check that a name can be a folder on this machine.

    Raises:
        UsageError: It is stdout, a URI or a file.
    """
    if folder == "-" or "://" in folder:
        raise UsageError("this form is several files: name a folder on this machine, as in -o results")
    if Path(folder).exists() and not Path(folder).is_dir():
        raise UsageError(f"{folder}: is a file; this form is several files: name a folder")


def check_target(file: str, *, force: bool, lines_only: bool = False) -> None:
    """Check that a file can be written, before anything is read. "-" is stdout.

    Raises:
        UsageError: Its extension is unknown, its folder is missing, or it exists and `force` is not set.
    """
    path = Path(file)
    if file == "-":
        return
    endings = EXTENSIONS[-1:] if lines_only else EXTENSIONS
    if "://" in file or path.suffix not in endings:
        raise UsageError(f'"{file}" is not a local file ending in {" or ".join(endings)}; name one, or - for stdout')
    if not path.parent.is_dir():
        raise UsageError(f"{file}: there is no folder {path.parent}; make it first")
    if path.is_dir() or (path.exists() and not force):
        raise UsageError(f"{file}: exists already; choose another name, or replace it with --force")


@contextmanager
def open_sink(
    file: str, schema: pa.Schema, stdout: IO[bytes], lines: Callable[[IO[bytes]], Sink] | None = None
) -> Generator[Sink]:
    """Open a file for rows of this schema. It appears when the context ends without an error.

    "-" writes JSON lines to `stdout`. `lines` writes lines of another form.

    Raises:
        UsageError: The file cannot be written.
    """
    if file == "-":
        yield (lines or _Lines)(stdout)
        stdout.flush()
        return
    path = Path(file)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as raw:
            sink = _Parquet(raw, schema) if path.suffix == ".parquet" else (lines or _Lines)(raw)
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
    """Writes Parquet in row groups of bounded size, with tokens encoded as in a lake."""

    def __init__(self, raw: IO[bytes], schema: pa.Schema) -> None:
        leaves = leaf_columns(schema)
        encoded = {name: encoding for name, encoding in ENCODINGS.items() if name in leaves}
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
    """Writes one JSON object per line. Numbers that JSON lacks become text: "NaN", "Infinity", "-Infinity"."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw

    def write(self, batch: pa.RecordBatch) -> None:
        """Write each row as a line."""
        for row in batch.to_pylist():
            if row.get("token_logprobs") is not None:
                # Nine digits identify any float32. As a double, the same number would take seventeen.
                row["token_logprobs"] = [_number(float(f"{value:.9g}")) for value in row["token_logprobs"]]
            for name, value in row.items():
                if isinstance(value, float):
                    row[name] = _number(value)
            self._raw.write(json.dumps(row, ensure_ascii=False, allow_nan=False).encode() + b"\n")

    def close(self) -> None:
        """Do nothing: no row is held."""


def _number(value: float) -> Any:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"

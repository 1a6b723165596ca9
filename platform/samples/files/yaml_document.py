"""Read a YAML file: its documents become JSON, and JSON of any shape is read as rows.

YAML can name values (anchors) and repeat them, so that a few lines hold billions of values. The texts that a file
becomes are bounded, values that hold themselves are refused, and keys are never merged. Only plain values are made.
"""

import io
import json
from collections.abc import Iterator
from typing import IO, Any

from samples.errors import MissingExtra, first_line
from samples.files.errors import BadFile
from samples.files.json_shape import json_rows
from samples.files.rows import FileRow
from samples.files.values import as_json

_MOST = 64 << 20  # bytes of a file: its values are in memory at once, at some ten times its size
_MOST_TIMES = 4  # how much longer than a file its JSON may be


def yaml_rows(file: IO[bytes], longest: int) -> Iterator[FileRow]:
    """Yield the rows of a YAML file. Many of them are JSON with another extension.

    Raises:
        BadFile: The file is not YAML, is too long, or repeats too much.
        MissingExtra: The package PyYAML is not installed.
    """
    data = file.read(_MOST + 1)
    if len(data) > _MOST:
        raise BadFile(f"is longer than {_MOST >> 20} MB; save it as JSON lines")
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        value = _documents(data)
    yield from json_rows(io.BytesIO(_as_json(value, len(data))), longest)


def _documents(data: bytes) -> Any:
    try:
        import yaml
    except ImportError as error:
        raise MissingExtra("YAML files need the package PyYAML: pip install 'samples[yaml]'") from error

    safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(safe):  # pyright: ignore[reportUntypedBaseClass]
        def flatten_mapping(self, node: Any) -> None:
            """Merge no keys: a few lines of merges hold billions of them."""

    try:
        documents = list(yaml.load_all(data, Loader))
    except yaml.YAMLError as error:
        mark: Any = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or first_line(error)
        raise BadFile(f"is not YAML: {what}", f"line {mark.line + 1}" if mark else "") from error
    except (ValueError, RecursionError, TypeError) as error:  # dates that are none, lists nested too deep
        raise BadFile(f"cannot be read as YAML: {first_line(error)}") from error
    return documents[0] if len(documents) == 1 else documents


def _as_json(value: Any, size: int) -> bytes:
    """Return a value as JSON.

    Raises:
        BadFile: It is far longer than the `size` bytes that the value was made of, or holds itself.
    """
    parts: list[str] = []
    total = 0
    try:
        for part in json.JSONEncoder(ensure_ascii=False, default=as_json).iterencode(value):
            total += len(part)
            if total > _MOST_TIMES * size + 1024:
                raise BadFile(f"repeats its values to more than {_MOST_TIMES} times its size")
            parts.append(part)
    except (ValueError, RecursionError, TypeError) as error:  # a value that holds itself, a key that is no text
        raise BadFile(f"cannot be read as rows: {first_line(error)}") from error
    return "".join(parts).encode("utf-8", "surrogatepass")

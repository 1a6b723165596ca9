"""Values of rows: as JSON, as text, and as an error message shows them."""

import base64
import datetime as dt
import json
import math
from typing import Any

from samples.files.errors import BadRow


def fields_of(value: Any) -> dict[str, Any]:
    """Return a row's fields by name.

    Raises:
        BadRow: The row is not an object.
    """
    if not isinstance(value, dict):
        raise BadRow(f"is {short_json(value)}; an object {{…}} with fields is expected")
    return value


def as_json(value: Any) -> Any:  # noqa: PLR0911 - one return per kind of value
    """Convert a value to what JSON can hold: NaN becomes null, bytes become base64, dates become ISO 8601."""
    match value:
        case float():
            return value if math.isfinite(value) else None if math.isnan(value) else str(value)
        case None | bool() | int() | str():
            return value
        case dict():
            return {str(key): as_json(item) for key, item in value.items()}
        case list() | tuple():
            return [as_json(item) for item in value]
        case set() | frozenset():
            return [as_json(item) for item in sorted(value, key=repr)]
        case bytes():
            return base64.b64encode(value).decode()
        case dt.date() | dt.time():
            return value.isoformat()
        case _:
            return as_json(value.tolist()) if hasattr(value, "tolist") else str(value)


def as_text(value: Any) -> str:
    """Write a value as text: text stays as it is, everything else becomes JSON.

    A float that is a whole number is written as one: 7.0 is "7", 1e3 is "1000". Tables store a column of integers as
    floats once one value is missing, and no completion ends in "27.0".
    """
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)


def check_text(text: str, name: str = "") -> None:
    """Check that a text can be stored as UTF-8; `name` is its field.

    Raises:
        BadRow: It holds half of a surrogate pair.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        field = f'"{name}" ' if name else ""
        raise BadRow(f"{field}holds half of a surrogate pair, which is not a character; remove it") from error


def short_json(value: Any, most: int = 60) -> str:
    """Write a value as JSON of at most `most` characters, for an error message."""
    text = json.dumps(value, ensure_ascii=False, default=str, skipkeys=True)
    text = text.encode("utf-8", "backslashreplace").decode()  # a terminal cannot print half of a surrogate pair
    return text if len(text) <= most else text[: most - 3] + "…"

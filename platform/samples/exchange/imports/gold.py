"""Gold answers, as other tools' files have them."""

from typing import Any

from samples.files.values import as_text


def accepted(value: Any) -> Any:
    """Return the gold answer of a row: text, or a list of accepted answers as JSON; None if there is none."""
    if isinstance(value, list):
        value = [item for item in value if item not in (None, "")]
        if len(value) <= 1:
            return accepted(value[0]) if value else None
    return None if value is None or value == "" else as_text(value)

"""Gold answers, as other tools' files have them: not yet extracted. See `samples.problems.answers`."""

from typing import Any

from samples.files.values import as_text
from samples.problems.answers import is_missing


def accepted(value: Any) -> str | list[Any] | None:
    """Return the gold answer of a row: text, or a list of alternatives; None if there is none."""
    if isinstance(value, list):
        values = [item for item in value if not is_missing(item)]
        return values if len(values) > 1 else accepted(values[0]) if values else None
    return None if is_missing(value) else as_text(value)

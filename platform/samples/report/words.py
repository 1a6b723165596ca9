"""Numbers in sentences, as the tables have them."""

from typing import Any

from samples.query.cells import cell


def share(value: Any) -> str:
    """Write a share as its table does, or "unknown"."""
    return "unknown" if value is None else cell(value)


def counted(number: Any, word: str) -> str:
    """Write a number and its word: "1 sample", "1,024 samples"."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def several(names: list[str]) -> str:
    """Join names: "a, b and c"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)

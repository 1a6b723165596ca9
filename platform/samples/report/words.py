"""Numbers in sentences, as the tables have them."""

from typing import Any

from samples.query.cells import cell

_LEAST, _TENTH = 0.001, 0.1


def share(value: Any) -> str:
    """Write a share as its table does, or "unknown"."""
    return "unknown" if value is None else cell(value)


def counted(number: Any, word: str) -> str:
    """Write a number and its word: "1 sample", "1,024 samples"."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def percent(value: float) -> str:
    """Write a share in percent: "41 %", "7.6 %", "below 0.1 %"."""
    if 0 < value < _LEAST:
        return "below 0.1 %"
    whole = value in {0, 1} or value >= _TENTH
    return f"{value:.0%}".replace("%", " %") if whole else f"{value:.1%}".replace("%", " %")


def several(names: list[str]) -> str:
    """Join names: "a, b and c"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)

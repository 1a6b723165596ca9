"""Shorten names: the middle goes, because names of runs differ at their end."""

from collections.abc import Sequence

AXIS, LEGEND = 40, 40  # letters that an axis of names, and a legend, have room for


def shortened(name: str, letters: int) -> str:
    """Return a name of at most so many letters."""
    begin, end = _parts(letters)
    return name if len(name) <= letters else f"{name[:begin]}…{name[-end:]}"


def expression(letters: int) -> str:
    """Return the same as an expression of Vega, for the labels of axes, legends and panels."""
    begin, end = _parts(letters)
    return (
        f"length(datum.label) > {letters} ? slice(datum.label, 0, {begin}) + '…' + slice(datum.label, -{end}) "
        ": datum.label"
    )


def few(said: Sequence[str], most: int = 6) -> str:
    """Return the first parts of a list, and how many more there are."""
    return "; ".join([*said[:most], *([f"and {len(said) - most} more"] if len(said) > most else [])])


def _parts(letters: int) -> tuple[int, int]:
    end = letters // 2 + 1
    return letters - 1 - end, end

"""Intervals on a log scale of perplexities, which are at least 1."""

from collections.abc import Sequence
from typing import Any

import altair as alt

_ENDS = {"from", "to"}


def ends(values: list[dict[str, Any]], column: str) -> None:
    """Write into each row the ends of its interval that are drawn, `from` and `to`.

    They are low and high, no lower than 1: the interval of a mean may reach below, where a log scale has no place. An
    end that is not known is the value itself.
    """
    for row in values:
        row |= {
            name: row[column] if row[end] is None else max(row[end], 1.0)
            for name, end in (("from", "low"), ("to", "high"))
        }


def without_ends(shown: Sequence[alt.Tooltip]) -> list[alt.Tooltip]:
    """Leave out the columns that are made for the picture."""
    return [one for one in shown if one.to_dict()["title"] not in _ENDS]

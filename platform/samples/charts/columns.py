"""Columns that a chart adds for the picture alone: they stand in no tooltip."""

from collections.abc import Collection
from typing import Any

import altair as alt

from samples.charts.panels import tooltips


def told(values: list[dict[str, Any]], hidden: Collection[str]) -> list[alt.Tooltip]:
    """Return the tooltips of all columns but the hidden ones."""
    return tooltips([{name: value for name, value in row.items() if name not in hidden} for row in values])

"""What a figure draws: the answer of a query, how it was asked, and the colours of the runs."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from samples.charts.nothing import NOTHING
from samples.charts.palette import Palette
from samples.errors import SamplesError
from samples.query.rows import Rows

OF_RUNS = ("run", "a", "b", "base")  # columns


@dataclass(frozen=True)
class Asked:
    """The answer of the query `name`. `beside` are the rows of the other query that the figure shows, if it has one.

    `ask` asks another query about the same snapshot of the lake, with the same filters and the same values of the
    parameters that both queries have; its keywords are set beside them. `form` is the form of the chart that was
    chosen, if the figure has several.
    """

    name: str
    rows: Rows
    parameters: Mapping[str, Any]
    palette: Palette
    beside: Rows | None = None
    ask: Callable[..., Rows] | None = None
    form: str | None = None

    def values(self, *also: str, needs: Collection[str] = ()) -> list[dict[str, Any]]:
        """Return the rows as the data of a chart: columns of numbers and texts, and the columns of `also`.

        Rows in which a column of `needs` is NULL, NaN or infinite cannot be drawn, and are left out.

        Raises:
            SamplesError: No row is left.
        """
        kept = [row for row in data(self.rows, *also) if all(row[column] is not None for column in needs)]
        if not kept:
            what = "no rows" if not self.rows else f"no known {' and '.join(needs)} in {len(self.rows)} rows"
            why = NOTHING.get(self.name, f"the answer has {what}")
            raise SamplesError("; ".join([f"{self.name}: nothing to draw: {why}", *self.rows.notes]))
        return kept

    @property
    def runs(self) -> list[str]:
        """The runs that the answer is about, and those that were named: in the order of the lake."""
        there = self.rows.table
        found = [name for column in OF_RUNS if column in there.column_names for name in there[column].to_pylist()]
        found += [name for some in (there["runs"].to_pylist() if "runs" in there.column_names else ()) for name in some]
        return self.palette.order([*found, *self.named])

    @property
    def named(self) -> list[str]:
        """The runs of the lake that the question names in its parameter `runs`, in its order."""
        given = self.parameters.get("runs") or ()
        names = map(str.strip, given.split(",")) if isinstance(given, str) else given
        return [name for name in names if self.palette.knows(name)]

    def place(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the run, the token mode and the value of `by` that a row is about: its line in its panel."""
        by = row[self.rows.columns[0]] if self.parameters.get("by") else None
        return row["run"], row.get("token_mode"), by


def data(rows: Rows, *also: str) -> list[dict[str, Any]]:
    """Return rows as dicts of numbers and texts, and of the columns of `also`; what is not finite is None."""
    return [
        {name: _finite(value) for name, value in row.items() if name in also or not isinstance(value, list | dict)}
        for row in rows
    ]


def distinct(values: list[dict[str, Any]], column: str) -> list[Any]:
    """Return the different values of a column, in the order of the rows."""
    return list(dict.fromkeys(row[column] for row in values if row.get(column) is not None))


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not isfinite(value) else value


def spread(found: Sequence[Any], most: int) -> list[Any]:
    """Return at most so many of these values, two or more, evenly over their places, with the first and the last."""
    if len(found) <= most:
        return list(found)
    step = (len(found) - 1) / (most - 1)
    return [found[round(place * step)] for place in range(most)]


def spread_in_log(found: Sequence[int], most: int) -> list[int]:
    """Return at most so many of these ascending numbers from 1 on, evenly in their logarithms, with first and last."""
    if len(found) <= most:
        return list(found)
    ratio = (found[-1] / found[0]) ** (1 / (most - 1))
    wanted = [found[0] * ratio**place for place in range(most)]
    return sorted({min(found, key=lambda one: abs(one - aim)) for aim in wanted} | {found[0], found[-1]})

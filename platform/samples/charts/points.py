"""The points of a chart over a label: which rows are drawn, on which line each stands, and what is left out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from samples.charts.asked import spread
from samples.charts.captions import named
from samples.charts.labelled import Labelled
from samples.charts.trends import Measure, Trend
from samples.errors import SamplesError
from samples.query.grouping import natural

MOST = 9  # lines in a picture, or pictures beside each other
ORDERED = {"k": "k", "tau": "τ", "threshold": "threshold", "budget": "tokens"}  # columns of numbers, and their words
_OUTCOMES = {"both": "both", "neither": "neither", "only_b": "only the other run"}


@dataclass(frozen=True)
class Points:
    """Rows with the columns at, value, low, high, line, group and apart, and what the subtitle says.

    `at` is the value of the label, a number where all are numbers. Rows with the same line, group and apart are joined;
    one is `alone` where there is no other to join it with.
    """

    values: list[dict[str, Any]]
    lines: list[str]
    numbers: bool
    notes: list[str]


def points(name: str, found: Labelled, trend: Trend) -> Points:
    """Return the points of the query `name` over a label.

    Raises:
        SamplesError: There are none.
    """
    rows, notes = _rows(found, trend)
    values: list[dict[str, Any]] = []
    missing: dict[str, dict[str, None]] = {}
    for row in sorted(rows, key=lambda row: natural(found.places[row["about"]])):
        for measure in trend.measures:
            line, value = _line(row, measure, trend), row[measure.column]
            if value is None or not isfinite(value):
                missing.setdefault(line, {})[row["about"]] = None
                continue
            plain = {column: of for column, of in row.items() if not isinstance(of, list | dict)}
            values.append({**plain, **_ends(row, measure), "line": line, "value": value})
    if not values:
        raise SamplesError(f"{name}: nothing to draw: {trend.no_value} for all runs with the label {found.x}")
    notes += [f"{line}: {trend.no_value} for {named(list(runs))}" for line, runs in missing.items()]
    if found.lacking:
        notes.append(f"left out, because they have no label {found.x}: {named(found.lacking)}")
    numbers = all(natural(place)[0] == 0 for place in found.places.values())
    for row in values:
        place = found.places[row["about"]]
        row |= {"at": float(place) if numbers else place, "group": found.groups[row["about"]]}
    notes += _set_apart(values, found)
    at: dict[Any, set[Any]] = {}
    for row in values:
        at.setdefault(_drawn_line(row), set()).add(row["at"])
    for row in values:
        row["alone"] = len(at[_drawn_line(row)]) == 1
    order = _lines(rows, trend)
    there = [line for line in order if any(row["line"] == line for row in values)]
    return Points(sorted(values, key=lambda row: order.index(row["line"])), there, numbers, notes)


def _rows(found: Labelled, trend: Trend) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the rows that are drawn, and what is said about those that are not."""
    rows = [row for row in found.rows if all(row[column] == value for column, value in trend.only.items())]
    rows = [row for row in rows if all(row[column] != value for column, value in trend.without.items())]
    notes: list[str] = []
    if trend.one and rows:
        column, choose = trend.one
        there = {row[column] for row in rows}
        rows = [row for row in rows if row[column] == choose(there)]
        notes.append(f"{ORDERED[column]} = {choose(there):,}")
    if (by := trend.lines) is not None and by in ORDERED:
        there = sorted({row[by] for row in rows})
        kept = spread(there, MOST)
        rows = [row for row in rows if row[by] in kept]
        if len(kept) < len(there):
            notes.append(f"{ORDERED[by]} shown, of {len(there)}: {', '.join(f'{value:,}' for value in kept)}")
    return rows, notes


def _ends(row: dict[str, Any], measure: Measure) -> dict[str, Any]:
    """Return the ends of the interval. One above the largest k is drawn up to there."""
    low, high = (row.get(end) if end else None for end in (measure.low, measure.high))
    if low is not None and high is None:
        high = row.get("largest_k")
    return {"low": low, "high": high}


def _drawn_line(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row.get(part) for part in ("line", "group", "apart", "dataset", "token_mode"))


def _line(row: dict[str, Any], measure: Measure, trend: Trend) -> str:
    if trend.lines is None:
        return measure.words
    value = row[trend.lines]
    if trend.lines in ORDERED:
        return f"{ORDERED[trend.lines]} = {value:,}"
    if trend.lines == "outcome":
        return f"only {row['a']}" if value == "only_a" else _OUTCOMES[value]
    return str(value)


def _lines(rows: Iterable[dict[str, Any]], trend: Trend) -> list[str]:
    """Return the lines in the order of their legend."""
    if (by := trend.lines) is not None and by in ORDERED:
        rows = sorted(rows, key=lambda row: row[by])
    return list(dict.fromkeys(_line(row, measure, trend) for row in rows for measure in trend.measures))


def _set_apart(values: Sequence[dict[str, Any]], found: Labelled) -> list[str]:
    """Give runs at one place of one line lines of their own; return a note that says which they are."""
    at: dict[Any, dict[str, None]] = {}
    parts = ("line", "group", "dataset", "token_mode", "at")
    for row in values:
        by = next(iter(row.values())) if found.by else None
        at.setdefault((*(row.get(part) for part in parts), by), {})[row["about"]] = None
    crowds = {key[1]: list(runs) for key, runs in at.items() if len(runs) > 1}
    for row in values:
        run = row.pop("about")
        row["apart"] = run if row["group"] in crowds else ""
    return [
        f"no lines where several runs have one {found.x}, as {named(crowd)}: --colour LABEL tells them apart, --pool "
        "LABEL makes them one"
        for crowd in list(crowds.values())[:1]
    ]

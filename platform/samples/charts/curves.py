"""Lines over k or over tokens, one for each run, with the band of their intervals."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import altair as alt

from samples.charts.asked import Asked, distinct, spread_in_log
from samples.charts.captions import PANEL
from samples.charts.panels import panels, run_colour, run_dash, tooltips

_BANDS = 6  # that can be told apart
_PAIR = 2  # runs that can cross
_ROWS = 200  # of a chart: a page of HTML stays below a megabyte, and 900 KB of it are Vega
_FEWEST = 12  # points of a line: all doublings up to 2048


def curves(
    asked: Asked, values: list[dict[str, Any]], x: alt.X, y: str, title: str, *, dash: alt.StrokeDash | None = None
) -> list[Any]:
    """Return the band from low to high, the line and its points, of each run; no band where there would be many."""
    colour = run_colour(asked, values, lines=True)
    detail = alt.Detail("measure:N") if dash else alt.Undefined
    across = alt.Y(f"{y}:Q", title=title)
    band = (
        alt.Chart()
        .mark_area(opacity=0.15)
        .encode(x=x, y=alt.Y("low:Q", title=title), y2="high:Q", color=colour, detail=detail)
    )
    line = (
        alt.Chart()
        .mark_line(strokeWidth=2)
        .encode(x=x, y=across, color=colour, strokeDash=dash or run_dash(asked, values))
    )
    points = alt.Chart().mark_point(size=36, filled=True, opacity=1)
    points = points.encode(x=x, y=across, color=colour, tooltip=tooltips(values))
    if hidden(values):
        return [line, points]
    return [band, *bars(asked, values, x, title, colour, ("run", "measure") if dash else ("run",)), line, points]


def thinned(values: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the rows at some k, evenly in log k, where the rows of every k are too many; and a line that says so.

    The largest k of each run stays.
    """
    ks = sorted(distinct(values, "k"))
    if len(values) <= _ROWS or len(ks) <= _FEWEST:
        return values, []
    largest: dict[Any, int] = {}
    for row in values:
        line = row.get("run")
        largest[line] = max(largest.get(line, 0), row["k"])
    kept = {*spread_in_log(ks, max(_FEWEST, _ROWS * len(ks) // len(values))), *largest.values()}
    said = f"k shown: {len(kept):,} of {len(ks):,}, evenly in log k; the query has all"
    return [row for row in values if row["k"] in kept], [said]


def bars(
    asked: Asked, values: list[dict[str, Any]], x: alt.X, title: str, colour: Any, line: Sequence[str]
) -> list[Any]:
    """Return bars from low to high for lines of one point, whose band would have no width; [] if there are none.

    `line` are the columns that tell the lines of a panel apart.
    """
    panels(asked, values)
    sizes = Counter(tuple(row.get(column) for column in (*line, PANEL)) for row in values)
    if 1 not in sizes.values():
        return []
    bar = alt.Chart().mark_rule(strokeWidth=1.5, opacity=0.7)
    bar = bar.encode(x=x, y=alt.Y("low:Q", title=title), y2="high:Q", color=colour)
    bar = bar.transform_joinaggregate(points="count()", groupby=list(line))
    return [bar.transform_filter("datum.points == 1 && isValid(datum.low) && isValid(datum.high)")]


def hidden(values: Sequence[dict[str, Any]]) -> list[str]:
    """Return a line that says that bands are not drawn, where runs are too many for bands; else no line."""
    many = len({(row["run"], row.get("measure")) for row in values}) > _BANDS
    return [f"more than {_BANDS} lines: their intervals are not drawn; the query has them"] if many else []


def crossings(values: Sequence[dict[str, Any]], x: str, y: str) -> list[tuple[float, str]]:
    """Return each x at which another of two runs is ahead than before, and its name; [] unless there are two runs.

    Only the rows that are drawn are compared. The query crossing finds the exact k and its interval.
    """
    at: dict[Any, dict[str, float]] = {}
    for row in values:
        at.setdefault(row[x], {})[row["run"]] = row[y]
    runs = {row["run"] for row in values}
    if len(runs) != _PAIR:
        return []
    found: list[tuple[float, str]] = []
    leader = None
    for place in sorted(at):
        here = at[place]
        if here.keys() != runs or len(set(here.values())) == 1:
            continue
        ahead = max(here, key=lambda run: here[run])
        if leader is not None and ahead != leader:
            found.append((place, ahead))
        leader = ahead
    return found

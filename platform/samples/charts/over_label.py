"""Numbers of runs over a label of theirs, such as step: a line for each k, status or measure, or for each label."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from samples.charts.asked import Asked, distinct, spread
from samples.charts.captions import PART, SHARED, named
from samples.charts.labelled import WITHOUT, Labelled
from samples.charts.palette import GREY, nth_colour, nth_dash
from samples.charts.panels import Drawn, finished, tooltips
from samples.charts.points import MOST, ORDERED, Points, points
from samples.charts.trends import Trend
from samples.lines import printable
from samples.query.grouping import natural

_INTERVAL = "isValid(datum.low) && isValid(datum.high)"
_BANDS = 4  # in a picture
_TICKS = 8  # of an axis that has one at each value of the label
# Of values in an order: the scale viridis without its yellow end, which cannot be seen on paper.
_SHADES = (
    "#440154", "#472D7B", "#3E4A89", "#33638D", "#2A788E", "#21918C", "#22A884", "#44BF70", "#57B84E",
)  # fmt: skip


def over_label(asked: Asked, found: Labelled, trend: Trend) -> Drawn:
    """Return the chart: all lines in one picture, or a picture for each where the values of a label have colours.

    Raises:
        SamplesError: There is nothing to draw.
    """
    drawn = points(asked.name, found, trend)
    values, notes = drawn.values, list(drawn.notes)
    if trend.lines and len(drawn.lines) == 1:  # no legend says it
        notes.insert(0, drawn.lines[0] if trend.lines in ORDERED else f"{trend.lines}: {drawn.lines[0]}")
    groups = sorted(distinct(values, "group"), key=natural)
    if found.colours and len(drawn.lines) > 1:
        for row in values:
            row[PART] = row["line"]
    names = groups if found.colours else drawn.lines
    colour = _colour(names, found, trend)
    same: dict[str, Any] = {"x": _across(found, drawn), "color": colour, "detail": ["line:N", "group:N", "apart:N"]}
    scale = _scale(values, trend)
    up = alt.Axis(format="%") if trend.percent else alt.Axis(**_powers(values) if trend.doublings else {})
    y = alt.Y("value:Q", title=trend.axis, scale=scale, axis=up)
    titles = {"at": found.x, "group": ", ".join(found.colours) or "group", "value": trend.axis}
    mark = alt.Chart().mark_point(size=40, filled=True, opacity=1)
    layers: list[Any] = [mark.encode(**same, y=y, tooltip=tooltips(values, titles))]
    if trend.joined:
        dash = alt.StrokeDash(_field(found), sort=names, scale=_dashes(names), title=None, legend=None)
        layers.insert(0, alt.Chart().mark_line(strokeWidth=2).encode(**same, y=y, strokeDash=dash))
    if any(row["low"] is not None for row in values):
        ends: dict[str, Any] = {"y": alt.Y("low:Q", title=trend.axis, scale=scale), "y2": "high:Q"}
        bar = alt.Chart().mark_rule(strokeWidth=1.5, opacity=0.7).encode(**same, **ends)
        if not trend.joined:
            layers.insert(0, bar.transform_filter(_INTERVAL))
        elif len(names) <= _BANDS:
            band = alt.Chart().mark_area(opacity=0.15).encode(**same, **ends)
            layers = [band.transform_filter(_INTERVAL), bar.transform_filter(f"{_INTERVAL} && datum.alone"), *layers]
        else:
            notes.append(f"more than {_BANDS} lines: their intervals are not drawn; the query has them")
    if any(row["value"] < 0 for row in values):
        layers.insert(0, alt.Chart().mark_rule(color=GREY).encode(y=alt.YDatum(0)))
    shared = [column for column in SHARED if trend.lines != "outcome" or column != "problems"]
    return finished(asked, layers, values, _title(asked, found, trend, groups), more=notes, shared=shared)


def _title(asked: Asked, found: Labelled, trend: Trend, groups: Sequence[str]) -> str:
    base = next((of for name in ("a", "base", "scorer") if (of := asked.parameters.get(name))), "the scorer")
    runs = [group for group in groups if not group.startswith(WITHOUT)] if found.colours else []
    runs = runs or sorted(found.places, key=lambda run: natural(found.places[run]))
    said = {"{base}": named([base]), "{runs}": named(runs)}
    words = [said.get(word, word) for word in trend.title.split(" ")]
    return f"{' '.join(words)}, over {printable(found.x)}"


def _across(found: Labelled, drawn: Points) -> alt.X:
    there = sorted(set(distinct(drawn.values, "at")), key=lambda at: natural(str(at)))
    title = printable(found.x)
    if drawn.numbers:
        ticks: dict[str, Any] = {"values": there, "labelOverlap": "greedy"} if len(there) <= _TICKS else {}
        axis = alt.Axis(grid=False, format=".10~g", **ticks)
        return alt.X("at:Q", title=title, scale=alt.Scale(zero=False, nice=False, padding=8), axis=axis)
    axis = alt.Axis(labelAngle=0 if len(there) < MOST else -45, labelLimit=140)
    return alt.X("at:O", title=title, sort=there, axis=axis)


def _scale(values: list[dict[str, Any]], trend: Trend) -> alt.Scale:
    if not trend.doublings:
        return alt.Scale(type="log", nice=False, padding=8) if trend.log else alt.Scale(zero=False)
    return alt.Scale(type="log", base=2, nice=False, domain=[1, max(distinct(values, "largest_k"))])


def _powers(values: list[dict[str, Any]]) -> dict[str, Any]:
    most = max(distinct(values, "largest_k"))
    return {"values": [2**power for power in range(64) if 2**power <= most], "format": "d"}


def _field(found: Labelled) -> str:
    return "group:N" if found.colours else "line:N"


def _colour(names: Sequence[str], found: Labelled, trend: Trend) -> alt.Color:
    """Return colours of the values of a label, or of lines: in an order where these have one, as those of k have."""
    legend = alt.Legend(symbolType="stroke", symbolStrokeWidth=3, symbolOpacity=1) if len(names) > 1 else None
    title = printable(", ".join(found.colours)) or None
    if trend.lines in ORDERED and len(names) > 1 and not found.colours:
        scale = alt.Scale(domain=list(names), range=spread(_SHADES, len(names)))
    else:
        own = [name for name in found.every_group if not name.startswith(WITHOUT)] if found.colours else names
        colours = {name: nth_colour(place) for place, name in enumerate(own)}
        scale = alt.Scale(domain=list(names), range=[colours.get(name, GREY) for name in names])
    return alt.Color(_field(found), scale=scale, title=title, sort=list(names), legend=legend)


def _dashes(names: Sequence[str]) -> alt.Scale:
    return alt.Scale(domain=list(names), range=[nth_dash(place) for place in range(len(names))])

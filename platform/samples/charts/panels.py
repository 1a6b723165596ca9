"""Finish a chart: title, look, and a panel for each dataset or value of `by`.

The background is white and the text dark, so that a chart can be read in print and on a dark page.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.captions import PANEL, PART, SHARED, heading, subtitle
from samples.charts.shorten import LEGEND, expression

Drawn = alt.Chart | alt.LayerChart | alt.FacetChart | alt.VConcatChart

WIDTH, HEIGHT = 480, 300
_SMALL = 0.6  # size of a panel beside others
_LOW = 160  # a height that does not shrink further
_COLUMNS = 3
_LEGEND = 20  # rows of a legend
_NARROW = 24  # letters of a name in a legend of several columns
_WHOLE = 8  # ticks at each whole number
_TEXT, _LINES, _GRID = "#222222", "#767676", "#E3E3E3"
_LETTER = 7  # width of a bold letter above a panel, in pixels
_SPECIAL = {"title", "image"}  # lines of these names are more than text to Vega's tooltips


def panels(asked: Asked, values: list[dict[str, Any]]) -> list[str]:
    """Write into each row the panel that it belongs to, and return the panels; none when there is one only.

    A dataset, a token mode, and with `by` a value of a metadata key has a panel. So has each value of PART, which a
    figure writes itself. A label of runs makes no panels: it stands in the tooltips, and all runs are in one picture.
    """
    keys = [column for column in ("dataset", "token_mode", PART) if len(distinct(values, column)) > 1]
    if asked.parameters.get("by") and values:
        key = asked.rows.columns[0]
        runs = {(row.get("run", row.get("a")), row[key]) for row in values}
        if len(runs) > len({run for run, _ in runs}):
            keys.append(key)
    if not keys:
        return []
    for row in values:
        row[PANEL] = ", ".join(_panel(key, row.get(key)) for key in keys)
    return distinct(values, PANEL)


def finished(
    asked: Asked,
    layers: Sequence[alt.Chart],
    values: list[dict[str, Any]],
    title: str,
    *,
    more: Sequence[str] = (),
    shared: Sequence[str] = SHARED,
    width: float = WIDTH,
    height: float = HEIGHT,
    own_rows: bool = False,
    shrinks: bool = True,
    own_columns: bool = False,
) -> Drawn:
    """Lay the layers over each other, in a panel for each part of the data, under the title.

    With `own_rows`, each panel has rows only for what it shows; with `own_columns`, each has a horizontal axis of its
    own. Panels beside others are smaller, unless the chart never `shrinks`.
    """
    parts = panels(asked, values)
    chart: Any = alt.layer(*layers, data=alt.InlineData(values=values))
    size = _SMALL if parts and shrinks else 1
    chart = chart.properties(width=width * size, height=height if height < _LOW else height * size)
    if parts:
        header = alt.Header(title=None, labelFontSize=12, labelFontWeight="bold", labelLimit=round(width * size))
        header.labelExpr = expression(round(width * size / _LETTER))
        chart = chart.facet(facet=alt.Facet(f"{PANEL}:N", sort=parts, header=header), columns=_COLUMNS)
        chart = chart.resolve_scale(y="independent") if own_rows else chart
        chart = chart.resolve_scale(x="independent") if own_columns else chart
    return titled(asked, chart, values, title, more=more, shared=shared)


def titled(
    asked: Asked,
    chart: Any,
    values: list[dict[str, Any]],
    title: str,
    *,
    more: Sequence[str] = (),
    shared: Sequence[str] = SHARED,
) -> Drawn:
    """Put the title and the subtitle above a chart, and give it the look of all charts."""
    above = alt.TitleParams(
        heading(title), subtitle=subtitle(asked, values, more, shared), anchor="start", frame="bounds", offset=12
    )
    return chart.properties(title=above).configure(
        background="#FFFFFF",
        padding=12,
        font="Helvetica, Arial, sans-serif",
        view=alt.ViewConfig(stroke=None),
        title=alt.TitleConfig(
            color=_TEXT, fontSize=15, subtitleColor="#444444", subtitleFontSize=11, subtitlePadding=5,
        ),
        axis=alt.AxisConfig(
            labelColor=_TEXT, titleColor=_TEXT, domainColor=_LINES, tickColor=_LINES, gridColor=_GRID,
            labelFontSize=11, titleFontSize=12, titleFontWeight="normal",
        ),
        legend=alt.LegendConfig(
            labelColor=_TEXT, titleColor=_TEXT, labelFontSize=11, titleFontSize=12, titleFontWeight="normal",
            labelLimit=280, symbolLimit=60,
        ),
        header=alt.HeaderConfig(labelColor=_TEXT),
    )  # fmt: skip


def run_colour(asked: Asked, values: list[dict[str, Any]], *, lines: bool = False, legend: bool = True) -> alt.Color:
    """Return the colour of each run: the same in all charts of the lake. The legend shows lines or patches.

    Without `legend` there is none, for a chart that names the runs on an axis.
    """
    names = asked.palette.order(distinct(values, "run"))
    scale = alt.Scale(domain=names, range=asked.palette.colours(names))
    symbol: dict[str, Any] = {"symbolType": "stroke", "symbolStrokeWidth": 3} if lines else {"symbolType": "square"}
    letters = LEGEND
    if len(names) > _LEGEND:
        symbol |= {"columns": -(-len(names) // _LEGEND)}
        letters = _NARROW
    shown = alt.Legend(symbolOpacity=1, labelExpr=expression(letters), **symbol) if legend else None
    return alt.Color("run:N", scale=scale, title=None, sort=names, legend=shown)


def counts_axis(most: float, **more: Any) -> alt.Axis:
    """Return the axis of counts up to `most`: no tick is between whole numbers."""
    ticks = {"values": list(range(round(most) + 1))} if most <= _WHOLE else {}
    return alt.Axis(format=",d", **ticks, **more)


def run_dash(asked: Asked, values: list[dict[str, Any]]) -> alt.StrokeDash:
    """Return the dash of each run: lines differ where colours come again."""
    names = asked.palette.order(distinct(values, "run"))
    dashes = [asked.palette.dash(name, names) for name in names]
    return alt.StrokeDash("run:N", scale=alt.Scale(domain=names, range=dashes), title=None, sort=names)


def tooltips(values: list[dict[str, Any]], titles: Mapping[str, str] | None = None) -> list[alt.Tooltip]:
    """Return a tooltip of every column: counts whole, other numbers with four digits. `titles` rename columns."""
    shown: list[alt.Tooltip] = []
    for column in dict.fromkeys(name for row in values for name in row):
        found = distinct(values, column)
        if column in {PANEL, PART} or not found:
            continue
        title = (titles or {}).get(column, column)
        title = f"{title}:" if title in _SPECIAL else title
        if all(isinstance(value, int) for value in found):
            shown.append(alt.Tooltip(_field(column, "Q"), title=title, format=","))
        elif all(isinstance(value, int | float) for value in found):
            shown.append(alt.Tooltip(_field(column, "Q"), title=title, format=".4~g"))
        else:
            shown.append(alt.Tooltip(_field(column, "N"), title=title))
    return shown


def doublings(values: list[dict[str, Any]], column: str, title: str) -> alt.X:
    """Return a log2 axis with a tick at each power of two, or at each value where no power of two is among them."""
    found = distinct(values, column)
    ticks = [2**power for power in range(64) if min(found) <= 2**power <= max(found)] or sorted(found)
    scale = alt.Scale(
        type="log", base=2, nice=False, domain=[min(found), max(found)] if len(found) > 1 else alt.Undefined
    )
    return alt.X(
        f"{column}:Q", scale=scale, title=title, axis=alt.Axis(values=ticks, format="d", grid=False, labelFlush=False)
    )


def _field(column: str, kind: str) -> str:
    """Return a column as Altair's shorthand; signs that mean something in a field's name are escaped."""
    escaped = "".join(f"\\{sign}" if sign in ".[]:\\'\"" else sign for sign in column)
    return f"{escaped}:{kind}"


def _panel(key: str, value: Any) -> str:
    if key in {"dataset", PART}:
        return str(value)
    if key == "token_mode":
        return "scored as token ids" if value == "ids" else f"scored as {value}"
    return f"no {key}" if value is None else f"{key} {value}"

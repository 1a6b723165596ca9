"""Where one curve of pass@k overtakes another: the k of the query crossing, marked on curves over k."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.captions import PANEL, named
from samples.charts.palette import GREY
from samples.charts.panels import panels
from samples.errors import SamplesError

_PAIR = 2  # runs that can cross
_TITLE = "k (samples per problem)"  # the words of the curves' axis: layers with one title share it
_FAR = 1.25  # a rule is right where its log k is more than 1/1.25 of the longest
_PANELS = 6  # that are asked about


def exact(asked: Asked, values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of the query crossing for each panel in which two runs are drawn; [] where none has two.

    A panel is a dataset, or a value of a metadata key: the query is then asked about the problems that have it. Rows
    have the panel in the column PANEL. Pools of runs, problems without a value, and labels are not asked about.
    """
    by = asked.parameters.get("by")
    parts = panels(asked, values)
    if asked.ask is None or asked.parameters.get("pool") or (by and not parts):
        return []
    drawn: dict[Any, list[dict[str, Any]]] = {}
    for row in values:
        drawn.setdefault((row["dataset"], row.get(PANEL)), []).append(row)
    pairs = [rows for rows in drawn.values() if len(distinct(rows, "run")) == _PAIR]
    found: list[dict[str, Any]] = []
    for rows in pairs[:_PANELS]:
        a, b = asked.palette.order(distinct(rows, "run"))
        where: dict[str, Any] = dict(asked.parameters.get("where") or {})
        if by:
            several = {row[asked.rows.columns[0]] for row in rows}
            if len(several) > 1 or None in several:
                continue
            where[by] = several.pop()
        try:
            answer = asked.ask("crossing", a=a, b=b, runs=None, where=where or None)
        except SamplesError:  # the runs saw other problems, so that no curve of both can be compared
            continue
        found += [{**row, PANEL: rows[0].get(PANEL)} for row in answer]
    return found


def said(row: dict[str, Any]) -> str:
    """Return what a row of the query crossing says, in a sentence."""
    names = {row["a"]: row["b"], row["b"]: row["a"]}
    most = f"k = {row['largest_k']:,}"
    ends = [f"{end:,}" if (end := row[name]) is not None else f"above {row['largest_k']:,}" for name in ("low", "high")]
    if row["k"] is None:
        if row["uncrossed"] is None:
            return f"{named(list(names))} have the same pass@k at every k up to {most}"
        leader = row["leads_at_1"] or "one run"
        return (
            f"no crossing up to {most}, the most that both runs have: {named([leader])} leads; "
            f"in {1 - row['uncrossed']:.0%} of resamples the other takes the lead"
            + (f" (95 % interval of k: {' to '.join(ends)})" if row["low"] is not None else "")
        )
    line = f"{named([row['leads_at_k']])} takes the lead at k = {row['k']:,} (95 % interval: {' to '.join(ends)})"
    return line + (f"; the lead changes {row['changes']} times up to {most}" if row["changes"] > 1 else "")


def marked(values: Sequence[dict[str, Any]], crossings: Sequence[dict[str, Any]], *, behind: bool = False) -> list[Any]:
    """Write the crossing of each panel into one of its rows; return the layers that mark it.

    A band shows the interval of k, as far as the k that are drawn reach, and a rule the k itself. With `behind`,
    another rule stands where the first leader is behind by more than chance.
    """
    drawn = [row["k"] for row in values]
    least, most = min(drawn), max(drawn)
    shown = False
    for one in crossings:
        place = one["dataset"], one.get(PANEL)
        row = next(row for row in values if (row["dataset"], row.get(PANEL)) == place)
        low, high = one["low"], one["high"] if one["high"] is not None else most
        if low is not None and low < most and high > least:
            row |= {"crossing_low": max(low, least), "crossing_high": min(high, most)}
            shown = True
        if one["k"] is not None and least <= one["k"] <= most:
            row |= {"crossing_k": one["k"], "crossing_words": f"k = {one['k']:,}"}
            shown = True
        if behind and one["behind_from"] is not None and least <= one["behind_from"] <= most:
            row |= {"behind_k": one["behind_from"], "behind_words": f"clear at k = {one['behind_from']:,}"}
            shown = True
    if not shown:
        return []
    layers: list[Any] = []
    if distinct(list(values), "crossing_low"):
        band = alt.Chart().mark_rect(color=GREY, opacity=0.16)
        layers.append(
            band.encode(x=alt.X("crossing_low:Q", title=_TITLE), x2="crossing_high:Q").transform_filter(
                _there("crossing_low")
            )
        )
    for name, dash, top in (("crossing", [4, 4], 2), ("behind", [1, 3], 18)):
        if places := distinct(list(values), f"{name}_k"):
            layers += _rule(name, dash, top, right=max(places) ** _FAR > most)
    return layers


def _rule(name: str, dash: list[int], top: int, *, right: bool) -> list[Any]:
    """Return a rule and its words, which stand left of it where it is `right` on the axis."""
    x = alt.X(f"{name}_k:Q", title=_TITLE)
    rule = alt.Chart().mark_rule(color=GREY, strokeWidth=1.5, strokeDash=dash).encode(x=x)
    words = alt.Chart().mark_text(
        align="right" if right else "left", baseline="top", dx=-4 if right else 4, color="#444444", fontSize=11
    )
    words = words.encode(x=x, y=alt.value(top), text=f"{name}_words:N")
    return [layer.transform_filter(_there(f"{name}_k")) for layer in (rule, words)]


def _there(column: str) -> str:
    return f"isValid(datum['{column}'])"

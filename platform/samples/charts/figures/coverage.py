"""The problems that both runs solve, only one, or neither: one bar of four parts."""

from typing import Any

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.captions import PANEL, counted, named
from samples.charts.columns import told
from samples.charts.panels import Drawn, finished, panels

_OUTCOMES = ("both", "only_a", "only_b", "neither")
_BOTH, _NEITHER = "#4D4D4D", "#D9D9D9"
_IDS = 8  # in a tooltip
_MADE = ("place", "shown")  # columns for the picture alone


def draw(asked: Asked) -> Drawn:
    """Return the chart."""
    values = asked.values("problem_ids", needs=["share"])
    a, b = values[0]["a"], values[0]["b"]
    words = {"both": "both", "only_a": f"only {a}", "only_b": f"only {b}", "neither": "neither"}
    for row in values:
        row["place"] = _OUTCOMES.index(row["outcome"])
        row["solved_by"] = words[row["outcome"]]
        ids = row.pop("problem_ids") or []
        row["ids"] = ", ".join(ids[:_IDS]) + (f" and {len(ids) - _IDS} more" if len(ids) > _IDS else "")
        row["shown"] = f"{row['problems']:,.4g}" if row["problems"] else ""
    panels(asked, values)
    order = [words[outcome] for outcome in _OUTCOMES]
    names = [a, b]
    colours = [_BOTH, *asked.palette.colours(names), _NEITHER]
    share = alt.X(
        "share:Q",
        stack="zero",
        title="share of the problems",
        axis=alt.Axis(format="%"),
        scale=alt.Scale(domain=[0, 1]),
    )
    bars = (
        alt.Chart()
        .mark_bar(height=48, stroke="#FFFFFF")
        .encode(
            x=share,
            color=alt.Color("solved_by:N", sort=order, scale=alt.Scale(domain=order, range=colours), title="solved by"),
            order=alt.Order("place:Q"),
            tooltip=told(values, _MADE),
        )
    )
    counts = (
        alt.Chart()
        .mark_text(dy=38, color="#222222")
        .encode(
            x=alt.X("share:Q", stack="zero", bandPosition=0.5, title="share of the problems"),
            order=alt.Order("place:Q"),
            text="shown:N",
            detail="solved_by:N",
        )
    )
    return finished(
        asked,
        [bars, counts],
        values,
        f"Problems solved by {named(names)}",
        more=_said(values),
        shared=["dataset"],
        height=120,
    )


def _said(values: list[dict[str, Any]]) -> list[str]:
    """Return the lines of the subtitle: how many problems there are, and whether chance explains the difference."""
    lines: list[str] = []
    for panel in distinct(values, PANEL) or [None]:
        rows = [row for row in values if row.get(PANEL) == panel]
        line = counted(sum(row["problems"] for row in rows), "problem")
        if (p := rows[0]["p_value"]) is not None:
            line += f" · only {rows[0]['a']} against only {rows[0]['b']}, McNemar's exact test: p = {p:.2g}"
        if unpaired := rows[0]["unpaired"]:
            line += f" · left out: {unpaired:,} that one run has not, or in another version"
        lines.append(f"{panel}: {line}" if panel else line)
    return lines

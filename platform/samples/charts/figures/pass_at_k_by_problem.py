"""The accuracy of each problem: one run against another, or a grid of problems by runs."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.captions import counted, named
from samples.charts.grid import grid
from samples.charts.palette import GREY
from samples.charts.panels import Drawn, finished, tooltips
from samples.charts.versions import same_problems
from samples.errors import SamplesError

_AXES = 2  # of a run each
_NAMED = 5  # problems in a tooltip
_MOST = 500  # circles in a picture; with more, problems of nearly the same place are one circle
_STEPS = 20  # places between 0 and 1 then
_ROUNDING = 1e-9  # of an accuracy at the edge of a square
_AREA, _LARGEST = 40, 900  # of the circle of one problem, and of the largest, in square pixels


def draw(asked: Asked) -> Drawn:
    """Return the chart of two runs, or the grid where there are more or fewer, or where it is asked for.

    The run that was named first is on the horizontal axis; where none was named, the older one is.
    Problems at one place are one circle, whose area says how many they are. The smallest k of the rows is drawn.
    Problems that runs saw in different versions are left out.

    Raises:
        SamplesError: The runs share no problem, or problems or runs of the grid are too many.
    """
    rows = asked.values(needs=["pass_at_k"])
    there = distinct(rows, "run")
    asked_for = [run for run in asked.named if run in there]
    runs = asked_for if len(asked_for) == _AXES else asked.palette.order(there)
    if asked.form == "grid" or len(runs) != _AXES:
        return grid(asked, rows)
    k = min(row["k"] for row in rows)
    same, notes = same_problems([row for row in rows if row["k"] == k])
    values = _places(same, runs)
    if not values:
        raise SamplesError("; ".join([f"{asked.name}: nothing to draw: {named(runs)} share no problem", *notes]))
    above, below = (sum(row["problems"] for row in values if sign * (row["y"] - row["x"]) > 0) for sign in (1, -1))
    total = sum(row["problems"] for row in values)
    more = [f"{counted(total, 'problem')}: {above:,} above the line, {below:,} below, {total - above - below:,} on it"]
    more += notes
    if len(values) > _MOST:
        values = _joined(values)
        more.append(f"a circle stands for problems within {1 / _STEPS:g} on both axes; 0 and 1 are exact")
    first, second = (f"{'accuracy' if k == 1 else f'pass@{k}'} under {named([run])}" for run in runs)
    most = max(row["problems"] for row in values)
    size = alt.Scale(domain=[0, most], range=[0, min(_AREA * most, _LARGEST)])
    whole = alt.Scale(domain=[0, 1])
    equal = (
        alt.Chart()
        .mark_rule(color=GREY, strokeDash=[4, 4])
        .encode(x=alt.XDatum(0), y=alt.YDatum(0), x2=alt.X2Datum(1), y2=alt.Y2Datum(1))
    )
    circles = (
        alt.Chart()
        .mark_circle(color="#333333", opacity=0.6)
        .encode(
            x=alt.X("x:Q", scale=whole, title=first),
            y=alt.Y("y:Q", scale=whole, title=second),
            size=alt.Size(
                "problems:Q", scale=size, legend=alt.Legend(values=sorted({1, -(-most // 2), most}), format="d")
            ),
            tooltip=tooltips(values),
        )
    )
    title = f"The same problems under {named(runs)}"
    shared = ["dataset", "verifier"]
    return finished(asked, [equal, circles], values, title, more=more, shared=shared, width=360, height=360)


def _places(rows: list[dict[str, Any]], runs: Sequence[str]) -> list[dict[str, Any]]:
    """Join the rows of the two runs by problem, which both saw in one version, and count the problems at each place."""
    other = {(row["dataset"], row["problem_id"]): row for row in rows if row["run"] == runs[1]}
    found: dict[Any, list[dict[str, Any]]] = {}
    for row in rows:
        pair = other.get((row["dataset"], row["problem_id"]))
        if row["run"] == runs[0] and pair:
            place = (row["dataset"], row["pass_at_k"], pair["pass_at_k"], row["c"], row["n"], pair["c"], pair["n"])
            found.setdefault(place, []).append(row)
    return [
        {
            "x": place[1], "y": place[2], "problems": len(those), "dataset": place[0], "verifier": those[0]["verifier"],
            f"{runs[0]} correct": f"{place[3]} of {place[4]}", f"{runs[1]} correct": f"{place[5]} of {place[6]}",
            "ids": ", ".join(row["problem_id"] for row in those[:_NAMED]) + (" …" if len(those) > _NAMED else ""),
        }
        for place, those in found.items()
    ]  # fmt: skip


def _joined(values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put problems of nearly the same place together, at the middle of their square; 0 and 1 stay alone."""
    found: dict[Any, list[dict[str, Any]]] = {}
    for row in values:
        found.setdefault((row["dataset"], _middle(row["x"]), _middle(row["y"])), []).append(row)
    joined: list[dict[str, Any]] = []
    for (dataset, x, y), those in found.items():
        problems, ids = sum(row["problems"] for row in those), those[0]["ids"]
        ids = ids if len(those) == 1 else f"{ids.removesuffix(' …')} …"
        same = {"dataset": dataset, "verifier": those[0]["verifier"]}
        joined.append({"x": x, "y": y, "problems": problems, **same, "ids": ids})
    return joined


def _middle(value: float) -> float:
    return value if value in {0, 1} else (int(value * _STEPS + _ROUNDING) + 0.5) / _STEPS

"""Problems by runs: which run solves which problem, the accuracy as a shade, with the ids of the problems."""

from collections.abc import Sequence
from math import ceil
from typing import Any

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.captions import PART, counted, named
from samples.charts.panels import Drawn, panels, titled, tooltips
from samples.charts.shorten import expression
from samples.charts.versions import same_problems
from samples.errors import SamplesError

_CELLS = 3_000  # of a picture
_LONG = 50  # problems in a column
_WIDE = 900  # pixels that the columns of a picture may take
_CELL = 13  # pixels
_ID = 90  # pixels of an id


def grid(asked: Asked, rows: list[dict[str, Any]]) -> Drawn:
    """Return the grid at the smallest k of the rows: the problems that most runs solve first.

    Where problems are too many for a picture, those that all runs solve, or none, are left out first. Problems that
    runs saw in different versions are left out too.

    Raises:
        SamplesError: There are more runs than a picture can show, or no problem is left.
    """
    k = min(row["k"] for row in rows)
    rows, notes = same_problems([row for row in rows if row["k"] == k])
    if not rows:
        raise SamplesError("; ".join([f"{asked.name}: nothing to draw", *notes]))
    runs = asked.palette.order(distinct(rows, "run"))
    if len(runs) > _CELLS // _LONG:
        raise SamplesError(f"{asked.name}: {len(runs)} runs are too many for one grid: --runs A,B,C names fewer")
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault((row["dataset"], row["problem_id"]), []).append(row)
    ordered = sorted(found, key=lambda key: (key[0], *_place(found[key], runs)))
    many = _CELLS // len(runs)
    kept, more = _kept(ordered, found, runs, many)
    values: list[dict[str, Any]] = []
    at: dict[str, int] = {}
    totals = {dataset: sum(1 for key in kept if key[0] == dataset) for dataset, _ in kept}
    for key in kept:
        place = at[key[0]] = at.get(key[0], 0) + 1
        long = _long(totals[key[0]])
        first = (place - 1) // long * long
        part = f"problems {first + 1} to {min(first + long, totals[key[0]])}" if totals[key[0]] > _LONG else ""
        for row in found[key]:
            cell = {name: row[name] for name in ("run", "problem_id", "c", "n", "pass_at_k")}
            values.append({"dataset": key[0], **cell} | ({PART: part} if part else {}))
    counts = {run: sum(1 for key in found for row in found[key] if row["run"] == run and row["c"]) for run in runs}
    said = [f"{run} {count:,}" for run, count in list(counts.items())[:6]]
    more.insert(
        0, f"{counted(len(found), 'problem')}; solved by {', '.join(said)}{' …' if len(counts) > len(said) else ''}"
    )
    more += notes
    what = "accuracy" if k == 1 else f"pass@{k}"
    return _finished(asked, values, runs, what, more)


def _long(problems: int) -> int:
    """Return how many problems stand in a column, so that all columns are about as long."""
    return ceil(problems / ceil(problems / _LONG))


def _place(rows: Sequence[dict[str, Any]], runs: Sequence[str]) -> tuple[Any, ...]:
    """Return what a problem is ordered by: how many runs solve it, then the accuracy under each run."""
    by = {row["run"]: row["pass_at_k"] for row in rows}
    return (-sum(1 for row in rows if row["c"]), *(-by.get(run, -1.0) for run in runs), rows[0]["problem_id"])


def _kept(
    ordered: Sequence[tuple[str, str]],
    found: dict[tuple[str, str], list[dict[str, Any]]],
    runs: Sequence[str],
    many: int,
) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the problems that are drawn, at most `many`, and a line that says which are not."""
    if len(ordered) <= many:
        return list(ordered), []
    split = [key for key in ordered if 0 < sum(1 for row in found[key] if row["c"]) < len(runs)]
    chosen = set(split[:many])
    for key in ordered:
        if len(chosen) == many:
            break
        chosen.add(key)
    left = counted(len(ordered) - many, "problem")
    why = "those that some runs solve and others do not come first" if split else "the easiest come first"
    return [key for key in ordered if key in chosen], [
        f"not drawn: {left}; {why}; --problems and --where choose others"
    ]


def _finished(asked: Asked, values: list[dict[str, Any]], runs: Sequence[str], what: str, more: list[str]) -> Drawn:
    parts = panels(asked, values)
    tooltip = tooltips(values)
    for row in values:
        row.pop(PART, None)
    x = alt.X(
        "run:N",
        sort=list(runs),
        title=None,
        axis=alt.Axis(
            orient="top", labelAngle=-45, labelLimit=160, labelExpr=expression(24), ticks=False, domain=False
        ),
    )
    y = alt.Y(
        "problem_id:N",
        sort=None,
        title=None,
        axis=alt.Axis(labelLimit=_ID, labelFontSize=10, ticks=False, domain=False),
    )
    shade = alt.Scale(domain=[0, 1], range=["#C6DBEF", "#08306B"])
    legend = alt.Legend(title=what, format="%", gradientLength=120)
    accuracy = alt.Color("pass_at_k:Q", scale=shade, legend=legend)
    colour = alt.condition("datum.c > 0", accuracy, alt.value("#FFFFFF"))
    cells = alt.Chart().mark_rect(stroke="#D9D9D9", strokeWidth=1).encode(x=x, y=y, color=colour, tooltip=tooltip)
    layers = [cells]
    chart: Any = alt.layer(*layers, data=alt.InlineData(values=values))
    chart = chart.properties(width=alt.Step(max(_CELL, 22)), height=alt.Step(_CELL))
    if parts:
        header = alt.Header(title=None, labelFontSize=11, labelFontWeight="bold")
        columns = max(1, _WIDE // (22 * len(runs) + _ID))
        facet = alt.Facet("panel:N", sort=parts, header=header)
        chart = chart.facet(facet=facet, columns=columns).resolve_scale(y="independent")
        chart = chart.resolve_axis(x="independent")
    more.append("white: no correct sample; no square: the run has no verified sample of the problem")
    title = f"Which problems {named(runs)} solve"
    return titled(asked, chart, values, title, more=more, shared=["dataset", "verifier"])

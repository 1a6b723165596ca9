"""How many problems each set of runs solves: bars, and below them which runs the set has (an UpSet chart)."""

from typing import Any

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.captions import counted, named
from samples.charts.columns import told
from samples.charts.palette import GREY
from samples.charts.panels import Drawn, counts_axis, run_colour, titled
from samples.charts.shorten import expression
from samples.errors import SamplesError

_SETS = 30  # bars of a picture
_STEP = 26  # pixels from bar to bar
_LEAST = 320  # pixels of a picture, so that the title has room
_ROW = 20  # pixels of a run
_BARS = 200  # pixels
_IDS = 8  # in a tooltip
_DATASETS = 4
_MADE = ("set", "shown", "none")  # columns for the picture alone


def draw(asked: Asked) -> Drawn:
    """Return the chart: the largest sets first, a picture for each dataset.

    Raises:
        SamplesError: There are more datasets than one picture can show.
    """
    values = asked.values("solved_by", "runs", "problem_ids", needs=["share"])
    datasets = distinct(values, "dataset")
    if len(datasets) > _DATASETS:
        raise SamplesError(f"{asked.name}: {len(datasets)} datasets are too many for one chart: --dataset chooses one")
    parts: list[Any] = []
    more: list[str] = []
    names: dict[str, None] = {}
    for dataset in datasets:
        rows = [row for row in values if row["dataset"] == dataset]
        runs = asked.palette.order(rows[0]["runs"])
        names |= dict.fromkeys(runs)
        total = f"{counted(sum(row['problems'] for row in rows), 'problem')} that all runs have"
        if unpaired := rows[0]["unpaired"]:
            total += f"; left out: {unpaired:,} that some run has not, or in another version"
        sets = sorted(rows, key=lambda row: (-row["problems"], len(row["solved_by"]), row["solved_by"]))
        if len(sets) > _SETS:
            rest = counted(sum(row["problems"] for row in sets[_SETS:]), "problem")
            total += f"; {len(sets) - _SETS:,} smaller sets of runs, with {rest} in all, are not drawn"
        more.append(f"{dataset}: {total}" if len(datasets) > 1 else total)
        parts.append(_picture(asked, sets[:_SETS], runs, dataset if len(datasets) > 1 else None))
    chart: Any = alt.vconcat(*parts, spacing=24) if len(parts) > 1 else parts[0]
    title = f"Which of {named(list(names))} solve the same problems"
    return titled(asked, chart, values, title, more=more, shared=["dataset"])


def _picture(asked: Asked, sets: list[dict[str, Any]], runs: list[str], dataset: str | None) -> Any:
    """Return the bars of one dataset above the matrix of its runs."""
    bars: list[dict[str, Any]] = []
    cells: list[dict[str, Any]] = []
    for place, row in enumerate(sets, 1):
        solved = row["solved_by"]
        ids = row["problem_ids"] or []
        about = {
            "set": place,
            "solved_by": "no run" if not solved else "all runs" if len(solved) == len(runs) > 1 else ", ".join(solved),
            "problems": row["problems"],
            "share": row["share"],
            "ids": ", ".join(ids[:_IDS]) + (f" and {len(ids) - _IDS} more" if len(ids) > _IDS else ""),
        }
        bars.append({**about, "shown": f"{row['problems']:,.4g}", "none": not solved})
        cell = {"set": place, "problems": row["problems"]}
        cells += [{**cell, "run": run, "solves": "yes" if run in solved else "no"} for run in runs]
    most = max((row["problems"] for row in bars), default=0)
    size = max(_STEP * len(sets), _LEAST)
    x = alt.X("set:O", title=None, axis=None, scale=alt.Scale(paddingInner=0.3, paddingOuter=0.2))
    y = alt.Y("problems:Q", title="problems that these runs alone solve", axis=counts_axis(most, grid=True))
    bar = alt.Chart().mark_bar().encode(
        x=x, y=y, tooltip=told(bars, _MADE),
        color=alt.condition(alt.datum.none, alt.value("#BDBDBD"), alt.value("#4D4D4D")),
    )  # fmt: skip
    number = alt.Chart().mark_text(dy=-7, color="#222222", fontSize=11).encode(x=x, y=y, text="shown:N")
    above = alt.layer(bar, number, data=alt.InlineData(values=bars)).properties(width=size, height=_BARS)
    if dataset is not None:
        above = above.properties(title=alt.TitleParams(dataset, fontSize=12, anchor="start"))
    row_of = alt.Y(
        "run:N",
        sort=runs,
        title=None,
        axis=alt.Axis(labelLimit=260, labelExpr=expression(36), ticks=False, domain=False),
    )
    empty = (
        alt.Chart()
        .mark_point(size=60, filled=True, color="#DDDDDD", opacity=1)
        .encode(x=x, y=row_of, tooltip=told(cells, _MADE))
    )
    there = alt.datum.solves == "yes"
    link = (
        alt.Chart().mark_line(color=GREY, strokeWidth=2).encode(x=x, y=row_of, detail="set:O").transform_filter(there)
    )
    colour = run_colour(asked, cells, legend=False)
    solid = (
        alt.Chart()
        .mark_point(size=90, filled=True, opacity=1)
        .encode(x=x, y=row_of, color=colour, tooltip=told(cells, _MADE))
    )
    below = alt.layer(empty, link, solid.transform_filter(there), data=alt.InlineData(values=cells))
    below = below.properties(width=size, height=_ROW * len(runs))
    return alt.vconcat(above, below, spacing=6).resolve_scale(x="shared")

"""Perplexities over problems as boxes: Base(Base), Base(RL), RL(RL), Base(reference) (Yue et al. 2025, figure 6)."""

from collections.abc import Callable
from typing import Any

import altair as alt

from samples.charts.asked import Asked, data, distinct
from samples.charts.boxes import log_axis, log_scale
from samples.charts.captions import counted, named
from samples.charts.forest import names
from samples.charts.panels import Drawn, finished, run_colour, tooltips
from samples.charts.shorten import shortened
from samples.query.rows import Rows

_NAME = 18  # letters of a name; two names and the brackets fit an axis
_POINTS = 100  # problems that have points of their own
_ROW, _BOX = 36, 18  # height of a row and of its box, in pixels
_MEANING = (
    "box: quartiles and median over problems of the median of a problem's samples; whiskers: lowest and highest; "
    "diamond: mean"
)
_FACTS = ("run", "dataset", "scorer", "token_mode", "problem_id", "samples", "q50")


def draw(asked: Asked) -> Drawn:
    """Return the chart: a box over the medians of the problems for each pair of a scorer and a run.

    With a scorer, the perplexities of each run under its own model stand beside those under the scorer.
    """
    scorer = asked.parameters.get("scorer")
    found = asked.values(needs=["perplexity"])
    others = [run for run in distinct(found, "run") if run != found[0]["scorer"]]  # the scorer's own run is there
    if scorer and asked.ask and others:
        found += data(asked.ask(asked.name, scorer=None, runs=others))
    runs = asked.palette.order(distinct(found, "run"))
    boxes = list({_key(row): row for row in found if row["status"] == "all"}.values())
    boxes.sort(key=lambda row: runs.index(row["run"]))
    few = max(row["problems"] for row in boxes) <= _POINTS
    points = _points(asked.ask, [scorer, None], boxes) if few and asked.ask else []
    named_so = _names(boxes)
    values = [{**row, "box": named_so[_key(row)], "place": "box"} for row in boxes]
    values += [{**row, "box": named_so[_key(row)], "place": "point"} for row in points]
    title = f"Perplexity of the samples of {named(runs)}" + (
        f" under {named([found[0]['scorer']])} and their own models" if scorer else ""
    )
    counts = ", ".join(dict.fromkeys(counted(row["problems"], "problem") for row in boxes))
    more = [f"{counts}; all samples, right or wrong", f"{_MEANING}{'; points: problems' if points else ''}"]
    layers = _layers(asked, values, boxes, points)
    height = _ROW * len(distinct(values, "box")) + 10
    return finished(asked, layers, values, title, more=more, shared=["dataset", "scorer"], height=height, own_rows=True)


def _layers(
    asked: Asked, values: list[dict[str, Any]], boxes: list[dict[str, Any]], points: list[dict[str, Any]]
) -> list[alt.Chart]:
    scale, axis = (of(boxes, "lowest", "highest") for of in (log_scale, log_axis))
    low, quarter, middle, mean = (
        alt.X(f"{column}:Q", title="perplexity (log scale)", scale=scale, axis=axis)
        for column in ("lowest", "q25", "q50", "perplexity")
    )
    same: dict[str, Any] = {
        "y": names("box", distinct(values, "box"), "scorer (run)"),
        "color": run_colour(asked, boxes, legend=False),
        "tooltip": tooltips(boxes),
    }
    box = alt.Chart().mark_bar(filled=False, fill="#FFFFFF", strokeWidth=1.5, size=_BOX)
    diamond = alt.Chart().mark_point(shape="diamond", size=60, filled=True, opacity=1, stroke="#FFFFFF", strokeWidth=1)
    made = [
        alt.Chart().mark_rule(strokeWidth=1.5).encode(**same, x=low, x2="highest:Q"),
        box.encode(**same, x=quarter, x2="q75:Q"),
        alt.Chart().mark_tick(thickness=3, size=_BOX, opacity=1).encode(**same, x=middle),
        diamond.encode(**{**same, "color": alt.value("#000000")}, x=mean),
    ]
    layers = [layer.transform_filter(alt.datum.place == "box") for layer in made]
    if points:
        other: dict[str, Any] = {**same, "tooltip": tooltips(points)}
        dots = alt.Chart().mark_circle(size=16, opacity=0.5).encode(**other, x=middle)
        layers.insert(2, dots.transform_filter(alt.datum.place == "point"))
    return layers


def _key(row: dict[str, Any]) -> tuple[str, ...]:
    return row["scorer"], row["run"], row["token_mode"]


def _names(boxes: list[dict[str, Any]]) -> dict[tuple[str, ...], str]:
    """Return what each box is called: "base(rl)", with short names where these tell the boxes apart."""
    short = {_key(row): f"{shortened(row['scorer'], _NAME)}({shortened(row['run'], _NAME)})" for row in boxes}
    whole = {_key(row): f"{row['scorer']}({row['run']})" for row in boxes}
    return short if len(set(short.values())) == len(set(whole.values())) else whole


def _points(ask: Callable[..., Rows], scorers: list[str | None], boxes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the median of the samples of each problem, for the boxes that there are."""
    there = {_key(row) for row in boxes}
    found = [row for scorer in dict.fromkeys(scorers) for row in data(ask("perplexity_distribution", scorer=scorer))]
    shown = [row for row in found if row["status"] == "all" and row["q50"] is not None and _key(row) in there]
    points = {(*_key(row), row["problem_id"]): {name: row[name] for name in _FACTS} for row in shown}
    return list(points.values())

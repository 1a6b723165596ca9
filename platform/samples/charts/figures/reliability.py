"""G-Pass@k and Cover@tau over tau: a line for each run, a panel for Cover@tau and for each k."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from samples.charts.asked import Asked, distinct, spread, spread_in_log
from samples.charts.captions import PART, named
from samples.charts.panels import Drawn, finished, run_colour, run_dash, tooltips

DEFAULTS = {"taus": [round(place / 40, 3) for place in range(41)]}
_KS = 5  # panels, beside that of Cover@tau
_RUNS = 12  # with more, one k is drawn
_FEWEST = 6  # points of a line
_ROWS = 500  # of a chart: a page of HTML stays below a megabyte, and 900 KB of it are Vega


def draw(asked: Asked) -> Drawn:
    """Return the chart. Cover@tau has no k: it is that of the problems at the largest k."""
    rows = asked.values(needs=["g_pass_at_k"])
    runs = asked.palette.order(distinct(rows, "run"))
    ks = sorted(distinct(rows, "k"))
    kept = spread_in_log([k for k in ks if k > 1] or ks, _KS) if len(runs) <= _RUNS else ks[-1:]
    lines = _lines(rows, runs, kept)
    most = max(_FEWEST, _ROWS // len(lines))
    values = [row for line in lines for row in spread(line, most)]
    x = alt.X(
        "tau:Q",
        title="τ (share of the samples that must be correct)",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(tickCount=5),
    )
    y = alt.Y("chance:Q", title="share of the problems, or chance", scale=alt.Scale(domain=[0, 1]))
    dash = run_dash(asked, values)
    mark = alt.Chart().mark_line(strokeWidth=2, interpolate="step-before", point=len(distinct(rows, "tau")) == 1)
    line = mark.encode(x=x, y=y, color=run_colour(asked, values, lines=True), strokeDash=dash)
    near = alt.Chart().mark_point(size=60, opacity=0).encode(x=x, y=y, tooltip=tooltips(values))
    more = [
        "Cover@τ: the share of the problems that have an accuracy of at least τ",
        "G-Pass@k: the chance that at least τ of k samples are correct; at τ = 0 it is pass@k, at τ = 1 pass^k",
    ]
    if any(len(line) > most for line in lines):
        more.append(f"lines with more than {most} steps are drawn with {most} of them; fewer runs or --ks show more")
    if len(kept) < len(ks):
        more.append(f"k shown: {', '.join(f'{k:,}' for k in kept)}; --ks chooses others")
    return finished(asked, [line, near], values, f"How reliably {named(runs)} solve problems", more=more)


def _lines(rows: Sequence[dict[str, Any]], runs: Sequence[str], ks: Sequence[int]) -> list[list[dict[str, Any]]]:
    """Return the points of each line of each panel, without those within its flat parts."""
    facts = ("run", "dataset", "verifier", "k", "problems", "pass_hat_k", "tau")
    last = {run: max(row["k"] for row in rows if row["run"] == run) for run in runs}
    values: list[dict[str, Any]] = [
        {name: row[name] for name in facts if name not in {"k", "pass_hat_k"}}
        | {"chance": row["cover_at_tau"], PART: "Cover@τ"}
        for row in rows
        if row["k"] == last[row["run"]]
    ]
    values += [
        {name: row[name] for name in facts} | {"chance": row["g_pass_at_k"], PART: f"G-Pass@{k:,}"}
        for k in ks
        for row in rows
        if row["k"] == k
    ]
    lines: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in values:
        lines.setdefault((row["run"], row["dataset"], row["verifier"], row[PART]), []).append(row)
    return [_bent(line) for line in lines.values()]


def _bent(line: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        row
        for place, row in enumerate(line)
        if not 0 < place < len(line) - 1 or not line[place - 1]["chance"] == row["chance"] == line[place + 1]["chance"]
    ]

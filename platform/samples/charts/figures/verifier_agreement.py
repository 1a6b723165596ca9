"""How often two verifiers agree on the same samples: a row for each run, a column for each pair of verdicts."""

from typing import Any

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.captions import counted, named
from samples.charts.forest import names
from samples.charts.matrix import cells, shaded
from samples.charts.panels import Drawn, finished
from samples.charts.shorten import expression, few

_KINDS = ("they agree", "they differ")
_CELL, _ROW = 92, 34  # pixels
_FACTS = ("run", "dataset", "first", "second", "samples", "agree", "share", "kappa", "undecided")


def draw(asked: Asked) -> Drawn:
    """Return the chart. Cells of samples on which the verifiers differ are orange; the rest are grey."""
    rows = asked.values(needs=["share"])
    runs = asked.palette.order(distinct(rows, "run"))
    first, second = rows[0]["first"], rows[0]["second"]
    words = {
        "both_correct": "both",
        "only_first": f"only {first}",
        "only_second": f"only {second}",
        "neither": "neither",
    }
    values: list[dict[str, Any]] = []
    for row in rows:
        about = {name: row[name] for name in _FACTS}
        for column, said in words.items():
            cell = {**about, "correct": said, "count": row[column], "kind": _KINDS[column.startswith("only")]}
            shaded(cell, row[column], row["samples"])
            values.append(cell)
        kappa = "not known" if row["kappa"] is None else f"{row['kappa']:.3f}"
        values.append({**about, "correct": "agree", "shown": f"{row['share']:.2%}"})
        values.append({**about, "correct": "kappa", "shown": kappa})
    order = [*words.values(), "agree", "kappa"]
    short = expression(_CELL // 6)
    axis = alt.Axis(labelAngle=0, labelLimit=_CELL - 4, labelExpr=short, orient="top", domain=False, ticks=False)
    x = alt.X("correct:N", sort=order, title="which verifiers call the sample correct", axis=axis)
    layers = cells(values, x, names("run", runs), "kind", _KINDS)
    lost = [f"{row['run']} {counted(row['undecided'], 'sample')}" for row in rows if row["undecided"]]
    more = [f"left out, an error or a timeout of either verifier: {few(lost)}"] if lost else []
    title = f"Verdicts of {named([first])} and {named([second])} on the same samples of {named(runs)}"
    size: dict[str, Any] = {"width": _CELL * len(order), "height": _ROW * len(runs), "shrinks": False}
    return finished(asked, layers, values, title, more=more, shared=["dataset"], own_rows=True, **size)

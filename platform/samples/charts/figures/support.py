"""Which solved problems training kept, gained and lost, over the number of correct samples that solve a problem."""

from typing import Any

import altair as alt

from samples.charts.asked import Asked, distinct, spread_in_log
from samples.charts.captions import SHARED, counted, named
from samples.charts.palette import COLOURS, DASHES, GREY
from samples.charts.panels import Drawn, doublings, finished, tooltips
from samples.errors import SamplesError

DEFAULTS = {"threshold": "all"}
MEASURES = {
    "srr": "SRR: share of solved problems that training kept",
    "ndr": "NDR: share of the solved problems that are new",
    "sds": "SDS: harmonic mean of SRR and NDR",
    "nscr": "NSCR: problems gained minus lost, as a share",
}
_POINTS = 48  # of a line


def draw(asked: Asked) -> Drawn:
    """Return the chart: a line for each of the four rates.

    Raises:
        SamplesError: All rates are of nothing: no run solves a problem.
    """
    rows = asked.values()
    kept = spread_in_log(distinct(rows, "threshold"), _POINTS)
    facts = ("a", "b", "dataset", "threshold", "p", "e", "s", "problems", "n_a", "n_b")
    values: list[dict[str, Any]] = [
        {name: row[name] for name in facts} | {"rate": row[column], "measure": words}
        for column, words in MEASURES.items()
        for row in rows
        if row["threshold"] in kept and row[column] is not None
    ]
    a, b = rows[0]["a"], rows[0]["b"]
    if not values:
        raise SamplesError(f"{asked.name}: nothing to draw: neither {a} nor {b} solves a problem")
    x = doublings(values, "threshold", "correct samples that solve a problem (threshold)")
    y = alt.Y("rate:Q", title="rate (a share of problems)")
    words = [one for one in MEASURES.values() if one in distinct(values, "measure")]
    places = [list(MEASURES.values()).index(one) for one in words]
    legend = alt.Legend(symbolType="stroke", symbolStrokeWidth=2, orient="bottom", columns=2, labelLimit=320)
    colours = alt.Scale(domain=words, range=[_PLAIN[place] for place in places])
    dashes = alt.Scale(domain=words, range=[DASHES[place] for place in places])
    colour = alt.Color("measure:N", scale=colours, sort=words, title=None, legend=legend)
    dash = alt.StrokeDash("measure:N", scale=dashes, sort=words, title=None, legend=legend)
    line = alt.Chart().mark_line(strokeWidth=2).encode(x=x, y=y, color=colour, strokeDash=dash)
    points = alt.Chart().mark_point(size=30, filled=True, opacity=1)
    points = points.encode(x=x, y=y, color=colour, tooltip=tooltips(values))
    zero = alt.Chart().mark_rule(color=GREY).encode(y=alt.YDatum(0))
    first = rows[0]
    drawn = f"{named([a])} {_samples(first['n_a'])}, {named([b])} {_samples(first['n_b'])} of each problem"
    counts = f"{first['p']:,.4g} kept, {first['e']:,.4g} gained, {first['s']:,.4g} lost"
    more = [f"{drawn}; at threshold {first['threshold']:,}: {counts}"]
    if first["unpaired"]:
        more.append(f"left out: {counted(first['unpaired'], 'problem')} that one run has not, or in another version")
    title = f"Solved problems kept, gained and lost from {named([a])} to {named([b])}"
    return finished(asked, [zero, line, points], values, title, more=more, shared=SHARED)


# Colours of measures, not of runs: the two that a run rarely has, a grey and black.
_PLAIN = ("#000000", COLOURS[3], "#767676", COLOURS[4])


def _samples(n: int) -> str:
    return f"at least {counted(n, 'sample')}"

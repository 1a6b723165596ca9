"""How many samples went from which verdict to which: a matrix of statuses for each run."""

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.captions import PART, counted, named
from samples.charts.matrix import cells, shaded
from samples.charts.panels import Drawn, finished
from samples.charts.shorten import few
from samples.errors import SamplesError

_STATUSES = ("correct", "wrong", "no_answer", "timeout", "error", "none")
_KINDS = ("same verdict", "another verdict")
_ONE_SIDE = "a verdict on one side only"
_CELL = 66  # pixels
_PANELS = 12


def draw(asked: Asked) -> Drawn:
    """Return the chart. Cells of samples whose verdict changed are orange; the rest are grey.

    A sample with a verdict on one side only has none that changed, and is counted apart.

    Raises:
        SamplesError: There are more runs than matrices that can be read, or no sample has a verdict on both sides.
    """
    values = asked.values(needs=["samples"])
    runs = asked.palette.order(distinct(values, "run"))
    if len(runs) > _PANELS:
        most = f"the {_PANELS} matrices of one picture"
        raise SamplesError(f"{asked.name}: {len(runs)} runs are more than {most}: --runs A,B chooses some")
    if all(row["from_status"] is None or row["to_status"] is None for row in values):
        raise SamplesError(
            f"{asked.name}: nothing to draw: no sample of {named(runs)} has both an earlier and a later verdict; name "
            "the two sides with from and to, or judge again"
        )
    values.sort(key=lambda row: runs.index(row["run"]))
    totals = {run: sum(row["samples"] for row in values if row["run"] == run) for run in runs}
    changed, one_side = dict.fromkeys(runs, 0), dict.fromkeys(runs, 0)
    for row in values:
        before, after = row["from_status"] or "none", row["to_status"] or "none"
        there = "none" not in {before, after}
        kind = _KINDS[before != after] if there else _ONE_SIDE
        row |= {"earlier": before, "later": after, "kind": kind, PART: row["run"]}
        shaded(row, row["samples"], totals[row["run"]])
        changed[row["run"]] += row["samples"] * (there and before != after)
        one_side[row["run"]] += row["samples"] * (not there)
    sides = [status for status in _STATUSES if any(status in {row["earlier"], row["later"]} for row in values)]
    before, after = (_side(words, asked.parameters.get(key)) for words, key in (("earlier", "from"), ("later", "to")))
    every = alt.Scale(domain=sides)
    x = alt.X("later:N", sort=sides, scale=every, title=after, axis=alt.Axis(labelAngle=0))
    y = alt.Y("earlier:N", sort=sides, scale=every, title=before)
    kinds = [*_KINDS, *([_ONE_SIDE] if any(one_side.values()) else [])]
    layers = cells(values, x, y, "kind", kinds, hidden=("earlier", "later"))
    both = {run: totals[run] - one_side[run] for run in runs}
    more = [few([f"{run}: {counted(changed[run], 'verdict')} of {both[run]:,} changed" for run in runs])]
    if apart := [f"{run} {counted(one_side[run], 'sample')}" for run in runs if one_side[run]]:
        more.append(f"no earlier or no later verdict: {few(apart)}")
    title = f"Earlier and later verdicts on the samples of {named(runs)}"
    side = _CELL * max(2, len(sides))
    shared = ["dataset"]
    return finished(asked, layers, values, title, more=more, shared=shared, width=side, height=side, shrinks=False)


def _side(which: str, meant: str | None) -> str:
    return f"{which} verdict ({named([meant])})" if meant else f"{which} verdict"

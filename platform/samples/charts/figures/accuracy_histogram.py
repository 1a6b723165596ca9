"""Problems by accuracy, in twelve bins, the bars of the runs side by side."""

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.captions import counted, named
from samples.charts.panels import Drawn, finished, run_colour, tooltips


def draw(asked: Asked) -> Drawn:
    """Return the chart."""
    values = asked.values(needs=["share"])
    runs = asked.palette.order(distinct(values, "run"))
    bins = distinct(sorted(values, key=lambda row: row["place"]), "bin")
    bars = alt.Chart().mark_bar()
    bars = bars.encode(
        x=alt.X(
            "bin:N",
            sort=bins,
            title="accuracy of a problem (correct / verified samples)",
            axis=alt.Axis(labelAngle=-45),
        ),
        xOffset=alt.XOffset("run:N", sort=runs),
        y=alt.Y("share:Q", title="share of the problems", axis=alt.Axis(format="%")),
        color=run_colour(asked, values),
        tooltip=tooltips(values),
    )
    totals = {run: sum(row["problems"] for row in values if row["run"] == run) for run in runs}
    if len(set(totals.values())) == 1:
        said = f"{counted(totals[runs[0]], 'problem')}{' of each run' if len(runs) > 1 else ''}"
    else:
        said = "problems: " + ", ".join(f"{run} {total:,}" for run, total in totals.items())
    title = f"Accuracy of the problems under {named(runs)}"
    return finished(asked, [bars], values, title, more=[said], shared=["dataset", "verifier"])

"""-log pass@k over k on log-log axes: points for what was observed, and the line of the fitted power law."""

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.boxes import log_axis, log_scale
from samples.charts.captions import named
from samples.charts.panels import Drawn, doublings, finished, run_colour, run_dash, tooltips

_Y = "-log pass@k (natural log, on a log scale)"
_SAID = 6  # runs in the subtitle


def draw(asked: Asked) -> Drawn:
    """Return the chart. Where every problem is solved, -log pass@k is 0 and has no place on a log axis."""
    rows = asked.values(needs=["minus_log"])
    values = [row for row in rows if row["minus_log"] > 0] or asked.values(needs=["fit"])
    runs = asked.palette.order(distinct(values, "run"))
    x = doublings(values, "k", "k (samples per problem)")
    heights = [height for column in ("minus_log", "fit") for height in distinct(values, column) if height > 0]
    span = [{"low": min(heights), "high": max(heights)}]
    scale, axis = (of(span, "low", "high") for of in (log_scale, log_axis))
    observed, law = (alt.Y(f"{column}:Q", title=_Y, scale=scale, axis=axis) for column in ("minus_log", "fit"))
    colour = run_colour(asked, values, lines=True)
    line = alt.Chart().mark_line(strokeWidth=1.5).encode(x=x, y=law, color=colour, strokeDash=run_dash(asked, values))
    points = alt.Chart().mark_point(size=40, filled=True, opacity=1)
    points = points.encode(x=x, y=observed, color=colour, tooltip=tooltips(values))
    last = {(row["run"], row["dataset"]): row for row in values if row["exponent"] is not None}
    said = [
        f"{row['run']}: k^-{row['exponent']:.3g}"
        + ("" if row["low"] is None else f" ({row['low']:.3g} to {row['high']:.3g})")
        + f", off by {100 * row['misfit']:.1f} points of pass@k at most"
        for row in last.values()
    ]
    more = ["points: observed; line: the fitted power law; in brackets: the 95 % interval of its exponent"]
    more += said if len(said) <= _SAID else []
    if gone := len(rows) - len(values):
        more.append(f"not drawn: {gone} points at which every problem is solved")
    return finished(asked, [line, points], values, f"-log pass@k of {named(runs)}, and a power law", more=more)

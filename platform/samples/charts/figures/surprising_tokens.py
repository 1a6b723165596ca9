"""The tokens whose log-probs differ most between two scorers: a bar for each."""

import altair as alt

from samples.charts.asked import Asked
from samples.charts.captions import named
from samples.charts.columns import told
from samples.charts.forest import names
from samples.charts.palette import GREY
from samples.charts.panels import Drawn, finished

_LESS, _MORE = "#4D4D4D", "#ABABAB"  # greys: colours are for runs
_ROW = 15  # height of a bar, in pixels
_MOST = 100  # bars that can be read


def draw(asked: Asked) -> Drawn:
    """Return the chart of at most _MOST tokens, those that the scorer finds least likely first."""
    found = asked.values(needs=["gap"])
    values = sorted(found[:_MOST], key=lambda row: row["gap"])
    for row in values:
        row |= {"token": f"id {row['token_id']}", "occurs": f"{row['n']:,} times", "end": max(row["gap"], 0)}
    scorer, runs = asked.parameters["scorer"], asked.parameters.get("runs") or "all runs"
    against = asked.parameters.get("against")
    of = named([runs] if isinstance(runs, str) else list(runs))
    other = named([against]) if against else "the run itself"
    said = f"mean log p under {named([scorer])} - log p under {other} (nats)"
    y, x = names("token", [row["token"] for row in values]), alt.X("gap:Q", title=said)
    bars = alt.Chart().mark_bar().encode(
        y=y, x=x, color=alt.condition(alt.datum.gap < 0, alt.value(_LESS), alt.value(_MORE)),
        tooltip=told(values, {"end", "occurs", "token"}),
    )  # fmt: skip
    counts = alt.Chart().mark_text(align="left", dx=4, fontSize=9, color="#444444")
    counts = counts.encode(y=y, x=alt.X("end:Q", title=said), text="occurs:N")
    zero = alt.Chart().mark_rule(color=GREY).encode(x=alt.XDatum(0))
    title = f"Tokens of {of}: log-probs under {named([scorer])} against {other}"
    more = ["left of 0, the scorer finds the token less likely; beside the bar: how often it occurs"]
    if len(found) > _MOST:
        more.append(f"the first {_MOST} of {len(found):,} tokens; a token is written as its id")
    return finished(asked, [bars, counts, zero], values, title, more=more, shared=[], height=_ROW * len(values) + 10)

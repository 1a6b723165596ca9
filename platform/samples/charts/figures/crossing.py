"""Both curves of pass@k, and the k at which one run overtakes the other, with its interval."""

from samples.charts.asked import Asked, data, distinct, spread_in_log
from samples.charts.captions import named
from samples.charts.crossed import marked, said
from samples.charts.curves import curves
from samples.charts.panels import Drawn, doublings, finished
from samples.errors import SamplesError

_POINTS = 33  # of a curve, evenly in log k


def draw(asked: Asked) -> Drawn:
    """Return the chart: the curves at every k, or at some of them evenly in log k where they are many."""
    (row,) = list(asked.rows) or [None]
    if row is None or asked.ask is None:
        raise SamplesError("; ".join([f"{asked.name}: nothing to draw: the answer has no rows", *asked.rows.notes]))
    most = row["largest_k"]
    special = {row[name] for name in ("k", "behind_from") if row[name] is not None}
    ks = sorted({*spread_in_log(range(1, most + 1), _POINTS), *special})
    values = data(asked.ask("pass_at_k", runs=[row["a"], row["b"]], ks=ks, problem_set="common"))
    layers = curves(asked, values, doublings(values, "k", "k (samples per problem)"), "pass_at_k", "pass@k")
    more = [said(row)]
    if row["behind_from"] is not None:
        behind = named([row["leads_at_1"] or row["a"]])
        more.append(f"{behind} is behind by more than chance first at k = {row['behind_from']:,} (dotted line)")
    more.append(
        "exact: who leads at each k, on these problems; not exact: the interval (grey), from 1,000 resamples of them"
    )
    runs = named(asked.palette.order(distinct(values, "run")))
    marks = marked(values, [row], behind=True)
    return finished(asked, [*marks, *layers], values, f"Where pass@k of {runs} cross", more=more)

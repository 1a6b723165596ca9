"""Draw the chart of a named query."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import samples_queries
from samples.charts import registry
from samples.charts.asked import Asked
from samples.charts.palette import Palette
from samples.lake.tables import Tables
from samples.query import filters
from samples.query.query import query
from samples.query.rows import Rows

if TYPE_CHECKING:
    from samples.charts.panels import Drawn

Ask = Callable[..., Rows]  # as `query`: of a lake, a name and parameters


def plot(lake: Tables, name: str, **parameters: Any) -> "Drawn":
    """Return the chart of a named query, as an Altair chart. `parameters` are those of `samples.query.query.query`.

    The chart's data are the rows of the answer, and its subtitle has the notes.

    Raises:
        UsageError: The query has no chart, or a parameter is unknown, missing or of another kind.
        SamplesError: The lake does not hold what the answer needs, or there is nothing to draw.
    """
    pinned = lake.pin(("runs",))
    return drawn(pinned, registry.known(name), query(pinned, name, **parameters), parameters)


def drawn(lake: Tables, name: str, rows: Rows, parameters: Mapping[str, Any], ask: Ask = query) -> "Drawn":
    """Return the chart of an answer that is there already; `ask` answers the other query of the figure, if it has one.

    Raises:
        SamplesError: There is nothing to draw.
    """
    beside = _beside(lake, registry.beside(name), rows, parameters, ask)
    return registry.figure(name)(Asked(name, rows, parameters, _palette(lake), beside))


def _palette(lake: Tables) -> Palette:
    """Return the colours of all runs of a lake, the oldest run first."""
    runs = lake.read("runs").sort_by([("created_at", "ascending"), ("name", "ascending")])
    return Palette(list(dict.fromkeys(runs["name"].to_pylist())))


def _beside(
    lake: Tables, other: tuple[str, bool] | None, rows: Rows, parameters: Mapping[str, Any], ask: Ask
) -> Rows | None:
    """Ask the other query of the figure, if it has one, about the same runs and samples.

    Where no k is asked for, none is asked for here: the k decide which problems count.
    """
    if other is None or not rows:
        return None
    name, same_k = other
    taken = {parameter.name for parameter in samples_queries.header(name).options} | {*filters.NAMES, "skip_unreadable"}
    same = {key: value for key, value in parameters.items() if key in taken and (same_k or key != "ks")}
    return ask(lake, name, **same)

"""Draw the chart of a named query."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa

import samples_queries
from samples.charts import registry
from samples.charts.asked import Asked
from samples.charts.labelled import labelled
from samples.charts.palette import Palette
from samples.charts.trends import trend
from samples.errors import UsageError
from samples.lake.tables import Tables
from samples.query import filters
from samples.query.connect import connect
from samples.query.query import query
from samples.query.rows import Rows

if TYPE_CHECKING:
    from samples.charts.panels import Drawn

Ask = Callable[..., Rows]  # as `query`: of a lake, a name and parameters


def plot(
    lake: Tables,
    name: str,
    *,
    x: str | None = None,
    colour: str | None = None,
    form: str | None = None,
    **parameters: Any,
) -> "Drawn":
    """Return the chart of a named query, as an Altair chart. `parameters` are those of `samples.query.query.query`.

    The chart's data are the rows of the answer, and its subtitle has the notes. With `x`, a label of runs such as step,
    the chart shows the numbers of the runs over this label; `colour` is a label whose values have a colour each. A
    query about two runs is then asked about A and each chosen run (`runs`) that has the label. `form` is another form
    of the chart, of those that `registry.FORMS` has.

    Raises:
        UsageError: The query has no chart, or none over a label, or a parameter is unknown, missing or of another kind.
        SamplesError: The lake does not hold what the answer needs, or there is nothing to draw.
    """
    pinned = lake.pin(("runs",))
    registry.known(name)
    about_label = "x" in {parameter.name for parameter in samples_queries.header(name).params}
    if x is not None and not about_label:
        return _over_label(pinned, name, x, colour, parameters)
    if x is not None:
        parameters = {**parameters, "x": x}
    if colour is not None and about_label:
        raise UsageError(f"{name}: --colour is for charts of other queries over a label; here --x is the query's own")
    if colour is not None:
        raise UsageError(f"{name}: --colour is for a chart over a label; give --x LABEL too")
    registry.require_form(name, form)
    asked = registry.defaults(name) | {key: value for key, value in parameters.items() if value is not None}
    return drawn(pinned, name, query(pinned, name, **asked), asked, query, palette(pinned), form=form)


def drawn(
    lake: Tables,
    name: str,
    rows: Rows,
    parameters: Mapping[str, Any],
    ask: Ask,
    colours: Palette,
    *,
    form: str | None = None,
) -> "Drawn":
    """Return the chart of an answer that is there already; `ask` answers other queries that the figure shows.

    `colours` are the lake's, see `palette`.

    Raises:
        SamplesError: There is nothing to draw.
    """
    also = partial(_also, lake, parameters, ask)
    beside = _beside(registry.beside(name), rows, also)
    return registry.figure(name)(Asked(name, rows, parameters, colours, beside, also, form))


def _over_label(lake: Tables, name: str, x: str, colour: str | None, parameters: dict[str, Any]) -> "Drawn":
    from samples.charts.over_label import over_label  # Altair takes a third of a second to import

    shown = trend(name, registry.CHARTS)
    found = labelled(lake, name, x, colour, parameters)
    rows = Rows(pa.table({column: [] for column in found.rows[0]}), found.notes)
    ask = partial(_also, lake, parameters, query)
    return over_label(Asked(name, rows, parameters, palette(lake), ask=ask), found, shown)


def palette(lake: Tables) -> Palette:
    """Return the colours of all runs of a lake, the oldest run first."""
    with connect(lake, ["runs"]) as connection:  # `lake.read` would import pandas, which takes longer than a query
        return Palette([run for (run,) in connection.execute(_OLDEST_FIRST).fetchall()])


_OLDEST_FIRST = "SELECT run FROM runs ORDER BY created_at, run"


def _beside(other: tuple[str, bool] | None, rows: Rows, ask: Callable[..., Rows]) -> Rows | None:
    """Ask the other query of the figure, if it has one, about the same runs and samples.

    Where no k is asked for, none is asked for here: the k decide which problems count.
    """
    if other is None or not rows:
        return None
    name, same_k = other
    return ask(name) if same_k else ask(name, ks=None)


def _also(lake: Tables, parameters: Mapping[str, Any], ask: Ask, other: str, **changed: Any) -> Rows:
    """Ask another query with the parameters that it shares with the first, and those that are `changed`."""
    taken = {parameter.name for parameter in samples_queries.header(other).options}
    taken |= {*filters.NAMES, "skip_unreadable"}
    same = {key: value for key, value in parameters.items() if key in taken} | changed
    return ask(lake, other, **{key: value for key, value in same.items() if value is not None})

"""`samples plot`: the chart of each named query is a command, with the query's own options."""

import inspect
import re
import textwrap
from collections.abc import Mapping
from typing import Annotated, Any

import typer

import samples_queries
from samples_cli import commands, complete, options, output, terminal
from samples_cli.query import asking
from samples_cli.waiting import waiting

File = Annotated[str, typer.Option("-o", "--output", metavar="FILE", rich_help_panel=options.OUTPUT,
    help="Write the chart to this file: .svg, .png, .pdf, .html (works without a network) or .json "
    "(the Vega-Lite specification).")]  # fmt: skip

CHART = "Chart"
X = Annotated[str | None, typer.Option("--x", metavar="LABEL", rich_help_panel=CHART,
    autocompletion=complete.label_keys,
    help="Draw the numbers of the runs over this label of theirs, such as step. A query about two runs compares A "
    "with each of --runs that has the label.")]  # fmt: skip
Colour = Annotated[str | None, typer.Option("--colour", metavar="LABEL", rich_help_panel=CHART,
    autocompletion=complete.label_keys,
    help="With --x: a label whose values have a colour each, such as algorithm. Without it: algorithm and family, "
    "where runs differ in them.")]  # fmt: skip
Grid = Annotated[bool, typer.Option("--grid", rich_help_panel=CHART,
    help="Draw problems by runs, with the ids of the problems. So is the chart of other than two runs.")]  # fmt: skip


class _Charts(commands.Group):
    """The charts by the names of their queries."""

    def listing(self) -> Mapping[str, Mapping[str, str]]:
        """Return the charts. A line says what each shows."""
        from samples.charts.registry import CHARTS

        return {"Charts": CHARTS}

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Make the command of one chart; dashes in its name are underscores."""
        from samples.charts.registry import CHARTS, known

        name = cmd_name.replace("-", "_")
        if name not in CHARTS and ctx and ctx.resilient_parsing:  # Tab was pressed
            return None
        example = samples_queries.header(known(name)).example.replace("samples query", "samples plot", 1)
        short = re.sub(r" --(verifier|ks|budgets) \S+", "", example)  # a line of a help page has 80 characters
        return commands.command(name, _draws(name, CHARTS[name]), f"{short} -o x.svg")


def group() -> commands.Group:
    """Make the group of all charts."""
    return commands.group(_Charts, charts)


def charts(
    context: typer.Context,
    _: Annotated[bool, typer.Option("--list", help="List the queries that have a chart. So does no name.")] = False,
) -> None:
    """Draw the chart of a named query into a file, without a display or a network. Without a name, list the charts.

    A chart shows the rows of its query, and takes its options. `samples query NAME --help` explains them all.
    """
    if context.invoked_subcommand is None:
        assert isinstance(context.command, _Charts)
        more = (
            "samples plot NAME --help shows the options of a chart. --x LABEL draws most of them over a label of runs."
        )
        terminal.page("\n\n".join([*context.command.listed(), textwrap.fill(more, 80)]))


def draw(
    query: str,
    own: Mapping[str, Any],
    *,
    file: File,
    x: X = None,
    colour: Colour = None,
    lake: options.Lake,
    dataset: options.Dataset = None,
    where: options.Where = None,
    problems: options.Problems = None,
    label: options.Labels = None,
    exclude_guessable: options.ExcludeGuessable = None,
    runs: options.Runs = None,
    at: options.At = None,
    skip_unreadable: options.SkipUnreadable = False,
    grid: Grid = False,
) -> None:
    """Draw the chart of a query's answer into a file. The other options are those of every query."""
    import samples
    from samples.charts.formats import encoded, form_of

    form = form_of(file)
    opened = samples.open(lake, version=at)
    filters = options.filters(dataset, where, problems, label, exclude_guessable, runs)
    with output.interruptible(), waiting(f"drawing {query}"):
        given = {name: value for name, value in own.items() if value is not None}
        chosen = {"x": x, "colour": colour, "form": "grid" if grid else None}
        chosen = {name: value for name, value in chosen.items() if value is not None}
        chart = opened.plot(query, skip_unreadable=skip_unreadable, **chosen, **filters, **given)
        output.write_file(file, encoded(chart, form))


def _draws(name: str, shows: str) -> Any:
    """Make the Typer function of a chart. Run B need not be given, for --x; --grid is there where the chart has one."""
    from samples.charts.registry import FORMS
    from samples.charts.trends import is_about_pairs

    function = asking(name, draw if name in FORMS else _in_one_form, free=("b",) if is_about_pairs(name) else ())
    function.__doc__ = f"Draw {shows}."
    return function


def _in_one_form(query: str, own: Mapping[str, Any], **rest: Any) -> None:
    draw(query, own, **rest)


_OPTIONS = inspect.signature(draw)
vars(_in_one_form)["__signature__"] = _OPTIONS.replace(
    parameters=[option for name, option in _OPTIONS.parameters.items() if name != "grid"]
)

"""`samples query`: each named question is a command, whose options and help come from the query's header."""

import inspect
from collections.abc import Callable, Collection, Mapping
from keyword import iskeyword
from typing import Annotated, Any

import typer

import samples_queries
from samples.errors import UsageError, meant
from samples_cli import commands, complete, options, output, pages, terminal
from samples_cli.waiting import waiting

PARAMETERS = "Parameters"

# How options of each kind are read, written and completed. The library reads the values of the other kinds.
_TYPES: Mapping[str, Any] = {"int": int, "float": float, "bool": bool}
_VALUES = {
    "run": "RUN", "runs": "RUN,…", "verifier": "VERIFIER", "scorer": "SCORER", "ints": "N,…", "floats": "X,…",
    "key": "KEY", "label": "LABEL",
}  # fmt: skip
_COMPLETED: Mapping[str, Any] = {
    "run": complete.runs, "runs": complete.runs, "verifier": complete.judged, "scorer": complete.scorers,
    "key": complete.keys, "label": complete.label_keys,
}  # fmt: skip


class _Queries(commands.Group):
    """The queries by name."""

    def listing(self) -> Mapping[str, Mapping[str, str]]:
        """Return the queries of each group. A line says what each query answers."""
        return {group.capitalize(): queries for group, queries in samples_queries.listing().items()}

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Make the command of one query; dashes in its name are underscores."""
        query = cmd_name.replace("-", "_")
        if query in samples_queries.NAMES:
            return commands.command(query, asking(query, ask), samples_queries.header(query).example, _Query)
        if ctx and ctx.resilient_parsing:  # Tab was pressed
            return None
        close = meant(query, samples_queries.NAMES)
        raise UsageError(f'no query "{cmd_name}"{close}: samples query lists the queries')


class _Query(commands.Command):
    """One query. Its help page explains every column of the answer."""

    def sections(self, ctx: Any) -> list[str]:
        """Return the panels as text: columns and how they are worked out follow the parameters."""
        header = samples_queries.header(str(self.name))
        rest = pages.panels(self.get_params(ctx))
        first = {PARAMETERS: rest.pop(PARAMETERS)} if PARAMETERS in rest else {}
        columns = [(column, header.meanings[column]) for column in header.columns + header.pooled]
        first[f"Columns (one row per {', '.join(header.grain)})"] = columns
        shown = pages.sections(first | rest)
        formula = [pages.block("Formula", header.formula)] if header.formula else []
        about = [pages.prose(header.about)] if header.about else []
        return [*shown[: len(first)], *formula, *about, *shown[len(first) :]]


def group() -> commands.Group:
    """Make the group of all queries."""
    return commands.group(_Queries, queries)


def queries(context: typer.Context) -> None:
    """Answer a named question from a lake, without a GPU. Without a name, list the questions.

    `samples query NAME --help` explains a question: its parameters, every column of its answer, and an example.
    """
    if context.invoked_subcommand is None:
        assert isinstance(context.command, _Queries)
        terminal.page("\n\n".join([*context.command.listed(), "samples query NAME --help explains a question."]))


def ask(
    query: str,
    own: Mapping[str, Any],
    *,
    lake: options.Lake,
    dataset: options.Dataset = None,
    where: options.Where = None,
    problems: options.Problems = None,
    label: options.Labels = None,
    exclude_guessable: options.ExcludeGuessable = None,
    runs: options.Runs = None,
    at: options.At = None,
    skip_unreadable: options.SkipUnreadable = False,
    form: options.Format = None,
    file: options.Output = None,
    every: options.Every = False,
    limit: options.Limit = None,
) -> None:
    """Answer a query with its own parameters, and print the rows. The other options are those of every query."""
    import samples

    output.require(form, file, every=every, limit=limit)
    opened = samples.open(lake, version=at)
    filters = options.filters(dataset, where, problems, label, exclude_guessable, runs)
    with output.interruptible(), waiting(f"asking {query}"):
        given = {name: value for name, value in own.items() if value is not None}
        rows = opened.query(query, skip_unreadable=skip_unreadable, **filters, **given)
    output.write(rows, form, file, every=every, limit=limit)


def asking(query: str, then: Callable[..., None], *, free: Collection[str] = ()) -> Callable[..., None]:
    """Make a Typer function with a query's own options, and the keyword options of `then`, which it calls.

    `then` takes the query's name, its own options as a mapping, and the others as keywords. The parameters `free` need
    not be given: `then` sees to them.
    """
    header = samples_queries.header(query)
    own = {_variable(parameter): parameter.name for parameter in header.options}
    common = [
        parameter
        for parameter in inspect.signature(then).parameters.values()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and parameter.name not in own
    ]

    def answer(**typed: Any) -> None:
        then(query, {name: typed.pop(variable) for variable, name in own.items()}, **typed)

    names = {parameter.name for parameter in header.options}
    signature = [
        *(_option(parameter, header.meanings[parameter.name], names, free) for parameter in header.options),
        *common,
    ]
    signature.sort(key=lambda parameter: parameter.default is not parameter.empty)
    vars(answer)["__signature__"] = inspect.Signature(signature)
    answer.__annotations__ = {parameter.name: parameter.annotation for parameter in signature}
    answer.__doc__ = f"{header.answers[:1].upper()}{header.answers[1:]}."
    return answer


def _option(
    parameter: samples_queries.Parameter, meaning: str, names: Collection[str], free: Collection[str]
) -> inspect.Parameter:
    """Make a query's parameter an option. Its help says what holds when it is not given.

    `--runs` may be typed as `--run`, unless that is another of the query's `names`. Those of `free` need not be given.
    """
    required = parameter.required and parameter.name not in free
    kind = _TYPES.get(parameter.kind, str)
    also = ["--run"] if parameter.kind == "runs" and "run" not in names else []
    option = typer.Option(
        parameter.option,
        *also,
        metavar=_VALUES.get(parameter.kind),
        autocompletion=_COMPLETED.get(parameter.kind),
        help=f"{meaning[:1].upper()}{meaning[1:]}.",
        show_default=parameter.usage.partition("default ")[2] or False,
        rich_help_panel=PARAMETERS,
    )
    return inspect.Parameter(
        _variable(parameter),
        inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if required else None,
        annotation=Annotated[kind if required else kind | None, option],
    )


def _variable(parameter: samples_queries.Parameter) -> str:
    return f"{parameter.name}_" if iskeyword(parameter.name) else parameter.name

"""`samples sql`: answer an analyst's own SQL."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from samples.errors import UsageError
from samples_cli import options, output
from samples_cli.values import positive
from samples_cli.waiting import waiting

EXAMPLE = """samples sql "SELECT run, avg(tokens) FROM samples GROUP BY run" --lake ./lake
samples sql "SELECT *, pass_at_k(n, c, 8) FROM tallies" --lake ./lake
samples sql -f longest.sql -o longest.csv --lake ./lake
samples sql --describe tallies"""


def _views(context: typer.Context) -> list[str]:
    """Complete views after --describe."""
    if not context.params.get("describe"):
        return []
    from samples_schemas import VIEWS

    return list(VIEWS)


def command(
    text: Annotated[str | None, typer.Argument(help="One SELECT; - reads it from stdin. With --describe: a view.",
        autocompletion=_views)] = None,
    sql_file: Annotated[str | None, typer.Option("-f", "--file", metavar="FILE",
        help="Read the SELECT from this file; - is stdin.")] = None,
    describe: Annotated[bool, typer.Option("--describe",
        help="List the columns of all views, or of one view, and what they mean.")] = False,
    memory: Annotated[str | None, typer.Option("--memory", metavar="AMOUNT", show_default="4GB",
        help="The most memory that the answer may take, such as 2GB.")] = None,
    seconds: Annotated[float, typer.Option("--seconds", metavar="S", parser=positive,
        help="The most seconds that the answer may take.")] = 60.0,
    threads: Annotated[int | None, typer.Option("--threads", min=1, show_default="all",
        help="The number of cores that the answer may use.")] = None,
    runs: options.Runs = None,
    dataset: options.Dataset = None,
    where: options.Where = None,
    problems: options.Problems = None,
    label: options.Labels = None,
    exclude_guessable: options.ExcludeGuessable = None,
    lake: options.LakeIfAny = None,
    at: options.At = None,
    skip_unreadable: options.SkipUnreadable = False,
    form: options.Format = None,
    file: options.Output = None,
    every: options.Every = False,
    limit: options.Limit = None,
) -> None:  # fmt: skip
    """Answer one SELECT over the views of a lake. It reads nothing else, and writes nothing.

    The SELECT may call the functions of DuckDB, and three of Samples for the counts in `tallies`: n verified samples,
    c of them correct, k drawn without replacement. pass_at_k(n, c, k) is the chance that at least one of the k is
    correct, pass_hat_k(n, c, k) that all are, g_pass_at_k(n, c, k, tau) that at least a share tau of them is. They are
    NULL where n < k.
    """
    rows: Any
    if describe:
        from samples.query.rows import Rows
        from samples.query.views import describe as described

        rows = Rows(described(text))
        output.write(rows, form, file, every=True)
        return
    select = _select(text, sql_file)
    import samples
    from samples.query.connection import bound_process

    output.require(form, file, every=every, limit=limit)
    opened = samples.open(options.given(lake), version=at)
    bound_process(memory)
    filters = options.filters(dataset, where, problems, label, exclude_guessable, runs)
    with output.interruptible(), waiting("asking"):
        rows = opened.sql(
            select, memory=memory, threads=threads, seconds=seconds, skip_unreadable=skip_unreadable, **filters
        )
    output.write(rows, form, file, every=every, limit=limit)


def _select(text: str | None, file: str | None) -> str:
    if (text is None) == (file is None):
        raise UsageError("give one SELECT, as TEXT or with -f FILE; samples sql --describe lists the views")
    if "-" in {text, file}:
        return sys.stdin.read()
    if text is not None:
        return text
    try:
        return Path(str(file)).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--file {file}: the file cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"--file {file}: the file cannot be read: it is not UTF-8") from error

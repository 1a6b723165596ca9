"""`samples sql`: an analyst's own SQL."""

from typing import Any

import click

from samples_cli import options, output


@click.command(
    "sql",
    epilog='Example: samples sql "SELECT finish_reason, count(*) FROM samples GROUP BY ALL" --lake ./lake',
)
@click.argument("text", required=False)
@click.option("--describe", is_flag=True, help="List the views with their columns; TEXT may name one view.")
@click.option("--memory", metavar="AMOUNT", help="Most memory it may take, such as 2GB.  [default: 4GB]")
@click.option("--threads", type=click.IntRange(min=1), help="Cores it may use.  [default: all]")
@click.option("--runs", metavar="RUN,…", help="Only these runs.")
@options.filters
@options.at
@options.asked
@options.rows
def command(
    text: str | None,
    describe: bool,
    memory: str | None,
    threads: int | None,
    version: str | None,
    uri: str | None,
    style: str,
    **filters: Any,
) -> None:
    """Answer one SELECT over the views of a lake; nothing else is read, and nothing is written."""
    if describe:
        from samples.query.rows import Rows
        from samples.query.views import describe as described

        output.write(Rows(described(text)), style, None)
        return
    if text is None:
        raise click.UsageError("Missing argument 'TEXT': one SELECT; --describe lists the views")
    import samples
    from samples.query.connection import bound_process

    lake = samples.open(options.given(uri), version=version)
    bound_process(memory)
    given = {key: value for key, value in filters.items() if value}
    with output.interruptible():
        rows = lake.sql(text, memory=memory, threads=threads, **given)
    output.write(rows, style, None)

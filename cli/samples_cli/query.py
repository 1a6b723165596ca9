"""`samples query`: ask a named question."""

from typing import Any

import click

from samples_cli import options, output


@click.command(
    "query",
    epilog="Example: samples query pass_at_k -p runs=base-7b,rl-7b -p verifier=math -p ks=1,8,64 --lake ./lake",
)
@click.argument("name", required=False)
@click.option(
    "-p",
    "parameters",
    multiple=True,
    callback=options.pairs,
    metavar="KEY=VALUE",
    help="Parameter of the query. Repeatable.",
)
@click.option("--list", "listing", is_flag=True, help="List the queries, or say how NAME is asked.")
@options.filters
@options.at
@options.asked
@options.rows
def command(
    name: str | None,
    parameters: dict[str, str],
    listing: bool,
    version: str | None,
    uri: str | None,
    style: str,
    **filters: Any,
) -> None:
    """Answer a named question from a lake, without a GPU."""
    import samples_queries

    if name is None:
        for known in samples_queries.NAMES:
            click.echo(f"{known}: {samples_queries.header(known).answers}")
        return
    if listing and name in samples_queries.NAMES:
        click.echo(samples_queries.reference(name))
        return
    import samples

    lake = samples.open(options.given(uri), version=version)
    given = {key: value for key, value in filters.items() if value}
    twice = given.keys() & parameters.keys()
    if twice:
        raise click.UsageError(f"{', '.join(sorted(twice))} is given twice, with -p and as an option")
    with output.interruptible():
        rows = lake.query(name, **given, **parameters)
    output.write(rows, style, None)

"""`samples query`: ask a named question."""

import click

from samples_cli import options, output


@click.command(
    "query",
    epilog="Example: samples query pass_at_k -p runs=base-7b,rl-7b -p verifier=numeric -p ks=1,8,64 --lake ./lake",
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
@click.option("--list", "listing", is_flag=True, help="List the queries.")
@options.lake
@options.rows
def command(name: str | None, parameters: dict[str, str], listing: bool, uri: str, style: str) -> None:
    """Answer a named question from a lake, without a GPU."""
    import samples
    import samples_queries
    from samples import query

    if listing or name is None:
        for known in samples_queries.NAMES:
            click.echo(samples_queries.text(known).splitlines()[0].removeprefix("-- "))
        return
    lake = samples.open(uri)
    if name != "pass_at_k":
        output.write(query.query(lake, name), style)
        return
    unknown = parameters.keys() - {"runs", "verifier", "ks"}
    if unknown:
        raise click.UsageError(f"pass_at_k has no parameter {', '.join(sorted(unknown))}; it has runs, verifier and ks")
    try:
        ks = [int(k) for k in parameters["ks"].split(",")] if "ks" in parameters else None
    except ValueError as error:
        raise click.UsageError(f"ks={parameters['ks']}: expected whole numbers, as in ks=1,8,64") from error
    runs = [run for run in parameters.get("runs", "").split(",") if run]
    output.write(query.pass_at_k(lake, runs, parameters.get("verifier"), ks), style)

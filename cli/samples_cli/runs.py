"""`samples runs`: what was sampled."""

import click

from samples_cli import options, output


@click.command("runs", epilog="Example: samples runs --lake ./lake")
@options.lake
@options.rows
def command(uri: str, style: str) -> None:
    """List the runs of a lake: problems, samples, tokens and errors of each."""
    import samples

    output.write(samples.open(uri).query("runs"), style, None)

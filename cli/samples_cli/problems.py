"""`samples problems`: what was asked."""

import click

from samples_cli import options, output


@click.command("problems", epilog="Example: samples problems --dataset math500 --lake ./lake")
@click.option("--dataset", help="Only this problem set.")
@options.lake
@options.rows
def command(dataset: str | None, uri: str, style: str) -> None:
    """List the problems of a lake, with their gold answers and how many samples there are of each."""
    import samples

    output.write(samples.open(uri).query("problems", dataset=dataset), style, None)

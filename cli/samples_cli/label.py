"""`samples label`: tell runs apart, after the fact."""

import click

from samples_cli import options


@click.command("label", epilog="Example: samples label rl-7b role=rl algorithm=grpo step=400 --lake ./lake")
@click.argument("run")
@click.argument("labels", nargs=-1, required=True, callback=options.pairs, metavar="KEY=VALUE…")
@options.lake
def command(run: str, labels: dict[str, str], uri: str) -> None:
    """Set labels of RUN, such as family, role, algorithm or step; KEY= removes one. Nothing else of it changes."""
    import samples
    from samples.runs.labels import label

    now = label(samples.open(uri), run, labels)
    click.echo(f"{run}: {' '.join(f'{key}={value}' for key, value in now.items()) or 'no labels'}", err=True)

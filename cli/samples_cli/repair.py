"""`samples repair`: find what of a lake is damaged, and rebuild what can be rebuilt."""

from typing import Annotated

import typer

from samples_cli import options, output, terminal

EXAMPLE = """samples repair --lake ./lake
samples repair --write --lake ./lake"""


def command(
    lake: options.Lake,
    write: Annotated[bool, typer.Option("--write",
        help="Do what the rows say. Without it, nothing changes.")] = False,
    form: options.Format = None,
    file: options.Output = None,
    every: options.Every = False,
    limit: options.Limit = None,
) -> None:  # fmt: skip
    """Say what of a lake is damaged, and what is done about it. It reads every sample, completion and verdict.

    Rows of table samples are rebuilt from the segments, whose footers hold a copy of them.
    """
    import samples

    output.require(form, file, every=every, limit=limit)
    rows = samples.open(lake).repair(write=write)
    output.write(rows, form, file, every=every, limit=limit)
    done = "done" if write else "nothing was changed: --write does it"
    terminal.say(done if len(rows) else "nothing to repair; `samples check` looks for more")

"""`samples label`: set or remove labels of a run."""

from typing import Annotated

import typer

from samples_cli import complete, options, terminal
from samples_cli.values import Pair

EXAMPLE = "samples label rl-7b role=rl algorithm=grpo step=400 --lake ./lake"


def command(
    run: options.RunName,
    labels: Annotated[list[Pair], typer.Argument(metavar="KEY=VALUE…", parser=Pair.read,
        help="A label to set, such as family, role, algorithm or step. KEY= removes one.",
        autocompletion=complete.labels)],
    lake: options.Lake,
) -> None:  # fmt: skip
    """Set or remove labels of a run, and print all labels that it has then. Nothing else of the run changes."""
    import samples
    from samples.runs.labels import label

    now = label(samples.open(lake), run, dict(labels))
    terminal.say(f"{run}: {' '.join(f'{key}={value}' for key, value in now.items()) or 'no labels'}")

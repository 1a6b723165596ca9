"""`samples drop`: let a run that was wrong leave every answer, or bring it back."""

from typing import Annotated

import typer

from samples.errors import UsageError
from samples_cli import complete, options, terminal
from samples_cli.reporter import reporting

EXAMPLE = """samples drop base-7b --reason "wrong template" --lake ./lake
samples drop base-7b --undo --lake ./lake"""


def command(
    run: Annotated[str, typer.Argument(help="Name of the run, or the beginning of its id.",
        autocompletion=complete.runs)],
    lake: options.Lake,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT",
        help="Why. It is kept with the note.")] = None,
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", envvar="SAMPLES_REVIEWER",
        show_default="the user of this machine", help="Who drops the run.")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Bring a dropped run back as it was.")] = False,
    quiet: options.Quiet = False,
) -> None:  # fmt: skip
    """Let a run leave every answer, with its samples, verdicts, scores, prompts and reviews. No file is deleted.

    --undo brings it back, until a vacuum deletes its files. Versions of before (--at) still show it. Another run may
    take its name. The same ingest again is refused until the run is brought back, or its files are deleted. The same
    command again finishes an interrupted drop.
    """
    import samples
    from samples.lake import hidden
    from samples.maintenance import drop as dropping
    from samples.reviews.reviewer import default_reviewer

    if undo and (reason or by):
        raise UsageError("--undo takes no --reason and no --by")
    with reporting(quiet=quiet, json=False) as report:
        opened, watch = samples.open(lake), report.screen.doing
        if undo:
            done = dropping.undo(opened, run, watch=watch)
        else:
            done = dropping.drop(opened, run, reason=reason, by=by or default_reviewer(), watch=watch)
    name = done.note.name
    said = "is back" if undo else "was dropped" if done.files else "was dropped before"
    terminal.say(f"run {name} {said}: {done.files:,} files of {done.tables} tables")
    if not undo:
        names = [note.name for note, _ in hidden.every(opened.place).values()]
        which = done.note.typed if names.count(name) == 1 else done.note.run_id
        terminal.say(f"`samples drop {which} --undo` brings it back until a vacuum deletes its files")

"""`samples vacuum`: delete files that no version of the last days names."""

from typing import Annotated

import typer

from samples.errors import UsageError
from samples_cli import options, output, terminal
from samples_cli.reporter import reporting

EXAMPLE = """samples vacuum --lake s3://lab/lake
samples vacuum --older-than 30d --yes --lake s3://lab/lake"""


def command(
    lake: options.Lake,
    older_than: Annotated[str, typer.Option("--older-than", metavar="TIME",
        help="Delete what was removed this long ago, as in 7d, 12h or 30m. Versions of before can no longer be read "
        "with --at.")] = "7d",
    yes: Annotated[bool, typer.Option("--yes", help="Delete. Without it, nothing is deleted.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run",
        help="Only say what would be deleted, as without --yes.")] = False,
    nobody_writes: Annotated[bool, typer.Option("--nobody-writes",
        help="You vouch that no ingest or score of this lake runs or will go on: delete files that no log names before "
        "they are seven days old.")] = False,
    form: options.Format = None,
    file: options.Output = None,
    every: options.Every = False,
    limit: options.Limit = None,
    quiet: options.Quiet = False,
) -> None:  # fmt: skip
    """Delete files that drop, compact and repair removed, and files that no log names. By default, only say which.

    A file that no log names may be a segment that a driver is to commit. So it stays for seven days, and as long as a
    driver is at work on its run. Entries of logs with which only lost versions could be read are deleted when they are
    seven days old. Files that Samples did not write are left alone. The same command again goes on after an
    interruption.
    """
    import samples
    from samples.maintenance.vacuum import age, vacuum

    if yes and dry_run:
        raise UsageError("--yes and --dry-run contradict each other: give one of them")
    output.require(form, file, every=every, limit=limit)
    with reporting(quiet=quiet, json=False) as report:
        done = vacuum(
            samples.open(lake),
            older_than=age(older_than),
            nobody_writes=nobody_writes,
            write=yes,
            watch=report.screen.doing,
        )
    output.write(done.rows, form, file, every=every, limit=limit)
    terminal.say("\n".join(done))

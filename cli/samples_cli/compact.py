"""`samples compact`: merge small files into large ones."""

import sys
from typing import Annotated

import typer

from samples.lines import size_of
from samples_cli import complete, options, output
from samples_cli.reporter import reporting
from samples_cli.values import Names, together

EXAMPLE = """samples compact --dry-run --lake s3://lab/lake
samples compact --run base-7b --lake s3://lab/lake"""


def command(
    lake: options.Lake,
    runs: Annotated[list[Names] | None, typer.Option("--run", metavar="RUN", parser=Names.read,
        autocompletion=complete.runs,
        help="Only this run, by name or by the beginning of its id. Repeatable. Without it, the whole lake.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run",
        help="Say what would be merged. Change nothing.")] = False,
    form: options.Format = None,
    file: options.Output = None,
    every: options.Every = False,
    limit: options.Limit = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:  # fmt: skip
    """Merge small files into files of about 256 MB with tokens, and 64 MB without. Every row stays as it is.

    Others may read and write the lake meanwhile. The files that were merged stay in the storage, so --at reads the lake
    as it was. Press Ctrl-C once to stop: what was merged is kept.
    """
    import samples
    from samples.maintenance.compact import compact
    from samples_cli.screen import stopping

    output.require(form, file, every=every, limit=limit)
    with reporting(quiet=quiet, json=json) as report:
        report.screen.phase("reading the logs of the tables")
        with stopping(report.screen, "what was merged is committed; Ctrl-C again leaves at once") as stop:
            rows = compact(
                samples.open(lake), together(runs), dry_run=dry_run, watch=report.screen.show, stop=stop.is_set
            )
        found = rows.dicts()
        counts = {name: sum(row[name] for row in found) for name in ("files", "after", "bytes")}
        report.done(
            [_said(counts, dry_run=dry_run)] if found else ["there is nothing to merge"],
            {"command": "compact", "dry_run": dry_run, **counts, "stopped": stop.is_set()},
        )
    if len(rows) or rows.notes:
        output.write(rows, form, file, every=every, limit=limit)
    if stop.is_set():
        sys.exit(130)


def _said(counts: dict[str, int], *, dry_run: bool) -> str:
    files = f"{counts['files']:,} files of {size_of(counts['bytes'])}"
    if dry_run:
        return f"{files} would become about {counts['after']:,}; nothing was changed: leave out --dry-run to merge them"
    return f"{files} became {counts['after']:,}; the old ones stay until samples vacuum deletes them"

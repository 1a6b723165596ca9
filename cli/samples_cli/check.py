"""`samples check`: find what is wrong with a lake."""

from typing import Annotated

import typer

from samples_cli import complete, options, output
from samples_cli.reporter import reporting
from samples_cli.values import Names, together

EXAMPLE = """samples check --lake ./lake
samples check --run base-7b --deep --format json --lake s3://lab/lake"""


def command(
    lake: options.Lake,
    runs: Annotated[list[Names] | None, typer.Option("--run", metavar="RUN", parser=Names.read, show_default="all runs",
        autocompletion=complete.runs,
        help="Check a run, by name or by the beginning of its id. Repeatable.")] = None,
    deep: Annotated[bool, typer.Option("--deep",
        help="Read every byte, too: the checksum of each page, the lengths and sums of log-probs sample by sample, "
        "repeated texts. Without it, keys, facts and footers are read.")] = False,
    form: options.Format = None,
    file: options.Output = None,
    every: options.Every = False,
    limit: options.Limit = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:  # fmt: skip
    """Find what is wrong with a lake: a line for each finding, with the way out. Exit 1 if there is any.

    It finds keys that are there twice, samples without completion, units of which a part is missing, rows of unknown
    runs, problems and samples, samples that share a seed or a text, sums that are not those of the log-probs, logs that
    lost entries, and files that are gone, changed, foreign or unreadable. Files that no log names are noted, with size
    and age. Nothing is changed: `samples repair` mends what can be mended.
    """
    import samples

    output.require(form, file, every=every, limit=limit)
    with reporting(quiet=quiet, json=json) as shown, output.interruptible():
        rows = samples.open(lake).check(together(runs), deep=deep, watch=shown.screen.doing)
        wrong = [level for level in rows.table["level"].to_pylist() if level == "wrong"]
        said = f"{len(wrong)} findings" if len(wrong) != 1 else "1 finding"
        shown.done(
            [said if wrong else "nothing is wrong"],
            {"command": "check", "findings": len(wrong), "notes": len(rows) - len(wrong)},
        )
    if len(rows) or form or file:  # "nothing is wrong" says it
        output.write(rows, form, file, every=every, limit=limit)
    if wrong:
        raise typer.Exit(1)

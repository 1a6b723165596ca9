"""`samples copy`: a lake, or some runs, to another place."""

from typing import Annotated

import typer

from samples_cli import complete, options, output, terminal
from samples_cli.reporter import reporting
from samples_cli.values import Names, together

EXAMPLE = """samples copy s3://lab/lake ./lake --run base-7b --run rl-7b
samples copy ./lake s3://lab/lake"""


def command(
    source: Annotated[str, typer.Argument(metavar="FROM", help="The lake: a local folder, or s3://, gs:// or az://.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="Where to: an empty place, or a lake.")],
    runs: Annotated[list[Names] | None, typer.Option("--run", metavar="RUN", parser=Names.read,
        autocompletion=complete.runs,
        help="Only this run, by name or by the beginning of its id. Repeatable.")] = None,
    form: options.Format = None,
    file: options.Output = None,
    every: options.Every = False,
    limit: options.Limit = None,
    quiet: options.Quiet = False,
) -> None:  # fmt: skip
    """Copy runs with all that is known of them: completions, verdicts, scores, prompts, problems, reviews, labels.

    Every file is compared with its checksums, at TO only if that is a folder. A run is visible at TO once all of it is
    there. A run that TO has already is left as it is, and refused if it differs or is damaged. A run of which a log at
    FROM has lost entries is refused before anything is copied: samples repair names again what can be rebuilt. The same
    command again finishes an interrupted copy. The history of versions is not copied: with --at, TO is seen from the
    copy on. FROM is only read.
    """
    import samples
    from samples.maintenance.copy import copy
    from samples.reviews.reviewer import default_reviewer

    output.require(form, file, every=every, limit=limit)
    with reporting(quiet=quiet, json=False) as report:
        done = copy(samples.open(source), target, together(runs), by=default_reviewer(), watch=report.screen.doing)
    output.write(done.rows, form, file, every=every, limit=limit)
    terminal.say(str(done))
    terminal.say("the history of versions was not copied")

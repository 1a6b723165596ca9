"""`samples rescore`: judge stored samples with a verifier."""

import sys
from typing import Annotated

import typer

from samples_cli import closing, complete, options
from samples_cli.reporter import reporting
from samples_cli.values import Names, together

EXAMPLE = "samples rescore --verifier math --run base-7b --run rl-7b --lake s3://lab/lake"


def command(
    verifier: Annotated[str, typer.Option("--verifier", metavar="VERIFIER", autocompletion=complete.verifiers,
        help=f"Judge with {options.VERIFIERS}.")],
    lake: options.Lake,
    runs: Annotated[list[Names] | None, typer.Option("--run", metavar="RUN", parser=Names.read,
        autocompletion=complete.runs,
        help="Only this run, by name or by the beginning of its id. Repeatable.")] = None,
    again: Annotated[bool, typer.Option("--again",
        help="Also judge the samples on which the verifier itself failed (timeout or error), in a new pass.")] = False,
    workers: Annotated[int | None, typer.Option("--workers", min=1, show_default="one per core",
        help="The number of processes that judge.")] = None,
    on_ray: Annotated[bool | None, typer.Option("--ray/--no-ray", show_default="on Ray where RAY_ADDRESS is set",
        help="Judge on Ray, or on this machine alone.")] = None,
    sandbox: options.Sandbox = False,
    packages: options.Packages = None,
    skip_unreadable: options.SkipUnreadable = False,
    no_compact: options.NoCompact = False,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:  # fmt: skip
    """Judge stored samples, and append the verdicts. It reads completions, starts no model and changes no sample.

    Only samples without a verdict of this verifier's version are judged, so the same command again does what is left.
    Earlier verdicts stay. Press Ctrl-C once to stop: what was judged is kept.
    """
    import samples
    from samples.maintenance.compact import tidy
    from samples.rescore.rescore import rescore
    from samples_cli.screen import stopping

    opened = samples.open(lake)
    with reporting(quiet=quiet, json=json) as report:
        report.screen.phase("reading verdicts")
        with stopping(report.screen, "what was judged is committed; Ctrl-C again leaves at once") as stop:
            summary = rescore(
                opened,
                verifier,
                together(runs),
                again=again,
                workers=workers,
                on_ray=on_ray,
                skip_unreadable=skip_unreadable,
                sandbox=sandbox,
                packages=packages,
                watch=report.screen.show,
                stop=stop,
            )
            if not no_compact:
                tidy(opened, summary.verifier, summary.runs, report.screen.show, stop, report.screen.say)
        report.done(closing.rescored(summary), closing.rescore_fields(summary))
    if summary.missing:
        sys.exit(130)

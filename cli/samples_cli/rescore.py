"""`samples rescore`: judge stored samples with a verifier."""

import sys
from typing import Any

import click

from samples_cli import options


@click.command(
    "rescore", epilog="Example: samples rescore --verifier math --run base-7b --run rl-7b --lake s3://lab/lake"
)
@click.option("--verifier", "spec", required=True, metavar="V", help=f"{options.VERIFIERS}.")
@click.option("--run", "runs", multiple=True, help="Only this run, by name or prefix of its id. Repeatable.")
@click.option("--again", is_flag=True, help="Judge again what got a timeout or an error, in a new pass.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes that judge; by default one per core.")
@click.option("--ray/--no-ray", "on_ray", default=None, help="Judge on Ray; by default where RAY_ADDRESS is set.")
@options.lake
def command(spec: str, runs: tuple[str, ...], again: bool, workers: int | None, on_ray: bool | None, uri: str) -> None:
    """Judge stored samples and append the verdicts; reads completions, never touches them, starts no model.

    Only samples without a current verdict of this verifier's version are judged: the same command again does what is
    left. Earlier verdicts stay. Ctrl-C once commits what was judged and stops.
    """
    import samples
    from samples.rescore.rescore import rescore
    from samples_cli.screen import Screen, stopping

    with Screen() as screen:
        screen.phase("reading verdicts")
        with stopping(screen, "what was judged is committed; Ctrl-C again leaves at once") as stop:
            summary = rescore(
                samples.open(uri),
                spec,
                runs,
                again=again,
                workers=workers,
                on_ray=on_ray,
                stop=stop,
                watch=screen.show,
            )
    closing(summary)
    if summary.missing:
        sys.exit(130)


def closing(summary: Any) -> None:
    """Say what a pass did."""
    from samples.verifiers import STATUSES
    from samples_cli.screen import duration

    def say(text: str) -> None:
        click.echo(text, err=True)

    for line in summary.left_out:
        say(line)
    who = f"{summary.verifier} (version {summary.version}, pass {summary.pass_id})"
    if summary.verified:
        counted = ", ".join(f"{summary.statuses.get(status, 0):,} {status}" for status in STATUSES)
        rate = summary.verified / summary.seconds
        known = 1 - summary.compared / summary.verified
        say(f"{who}: {summary.verified:,} verified: {counted}")
        say(f"in {duration(summary.seconds)}, {rate:,.0f}/s; {known:.0%} answered without a comparison of their own")
    else:
        say(f"{who}: nothing to verify: every sample has a verdict of this version")
    if summary.absent:
        say(f"{summary.absent:,} samples have no stored completion; they get no verdict")
    if summary.missing:
        say(f"{summary.missing:,} samples are left: the same command goes on from here")

"""`samples export`: samples with their completions and verdicts, as a file."""

import sys
from pathlib import Path

import click

from samples_cli import options


@click.command("export", epilog="Example: samples export --run base-7b --verifier math -o base.parquet --lake ./lake")
@click.option("--run", "runs", multiple=True, metavar="R", help="Only this run. Repeatable.")
@click.option("--verifier", "verifiers", multiple=True, metavar="V", help="Only this verifier's verdicts. Repeatable.")
@click.option(
    "-o", "--output", "file", default="-", show_default=True, metavar="FILE",
    help="FILE.parquet or FILE.jsonl; - is JSON lines on stdout.",
)  # fmt: skip
@click.option("--tokens/--no-tokens", default=True, show_default=True, help="Token ids and log-probs too.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@options.lake
def command(runs: tuple[str, ...], verifiers: tuple[str, ...], file: str, tokens: bool, force: bool, uri: str) -> None:
    """Write the samples of a lake, one a row, with their completions and current verdicts.

    With one verifier its columns are status, answer, reward, detail and seconds; with several, math_status,
    math_answer … `samples import --format samples` reads the file back.
    """
    import samples
    from samples.exchange.export import export
    from samples_cli.screen import Screen

    with Screen() as screen:
        summary = export(
            samples.open(uri), file, sys.stdout.buffer,
            runs=runs, verifiers=verifiers, tokens=tokens, force=force, watch=screen.counting,
        )  # fmt: skip
    what = f"{summary.rows:,} samples of {', '.join(summary.runs) or 'no run'}"
    beside = f", with verdicts of {', '.join(summary.verifiers)}" if summary.verifiers else ""
    size = f" ({Path(file).stat().st_size:,} bytes)" if file != "-" else ""
    click.echo(f"{what}{beside}: {'stdout' if file == '-' else file}{size}", err=True)
    for run in summary.without:
        click.echo(f"run {run} has no samples: nothing of it is in the file", err=True)

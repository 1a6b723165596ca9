"""`samples import`: other tools' sample files as runs of a lake."""

from typing import Annotated, Literal

import typer

from samples_cli import closing, complete, options
from samples_cli.reporter import reporting
from samples_cli.values import Pair

EXAMPLE = r"""samples import outputs/aime24.jsonl --format qwen-math --name base-7b \
    --dataset aime24 --label role=base --lake ./lake"""

Format = Literal["samples", "human-eval", "qwen-math", "lm-eval", "inspect", "nemo-skills"]


def command(
    file: Annotated[str, typer.Argument(help="A path or URI of a JSONL, JSON or Parquet file, also with .gz.")],
    form: Annotated[Format, typer.Option("--format", metavar="FORMAT", help="The tool that wrote the file: human-eval, "
        "qwen-math, lm-eval, inspect or nemo-skills; samples is what samples export writes.")],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Give the run this name.")],
    dataset: Annotated[str, typer.Option("--dataset", metavar="NAME", autocompletion=complete.datasets,
        help="Give the problem set this name.")],
    lake: options.Lake,
    label: Annotated[list[Pair] | None, typer.Option("--label", metavar="KEY=VALUE", parser=Pair.read,
        autocompletion=complete.labels,
        help="A label of the run, such as family=qwen or model=Qwen/Qwen2.5-7B. Repeatable.")] = None,
    problems: Annotated[str | None, typer.Option("--problems", metavar="SOURCE",
        help="Take questions, gold answers and tests from this source, as samples ingest would.")] = None,
    score: Annotated[str | None, typer.Option("--score", metavar="SCORE", help="Which score of the file gives the "
        "verdicts: the name of a filter, metric, scorer or verifier, or none.")] = None,
    verifier: Annotated[str | None, typer.Option("--verifier", metavar="VERIFIER", autocompletion=complete.verifiers,
        help="Who gave the verdicts or counts, if the file does not say; otherwise imported. Runs that the same "
        "verifier judged can be compared.")] = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:  # fmt: skip
    """Add the samples of FILE to a lake, as a run.

    Verdicts are stored as those of the verifier that the file names (samples export does), else of "imported". The file
    is checked first: if rows are bad, the command names them and adds nothing. The same file again adds nothing. A
    longer file of the same run, under the same name, adds what it has more.
    """
    from samples.exchange.imports.load import load

    with reporting(quiet=quiet, json=json) as report:
        summary = load(
            lake,
            file,
            form,
            name=name,
            dataset=dataset,
            labels=dict(label or ()),
            problems=problems,
            score=score,
            verifier=verifier,
            watch=report.screen.counting,
        )
        report.done(closing.imported(summary), closing.import_fields(summary))

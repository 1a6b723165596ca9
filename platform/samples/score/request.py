"""Read what a person asks of `samples score`. Nothing is started."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from samples.engines import Placement
from samples.errors import UsageError, meant
from samples.lake.storage import locate
from samples.runs.request import LARGEST_UNIT, Pool, grouped, pool_of, require_placeable, require_top_logprobs
from samples.verifiers import STATUSES

IDS, TEXT = "ids", "text"  # the token modes
TOKENS = ("auto", IDS, TEXT)
PROMPTS = ("auto", "run", "own")


@dataclass(frozen=True)
class ScoreRequest:
    """One scoring, as asked for. The scorer's id depends only on the fields under "which scorer".

    `tokens` auto scores token ids where the run's tokenizer has the scorer's vocabulary, and text elsewhere. `prompt`
    auto is the run's prompt with ids, and the scorer's own with text. `template` auto is the model's chat template, or
    the plain question if it has none. A `max_model_len` is part of the scorer because it decides which samples are too
    long: what could not be scored stays so, and another limit is another scorer.
    """

    model: str
    lake: str
    # what is scored
    runs: tuple[str, ...] = ()
    only: str | None = None
    verifier: str | None = None
    limit_per_problem: int | None = None
    where: Mapping[str, Any] = field(default_factory=dict[str, Any])
    # which scorer
    name: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    engine: str = "vllm"
    revision: str | None = None
    adapter: str | None = None
    dtype: str = "auto"
    tokens: str = "auto"
    prompt: str = "auto"
    template: str = "auto"
    system: str | None = None
    suffix: str | None = None
    template_date: str | None = None
    chat_options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    max_model_len: int | None = None
    # how
    placement: Placement = field(default_factory=Placement)
    pool: Pool = field(default_factory=Pool)
    unit: int = LARGEST_UNIT
    top_logprobs: int = 0
    allow_mismatch: bool = False

    def __post_init__(self) -> None:
        locate(self.lake)
        require_placeable(self.placement, self.pool, self.unit)
        require_top_logprobs(self.top_logprobs)
        for option, value, known in (("--tokens", self.tokens, TOKENS), ("--prompt", self.prompt, PROMPTS)):
            if value not in known:
                raise UsageError(f"{option} {value}: expected one of {', '.join(known)}")
        if self.only is not None and self.only not in STATUSES:
            raise UsageError(f"--only {self.only}{meant(self.only, STATUSES)}: expected one of {', '.join(STATUSES)}")
        if self.verifier is not None and self.only is None:
            raise UsageError("--verifier says whose verdicts --only means; give --only correct, or leave it out")
        if self.limit_per_problem is not None and self.limit_per_problem < 1:
            raise UsageError(f"--limit-per-problem {self.limit_per_problem}: expected at least 1")


def score_request(**settings: Any) -> ScoreRequest:
    """Return the request of these settings: fields of `ScoreRequest` and `Placement`, by their names.

    `replicas` is a number, or (smallest, largest). Settings that are None are left at their defaults.

    Raises:
        UsageError: No setting has this name, or a value cannot be used.
    """
    settings = {name: value for name, value in settings.items() if value is not None}
    if "replicas" in settings:
        settings["pool"] = pool_of(settings.pop("replicas"))
    parts, settings = grouped(settings, ScoreRequest, placement=Placement)
    return ScoreRequest(**parts, **settings)

"""Prepare a scoring: the scorer, its tokenizer, and which runs it scores how. No model is loaded."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import pyarrow as pa

from samples import engines
from samples.engines import Tokenizer
from samples.engines.adapters import Adapter, find_adapter
from samples.engines.engine_args import deciding
from samples.engines.identity import Identity, identify
from samples.errors import UsageError
from samples.lake.files import Selection, snapshot_files
from samples.lake.tables import Tables
from samples.query import lost
from samples.runs import templates
from samples.runs.run import Run, every, find
from samples.score.request import ScoreRequest
from samples.score.scorer import Scorer, recorded
from samples.score.shown import Shown, prompts, shown
from samples.units.engine import Model
from samples_schemas import COMPLETIONS, SAMPLES, VERDICTS


@dataclass(frozen=True)
class Prepared:
    """A request with its scorer, the runs that it scores and how, and their prompts (see `shown.prompts`).

    `notes` are what a person should know before samples are scored.
    """

    request: ScoreRequest
    scorer: Scorer
    model: Model
    tokenizer: Tokenizer
    how: tuple[Shown, ...]
    prompts: pa.Table
    notes: tuple[str, ...] = ()


def prepare(lake: Tables, request: ScoreRequest) -> Prepared:
    """Specify the scorer, choose the runs and render prompts. This loads a tokenizer and starts nothing.

    Raises:
        UsageError: The model, its tokenizer or the template cannot be used, or a named run cannot be scored.
        NotFound: There is no such run.
        LakeError: The lake cannot be read, or the log of a table lost entries of these runs.
    """
    trusted = request.placement.trust_remote_code
    tokenizer = engines.tokenizer(request.engine, request.model, request.revision, trust_remote_code=trusted)
    adapter = find_adapter(request.engine, request.adapter) if request.adapter else None
    weights = identify(request.engine, request.model, request.revision, request.dtype)
    scorer = Scorer(
        name=request.name or "",
        engine=request.engine,
        model=weights.path,
        specification=_specify(request, tokenizer, weights, adapter),
        labels=dict(request.labels),
        versions=engines.versions(request.engine),
    )
    scorer = scorer if scorer.name else replace(scorer, name=scorer.default_name)
    scorer = recorded(lake, scorer) or scorer
    runs, notes = _runs(lake, request)
    how = tuple(shown(scorer, run) for run in runs)
    loaded = (request.engine, weights.path, weights.load_revision, weights.revision, weights.dtype)
    notes += [
        f"run {one.run.name}: its text is scored, encoded for the scorer ({one.why}); compare bits per byte, not "
        "log-probs per token"
        for one in how
        if one.why
    ]
    rendered = prompts(lake, scorer, tokenizer, how)
    return Prepared(request, scorer, Model(*loaded, adapter), tokenizer, how, rendered, tuple(notes))


def _specify(request: ScoreRequest, tokenizer: Tokenizer, weights: Identity, adapter: Adapter | None) -> dict[str, Any]:
    """Return the specification of a scorer as JSON values. Its hash is the scorer's id."""
    choice = request.template
    if choice == "auto":
        choice = "plain" if tokenizer.chat_template is None else "chat"
    template = templates.load_template(
        choice,
        tokenizer,
        system=request.system,
        suffix=request.suffix,
        date=request.template_date,
        options=request.chat_options,
    )
    decides = deciding(request.placement.extra) | request.placement.deciding
    said = {name: value for name, value in asdict(template).items() if name != "path" and value not in (None, {})}
    return {
        "model": weights.name,
        "revision": weights.revision,
        "engine": request.engine,
        "dtype": weights.dtype,
        "tokenizer": tokenizer.digest,
        "tokens": request.tokens,
        "prompt": request.prompt,
        "template": said,
        "logprobs": "raw",
        **({"max_model_len": request.max_model_len} if request.max_model_len else {}),
        **({"engine_args": dict(sorted(decides.items()))} if decides else {}),
        **({"adapter": {"name": adapter.name, "revision": adapter.revision}} if adapter else {}),
    }


def _runs(lake: Tables, request: ScoreRequest) -> tuple[Sequence[Run], list[str]]:
    """Return the runs to score, and a note for each that is left out. A named run must hold texts."""
    lake = lake.pin((VERDICTS.name, SAMPLES.name, COMPLETIONS.name))
    named = [find(lake, name) for name in dict.fromkeys(request.runs)]
    # A sample whose completion a log lost would be recorded as one that cannot be scored.
    lost.require(lake, named or every(lake), every=not named)
    there = {file.partition["run_id"] for file in snapshot_files(lake, COMPLETIONS, Selection())}
    runs: list[Run] = []
    notes: list[str] = []
    for run in named or every(lake):
        if run.run_id in there:
            runs.append(run)
        elif named:
            raise UsageError(f"run {run.name} holds no texts and no token ids: there is nothing to score")
        else:
            notes.append(f"run {run.name} left out: it holds no texts and no token ids")
    if not runs:
        raise UsageError(f"lake {lake.uri} holds no samples with texts: draw or import some first")
    return runs, notes

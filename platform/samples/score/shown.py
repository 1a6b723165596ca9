"""What a scorer is shown of each run: which tokens, and which prompt."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from samples.engines import Tokenizer
from samples.errors import SamplesError, UsageError
from samples.lake.tables import Tables
from samples.runs import templates
from samples.runs.record import problems
from samples.runs.run import Run
from samples.runs.settings import IMPORTED
from samples.runs.templates import Template
from samples.score.request import IDS, TEXT
from samples.score.scorer import Scorer
from samples_schemas import PROMPTS


@dataclass(frozen=True)
class Shown:
    """A run with the tokens and the prompt that a scorer is shown of it. `why` says why its tokens are not scored."""

    run: Run
    token_mode: str  # ids or text
    prompt: str  # run or own
    why: str = ""


def shown(scorer: Scorer, run: Run) -> Shown:
    """Return how a scorer scores a run: by the scorer's policies, and by what is known of the run's tokenizer."""
    policy, prompt = scorer.specification["tokens"], scorer.specification["prompt"]
    same = (
        run.tokenizer == scorer.specification["tokenizer"] if run.tokenizer else scorer.same_weights(run.specification)
    )
    why = ""
    if policy == "auto" and not same:
        if run.engine == IMPORTED:
            why = "it was imported"
        elif run.tokenizer:
            why = "its tokenizer has another vocabulary"
        else:
            why = "its tokenizer was not recorded; --tokens ids scores its token ids as they are"
    mode = policy if policy != "auto" else IDS if same else TEXT
    return Shown(run, mode, prompt if prompt != "auto" else "run" if mode == IDS else "own", why)


def prompts(lake: Tables, scorer: Scorer, tokenizer: Tokenizer, how: Iterable[Shown]) -> pa.Table:
    """Return the prompt of each problem of each run: run_id, problem_id and token_ids.

    Raises:
        UsageError: A run has no prompts of its own, or a problem has no question, or the template fails.
    """
    rows = [row for one in how for row in _of_run(lake, scorer, tokenizer, one)]
    schema = pa.schema(
        [("run_id", pa.string()), ("problem_id", pa.string()), ("token_ids", PROMPTS.schema.field("token_ids").type)]
    )
    return pa.Table.from_pylist(rows, schema=schema)


def _of_run(lake: Tables, scorer: Scorer, tokenizer: Tokenizer, one: Shown) -> Iterator[dict[str, object]]:
    run = one.run
    if one.prompt == "run":
        recorded = lake.read(PROMPTS.name, run_id=run.run_id)
        if not recorded.num_rows:
            raise UsageError(
                f"run {run.name} has no recorded prompts, as imported runs have none: give --prompt own, which shows "
                "the scorer the question in its own template"
            )
        kind = run.specification["template"]["kind"]
        for row in recorded.to_pylist():
            ids = row["token_ids"] if one.token_mode == IDS else templates.encoded(tokenizer, kind, row["text"])
            yield {"run_id": run.run_id, "problem_id": row["problem_id"], "token_ids": ids}
        return
    template = Template(**scorer.specification["template"])
    for problem in problems(lake, run):
        if problem.question is None:
            raise UsageError(
                f'run {run.name}: problem "{problem.problem_id}" has no question that a scorer could be shown; import '
                "the run with its questions, or leave it out with --run"
            )
        try:
            _, ids = templates.prompt_ids(tokenizer, template, problem)
        except SamplesError as error:
            raise UsageError(f"run {run.name}: {error}") from error
        yield {"run_id": run.run_id, "problem_id": problem.problem_id, "token_ids": ids}

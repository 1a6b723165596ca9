"""Read one sample: its facts, its text, each token with its log-probs, its verdicts and reviews."""

from dataclasses import dataclass
from typing import Any

from samples.errors import NotFound
from samples.lake.tables import Tables
from samples.query import lost, show_rows, show_scorer, show_tokens
from samples.runs.numbered import numbered
from samples.runs.record import problems
from samples.runs.run import Run, find
from samples_schemas import COMPLETIONS


@dataclass(frozen=True)
class Shown:
    """One sample.

    An imported sample may lack its text, token ids and log-probs. They are None then. All lists of tokens are equally
    long.

    Attributes:
        run: The run that drew it.
        dataset: Name of the problem set.
        question: The question as the problem file has it; "" if it is not known.
        prompt: What the model was sent; "" if it is not known.
        golds: The accepted answers of its problem, none if it has none.
        facts: Its row in table `samples`.
        text: The completion.
        token_ids: Its tokens.
        token_logprobs: The natural log-prob of each token, as the run stored it.
        token_texts: The text of each token; None if they are not decoded, and then `why` says why.
        why: See `token_texts`.
        ranks: The place of each token among the most likely ones that the run stored, counted from 1; None for a token
            that is not among them. The whole list is None if the run stored none (--top-logprobs).
        scorer: Name of the scorer that was asked for; None if none was.
        scorer_logprobs: The log-prob of each token under it; None if it has none of these tokens, and then `scorer_why`
            says why.
        scorer_why: See `scorer_logprobs`.
        scorer_ranks: As `ranks`, among the most likely tokens that the scorer stored.
        scorer_own: The tokens that the scorer made of the text, if it scored it as tokens of its own: `token_ids`,
            `token_logprobs`, `token_texts` and `why`, which are as those of the run. None otherwise.
        verdicts: Every verdict of every verifier, the earliest pass first. `current` says which one counts.
        reviews: Every label of every reviewer, the latest first. `current` says which one counts.
    """

    run: Run
    dataset: str
    question: str
    prompt: str
    golds: tuple[str, ...]
    facts: dict[str, Any]
    text: str | None
    token_ids: list[int] | None
    token_logprobs: list[float] | None
    token_texts: list[str] | None
    why: str
    ranks: list[int | None] | None
    scorer: str | None
    scorer_logprobs: list[float] | None
    scorer_why: str
    scorer_ranks: list[int | None] | None
    scorer_own: dict[str, Any] | None
    verdicts: list[dict[str, Any]]
    reviews: list[dict[str, Any]]


def show(
    lake: Tables,
    name: str,
    problem_id: str,
    sample_index: int,
    *,
    tokenizer: str | None = None,
    scorer: str | None = None,
) -> Shown:
    """Read one sample of a run.

    `tokenizer` names the model whose tokenizer decodes the tokens: a folder, a name on the Hugging Face Hub, or "run"
    for the model that the run names. Without it no file of a model is opened, because a stranger may have written the
    lake. Only tokens of the toy engine are decoded then.

    `scorer` names a scorer, or a run that scores its own samples, whose log-probs are shown beside those of the run.

    All is of one snapshot of the lake. Each table is asked for the rows of this sample alone.

    Raises:
        ModelError: The tokenizer that was asked for cannot be loaded.
        NotFound: There is no such run, problem, sample or scorer; the message says what is there.
        LakeError: A table of the lake cannot be read, or its log lost entries of this run.
    """
    sample_index = numbered(sample_index)
    lake = lake.pin((*show_rows.TABLES, *(show_scorer.TABLES if scorer else ())))
    run = known(lake, name, problem_id)
    asked = None if scorer is None else show_scorer.chosen(lake, run, scorer)
    found = show_rows.read(lake, run, problem_id, sample_index, asked.scorer_id if asked else None)
    if found.facts is None or (found.completion is None and found.facts["error"] is None):
        lost.require(lake, [run])
    if found.facts is None:
        there = show_rows.indices(lake, run, problem_id)
        raise NotFound(f"run {run.name} has no sample {sample_index} of problem {problem_id}; it has {there}")
    completion = found.completion or dict.fromkeys(COMPLETIONS.file_schema.names)
    texts, why = show_tokens.texts(run, completion["token_ids"], tokenizer)
    other = show_scorer.logprobs(lake, run, asked, found, completion, tokenizer) if asked else show_scorer.NOBODY
    show_tokens.require_parallel(lake, run, completion, texts)
    problem = next(problems(lake, run, [problem_id]), None)
    return Shown(
        run=run,
        dataset=run.dataset,
        question=problem.question or "" if problem else "",
        prompt=found.prompt,
        golds=problem.accepted if problem else (),
        facts=found.facts,
        text=completion["text"],
        token_ids=completion["token_ids"],
        token_logprobs=completion["token_logprobs"],
        token_texts=texts,
        why=why,
        ranks=show_tokens.ranks(completion["token_ids"], found.top),
        scorer=asked.name if asked else None,
        scorer_logprobs=other.logprobs,
        scorer_why=other.why,
        scorer_ranks=other.ranks,
        scorer_own=other.own,
        verdicts=found.verdicts,
        reviews=found.reviews,
    )


def known(lake: Tables, name: str, problem_id: str) -> Run:
    """Return the run of this name if it has this problem.

    Raises:
        NotFound: There is no such run, or the run has no such problem.
    """
    run = find(lake, name)
    if problem_id not in run.problem_hashes:
        some = ", ".join(sorted(run.problem_hashes)[:5])
        count = len(run.problem_hashes)
        raise NotFound(f'run {run.name} has no problem "{problem_id}"; it has {count}, such as {some}')
    return run

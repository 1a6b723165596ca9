"""List the samples of one problem of a run: what a verifier said of each, how long and how likely it is."""

import math
from dataclasses import dataclass

from samples.lake.tables import Tables
from samples.query import lost
from samples.query.filters import Known
from samples.query.show import known
from samples.query.show_rows import Row, reviews_once, rows, verdicts_once
from samples.query.verifiers import choose_verifier, verifiers
from samples.runs.record import problems
from samples.runs.run import Run
from samples_schemas import COUNTS, PROBLEMS, REVIEWS, RUNS, SAMPLES, VERDICTS
from samples_schemas.labels import RUN_LABELS

STATUSES = ("correct", "wrong", "no_answer", "timeout", "error", "failed", "unjudged")

_TABLES = tuple(table.name for table in (RUNS, RUN_LABELS, PROBLEMS, SAMPLES, VERDICTS, COUNTS, REVIEWS))
_COLUMNS = ["sample_index", "tokens", "cumulative_logprob", "finish_reason", "error", "attempt"]
_LONGEST = 700.0  # nats a token: more makes no float


@dataclass(frozen=True)
class Listed:
    """The samples of one problem of a run.

    `verifier` is None if none judged the run. `golds` are the accepted answers.

    Each sample has sample_index, status, answer, tokens, finish_reason, perplexity, error and reviews (the current
    label of each reviewer). `status` is one of STATUSES: failed if the sample has no completion, unjudged if it has no
    verdict. They are in the order of STATUSES, the likeliest of a status first, and those without a perplexity last.
    """

    run: Run
    problem_id: str
    question: str
    golds: tuple[str, ...]
    verifier: str | None
    samples: list[Row]


def samples_of(lake: Tables, name: str, problem_id: str, *, verifier: str | None = None) -> Listed:
    """List the samples of one problem of a run. Texts and tokens are not read.

    `verifier` says whose verdicts count, by default those of the only verifier.

    Raises:
        NotFound: There is no such run or problem, or the verifier judged no sample of the run.
        UsageError: Several verifiers judged the run, and none is named.
        LakeError: A table of the lake cannot be read, or its log lost entries of this run.
    """
    lake = lake.pin(_TABLES)
    run = known(lake, name, problem_id)
    lost.require(lake, [run], (VERDICTS, SAMPLES))
    asked = [Known(run.name, run.run_id, run.dataset, run.labels)]
    judge = choose_verifier(lake, asked, verifier, "--verifier") if verifier or verifiers(lake, asked) else None
    facts = rows(lake, SAMPLES, _COLUMNS, **run.partition, problem_id=problem_id)
    verdicts = rows(lake, VERDICTS, verifier=judge, run_id=run.run_id, problem_id=problem_id) if judge else []
    reviews = rows(lake, REVIEWS, run_id=run.run_id, problem_id=problem_id)
    problem = next(problems(lake, run, [problem_id]), None)
    return Listed(
        run=run,
        problem_id=problem_id,
        question=problem.question or "" if problem else "",
        golds=problem.accepted if problem else (),
        verifier=judge,
        samples=_joined(facts, verdicts, reviews),
    )


def _joined(facts: list[Row], verdicts: list[Row], reviews: list[Row]) -> list[Row]:
    """Return one row for each sample, in order."""
    said = {row["sample_index"]: row for row in verdicts_once(verdicts) if row["current"]}
    labels: dict[int, dict[str, str]] = {}
    for row in reviews_once(reviews):
        if row["current"]:
            labels.setdefault(row["sample_index"], {})[row["reviewer"]] = row["label"]
    ordered = sorted(facts, key=lambda row: (row["error"] is not None, row["attempt"]), reverse=True)
    once = {row["sample_index"]: row for row in ordered}  # a row may be there twice
    found = [_sample(row, said.get(index), labels.get(index, {})) for index, row in once.items()]
    return sorted(found, key=_place)


def _sample(row: Row, verdict: Row | None, labels: dict[str, str]) -> Row:
    failed = row["error"] is not None
    return {
        "sample_index": row["sample_index"],
        "status": "failed" if failed else verdict["status"] if verdict else "unjudged",
        "answer": verdict["answer"] if verdict else None,
        "tokens": row["tokens"],
        "finish_reason": row["finish_reason"],
        "perplexity": None if failed else perplexity(row["tokens"], row["cumulative_logprob"]),
        "error": row["error"],
        "reviews": dict(sorted(labels.items())),
    }


def _place(row: Row) -> tuple[int, bool, float, int]:
    place = STATUSES.index(row["status"]) if row["status"] in STATUSES else len(STATUSES)
    return place, row["perplexity"] is None, row["perplexity"] or 0.0, row["sample_index"]


def perplexity(tokens: int | None, logprob: float | None) -> float | None:
    """Return the perplexity of a sample; None if it is not known, or no finite number."""
    if not tokens or logprob is None or not -_LONGEST * tokens < logprob:
        return None
    return math.exp(-logprob / tokens)

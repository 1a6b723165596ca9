"""The log-prob of each token of one sample under a scorer: a model that scored it, or the run itself."""

from collections.abc import Mapping
from shlex import quote
from typing import Any, NamedTuple

from samples import engines
from samples.engines.token_text import token_texts
from samples.errors import LakeError, SamplesError
from samples.lake.tables import Tables
from samples.query.connect import connect
from samples.query.scorers import Scorer, find_scorer, scorers
from samples.query.show_rows import Found
from samples.query.show_tokens import ranks
from samples.runs.run import Run, every
from samples_schemas import SCORE_LOGPROBS, SCORERS, SCORES

TABLES = tuple(table.name for table in (SCORERS, SCORES, SCORE_LOGPROBS))


class Scored(NamedTuple):
    """The log-probs of a sample's tokens; None if the scorer has none of these tokens, and `why`.

    `ranks` and `own` are those of `Shown`.
    """

    logprobs: list[float] | None
    why: str
    ranks: list[int | None] | None = None
    own: dict[str, Any] | None = None


NOBODY = Scored(None, "")


def chosen(lake: Tables, run: Run, name: str) -> Scorer:
    """Return the scorer of this name. The run's own name means its stored log-probs, in its log-prob mode.

    Raises:
        NotFound: There is no such scorer; the message says which there are.
    """
    with connect(lake, ["runs", "scorers"]) as connection:
        there = scorers(connection)
    if name == run.name and name not in {one.name for one in there}:
        return Scorer(run.name, run.model, run.engine, None, run.run_id)
    return find_scorer(there, name, [one.name for one in every(lake)])


def logprobs(
    lake: Tables, run: Run, scorer: Scorer, found: Found, completion: Mapping[str, Any], tokenizer: str | None
) -> Scored:
    """Return the log-probs of the tokens of `completion` under a scorer. `found` has its rows, if there are any.

    `tokenizer` is that of `samples.query.show.show`. It decodes tokens of the scorer's own.

    Raises:
        LakeError: The scorer has another number of log-probs than there are tokens.
    """
    own = completion["token_logprobs"]
    if scorer.run_id == run.run_id and (own is not None or scorer.scorer_id is None):
        # They count before scores of the same name, as in queries.
        return Scored(own, "" if own is not None else f"run {run.name} stored no log-probs of this sample")
    given, ids = found.score_logprobs, completion["token_ids"]
    if why := _missing(run, scorer, found):
        return Scored(None, why)
    assert given is not None
    values = given["token_logprobs"]
    if ids is None or (given["token_ids"] is not None and given["token_ids"] != ids):
        return Scored(
            None,
            f"{scorer.name} scored the text, as {len(values)} tokens of its own: samples query token_logprobs "
            f"--scorer {quote(scorer.name)} lists them",
            own=_own(scorer, given, tokenizer) if given["token_ids"] is not None else None,
        )
    if len(values) != len(ids):
        raise LakeError(
            f"lake {lake.place.table_uri(SCORE_LOGPROBS.name)}: scorer {scorer.name} has {len(values)} log-probs of "
            f"sample {completion['sample_index']} of problem {completion['problem_id']} of run {run.name}, which has "
            f"{len(ids)} tokens: restore the table from a copy"
        )
    return Scored(values, "", ranks(ids, found.score_top))


def _own(scorer: Scorer, given: Mapping[str, Any], tokenizer: str | None) -> dict[str, Any]:
    """Return the tokens that a scorer made of a text."""
    ids, texts = given["token_ids"], None
    why = f"with the tokenizer set to run, that of scorer {scorer.name} ({scorer.model}) decodes them"
    try:
        if scorer.engine == "toy":  # a part of this program: it opens no file
            texts, why = engines.tokenizer("toy", scorer.model).decode(ids), ""
        elif tokenizer is not None:
            texts, why = token_texts(scorer.model if tokenizer == "run" else tokenizer, None, ids), ""
    except SamplesError as error:
        why = str(error)
    return {"token_ids": ids, "token_logprobs": given["token_logprobs"], "token_texts": texts, "why": why}


def _missing(run: Run, scorer: Scorer, found: Found) -> str:
    """Say why a scorer has no log-probs of a sample; "" if it has."""
    if found.score is None:
        return f"{scorer.name} has not scored this sample; {scorer.command([run.name])} does"
    if found.score["error"] is not None:
        return f"{scorer.name} could not score this sample: {found.score['error']}"
    if found.score_logprobs is None:
        return f"{scorer.name} scored this sample, but its log-probs of tokens are not in the lake"
    return ""

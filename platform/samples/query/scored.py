"""What a reader must know of scores: which samples have none, and how far to trust those that are there."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import duckdb

from samples.errors import SamplesError
from samples.query.scorers import Scorer
from samples_queries import Header


class _Scored(NamedTuple):
    """The scores of one run: how many of its samples are scored, and how."""

    run: str
    samples: int
    scored: int
    unknown: int
    failed: int
    why: str | None
    own: bool
    modes: list[str]
    prompts: list[str]


# Failed samples cannot be scored, and are in no count. Which rows count is said in the view `likelihoods`. They are not
# read from it, because its join takes as long as the question itself.
_SCORED = """
WITH drawn AS (
    SELECT run, count(*) AS samples
    FROM samples
    WHERE list_contains($runs, run) AND error IS NULL
    GROUP BY run
), own AS (
    SELECT
        run, count(*) AS scored, countif(NOT isfinite(cumulative_logprob)) AS unknown, true AS own, ['ids'] AS modes,
        ['run'] AS prompts
    FROM own_likelihoods
    WHERE scorer = $scorer AND list_contains($runs, run)
    GROUP BY run
), given AS (
    SELECT
        run, count(*) AS scored, countif(NOT isfinite(cumulative_logprob)) AS unknown, false AS own,
        list_sort(list(DISTINCT token_mode)) AS modes, list_sort(list(DISTINCT prompt)) AS prompts
    FROM scores
    WHERE scorer = $scorer AND list_contains($runs, run) AND error IS NULL
    GROUP BY run
), found AS (
    FROM own UNION ALL FROM given ANTI JOIN own USING (run)
), failures AS (
    SELECT run, count(*) AS failed, min(error) AS why
    FROM scores
    WHERE scorer = $scorer AND list_contains($runs, run) AND error IS NOT NULL
    GROUP BY run
)
SELECT
    run, coalesce(samples, 0), coalesce(scored, 0), coalesce(unknown, 0), coalesce(failed, 0), why,
    coalesce(own, false), coalesce(modes, []), coalesce(prompts, [])
FROM (SELECT unnest($runs) AS run)
LEFT JOIN drawn USING (run)
LEFT JOIN found USING (run)
LEFT JOIN failures USING (run)
ORDER BY list_position($runs, run)
"""


def leave_out_unscored(
    connection: duckdb.DuckDBPyConnection, header: Header, bound: dict[str, Any], scorers: Sequence[Scorer]
) -> list[str]:
    """Bind the runs of which every scorer has scores; return notes about the others, and about the scores.

    A query has one parameter for several runs, or parameters for single ones. The latter stay. Without a scorer, the
    notes are about the runs' own log-probs.

    Raises:
        SamplesError: A scorer has scores of none of the runs.
    """
    several = next((p.name for p in header.params if p.kind == "runs"), None)
    single = [bound[p.name] for p in header.params if p.kind == "run" and bound[p.name]]
    notes: list[str] = []
    for scorer in scorers:
        asked = bound[several] if several else list(dict.fromkeys(single))
        rows = connection.execute(_SCORED, {"scorer": scorer.name, "runs": asked}).fetchall()
        found = [_Scored(*row) for row in rows]
        there = [one for one in found if one.scored]
        if not there:
            raise SamplesError(_nothing(header.name, scorer, found))
        if lacking := [one.run for one in found if not one.scored]:
            said = f"{scorer.name} scored no sample of {', '.join(lacking)}"
            notes.append(f"left out: {said}; {scorer.command(lacking)} scores them")
        if several:
            bound[several] = [one.run for one in there]
        of_one = any(p.name == "sample_index" for p in header.params)
        notes += [*([] if of_one else _gaps(scorer, there)), *_unlike(scorer, there), *_trust(scorer, there)]
    return notes if scorers else _processed(connection, header, bound)


def _nothing(query: str, scorer: Scorer, found: Sequence[_Scored]) -> str:
    runs = [one.run for one in found]
    failed = [f"{one.failed:,} of {one.run} failed ({one.why})" for one in found if one.failed]
    return (
        f"{query}: scorer {scorer.name} scored no sample of {', '.join(runs)}"
        f"{': ' + ', '.join(failed) if failed else ''}; score them: {scorer.command(runs)}"
    )


def _gaps(scorer: Scorer, there: Sequence[_Scored]) -> list[str]:
    """Say which samples have no score, or none that is a number."""
    notes: list[str] = []
    for one in there:
        if one.failed:
            notes.append(f"{one.failed:,} samples of {one.run} could not be scored by {scorer.name}: {one.why}")
        if one.unknown:
            notes.append(f"{one.unknown:,} log-probs of {one.run} under {scorer.name} are no finite numbers: left out")
    for own in (True, False):
        if some := [one for one in there if one.own is own and one.samples > one.scored + one.failed]:
            command = scorer.command([one.run for one in some])
            how = "the others have no stored log-probs" if own else f"{command} scores the others"
            said = ", ".join(f"{one.scored:,} of {one.samples:,} samples of {one.run}" for one in some)
            notes.append(f"{scorer.name} scored {said}, and the figures are of these alone; {how}")
    return notes


def _unlike(scorer: Scorer, there: Sequence[_Scored]) -> list[str]:
    """Say in what scores differ that stand in one answer."""
    notes: list[str] = []
    if len({mode for one in there for mode in one.modes}) > 1:
        said = f"{scorer.name} scored {_named(there, 'text', 'modes')} as text, and the rest as token ids"
        than = "perplexity per token does not compare between token modes; bits_per_byte does, where it is known"
        notes.append(f"{said}: {than}")
    if len({prompt for one in there for prompt in one.prompts}) > 1:
        said = f"{scorer.name} scored {_named(there, 'own', 'prompts')} after prompts of its own"
        notes.append(f"{said}, and the rest after the prompts of the run")
    if scorer.run_model and any(one.own for one in there):
        said = f"scorer {scorer.name} is the model {scorer.model}, and run {scorer.name} is of {scorer.run_model}"
        notes.append(f"{said}: one name stands for two models")
    return notes


def _named(there: Sequence[_Scored], value: str, of: str) -> str:
    return ", ".join(one.run for one in there if value in getattr(one, of))


def _trust(scorer: Scorer, there: Sequence[_Scored]) -> list[str]:
    """Say whether the scorer agrees with the log-probs that its model stored itself."""
    if not scorer.scorer_id or all(one.own for one in there):
        return []
    if scorer.parity is None:
        said = f"scorer {scorer.name} has no parity check: the lake had no raw log-probs that {scorer.model} stored"
        return [f"{said} itself; samples query scorers shows the check once there is one"]
    if scorer.parity.within:
        return []
    mean, kl = map(_number, scorer.parity[:2])
    said = f"scorer {scorer.name} differs from the log-probs that {scorer.model} stored itself"
    return [f"{said}: mean |difference| {mean}, mismatch KL {kl}; its scores may be wrong"]


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2g}"


# Views that hold perplexities under a run's own model.
_OWN = {"perplexities", "judged_perplexities"}
_PROCESSED = """
SELECT run
FROM runs
WHERE list_contains($runs, run) AND json_extract_string(specification, '/sampling/logprobs_mode') <> 'raw_logprobs'
ORDER BY run
"""


def _processed(connection: duckdb.DuckDBPyConnection, header: Header, bound: Mapping[str, Any]) -> list[str]:
    """Say which runs keep log-probs of what they were drawn from, where a query takes them for those of the model."""
    if header.group != "likelihood" or not _OWN & set(header.reads):
        return []
    runs = next((bound[p.name] for p in header.params if p.kind == "runs"), [])
    named = [run for (run,) in connection.execute(_PROCESSED, {"runs": runs}).fetchall()]
    if not named:
        return []
    said = f"the stored log-probs of {', '.join(named)} are processed: they are of the distribution that samples were"
    return [f"{said} drawn from, after temperature and truncation, and not of the model"]

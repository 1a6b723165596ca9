"""The problems of one run or two: how many samples, how many correct, how long, how likely."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from samples.browse.reading import Reading
from samples.query.filters import Known
from samples.query.query import query, sql
from samples.query.relations import quoted
from samples.query.verifiers import verifiers
from samples.runs.run import Run

_SQL = """
WITH asked AS (
    SELECT run, dataset, entry.key AS problem_id, entry.value AS problem_hash
    FROM (SELECT run, dataset, unnest(map_entries(problem_hashes)) AS entry FROM runs)
), drawn AS (
    SELECT
        run, problem_id, count(*) AS samples, count(error) AS failed,
        avg(tokens) FILTER (error IS NULL) AS tokens,
        exp(avg(
            CASE WHEN isfinite(exp(abs(cumulative_logprob / tokens))) THEN -cumulative_logprob / tokens END
        ) FILTER (error IS NULL AND tokens > 0)) AS perplexity
    FROM samples
    GROUP BY ALL
), judged AS (
    SELECT run, problem_id, n, c, errors, timeouts FROM tallies WHERE verifier = {verifier}
)
SELECT
    run, dataset, problem_id, problem_hash, left(question, 400) AS question,
    coalesce(samples, 0) AS samples, failed, tokens, perplexity, n, c, errors, timeouts,
    CASE WHEN n > 0 THEN c / n END AS accuracy
FROM asked
{join} JOIN problems USING (dataset, problem_id, problem_hash)
LEFT JOIN drawn USING (run, problem_id)
LEFT JOIN judged USING (run, problem_id)
ORDER BY problem_id, run
"""
OUTCOMES = {"both": "both solve", "only_a": "only {a}", "only_b": "only {b}", "neither": "neither"}


@dataclass
class ProblemRow:
    """One problem. `by_run` has its content and its numbers in each run that was asked for and has it."""

    problem_id: str
    by_run: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])

    def number(self, run: str, name: str) -> float | None:
        """Return a number of this problem in a run, None where it is not known."""
        return self.by_run.get(run, {}).get(name)

    @property
    def contents(self) -> set[tuple[str, str, str]]:
        """Data set, id and hash of what these runs were asked."""
        return {(row["dataset"], self.problem_id, row["problem_hash"]) for row in self.by_run.values()}

    @property
    def apart(self) -> bool:
        """Whether runs have different problems of this id: of another problem set, or with another content."""
        return len(self.contents) > 1

    def difference(self, run: str, other: str) -> float | None:
        """Return the accuracy in `other` minus that in `run`; None where one is not known, or the problems differ."""
        if self.apart:
            return None
        one, two = self.number(run, "accuracy"), self.number(other, "accuracy")
        return None if one is None or two is None else two - one


def judges(reading: Reading, runs: Sequence[Run]) -> list[str]:
    """Return the verifiers that judged any of these runs."""
    known = [Known(run.name, run.run_id, run.dataset, {}) for run in runs]
    return reading.once(("judges", *(run.run_id for run in runs)), lambda: verifiers(reading.lake, known))


def problem_rows(
    reading: Reading, runs: Sequence[Run], verifier: str | None, filters: Mapping[str, Any]
) -> list[ProblemRow]:
    """Return the problems that pass the filters, in the order of their ids."""

    def read() -> list[ProblemRow]:
        text = _SQL.format(verifier=quoted(verifier or ""), join="" if filters else "LEFT")
        found: dict[str, ProblemRow] = {}
        for row in sql(reading.lake, text, runs=[run.run_id for run in runs], threads=reading.threads, **filters):
            found.setdefault(row["problem_id"], ProblemRow(row["problem_id"])).by_run[row["run"]] = row
        return list(found.values())

    return reading.once(("problems", *(run.run_id for run in runs), verifier, repr(filters)), read)


def with_word(reading: Reading, runs: Sequence[Run], word: str) -> set[tuple[str, str, str]]:
    """Return data set, id and hash of the problems whose question or gold answer has a word, in letters of any case."""
    has = " OR ".join(f"contains(lower({column}), lower({quoted(word)}))" for column in ("question", "answer"))
    text = f"SELECT DISTINCT dataset, problem_id, problem_hash FROM problems WHERE {has}"  # noqa: S608 - it is quoted

    def read() -> set[tuple[str, str, str]]:
        found = sql(reading.lake, text, runs=[run.run_id for run in runs], threads=reading.threads)
        return {(row["dataset"], row["problem_id"], row["problem_hash"]) for row in found}

    return reading.once(("word", *(run.run_id for run in runs), word), read)


def coverage(
    reading: Reading, a: Run, b: Run, verifier: str, filters: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Return the rows of the query `coverage`, and its notes."""

    def read() -> tuple[list[dict[str, Any]], tuple[str, ...]]:
        rows = query(
            reading.lake, "coverage", a=a.run_id, b=b.run_id, verifier=verifier, threads=reading.threads, **filters
        )
        return rows.dicts(), rows.notes

    return reading.once(("coverage", a.run_id, b.run_id, verifier, repr(filters)), read)

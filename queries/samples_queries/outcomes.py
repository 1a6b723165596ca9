"""Which of two runs solve each problem, as drawn, or on average over smaller samples. No query.

A run that was sampled more often solves more problems by chance. Thinning removes this: N of a problem's n samples,
drawn without replacement, hold at least `threshold` of its c correct ones with a chance that the hypergeometric
distribution gives exactly. The runs are drawn independently of each other, so that the chances of an outcome multiply,
and their sum over problems is the expected number of problems with this outcome.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import duckdb
import numpy as np

from samples_queries import Unanswerable
from samples_queries.chances import Floats, Integers, at_least
from samples_queries.groups import distinct
from samples_queries.problem_sets import settle

OUTCOMES = ("both", "only_a", "only_b", "neither")

_PAIRED = """
SELECT dataset, problem_id, a.n AS n_a, a.c AS c_a, b.n AS n_b, b.c AS c_b
FROM compared AS a JOIN compared AS b USING (dataset, problem_id)
WHERE a.run = $a AND b.run = $b AND least(a.n, b.n) >= $least
ORDER BY dataset, problem_id
"""
_UNPAIRED = "SELECT count(DISTINCT problem_id) FROM judged_problems WHERE run IN ($a, $b) AND NOT shared"


@dataclass(frozen=True)
class Outcomes:
    """The problems that two runs share, by id, and the chance of each outcome.

    `solved_a` and `solved_b` are the chances that a run solves a problem, [problems]: 0 or 1, unless they are `thinned`
    to so many samples of a problem. `unpaired` counts the problems that only one run has verified samples of, or that
    the runs saw in different versions.
    """

    dataset: str
    ids: list[str]
    n_a: Integers
    c_a: Integers
    n_b: Integers
    c_b: Integers
    solved_a: Floats
    solved_b: Floats
    thinned: int | None
    unpaired: int

    def at(self, threshold: int) -> "Outcomes":
        """Return the outcomes of the same problems where so many correct samples solve one."""
        a, b = (solving(n, c, threshold, self.thinned) for n, c in ((self.n_a, self.c_a), (self.n_b, self.c_b)))
        return replace(self, solved_a=a, solved_b=b)

    def chances(self) -> Iterator[tuple[str, Floats]]:
        """Yield each outcome with its chance on each problem."""
        a, b = self.solved_a, self.solved_b
        yield from zip(OUTCOMES, (a * b, a * (1 - b), (1 - a) * b, (1 - a) * (1 - b)), strict=True)


def outcomes(
    connection: duckdb.DuckDBPyConnection,
    a: str,
    b: str,
    verifier: str,
    *,
    threshold: int,
    at_n: int | None,
    problem_set: str,
) -> tuple[Outcomes, list[str]]:
    """Return the outcomes of two runs, and notes.

    Args:
        connection: where the views are.
        a: name of a run.
        b: name of the other run; it may be the same one.
        verifier: whose verdicts count.
        threshold: a run solves a problem when so many of its samples are correct.
        at_n: how many samples of each problem are drawn; None takes all that there are.
        problem_set: one of problem_sets.MODES.

    Raises:
        Unanswerable: A run has no verdicts, the runs share no problem, none has `at_n` samples, or a number is below 1.
    """
    notes = settled_for(connection, [a, b], verifier, threshold=threshold, at_n=at_n, problem_set=problem_set)
    paired = connection.sql(_PAIRED, params={"a": a, "b": b, "least": at_n or 1}).to_arrow_table()
    ((unpaired,),) = connection.execute(_UNPAIRED, {"a": a, "b": b}).fetchall()
    n_a, c_a, n_b, c_b = (paired[name].to_numpy() for name in ("n_a", "c_a", "n_b", "c_b"))
    solved_a, solved_b = (solving(n, c, threshold, at_n) for n, c in ((n_a, c_a), (n_b, c_b)))
    dataset, ids = paired["dataset"][0].as_py(), paired["problem_id"].to_pylist()
    found = Outcomes(dataset, ids, n_a, c_a, n_b, c_b, solved_a, solved_b, at_n, unpaired)
    note = None if at_n else unequal(dataset, {a: n_a, b: n_b}, threshold)
    return found, [*notes, *([note] if note else [])]


def settled_for(
    connection: duckdb.DuckDBPyConnection,
    runs: Sequence[str],
    verifier: str,
    *,
    threshold: int,
    at_n: int | None,
    problem_set: str,
    paired: bool = True,
) -> list[str]:
    """Settle the problems that all runs share, and have `at_n` samples of; return notes.

    Without `paired`, runs share problems with the runs of their own dataset only, in the problem set common.

    Raises:
        Unanswerable: A run has no verdicts, the runs share no problem, none has `at_n` samples, or a number is below 1.
    """
    for name, number in (("threshold", threshold), ("at_n", at_n)):
        if number is not None and number < 1:
            raise Unanswerable(f"{name} = {number}: expected at least 1")
    ks = None if at_n is None else [at_n]
    return settle(connection, runs, verifier, problem_set, ks=ks, counted=at_n is not None, paired=paired).notes


def solving(n: Integers, c: Integers, threshold: int, at_n: int | None) -> Floats:
    """Return the chance that a run solves each problem."""
    if at_n is None:
        return (c >= threshold).astype(np.float64)
    if threshold > at_n:
        return np.zeros(len(n))
    group_n, group_c, (place,) = distinct([(n, c)])
    return at_least(group_n, group_c, at_n, [threshold])[place, 0]


def unequal(dataset: str, drawn: dict[str, Integers], threshold: int) -> str | None:
    """Return a note where runs have different numbers of verified samples of a problem; else None.

    Args:
        dataset: name of the problem set.
        drawn: of each run, the verified samples of each problem, in the same order of problems.
        threshold: how many correct samples solve a problem.
    """
    numbers = list(drawn.values())
    if all(np.array_equal(numbers[0], other) for other in numbers[1:]):
        return None
    said = ", ".join(f"{run} {_span(n)}" for run, n in drawn.items())
    least = min(int(n.min()) for n in numbers)
    return (
        f"{dataset}: verified samples of a problem are {said}; at least {threshold} correct of more samples is easier; "
        f"--at-n {least} takes {least} samples of each problem"
    )


def _span(n: Integers) -> str:
    least, most = int(n.min()), int(n.max())
    return f"{least}" if least == most else f"{least} to {most}"


def whole(expected: Sequence[float], thinned: int | None) -> list[int] | list[float]:
    """Return numbers of problems: whole numbers, unless they are expectations over thinned samples."""
    return [round(number) for number in expected] if thinned is None else list(expected)

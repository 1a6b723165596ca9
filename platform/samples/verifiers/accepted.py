"""Judge a completion against every accepted answer of its problem: correct if any of them counts.

A verifier compares with one answer at a time. Here a problem of several accepted answers becomes a problem for each of
them, and what the verifier says about each becomes one verdict. So no verifier needs to know of several answers.
"""

from collections.abc import Iterator
from dataclasses import replace

from samples.errors import UsageError
from samples.problems.problems import Problem
from samples.verifiers import Verdict, Verifier

_ORDER = ("correct", "error", "timeout", "wrong", "no_answer")  # the first that an accepted answer gives is the verdict


def each_accepted(judge: Verifier, problem: Problem) -> tuple[Problem, ...]:
    """Return the problem once for each accepted answer that the verifier can compare with.

    A problem of one answer comes back as it is, unchecked. So does every problem of a verifier that does not compare
    with gold answers. An answer that the verifier cannot use ("forty-two", for numeric) is left out: no completion of
    a number equals it.

    Raises:
        UsageError: The verifier can use none of several answers.
    """
    if not problem.answers or not judge.compares_answers:
        return (problem,)
    found: list[Problem] = []
    refusal: UsageError | None = None
    for one in _ones(problem):
        try:
            judge.gold(one)
        except UsageError as error:
            refusal = refusal or error
        else:
            found.append(one)
    if refusal and not found:
        raise refusal
    return tuple(found)


def require_gold(judge: Verifier, problem: Problem) -> None:
    """Check that a verifier can judge a problem.

    Raises:
        UsageError: The problem has no gold answer or tests that the verifier can use.
        MissingExtra: The verifier lacks what it runs programs in.
    """
    if each_accepted(judge, problem) == (problem,):
        judge.gold(problem)


def better(one: Verdict | None, other: Verdict) -> Verdict:
    """Return the verdict that counts, of two on different accepted answers; of equals the one of more reward.

    It is wrong only if all are: one that is not decided, an error or a timeout, might have been correct.
    """
    if one is None:
        return other
    ranks = [(_ORDER.index(verdict.status), -(verdict.reward or 0.0)) for verdict in (one, other)]
    return one if ranks[0] <= ranks[1] else other


def _ones(problem: Problem) -> Iterator[Problem]:
    """Yield the problem with each of its accepted answers as its gold answer. `answers` still holds them all."""
    for answer in problem.answers:
        yield replace(problem, answer=answer)

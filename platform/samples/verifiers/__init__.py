"""Verifiers: what judges a completion against its problem.

A verifier is a small class with a name and a version; extraction and comparison are separate steps. The registry is
a plain dict.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from samples.errors import UsageError
from samples.problems import Problem

STATUSES = ("correct", "wrong", "no_answer", "timeout", "error")


@dataclass(frozen=True)
class Verdict:
    """What a verifier said: a status of STATUSES, the extracted answer, a reward in [0, 1] where there is one."""

    status: str
    answer: str | None = None
    reward: float | None = None
    detail: str | None = None


class Verifier(Protocol):
    """One way of judging. `version` changes whenever the same input may get another verdict."""

    name: str
    version: str

    def gold(self, problem: Problem) -> Any:
        """Return what answers of this problem are compared with.

        Raises:
            UsageError: The problem has nothing that this verifier can use.
        """
        ...

    def extract(self, completion: str) -> str | None:
        """Return the final answer in a completion, or None when it gives none."""
        ...

    def compare(self, problem: Problem, answer: str) -> Verdict:
        """Judge an extracted answer against the problem's gold."""
        ...


def verifier(name: str) -> Verifier:
    """Return the verifier of this name.

    Raises:
        UsageError: There is none.
    """
    from samples.verifiers.exact import Exact
    from samples.verifiers.numeric import Numeric

    registry: dict[str, type[Verifier]] = {"exact": Exact, "numeric": Numeric}
    if name not in registry:
        raise UsageError(f'verifier "{name}" is not known: choose one of {", ".join(registry)}')
    return registry[name]()


def gold_text(problem: Problem, name: str) -> str:
    """Return the gold answer, stripped.

    Raises:
        UsageError: The problem has none.
    """
    if problem.answer is None:
        raise UsageError(
            f'verifier {name}: problem "{problem.problem_id}" has no gold answer; name its field with --answer-field'
        )
    return problem.answer.strip()

"""The strictest verifier: the completion must be the gold answer, ignoring blanks at both ends.

Gold answer: any text. Answer: the whole completion. Nothing is searched in it, and a thinking part is not removed.

Limits: texts are compared, never values: 0.5 is not 1/2, and "yes." is not "yes". A blank completion has no answer.
Needs nothing. One answer takes microseconds.
"""

from samples.problems.problems import Problem
from samples.verifiers import Verdict, Verifier, gold_text


class Exact(Verifier):
    """Correct if completion and gold answer are the same text. It compares no values: 0.5 is not 1/2."""

    name = "exact"
    version = "1"

    def gold(self, problem: Problem) -> str:
        """Return the gold answer, stripped."""
        return gold_text(problem, self.name)

    def extract(self, completion: str) -> str | None:
        """Return the whole completion, stripped, or None if it is blank."""
        return completion.strip() or None

    def compare(self, problem: Problem, answer: str) -> Verdict:
        """Return correct if answer and gold are the same text."""
        return Verdict("correct" if answer == self.gold(problem) else "wrong", answer)

"""The strictest verifier: the completion is the gold answer, blanks at its ends aside."""

from samples.problems.problems import Problem
from samples.verifiers import Verdict, Verifier, gold_text


class Exact(Verifier):
    """Equal text. Says nothing of equal meaning: 0.5 is not 1/2 here."""

    name = "exact"
    version = "1"

    def gold(self, problem: Problem) -> str:
        """Return the gold answer, stripped."""
        return gold_text(problem, self.name)

    def extract(self, completion: str) -> str | None:
        """Return the whole completion, stripped; None when nothing is left."""
        return completion.strip() or None

    def compare(self, problem: Problem, answer: str) -> Verdict:
        """Correct when answer and gold are the same text."""
        return Verdict("correct" if answer == self.gold(problem) else "wrong", answer)

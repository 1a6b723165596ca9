"""The last number of a completion against a numeric gold answer.

Numbers are compared as exact decimals, so 0.1 + 0.2 is no question of floating point; they agree when they differ by
at most one part in a million of the gold answer. Thousands separators, a sign and an exponent are read; fractions,
units and LaTeX are left to other verifiers.
"""

import re
from decimal import Decimal, InvalidOperation

from samples.errors import UsageError
from samples.problems.problems import Problem
from samples.verifiers import Verdict, Verifier, gold_text
from samples.verifiers.extraction import LONGEST, cut, last_match

TOLERANCE = Decimal("1e-6")  # relative to the gold answer

# A sign belongs to the number unless it stands right behind a digit or letter: "10-3" ends in 3, "x = -3" in -3.
_NUMBER = re.compile(
    r"(?:(?<![\w.)])[-+])?(?:(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d{1,3}(?!\w))?"
)


class Numeric(Verifier):
    """Correct when the last number in the completion is the gold number, within the tolerance."""

    name = "numeric"
    version = "1"

    def gold(self, problem: Problem) -> Decimal:
        """Return the gold answer as a decimal.

        Raises:
            UsageError: There is none, or it is not a number.
        """
        text = gold_text(problem, self.name)
        try:
            number = Decimal(text.replace(",", ""))
        except InvalidOperation:
            number = Decimal("nan")
        if not number.is_finite():
            raise UsageError(
                f'verifier numeric: problem "{problem.problem_id}" has the gold answer {text[:60]!r}, no number; '
                "choose another --verifier"
            )
        return number

    def extract(self, completion: str) -> str | None:
        """Return the last number, without thousands separators; None when there is no number."""
        found = last_match(_NUMBER, completion)
        return cut(found[0].replace(",", "").removeprefix("+")) if found else None

    def compare(self, problem: Problem, answer: str) -> Verdict:
        """Compare as decimals."""
        want = self.gold(problem)
        if len(answer) > LONGEST:
            return Verdict("wrong", answer, detail=f"longer than {LONGEST} characters")
        return Verdict("correct" if abs(Decimal(answer) - want) <= TOLERANCE * abs(want) else "wrong", answer)

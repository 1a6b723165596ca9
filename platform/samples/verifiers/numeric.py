"""Compare the last number of a completion with a numeric gold answer.

Numbers are compared as exact decimals, so there is no rounding error. They are equal if they differ by at most one part
in a million of the gold answer. Thousands separators, a sign and an exponent are read. Fractions, units and LaTeX are
not; other verifiers read them.
"""

import re
from decimal import Decimal, InvalidOperation

from samples.errors import UsageError
from samples.problems.problems import Problem
from samples.verifiers import Verdict, Verifier, gold_text
from samples.verifiers.extraction import MAX_CHARACTERS, last_match, truncate

TOLERANCE = Decimal("1e-6")  # relative to the gold answer

# A sign belongs to the number unless a digit or letter comes right before it: "10-3" ends in 3, "x = -3" in -3.
_NUMBER = re.compile(
    r"(?:(?<![\w.)])[-+])?(?:(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d{1,3}(?!\w))?"
)


class Numeric(Verifier):
    """Correct if the last number in the completion equals the gold number, within the tolerance."""

    name = "numeric"
    version = "1"

    def gold(self, problem: Problem) -> Decimal:
        """Return the gold answer as a decimal.

        Raises:
            UsageError: There is no gold answer, or it is not a number.
        """
        text = gold_text(problem, self.name)
        try:
            number = Decimal(text.replace(",", ""))
        except InvalidOperation:
            number = Decimal("nan")
        if not number.is_finite():
            raise UsageError(
                f'verifier numeric: problem "{problem.problem_id}" has the gold answer {text[:60]!r}, which is not a '
                "number; choose another --verifier"
            )
        return number

    def extract(self, completion: str) -> str | None:
        """Return the last number, without thousands separators, or None if there is no number."""
        found = last_match(_NUMBER, completion)
        return truncate(found[0].replace(",", "").removeprefix("+")) if found else None

    @staticmethod
    def key(answer: str) -> str:
        """Return the number in one way of writing: 1.50 and 15e-1 are one."""
        number = Decimal(answer) if _NUMBER.fullmatch(answer) else None
        return answer if number is None else str(number.normalize() if number else Decimal(0))

    def compare(self, problem: Problem, answer: str) -> Verdict:
        """Compare answer and gold as decimals."""
        want = self.gold(problem)
        if len(answer) > MAX_CHARACTERS:
            return Verdict("wrong", answer, detail=f"longer than {MAX_CHARACTERS} characters")
        return Verdict("correct" if abs(Decimal(answer) - want) <= TOLERANCE * abs(want) else "wrong", answer)

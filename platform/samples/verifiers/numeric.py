r"""Compare the number that a completion gives as its answer with a numeric gold answer.

Gold answer: a number such as 18, -0.5, 1,234, 1e6, $3 or 25%. Any other gold answer is refused.

The answer is found by the rule of `samples.verifiers.extraction`: in a tag, box, JSON field or behind `####`, it is
the last number; in a statement, "the answer is 42 (see step 3)", the first one behind the last equal sign. Without
any of these, it is the last number of the completion. How numbers are read is told in `samples.verifiers.quantities`.

Numbers are compared exactly, so there is no rounding error. They are equal if they differ by at most one part in a
million of the gold answer.

Limits: units, percent signs and words other than million and its kin are ignored; roots and formulas are not
evaluated (`5\sqrt{2}`); "5 or 6" is no answer. An answer of more than 2,000 characters is wrong.
Needs nothing. One answer takes less than a millisecond; 10 s and 1 GiB end it.
"""

import re
from fractions import Fraction

from samples.errors import UsageError
from samples.problems.problems import Problem
from samples.verifiers import Verdict, Verifier, gold_text
from samples.verifiers.extraction import MAX_CHARACTERS, final_answer
from samples.verifiers.quantities import last_quantity, quantities, value

TOLERANCE = Fraction(1, 10**6)  # relative to the gold answer

_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3}|/0*[1-9]\d*)?", re.ASCII)
_FORMULA = re.compile(r"\\(?:sqrt|pi|log|ln|sin|cos|tan|infty)(?![A-Za-z])|[√π∞]|\bsqrt\b|\bpi\b")


class Numeric(Verifier):
    """Correct if the number that a completion gives equals the gold number, within the tolerance."""

    name = "numeric"
    version = "2"

    def gold(self, problem: Problem) -> Fraction:
        """Return the gold answer as an exact number.

        Raises:
            UsageError: There is no gold answer, or it is not a number.
        """
        text = gold_text(problem, self.name)
        plain = text.replace(",", "").replace("\u2212", "-").lstrip("$").rstrip("%")
        if not _NUMBER.fullmatch(plain):
            raise UsageError(
                f'verifier numeric: problem "{problem.problem_id}" has the gold answer {text[:60]!r}, which is not a '
                "number; choose another --verifier"
            )
        return value(plain)

    def extract(self, completion: str) -> str | None:
        """Return the number, without separators, or None if there is no number."""
        return final_answer(completion, _whole, _stated, last_quantity)

    @staticmethod
    def key(answer: str) -> str:
        """Return the number in one way of writing: 1.50 and 15e-1 are one."""
        return str(value(answer)) if _NUMBER.fullmatch(answer) else answer

    def compare(self, problem: Problem, answer: str) -> Verdict:
        """Compare answer and gold as exact numbers."""
        want = self.gold(problem)
        if len(answer) > MAX_CHARACTERS:
            return Verdict("wrong", answer, detail=f"longer than {MAX_CHARACTERS} characters")
        return Verdict("correct" if abs(value(answer) - want) <= TOLERANCE * abs(want) else "wrong", answer)


def _whole(text: str) -> str | None:
    """Return the number of a box, tag, field or mark; "" if it holds a root or a constant."""
    return "" if _FORMULA.search(text) else last_quantity(text)


def _stated(text: str) -> str | None:
    """Return the number that a sentence gives as the answer; "" if it offers two."""
    text = re.sub(r"\A([-+])\s+(?=\d)", r"\1", text)
    found = quantities(text.rpartition("=")[2]) or quantities(text)
    if not found:
        return None
    if _FORMULA.search(text):
        return ""
    return "" if re.search(r"\d\s+or\s+[-\d]", text) and found[0] != found[-1] else found[0]

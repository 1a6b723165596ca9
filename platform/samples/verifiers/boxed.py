r"""The strict verifier of mathematics: the text of the last \boxed is the text of the gold answer.

Blanks do not count (one stays between two letters or digits, so that `1 1` is not `11`), and `\dfrac`, `\tfrac`,
`\left`, `\right`, dollars and LaTeX's spacing commands say nothing. Everything else does: 0.5 is not \frac{1}{2} here,
and 2,125 is not 2125. A completion without a complete \boxed has no answer.
"""

import re

from samples.problems.problems import Problem
from samples.verifiers import Verdict, Verifier, gold_text
from samples.verifiers.extraction import cut, last_box

_SPACING = re.compile(r"(?<!\\)\\(?:[,;:! ]|(?:left|right|displaystyle|quad|qquad)(?![A-Za-z]))|[$~\s]")
_FRACTION = re.compile(r"\\[dt]frac(?![A-Za-z])")
_BLANKS = re.compile(r"(?<![A-Za-z0-9]) +| +(?![A-Za-z0-9])")


def plain(text: str) -> str:
    """Return text without what typesetting alone is about."""
    text = text.replace(r"\$", "")
    return _BLANKS.sub("", re.sub(" +", " ", _SPACING.sub(" ", _FRACTION.sub(r"\\frac", text))))


class BoxedExact(Verifier):
    r"""Correct when the last \boxed holds the gold answer, typesetting aside."""

    name = "boxed-exact"
    version = "1"

    def gold(self, problem: Problem) -> str:
        """Return the gold answer without its typesetting."""
        return plain(gold_text(problem, self.name))

    def extract(self, completion: str) -> str | None:
        r"""Return what the last complete \boxed holds."""
        return cut(last_box(completion))

    def compare(self, problem: Problem, answer: str) -> Verdict:
        """Correct when answer and gold are the same text."""
        return Verdict("correct" if plain(answer) == self.gold(problem) else "wrong", answer)

r"""The strict verifier of mathematics: it compares the text of the last \boxed with the text of the gold answer.

Gold answer: any text. Only typesetting is ignored: spaces, `\left`, `\right`, dollars and LaTeX's spacing commands.
One space is kept between two letters or digits, so `1 1` is not `11`. `\dfrac` and `\tfrac` equal `\frac`.

The box is found by the rule of `samples.verifiers.extraction`: thinking comes last, an empty box is only spoken of,
boxes joined by commas, "and" or "or" are one answer. A completion without a complete \boxed has no answer.

Limits: every other difference counts: 0.5 is not \frac{1}{2}, and 2,125 is not 2125.
Needs nothing. One answer takes less than a millisecond; 10 s and 1 GiB end it.
"""

import re

from samples.problems.problems import Problem
from samples.verifiers import Verdict, Verifier, gold_text
from samples.verifiers.boxes import boxed
from samples.verifiers.extraction import truncate
from samples.verifiers.visible import seen_and_all

_SPACING = re.compile(r"(?<!\\)\\(?:[,;:! ]|(?:left|right|displaystyle|quad|qquad)(?![A-Za-z]))|[$~\s]")
_FRACTION = re.compile(r"\\[dt]frac(?![A-Za-z])")
_BLANKS = re.compile(r"(?<![A-Za-z0-9]) +| +(?![A-Za-z0-9])")


def without_typesetting(text: str) -> str:
    """Remove from a text what only changes how it is printed."""
    text = text.replace(r"\$", "")
    return _BLANKS.sub("", re.sub(" +", " ", _SPACING.sub(" ", _FRACTION.sub(r"\\frac", text))))


class BoxedExact(Verifier):
    r"""Correct if the last \boxed holds the text of the gold answer, ignoring typesetting."""

    name = "boxed-exact"
    version = "2"

    def gold(self, problem: Problem) -> str:
        """Return the gold answer without typesetting."""
        return without_typesetting(gold_text(problem, self.name))

    def extract(self, completion: str) -> str | None:
        r"""Return the content of the last complete \boxed that is not empty; what follows the thinking comes first."""
        return truncate(next((box for text in seen_and_all(completion) if (box := boxed(text))), None))

    @staticmethod
    def key(answer: str) -> str:
        """Return the answer without typesetting."""
        return without_typesetting(answer)

    def compare(self, problem: Problem, answer: str) -> Verdict:
        """Return correct if answer and gold are the same text."""
        return Verdict("correct" if without_typesetting(answer) == self.gold(problem) else "wrong", answer)

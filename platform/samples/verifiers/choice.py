r"""Multiple choice: the last letter A to E that a completion chooses.

The verifier looks for these forms, in this order, and takes the last letter of the first form found: a letter in a
\boxed; "answer is (B)", "answer: B", "option B"; a letter in parentheses; a last line that is only a letter. Text after
the letter, as in `\boxed{\textbf{(B)}\ 12}`, is ignored. A lower-case letter counts only in a box, in parentheses or as
a whole line: "the answer is a ratio" chooses nothing. The gold answer may have any of these forms.
"""

import re

from samples.errors import UsageError
from samples.problems.problems import Problem
from samples.verifiers import Verdict, Verifier, gold_text
from samples.verifiers.extraction import last_box, last_match

_OPEN = r"(?:\\(?:text|textbf|textit|textrm|mathrm|mathbf|mbox|rm|bf)\b|[\s{(\[*$~]){0,12}"
_CHOSEN = re.compile(rf"{_OPEN}([A-Ea-e])(?![A-Za-z0-9^_+=/]|\s*[-+=^/])")
_STATED = re.compile(
    rf"(?i:\b(?:answer|choice|option)\b(?:\s{{1,3}}(?:is|choice|option))?[\s:*]{{0,6}}){_OPEN}"
    r"(?:([A-E])(?![A-Za-z0-9'])|(?<=\()([a-e])\))"
)
_PARENTHESES = re.compile(r"(?<![A-Za-z0-9])\(([A-Ea-e])\)")


class Choice(Verifier):
    """Correct if the chosen letter is the gold letter."""

    name = "choice"
    version = "1"

    def gold(self, problem: Problem) -> str:
        """Return the gold letter.

        Raises:
            UsageError: The gold answer is not one of A to E.
        """
        text = gold_text(problem, self.name)
        found = _CHOSEN.match(text)
        if found is None:
            raise UsageError(
                f'verifier choice: problem "{problem.problem_id}" has the gold answer {text[:60]!r}, which is not a '
                "letter A to E; choose another --verifier"
            )
        return found[1].upper()

    def extract(self, completion: str) -> str | None:
        """Return the chosen letter as a capital, or None if the completion chooses none."""
        boxed = last_box(completion)
        if boxed and (found := _CHOSEN.match(boxed)):
            return found[1].upper()
        if stated := last_match(_STATED, completion):
            return (stated[1] or stated[2]).upper()
        if bracketed := last_match(_PARENTHESES, completion):
            return bracketed[1].upper()
        lines = completion.rstrip().rpartition("\n")[2]
        alone = re.fullmatch(rf"{_OPEN}([A-Ea-e])[\s.)\]*$}}]{{0,8}}", lines[:60].lstrip()) if len(lines) < 60 else None  # noqa: PLR2004 - a longer line is more than a letter
        return alone[1].upper() if alone else None

    def compare(self, problem: Problem, answer: str) -> Verdict:
        """Return correct if the letters are the same."""
        return Verdict("correct" if answer == self.gold(problem) else "wrong", answer)

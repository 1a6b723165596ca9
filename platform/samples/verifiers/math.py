r"""Compare the final answer with the gold answer as mathematics, on SymPy and math-verify.

The final answer is found by the rule of `samples.verifiers.extraction`. It is read as LaTeX into a tree
(`samples.verifiers.notation`), so that decorations, words and units are told from mathematics. An answer of more than
2,000 characters is truncated, and is wrong.

Expressions, equations, intervals, sets, tuples and matrices of equal value are equal. These are equal too:
- a decimal and a number that differ by at most 1e-6 and by at most one part in 10,000, or by at most one part in 10^9;
- x % and x/100, and also x % and x, because problems often ask for "how many percent";
- an equation `x = 5` and `5`, a function `f(x) = 2x` and `2x`, an inequality and its interval;
- `x = 1, y = 2` and (1, 2), letters in alphabetical order; a column and a tuple;
- an answer with a unit or currency and one without: a unit that follows a value is removed, and never compared;
- `52_8` and `52`; if both answers name a base, their values are compared;
- `3 \pmod{7}` and `3`; if both name a modulus, it must be the same;
- an option with its value, `(C) 12`, and either of them;
- words in \text and plain words, where letter case counts only in words of one or two letters;
- a letter in parentheses and without them.

Exact numbers are compared exactly, or to 150 digits and more where roots and functions are in them. Words that change a
value do so (`2 million`, `3 quarters`, `5 squared`). Words that make it a bound (`15 or less`) are no value. One of two
opposites (`5 north`, `3:15 PM`) does not equal the other.

Known limits, each shown by a test:
- Units are neither compared nor converted. A single typed letter after a number may be taken for a unit.
- Repeated values in a list count once: 16,3,1,1 equals 16,3,1. A list has no order.
- {1,2} equals the pair or interval (1,2).
- If the gold answer is no equation, the right side of an equation is compared: x+1=2 equals 2.
- A condition behind a formula, `n \ge 2`, is not compared.
- `\log` has base 10. x/yz is x/(yz). `100,200` is one number. Degrees outside of a function are a unit.
- Letters outside of \text are a product: ab equals ba, unless they are a word of three letters or more.
- The cube root of -8 is -2.
- Formulas are equal if they agree at four points to 20 digits. In unions, decimals that agree in six places are equal.
- An answer with more than 12 open brackets cannot be read.

`compare` has no time limit of its own: call it in a worker that can be killed. A number that is too large to evaluate
(a power of more than 100,000 bits, a factorial of more than 10,000) is an `error`, unless it is the gold answer word
for word.
"""

import logging
import re

from samples.problems.problems import Problem
from samples.verifiers import Verdict, Verifier, gold_text
from samples.verifiers.agreement import agree, key
from samples.verifiers.extraction import MAX_CHARACTERS, last_box, truncate
from samples.verifiers.notation.plain import plain_value
from samples.verifiers.notation.sizes import TooLarge
from samples.verifiers.versions import version_with_libraries

_SEARCHED = 1_000  # characters at the end of a completion
_CUT_OFF = re.compile(r"\\(?:boxed|fbox|framebox)\s*\{(?!\s*\})")  # used if no box is complete
_JOINT = re.compile(r"\}\s*\$?\s*(?:,|;|,?\s*(?:\\text\s*\{\s*)?(?:and|or)(?:\s*\})?)\s*\$?\s*\\boxed\s*\{\Z")

logging.getLogger("math_verify.grader").setLevel(logging.ERROR)  # it warns that its timeouts are off, which we want


class Math(Verifier):
    """Correct if the final answer equals the gold answer. The module's docstring defines "equals"."""

    name = "math"
    preload = ("samples.verifiers.math_warm_up",)

    def __init__(self) -> None:
        self.version = version_with_libraries("2", "math-verify", "latex2sympy2_extended", "sympy")

    def gold(self, problem: Problem) -> str:
        """Return the text of the gold answer."""
        return gold_text(problem, self.name)

    def extract(self, completion: str) -> str | None:
        r"""Return the text of the final answer: the content of the last \boxed, else the last formula near the end."""
        if boxed := last_box(completion):
            return truncate(_join_boxes(completion[-MAX_CHARACTERS:], boxed))
        return None if _CUT_OFF.search(completion) else _answer_without_box(completion[-_SEARCHED:])

    @staticmethod
    def key(answer: str) -> str:
        """Return the exact value of a number, however it is written; of another answer its text without typesetting."""
        value = plain_value(answer)  # most answers, in a tenth of the time
        return key(answer) if value is None else str(value)

    def compare(self, problem: Problem, answer: str) -> Verdict:
        """Judge an answer. `detail` says why it was not compared as mathematics."""
        try:
            equal, detail = agree(self.gold(problem), answer)
        except TooLarge as error:
            return Verdict("error", answer, detail=str(error))
        return Verdict("correct" if equal else "wrong", answer, detail=detail)


def _join_boxes(tail: str, boxed: str) -> str:
    """Join the last box with the boxes before it, as long as only a comma, "and" or "or" is between them."""
    parts = [boxed]
    before = tail[: tail.rfind(boxed)].rstrip()
    while (joint := _JOINT.search(before)) and len(parts) < 20:  # noqa: PLR2004 - more boxes than an answer has
        before = before[: joint.start()].rstrip()
        previous = last_box(before + "}")
        if not previous or not before.endswith(previous):
            break
        parts.insert(0, previous)
        before = before.removesuffix(previous).rstrip()
    return ", ".join(parts)


def _answer_without_box(tail: str) -> str | None:
    """Return the text that math-verify would parse first: the last match of its first pattern that matches."""
    from math_verify.parser import ExprExtractionConfig, LatexExtractionConfig, get_extraction_regexes

    targets = get_extraction_regexes([LatexExtractionConfig(boxed_match_priority=-1), ExprExtractionConfig()])
    ordered: dict[int, list[re.Pattern[str]]] = {}
    for patterns, _ in targets:
        for pattern, priority in patterns:
            ordered.setdefault(priority, []).append(pattern)
    for priority in sorted(ordered):
        found = [match for pattern in ordered[priority] for match in pattern.finditer(tail)]
        if found:
            return _text_of_match(max(found, key=lambda match: (match.end(), -match.start()))) or None
    return None


def _text_of_match(match: re.Match[str]) -> str:
    groups = {name: text for name, text in match.groupdict().items() if text}
    formulas = [
        text.strip() + ("%" if f"{name.split('_')[0]}_percent" in groups else "")
        for name, text in groups.items()
        if "_latex" in name
    ]
    number = "".join(text for name, text in groups.items() if name.startswith(("integer", "decimal")))
    plain_text = (groups.get("expr") or number).strip(" \n*").rstrip(".") + ("%" if "percent" in groups else "")
    return ", ".join(formulas) or plain_text

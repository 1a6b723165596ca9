r"""The lenient grader of mathematics behind the figures of the reference paper. It shows the effect of leniency.

It behaves like the grader of the Qwen2.5-Math evaluation, which Yue et al. 2025 (arXiv:2504.13837) and most papers
like it use. It was written new from that behaviour: expect the same verdict on ordinary answers, not on every odd one.

Gold answer: LaTeX or plain text. The answer is found by the rule of `samples.verifiers.extraction`; without any of its
forms, it is the last number anywhere. Percent signs, units, currency and `x =` are removed. Two answers agree if they
are
- the same text, ignoring letter case;
- two numbers within one part in 10,000, or within that of 100 times or a hundredth of the gold number;
- lists or matrices that agree entry by entry, with any brackets around them;
- equations whose sides have the same difference;
- expressions that SymPy finds equal or within one part in 10,000.

It is more lenient than `math`: 0.5 and 50 and 5000 all agree with 50 %, 3.1416 with \pi, [1,2] with (1,2), and the
last number of a completion that never states an answer is its answer.

Limits: units are dropped, never compared; lists are compared in their order; no base and no modulus is read. More than
2,000 characters are wrong. A number that is too large to evaluate is an `error`. No text is evaluated as Python.
Needs samples[verifiers]. Plain numbers take microseconds, others milliseconds; 10 s (`timeout`) and 1 GiB end one.
"""

import cmath
import re
from typing import Any

from samples.problems.problems import Problem
from samples.verifiers import Verdict, Verifier, agreement, gold_text
from samples.verifiers.boxed import without_typesetting
from samples.verifiers.extraction import MAX_CHARACTERS, final_answer, last_match
from samples.verifiers.notation.mathematics import expression
from samples.verifiers.notation.parser import parse
from samples.verifiers.notation.plain import plain_value
from samples.verifiers.notation.reading import read
from samples.verifiers.notation.sizes import TooLarge
from samples.verifiers.notation.tree import write
from samples.verifiers.versions import version_with_libraries

TOLERANCE = 1e-4  # relative to the gold answer
_FACTORS = (0.01, 1, 100)

_NUMBER = re.compile(r"-?\d+(?:,\d{3})*(?:\.\d+)?|-?\.\d+")
_RESULT = re.compile(r"=\s*(-?\d[\d,]*(?:\.\d+)?)[\s$]*\Z")
_DELIMITER = re.compile(r"\\[()\[\]]")
_MATRIX = re.compile(r"\A\\begin\s*\{[pbvBV]?matrix\}(.*)\\end\s*\{[pbvBV]?matrix\}\Z", re.DOTALL)
_BRACKETED = re.compile(r"\A(?:\\left)?\s*(?:\\\{|[(\[])(.*)(?:\\\}|[)\]])\Z", re.DOTALL)


class PaperMath(Verifier):
    """Correct if the lenient grader accepts the answer. The module's docstring gives its rules."""

    name = "paper-math"
    needs = "samples[verifiers]"
    preload = ("samples.verifiers.math_warm_up",)

    def __init__(self) -> None:
        self.version = version_with_libraries("2", "latex2sympy2_extended", "sympy")

    def gold(self, problem: Problem) -> str:
        """Return the text of the gold answer."""
        return gold_text(problem, self.name)

    def extract(self, completion: str) -> str | None:
        """Return the answer; without a statement of one, the last number."""
        return final_answer(completion, _whole, _stated, _otherwise)

    @staticmethod
    def key(answer: str) -> str:
        """Return the exact value of a number, however it is written; of another answer its text as it is compared."""
        if (value := plain_value(answer)) is not None:  # most answers, in a tenth of the time
            return str(value)
        plain = _stripped(answer, answer)
        value = plain_value(plain)
        return plain.casefold() if value is None else str(value)

    def compare(self, problem: Problem, answer: str) -> Verdict:
        """Judge an answer."""
        gold = self.gold(problem)
        if len(answer) > MAX_CHARACTERS:
            return Verdict("wrong", answer, detail=f"longer than {MAX_CHARACTERS} characters")
        try:
            equal = _agree(_stripped(gold, answer), _stripped(answer, gold), levels=3)
        except TooLarge as error:
            return Verdict("error", answer, detail=str(error))
        return Verdict("correct" if equal else "wrong", answer)


def _whole(text: str) -> str | None:
    return text.strip(" :$*") or None


def _stated(text: str) -> str | None:
    """Return a statement without its delimiters; of a sum that is worked out, m+n = 256+37 = 293, the result."""
    if result := _RESULT.search(text):
        return result[1]
    return _DELIMITER.sub("", text).strip(" :$*") or None


def _otherwise(text: str) -> str | None:
    number = last_match(_NUMBER, text)
    return number[0] if number else None


def _stripped(text: str, other: str) -> str:
    reading = read(text)
    if reading is None:
        return without_typesetting(text)
    nodes = agreement.values(reading, read(other) or reading)
    return without_typesetting(re.sub(r"\\text\{([^{}]*)\}", r"\1", write(nodes)))


def _agree(gold: str, answer: str, levels: int) -> bool:
    if gold.casefold() == answer.casefold():
        return True
    numbers = _number(gold), _number(answer)
    if numbers[0] is not None and numbers[1] is not None:
        return any(_close(numbers[0] * factor, numbers[1]) for factor in _FACTORS)
    entries = _entries(gold), _entries(answer)
    if levels and len(entries[0]) > 1:
        return len(entries[0]) == len(entries[1]) and all(
            _agree(one, another, levels - 1) for one, another in zip(*entries, strict=True)
        )
    return _symbols_agree(gold, answer)


def _number(text: str) -> float | None:
    if not re.fullmatch(r"[-+]?(?:\d{1,300}|\d{1,3}(?:,\d{3}){1,99})?(?:\.\d{0,300})?", text) or not re.search(
        r"\d", text
    ):
        return None
    return float(text.replace(",", ""))


def _close(gold: complex, answer: complex) -> bool:
    return abs(gold - answer) <= TOLERANCE * max(abs(gold), abs(answer))


def _entries(text: str) -> list[str]:
    """Split a matrix, or a list with or without brackets, into its entries. A single entry means no list."""
    if matrix := _MATRIX.match(text):
        return [entry.strip() for entry in re.split(r"\\\\|&", matrix[1]) if entry.strip()]
    if (bracketed := _BRACKETED.match(text)) and _closes_last(text):
        text = bracketed[1]
    entries, level, start = list[str](), 0, 0
    for place, character in enumerate(text):
        level += (character in "([{") - (character in ")]}")
        if character == "," and level == 0:
            entries.append(text[start:place].strip())
            start = place + 1
    return [*entries, text[start:].strip()]


def _closes_last(text: str) -> bool:
    """Return whether the last character closes the first bracket; in (0,1)U(2,3) it does not."""
    level = 0
    for place, character in enumerate(text):
        level += (character in "([{") - (character in ")]}")
        if character in ")]}" and level == 0:
            return place == len(text) - 1
    return False


def _symbols_agree(gold: str, answer: str) -> bool:
    import sympy

    want: Any = expression(parse(gold))
    got: Any = expression(parse(answer))
    if want is None or got is None:
        return False
    if want == got:
        return True
    if isinstance(want, sympy.Eq) and isinstance(got, sympy.Eq):
        left, right = _difference(want), _difference(got)
        return _equal(left, right) or _equal(left, -right)
    return _equal(want, got)


def _difference(equation: Any) -> Any:
    return equation.lhs - equation.rhs


def _equal(want: Any, got: Any) -> bool:
    import sympy

    if not isinstance(want, sympy.Expr) or not isinstance(got, sympy.Expr):
        return False
    try:
        if not want.free_symbols and not got.free_symbols:
            gold, answer = complex(want.doit().evalf()), complex(got.doit().evalf())
            if cmath.isfinite(gold * 100) and cmath.isfinite(answer):
                return any(_close(gold * factor, answer) for factor in _FACTORS)
        return sympy.simplify(want - got) == 0
    except (TypeError, ValueError, OverflowError, AttributeError, NotImplementedError):
        return False

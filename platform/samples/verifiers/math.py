r"""Compare the final answer with the gold answer as mathematics, by math-verify on SymPy.

The final answer is the content of the last \boxed. Boxes joined only by commas, "and" and "or" are one answer. If the
only box is cut off, there is no answer. Without a box, the patterns of math-verify are tried in their order on the last
1,000 characters ("final answer is …", "answer: …", then any formula, then any number); the answer is the last match of
the first pattern found. An answer of more than 2,000 characters is truncated, and is wrong.

Expressions, equations, intervals, sets, tuples and matrices of equal value are equal. These are equal too:
- a decimal and a number that differ by at most 1e-6 and by at most one part in 10,000, or by at most one part in 10^9;
- x % and x/100, and also x % and x, because problems often ask for "how many percent";
- an equation `x = 5` and `5`, a function `f(x) = 2x` and `2x`, an inequality and its interval;
- an answer with a unit or currency and one without: a unit that follows a number is removed, and never compared;
- `52_8` and `52`; if both answers name a base, their values are compared;
- words in \text and plain words, where letter case counts only in words of one or two letters;
- a letter in parentheses and without them.

Known limits, each shown by a test:
- Units are neither compared nor converted. A single letter after a number may be taken for a unit.
- Repeated values in a list count once: 16,3,1,1 equals 16,3,1. A list has no order.
- {1,2} equals the pair or interval (1,2). A column does not equal a pair.
- If the gold answer is no equation, the right side of an equation is compared: x+1=2 equals 2.
- Degrees are a unit, so \sin 30^\circ is not 1/2.
- `\log` has base 10. x/yz is x/(yz). `100,200` is one number.
- Letters outside of \text are a product: cat equals act.
- Numbers that agree in 15 digits are equal. In tuples, sets and matrices, so are decimals that agree in six places.
- `x<1 or x>3`, `]0,1[` and `0.333...` cannot be read, and neither can an answer with more than 12 open brackets.

`compare` has no time limit of its own: call it in a worker that can be killed. A number that is too large to evaluate
(a power of more than 100,000 bits, a factorial of more than 10,000) is an `error`, unless it is the gold answer word
for word.
"""

import logging
import re
from typing import Any

from samples.problems.problems import Problem
from samples.verifiers import Verdict, Verifier, gold_text, latex
from samples.verifiers.boxed import without_typesetting
from samples.verifiers.difference import clearly_differ
from samples.verifiers.extraction import MAX_CHARACTERS, last_box, truncate
from samples.verifiers.units import drop_unit, split_percent
from samples.verifiers.versions import version_with_libraries

_SEARCHED = 1_000  # characters at the end of a completion
_ABSOLUTE, _RELATIVE, _RELATIVE_ALONE = 1e-6, 1e-4, 1e-9
_CUT_OFF = re.compile(r"\\(?:boxed|fbox|framebox)\s*\{(?!\s*\})")  # used if no box is complete
_JOINT = re.compile(r"\}\s*\$?\s*(?:,|;|,?\s*(?:\\text\s*\{\s*)?(?:and|or)(?:\s*\})?)\s*\$?\s*\\boxed\s*\{\Z")
_BASE = re.compile(r"\A(\w+)_\{?(?:\\text(?:rm|bf)?\{)?(\d{1,2}|[a-z]{3,7})\}{0,2}\Z")
_NAMES = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_BASES = {str(base): base for base in range(2, 37)} | _NAMES | {"eleven": 11, "twelve": 12, "sixteen": 16}
_ASSIGNED = re.compile(r"\A[A-Za-z]\s*=\s*")
_TEXT = re.compile(r"\\(?:text(?:bf|it|rm|sf|tt|normal)?|mbox|mathrm|mathbf|mathsf|operatorname)\s*\{([^{}]*)\}")
_WORDS = re.compile(r"[A-Za-z][A-Za-z ,.'-]*[A-Za-z.]")

logging.getLogger("math_verify.grader").setLevel(logging.ERROR)  # it warns that its timeouts are off, which we want


class Math(Verifier):
    """Correct if the final answer equals the gold answer. The module's docstring defines "equals"."""

    name = "math"
    preload = ("samples.verifiers.math_warm_up",)

    def __init__(self) -> None:
        self.version = version_with_libraries("1", "math-verify", "latex2sympy2_extended", "sympy")

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
        """Return the exact value of a number, however it is written; of another answer its text without typesetting.

        Percent signs, units and `x =` are removed as in a comparison.
        """
        if (value := latex.plain_value(answer)) is not None:  # most answers, in a tenth of the time
            return str(value)
        plain = _ASSIGNED.sub(
            "", without_typesetting(drop_unit(split_percent(latex.rewrite(answer))[0], "", gold=True))
        )
        value = latex.plain_value(plain)
        return _text_key(answer) if value is None else str(value)

    def compare(self, problem: Problem, answer: str) -> Verdict:
        """Judge an answer. `detail` says why it was not compared as mathematics."""
        gold = self.gold(problem)
        try:
            equal, detail = _equal(gold, answer)
        except latex.TooLarge as error:
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


def _equal(gold: str, answer: str) -> tuple[bool, str | None]:
    """Compare as text, then by base, then as mathematics. The second value says why an answer cannot be parsed."""
    if _text_key(gold) == _text_key(answer):
        return True, None
    if len(answer) > MAX_CHARACTERS:
        return False, f"longer than {MAX_CHARACTERS} characters"
    if (based := _same_base(gold, answer)) is not None:
        return based, None
    (gold, of_100), (answer, answer_of_100) = split_percent(latex.rewrite(gold)), split_percent(latex.rewrite(answer))
    gold, answer = drop_unit(gold, answer, gold=True), drop_unit(answer, gold)
    want, got = latex.parse(_drop_base(gold)), latex.parse(_drop_base(answer))
    if want is None or got is None:
        return False, f"the {'gold ' if want is None else ''}answer is not read as mathematics; compared as text"
    return _same_expression(want, got) or (of_100 != answer_of_100 and _same_percent(want, got, of_100=of_100)), None


def _same_percent(want: Any, got: Any, *, of_100: bool) -> bool:
    import sympy

    if not isinstance(want, sympy.Expr) or not isinstance(got, sympy.Expr):
        return False
    hundredth = sympy.Rational(1, 100)
    return _same_expression(want * hundredth, got) if of_100 else _same_expression(want, got * hundredth)


def _text_key(text: str) -> str:
    text = _TEXT.sub(r"\1", without_typesetting(text)).strip().rstrip(".").strip()
    letter = re.fullmatch(r"\(([A-Za-z])\)", text)
    return letter[1] if letter else text.casefold() if len(text) > 2 and _WORDS.fullmatch(text) else text  # noqa: PLR2004 - a word, not a letter or two


def _same_base(gold: str, answer: str) -> bool | None:
    """Compare two numbers if both name their base; else return None."""
    values: list[int] = []
    for text in (gold, answer):
        found = _BASE.match(without_typesetting(text))
        if found is None or found[2] not in _BASES:
            return None
        try:
            values.append(int(found[1], _BASES[found[2]]))
        except ValueError:
            return None
    return values[0] == values[1]


def _drop_base(text: str) -> str:
    found = _BASE.match(text)
    return found[1] if found and found[1].isdigit() and found[2] in _BASES else text


def _same_expression(want: Any, got: Any) -> bool:
    from math_verify import verify

    wanted, given = _assigned_value(want, got), _assigned_value(got, want)
    alike = _close_numbers(wanted, given)
    if alike is not None:
        return alike
    if clearly_differ(wanted, given):
        return False
    try:
        return verify(want, got, timeout_seconds=None, allow_set_relation_comp=True, raise_on_error=True)
    except (MemoryError, RecursionError):
        raise
    except Exception:  # noqa: BLE001 - if SymPy cannot compare two expressions, they are not equal
        return False


def _assigned_value(expression: Any, other: Any) -> Any:
    """Return 5 for x = 5, unless the other answer is an equation for something else."""
    import sympy

    def assigns(side: Any) -> bool:
        return isinstance(side, sympy.Eq) and isinstance(side.lhs, sympy.Symbol)

    if assigns(expression) and (not isinstance(other, sympy.Eq) or (assigns(other) and other.lhs == expression.lhs)):
        return expression.rhs
    return expression


def _close_numbers(want: Any, got: Any) -> bool | None:
    """Compare two integers, or two real numbers of which one has a decimal; else return None."""
    import sympy

    if isinstance(want, sympy.Integer) and isinstance(got, sympy.Integer):
        return bool(want == got)
    if not all(isinstance(side, sympy.Expr) and not side.free_symbols for side in (want, got)):
        return None
    if not (want.has(sympy.Float) or got.has(sympy.Float)):
        return None
    want, got = want.doit().evalf(30), got.doit().evalf(30)
    if not (want.is_Float or want.is_Integer) or not (got.is_Float or got.is_Integer):
        return None
    difference = abs(want - got)
    return bool(
        (difference <= _ABSOLUTE and difference <= _RELATIVE * abs(want)) or difference <= _RELATIVE_ALONE * abs(want)
    )

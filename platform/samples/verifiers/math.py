r"""Equality of mathematics: the final answer and the gold answer, compared by math-verify on SymPy.

The final answer is what the last \boxed holds; boxes joined by nothing but commas, "and" and "or" are one answer.
Where the only box is cut off there is no answer. Without a box it is the last of what math-verify's own patterns find
in the last 1,000 characters ("final answer is …", "answer: …", then any formula, then any number). An answer of more
than 2,000 characters is cut and wrong.

Equal are, beyond equal values of expressions, equations, intervals, sets, tuples and matrices:
- a decimal and a number that differ by at most 1e-6 and one part in 10,000, or by one part in 10^9;
- x % with x/100 and with x: problems often ask for "how many percent";
- an equation `x = 5` with `5`, a function `f(x) = 2x` with `2x`, an inequality with its interval;
- an answer with a unit or currency and one without: units are dropped where they follow a number, and not compared;
- `52_8` with `52`; where both name a base the values count;
- words in \text or plain, letter case aside from single letters, and parentheses around a letter.

Known limits, each stated by a test: units are neither compared nor converted, and a lone letter behind a number may be
one; repeated values of a list collapse (16,3,1,1 is 16,3,1); a list is not ordered, and {1,2} is taken for the pair or
interval (1,2), but a column for no pair; of an equation the right side is taken where the gold answer is none (x+1=2
is 2); degrees are a unit, so \sin 30^\circ is not 1/2; `\log` is to base 10; x/yz is x/(yz); letters outside of \text
are a product (cat is act); numbers that agree in 15 digits are equal, and within tuples, sets and matrices decimals
that agree in six places; `100,200` is one number; `x<1 or x>3`, `]0,1[` and `0.333...` are not read, nor is anything
with more than 12 open brackets.

`compare` has no time limit of its own: it runs where a worker can be killed. A number that nobody can evaluate (a
power of more than 100,000 bits, a factorial of more than 10,000) is an `error`, unless it is the gold answer word
for word.
"""

import logging
import re
from typing import Any

from samples.problems.problems import Problem
from samples.verifiers import Verdict, Verifier, gold_text, latex
from samples.verifiers.boxed import plain
from samples.verifiers.difference import apart
from samples.verifiers.extraction import LONGEST, cut, last_box
from samples.verifiers.units import percent, unitless
from samples.verifiers.versions import versioned

_TAIL = 1_000
_PLACES, _NEAR, _SAME = 1e-6, 1e-4, 1e-9
_CUT_OFF = re.compile(r"\\(?:boxed|fbox|framebox)\s*\{(?!\s*\})")  # where no box is complete
_JOINT = re.compile(r"\}\s*\$?\s*(?:,|;|,?\s*(?:\\text\s*\{\s*)?(?:and|or)(?:\s*\})?)\s*\$?\s*\\boxed\s*\{\Z")
_BASE = re.compile(r"\A(\w+)_\{?(?:\\text(?:rm|bf)?\{)?(\d{1,2}|[a-z]{3,7})\}{0,2}\Z")
_NAMES = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_BASES = {str(base): base for base in range(2, 37)} | _NAMES | {"eleven": 11, "twelve": 12, "sixteen": 16}
_TEXT = re.compile(r"\\(?:text(?:bf|it|rm|sf|tt|normal)?|mbox|mathrm|mathbf|mathsf|operatorname)\s*\{([^{}]*)\}")
_WORDS = re.compile(r"[A-Za-z][A-Za-z ,.'-]*[A-Za-z.]")

logging.getLogger("math_verify.grader").setLevel(logging.ERROR)  # it warns that it runs without its timeouts: as meant


class Math(Verifier):
    """Correct when the final answer equals the gold answer; see the module for what that means."""

    name = "math"
    preload = ("samples.verifiers.math_warm_up",)

    def __init__(self) -> None:
        self.version = versioned("1", "math-verify", "latex2sympy2_extended", "sympy")

    def gold(self, problem: Problem) -> str:
        """Return the gold answer's text."""
        return gold_text(problem, self.name)

    def extract(self, completion: str) -> str | None:
        r"""Return the final answer as it is written: what the last \boxed holds, else the end's last formula."""
        if boxed := last_box(completion):
            return cut(_joined(completion[-LONGEST:], boxed))
        return None if _CUT_OFF.search(completion) else _unboxed(completion[-_TAIL:])

    def compare(self, problem: Problem, answer: str) -> Verdict:
        """Judge an answer; `detail` says why an answer was not compared as mathematics."""
        gold = self.gold(problem)
        try:
            equal, detail = _equal(gold, answer)
        except latex.TooLarge as error:
            return Verdict("error", answer, detail=str(error))
        return Verdict("correct" if equal else "wrong", answer, detail=detail)


def _joined(tail: str, boxed: str) -> str:
    """Put the boxes before the last one in front of it, where only a comma, "and" or "or" is between."""
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


def _unboxed(tail: str) -> str | None:
    """Return the text that math-verify would read first: by the order of its patterns, the last match of the first."""
    from math_verify.parser import ExprExtractionConfig, LatexExtractionConfig, get_extraction_regexes

    targets = get_extraction_regexes([LatexExtractionConfig(boxed_match_priority=-1), ExprExtractionConfig()])
    ordered: dict[int, list[re.Pattern[str]]] = {}
    for patterns, _ in targets:
        for pattern, priority in patterns:
            ordered.setdefault(priority, []).append(pattern)
    for priority in sorted(ordered):
        found = [match for pattern in ordered[priority] for match in pattern.finditer(tail)]
        if found:
            return _matched(max(found, key=lambda match: (match.end(), -match.start()))) or None
    return None


def _matched(match: re.Match[str]) -> str:
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
    """Compare as text, then by base, then as mathematics; the second says why it was not the last."""
    if _key(gold) == _key(answer):
        return True, None
    if len(answer) > LONGEST:
        return False, f"longer than {LONGEST} characters"
    if (based := _same_base(gold, answer)) is not None:
        return based, None
    (gold, of_100), (answer, answer_of_100) = percent(latex.tidy(gold)), percent(latex.tidy(answer))
    gold, answer = unitless(gold, answer, gold=True), unitless(answer, gold)
    want, got = latex.read(_unbased(gold)), latex.read(_unbased(answer))
    if want is None or got is None:
        return False, f"the {'gold ' if want is None else ''}answer is not read as mathematics; compared as text"
    return _same(want, got) or (of_100 != answer_of_100 and _same_percent(want, got, of_100=of_100)), None


def _same_percent(want: Any, got: Any, *, of_100: bool) -> bool:
    import sympy

    if not isinstance(want, sympy.Expr) or not isinstance(got, sympy.Expr):
        return False
    hundredth = sympy.Rational(1, 100)
    return _same(want * hundredth, got) if of_100 else _same(want, got * hundredth)


def _key(text: str) -> str:
    text = _TEXT.sub(r"\1", plain(text)).strip().rstrip(".").strip()
    letter = re.fullmatch(r"\(([A-Za-z])\)", text)
    return letter[1] if letter else text.casefold() if len(text) > 2 and _WORDS.fullmatch(text) else text  # noqa: PLR2004 - a word, not a letter or two


def _same_base(gold: str, answer: str) -> bool | None:
    """Compare two numbers that both name their base; None when they do not."""
    values: list[int] = []
    for text in (gold, answer):
        found = _BASE.match(plain(text))
        if found is None or found[2] not in _BASES:
            return None
        try:
            values.append(int(found[1], _BASES[found[2]]))
        except ValueError:
            return None
    return values[0] == values[1]


def _unbased(text: str) -> str:
    found = _BASE.match(text)
    return found[1] if found and found[1].isdigit() and found[2] in _BASES else text


def _same(want: Any, got: Any) -> bool:
    from math_verify import verify

    wanted, given = _value(want, got), _value(got, want)
    alike = _close(wanted, given)
    if alike is not None:
        return alike
    if apart(wanted, given):
        return False
    try:
        return verify(want, got, timeout_seconds=None, allow_set_relation_comp=True, raise_on_error=True)
    except (MemoryError, RecursionError):
        raise
    except Exception:  # noqa: BLE001 - two things of kinds that SymPy cannot compare are not equal
        return False


def _value(expression: Any, other: Any) -> Any:
    """Take 5 for x = 5, unless the other side is an equation of something else."""
    import sympy

    def assigns(side: Any) -> bool:
        return isinstance(side, sympy.Eq) and isinstance(side.lhs, sympy.Symbol)

    if assigns(expression) and (not isinstance(other, sympy.Eq) or (assigns(other) and other.lhs == expression.lhs)):
        return expression.rhs
    return expression


def _close(want: Any, got: Any) -> bool | None:
    """Compare two integers, or two real numbers of which one has a decimal; None when they are something else."""
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
    apart = abs(want - got)
    return bool((apart <= _PLACES and apart <= _NEAR * abs(want)) or apart <= _SAME * abs(want))

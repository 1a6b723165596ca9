r"""Answers written in LaTeX or as people type them, read as SymPy expressions.

Reading is latex2sympy2_extended's, after our own rewriting of what it misreads: exponents (`4.5e33`), trailing points
(`1./3`), mixed numbers (`1 4/5`), repeating decimals, powers of powers, Unicode signs, `sqrt(2)` without backslash,
subscripts. Capitals and small letters differ, `i` is the imaginary unit, and an answer is read to its last character
or not at all. Nothing here limits time: some texts take for ever, and belong into a worker that can be killed.
"""

import functools
import math
import re
from typing import Any

DEEPEST = 12  # open brackets; answers have up to 4, and each one more may double the time to read them

_SIGNS = {
    **dict.fromkeys("−–—", "-"),  # noqa: RUF001 - signs that models write
    **dict.fromkeys("·⋅∙", r"\cdot "),
    **dict.fromkeys("\u00a0\u2009\u202f\t\n\r", " "),
    "\u00d7": r"\times ",
    "÷": "/",
    "π": r"\pi ",
    "∞": r"\infty ",
    "√": r"\sqrt ",
    "°": r"^\circ ",
    "±": r"\pm ",
    "≤": r"\le ",
    "≥": r"\ge ",
    "≠": r"\neq ",
    "\u222a": r"\cup ",
    "∩": r"\cap ",
    "∈": r"\in ",
    "∅": r"\emptyset ",
    "²": "^2",
    "³": "^3",
    "½": r"\frac{1}{2}",
    "¼": r"\frac{1}{4}",
    "¾": r"\frac{3}{4}",
    "θ": r"\theta ",
    **dict.fromkeys("€£¥₹", ""),
}
_TABLE = str.maketrans(_SIGNS)
_FUNCTION = r"(?:arc(?:sin|cos|tan)|sqrt|sin|cos|tan|cot|sec|csc|ln|log|exp)"


def _mixed(found: re.Match[str]) -> str:
    sign, whole, top, bottom = found.groups()
    return rf"{sign}\frac{{{int(whole) * int(bottom) + int(top)}}}{{{bottom}}}"


def _repeating(found: re.Match[str]) -> str:
    whole, fixed, again = found.groups()
    nines = 10 ** len(again) - 1
    return rf"\frac{{{int((whole or '0') + fixed) * nines + int(again)}}}{{{nines * 10 ** len(fixed)}}}"


def _tower(found: re.Match[str]) -> str:
    *below, top = found[1].split("^")
    return "^" + "^".join(f"{{{part}" for part in below) + f"^{{{top}}}" + "}" * len(below)


def _subscript(found: re.Match[str]) -> str:
    return f"_{{{re.sub(r'[^A-Za-z0-9,+-]|text|mathrm', '', found[1])}}}"


_REWRITES: tuple[tuple[re.Pattern[str], Any], ...] = (
    (re.compile(r"\\\$|\$|(?<!\\)\\(?:(?:quad|qquad|displaystyle)(?![A-Za-z])|[,;: ])|~"), " "),
    (re.compile(r"\\!\s*"), ""),
    (re.compile(r"(?:[\s,;.]|\\\\)+\Z|\A\s+"), ""),
    (re.compile(r"\\left\\langle|\\langle"), "("),
    (re.compile(r"\\right\\rangle|\\rangle"), ")"),
    (re.compile(r"\\varnothing|\\\{\s*\\\}"), r"\\emptyset "),
    (re.compile(r"\\(?:le|ge)qslant(?![A-Za-z])"), lambda m: r"\le " if "le" in m[0] else r"\ge "),
    (re.compile(r"\s*\*\*\s*"), "^"),
    (re.compile(r"\^(\w+(?:\^\w+)+)"), _tower),  # 2^3^2 is 2^9, and not 8^2 as it would be read
    (re.compile(rf"(?<![A-Za-z\\])(?:np\.|math\.)?(?={_FUNCTION}\b)"), r"\\"),
    (re.compile(r"\\sqrt\s*\(([^()]*)\)"), r"\\sqrt{\1}"),
    (re.compile(r"(?<![A-Za-z\\])pi(?![A-Za-z])"), r"\\pi "),
    (re.compile(r"(?<![A-Za-z0-9_])(\d+(?:\.\d*)?|\.\d+)[eE]([-+]?\d{1,4})(?![\w.])"), r"\1\\cdot 10^{\2}"),
    (re.compile(r"10\^\{\+"), "10^{"),
    (re.compile(r"(\d*)\.(\d{0,30})\\overline\s*\{(\d{1,30})\}"), _repeating),
    (re.compile(r"(\d)\.(?!\d)"), r"\1"),
    (re.compile(r"\A([-+]?)\s*(\d{1,15})\s+(\d{1,15})\s*/\s*(\d{1,15})\Z"), _mixed),
    (re.compile(r"\A([-+]?)\s*(\d{1,15})\s*\\[dt]?frac\s*\{(\d{1,15})\}\s*\{(\d{1,15})\}\Z"), _mixed),
    (re.compile(r"(?<=\d) (?=\d{3}(?:\D|\Z))(?=[\d ]*(?:\.\d+)?\Z)"), ""),  # 1 234 567
    (re.compile(r"_\s*\{([^{}]*(?:\{[^{}]*\})?[^{}]*)\}"), _subscript),
    (re.compile(r"(?<![A-Za-z\\])E_\s*\{?(\w+)\}?"), r"W_{E\1}"),  # E is taken for Euler's number, and then fails
    (re.compile(r"\\hbar(?![A-Za-z])"), "h_{bar}"),
    (re.compile(r"\\gamma(?![A-Za-z])"), "y_{gamma}"),  # it would be Euler's constant
)


def tidy(text: str) -> str:
    """Rewrite an answer so that latex2sympy2_extended reads what was meant."""
    text = text.translate(_TABLE)
    for pattern, replacement in _REWRITES:
        text = pattern.sub(replacement, text)
    return text.strip()


def depth(text: str) -> int:
    """Return how many brackets are open at once, at most."""
    level = deepest = 0
    for character in text:
        if character in "([{":
            level += 1
            deepest = max(deepest, level)
        elif character in ")]}":
            level -= 1
    return deepest


_NUMBER = re.compile(r"(-?\d{1,30})(?:/(\d{1,30})|(\.\d{1,15}))?|(-?)\\[dt]?frac\{(\d{1,30})\}\{(\d{1,30})\}", re.ASCII)


def _number(text: str) -> Any:
    """Read a plain number or fraction, which most answers are, as the parser would; it takes milliseconds for each."""
    import sympy

    found = _NUMBER.fullmatch(text)
    if not found:
        return None
    whole, bottom, places, sign, upper, lower = found.groups()
    if places:
        return sympy.Float(text, precision=53)
    top, bottom = whole or sign + upper, bottom or lower or "1"
    return sympy.Rational(int(top), int(bottom)) if int(bottom) else None


@functools.lru_cache(maxsize=4096)
def read(text: str) -> Any:
    """Read a tidied answer as a SymPy expression, nothing evaluated; None when it cannot be read to its end."""
    import sympy
    from latex2sympy2_extended.math_normalization import NormalizationConfig, normalize_latex

    if (number := _number(text)) is not None:
        return number
    if not text or depth(text) > DEEPEST:
        return None
    try:
        normal = normalize_latex(
            text, NormalizationConfig(basic_latex=True, malformed_operators=True, nits=True, boxed="none")
        )
        found = _parsed(normal)
        if found is None or found.has(sympy.zoo, sympy.nan):
            return None
        too_large(found)
        imaginary = sympy.Symbol("i", real=True)
        return found.xreplace({imaginary: sympy.I}) if imaginary in found.free_symbols else found
    except (MemoryError, TooLarge):
        raise
    except Exception:  # noqa: BLE001 - the parser raises plain Exception; whatever it is, the text was not read
        return None


def _parsed(text: str) -> Any:
    """Parse a text to its end, or return None: by SLL prediction, and where that fails by LL, ten times as slow.

    Where SLL prediction finds a parse, it is the one that LL prediction finds (two-stage parsing: Parr, Harwell,
    Fisher 2014, "Adaptive LL(*) Parsing").
    """
    from antlr4 import PredictionMode, Token
    from latex2sympy2_extended.latex2sympy2 import ConversionConfig, _Latex2Sympy  # pyright: ignore[reportPrivateUsage]  # its only way in

    class Reader(_Latex2Sympy):
        """The library's reader with a prediction mode, and with its parser kept: where did it stop?"""

        parser: Any
        mode: Any

        def create_parser(self, latex_str: str) -> Any:
            self.parser = super().create_parser(latex_str)
            self.parser._interp.predictionMode = self.mode  # noqa: SLF001 - no other way
            return self.parser

        def parse_number(self, text: str) -> Any:
            plain = _number(text.replace(",", ""))  # its own way imports all of SymPy for every number
            return super().parse_number(text) if plain is None else plain

    for mode in (PredictionMode.SLL, PredictionMode.LL):
        reader = Reader(is_real=True, config=ConversionConfig(lowercase_symbols=False))
        reader.mode = mode
        try:
            found = reader.parse(text)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001, S112 - plain Exceptions: not a parse in this mode
            continue
        if reader.parser.getCurrentToken().type == Token.EOF:
            return found
    return None


class TooLarge(ArithmeticError):
    """A number that would have more than `BITS` bits; it is not evaluated."""


BITS = 100_000
_FACTORIAL = 10_000


def too_large(expression: Any) -> None:
    """Refuse powers and factorials that nobody can evaluate, without evaluating them.

    Raises:
        TooLarge: Some power of numbers has more than `BITS` bits, or a factorial is of more than 10,000.
    """
    import sympy

    for part in sympy.preorder_traversal(expression):
        if isinstance(part, sympy.Pow) and _log2(part) > BITS:
            raise TooLarge("a power of more than 100,000 bits is not evaluated")
        if isinstance(part, sympy.factorial) and _log2(part.args[0]) > math.log2(_FACTORIAL):
            raise TooLarge("a factorial of more than 10,000 is not evaluated")


def _log2(expression: Any) -> float:
    """Bound the absolute value of an expression of numbers from above, by its logarithm; 0 where it has symbols."""
    import sympy

    if isinstance(expression, sympy.Rational):
        return max(math.log2(max(abs(part), 1)) for part in (int(expression.p), int(expression.q)))
    if isinstance(expression, sympy.Float):
        return abs(float(sympy.log(abs(expression), 2))) if expression else 0.0
    parts = [_log2(part) for part in getattr(expression, "args", ())]
    if isinstance(expression, sympy.Pow):
        base, exponent = parts
        return base * 2**exponent if exponent < BITS.bit_length() or not base else float("inf")
    if isinstance(expression, sympy.factorial):
        return 2 ** min(parts[0], 60) * parts[0]
    if isinstance(expression, sympy.Mul):
        return sum(parts)
    return max(parts, default=0.0) + len(parts).bit_length() if parts else 2.0 * bool(expression.is_number)

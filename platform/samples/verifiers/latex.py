r"""Parse an answer, written in LaTeX or as people type it, into a SymPy expression.

The parser is latex2sympy2_extended. `rewrite` first changes what it misreads: exponents (`4.5e33`), trailing points
(`1./3`), mixed numbers (`1 4/5`), repeating decimals, powers of powers, Unicode signs, `sqrt(2)` without backslash,
subscripts. Capital and small letters differ. `i` is the imaginary unit. An answer is parsed to its last character or
not at all. Nothing here limits time, and some texts take forever: call it in a worker that can be killed.
"""

import functools
import math
import re
from fractions import Fraction
from typing import Any

MAX_DEPTH = 12  # open brackets; real answers have up to 4, and each one more may double the parsing time

_SIGNS = {
    **dict.fromkeys("−–—", "-"),  # noqa: RUF001 - models write these signs
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
_SIGN_TABLE = str.maketrans(_SIGNS)
_FUNCTION = r"(?:arc(?:sin|cos|tan)|sqrt|sin|cos|tan|cot|sec|csc|ln|log|exp)"


def _mixed_number(found: re.Match[str]) -> str:
    sign, whole, top, bottom = found.groups()
    return rf"{sign}\frac{{{int(whole) * int(bottom) + int(top)}}}{{{bottom}}}"


def _repeating_decimal(found: re.Match[str]) -> str:
    whole, fixed, again = found.groups()
    nines = 10 ** len(again) - 1
    return rf"\frac{{{int((whole or '0') + fixed) * nines + int(again)}}}{{{nines * 10 ** len(fixed)}}}"


def _power_tower(found: re.Match[str]) -> str:
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
    (re.compile(r"\^(\w+(?:\^\w+)+)"), _power_tower),  # 2^3^2 is 2^9; the parser would read 8^2
    (re.compile(rf"(?<![A-Za-z\\])(?:np\.|math\.)?(?={_FUNCTION}\b)"), r"\\"),
    (re.compile(r"\\sqrt\s*\(([^()]*)\)"), r"\\sqrt{\1}"),
    (re.compile(r"(?<![A-Za-z\\])pi(?![A-Za-z])"), r"\\pi "),
    (re.compile(r"(?<![A-Za-z0-9_])(\d+(?:\.\d*)?|\.\d+)[eE]([-+]?\d{1,4})(?![\w.])"), r"\1\\cdot 10^{\2}"),
    (re.compile(r"10\^\{\+"), "10^{"),
    (re.compile(r"(\d*)\.(\d{0,30})\\overline\s*\{(\d{1,30})\}"), _repeating_decimal),
    (re.compile(r"(\d)\.(?!\d)"), r"\1"),
    (re.compile(r"\A([-+]?)\s*(\d{1,15})\s+(\d{1,15})\s*/\s*(\d{1,15})\Z"), _mixed_number),
    (re.compile(r"\A([-+]?)\s*(\d{1,15})\s*\\[dt]?frac\s*\{(\d{1,15})\}\s*\{(\d{1,15})\}\Z"), _mixed_number),
    (re.compile(r"(?<=\d) (?=\d{3}(?:\D|\Z))(?=[\d ]*(?:\.\d+)?\Z)"), ""),  # 1 234 567
    (re.compile(r"_\s*\{([^{}]*(?:\{[^{}]*\})?[^{}]*)\}"), _subscript),
    (re.compile(r"(?<![A-Za-z\\])E_\s*\{?(\w+)\}?"), r"W_{E\1}"),  # the parser takes E for Euler's number, and fails
    (re.compile(r"\\hbar(?![A-Za-z])"), "h_{bar}"),
    (re.compile(r"\\gamma(?![A-Za-z])"), "y_{gamma}"),  # the parser would take it for Euler's constant
)


def rewrite(text: str) -> str:
    """Rewrite an answer so that latex2sympy2_extended parses it as it was meant."""
    text = text.translate(_SIGN_TABLE)
    for pattern, replacement in _REWRITES:
        text = pattern.sub(replacement, text)
    return text.strip()


def bracket_depth(text: str) -> int:
    """Return the largest number of brackets that are open at the same time."""
    level = deepest = 0
    for character in text:
        if character in "([{":
            level += 1
            deepest = max(deepest, level)
        elif character in ")]}":
            level -= 1
    return deepest


_PLAIN = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|-?\.\d+", re.ASCII)
_FRACTION = re.compile(
    r"(-?)(?:(-?\d{1,30})/(\d{1,30})|\\[dt]?frac(?:\{(-?\d{1,30})\}\{(\d{1,30})\}|(\d)(\d)))", re.ASCII
)


def plain_value(text: str) -> Fraction | None:
    """Return the exact value of a rewritten answer that is only a number, as `parse` reads it; else None."""
    if _PLAIN.fullmatch(text):
        return Fraction(text.replace(",", ""))
    if not (found := _FRACTION.fullmatch(text)):
        return None
    sign, *parts = found.groups()
    top, bottom = (int(part) for part in parts if part is not None)
    return (-1 if sign else 1) * Fraction(top, bottom) if bottom else None


_NUMBER = re.compile(r"(-?\d{1,30})(?:/(\d{1,30})|(\.\d{1,15}))?|(-?)\\[dt]?frac\{(\d{1,30})\}\{(\d{1,30})\}", re.ASCII)


def _number(text: str) -> Any:
    """Parse a plain number or fraction, as most answers are, like the parser but without its milliseconds."""
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
def parse(text: str) -> Any:
    """Parse a rewritten answer into an unevaluated SymPy expression; None if it cannot be parsed to its end."""
    import sympy
    from latex2sympy2_extended.math_normalization import NormalizationConfig, normalize_latex

    if (number := _number(text)) is not None:
        return number
    if not text or bracket_depth(text) > MAX_DEPTH:
        return None
    try:
        normal = normalize_latex(
            text, NormalizationConfig(basic_latex=True, malformed_operators=True, nits=True, boxed="none")
        )
        found = _parse_to_end(normal)
        if found is None or found.has(sympy.zoo, sympy.nan):
            return None
        refuse_too_large(found)
        imaginary = sympy.Symbol("i", real=True)
        return found.xreplace({imaginary: sympy.I}) if imaginary in found.free_symbols else found
    except (MemoryError, TooLarge):
        raise
    except Exception:  # noqa: BLE001 - the parser raises plain Exception; any of them means that it cannot parse the text
        return None


def _parse_to_end(text: str) -> Any:
    """Parse a text to its end, or return None. SLL prediction comes first; if it fails, LL, which is ten times slower.

    If SLL prediction finds a parse, it is the parse that LL prediction finds (two-stage parsing: Parr, Harwell,
    Fisher 2014, "Adaptive LL(*) Parsing").
    """
    from antlr4 import PredictionMode, Token
    from latex2sympy2_extended.latex2sympy2 import ConversionConfig, _Latex2Sympy  # pyright: ignore[reportPrivateUsage]  # there is no public way

    class Reader(_Latex2Sympy):
        """The library's parser with a prediction mode. It keeps the inner parser, which knows where it stopped."""

        parser: Any
        mode: Any

        def create_parser(self, latex_str: str) -> Any:
            self.parser = super().create_parser(latex_str)
            self.parser._interp.predictionMode = self.mode  # noqa: SLF001 - there is no public way
            return self.parser

        def parse_number(self, text: str) -> Any:
            plain = _number(text.replace(",", ""))  # the library's own method imports all of SymPy for every number
            return super().parse_number(text) if plain is None else plain

    for mode in (PredictionMode.SLL, PredictionMode.LL):
        reader = Reader(is_real=True, config=ConversionConfig(lowercase_symbols=False))
        reader.mode = mode
        try:
            found = reader.parse(text)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001, S112 - plain Exceptions: this mode finds no parse
            continue
        if reader.parser.getCurrentToken().type == Token.EOF:
            return found
    return None


class TooLarge(ArithmeticError):
    """A number would have more than `MAX_BITS` bits. It is not evaluated."""


MAX_BITS = 100_000
_MAX_FACTORIAL = 10_000


def refuse_too_large(expression: Any) -> None:
    """Refuse powers and factorials that are too large to evaluate, without evaluating them.

    Raises:
        TooLarge: A power of numbers has more than `MAX_BITS` bits, or a factorial is of a number above 10,000.
    """
    import sympy

    for part in sympy.preorder_traversal(expression):
        if isinstance(part, sympy.Pow) and _log2_bound(part) > MAX_BITS:
            raise TooLarge("a power of more than 100,000 bits is not evaluated")
        if isinstance(part, sympy.factorial) and _log2_bound(part.args[0]) > math.log2(_MAX_FACTORIAL):
            raise TooLarge("a factorial of more than 10,000 is not evaluated")


def _log2_bound(expression: Any) -> float:
    """Return an upper bound of log2 of an expression's absolute value; symbols count as 0."""
    import sympy

    if isinstance(expression, sympy.Rational):
        return max(math.log2(max(abs(part), 1)) for part in (int(expression.p), int(expression.q)))
    if isinstance(expression, sympy.Float):
        return abs(float(sympy.log(abs(expression), 2))) if expression else 0.0
    parts = [_log2_bound(part) for part in getattr(expression, "args", ())]
    if isinstance(expression, sympy.Pow):
        base, exponent = parts
        return base * 2**exponent if exponent < MAX_BITS.bit_length() or not base else float("inf")
    if isinstance(expression, sympy.factorial):
        return 2 ** min(parts[0], 60) * parts[0]
    if isinstance(expression, sympy.Mul):
        return sum(parts)
    return max(parts, default=0.0) + len(parts).bit_length() if parts else 2.0 * bool(expression.is_number)

r"""Parse plain LaTeX into a SymPy expression, with latex2sympy2_extended.

`samples.verifiers.notation.reading` has removed all that its parser misreads. Capital and small letters differ. `i`
is the imaginary unit. A text is parsed to its last character or not at all. Nothing here limits time, and some texts
take forever: call it in a worker that can be killed.

No text is evaluated as Python. The parser builds objects from its grammar, and numbers are read here, because SymPy
would evaluate their digits. SymPy itself compiles terms of sums and polynomials that it prints from an expression. So
symbols with characters of a call are refused, and a function that is not known gets a name that nothing in Python has.
So no sandbox is needed; there, a formula would take ten times as long.
"""

import functools
import re
from hashlib import blake2b
from typing import Any

from samples.verifiers.notation.sizes import TooLarge, refuse_too_large
from samples.verifiers.notation.tree import Node, Nodes, copied, everywhere, trim, write

MAX_DEPTH = 12  # open brackets; real answers have up to 4, and each one more may double the parsing time


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


_NUMBER = re.compile(r"(-?\d{1,30})(?:/(\d{1,30})|(\.\d{1,15}))?|(-?)\\[dt]?frac\{(\d{1,30})\}\{(\d{1,30})\}", re.ASCII)
_GROUPED = re.compile(r"\s*-?\d{1,3}(?:,\d{3})+(?:\.\d+)?\s*", re.ASCII)
_FOREIGN_DIGIT = re.compile(r"(?![0-9])\d")
_DIGITS = re.compile(r"-?\d+", re.ASCII)
_DECIMAL = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,6})?", re.ASCII)
_NAME = re.compile(r"[\w\\{}^,+ -]*")  # of a symbol; with these characters, Python cannot call anything


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


def _long_number(text: str) -> Any:
    """Parse the digits of any number. SymPy's own Number(text) would evaluate them as Python.

    Raises:
        ValueError: It is no number.
    """
    import sympy

    text = text.strip()
    if _DIGITS.fullmatch(text):
        return sympy.Integer(int(text))
    if _DECIMAL.fullmatch(text):
        return sympy.Float(text)
    raise ValueError(f"{text[:60]!r} is no number")


def expression(nodes: Nodes) -> Any:
    """Parse the nodes of a value into an unevaluated SymPy expression; None if they cannot be parsed to their end.

    Raises:
        TooLarge: A number in it is too large to evaluate.
    """
    return parse(write(everywhere(copied(nodes), _readable)).strip())


_WITH_BOUNDS = ("sum", "prod", "int", "iint", "iiint", "oint", "lim", "log", "ln", "max", "min", "sup", "inf")


def _readable(nodes: Nodes) -> Nodes:
    """Rename the letters that the parser takes for constants, and write subscripts as it reads them."""
    found: Nodes = []
    for node in nodes:
        if node.is_("script", "_") and found and not found[-1].is_("command", *_WITH_BOUNDS):
            name = re.sub(r"\\(?:text|mathrm)|[^A-Za-z0-9,+-]", "", write(node.args[0]))
            if found and found[-1].is_("word") and found[-1].text.endswith("E"):
                found[-1] = Node("word", found[-1].text[:-1] + "W")  # the parser takes E for Euler's number, and fails
                name = f"E{name}"
            node = Node("script", "_", ([Node("word", name)],))
        elif node.is_("command", "hbar"):
            found.append(Node("word", "h"))
            node = Node("script", "_", ([Node("word", "bar")],))
        elif node.is_("command", "gamma"):  # the parser takes it for Euler's constant
            found.append(Node("word", "y"))
            node = Node("script", "_", ([Node("word", "gamma")],))
        elif node.is_("bracket", "{}") and not trim(node.args[0]):
            node = Node("command", "emptyset")
        found.append(node)
    return found


@functools.lru_cache(maxsize=4096)
def parse(text: str) -> Any:
    """Parse plain LaTeX into an unevaluated SymPy expression; None if it cannot be parsed to its end."""
    import sympy
    from latex2sympy2_extended.math_normalization import NormalizationConfig, normalize_latex

    if (number := _number(text)) is not None:
        return number
    if not text or bracket_depth(text) > MAX_DEPTH or _FOREIGN_DIGIT.search(text):
        return None
    try:
        if _GROUPED.fullmatch(text):
            return _long_number(text.strip().replace(",", "." if text.startswith("0") else ""))
        normal = normalize_latex(
            text, NormalizationConfig(basic_latex=True, malformed_operators=True, nits=True, boxed="none")
        )
        found = _parse_to_end(normal)
        if found is None or found.has(sympy.zoo, sympy.nan):
            return None
        refuse_too_large(found)
        found = _with_harmless_names(found)
        imaginary = sympy.Symbol("i", real=True)
        return _with_real_roots(found.xreplace({imaginary: sympy.I}) if imaginary in found.free_symbols else found)
    except (MemoryError, TooLarge):
        raise
    except Exception:  # noqa: BLE001 - the parser raises plain Exception; any of them means that it cannot parse the text
        return None


def _with_harmless_names(found: Any) -> Any:
    """Give functions that are not known names that stand for nothing in Python.

    Raises:
        ValueError: A symbol's name has characters of a call.
    """
    import sympy
    from sympy.core.function import AppliedUndef

    for symbol in found.atoms(sympy.Symbol):
        if not _NAME.fullmatch(symbol.name):
            raise ValueError(f"a symbol with the name {symbol.name[:60]!r}")
    for function in {one.func for one in found.atoms(AppliedUndef)}:
        name = blake2b(function.__name__.encode(), digest_size=8).hexdigest()
        found = found.replace(function, sympy.Function(f"function_{name}"))
    return found


def _with_real_roots(found: Any) -> Any:
    """Read odd roots of negative numbers as real: the cube root of -8 is -2."""
    import sympy

    if not found.has(sympy.Pow):
        return found

    def negative(base: Any, exponent: Any) -> bool:
        if not (exponent.is_number and base.is_number) or base.has(sympy.I):
            return False
        power = exponent.doit()
        return bool(power.is_Rational and not power.is_Integer and power.q % 2 and base.doit().evalf(15).is_negative)

    def real(base: Any, exponent: Any) -> Any:
        power = exponent.doit()
        size = sympy.Pow(-base.doit(), power, evaluate=False)
        return -size if power.p % 2 else size

    return found.replace(
        lambda part: isinstance(part, sympy.Pow) and negative(*part.args), lambda part: real(*part.args)
    )


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
            plain = text.replace(",", "")
            number = _number(plain)
            return _long_number(plain) if number is None else number

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

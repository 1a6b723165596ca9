r"""Decide whether two SymPy expressions are equal.

Numbers are compared exactly where both are exact, to 150 digits and more where roots and functions are in them, and
within a tolerance where one is a decimal. Formulas are evaluated at points, to 30 digits: they differ if they differ
somewhere, and are equal if they agree everywhere. Sets, tuples, intervals and matrices are compared part by part. The
rest (equations, inequalities, unions, a set and a tuple) is left to math-verify.
"""

from typing import Any

from samples.verifiers.difference import clearly_differ
from samples.verifiers.integrals import integrals_equal
from samples.verifiers.notation.sizes import size_bits
from samples.verifiers.sums import sums_equal

_ABSOLUTE, _RELATIVE, _RELATIVE_ALONE = 1e-6, 1e-4, 1e-9  # of decimals
_DIGITS, _SPARE = 150, 20  # of constants; the last digits may be wrong
_POINTS = ("0.7390851332151607", "1.3247179572447460", "2.6854520010653064", "-1.2020569031595942")
_CONSTANTS = frozenset(["C", "c", "K", "k", "C_1"])  # names of a constant of integration


def same(want: Any, got: Any) -> bool:
    """Return whether two expressions are equal."""
    got = _same_constant(want, got)
    found = _parts_equal(want, got)
    if found is not None:
        return found
    if clearly_differ(want, got):
        return False
    return _verified(want, got)


def _verified(want: Any, got: Any) -> bool:
    from math_verify import verify

    try:
        return verify(want, got, timeout_seconds=None, allow_set_relation_comp=True, raise_on_error=True)
    except (MemoryError, RecursionError):
        raise
    except Exception:  # noqa: BLE001 - if SymPy cannot compare two expressions, they are not equal
        return False


def _same_constant(want: Any, got: Any) -> Any:
    """Give the constant of integration the name that it has in the other formula."""
    import sympy

    if not (isinstance(want, sympy.Add) and isinstance(got, sympy.Add)):
        return got
    ours, theirs = want.free_symbols - got.free_symbols, got.free_symbols - want.free_symbols
    if len(ours) == len(theirs) == 1:
        one, other = ours.pop(), theirs.pop()
        if {str(one), str(other)} <= _CONSTANTS and one in want.args and other in got.args:
            return got.xreplace({other: one})
    return got


def _parts_equal(want: Any, got: Any) -> bool | None:
    """Compare part by part; None if these shapes have no parts, or a part is not decided."""
    import sympy

    if isinstance(want, sympy.Expr) and isinstance(got, sympy.Expr):
        return _values_equal(want, got)
    if isinstance(want, sympy.FiniteSet) and isinstance(got, sympy.FiniteSet):
        return _sets_equal(list(want.args), list(got.args))
    entries, others = _entries(want), _entries(got)
    if entries is None or others is None or not _alike(want, got):
        return None
    if len(entries) != len(others):
        return False
    return _all(_parts_equal(one, other) for one, other in zip(entries, others, strict=True))


def _all(found: Any) -> bool | None:
    found = list(found)
    return False if False in found else None if None in found else True


def _entries(expression: Any) -> list[Any] | None:
    import sympy

    if isinstance(expression, sympy.Tuple):
        return list(expression.args)
    if isinstance(expression, sympy.Interval):
        return [expression.start, expression.end]
    if isinstance(expression, sympy.MatrixBase):
        return list(expression.flat())
    return None


def _alike(want: Any, got: Any) -> bool:
    """Return whether two shapes may be compared entry by entry. A column is a tuple or a pair."""
    import sympy

    if isinstance(want, sympy.MatrixBase) and isinstance(got, sympy.MatrixBase):
        return want.shape == got.shape
    if isinstance(got, sympy.MatrixBase):
        want, got = got, want
    if isinstance(want, sympy.MatrixBase):
        pair = isinstance(got, sympy.Tuple) or (isinstance(got, sympy.Interval) and got.left_open == got.right_open)
        return pair and want.shape[1] == 1
    if isinstance(want, sympy.Interval) and isinstance(got, sympy.Interval):
        return (want.left_open, want.right_open) == (got.left_open, got.right_open)
    return type(want) is type(got)


def _sets_equal(some: list[Any], others: list[Any]) -> bool | None:
    """Match the members of two sets, each with one of the other; None if some pair is not decided."""
    table = [[_parts_equal(one, other) for other in others] for one in some]
    if any(None in row for row in table):
        return None
    return all(True in row for row in table) and all(True in column for column in zip(*table, strict=True))


def _values_equal(want: Any, got: Any) -> bool | None:
    import sympy

    if isinstance(want, sympy.Rational) and isinstance(got, sympy.Rational):
        return bool(want == got)
    if want.has(sympy.Integral) or got.has(sympy.Integral):
        return integrals_equal(want, got)
    if want.has(sympy.Limit, sympy.Derivative) or got.has(sympy.Limit, sympy.Derivative):
        return None
    if want.has(sympy.Sum, sympy.Product) or got.has(sympy.Sum, sympy.Product):
        return sums_equal(want, got, _values_equal)
    if not want.free_symbols and not got.free_symbols:
        return _numbers_equal(want, got)
    return _formulas_equal(want, got)


def _numbers_equal(want: Any, got: Any) -> bool | None:
    import sympy

    decimal = want.has(sympy.Float) or got.has(sympy.Float)
    try:
        want, got = want.doit(), got.doit()
        if isinstance(want, sympy.Rational) and isinstance(got, sympy.Rational):
            return bool(want == got)
        if clearly_differ(want, got):
            return False
        digits = _DIGITS + int(0.302 * (size_bits(want) + size_bits(got)))  # bits to digits
        first, second = (side.evalf(30 if decimal else digits) for side in (want, got))
    except (TypeError, ValueError, OverflowError, ArithmeticError, AttributeError):
        return None
    if not (_finite(first) and _finite(second)) or (decimal and (sympy.im(first) or sympy.im(second))):
        return None
    if decimal:
        return close(first, second)
    return bool(abs(first - second) <= sympy.Float(10, digits) ** (_SPARE - digits) * max(1, abs(first)))


def close(want: Any, got: Any) -> bool:
    """Return whether two real numbers, of which one is a decimal, are equal within the tolerance of decimals."""
    difference, size = abs(want - got), abs(want)
    return bool((difference <= _ABSOLUTE and difference <= _RELATIVE * size) or difference <= _RELATIVE_ALONE * size)


def _finite(number: Any) -> bool:
    import sympy

    return bool(
        number.is_number and number.is_finite and not number.has(sympy.nan, sympy.zoo, sympy.oo)
    ) and not number.atoms(sympy.Function)


def _formulas_equal(want: Any, got: Any) -> bool | None:
    """Evaluate at points. Where the formulas agree only for positive letters, nothing is decided."""
    import sympy

    if any(isinstance(side, sympy.Symbol) and len(side.name) > 1 and "_" not in side.name for side in (want, got)):
        return None  # a word: on the other side, the same word may be a product of letters
    if want.has(sympy.core.function.AppliedUndef) or got.has(sympy.core.function.AppliedUndef):
        return None
    letters = sorted(want.free_symbols | got.free_symbols, key=str)
    decimal = want.has(sympy.Float) or got.has(sympy.Float)
    tried = 0
    for point in _POINTS:
        at = {letter: sympy.Float(point, 40) + sympy.Rational(place, 7) for place, letter in enumerate(letters)}
        agree = _agree_at(want, got, at, decimal=decimal)
        if agree is None:
            continue
        if not agree:
            return None if point.startswith("-") and tried else False
        tried += 1
    return True if tried > 1 else None


def _agree_at(want: Any, got: Any, at: dict[Any, Any], *, decimal: bool) -> bool | None:
    try:
        first, second = want.evalf(30, subs=at), got.evalf(30, subs=at)
    except (TypeError, ValueError, OverflowError, ArithmeticError, AttributeError):
        return None
    if not (_finite(first) and _finite(second)):
        return None
    return bool(abs(first - second) <= (1e-9 if decimal else 1e-20) * max(1, abs(first), abs(second)))

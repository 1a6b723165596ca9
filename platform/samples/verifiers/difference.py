"""Evaluate expressions at a few points, to find wrong answers without simplifying them.

Most wrong answers are numbers far from the gold answer, and simplifying a difference takes a hundred times as long as
evaluating it. Only a clear difference counts, far above the tolerance of any comparison. All other pairs are compared
exactly, elsewhere.
"""

import cmath
from typing import Any

_RELATIVE, _ABSOLUTE = 1e-3, 1e-4  # the smallest clear difference: relative to the larger value, and absolute
_POINTS = (
    0.7390851332151607,
    1.3247179572447460,
)  # for the first letter; each next letter gets 1/7 more


def clearly_differ(one: Any, other: Any) -> bool:
    """Return whether two expressions, tuples, intervals, finite sets or matrices clearly differ in value.

    An expression is compared with a tuple, interval or set as if it were the only entry of one.
    """
    import sympy

    if isinstance(one, sympy.Expr) and isinstance(other, sympy.Expr):
        return _values_differ(one, other)
    if isinstance(other, sympy.Expr):
        one, other = other, one
    if isinstance(one, sympy.Expr) and isinstance(other, sympy.Interval | sympy.FiniteSet):
        return any(clearly_differ(one, member) for member in _members(other))
    if isinstance(one, sympy.Expr) and isinstance(other, sympy.Tuple):
        return len(other) != 1 or clearly_differ(one, other[0])
    if isinstance(one, sympy.FiniteSet) and isinstance(other, sympy.FiniteSet):
        return _has_unmatched(one, other) or _has_unmatched(other, one)
    if type(one) is not type(other):
        return False
    entries, others = _members(one), _members(other)
    return len(entries) == len(others) and any(map(clearly_differ, entries, others))


def _members(expression: Any) -> list[Any]:
    import sympy

    if isinstance(expression, sympy.Tuple | sympy.FiniteSet):
        return list(expression.args)
    if isinstance(expression, sympy.Interval):
        return [expression.start, expression.end]
    if isinstance(expression, sympy.MatrixBase):
        return list(expression.flat())
    return []


def _has_unmatched(some: Any, others: Any) -> bool:
    return any(all(clearly_differ(one, other) for other in others) for one in some)


def _values_differ(one: Any, other: Any) -> bool:
    import sympy

    # These are evaluated by quadrature or summation, which may never end.
    slow = (sympy.Integral, sympy.Sum, sympy.Product, sympy.Limit, sympy.Derivative)
    if one.has(*slow) or other.has(*slow):
        return False
    if any(isinstance(side, sympy.Symbol) and len(side.name) > 1 for side in (one, other)):
        return False  # a word: on the other side, the same word may be a product of letters
    letters = sorted(one.free_symbols | other.free_symbols, key=str)
    for point in _POINTS if letters else (0.0,):
        at = {letter: point + place / 7 for place, letter in enumerate(letters)}
        try:
            values = [complex(side.evalf(15, subs=at)) for side in (one, other)]
        except (TypeError, ValueError, OverflowError, ArithmeticError, AttributeError):
            return False
        if not all(map(cmath.isfinite, values)):
            return False
        difference, size = abs(values[0] - values[1]), max(map(abs, values))
        if difference > _ABSOLUTE and difference > _RELATIVE * size:
            return True
    return False

"""Values of expressions at a few points: what differs there need not be simplified to be told apart.

Most wrong answers are numbers far from the right one, and simplifying their difference takes a hundred times as long
as evaluating it. Only a clear difference counts, far above what any comparison forgives; everything else is left to be
compared exactly.
"""

import cmath
from typing import Any

_CLEAR, _AT_LEAST = 1e-3, 1e-4  # relative to the larger value, and absolute
_POINTS = (0.7390851332151607, 1.3247179572447460)  # where letters are evaluated, each a little apart from the last


def apart(one: Any, other: Any) -> bool:
    """Whether two expressions, tuples, intervals, finite sets or matrices clearly differ in value.

    An expression beside one of the others is compared as the only thing in it.
    """
    import sympy

    if isinstance(one, sympy.Expr) and isinstance(other, sympy.Expr):
        return _numbers_apart(one, other)
    if isinstance(other, sympy.Expr):
        one, other = other, one
    if isinstance(one, sympy.Expr) and isinstance(other, sympy.Interval | sympy.FiniteSet):
        return any(apart(one, member) for member in _members(other))
    if isinstance(one, sympy.Expr) and isinstance(other, sympy.Tuple):
        return len(other) != 1 or apart(one, other[0])
    if isinstance(one, sympy.FiniteSet) and isinstance(other, sympy.FiniteSet):
        return _unmatched(one, other) or _unmatched(other, one)
    if type(one) is not type(other):
        return False
    entries, others = _members(one), _members(other)
    return len(entries) == len(others) and any(map(apart, entries, others))


def _members(expression: Any) -> list[Any]:
    import sympy

    if isinstance(expression, sympy.Tuple | sympy.FiniteSet):
        return list(expression.args)
    if isinstance(expression, sympy.Interval):
        return [expression.start, expression.end]
    if isinstance(expression, sympy.MatrixBase):
        return list(expression.flat())
    return []


def _unmatched(some: Any, others: Any) -> bool:
    return any(all(apart(one, other) for other in others) for one in some)


def _numbers_apart(one: Any, other: Any) -> bool:
    import sympy

    # These are evaluated by quadrature or summation, which may take for ever.
    slow = (sympy.Integral, sympy.Sum, sympy.Product, sympy.Limit, sympy.Derivative)
    if one.has(*slow) or other.has(*slow):
        return False
    if any(isinstance(side, sympy.Symbol) and len(side.name) > 1 for side in (one, other)):
        return False  # a word: beside it, a product of letters is the same word
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
        if difference > _AT_LEAST and difference > _CLEAR * size:
            return True
    return False

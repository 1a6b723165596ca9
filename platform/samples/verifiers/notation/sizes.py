"""Bound the size of numbers without evaluating them, and say what is not decided."""

import math
from typing import Any


class Undecided(ArithmeticError):
    """Whether two answers are equal cannot be told in reasonable time. The message says why."""


class TooLarge(Undecided):
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
        if isinstance(part, sympy.Pow) and size_bits(part) > MAX_BITS:
            raise TooLarge("a power of more than 100,000 bits is not evaluated")
        if isinstance(part, sympy.factorial) and size_bits(part.args[0]) > math.log2(_MAX_FACTORIAL):
            raise TooLarge("a factorial of more than 10,000 is not evaluated")


def size_bits(expression: Any) -> float:
    """Return an upper bound of log2 of an expression's absolute value; symbols count as 0."""
    import sympy

    if isinstance(expression, sympy.Rational):
        return max(math.log2(max(abs(part), 1)) for part in (int(expression.p), int(expression.q)))
    if isinstance(expression, sympy.Float):
        return abs(float(sympy.log(abs(expression), 2))) if expression else 0.0
    parts = [size_bits(part) for part in getattr(expression, "args", ())]
    if isinstance(expression, sympy.Pow):
        base, exponent = parts
        return base * 2**exponent if exponent < MAX_BITS.bit_length() or not base else float("inf")
    if isinstance(expression, sympy.factorial):
        return 2 ** min(parts[0], 60) * parts[0]
    if isinstance(expression, sympy.Mul):
        return sum(parts)
    return max(parts, default=0.0) + len(parts).bit_length() if parts else 2.0 * bool(expression.is_number)

"""Compare sums and products with bounds."""

from collections.abc import Callable
from typing import Any

from samples.verifiers.notation.sizes import Undecided

_MOST_TERMS = 500  # of a sum or product that is written out
_NUMBERS = range(1, 7)  # for a letter in a bound


def sums_equal(want: Any, got: Any, equal: Callable[[Any, Any], bool | None]) -> bool | None:
    """Compare by value, or for the first whole numbers where letters are in the bounds.

    Raises:
        Undecided: There are too many terms to add, and no closed form.
    """
    import sympy

    parts = [part for side in (want, got) for part in side.atoms(sympy.Sum, sympy.Product)]
    for part in parts:
        _refuse_long(part)
    letters = sorted(
        set().union(*(bound.free_symbols for part in parts for limit in part.limits for bound in limit[1:])), key=str
    )
    for number in _NUMBERS if letters else [0]:
        at = {letter: sympy.Integer(number + place) for place, letter in enumerate(letters)}
        one, other = want.subs(at).doit(), got.subs(at).doit()
        if one.has(sympy.Sum, sympy.Product) or other.has(sympy.Sum, sympy.Product):
            raise Undecided("a sum or product has no closed form that is found")
        agree = equal(one, other)
        if agree is not True:
            return agree
    return True


def _refuse_long(part: Any) -> None:
    """Refuse to add many terms one by one, and to look for the closed form of endless sums over other functions."""
    import sympy

    index, low, high = part.limits[0]
    span = high - low
    if not span.is_number:
        return
    term: Any = part.function
    polynomial = bool(term.is_polynomial(index)) if isinstance(part, sympy.Sum) else False
    known = (sympy.factorial, sympy.binomial)
    functions = [one for one in part.function.atoms(sympy.Function) if one.has(index) and not isinstance(one, known)]
    if (span.is_finite and abs(span) > _MOST_TERMS and not polynomial) or (not span.is_finite and functions):
        raise Undecided("a sum or product has too many terms to be evaluated")

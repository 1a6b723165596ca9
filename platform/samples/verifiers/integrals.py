"""Compare definite integrals by their values, which take milliseconds; their closed forms may take forever."""

from typing import Any

from samples.verifiers.notation.sizes import Undecided

_RELATIVE = 1e-9  # quadrature is exact to about 1e-12 where the integrand is smooth


def integrals_equal(want: Any, got: Any) -> bool | None:
    """Return whether two constants with single definite integrals are equal; None if there are letters in them.

    Raises:
        Undecided: The value of an integral is not found.
    """
    if want.free_symbols or got.free_symbols:
        return None
    values = [_value(side) for side in (want, got)]
    if None in values:
        raise Undecided("the value of an integral is not found")
    first, second = values
    return bool(abs(first - second) <= _RELATIVE * max(1, abs(first)))


def _value(expression: Any) -> Any:
    import mpmath
    import sympy

    found: dict[Any, Any] = {}
    for integral in expression.atoms(sympy.Integral):
        if len(integral.limits) != 1 or len(integral.limits[0]) != 3 or integral.function.has(sympy.Integral):  # noqa: PLR2004 - one variable from one bound to the other
            return None
        variable, low, high = integral.limits[0]
        try:
            value, error = mpmath.quad(
                sympy.lambdify(variable, integral.function, "mpmath"),
                [mpmath.mpf(str(bound.evalf(30)).replace("oo", "inf")) for bound in (low, high)],
                error=True,
            )
        except (TypeError, ValueError, ArithmeticError, NameError):
            return None
        if error > _RELATIVE:
            return None
        found[integral] = sympy.sympify(value)
    number = expression.xreplace(found).evalf(20)
    return complex(number) if number.is_number and number.is_finite else None

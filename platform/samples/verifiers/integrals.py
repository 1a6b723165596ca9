"""Compare definite integrals by their values, which take milliseconds; their closed forms may take forever.

The integrand is evaluated node by node. SymPy's lambdify would print it as Python and compile that, which is faster,
but an integrand is a model's text.
"""

from collections.abc import Callable
from typing import Any

from samples.verifiers.notation.sizes import Undecided

_FUNCTIONS = {
    **{
        name: name
        for name in ("sin", "cos", "tan", "cot", "sec", "csc", "asin", "acos", "atan", "acot", "asec", "acsc")
    },
    **{name: name for name in ("sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "exp", "log", "gamma", "factorial")},
    "Abs": "fabs",
    "floor": "floor",
    "ceiling": "ceil",
    "UnevaluatedExpr": "mpmathify",
    "Pow": "power",
}  # SymPy's name and mpmath's
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
                _function(integral.function, variable),
                [mpmath.mpf(str(bound.evalf(30)).replace("oo", "inf")) for bound in (low, high)],
                error=True,
            )
        except (TypeError, ValueError, ArithmeticError):
            return None
        if error > _RELATIVE:
            return None
        parts = [sympy.Float(part) for part in (mpmath.re(value), mpmath.im(value))]
        found[integral] = parts[0] + parts[1] * sympy.I if parts[1] else parts[0]
    number = expression.xreplace(found).evalf(20)
    return complex(number) if number.is_number and number.is_finite else None


def _function(expression: Any, variable: Any) -> Callable[[Any], Any]:
    """Return an expression as a function of its variable, for mpmath's numbers.

    Raises:
        TypeError: It has a function that is not among the usual ones.
    """
    import mpmath
    import sympy

    if expression == variable:
        return lambda x: x
    if not expression.args or not expression.has(variable):
        real, imaginary = (mpmath.mpf(part) for part in expression.evalf(30).as_real_imag())
        constant = mpmath.mpc(real, imaginary) if imaginary else real
        return lambda _: constant
    parts = [_function(part, variable) for part in expression.args]
    joined = {sympy.Add: mpmath.fsum, sympy.Mul: mpmath.fprod, sympy.Max: max, sympy.Min: min}.get(expression.func)
    if joined is not None:
        return lambda x: joined(part(x) for part in parts)
    name = type(expression).__name__
    if name not in _FUNCTIONS:
        raise TypeError(f"no function {name}")
    function = getattr(mpmath, _FUNCTIONS[name])
    return lambda x: function(*(part(x) for part in parts))

r"""Read the numbers that most answers are, without a tree: 12, -0.5, 1,234, 3/4, \frac{3}{4}."""

import re
from fractions import Fraction

_PLAIN = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|-?\.\d+", re.ASCII)
_FRACTION = re.compile(
    r"(-?)(?:(-?\d{1,30})/(\d{1,30})|\\[dt]?frac(?:\{(-?\d{1,30})\}\{(\d{1,30})\}|(\d)(\d)))", re.ASCII
)


def plain_value(text: str) -> Fraction | None:
    """Return the exact value of an answer that is only a number; else None."""
    if _PLAIN.fullmatch(text):
        return Fraction(text.replace(",", ""))
    if not (found := _FRACTION.fullmatch(text)):
        return None
    sign, *parts = found.groups()
    top, bottom = (int(part) for part in parts if part is not None)
    return (-1 if sign else 1) * Fraction(top, bottom) if bottom else None

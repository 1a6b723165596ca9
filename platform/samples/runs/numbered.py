"""The number of a sample among those of its problem."""

from typing import Any

from samples.errors import UsageError

_MOST = 1 << 31  # a table holds no higher number


def numbered(given: Any) -> int:
    """Return the number of a sample, which may be one of NumPy's, as a whole number.

    Raises:
        UsageError: It is none, or so large that no lake has it.
    """
    try:
        number = int(given)
    except (TypeError, ValueError, OverflowError):
        number = _MOST
    if abs(number) >= _MOST:
        raise UsageError(f"sample {str(given)[:40]}: a whole number is expected, counted from 0")
    return number

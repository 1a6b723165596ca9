"""Write numbers for people."""

import math
from collections.abc import Callable, Mapping
from typing import Any

_MINUS = "\N{MINUS SIGN}"
_NONE = "\N{EN DASH}"


def percent(value: float | None) -> str:
    """Write a share: 12.5 %."""
    return _NONE if value is None else f"{100 * value:.1f} %"


def points(value: float | None) -> str:
    """Write a difference of shares with its sign: +12.5 %."""
    return _NONE if value is None else f"{100 * value:+.1f} %".replace("-", _MINUS)


def whole(value: float | None) -> str:
    """Write a count or a mean of counts: 1,024."""
    return _NONE if value is None else f"{value:,.0f}"


def decimal(value: float | None) -> str:
    """Write a number with three digits that matter, with a true minus sign."""
    if value is None:
        return _NONE
    if not math.isfinite(value):
        return str(value).replace("-", _MINUS)
    return (f"{value:,.3f}" if abs(value) < 100 else f"{value:,.1f}").replace("-", _MINUS)  # noqa: PLR2004 - large: one decimal will do


def logprob(value: float | None) -> str:
    """Write a log-prob with four decimals."""
    return _NONE if value is None else f"{value:.4f}".replace("-", _MINUS)


FILTERS: Mapping[str, Callable[[Any], str]] = {
    "percent": percent, "points": points, "whole": whole, "decimal": decimal, "logprob": logprob,
}  # fmt: skip

"""Intervals on a log scale of perplexities, which are at least 1."""

from typing import Any

MADE = ("from", "to")
_BEYOND = 3.0  # the factor by which the picture reaches beyond the smallest and the largest value


def ends(values: list[dict[str, Any]], column: str) -> list[str]:
    """Write into each row the ends of its interval that are drawn, `from` and `to`; return a note if some are cut.

    They are low and high, no lower than 1. An interval of two or three problems may be so wide that nothing else could
    be seen: it is cut. An end that is not known is the value itself.
    """
    least = max(min(row[column] for row in values) / _BEYOND, 1.0)
    most = max(row[column] for row in values) * _BEYOND
    for row in values:
        row["from"] = row[column] if row["low"] is None else max(row["low"], least)
        row["to"] = row[column] if row["high"] is None else min(row["high"], most)
    known = [row for row in values if row["low"] is not None]
    cut = any(max(row["low"], 1.0) < row["from"] or row["to"] < row["high"] for row in known)
    return ["bars that would leave the picture are cut; the tooltips have their ends"] if cut else []

"""The next sample of a problem."""

from collections.abc import Sequence
from typing import NamedTuple

from samples.browse.sample_rows import SampleRow


class Neighbours(NamedTuple):
    """The samples before and after one, its place in the order from 1, and how many there are."""

    before: int | None
    after: int | None
    place: int
    count: int


def neighbours(rows: Sequence[SampleRow], index: int, status: str) -> Neighbours:
    """Return the neighbours of a sample in this order. With a `status`, only samples with this verdict count."""
    kept = [row.index for row in rows if status in {"", row.status} or row.index == index]
    at = kept.index(index)
    return Neighbours(kept[at - 1] if at else None, kept[at + 1] if at + 1 < len(kept) else None, at + 1, len(kept))

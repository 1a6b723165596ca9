"""Assign units to calls, for a job that shares its units with other drivers.

The driver offers the units that are its own to draw. A call of a replica gets the next of them when it may begin, so a
unit that another driver has taken meanwhile is never begun here.
"""

from array import array
from collections import deque
from collections.abc import Sequence

LATER = -1  # in place of a unit: no unit is on offer now, ask again
_NONE = -1  # in place of a unit: the call began none


class Assignment:
    """The units on offer, and those that were begun. A job may have millions: each takes 17 bytes here."""

    def __init__(self) -> None:
        self._offered: deque[int] = deque()
        self._more = True
        self._begun = array("q")  # units, in the order of their beginning
        self._is_begun = bytearray()  # by unit
        self._unit_of = array("q")  # by call

    @property
    def begun(self) -> int:
        """The number of units that were begun."""
        return len(self._begun)

    def offer(self, units: Sequence[int], *, more: bool, known: int = 0) -> list[int]:
        """Replace what is on offer by these units, without those begun. `more` says that further ones may follow.

        Return the units that were begun, without the first `known` of them.
        """
        there = self._is_begun
        self._offered = deque(unit for unit in units if unit >= len(there) or not there[unit])
        self._more = more
        return self._begun[known:].tolist()

    def begin(self, call: int) -> int | None:
        """Return the unit that this call begins, `LATER`, or None if none is left. A repeated call gets its unit."""
        if call < len(self._unit_of) and self._unit_of[call] != _NONE:
            return self._unit_of[call]
        if not self._offered:
            return LATER if self._more else None
        unit = self._offered.popleft()
        self._unit_of.extend([_NONE] * (call + 1 - len(self._unit_of)))
        self._unit_of[call] = unit
        self._begun.append(unit)
        self._is_begun.extend(bytes(max(0, unit + 1 - len(self._is_begun))))
        self._is_begun[unit] = True
        return unit

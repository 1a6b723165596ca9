"""Which units of a plan are this driver's to do, while other drivers do others of the same job.

A unit is free until a driver asks for it. It is this driver's or another's until its samples are committed. What is
known of others may be old, or of units that were cut elsewhere, so a commit still drops what is there already.
"""

import json
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from samples.units.plan import Ints, Plan, Unit

Claims = Mapping[str, Sequence[tuple[int, int]]]  # key of a problem -> ranges of indices: start, stop (exclusive)
_LARGEST = 1 << 31
_MOST = 1 << 22  # indices in one lease, as 700 replicas have at once: more would be no driver's


class Ownership:
    """The state of each unit of a plan, by its number."""

    def __init__(self, plan: Plan) -> None:
        """Begin with every unit free. The plan must have units."""
        self.plan = plan
        self.by_others = 0  # samples of the plan that other drivers committed
        self._mine, self._theirs, self._there = (np.zeros(len(plan), bool) for _ in range(3))
        self._left = plan.count.copy()  # samples still to do, by unit
        self._ids = pa.array(plan.keys, pa.string())
        self._row_of = {key: row for row, key in enumerate(plan.keys)}
        self._sorted = np.lexsort((plan.start, plan.problem))
        self._keys = _key(plan.problem, plan.start)[self._sorted]

    @property
    def free(self) -> Ints:
        """The numbers of the units that nobody does or has done, in the order of the plan."""
        return np.flatnonzero(~(self._mine | self._theirs | self._there)).astype(np.int32)

    @property
    def samples_left(self) -> int:
        """The number of samples still to do, by whomever."""
        return int(self._left.sum())

    @property
    def problems_left(self) -> int:
        """The number of problems that lack samples."""
        lacking = np.zeros(len(self.plan.problem_ids), bool)
        lacking[self.plan.problem[self._left > 0]] = True
        return int(lacking.sum())

    @property
    def samples_elsewhere(self) -> int:
        """The number of samples that live drivers claim and have not committed."""
        return int(self._left[self._theirs & ~self._there].sum())

    def ask(self, count: int) -> list[int]:
        """Make the first `count` free units this driver's. Return their numbers."""
        units = self.free[: max(count, 0)]
        self._mine[units] = True
        return units.tolist()

    def give_up(self, units: Iterable[int]) -> None:
        """Leave units to whoever asks."""
        self._mine[list(units)] = False

    def see(self, claims: Iterable[Claims]) -> None:
        """Take note of what live drivers claim now."""
        self._theirs[:] = False
        for some in claims:
            ranges = [(key, start, stop) for key, found in some.items() for start, stop in found]
            if ranges:
                keys, starts, stops = (list(column) for column in zip(*ranges, strict=True))
                sizes = np.subtract(stops, starts)
                offsets = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
                rows = np.repeat(self._rows(pa.array(keys, pa.string())), sizes)
                self._theirs[self._units(rows, np.repeat(starts, sizes) + offsets)] = True

    def lost(self, units: Iterable[int]) -> list[int]:
        """Return those of `units` that another driver claims too, or has committed."""
        return [unit for unit in units if self._theirs[unit] or self._there[unit]]

    def done(self, unit: Unit) -> None:
        """Take note that this driver has done a unit. It stays this driver's until it is committed."""
        self._left[self._number(unit)] = 0

    def committed(self, unit: Unit) -> None:
        """Take note that a unit of this driver was committed, or was there before."""
        number = self._number(unit)
        self._mine[number], self._there[number] = False, True

    def committed_by_others(self, keys: pa.Array, index: npt.NDArray[np.int64]) -> None:
        """Take note of samples that other drivers committed. A unit with such a sample is not done any more."""
        units = self._units(self._rows(keys), index)
        fresh = np.minimum(np.bincount(units, minlength=len(self.plan)), self._left)
        self._left -= fresh
        self.by_others += int(fresh.sum())
        self._there[units] = True

    def claims(self) -> bytes:
        """Write this driver's claims for the others."""
        claims: dict[str, list[list[int]]] = {}
        for number in self._sorted[(self._mine & ~self._there)[self._sorted]]:
            unit = self.plan[int(number)]
            ranges = claims.setdefault(unit.key, [])
            if ranges and ranges[-1][1] == unit.start:
                ranges[-1][1] = unit.stop
            else:
                ranges.append([unit.start, unit.stop])
        return json.dumps({"claims": claims}).encode()

    def _number(self, unit: Unit) -> int:
        return int(self._units(np.array([self._row_of[unit.key]]), np.array([unit.start]))[0])

    def _rows(self, keys: pa.Array) -> npt.NDArray[np.int64]:
        """Return the rows of problems in the plan's list; -1 for a problem that it does not have."""
        rows = pc.call_function("index_in", [keys], pc.SetLookupOptions(self._ids))
        return rows.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)

    def _units(self, rows: npt.NDArray[np.int64], index: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the unit of each sample that the plan has; other samples are left out."""
        at = np.searchsorted(self._keys, _key(rows, index), side="right") - 1
        units = self._sorted[at]
        return units[(at >= 0) & (self.plan.problem[units] == rows) & self.plan.has(units, index)]


def read_claims(lease: bytes) -> Claims:
    """Return what a driver claims; nothing if its lease cannot be read: another version may have written it."""
    try:
        claims = {
            str(problem): [(int(start), int(stop)) for start, stop in ranges]
            for problem, ranges in json.loads(lease)["claims"].items()
        }
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError):
        return {}
    found = [pair for ranges in claims.values() for pair in ranges]
    sane = all(0 <= start < stop <= _LARGEST for start, stop in found)
    return claims if sane and sum(stop - start for start, stop in found) <= _MOST else {}


def _key(problem: npt.NDArray[np.integer], index: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    return (problem.astype(np.int64) << 32) + index

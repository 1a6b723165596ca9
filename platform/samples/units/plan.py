"""A plan: the units of a job that the lake lacks.

A unit is one problem of a run and a range of sample indices, done together and committed whole or not at all. Ranges
are cut on an absolute grid of cells, so that plans of different moments and drivers agree. A unit may have gaps: its
mask says which indices of its cell it has.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from samples.runs.request import LARGEST_UNIT

CELL = LARGEST_UNIT  # indices in a cell; one integer of 64 bits holds a cell's mask

Ints = npt.NDArray[np.int32] | npt.NDArray[np.int64]
Masks = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Unit:
    """Samples `start` to `stop` (exclusive) of one problem. In a plan of one run `run_id` is ""."""

    problem_id: str
    start: int
    stop: int
    run_id: str = ""

    def __str__(self) -> str:
        return f"samples {self.start} to {self.stop - 1} of problem {self.problem_id}"

    @property
    def key(self) -> str:
        """What tells its problem apart from others of the plan."""
        return key(self.run_id, self.problem_id)


def key(run_id: str, problem_id: str) -> str:
    """Return what tells a problem of a run apart within one plan. Ids of runs have no space."""
    return f"{run_id} {problem_id}" if run_id else problem_id


@dataclass(frozen=True)
class Plan:
    """Units to do. Low sample indices of all problems come first, so that an early stop leaves k even over problems.

    `problem`, `start` and `stop` are parallel arrays; `problem` indexes `problem_ids`, and `run_ids` if the plan is of
    several runs. `wanted` counts the samples asked for, and `beyond` the committed ones that nobody asked for. `mask`
    has the indices of each unit: bit i stands for index 64 * cell + i; None means that no unit has a gap.
    """

    problem_ids: Sequence[str]
    problem: Ints
    start: Ints
    stop: Ints
    wanted: int
    beyond: int = 0
    run_ids: Sequence[str] = ()
    mask: Masks | None = None
    count: npt.NDArray[np.int64] = field(init=False, repr=False, compare=False)  # samples of each unit

    def __post_init__(self) -> None:
        count = self.stop - self.start if self.mask is None else np.bitwise_count(self.mask)
        object.__setattr__(self, "count", count.astype(np.int64))

    @property
    def keys(self) -> Sequence[str]:
        """The key of each problem, see `Unit.key`."""
        if not self.run_ids:
            return self.problem_ids
        return [key(run, problem) for run, problem in zip(self.run_ids, self.problem_ids, strict=True)]

    @property
    def missing(self) -> int:
        """The number of samples to do."""
        return int(self.count.sum())

    def indices(self, unit: int) -> npt.NDArray[np.int32]:
        """Return the sample indices of a unit, in order."""
        start, stop = int(self.start[unit]), int(self.stop[unit])
        mask = None if self.mask is None else int(self.mask[unit])
        return indices(start, stop, mask)

    def has(self, units: npt.NDArray[np.int32], index: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Return whether each unit has each sample index: within its range, and in no gap of it. Parallel arrays."""
        within = (self.start[units] <= index) & (index < self.stop[units])
        if self.mask is None:
            return within
        return within & ((self.mask[units] >> (index % CELL).astype(np.uint64)) & np.uint64(1)).astype(bool)

    def __len__(self) -> int:
        return len(self.problem)

    def __getitem__(self, index: int) -> Unit:
        row = int(self.problem[index])
        run = self.run_ids[row] if self.run_ids else ""
        return Unit(self.problem_ids[row], int(self.start[index]), int(self.stop[index]), run)

    def __iter__(self) -> Iterator[Unit]:
        return (self[index] for index in range(len(self)))


def indices(start: int, stop: int, mask: int | None = None) -> npt.NDArray[np.int32]:
    """Return the sample indices of a unit. Bit i of `mask` stands for index i of the cell that `start` is in."""
    whole = np.arange(start, stop).astype(np.int32)
    if mask is None:
        return whole
    return whole[[bool(mask >> (index % CELL) & 1) for index in range(start, stop)]]


def bits(start: int, stop: int) -> int:
    """Return the mask of a range of indices within its cell. No unit crosses a cell."""
    return ((1 << (stop - start)) - 1) << (start % CELL)

"""Sets of sample keys, in about one bit per sample."""

from collections.abc import Iterable

_CELL = 1024  # sample indices in one integer


class Keys:
    """A set of (problem id, sample index)."""

    def __init__(self) -> None:
        self._cells: dict[str, dict[int, int]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, key: tuple[str, int]) -> bool:
        problem_id, index = key
        return bool(self._cells.get(problem_id, {}).get(index // _CELL, 0) & 1 << index % _CELL)

    def add(self, problem_ids: Iterable[str], indices: Iterable[int] | None = None) -> None:
        """Add keys; without `indices` those of index 0, for tables of problems."""
        problem_ids = list(problem_ids)
        for problem_id, index in zip(problem_ids, indices or [0] * len(problem_ids), strict=True):
            if (problem_id, index) not in self:
                cells = self._cells.setdefault(problem_id, {})
                cells[index // _CELL] = cells.get(index // _CELL, 0) | 1 << index % _CELL
                self._count += 1

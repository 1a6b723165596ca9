"""What the first rows of a file hold: each dotted name with its values."""

from collections.abc import Iterable, Sequence
from typing import Any

from samples.exchange.shapes.dotted import last, nested
from samples.exchange.shapes.names import has_word
from samples.problems.answers import is_missing

_CELLS = 1 << 21  # values that are looked at: rows of a hostile file may have thousands of names each


class Seen:
    """The fields of a file's first rows, in the order of the outermost first."""

    def __init__(self, rows: Sequence[dict[str, Any]]) -> None:
        self.rows = rows
        self.values: dict[str, list[Any]] = {}  # dotted name -> its value in each row, None where it has none
        for number, row in enumerate(rows):
            for name, value in nested(row):
                if not is_missing(value) and (name in self.values or len(self.values) * len(rows) < _CELLS):
                    self.values.setdefault(name, [None] * len(rows))[number] = value

    def there(self, name: str) -> list[Any]:
        """Return the values of a name, without those that are missing."""
        return [value for value in self.values.get(name, ()) if value is not None]

    def named(self, names: Iterable[str]) -> list[str]:
        """Return the dotted names that end in one of `names`: outer ones first, then in the order of `names`."""
        rank = {name: number for number, name in enumerate(names)}
        found = [name for name in self.values if last(name) in rank]
        return sorted(found, key=lambda name: (name.count("."), rank[last(name)]))

    def worded(self, role: str) -> list[str]:
        """Return the dotted names whose last part has a word of a role in it, and none of another: outer ones first."""
        found = [name for name in self.values if has_word(name.rpartition(".")[2], role)]
        return sorted(found, key=lambda name: name.count("."))

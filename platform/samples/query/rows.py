"""Rows of an answer, in the form that a reader works with."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:  # an analyst may have one of them, or neither
    import pandas as pd
    import polars as pl

_SHOWN = 10  # rows at each end of a table that is shown


@dataclass(frozen=True, repr=False)
class Rows:
    """The rows of one answer, in memory; `len`, `columns`, and iteration over dicts."""

    table: pa.Table

    @property
    def columns(self) -> list[str]:
        """Names of the columns, in order."""
        return self.table.column_names

    def arrow(self) -> pa.Table:
        """Return the rows as an Arrow table."""
        return self.table

    def pl(self) -> "pl.DataFrame":
        """Return the rows as a Polars frame."""
        import polars as pl

        frame = pl.from_arrow(self.table)
        assert isinstance(frame, pl.DataFrame)
        return frame

    def df(self) -> "pd.DataFrame":
        """Return the rows as a pandas frame."""
        return self.table.to_pandas(maps_as_pydicts="strict")

    def dicts(self) -> list[dict[str, Any]]:
        """Return the rows as dicts; maps are dicts too."""
        return self.table.to_pylist(maps_as_pydicts="strict")

    def __len__(self) -> int:
        return self.table.num_rows

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.dicts())

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        count = len(self)
        there = [*range(count)] if count <= 2 * _SHOWN else [*range(_SHOWN), *range(count - _SHOWN, count)]
        shown = [[_cell(value) for value in row.values()] for row in Rows(self.table.take(there)).dicts()]
        if count > len(there):
            shown.insert(_SHOWN, ["…"] * len(self.columns))
        widths = [max(map(len, cells)) for cells in zip(self.columns, *shown, strict=True)]
        lines = ["  ".join(map(str.ljust, cells, widths)).rstrip() for cells in (self.columns, *shown)]
        return "\n".join([*lines, f"({count:,} rows)"])


def _cell(value: Any) -> str:
    text = f"{value:.4f}" if isinstance(value, float) else "-" if value is None else str(value)
    text = " ".join(text.split())
    return text if len(text) <= 40 else text[:39] + "…"  # noqa: PLR2004 - a column's width

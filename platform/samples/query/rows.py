"""Rows of an answer, in the form that a reader works with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from operator import index
from typing import TYPE_CHECKING, Any, overload

import numpy.typing as npt
import pyarrow as pa

from samples.errors import MissingExtra, NotFound

if TYPE_CHECKING:  # each takes a while to import, and an analyst may have no pandas
    import pandas as pd
    import polars as pl

_BATCH = 10_000  # rows that become dicts at once


@dataclass(frozen=True, repr=False)
class Rows:
    """The rows of one answer, in memory; `notes` say what a reader must know about them.

    `rows["pass_at_k"]` is a column, `rows[0]` a row as a dict, `rows[:10]` are fewer rows. Iteration gives dicts.
    Columns that share a name are numbered, as DuckDB numbers them: run, run_1.

    >>> rows = lake.queries.pass_at_k(runs=["base-7b"], verifier="math", ks=[1, 8])
    >>> rows["pass_at_k"].round(3)
    array([0.244, 0.607])
    >>> rows[0]["k"]
    1
    """

    table: pa.Table
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = self.table.column_names
        if len(set(names)) < len(names):
            object.__setattr__(self, "table", self.table.rename_columns(_numbered(names)))

    @property
    def columns(self) -> list[str]:
        """Names of the columns, in order."""
        return self.table.column_names

    def arrow(self) -> pa.Table:
        """Return the rows as an Arrow table.

        >>> rows.arrow().num_rows
        2
        """
        return self.table

    def pl(self) -> "pl.DataFrame":
        """Return the rows as a Polars frame.

        >>> rows.pl().height
        2
        """
        import polars as pl

        frame = pl.from_arrow(self.table)
        assert isinstance(frame, pl.DataFrame)
        return frame

    def df(self) -> "pd.DataFrame":
        """Return the rows as a pandas frame; maps are dicts.

        Raises:
            MissingExtra: pandas is not installed.
        """
        try:
            return self.table.to_pandas(maps_as_pydicts="strict")
        except ImportError as error:
            raise MissingExtra("df() needs pandas, which is not installed: pip install pandas") from error

    def dicts(self) -> list[dict[str, Any]]:
        """Return the rows as dicts; maps are dicts too.

        >>> rows.dicts()[0]["k"]
        1
        """
        return list(self)

    def __len__(self) -> int:
        return self.table.num_rows

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for batch in self.table.to_batches(_BATCH):
            yield from batch.to_pylist(maps_as_pydicts="strict")

    @overload
    def __getitem__(self, key: str) -> npt.NDArray[Any]: ...
    @overload
    def __getitem__(self, key: slice) -> "Rows": ...
    @overload
    def __getitem__(self, key: int) -> dict[str, Any]: ...
    def __getitem__(self, key: str | slice | int) -> Any:
        """Return a column by name, a row by number, or the rows of a slice, with the same notes.

        A column is a NumPy array. Missing numbers are NaN, decimals are numbers, times are datetime64 in UTC. Text,
        lists and maps are Python objects, and so are integers that would be rounded.

        Raises:
            NotFound: No column has this name.
            IndexError: There is no such row.
        """
        if isinstance(key, str):
            from samples.query.arrays import array

            return array(self.table[self._known(key)])
        places = range(len(self))[key if isinstance(key, slice) else index(key)]
        if isinstance(places, int):
            return self.table.slice(places, 1).to_pylist(maps_as_pydicts="strict")[0]
        if places.step == 1:
            return Rows(self.table.slice(places.start, len(places)), self.notes)
        return Rows(self.table.take(pa.array(places, pa.int64())), self.notes)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        from samples.query.sketch import text

        return text(self.table, self.notes)

    def _repr_html_(self) -> str:
        from samples.query.sketch import html

        return html(self.table, self.notes)

    def _ipython_key_completions_(self) -> list[str]:
        return self.columns

    def _known(self, name: str) -> str:
        if name in self.columns:
            return name
        near = get_close_matches(name, self.columns, 1)
        meant = f' (did you mean "{near[0]}"?)' if near else ""
        raise NotFound(f'no column "{name}"{meant}: the columns are {", ".join(self.columns)}')


def _numbered(names: Sequence[str]) -> list[str]:
    """Number the columns that share a name."""
    given: list[str] = []
    for name in names:
        new, number = name, 0
        while new in given or (number and new in names):
            number += 1
            new = f"{name}_{number}"
        given.append(new)
    return given

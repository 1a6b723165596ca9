"""Answer a query for each value of a key (`by`).

- A metadata key of problems: the query is asked once for each value, over the problems that have it, as if the filter
  `where` had chosen them. Problems without the key are a group of their own, whose value is NULL.
- A label of runs: the query is asked once, so that runs stay compared on one set of problems. The label is a column,
  and rows are in its order. A query about two runs has a column for each of them.

Values are text, as in `where`, and in natural order: 9 before 10, "Level 9" before "Level 10".
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from samples.errors import NotFound, UsageError, meant
from samples.query.filters import Known, listed
from samples.query.selection import field, pointer
from samples_queries import Answer, Header, Unanswerable, Unjudged

MOST = 200  # values
_SHOWN = 12  # values in a note
_UNVERIFIED = "a run has no verified sample of these problems; samples rescore judges those without a verdict"
_NOTES = 40  # of all groups together
_KINDS = {"label": "label:", "metadata": "metadata:"}  # what tells apart a key that is both
_NUMBER = re.compile(r"[-+]?\d{1,300}(\.\d{0,300})?([eE][-+]?\d{1,3})?", re.ASCII)
_DIGITS = re.compile(r"(\d{1,300})", re.ASCII)

_KEYS = "SELECT DISTINCT unnest(json_keys(metadata)) AS key FROM passed ORDER BY ALL"
_COUNTED = "SELECT value, count(DISTINCT (dataset, problem_id)) FROM grouped GROUP BY value"
_KEPT = """
CREATE OR REPLACE TEMP TABLE kept AS
SELECT DISTINCT run_id, problem_id FROM grouped WHERE value IS NOT DISTINCT FROM $value
"""
_KEPT_PROBLEMS = """
CREATE OR REPLACE TEMP TABLE kept_problems AS
SELECT DISTINCT dataset, problem_id, problem_hash FROM grouped WHERE value IS NOT DISTINCT FROM $value
"""
# This table was made of all groups at once. The other relations are views, and read `kept` each time.
_TALLIES = "CREATE OR REPLACE VIEW tallies AS FROM lake.tallies SEMI JOIN kept USING (run_id, problem_id)"


@dataclass(frozen=True)
class ByLabel:
    """The label `key` of runs."""

    key: str

    def answer(
        self, ask: Callable[[], Answer], header: Header, bound: Mapping[str, Any], runs: Sequence[Known]
    ) -> Answer:
        """Ask once, add the label of each row's run, and order the rows by it."""
        labels = {run.run: run.labels.get(self.key) for run in runs}
        rows, notes = ask()
        sides = [parameter.name for parameter in header.params if parameter.kind == "run"]
        added: dict[str, list[str | None]] = {
            _column(f"{self.key}_{side}", rows.column_names): [labels[bound[side]]] * len(rows) for side in sides
        } or {_column(self.key, rows.column_names): [labels[run] for run in rows["run"].to_pylist()]}
        keys = [*map(natural, next(iter(added.values())))]
        columns = {name: pa.array(values, pa.string()) for name, values in added.items()}
        rows = pa.table({**columns, **dict(zip(rows.column_names, rows.columns, strict=True))})
        return Answer(rows.take(pa.array(sorted(range(len(keys)), key=keys.__getitem__), pa.int64())), notes)


@dataclass(frozen=True)
class ByMetadata:
    """The metadata key `key` of problems. `values` are in order, each with its number of problems."""

    key: str
    connection: duckdb.DuckDBPyConnection
    values: Mapping[str | None, int]

    def answer(self, ask: Callable[[], Answer]) -> Answer:
        """Ask for the problems of each value, and put the value before its rows.

        Raises:
            Unanswerable: No group can be answered.
        """
        parts: list[pa.Table] = []
        failed: list[Unanswerable] = []
        notes: dict[str, list[str | None]] = {}
        for value in self.values:
            for making in (_KEPT, _KEPT_PROBLEMS):
                self.connection.execute(making, {"value": value})
            try:
                rows, said = ask()
            except Unanswerable as error:
                failed.append(error)
                rows, said = None, [f"left out: {_UNVERIFIED if isinstance(error, Unjudged) else error}"]
            if rows is not None and not len(rows):
                said = [*said, "left out: there is nothing to answer from"]
            elif rows is not None:
                column = pa.array([value] * len(rows), pa.string())
                parts.append(rows.add_column(0, _column(self.key, rows.column_names), column))
            for note in said:
                notes.setdefault(note, []).append(value)
        if not parts:
            raise self._none(failed)
        return Answer(pa.concat_tables(parts, promote_options="permissive"), [*self._missing(), *self._said(notes)])

    def _missing(self) -> list[str]:
        if None not in self.values:
            return []
        count = self.values[None]
        return [f"{count} problem{'s have' if count > 1 else ' has'} no {self.key}: the column is NULL for them"]

    def _said(self, notes: Mapping[str, Sequence[str | None]]) -> list[str]:
        """Say each note once, with the groups that it is about."""
        said = [
            note if len(about) == len(self.values) else f"{self._named(about)}: {note}" for note, about in notes.items()
        ]
        more = f"{len(said) - _NOTES} more notes: ask about fewer values of {self.key}, with --where"
        return said if len(said) <= _NOTES else [*said[:_NOTES], more]

    def _named(self, values: Sequence[str | None]) -> str:
        there = listed(value for value in values if value is not None)
        named = [f"{self.key}={there}"] if values != [None] else []
        return " and ".join([*named, *([f"without {self.key}"] if None in values else [])])

    def _none(self, failed: Sequence[Unanswerable]) -> Unanswerable:
        """Return the error for no group that can be answered."""
        if not failed:
            return Unanswerable("there is nothing to answer from")
        kind = Unjudged if all(isinstance(error, Unjudged) for error in failed) else Unanswerable
        return kind("; ".join(dict.fromkeys(map(str, failed[:_SHOWN]))))


def grouping(
    connection: duckdb.DuckDBPyConnection, asked: str, runs: Sequence[Known], *, tallied: bool
) -> ByLabel | ByMetadata:
    """Find out what `asked` is a key of. `runs` are those that the query reads.

    The connection has the tables that `apply_filters` makes by problem. `tallied` says whether it has the view
    `tallies`; from now on this view has the problems of one group only.

    Raises:
        NotFound: It is a key of neither, or of both.
        UsageError: There are too many values.
    """
    kind = next((kind for kind, mark in _KINDS.items() if asked.startswith(mark)), None)
    key = asked.removeprefix(_KINDS[kind]) if kind else asked
    labels = {key for run in runs for key in run.labels}
    if kind and (asked in labels or _values(connection, asked)):  # a key that only looks as if it were marked
        kind, key = None, asked
    values = {} if kind == "label" else _values(connection, key)
    is_label = key in labels and kind != "metadata"
    if is_label and values:
        raise UsageError(
            f'by "{key}": it is a label of runs, and a metadata key of problems too; say "label:{key}" or '
            f'"metadata:{key}"'
        )
    if is_label:
        return ByLabel(key)
    if not values:
        there = [name for (name,) in connection.execute(_KEYS).fetchall()]
        raise NotFound(
            f'by "{asked}": neither a metadata key of these problems nor a label of these runs'
            f"{meant(key, [*there, *sorted(labels)])}; metadata keys are {listed(there)}; labels are "
            f"{listed(sorted(labels))}"
        )
    if len(values) > MOST:
        raise UsageError(
            f'by "{key}": {len(values):,} values; at most {MOST} are answered: choose problems with where or problems'
        )
    if tallied:
        connection.execute(_TALLIES)
    return ByMetadata(key, connection, dict(sorted(values.items(), key=lambda item: natural(item[0]))))


def _values(connection: duckdb.DuckDBPyConnection, key: str) -> dict[str | None, int]:
    """Make the table `grouped` of the problems with their value of a key; return the values with their problems.

    The dict is empty if no problem has a value.
    """
    value = field("$key", "$path")
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE grouped AS SELECT * EXCLUDE (metadata), {value} AS value FROM passed",  # noqa: S608 - values are bound
        {"key": pointer([key]), "path": pointer(key.split("."))},
    )
    found = dict(connection.execute(_COUNTED).fetchall())
    return found if found.keys() - {None} else {}


def natural(value: str | None) -> tuple[int, Decimal, list[str | Decimal], str]:
    """Return what values are ordered by: numbers as such, then texts, with numbers in them as such, then NULL."""
    if value is None:
        return 2, Decimal(0), [], ""
    if _NUMBER.fullmatch(value):
        return 0, Decimal(value), [], value
    parts: list[str | Decimal] = [
        Decimal(part) if odd % 2 else part.casefold() for odd, part in enumerate(_DIGITS.split(value))
    ]
    return 1, Decimal(0), parts, value


def _column(key: str, there: Sequence[str]) -> str:
    """Return the name of a key's column, unlike those of the query."""
    return f"by_{key}" if key in there else key

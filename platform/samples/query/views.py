"""Make the views of a lake in a DuckDB connection.

The views read tables (schema `lake`). A table is the exact list of files that the pinned commits name, never a pattern.
Filters apply to the tables, once for all views: runs and verifiers are left out as whole files, problems row by row.
"""

from collections import ChainMap, Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any

import duckdb
import pyarrow as pa

import samples_queries
from samples.errors import LakeError, UsageError, meant
from samples.lake import checksums, hidden
from samples.lake.files import EVERYTHING, Selection, SnapshotFile, repeating, snapshot_files
from samples.lake.tables import Tables
from samples.query import lost, strays
from samples.query.answer_keys import add_answer_key
from samples.query.connection import lock
from samples.query.relations import SQL_TYPES, judges, kept_rows, one_verifier, only_once, quoted, relate, stored
from samples.query.strays import OF_SAMPLES
from samples_schemas import COMPLETIONS, REVIEWS, SAMPLES, SCORE_LOGPROBS, TABLES, TOP_LOGPROBS, VIEWS

_UNKNOWN_ROWS = 2  # of a file whose commit does not say how many: there may be several
_FEW = 8  # pairs of run and verifier
_MOST_COMPARED = 1 << 30  # bytes of texts and tokens that one question compares with their checksums


@cache
def beneath(view: str) -> frozenset[str]:
    """Return the tables that a view reads, directly or through other views.

    Views of verdicts, scores and reviews also read table samples, to leave out rows of samples that nobody drew.
    """
    found = frozenset(
        table
        for name in samples_queries.header(f"views/{view}").reads
        for table in ([name.removeprefix("lake.")] if name.startswith("lake.") else beneath(name))
    )
    return found | {SAMPLES.name} if found & OF_SAMPLES else found


def tables(views: Iterable[str]) -> frozenset[str]:
    """Return the tables that these views read."""
    return frozenset[str]().union(*map(beneath, views))


class Views:
    """The views of a pinned lake in one connection. At first there are none.

    The connection is locked before its first read. It reads the files of the tables beneath `reads`, and nothing else.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, lake: Tables, reads: Iterable[str] = VIEWS) -> None:
        self.connection = connection
        self.lake = lake
        self._files = {name: snapshot_files(lake, TABLES[name]) for name in tables(reads)}
        self._related: dict[str, tuple[list[str], str]] = {}  # for each table: its files, and SQL for the rows kept
        self._doubtful: dict[str, list[SnapshotFile]] = {}  # for each table: the files in which a key may be twice
        self._compared: dict[str, bool] = {}  # for each table: whether its rows were compared with samples
        self._engines: dict[str, str] | None = None  # of every run
        self._defined: set[str] = set()
        self._judges: list[dict[str, str]] = []  # values to fill into views
        self._known: dict[str, dict[str, str]] = {}  # SQL of views whose rows the log has, by table
        self._remote: Any = None
        connection.execute("CREATE SCHEMA lake")
        files = [file for some in self._files.values() for file in some]
        if served := [(file.path, file.size) for file in files if "://" in file.path]:
            from samples.lake.filesystem import SnapshotFileSystem

            self._remote = SnapshotFileSystem(lake.place.read)
            self._remote.add(served)
            connection.register_filesystem(self._remote)
        lock(connection, (file.path for file in files))

    @property
    def failure(self) -> Exception | None:
        """The error of the lake's store, if DuckDB failed because of it."""
        return self._remote and self._remote.failure

    def _hide(self) -> bool:
        """Leave out hidden runs, of which tables may contradict each other. Return whether there are any."""
        runs = hidden.every(self.lake.place).keys() - self.lake.hidden
        self.lake = self.lake.without(runs)
        self._files = {
            name: [file for file in files if self.lake.shows(file.path)] for name, files in self._files.items()
        }
        return bool(runs)

    @property
    def strays(self) -> list[str]:
        """What the views leave out because table samples lacks its samples: a note for each table and run."""
        return strays.said(self.connection, [name for name, compared in self._compared.items() if compared])

    def several(self, table: str) -> frozenset[str]:
        """Return the runs of which a table of few rows may have more than one, as its log says."""
        counts: Counter[str] = Counter()
        for file in self._files[table]:
            counts[file.partition["run_id"]] += _UNKNOWN_ROWS if file.rows is None else file.rows
        return frozenset(run for run, count in counts.items() if count > 1)

    def create(self, names: Iterable[str], kept: Selection = EVERYTHING) -> None:
        """Create views among `reads`, and all that they read. Make those again that held other rows before."""
        order = list(in_order(names))
        changed: set[str] = set()
        read = {
            name: [file for file in self._files[name] if kept.holds(file.partition)]
            for name in sorted(tables(order), key=lambda name: (name in OF_SAMPLES, name))  # after table samples
        }
        for name, files in read.items():
            related = [file.path for file in files], kept_rows(TABLES[name], kept, self.lake.hidden)
            if self._related.get(name) != related or (name in OF_SAMPLES and SAMPLES.name in changed):
                self._relate(name, read, kept)
                self._related[name] = related
                changed.add(name)
        if "runs" in changed and kept.runs is None and not kept.problems:
            self._engines = dict(self.connection.execute("SELECT run_id, engine FROM lake.runs").fetchall())
        if self._engines is not None:
            try:
                lost.check(self.lake, lost.compared(self.lake, read, kept), self._engines)
            except LakeError:
                if not self._hide():
                    raise
                self.create(names, kept)
                return
        self._defined = {name for name in self._defined if not beneath(name) & changed}
        missing = [name for name in order if name not in self._defined]
        define(self.connection, missing, self._judges, ChainMap(*self._known.values()))
        self._defined.update(missing)

    def _relate(self, name: str, read: Mapping[str, list[SnapshotFile]], kept: Selection) -> None:
        """Make the relation of a table over the files that are read of it; `read` has those of all tables."""
        files, heavy = read[name], TABLES[name] in (COMPLETIONS, SCORE_LOGPROBS, TOP_LOGPROBS)
        local = [file.path for file in files if "://" not in file.path]
        checksums.verify(local, most=_MOST_COMPARED if heavy else None)
        self._doubtful[name] = doubtful = repeating(files)
        suspected: Collection[str] | None = ()
        if name == REVIEWS.name:
            suspected = None
        elif name in OF_SAMPLES:
            suspected = strays.suspected(files, doubtful, read[SAMPLES.name], self._doubtful[SAMPLES.name])
        relate(
            self.connection,
            TABLES[name],
            [file.path for file in files],
            kept,
            [file.path for file in doubtful],
            self.lake.hidden,
            suspected,
        )
        self._compared[name] = suspected is None or bool(suspected)
        if name == SAMPLES.name:
            found = None if kept.problems or doubtful else stored(files)
            self._known[name] = {"stored": found} if found else {}
        if name == "verdicts":
            self._judges, self._known[name] = _judges(files), only_once(files)
            if not suspected:
                said = {"judges": judges(files)} if kept.problems else one_verifier(files, self._engines)
                self._known[name] |= said


def define(
    connection: duckdb.DuckDBPyConnection,
    names: Iterable[str],
    judges: Sequence[Mapping[str, str]] = (),
    known: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Create these views in the given order, in which each comes after those it reads. Schema `lake` must be there.

    `judges` holds the values to fill into views for each pair of run and verifier, if these are known. `known` has
    other SQL for the rows of some views.
    """
    for name in names:
        if name == "given_answers":
            add_answer_key(connection)
        select = known.get(name) or _select(name, judges)
        if name not in known and samples_queries.header(f"views/{name}").made == ("once",):
            made = connection.execute(f"CREATE OR REPLACE TABLE lake.{name} AS {select}").fetchall()
            # If there are no rows, DuckDB need not plan or run what reads them.
            select = f"FROM lake.{name}" if made != [(0,)] else f"FROM lake.{name} WHERE false"
        connection.execute(f"CREATE OR REPLACE VIEW {name} AS {select}")


def _select(view: str, judges: Sequence[Mapping[str, str]]) -> str:
    """Return a view's SQL.

    While there are few pairs of run and verifier, the verdicts of each are grouped apart: DuckDB groups by one column
    of a dictionary in two thirds of the time that it takes for several. Planning takes longer with each part.
    """
    text = samples_queries.text(f"views/{view}")
    if not samples_queries.header(f"views/{view}").each:
        return text
    return "UNION ALL\n".join(text.format(**judge) for judge in (judges if 0 < len(judges) <= _FEW else [_ANY_JUDGE]))


_ANY_JUDGE = {"run_id": "run_id", "verifier": "verifier", "first_pass": "min(pass_id)", "last_pass": "max(pass_id)"}


def _judges(verdicts: Iterable[SnapshotFile]) -> list[dict[str, str]]:
    """Return the values to fill into views for each pair of run and verifier that has verdicts."""
    passes: dict[tuple[str, str], set[int | None]] = {}
    for file in verdicts:
        passes.setdefault((file.partition["run_id"], file.partition["verifier"]), set()).add(file.pass_id)
    return [
        _ANY_JUDGE
        | {"run_id": quoted(run), "verifier": quoted(verifier)}
        | (dict.fromkeys(("first_pass", "last_pass"), str(*found)) if len(found) == 1 and None not in found else {})
        for (run, verifier), found in passes.items()
    ]


def in_order(views: Iterable[str]) -> Iterator[str]:
    """Yield views after those they read."""
    done: set[str] = set()

    def visit(name: str) -> Iterator[str]:
        if name in done:
            return
        done.add(name)
        for read in samples_queries.header(f"views/{name}").reads:
            if not read.startswith("lake."):
                yield from visit(read)
        yield name

    for name in views:
        yield from visit(name)


def describe(name: str | None = None) -> pa.Table:
    """Return the columns of all views, or of one view: view, column, type, meaning.

    Raises:
        UsageError: There is no such view.
    """
    if name is not None and name not in VIEWS:
        raise UsageError(f'there is no view "{name}"{meant(name, VIEWS)}; views are {", ".join(VIEWS)}')
    rows = [
        {"view": view.name, "column": column.name, "type": SQL_TYPES[column.type], "meaning": column.meaning}
        for view in VIEWS.values()
        if name in {None, view.name}
        for column in view.columns
    ]
    return pa.Table.from_pylist(rows)

"""Check a lake: every audit over one snapshot of it, and every file that the snapshot names."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa

from samples.errors import LakeError
from samples.lake import hidden, leases, reasons
from samples.lake.files import Selection, SnapshotFile, snapshot_files
from samples.lake.hidden import COPIED, Hidden
from samples.lake.log import added_files
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.maintenance.check import files, finding, keys, lengths, logs, pages, relations, seeds, unknown
from samples.maintenance.check.audit import Audit
from samples.maintenance.check.finding import NOTE, WRONG, Finding
from samples.maintenance.of_run import ORDER, parts
from samples.query.rows import Rows
from samples.runs.run import Run, every, find
from samples.runs.settings import IMPORTED
from samples_schemas import TABLES

AUDITS: tuple[Audit, ...] = (*keys.AUDITS, *unknown.AUDITS, *seeds.AUDITS, *lengths.AUDITS)
Watch = Callable[[str], None]
_Files = dict[str, list[SnapshotFile]]


def check(lake: Tables, runs: Sequence[str] = (), *, deep: bool = False, watch: Watch = lambda _: None) -> Rows:
    """Find what is wrong with a lake, or with these runs of it. Nothing is changed.

    Columns: run, table, found (what is wrong), way_out (what to do), files, samples (how many are concerned; NULL where
    they are not counted), level (wrong; or note: worth knowing, and nothing is wrong), first (one of them). No row
    means that nothing was found. Keys, facts and footers are read; with `deep` every page of every file, too.

    Raises:
        NotFound: There is no lake, or no such run.
        LakeError: The lake cannot be reached, or its format is newer.
    """
    watch("the logs")
    before, busy = _notes_of(lake), _at_work(lake)
    opened = logs.read(lake)
    chosen = frozenset(find(opened.lake, name).run_id for name in runs) or None
    return _Check(opened, chosen, before | _notes_of(lake), busy | _at_work(lake), watch).rows(deep=deep)


def _notes_of(lake: Tables) -> dict[str, Hidden]:
    return {run: note for run, (note, _) in hidden.every(lake.place).items()}


def _at_work(lake: Tables) -> frozenset[str]:
    """Return the runs on which programs say that they are at work."""
    with suppress(LakeError):  # who may read the tables need not see who is at work
        return frozenset(leases.at_work(lake.place))
    return frozenset()


class _Check:
    """One check of a pinned lake."""

    def __init__(
        self,
        opened: logs.Logs,
        runs: frozenset[str] | None,
        notes: Mapping[str, Hidden],
        busy: frozenset[str],
        watch: Watch,
    ) -> None:
        # Tables may contradict each other about a hidden run: it is in no other finding than its own.
        self._lake, self._runs, self._watch = opened.lake.without(notes), runs, watch
        self._all, self._notes_of, self._busy = opened.lake, notes, busy
        self._findings = list(opened.findings)
        self._broken = set(opened.broken)  # tables that audits cannot read
        self._unreadable = set[str]()  # runs of which a file cannot be read
        self._known = dict[str, Run]()
        self._names = dict[str, str]()
        self._there = opened.there

    def rows(self, *, deep: bool) -> Rows:
        """Return what was found."""
        there: _Files = {}
        for name in sorted(self._there, key=lambda name: name != "runs"):  # first the names of runs
            with self._about(name):
                there[name] = snapshot_files(self._lake, TABLES[name], Selection(self._runs))
                self._look(name, there[name])
                if name == "runs" and name not in self._broken:
                    self._known = {run.run_id: run for run in every(self._lake)}
                    self._names = {run_id: run.name for run_id, run in self._known.items()}
        self._findings += self._half_there()
        with explained(self._lake.uri), relations.opened(self._lake.place, there) as connection:
            if deep:
                self._take(pages.read(connection, self._lake, self._readable(there), self._watch))
            self._audit(connection, self._readable(there), deep=deep)
        return finding.rows(self._findings, self._notes())

    def _look(self, name: str, some: Sequence[SnapshotFile]) -> None:
        table = TABLES[name]
        found = files.look(self._lake, table, some, self._names, self._drawn, self._watch)
        self._findings += found.findings
        self._leave_out(name, found.unreadable)
        self._findings += files.unnamed(self._lake, table, self._runs, self._names)

    def _half_there(self) -> Iterator[Finding]:
        """Yield a finding for each hidden run of which tables name some: its drop or its copy is not complete."""
        for run, note in self._notes_of.items():
            if self._runs is not None and run not in self._runs:
                continue
            if hidden.read(self._lake.place, run) is None or not (note.why == COPIED or self._is_named(run)):
                continue
            of = run if note.name in self._names.values() else note.typed  # the name may be another run's now
            does = note.way_out
            if note.why != COPIED:
                does = f"`samples drop {of}` again finishes it, `samples drop {of} --undo` brings the run back"
            level = WRONG
            if leases.MAINTENANCE in leases.at_work(self._lake.place):
                level, does = NOTE, f"a program may be at work on it; if none is: {does}"
            what = "copy" if note.why == COPIED else "drop"
            found = f"a {what} that is not complete: the run is hidden"
            yield Finding(note.name, "runs", found, does, None, None, str(note), level)

    def _is_named(self, run: str) -> bool:
        """Return whether a table names anything of a run."""
        for table in ORDER:
            with suppress(LakeError):  # said elsewhere
                snapshot = self._all.delta(table.name) if table.name in self._there else None
                if snapshot and any(parts(self._all, table, snapshot, run)):
                    return True
        return False

    def _drawn(self, file: SnapshotFile) -> bool:
        """Return whether an engine of ours made a file of a heavy table."""
        run = self._known.get(file.partition.get("run_id", ""))
        return "scorer_id" in file.partition or (run is not None and run.engine != IMPORTED)

    def _leave_out(self, name: str, some: Sequence[SnapshotFile]) -> None:
        for file in some:
            if run := file.partition.get("run_id"):
                self._unreadable.add(run)
            else:
                self._broken.add(name)

    def _take(self, damaged: Sequence[tuple[str, SnapshotFile, str]]) -> None:
        for name, file, why in damaged:
            run = self._names.get(file.partition.get("run_id", ""))
            self._findings.append(Finding(run, name, files.CHANGED, files.way_out(name), 1, file.rows, why))
            self._leave_out(name, [file])

    def _readable(self, there: Mapping[str, Sequence[SnapshotFile]]) -> _Files:
        return {
            name: [file for file in some if file.partition.get("run_id") not in self._unreadable]
            for name, some in there.items()
            if name not in self._broken
        }

    def _audit(self, connection: duckdb.DuckDBPyConnection, there: _Files, *, deep: bool) -> None:
        empty = {name: [] for name in TABLES if name not in there and name not in self._broken}
        relations.show(connection, there | empty, self._runs, self._unreadable | self._lake.hidden)
        connection.register("chances", self._chances()).execute("CREATE TABLE lake.chances AS FROM chances")
        connection.register("ages", self._ages()).execute("CREATE TABLE lake.commits AS FROM ages")
        connection.execute(
            "CREATE TABLE lake.busy AS SELECT unnest($runs::VARCHAR[]) AS run_id", {"runs": [*self._busy]}
        )
        made = set[str]()
        for number, audit in enumerate(AUDITS, 1):
            if self._broken.intersection(audit.reads) or (audit.deep and not deep):
                continue
            self._watch(f"audit {number} of {len(AUDITS)}: {audit.found}")
            try:
                for name in audit.reads:
                    if name in relations.CELLS and name not in made and f"{name}_cells" in audit.sql:
                        relations.make_cells(connection, name)
                        made.add(name)
                found = connection.execute(audit.sql)
                columns = [column[0] for column in found.description or ()]
                for row in found.fetchall():
                    self._findings.append(self._said(audit, dict(zip(columns, row, strict=True))))
            except duckdb.Error as error:
                why = f"this could not be found out: {audit.found}"
                said = reasons.quoted(error) or reasons.reason(error)
                self._findings.append(Finding(None, audit.table, why, said))

    def _said(self, audit: Audit, row: Mapping[str, Any]) -> Finding:
        run = self._names.get(row["run_id"], row["run_id"])
        level, table, count = row.get("level", WRONG), row.get("tbl", audit.table), row["samples"]
        counted = None if count is None else int(count)
        return Finding(run, table, audit.found, audit.way_out, None, counted, row["first"], level)

    def _chances(self) -> pa.Table:
        """Return the log-prob below which no text of a run comes again by chance, for runs of which it is known."""
        known = {run_id: seeds.unlikely(run) for run_id, run in self._known.items()}
        rows = [{"run_id": run_id, "unlikely": value} for run_id, value in known.items() if value is not None]
        return pa.Table.from_pylist(rows, schema=pa.schema([("run_id", pa.string()), ("unlikely", pa.float64())]))

    def _ages(self) -> pa.Table:
        """Return for each run whether rows of it were committed to a heavy table a short while ago."""
        newest: dict[tuple[str, str], float] = {}
        for name in ("completions", "score_logprobs"):
            if name not in self._there or (snapshot := self._lake.delta(name)) is None:
                continue
            named = added_files(snapshot)
            for run, at in zip(
                named["partition.run_id"].to_pylist(), named["modification_time"].to_pylist(), strict=True
            ):
                seconds = at.timestamp() if isinstance(at, datetime) else at / 1000
                newest[name, run] = max(newest.get((name, run), 0), seconds)
        since = (datetime.now(UTC) - files.KEPT).timestamp()
        rows = [{"tbl": name, "run_id": run, "young": at > since} for (name, run), at in newest.items()]
        kinds = pa.schema([("tbl", pa.string()), ("run_id", pa.string()), ("young", pa.bool_())])
        return pa.Table.from_pylist(rows, schema=kinds)

    def _notes(self) -> list[str]:
        left = sorted(
            {f"table {name}" for name in self._broken} | {f"run {self._names.get(r, r)}" for r in self._unreadable}
        )
        return [f"not audited, because it cannot be read: {', '.join(left)}"] if left else []

    @contextmanager
    def _about(self, name: str) -> Generator[None]:
        """Make a finding of what of a table cannot be read, and go on without the table."""
        try:
            yield
        except LakeError as error:
            self._broken.add(name)
            self._findings.append(Finding(None, name, str(error), "restore the table from a copy"))

"""Find files of a table that its newest version does not name, and say why each is there.

A file that the log removed is known by its removal. A file that no log names is an orphan: a driver died, lost a race,
or is still to commit it. A driver commits segments of up to six days (`samples.units.commit`), so orphans stay for
seven. Files whose folder or name is none of ours are left alone. Nothing is deleted here.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote

import pyarrow.compute as pc

from samples.lake import empty
from samples.lake.log import Removal, added_files, removals
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.lake.unnamed import KEPT, UNFINISHED
from samples_schemas import COMPLETIONS, SAMPLES, SCORE_LOGPROBS, SCORES, TOP_LOGPROBS, Table

DAY = timedelta(days=1)
# Names that this program gives: rows-…, part-… and unit-…, then checksums; earlier builds wrote none.
_OURS = re.compile(
    r"(?:[\w-]+\.[0-9a-f]{16}|rows-[0-9a-f]{16}(?:-after-\d+)?|part-[0-9a-f]{16}|unit-[0-9a-f]{16}-\d+-\d+-[0-9a-f]{16})"
    r"\.parquet"
)
_ATTEMPT = re.compile(r"/unit-[0-9a-f]{16}-\d+-\d+-(?P<attempt>[0-9a-f]{16})\.")
_NARROW = {COMPLETIONS.name: (SAMPLES,), SCORE_LOGPROBS.name: (SCORES,), TOP_LOGPROBS.name: (SAMPLES, SCORES)}

REMOVED, DROPPED, ORPHAN = "removed by a commit", "of a dropped run", "named by no log"
YOUNG, RECENT, AT_WORK = "named by no log yet", "removed by a commit, not long ago", "of a run that a driver works on"
EMPTY_ENTRY = "perhaps named by an entry of the log that is empty: `samples check` says which"
DAMAGED = "needed by samples: `samples repair` names them again"


@dataclass(frozen=True)
class Leftover:
    """One file: its table, path in the lake, bytes, why it is there, the version that removed it, and if it may go."""

    table: str
    path: str
    size: int
    partition: Mapping[str, str]
    why: str
    goes: bool
    removal: Removal | None = None

    @property
    def run_id(self) -> str | None:
        """The run that it is of, if it is of one."""
        return self.partition.get("run_id")


@dataclass(frozen=True)
class Rules:
    """What may go: what was removed up to `removed`, orphans written up to `orphaned`, files of dropped runs.

    `dropped` has when each run was dropped. `busy` are the ids of runs and scorers on which programs are at work.
    """

    removed: datetime
    orphaned: datetime
    dropped: Mapping[str, datetime]
    busy: Collection[str]

    @classmethod
    def at(
        cls,
        now: datetime,
        older_than: timedelta,
        dropped: Mapping[str, datetime],
        busy: Collection[str],
        *,
        nobody_writes: bool,
    ) -> "Rules":
        """Return the rules of this moment."""
        return cls(now - older_than, now - (older_than if nobody_writes else max(older_than, KEPT)), dropped, busy)


def find(lake: Tables, table: Table, rules: Rules) -> Iterator[Leftover]:
    """Yield the files in a table's folder that its newest version does not name. A table without a log has none.

    Raises:
        LakeError: The table cannot be read, or it is none of ours.
    """
    files = lake.place.objects(f"{table.name}/")  # before the log is read: what is committed meanwhile is named
    if (snapshot := lake.delta(table.name)) is None:
        return
    named = {unquote(path) for path in added_files(snapshot)["path"].to_pylist()}
    root = f"{table.name}/"
    unnamed = [
        (path, size, at)
        for path, size, at in files
        if (within := path.removeprefix(root)) not in named and not within.startswith("_")
    ]
    if not unnamed:
        return
    gone = removals(lake.place, table.name)
    needed, doubtful = _Needed(lake, table), bool(empty.entries(lake.place, table.name))
    for path, size, at in unnamed:
        removal = gone.get(path.removeprefix(root))
        partition = _partition(table, path.removeprefix(root), known=removal is not None)
        if partition is None:
            continue
        why, goes = _judged(rules, partition, at, removal)
        if why == ORPHAN and goes and (doubtful or needed.by_samples(path, partition)):
            why, goes = (EMPTY_ENTRY if doubtful else DAMAGED), False
        yield Leftover(table.name, path, size, partition, why, goes, removal)


def parts(lake: Tables, rules: Rules) -> Iterator[Leftover]:
    """Yield the parts of units that are not whole: _unfinished/RUN OR SCORER/…, which no table names.

    Parts of scorers go when a run was dropped: they may be of its samples, and cost little to make again.
    """
    for path, size, at in lake.place.objects(f"{UNFINISHED}/"):
        writer = path.split("/")[1]
        partition = {"run_id" if writer.startswith("r") else "scorer_id": writer}
        why, goes = _judged(rules, partition, at, None)
        if why == YOUNG and "scorer_id" in partition and any(when <= rules.removed for when in rules.dropped.values()):
            why, goes = (AT_WORK, False) if writer in rules.busy else (DROPPED, True)
        yield Leftover(f"{UNFINISHED}/", path, size, partition, why, goes)


def _judged(rules: Rules, partition: Mapping[str, str], at: datetime, removal: Removal | None) -> tuple[str, bool]:
    """Return why a file is there, and whether it may go."""
    busy = any(value in rules.busy for value in partition.values())
    if (dropped := rules.dropped.get(partition.get("run_id", ""))) is not None:
        return (AT_WORK, False) if busy else (DROPPED, dropped <= rules.removed)
    if removal is not None:
        return (REMOVED, True) if removal.at <= rules.removed else (RECENT, False)
    if at > rules.orphaned:
        return YOUNG, False
    return (AT_WORK, False) if busy else (ORPHAN, True)


def _partition(table: Table, path: str, *, known: bool) -> dict[str, str] | None:
    """Return the partition values of a file in a table's folder; None if it is none of ours.

    A file that the log once named is ours whatever its name.
    """
    *folders, name = path.split("/")
    pairs = [tuple(folder.split("=", 1)) for folder in folders]
    if [pair[0] for pair in pairs] != list(table.partition_by) or not all(len(pair) == 2 for pair in pairs):  # noqa: PLR2004 - COLUMN=VALUE
        return None
    if not known and not is_named_by_us(name):
        return None
    return {column: unquote(value) for column, value in pairs}


def is_named_by_us(path: str) -> bool:
    """Return whether a file has a name that this program gives: a vacuum leaves files of other names alone."""
    return _OURS.fullmatch(path.rpartition("/")[2]) is not None


class _Needed:
    """Knows which orphans hold completions of samples that are there: a log lost entries, and nothing may go."""

    def __init__(self, lake: Tables, table: Table) -> None:
        self._lake, self._table = lake, table
        self._lacking: dict[tuple[str, ...], set[str]] = {}

    def by_samples(self, path: str, partition: Mapping[str, str]) -> bool:
        if self._table.name not in _NARROW or not (found := _ATTEMPT.search(path)):
            return False
        key = tuple(partition.values())
        if key not in self._lacking:
            there = self._attempts(self._table, partition)
            narrow = (self._attempts(one, partition) for one in _NARROW[self._table.name])
            self._lacking[key] = set[str]().union(*narrow) - there
        return found["attempt"] in self._lacking[key]

    def _attempts(self, table: Table, partition: Mapping[str, str]) -> set[str]:
        values = {name: value for name, value in partition.items() if name in table.partition_by}
        found: set[str] = set()
        with explained(self._lake.place.table_uri(table.name)):
            for batch in self._lake.dataset(table.name, **values).to_batches(columns=["attempt"]):
                found.update(pc.call_function("unique", [batch["attempt"]]).to_pylist())
        return found

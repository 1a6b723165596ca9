"""Choose the version of every table that a reader sees.

Tables are committed one after the other: a completion, then its sample, then the sample's verdict. A reader pins the
tables in the opposite order. Then every row it sees finds the rows it refers to, while others go on writing.

A commit's time is the one that its entry of the log states, by the clock of the machine that made it. The times of the
log's files would say when the lake was copied.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from deltalake import DeltaTable

from samples.errors import LakeError, UsageError
from samples.lake import vacuumed
from samples.lake.storage import Location
from samples_schemas import TABLES

Version = Mapping[str, int] | datetime
Load = Callable[[str, int | None], DeltaTable | None]
_ENTRY = re.compile(r"/_delta_log/(?P<version>\d{20})\.json$")
REFERRING_FIRST = (
    ("verdicts", "counts", "scores", "reviews", "labels", "ingests"),
    ("samples", "score_logprobs", "scorers"),
    ("completions", "prompts", "setups", "top_logprobs"),
    ("runs", "problems"),
)


def read_version(version: str | datetime) -> Version:
    """Parse a version: "problems:3,runs:2,samples:14" as `Lake.version` gives it, or a time (ISO 8601).

    A time without a zone is UTC.

    Raises:
        UsageError: `version` is neither, or names an unknown table.
    """
    if isinstance(version, datetime):
        return version if version.tzinfo else version.replace(tzinfo=UTC)
    try:
        return read_version(datetime.fromisoformat(version))
    except ValueError:
        pass
    numbers: dict[str, int] = {}
    for part in version.split(","):
        table, _, number = part.strip().partition(":")
        if table not in TABLES or not number.isdecimal():
            raise UsageError(
                f'version "{version}": expected a time such as 2026-05-01T12:00, or what `lake.version` gives, such as '
                f'"problems:3,runs:2,samples:14"; "{part}" is neither (tables are {", ".join(TABLES)})'
            )
        numbers[table] = int(number)
    return numbers


def snapshot_at(place: Location, name: str, version: Version, load: Load) -> DeltaTable | None:
    """Return the snapshot of a table at a version; None if the table did not exist yet.

    `load` returns a table's snapshot by its number; None asks for the newest.

    Raises:
        UsageError: The table never had this version, its log does not say what it was at this time, or a vacuum took
            files of it.
    """
    if isinstance(version, datetime):
        return _snapshot_at_time(place, name, version, load)
    if name not in version:
        return None
    vacuumed.require(place, name, version[name])
    try:
        newest = load(name, None)
    except LakeError:
        return load(name, version[name])  # a later entry of the log is damaged
    if newest is None or newest.version() < version[name]:
        there = "was never committed to" if newest is None else f"is at version {newest.version()}"
        raise UsageError(f"table {name} has no version {version[name]}: it {there}")
    return newest if newest.version() == version[name] else load(name, version[name])


def _snapshot_at_time(place: Location, name: str, time: datetime, load: Load) -> DeltaTable | None:
    """Return the snapshot of a table at a time. Of n entries of its log, about log2(n) are read."""
    entries = sorted(
        (int(found["version"]), path) for path, _ in place.list(f"{name}/_delta_log/") if (found := _ENTRY.search(path))
    )
    before, after = 0, len(entries)  # entries before `before` were committed by then
    while before < after:
        middle = (before + after) // 2
        for at in range(middle, after):
            when, _ = committed(place, entries[at][1])
            if when is not None:
                break
        else:
            after = middle  # none of them says when
            continue
        if when <= time.timestamp() * 1000:
            before = at + 1
        else:
            after = middle
    if before < len(entries):
        when, empty = committed(place, entries[before][1])
        if when is None and not empty:
            number = entries[before][0]
            raise _unknown(f"version {number} of table {name} does not say when it was committed", name, number)
    if before:
        vacuumed.require(place, name, entries[before - 1][0])
        return load(name, entries[before - 1][0])
    if entries and entries[0][0] == 0:
        return None
    newest = load(name, None)
    if newest is None or newest.metadata().created_time > time.timestamp() * 1000:
        return None
    first = entries[0][0] if entries else newest.version()
    vacuumed.require(place, name, first - 1)
    raise _unknown(f"table {name} has no entries of its log from before version {first}", name, first)


def committed(place: Location, path: str) -> tuple[int | None, bool]:
    """Return when an entry of a log was committed, in milliseconds, if it says so; and whether the entry is empty.

    Raises:
        LakeError: The store cannot be reached.
    """
    data = place.get(path) or b""
    try:
        for line in data.splitlines():
            if b'"commitInfo"' in line and (info := json.loads(line).get("commitInfo")) is not None:
                return int(info.get("inCommitTimestamp") or info["timestamp"]), False
    except (ValueError, LookupError, TypeError, AttributeError):
        pass  # not JSON, or another tool's
    return None, not data.strip()


def _unknown(why: str, name: str, version: int) -> UsageError:
    return UsageError(
        f"{why}, so it is not known what the lake was at that time: name the versions of its tables instead of a time, "
        f"such as {name}:{version},… (`lake.version` in Python gives the present ones)"
    )


def pin(names: Iterable[str], load: Callable[[str], DeltaTable | None]) -> dict[str, DeltaTable | None]:
    """Load a snapshot of each table. Tables that refer to others come first."""
    wanted = set(names)
    pinned: dict[str, DeltaTable | None] = {}
    with ThreadPoolExecutor() as pool:  # a store answers many requests at once
        for wave in REFERRING_FIRST:
            some = [name for name in wave if name in wanted]
            pinned.update(zip(some, pool.map(load, some), strict=True))
    return pinned

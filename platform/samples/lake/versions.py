"""Choose the version of every table that a reader sees.

Tables are committed one after the other: a completion, then its sample, then the sample's verdict. A reader pins the
tables in the opposite order. Then every row it sees finds the rows it refers to, while others go on writing.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from deltalake import DeltaTable

from samples.errors import LakeError, UsageError
from samples_schemas import TABLES

Version = Mapping[str, int] | datetime
REFERRING_FIRST = (
    ("verdicts", "counts", "scores", "reviews", "labels", "ingests"),
    ("samples", "score_logprobs", "scorers"),
    ("completions", "prompts", "setups", "top_logprobs"),
    ("runs", "problems"),
)


def read_version(version: str | datetime) -> Version:
    """Parse a version: "problems:3,runs:2,samples:14" as `Lake.version` gives it, or a time (ISO 8601).

    A time without a zone is UTC. An object store knows the times of its commits to the second.

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


def snapshot_at(name: str, version: Version, load: Callable[[str, int | None], DeltaTable | None]) -> DeltaTable | None:
    """Return the snapshot of a table at a version; None if the table did not exist yet.

    `load` returns a table's snapshot by its number; None asks for the newest.

    Raises:
        UsageError: The table never had this version.
    """
    if not isinstance(version, datetime):
        if name not in version:
            return None
        try:
            newest = load(name, None)
        except LakeError:
            return load(name, version[name])  # a later entry of the log is damaged
        if newest is None or newest.version() < version[name]:
            there = "was never committed to" if newest is None else f"is at version {newest.version()}"
            raise UsageError(f"table {name} has no version {version[name]}: it {there}")
        return newest if newest.version() == version[name] else load(name, version[name])
    snapshot = load(name, None)
    if snapshot is None or snapshot.metadata().created_time > version.timestamp() * 1000:
        return None  # for a time before the first version, deltalake would return the first version
    snapshot.load_as_version(version)
    return snapshot


def pin(names: Iterable[str], load: Callable[[str], DeltaTable | None]) -> dict[str, DeltaTable | None]:
    """Load a snapshot of each table. Tables that refer to others come first."""
    wanted = set(names)
    pinned: dict[str, DeltaTable | None] = {}
    with ThreadPoolExecutor() as pool:  # a store answers many requests at once
        for wave in REFERRING_FIRST:
            some = [name for name in wave if name in wanted]
            pinned.update(zip(some, pool.map(load, some), strict=True))
    return pinned

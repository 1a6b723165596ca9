"""Open the log of every table, and say which cannot be read, where it is damaged, and what can still be read.

Tables that refer to others are opened first, so that what they refer to is there, while others go on writing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from samples.errors import LakeError
from samples.lake import damage
from samples.lake.reasons import forbids
from samples.lake.tables import Tables
from samples.lake.versions import REFERRING_FIRST
from samples.maintenance.check import checkpoints, no_log
from samples.maintenance.check.finding import ASK, Finding

_REPAIR = "samples repair shows what can be rebuilt without one"
_FROM_A_COPY = "restore the log from a copy"


@dataclass
class Logs:
    """A pinned lake, the tables of it that have a readable log, and what is wrong with the others."""

    lake: Tables
    there: list[str] = field(default_factory=list[str])
    broken: list[str] = field(default_factory=list[str])
    findings: list[Finding] = field(default_factory=list[Finding])


def read(lake: Tables) -> Logs:
    """Pin every table whose log can be read."""
    logs = Logs(lake.pin([]))
    damages: dict[str, tuple[str, str, int | None]] = {}
    for name in (name for wave in REFERRING_FIRST for name in wave):
        snapshot, entries, said = None, {}, "its log has no beginning"
        try:
            snapshot = logs.lake.delta(name)
            entries = damage.entries(lake.place, name)
        except LakeError as error:
            said = str(error)
            logs.broken.append(name)
            if not forbids(said):
                entries = damage.entries(lake.place, name)
        if snapshot is not None:
            logs.there.append(name)
            logs.findings += _empty(name, entries)
        elif entries or name in logs.broken:
            logs.broken.append(name)
            damages[name] = (said, *damage.first(entries, lake.place))
        elif lost := no_log.find(lake, name, logs.there):
            logs.broken.append(name)
            logs.findings.append(lost)
    versions = {name: snapshot.version() for name in logs.there if (snapshot := logs.lake.delta(name))}
    for name, (said, entry, good) in damages.items():
        logs.findings.append(_said(lake, name, said, entry, _readable(lake, name, good, versions)))
    return logs


def _empty(name: str, entries: Mapping[int, tuple[str, int]]) -> Iterator[Finding]:
    """Yield the entries that have no bytes. Nothing is committed after the last one, and readers refuse it."""
    for version, (path, size) in sorted(entries.items()):
        if not size:
            which = "the last entry" if version == max(entries) else "an entry"
            found = f"{which} of the log is empty ({path}): what it named is lost"
            yield Finding(None, name, found, f"restore it from a copy; {_REPAIR}", 1, None, path)


def _said(lake: Tables, name: str, said: str, entry: str, good: str | None) -> Finding:
    if forbids(said):
        return Finding(None, name, said, ASK)
    if bad := None if good is not None else checkpoints.find(lake, name):
        return bad
    if not entry:
        return Finding(None, name, said, "move it out of the lake, or restore the table from a copy")
    way_out = f"{_FROM_A_COPY}; --at {good} reads what was there before" if good else _FROM_A_COPY
    return Finding(
        None, name, f"the log is damaged: {entry}", way_out, 1, None, f"{lake.place.uri}/{entry.split(maxsplit=1)[0]}"
    )


def _readable(lake: Tables, name: str, good: int | None, versions: Mapping[str, int]) -> str | None:
    """Return a version of the lake in which the table can be read; None if it cannot be, whatever the version."""
    if good is None or good < 0:
        return None
    text = ",".join(f"{table}:{version}" for table, version in sorted({**versions, name: good}.items()))
    try:
        Tables(lake.uri, version=text).delta(name)
    except LakeError:
        return None
    return text

"""Open the log of every table, and say which cannot be read, where it is damaged, and what can still be read.

Tables that refer to others are opened first, so that what they refer to is there, while others go on writing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import takewhile

from samples.errors import LakeError, SamplesError
from samples.lake import damage
from samples.lake.reasons import forbids
from samples.lake.tables import Tables
from samples.lake.versions import REFERRING_FIRST, committed
from samples.maintenance.check import checkpoints, no_log
from samples.maintenance.check.finding import ASK, Finding
from samples.query import lost
from samples.runs.run import every
from samples_schemas import COMPLETIONS, SAMPLES, SCORE_LOGPROBS, SCORES, VERDICTS

_COMPARED = (VERDICTS, SCORES, SAMPLES, SCORE_LOGPROBS, COMPLETIONS)
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
    good = {name: last for name, (_, _, last) in damages.items() if last is not None and _opens(lake, name, last)}
    for name, (said, entry, _) in damages.items():
        way_out = _readable(lake, name, versions | good) if name in good else None
        logs.findings.append(_said(lake, name, said, entry, way_out))
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
    if bad := None if good else checkpoints.find(lake, name):
        return bad
    if not entry:
        return Finding(None, name, said, "move it out of the lake, or restore the table from a copy")
    way_out = f"{_FROM_A_COPY}; --at {good} reads what was there before" if good else _FROM_A_COPY
    return Finding(
        None, name, f"the log is damaged: {entry}", way_out, 1, None, f"{lake.place.uri}/{entry.split(maxsplit=1)[0]}"
    )


def _opens(lake: Tables, name: str, version: int) -> bool:
    """Return whether a version of a table can be read."""
    if version < 0:
        return False
    try:
        Tables(lake.uri, version=f"{name}:{version}").delta(name)
    except SamplesError:
        return False
    return True


def _readable(lake: Tables, name: str, versions: Mapping[str, int]) -> str:
    """Return how to read a lake at the last good version of a damaged table, as options.

    Tables that refer to it may know of what its later versions named. Then questions leave these runs out; or, where no
    run is left, these tables are read as they were at that version.
    """
    earlier = _earlier(lake, name, versions)
    for chosen in (versions, earlier):
        if (more := _answers(lake, _text(chosen))) is not None:
            return _text(chosen) + more
    return _text(earlier)


def _text(versions: Mapping[str, int]) -> str:
    return ",".join(f"{table}:{version}" for table, version in sorted(versions.items()))


def _answers(lake: Tables, version: str) -> str | None:
    """Return the option that questions at a version of the lake need, or ""; None if no run can be read then."""
    then = Tables(lake.uri, version=version)
    try:
        known = every(then)
        lost_runs = lost.found(then, known, _COMPARED, every=True)
    except SamplesError:
        return None
    if not lost_runs:
        return ""
    return " --skip-unreadable" if {run.run_id for run in known} - lost_runs.keys() else None


def _earlier(lake: Tables, name: str, versions: Mapping[str, int]) -> dict[str, int]:
    """Return these versions, but for the tables that refer to one: theirs are no newer than its own."""
    found = dict(versions)
    at, _ = committed(lake.place, f"{name}/_delta_log/{versions[name]:020}.json")
    if at is None:
        return found
    then = Tables(lake.uri, version=datetime.fromtimestamp((at + 0.5) / 1000, UTC))
    for wave in takewhile(lambda wave: name not in wave, REFERRING_FIRST):
        for table in found.keys() & set(wave):
            try:
                snapshot = then.delta(table)
            except SamplesError:
                snapshot = None
            del found[table]
            if snapshot is not None:
                found[table] = snapshot.version()
    return found

"""Notice files of a table whose log is gone: readers take the table for empty, and a commit would begin a new log."""

from collections.abc import Collection

from samples.lake.tables import Tables
from samples.maintenance.check.files import is_ours
from samples.maintenance.check.finding import Finding
from samples.units.segment import attempt_of, is_segment
from samples_schemas import COMPLETIONS, SAMPLES, SCORE_LOGPROBS, SCORES, TABLES, TOP_LOGPROBS

_NARROW = {COMPLETIONS.name: SAMPLES.name, SCORE_LOGPROBS.name: SCORES.name}


def find(lake: Tables, name: str, there: Collection[str]) -> Finding | None:
    """Return what is wrong with a table that has no log; `there` are tables that have one and were looked at.

    Segments alone are nothing wrong before the first commit of their units: a driver makes the log then.
    """
    root = f"{name}/"
    paths = sorted(path for path, _ in lake.place.list(root) if is_ours(TABLES[name], path.removeprefix(root)))
    if not paths or (all(map(is_segment, paths)) and not _committed(lake, name, paths, there)):
        return None
    found = f"files and no log: {name}/_delta_log is gone, and the table reads as empty"
    way_out = "restore the folder of the log from a copy"
    if name == COMPLETIONS.name:  # samples says which segments were committed
        way_out += ", or let samples repair --write name the segments again"
    return Finding(None, name, found, way_out, len(paths), None, paths[0])


def _committed(lake: Tables, name: str, paths: Collection[str], there: Collection[str]) -> bool:
    """Return whether other tables know of segments of this one: they were committed."""
    if name in _NARROW:
        snapshot = lake.delta(_NARROW[name]) if _NARROW[name] in there else None
        return snapshot is not None and bool(snapshot.file_uris())
    assert name == TOP_LOGPROBS.name, f"table {name} has no segments"
    attempts = {attempt_of(path) for path in paths}
    snapshots = [lake.delta(heavy) for heavy in _NARROW if heavy in there]
    named = (path for snapshot in snapshots if snapshot for path in snapshot.file_uris())
    return any(is_segment(path) and attempt_of(path) in attempts for path in named)

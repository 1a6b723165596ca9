"""Say where the log of a table is damaged, instead of what the library that reads it says."""

import json
import re
from collections.abc import Mapping
from typing import Any, cast

from samples.errors import LakeError
from samples.lake import reasons
from samples.lake.storage import Location

_ENTRY = re.compile(r"/(?P<version>\d{20})\.json$")
_OF_A_CHECKPOINT = re.compile("parquet|checkpoint", re.IGNORECASE)
_FIELDS = {
    "add": {"path": str, "partitionValues": dict, "size": int, "modificationTime": int, "dataChange": bool},
    "remove": {"path": str, "dataChange": bool},
}


def explained(place: Location, name: str, version: int | None, error: LakeError) -> LakeError:
    """Return the error for a snapshot that could not be opened: of the log's damage if there is any, else `error`.

    `version` is the one that was asked for; None is the newest.
    """
    if reasons.forbids(str(error)):
        return error
    try:
        there = entries(place, name)
        bad, _ = first({number: one for number, one in there.items() if version is None or number <= version}, place)
    except LakeError:
        return error
    if not bad and there and _OF_A_CHECKPOINT.search(str(error)):
        bad = "a checkpoint of it cannot be read"
    if not bad:
        return error
    return LakeError(
        f"lake {place.table_uri(name)}: the log of table {name} is damaged ({bad}): samples check says which file, and "
        "which version can be read with --at"
    )


def entries(place: Location, name: str) -> dict[int, tuple[str, int]]:
    """Return path and size of the entries of a table's log, by version.

    Raises:
        LakeError: The log cannot be listed.
    """
    found = ((_ENTRY.search(path), path, size) for path, size in place.list(f"{name}/_delta_log/"))
    return {int(entry["version"]): (path, size) for entry, path, size in found if entry}


def first(entries: Mapping[int, tuple[str, int]], place: Location) -> tuple[str, int | None]:
    """Return what is wrong with the first bad entry of a log, with its path, and the version before it.

    An empty text if no entry is bad: then the log says what it was meant to.
    """
    before: int | None = None
    for version, (path, size) in sorted(entries.items()):
        folder = path.rpartition("/")[0]
        if before is not None and version != before + 1:
            return f"{folder}/{before + 1:020}.json is missing", before
        if why := _wrong(place, path, size):
            return f"{path} {why}", version - 1
        before = version
    if entries and min(entries):  # a log may begin with a checkpoint
        folder = entries[min(entries)][0].rpartition("/")[0]
        return f"{folder}/{0:020}.json is missing, and so is the checkpoint that would replace it", None
    return "", None


def _wrong(place: Location, path: str, size: int) -> str | None:
    """Return what is wrong with one entry of a log; None if it can be read."""
    if not size:
        return "is empty"
    try:
        if all(_is_action(json.loads(line)) for line in (place.get(path) or b"").splitlines()):
            return None
    except (ValueError, RecursionError):
        return "is not JSON"
    except LakeError as error:
        return f"cannot be read: {error}"
    return "holds what is no action of a log"


def _is_action(line: object) -> bool:
    """Return whether a line of an entry may be an action: a name, and what the format wants of files there."""
    if not isinstance(line, dict):
        return False
    actions = cast("dict[str, Any]", line)
    if not all(isinstance(action, dict) for action in actions.values()):
        return False
    return all(
        isinstance(action.get(field), kind)
        for name, action in actions.items()
        for field, kind in _FIELDS.get(name, {}).items()
    )

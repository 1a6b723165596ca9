"""Find the checkpoint that makes a log unreadable, where its entries alone would say everything.

A checkpoint repeats what the entries before it say, so that readers need not open them. They look for the one that
the file _last_checkpoint names, and fail without it.
"""

import json
import re
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from samples.errors import LakeError
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.maintenance.check.finding import Finding

_CHECKPOINT = re.compile(r"/(?P<version>\d{20})\.checkpoint\b.*parquet$")
_ENTRY = re.compile(r"/(?P<version>\d{20})\.json$")


def find(lake: Tables, name: str) -> Finding | None:
    """Return what is wrong with the checkpoints of a table's log, and what to do; None if all are whole."""
    log = f"{name}/_delta_log"
    paths = sorted(path for path, _ in lake.place.list(f"{log}/"))
    checkpoints = {path: int(found["version"]) for path in paths if (found := _CHECKPOINT.search(path))}
    entries = {int(found["version"]) for path in paths if (found := _ENTRY.search(path))}
    bad = [path for path in reversed(checkpoints) if not _is_whole(lake, path)]
    hint = f"{log}/_last_checkpoint"
    said = _version(lake.place.get(hint) if hint in paths else None)
    if bad:
        found = f"a checkpoint of the log cannot be read: {bad[0]}"
    elif said is not None and said not in checkpoints.values():
        found = f"a checkpoint of the log is missing: {log}/{said:020}.checkpoint.parquet"
    else:
        return None
    newest = max([*checkpoints.values(), said or 0])
    if entries == set(range(len(entries))) and newest in entries:
        away = " and ".join([*bad, *[hint] * (hint in paths)])
        way_out = f"delete {away}: the entries of the log are all there, and say the same"
    else:
        way_out = "restore it from a copy: entries before it are gone"
    first = bad[0] if bad else f"{log}/{said:020}.checkpoint.parquet"
    return Finding(None, name, found, way_out, 1, None, f"{lake.place.uri}/{first}")


def _is_whole(lake: Tables, path: str) -> bool:
    try:
        data = lake.place.get(path) or b""
        with explained(path):
            pq.read_table(pa.BufferReader(data))
    except LakeError:
        return False
    return True


def _version(hint: bytes | None) -> int | None:
    """Return the version of the checkpoint that _last_checkpoint names; None if it names none."""
    try:
        said: Any = json.loads(hint or b"null")
    except ValueError:
        return None
    return said["version"] if isinstance(said, dict) and isinstance(said.get("version"), int) else None

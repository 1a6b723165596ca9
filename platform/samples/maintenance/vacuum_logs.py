"""Find entries of logs that only versions before the oldest readable one need, and let these go.

A table is opened from a checkpoint, which repeats what all entries up to its version say, and from the entries after
it. With a checkpoint at the oldest version that can be read, nobody needs the entries before it. A program that began a
commit may still read entries as old as its own snapshot. So entries stay for as long as orphans would.
"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from samples.errors import LakeError
from samples.lake.log import added_files
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.maintenance.vacuum_find import Leftover, Rules

UNREADABLE = "log entries of versions that can no longer be read"
_OF_A_VERSION = re.compile(r"/_delta_log/(?P<version>\d{20})\.(?:(?P<entry>json)|checkpoint\b[\w.-]*\.parquet)$")


def find(lake: Tables, oldest: Mapping[str, int], rules: Rules) -> Iterator[Leftover]:
    """Yield the entries and checkpoints of logs that may go. `oldest` has each table's oldest version that can be read.

    A log with an empty entry is left as it is: what that entry named may be found by those around it.

    Raises:
        LakeError: A log cannot be listed.
    """
    for name, first in oldest.items():
        log = lake.place.objects(f"{name}/_delta_log/")
        listed = [(_OF_A_VERSION.search(path), path, size, at) for path, size, at in log]
        there = [(int(of["version"]), of["entry"], path, size, at) for of, path, size, at in listed if of]
        if any(entry and not size for _, entry, _, size, _ in there):
            continue
        end = min([first, *(version for version, entry, _, _, at in there if entry and at > rules.orphaned)])
        for version, _, path, size, _ in sorted(there, key=lambda one: (one[0], one[2])):
            if version < end:
                yield Leftover(name, path, size, {}, UNREADABLE, goes=True)


def checkpoint(lake: Tables, name: str, version: int) -> None:
    """Write a checkpoint of a table at a version, and one at its newest version, from which it is opened.

    Raises:
        LakeError: A checkpoint cannot be written, or does not name the files that the log names.
    """
    uri, options = lake.place.table_uri(name), lake.place.options
    for number in (version, None):
        snapshot = lake.place.patiently(uri, lambda number=number: DeltaTable(uri, number, storage_options=options))
        lake.place.patiently(uri, snapshot.create_checkpoint)
        path = f"{name}/_delta_log/{snapshot.version():020}.checkpoint.parquet"
        with explained(f"{lake.uri}/{path}"):
            written = pq.read_table(pa.BufferReader(lake.place.get(path) or b""), columns=["add"])
        named = {unquote(one["path"]): one["size"] for one in written["add"].to_pylist() if one is not None}
        files = added_files(snapshot)
        if named != dict(zip(map(unquote, files["path"].to_pylist()), files["size_bytes"].to_pylist(), strict=True)):
            raise LakeError(f"{lake.uri}/{path}: names other files than the log, of which nothing was deleted")

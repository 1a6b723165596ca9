"""Say what becomes of the empty entries of logs, and fill those whose content is named again.

An entry that is filled says that it was empty, and names nothing. The same version then still has it, and an entry that
is restored from a copy later takes its place. What an entry of `samples` or `completions` named of runs that an engine
drew comes back from segments. Nothing brings back what others named: they stay empty, and nothing is committed after
the last of them until it is restored.
"""

import json
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from samples.lake import empty
from samples.lake.log import added_files, removals
from samples.lake.tables import Tables
from samples_schemas import COMPLETIONS, SAMPLES, TABLES


@dataclass(frozen=True)
class Empty:
    """An empty entry of a table's log: its path in the lake, and why it stays empty, if it does."""

    table: str
    path: str
    stays: str | None

    @property
    def does(self) -> str:
        """What a repair does about it, or what you can do."""
        if self.stays is None:
            return "fills it, and what it named is named again"
        return f"restore {self.path} from a copy: {self.stays}"


def find(lake: Tables, imported: Collection[str]) -> Iterator[Empty]:
    """Yield the empty entries of all logs. `imported` has the ids of the runs that no engine drew."""
    for name in TABLES:
        if paths := empty.entries(lake.place, name):
            why = _stays(lake, name, imported)
            yield from (Empty(name, path, why) for path in paths)


def fill(lake: Tables, entry: Empty) -> None:
    """Let an entry say that it was empty.

    Raises:
        LakeError: The log cannot be written.
    """
    said = {"commitInfo": {"timestamp": int(time.time() * 1000), "operation": "samples repair: this entry was empty"}}
    lake.place.put(entry.path, (json.dumps(said) + "\n").encode())


def _stays(lake: Tables, name: str, imported: Collection[str]) -> str | None:
    """Return why nothing brings back what an empty entry of a table named; None if segments do."""
    if name not in {SAMPLES.name, COMPLETIONS.name}:
        return "nothing else says what it named"
    if (snapshot := lake.delta(name)) is None:
        return "the log has no other beginning"
    known = {unquote(path) for path in added_files(snapshot)["path"].to_pylist()} | removals(lake.place, name).keys()
    paths = (path.removeprefix(f"{name}/") for path, _ in lake.place.list(f"{name}/"))
    for path in paths:
        if path.endswith(".parquet") and path not in known and any(f"run_id={run}/" in path for run in imported):
            return f"it may have named {name}/{path}, of an import"
    return None

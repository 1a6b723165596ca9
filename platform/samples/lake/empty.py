"""Notice an entry of a table's log that has no bytes: what it named is lost, and a commit after it would hide that.

A machine that loses its power may leave such an entry in a folder. An object store writes an entry whole, so there only
`entries` looks, for those who list the log anyway.
"""

from itertools import count
from pathlib import Path

from samples.errors import LakeError
from samples.lake.storage import Location

_ENTRY = "{name}/_delta_log/{version:020}.json"


def require_none(place: Location, name: str, version: int, *, later: bool = False) -> None:
    """Check that the entry of a version of a table has bytes; with `later`, and those of all versions after it.

    Raises:
        LakeError: It is empty.
    """
    if not place.is_local:
        return
    for one in count(version) if later else (version,):
        entry = _ENTRY.format(name=name, version=one)
        try:
            size = Path(place.uri, entry).stat().st_size
        except OSError:  # who reads the log says so; a log may begin with a checkpoint
            return
        if not size:
            raise LakeError(
                f"lake {place.uri}: the last entry of the log of table {name} is empty, so what it named is lost: "
                f"restore {entry} from a copy of the lake, or see what `samples repair` does"
            )


def entries(place: Location, name: str) -> list[str]:
    """Return the paths in the lake of all entries of a table's log that are empty, in their order.

    Raises:
        LakeError: The log cannot be listed.
    """
    return sorted(path for path, size in place.list(f"{name}/_delta_log/") if path.endswith(".json") and not size)

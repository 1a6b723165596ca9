"""Which versions of tables a vacuum took: their files are gone, and `--at` refuses them.

The object _vacuumed.json has the oldest version of each table that can be read whole. It is written before files are
deleted, so a version that is not refused has all of its files.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from samples.errors import LakeError, UsageError
from samples.lake.storage import Location

_NOTE = "_vacuumed.json"


def oldest(place: Location) -> dict[str, int]:
    """Return the oldest version of each table that can be read; tables of which nothing was vacuumed are left out.

    Raises:
        LakeError: The store cannot be reached, or the note is damaged.
    """
    found = place.get(_NOTE)
    try:
        return {} if found is None else {str(name): int(number) for name, number in json.loads(found)["oldest"].items()}
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise LakeError(f"{place.uri}/{_NOTE}: expected the oldest versions of tables, found {found!r:.80}") from error


def note(place: Location, since: Mapping[str, int]) -> None:
    """Write down that the versions of tables before these may lack files.

    Raises:
        LakeError: The store refused, or is away.
    """
    before = oldest(place)
    after = {name: max(before.get(name, 0), since.get(name, 0)) for name in sorted({*before, *since})}
    if after != before:
        place.put(_NOTE, json.dumps({"oldest": after, "at": datetime.now(UTC).isoformat("T", "seconds")}).encode())


def require(place: Location, name: str, version: int) -> None:
    """Check that a version of a table still has its files.

    Raises:
        UsageError: A vacuum took some.
    """
    if version < (first := oldest(place).get(name, 0)):
        raise UsageError(
            f"lake {place.uri}: version {version} of table {name} can no longer be read, because `samples vacuum` "
            f"removed files of it; the oldest version that can is {first}"
        )

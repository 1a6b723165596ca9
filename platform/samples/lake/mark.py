"""The file lake.json: it makes a folder a lake, and records the lake's format."""

import json

from samples.errors import LakeError, NotFound
from samples.lake.storage import Location

FORMAT = 1
_MARK = "lake.json"


def require(place: Location) -> None:
    """Check that there is a lake of a known format.

    Raises:
        NotFound: There is no lake.
        LakeError: The lake's format is newer, or its file lake.json is damaged.
    """
    mark = place.get(_MARK)
    if mark is None:
        raise NotFound(f"no lake at {place.uri}: `samples ingest … --lake {place.uri}` makes one")
    try:
        found = int(json.loads(mark)["format"])
    except (ValueError, LookupError, TypeError, OverflowError, RecursionError) as error:
        raise LakeError(f'{place.uri}/{_MARK}: expected {{"format": {FORMAT}}}, found {mark[:80]!r}') from error
    if found > FORMAT:
        raise LakeError(
            f"lake {place.uri} has format {found}, this version of Samples reads up to {FORMAT}: upgrade samples"
        )


def make(place: Location) -> None:
    """Make a lake, unless there is one already. Raises as `require`."""
    if not place.put(_MARK, json.dumps({"format": FORMAT}).encode(), create=True):
        require(place)

"""The file lake.json: it makes a folder a lake, and records the lake's format and its id.

The id tells lakes apart that lie at the same path of two machines. Lakes of earlier builds have none.
"""

import json
import os
import secrets
import socket
from typing import Any

from samples.errors import LakeError, NotFound
from samples.lake.storage import Location
from samples_schemas import RUNS

FORMAT = 1
_MARK = "lake.json"
_OF_A_LOG = [f"{RUNS.name}/_delta_log/{name}" for name in (f"{0:020}.json", "_last_checkpoint")]  # one is there


def require(place: Location) -> None:
    """Check that there is a lake of a known format.

    Raises:
        NotFound: There is no lake.
        LakeError: The lake's format is newer, or its file lake.json is damaged.
    """
    _read(place)


def lake_id(place: Location) -> str | None:
    """Return the id of a lake; None if an earlier build made it. Raises as `require`."""
    found = _read(place).get("id")
    return None if found is None else str(found)


def require_same(place: Location, known: str | None) -> None:
    """Check that this machine sees the lake that the driver sees, whose id is `known`; None if it has none.

    Raises:
        LakeError: It sees another lake here, or none.
    """
    try:
        found = lake_id(place)
    except NotFound:
        seen = "no lake"
    else:
        if known in {None, found}:
            return
        seen = f"another lake (id {found}; the driver's has id {known})"
    advice = (
        "a cluster's lake must lie on storage that all nodes share: a shared folder, s3://, gs:// or az://"
        if place.is_local
        else "give every node the same endpoint and credentials, such as AWS_ENDPOINT_URL"
    )
    raise LakeError(f"node {socket.gethostname()} sees {seen} at {place.uri}: {advice}")


def _read(place: Location) -> dict[str, Any]:
    _require_folder(place)
    mark = place.get(_MARK)
    if mark is None and any(place.get(path) is not None for path in _OF_A_LOG):
        raise NotFound(
            f"no lake at {place.uri}: a table runs is there, but the file {_MARK} is gone; if this was a lake, "
            f'restore the file from a copy, or write {{"format": {FORMAT}}} to it'
        )
    if mark is None:
        raise NotFound(f"no lake at {place.uri}: `samples ingest … --lake {place.uri}` makes one")
    try:
        facts = json.loads(mark)
        found = int(facts["format"])
    except (ValueError, LookupError, TypeError, OverflowError, RecursionError) as error:
        raise LakeError(f'{place.uri}/{_MARK}: expected {{"format": {FORMAT}}}, found {mark[:80]!r}') from error
    if found > FORMAT:
        raise LakeError(
            f"lake {place.uri} has format {found}, this version of Samples reads up to {FORMAT}: upgrade samples"
        )
    return facts


def make(place: Location) -> None:
    """Make a lake, unless there is one already. Raises as `require`."""
    _require_folder(place)
    if not place.put(_MARK, json.dumps({"format": FORMAT, "id": secrets.token_hex(8)}).encode(), create=True):
        require(place)


def _require_folder(place: Location) -> None:
    if place.is_local and os.path.isfile(place.uri):  # noqa: PTH113 - False where it may not be looked at
        raise LakeError(f"{place.uri} is a file, and a lake is a folder: name another place")

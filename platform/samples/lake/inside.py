"""Refuse a log that names files outside of its table: whoever wrote it would choose what readers of the lake open."""

import re
from collections.abc import Iterable
from urllib.parse import unquote

from samples.errors import LakeError

DOUBTFUL = r"^/|\.\.|%|:|\\"  # a path without any of these lies in the folder
_OUTSIDE = re.compile(r"(?:^|[/\\])\.\.(?:[/\\]|$)|^[/\\]|^[A-Za-z][A-Za-z0-9+.-]*:")


def require_inside(where: str, paths: Iterable[str]) -> None:
    """Check that paths of a table's log lie in the table's folder.

    Raises:
        LakeError: One leads elsewhere: it is absolute, names a store of its own, or goes up.
    """
    for path in paths:
        if any(_OUTSIDE.search(one) for one in (path, unquote(path), unquote(unquote(path)))):
            table = where.removeprefix("file://").rstrip("/")
            raise LakeError(
                f"lake {table}: its log names the file {path[:200]}, which lies outside of the table's folder, so "
                "nothing of the table is read: find out who wrote that, and restore the log from a copy"
            )

"""The files of queries, views and macros: their names and their sources."""

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


def _sources() -> dict[str, str]:
    """Return each query's name with its file's ending. A .py file that does not begin with its name is no query."""
    found: dict[str, str] = {}
    for file in sorted(_FOLDER.iterdir()):
        name, _, end = file.name.rpartition(".")
        if end == "sql" or (end == "py" and file.read_text(encoding="utf-8").startswith(f'"""{name}: ')):
            found[name] = end
    return found


_SOURCES = _sources()
NAMES: tuple[str, ...] = tuple(_SOURCES)
MACROS: tuple[str, ...] = tuple(sorted(file.stem for file in (_FOLDER / "macros").iterdir()))


def is_sql(name: str) -> bool:
    """Whether a query is a SELECT. Otherwise it is a function."""
    return _SOURCES[name] == "sql"


@cache
def text(name: str) -> str:
    """Return the source of the query NAME, of the view "views/NAME", or of the macro "macros/NAME"."""
    return (_FOLDER / f"{name}.{_SOURCES.get(name, 'sql')}").read_text(encoding="utf-8")

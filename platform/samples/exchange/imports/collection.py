"""Find the files that the FILE arguments of an import name: files, folders and patterns, here or behind a URI.

A name that a file has is that file, whatever characters it holds. A folder stands for the files in it, not for those in
folders below. Files are read in the order of the arguments; those of one folder or pattern in natural order, in which
rs2 comes before rs10. A file that is named twice is read once.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from samples.errors import FileError
from samples.exchange.imports.reading import EXTENSIONS
from samples.files.open import filesystem_of, reading

_PATTERN = re.compile(r"[*?\[]")
_DIGITS = re.compile(r"(\d+)")
_EVALUATED = "_eval_results.json"  # of evalplus: it holds the samples of the file beside it


@dataclass(frozen=True)
class Chosen:
    """The files to read, in order, those of them that were found in a folder, and what to know of those left out."""

    names: tuple[str, ...]
    found: frozenset[str]
    notes: tuple[str, ...]


def choose(given: Sequence[str]) -> Chosen:
    """Return the files that arguments name.

    Raises:
        FileError: There is no such file, or a folder or pattern names none that can be read.
        MissingExtra: The package that reads this kind of URI is not installed.
    """
    names: dict[str, None] = {}
    inside: set[str] = set()
    notes: list[str] = []
    for name in given:
        found = [name] if _is_one(name) else list(_found(name))
        known = [one for one in found if _extension(one)]
        if found != [name]:
            left = [one for one in found if one not in known]
            notes += (
                [f"{name}: {_listed(left)} left out: files of samples end in {', '.join(EXTENSIONS)}"] if left else []
            )
            if not known:
                raise FileError(f"{name}: holds no file that ends in {', '.join(EXTENSIONS)}")
            found = known
            inside |= {one for one in known if one not in given}
        names |= dict.fromkeys(found)
    joined = {one.removesuffix(_EVALUATED) + ".jsonl" for one in names if one.endswith(_EVALUATED)} & names.keys()
    notes += [
        f"{one} is left out: its samples are in {one.removesuffix('.jsonl')}{_EVALUATED}" for one in sorted(joined)
    ]
    return Chosen(tuple(one for one in names if one not in joined), frozenset(inside), tuple(notes))


def natural(name: str) -> list[tuple[int, str]]:
    """Return what sorts names so that their numbers are in order."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _DIGITS.split(name.casefold())] + [
        (-2, name)
    ]


def _is_one(name: str) -> bool:
    """Return whether a name is that of one file: neither a folder nor a pattern."""
    if "://" in name:
        return not name.endswith("/") and not _PATTERN.search(name.partition("?")[0] if _web(name) else name)
    path = Path(name).expanduser()
    return path.is_file() or (not path.is_dir() and not _PATTERN.search(name))


def _web(name: str) -> bool:
    return name.startswith(("http://", "https://"))


def _found(name: str) -> Iterator[str]:
    names = _behind(name) if "://" in name else _here(name)
    found = sorted(names, key=natural)
    if not found:
        raise FileError(f"{name}: there is no such file; check the path")
    yield from found


def _here(name: str) -> Iterable[str]:
    path = Path(name).expanduser()
    if path.is_dir():
        return [str(one) if one.is_file() else f"{one}/" for one in path.iterdir() if not one.name.startswith(".")]
    from glob import glob

    return [one for one in glob(str(path), recursive=True) if Path(one).is_file()]  # noqa: PTH207 - absolute or not


def _behind(name: str) -> Iterable[str]:
    """Return the files of a folder or pattern behind a URI, as URIs."""
    scheme = name.partition("://")[0]
    with reading(name):
        filesystem, inside = filesystem_of(name)
        found: Any = filesystem.glob(f"{inside.rstrip('/')}/*" if name.endswith("/") else inside, detail=True)
        files = [path if about["type"] == "file" else f"{path}/" for path, about in found.items()]
    return [f"{scheme}://{str(path).lstrip('/') if scheme != 'file' else path}" for path in files]


def _extension(name: str) -> bool:
    base = PurePosixPath(name.lower()).name.removesuffix(".gz").removesuffix(".zst")
    return base.endswith(EXTENSIONS)


def _listed(names: Sequence[str], most: int = 5) -> str:
    shown = ", ".join(PurePosixPath(name).name + "/" * name.endswith("/") for name in names[:most])
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return f"{shown}{more} {'is' if len(names) == 1 else 'are'}"

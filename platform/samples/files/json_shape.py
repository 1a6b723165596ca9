"""Find the rows in a JSON document, whatever its shape, and yield them one by one.

    [row, row, …]                                   a list of rows
    [["…", "…"], ["…"]]                             a list of problems, each a list of texts
    {"samples": [row, row, …], …}                   one list of rows among the fields
    {"0": row, "1": row, …}                         an object of rows, by key
    {"accuracy": 50.0, "details": {"0": row, …}}    such an object among the fields
    {"eval": {"HumanEval/0": [row, row], …}}        lists of rows by key
    {"question": "…", "samples": ["…", "…"]}        anything else is one row

A row that has a key, or a row that is a list, becomes an object with the field `KEY`. A document that is an object is
read twice: first for its shape, then for its rows. Memory holds one value at a time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from samples.files.errors import BadFile
from samples.files.json_stream import Document
from samples.files.rows import FileRow

KEY, TEXTS = "_key", "_texts"  # the key of a row; the texts of a row that is a list of them

_LISTS = ("samples", "details", "results", "rows", "data", "records", "examples")  # of several lists, the first counts
_OF_A_ROW = frozenset({"question", "problem", "prompt", "query", "instruction", "input", "messages", "task_id"})
_PARTS = frozenset({"role", "from", "message", "finish_reason", "stop_reason", "logprob", "token", "text", "token_ids"})
_WHOLE = "convos"  # of simple-evals: lists side by side


@dataclass
class _Kind:
    """What one field of an object holds: rows (a list of objects, an object of rows), or something else."""

    rows: bool = False
    keyed: bool = False


@dataclass
class _Object:
    """What the values of an object have in common, told one by one."""

    plain: int = 0
    objects: int = 0
    lists: int = 0
    names: list[str] = field(default_factory=list[str])
    alike: bool = True
    _before: frozenset[str] | None = None

    def tell(self, name: str, value: Any) -> None:
        """Take a value into account."""
        listed = isinstance(value, list) and bool(value)
        if listed and (_is_row(value[0]) or (isinstance(value[0], str) and _has_digit(name))):
            self.lists += 1
        elif isinstance(value, dict) and value:
            names = frozenset(value)
            before = self._before or names
            self.alike &= 2 * len(before & names) >= len(before | names) and not all(name.isdigit() for name in names)
            self.objects, self._before = self.objects + 1, names
        else:
            self.plain += 1
            return
        self.names.append(name)

    def holds_rows(self, *, plain: bool) -> bool:
        """Return whether the object holds rows by key; with `plain`, other values may stand among them."""
        if bool(self.objects) == bool(self.lists) or not self.alike or (self.plain and not plain):
            return False
        return len(self.names) > 1 or _has_digit(self.names[0])


def json_rows(file: IO[bytes], longest: int) -> Iterator[FileRow]:
    """Yield the rows of a JSON document of any shape.

    Raises:
        BadFile: The document is not JSON, or a value is too long.
    """
    number = 0
    try:
        for row in _rows(file, longest):
            number += 1
            yield row
    except BadFile as error:
        after = [f"after row {number}"] if number else []
        raise BadFile(str(error), ", ".join([error.place, *after] if error.place else after)) from error


def _rows(file: IO[bytes], longest: int) -> Iterator[FileRow]:
    document = Document(file, longest)
    if document.take("["):
        for number, value in enumerate(document.items()):
            yield FileRow(f"row {number + 1}", _of_list(number, value))
        document.expect_end()
    elif document.take("{"):
        path = _path(document)
        file.seek(0)
        document = Document(file, longest)
        if path is None:
            yield FileRow("row 1", document.value())
            return
        document.expect("{")
        yield from _at(document, path)
    else:
        found = f'begins with "{document.peek()}"' if document.peek() else "is empty"
        raise BadFile(f"{found}; a list or an object is expected")


def _at(document: Document, path: str) -> Iterator[FileRow]:
    """Yield the rows of an object whose brace was just read; they are its values, or those of its field `path`."""
    if not path:
        yield from _of_object(document)
        return
    for name in document.names():
        if name != path:
            document.value()
        elif document.take("["):
            for number, value in enumerate(document.items(), 1):
                yield FileRow(f"row {number}", value)
            return
        else:
            document.expect("{")
            yield from _of_object(document)
            return


def _of_object(document: Document) -> Iterator[FileRow]:
    for key in document.names():
        value = document.value()
        if isinstance(value, dict):
            yield FileRow(f'entry "{key}"', {KEY: key, **value})
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for number, row in enumerate(value, 1):
                yield FileRow(f'entry "{key}" row {number}', {KEY: key, **row} if isinstance(row, dict) else row)
        elif isinstance(value, list):
            yield FileRow(f'entry "{key}"', {KEY: key, TEXTS: value})


def _of_list(number: int, value: Any) -> Any:
    """Return an element of a list as a row: a list of texts is a problem's, a list of messages is a conversation."""
    if not isinstance(value, list) or not value:
        return value
    if all(isinstance(text, str) for text in value):
        return {KEY: number, TEXTS: value}
    return {"messages": value} if all(isinstance(item, dict) for item in value) else value


def _path(document: Document) -> str | None:
    """Return the field that holds the rows of an object, "" for the object itself, None if it is one row.

    The object's brace was just read.
    """
    kinds: dict[str, _Kind] = {}
    whole = _Object()
    ended = False
    for name in document.names():
        if document.take("["):
            first: Any = None
            for number, value in enumerate(document.items()):
                first = value if number == 0 else first
                if name == _LISTS[0] and _is_row(first):
                    return name  # an Inspect log: what follows is not read
            kinds[name] = _Kind(rows=_is_row(first))
            whole.tell(name, [first])
        elif document.take("{"):
            inner = _Object()
            of: dict[str, None] = {}
            for key in document.names():
                inner.tell(key, document.value())
                of[key] = None
            kinds[name] = _Kind(keyed=inner.holds_rows(plain=True))
            whole.tell(name, of)
        else:
            kinds[name] = _Kind()
            document.value()
            whole.tell(name, None)
        ended = True
    document.expect_end()
    return _chosen(kinds, whole) if ended else None


def _chosen(kinds: Mapping[str, _Kind], whole: _Object) -> str | None:
    if _WHOLE in kinds:
        return None
    if whole.holds_rows(plain=False) and not any(kind.keyed for kind in kinds.values()):
        return ""
    held = [name for name, kind in kinds.items() if kind.rows or kind.keyed]
    if not held or _OF_A_ROW & kinds.keys():
        return None
    return next((name for name in _LISTS if name in held), held[0])


def _is_row(value: Any) -> bool:
    """Return whether an element of a list is a row, and not a part of one: a message, a choice, a token."""
    return isinstance(value, dict) and bool(not _PARTS & value.keys() or _OF_A_ROW & value.keys())


def _has_digit(name: str) -> bool:
    return any(character.isdigit() for character in name)

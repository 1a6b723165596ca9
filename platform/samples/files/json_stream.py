"""Read one JSON document element by element, so that a log of many gigabytes is never in memory as a whole."""

import codecs
import json
from collections.abc import Iterator
from typing import IO, Any

from samples.errors import first_line
from samples.files.errors import BadFile

_CHUNK = 1 << 20
_BLANKS = " \t\n\r"


def elements(file: IO[bytes], key: str | None, longest: int) -> Iterator[Any]:
    """Yield the elements of the list that the document is, or of a list that is one of its fields.

    The field is `key`; with None it is the only list among the fields. What follows a list under `key` is not read.
    `longest` bounds one value, in characters.

    Raises:
        BadFile: The document is not UTF-8 or not JSON, holds no such list, or a value is too long.
    """
    document = Document(file, longest)
    if document.take("{"):
        yield from _of_field(document, key)
    elif document.take("["):
        yield from _of_list(document)
        if key is None:
            document.expect_end()
    else:
        found = f'begins with "{document.peek()}"' if document.peek() else "is empty"
        raise BadFile(f"{found}; a list or an object is expected")


def _of_list(document: "Document") -> Iterator[Any]:
    """Yield the elements of a list whose bracket was just read."""
    if document.take("]"):
        return
    while True:
        yield document.value()
        if document.take("]"):
            return
        document.expect(",")


def _of_field(document: "Document", key: str | None) -> Iterator[Any]:
    """Yield the elements of a list among the fields of an object whose brace was just read."""
    lists: list[str] = []
    ended = document.take("}")
    while not ended:
        name = document.name()
        is_list = document.peek() == "["
        if is_list and (name == key or (key is None and not lists)):
            document.expect("[")
            yield from _of_list(document)
            if name == key:
                return
        elif name == key:
            break
        else:
            document.value()
        lists += [name] if is_list else []
        ended = document.take("}")
        if not ended:
            document.expect(",")
    if key is not None:
        raise BadFile(f'is an object without a list "{key}"; one is expected')
    document.expect_end()
    if len(lists) != 1:
        raise BadFile(f"is an object; exactly one list in it is expected, found {', '.join(lists) or 'none'}")


class Document:
    """The text of a JSON document, read only as far as it is needed."""

    def __init__(self, file: IO[bytes], longest: int) -> None:
        self._file, self._longest = file, longest
        self._decode = codecs.getincrementaldecoder("utf-8-sig")().decode
        self._json = json.JSONDecoder()
        self._text, self._at, self._ended = "", 0, False
        self._line, self._column = 1, 1  # of the first character of the text in memory

    def _more(self) -> bool:
        """Read on, at least as much as is held: a value that needs many tries is parsed twice at most, all told."""
        if self._ended:
            return False
        held = self._text[self._at :]
        data = self._file.read(max(_CHUNK, len(held)))
        self._ended = not data
        try:
            text = self._decode(data, final=self._ended)
        except UnicodeDecodeError as error:
            raise BadFile(f"is not UTF-8 ({error.reason}); save the file as UTF-8") from error
        self._line, self._column = self._position(self._at)
        self._text, self._at = held + text, 0
        return True

    def _position(self, at: int) -> tuple[int, int]:
        """Return line and column of a character of the text in memory."""
        lines = self._text.count("\n", 0, at)
        return self._line + lines, at - self._text.rfind("\n", 0, at) if lines else self._column + at

    def _error(self, what: str, at: int | None = None) -> BadFile:
        """Return an error at a character of the text in memory, by default the next one."""
        line, column = self._position(self._at if at is None else at)
        return BadFile(what, f"line {line} column {column}")

    def peek(self) -> str:
        """Return the next character that is not blank; "" at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _BLANKS:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def take(self, character: str) -> bool:
        """Step over the next character if it is this one."""
        found = self.peek() == character
        self._at += found
        return found

    def expect(self, character: str) -> None:
        """Step over the next character, which must be this one."""
        if not self.take(character):
            found = f'"{self.peek()}"' if self.peek() else "the end of the file"
            raise self._error(f'is not JSON: "{character}" is expected, found {found}')

    def expect_end(self) -> None:
        """Check that only blanks follow."""
        if self.peek():
            raise self._error("is not JSON: text follows its end; name a file of one object a line .jsonl")

    def items(self) -> Iterator[Any]:
        """Step over a list whose bracket was just read, and yield its elements."""
        yield from _of_list(self)

    def names(self) -> Iterator[str]:
        """Step over an object whose brace was just read, and yield its names. Whoever asks steps over the values."""
        ended = self.take("}")
        while not ended:
            yield self.name()
            ended = self.take("}")
            if not ended:
                self.expect(",")

    def name(self) -> str:
        """Step over the next field name and its colon, and return the name."""
        if self.peek() != '"':
            self.expect('"')
        name = self.value()
        self.expect(":")
        return name

    def value(self) -> Any:
        """Step over the next value, and return it."""
        self.peek()
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                what, at = error.msg, error.pos
            except (ValueError, RecursionError) as error:  # a number of thousands of digits, lists nested as deep
                raise self._error(f"cannot be read as JSON: {first_line(error)}") from error
            else:
                if end < len(self._text) or self._ended:  # a number may go on
                    self._at = end
                    return value
                what, at = "ends too early", end
            if len(self._text) - self._at > self._longest:
                raise self._error(f"is not JSON, or longer than {self._longest >> 20} million characters")
            if not self._more():
                raise self._error(f"is not JSON: {what}", at)

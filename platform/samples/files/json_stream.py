"""One JSON document, read element by element: a log of many gigabytes is never in memory as a whole."""

import codecs
import json
from collections.abc import Iterator
from typing import IO, Any

from samples.files.rows import first_line

_CHUNK = 1 << 20
_BLANKS = " \t\n\r"


class NotReadableError(Exception):
    """What is wrong with the document."""


def elements(file: IO[bytes], key: str, longest: int) -> Iterator[Any]:
    """Yield the elements of the list that the document is, or that its field `key` is; what follows is not read.

    `longest` bounds one value, in characters.

    Raises:
        NotReadableError: It is not JSON, holds no such list, or a value is too long.
        UnicodeDecodeError: It is not UTF-8.
    """
    document = _Document(file, longest)
    if document.take("{"):
        _find(document, key)
    elif not document.take("["):
        raise NotReadableError(f'begins with "{document.peek()}"; a list or an object is expected')
    if document.take("]"):
        return
    while True:
        yield document.value()
        if document.take("]"):
            return
        document.expect(",")


def _find(document: "_Document", key: str) -> None:
    """Skip to behind the bracket that opens the list."""
    expected = f'is an object without a list "{key}"; one is expected'
    while not document.take("}"):
        name = document.value()
        document.expect(":")
        if name == key:
            if not document.take("["):
                raise NotReadableError(expected)
            return
        document.value()
        if not document.take(","):
            break
    raise NotReadableError(expected)


class _Document:
    """The text of a document, as much of it as is needed."""

    def __init__(self, file: IO[bytes], longest: int) -> None:
        self._file, self._longest = file, longest
        self._decode = codecs.getincrementaldecoder("utf-8-sig")().decode
        self._json = json.JSONDecoder()
        self._text, self._at, self._ended = "", 0, False

    def _more(self) -> bool:
        """Read on, at least as much as is held: a value that needs many tries is parsed twice at most, all told."""
        if self._ended:
            return False
        held = self._text[self._at :]
        data = self._file.read(max(_CHUNK, len(held)))
        self._ended = not data
        self._text, self._at = held + self._decode(data, final=self._ended), 0
        return True

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
            found = f'"{self.peek()}"' if self.peek() else "its end"
            raise NotReadableError(f'is not JSON: "{character}" is expected, {found} found')

    def value(self) -> Any:
        """Step over the next value, and return it."""
        self.peek()
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                problem: Exception = error
            except (ValueError, RecursionError) as error:  # a number of thousands of digits, lists nested as deep
                raise NotReadableError(f"cannot be read as JSON: {first_line(error)}") from error
            else:
                if end < len(self._text) or self._ended:  # a number may go on
                    self._at = end
                    return value
                problem = NotReadableError("ends too early")
            if len(self._text) - self._at > self._longest:
                raise NotReadableError(
                    f"is not JSON, or longer than {self._longest >> 20} million characters"
                ) from problem
            if not self._more():
                raise NotReadableError(f"is not JSON: {getattr(problem, 'msg', problem)}") from problem

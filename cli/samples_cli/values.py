"""Read the text of an option as a value. The error says what is expected."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, Self

from samples.errors import UsageError


class Pair(NamedTuple):
    """KEY=VALUE."""

    key: str
    value: str

    @classmethod
    def read(cls, text: str) -> Self:
        """Read KEY=VALUE.

        Raises:
            ValueError: There is no `=`, or nothing before it.
        """
        key, separator, value = str(text).partition("=")
        if not separator or not key:
            raise ValueError("expected key=value")
        return cls(key, value)


class Replicas(NamedTuple):
    """MIN..MAX, or one number for both."""

    smallest: int
    largest: int

    def __str__(self) -> str:
        return f"{self.smallest}..{self.largest}" if self.smallest != self.largest else str(self.smallest)

    @classmethod
    def read(cls, text: object) -> Self:
        """Read MIN..MAX or N.

        Raises:
            ValueError: It is neither.
        """
        first, separator, last = str(text).partition("..")
        try:
            return cls(int(first), int(last if separator else first))
        except ValueError as error:
            raise ValueError("expected MIN..MAX or one number") from error


class Names(tuple[str, ...]):
    """NAME,NAME,…, or the lines of @FILE."""

    __slots__ = ()

    @classmethod
    def read(cls, text: str) -> Self:
        """Read names that commas separate, or the lines of @FILE. Empty names do not count.

        Raises:
            ValueError: The file cannot be read.
        """
        if not text.startswith("@"):
            return cls(filter(None, map(str.strip, text.split(","))))
        try:
            with Path(text[1:]).open(encoding="utf-8") as file:
                return cls(filter(None, map(str.strip, file)))
        except OSError as error:
            raise ValueError(f"the file cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ValueError("the file cannot be read: it is not UTF-8") from error


def together(given: Sequence[Names] | None) -> list[str]:
    """Return the names of the option --run, which may be repeated, and each time takes several.

    Raises:
        UsageError: One names nothing: a variable of a script may be empty, and none of the runs is not all of them.
    """
    if not all(given or ()):
        raise UsageError("--run names no run: name one, or leave the option out")
    return [name for some in given or () for name in some]


class Guesses(NamedTuple):
    """RUN:THRESHOLD or RUN:THRESHOLD:VERIFIER."""

    run: str
    threshold: float
    verifier: str | None = None

    @classmethod
    def read(cls, text: str) -> Self:
        """Read RUN:THRESHOLD or RUN:THRESHOLD:VERIFIER.

        Raises:
            ValueError: It is neither.
        """
        run, *rest = text.split(":", 2)
        try:
            return cls(run, float(rest[0]), *rest[1:])
        except (IndexError, ValueError) as error:
            raise ValueError("expected RUN:THRESHOLD, as in base-no-cot:0.05") from error


def share(text: object) -> float:
    """Read a number above 0, and at most 1.

    Raises:
        ValueError: The text is anything else.
    """
    try:
        number = float(str(text))
    except ValueError:
        number = 0.0
    if not 0 < number <= 1:
        raise ValueError("expected a number above 0, up to 1")
    return number


def positive(text: object) -> float:
    """Read a number above 0.

    Raises:
        ValueError: The text is anything else.
    """
    try:
        number = float(str(text))
    except ValueError:
        number = 0.0
    if not number > 0:
        raise ValueError("expected a number above 0")
    return number


def several(pairs: Iterable[Pair]) -> dict[str, list[str]]:
    """Return the values of each key. A key may come several times."""
    read: dict[str, list[str]] = {}
    for key, value in pairs:
        read.setdefault(key, []).append(value)
    return read

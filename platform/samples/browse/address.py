"""The state of a page is its address: every link carries what restores the view."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from samples.errors import UsageError

_MOST = 200  # parameters
PROBLEM_FILTERS = ("where", "exclude_guessable")
_CARRIED = ("run", "other", "verifier", "where", "exclude_guessable", "only", "sort", "find", "scorer", "shade")
_CHANGED = re.compile("[\r\n\0]")  # what browsers send back as something else
_READING = ("problem", "status", "order", "queue", "index", "other_index", "text", "regex", "case", "max_accuracy")


class Address:
    """What was asked of a page: its path, and its parameters as they stand in the address."""

    def __init__(self, page: str, query: str) -> None:
        """Read the parameters.

        Raises:
            UsageError: There are too many.
        """
        self.page = page
        try:
            self.pairs = pairs(query, _MOST)
        except ValueError as error:
            raise UsageError(f"the address has more than {_MOST} parameters") from error

    def one(self, name: str, default: str = "") -> str:
        """Return the value of a parameter, the first one if it is there several times."""
        return next((value for key, value in self.pairs if key == name), default)

    def all(self, name: str) -> list[str]:
        """Return all values of a parameter."""
        return [value for key, value in self.pairs if key == name]

    def whole(self, name: str, default: int = 0) -> int:
        """Return the value of a parameter that counts.

        Raises:
            UsageError: It is no whole number, or below 0.
        """
        return whole(name, self.one(name, str(default)))

    def start(self, total: int, per_page: int) -> int:
        """Return the place of the first row of the page that was asked for, or of the last page if it is beyond it.

        Raises:
            UsageError: The parameter `from` is no whole number, or below 0.
        """
        return min(self.whole("from"), max(total - 1, 0) // per_page * per_page)

    def choice(self, name: str, among: Iterable[str]) -> str:
        """Return the value of a parameter if it is one of these, else the first of them."""
        known = list(among)
        given = self.one(name)
        return given if given in known else known[0]

    def to(self, page: str, *, carry: bool = True, reading: bool = False, **changes: Any) -> str:
        """Return the address of another page. It carries runs, filters and order; `reading` carries the place too.

        A change to None leaves a parameter out.
        """
        names = (*(_CARRIED if carry else ()), *(_READING if reading else ()))
        kept = [(key, value) for key, value in self.pairs if key in names and key not in changes]
        new = [
            (key, str(value))
            for key, given in changes.items()
            for value in (given if isinstance(given, list | tuple) else [given])  # pyright: ignore[reportUnknownVariableType]
            if value is not None and value != ""
        ]
        query = urlencode([*kept, *new])
        return f"{page}?{query}" if query else page or "./"

    def here(self, **changes: Any) -> str:
        """Return the address of this page with some parameters changed."""
        kept = [(key, value) for key, value in self.pairs if key not in changes]
        query = urlencode([*kept, *((key, str(value)) for key, value in changes.items() if value is not None)])
        return f"{self.page}?{query}" if query else self.page or "./"

    def hidden(self, *but: str, reading: bool = False) -> list[tuple[str, str]]:
        """Return the parameters that a form carries in hidden fields, except some."""
        names = (*_CARRIED, *(_READING if reading else ()))
        return [carried(key, value) for key, value in self.pairs if key in names and key not in but]

    def filters(self) -> dict[str, Any]:
        """Return the filters of problems that were asked for, as the library takes them.

        Raises:
            UsageError: One cannot be read.
        """
        where: dict[str, list[str]] = {}
        for text in self.all("where"):
            key, separator, value = text.partition("=")
            if not separator or not key:
                raise UsageError(f'filter "{text}": KEY=VALUE is expected, as in level=5')
            where.setdefault(key.strip(), []).append(value.strip())
        given: dict[str, Any] = {"where": where}
        if guess := self.one("exclude_guessable"):
            run, _, rest = guess.partition(":")
            threshold, *verifier = rest.split(":", 1)
            try:
                given["exclude_guessable"] = (run, float(threshold), *verifier)
            except ValueError as error:
                raise UsageError(f'guessable "{guess}": RUN:THRESHOLD is expected, as in base-no-cot:0.05') from error
        return {name: value for name, value in given.items() if value}


def carried(name: str, value: str) -> tuple[str, str]:
    """Return a hidden field that brings a value back as it is. One that a browser would change has a starred name."""
    return (f"{name}*", quote(value, safe="")) if _CHANGED.search(value) else (name, value)


def value_of_run(name: str, run_id: str) -> str:
    """Return the value that stands for a run in a list: its name, or its id if a browser would change the name."""
    return run_id if _CHANGED.search(name) else name


def pairs(query: str, most: int, *, blank: bool = False) -> list[tuple[str, str]]:
    """Return names and values of an address or a form; see `carried`. `blank` keeps names without a value.

    Raises:
        ValueError: There are more than `most`.
    """
    found = parse_qsl(query, keep_blank_values=blank, max_num_fields=most)
    return [(name[:-1], unquote(value)) if name.endswith("*") else (name, value) for name, value in found]


def whole(name: str, text: str) -> int:
    """Return a number that counts.

    Raises:
        UsageError: It is no whole number, below 0, or too large for a column of the lake.
    """
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number < 1 << 31:
        raise UsageError(f"{name} {text[:40]}: a whole number from 0 on is expected")
    return number

"""Read for both sides of a page at once: an object store answers many requests as fast as one."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Side = TypeVar("Side")
Answer = TypeVar("Answer")


def at_once(read: Callable[[Side], Answer], sides: Iterable[Side]) -> list[Answer]:
    """Return what `read` returns for each of one or two sides. The error of the first that fails is raised."""
    there = [*sides]
    if len(there) == 1:
        return [read(there[0])]
    with ThreadPoolExecutor(len(there)) as pool:
        return [*pool.map(read, there)]

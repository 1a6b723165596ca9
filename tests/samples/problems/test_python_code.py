"""Threads that parse at the same time do not disturb each other."""

import gc
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from samples.problems.python_code import literal, syntax_tree

LIST = "[" * 40 + "1" + "]" * 40
CODE = "\n".join(f"def f{n}(a):\n    while a:\n        return {LIST[30:51]} or {{1: (a + {n}) * a}}" for n in range(60))


@pytest.fixture
def switching() -> Iterator[None]:
    """Switch threads as often as can be, also in the midst of building a tree: the collector calls Python then."""

    def busy(*_: object) -> None:
        sum(range(300))

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    gc.callbacks.append(busy)
    yield
    gc.callbacks.remove(busy)
    sys.setswitchinterval(before)


@pytest.mark.cases(1)
@pytest.mark.parametrize(("parse", "text"), [(syntax_tree, CODE), (literal, f"[{', '.join([LIST] * 60)}]")])
def test_many_threads_parse_at_once(switching: None, parse: Callable[[str], Any], text: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda _: parse(text), range(200)))

"""What the tests of imports share."""

from collections.abc import Callable
from typing import Any

import pytest

from samples.api import Lake

Held = tuple[dict[tuple[str, int], dict[str, Any]], dict[str, tuple[str | None, str | None]]]


@pytest.fixture
def held() -> Callable[[str], Held]:
    """Return what reads the one run of a lake: {(problem, index): all values}, and {problem: (question, gold)}."""

    def read(uri: str) -> Held:
        lake = Lake(uri)
        found: dict[tuple[str, int], dict[str, Any]] = {}
        for table in ("samples", "completions", "verdicts"):
            if lake.delta(table) is not None:
                for row in lake.read(table).to_pylist():
                    found.setdefault((row["problem_id"], row["sample_index"]), {}).update(row)
        problems = lake.read("problems").to_pylist()
        return found, {row["problem_id"]: (row["question"], row["answer"]) for row in problems}

    return read

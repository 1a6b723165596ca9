"""Gives tests the oracles, and lakes of counts."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

Load = Callable[[Path], ModuleType]


@pytest.fixture(scope="session")
def oracles(module_from: Load) -> ModuleType:
    """Return the slow reference implementations: `oracles.pass_at_k(n, c, k)` and so on, see oracles.py."""
    return module_from(Path(__file__).with_name("oracles.py"))


@pytest.fixture(scope="session")
def tallied(module_from: Load) -> ModuleType:
    """Return what makes lakes and connections from counts: `tallied.lake(path, {"a": {"p1": (4, 1)}})`; tallied.py."""
    return module_from(Path(__file__).with_name("tallied.py"))


@pytest.fixture(scope="session")
def scored(module_from: Load) -> ModuleType:
    """Return what makes lakes of samples and scores: `scored.add_run`, `scored.add_scores`; see scored.py."""
    return module_from(Path(__file__).with_name("scored.py"))

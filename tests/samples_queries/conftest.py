"""Gives tests the oracles, and lakes of counts. Test folders are no packages, so they are loaded by path."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def oracles() -> ModuleType:
    """Return the slow reference implementations: `oracles.pass_at_k(n, c, k)` and so on, see oracles.py."""
    return _load("oracles")


@pytest.fixture(scope="session")
def tallied() -> ModuleType:
    """Return what makes lakes and connections from counts: `tallied.lake(path, {"a": {"p1": (4, 1)}})`; tallied.py."""
    return _load("tallied")


@pytest.fixture(scope="session")
def scored() -> ModuleType:
    """Return what makes lakes of samples and scores: `scored.add_run`, `scored.add_scores`; see scored.py."""
    return _load("scored")

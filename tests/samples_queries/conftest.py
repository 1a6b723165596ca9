"""Gives tests the oracles and small lakes. Test folders are no packages, so they are loaded by path."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from samples.lake import Lake


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
def lakes() -> ModuleType:
    """Return what makes small lakes: `lakes.filled(path)`, `lakes.add_run(lake, "c", {"p1": "cwcc"})`; see lakes.py."""
    return _load("lakes")


@pytest.fixture(scope="session")
def filled(lakes: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Return a lake of two runs, a and b, over the same four problems; not to be written."""
    return lakes.filled(tmp_path_factory.mktemp("lakes") / "lake")

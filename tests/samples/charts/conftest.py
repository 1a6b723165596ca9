"""Gives tests lakes of counts."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def tallied() -> ModuleType:
    """Return what makes lakes from counts: `tallied.lake(path, {"a": {"p1": (4, 1)}})`; samples_queries/tallied.py."""
    path = Path(__file__).parents[2] / "samples_queries" / "tallied.py"
    spec = importlib.util.spec_from_file_location("tallied", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

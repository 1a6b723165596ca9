"""A short storm: faults of the store and kills lose, double and change nothing. storm.py has the long one."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = [pytest.mark.ray, pytest.mark.heavy]


@pytest.fixture
def storm(module_from: Callable[[Path], ModuleType], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module storm.py. The environment is afterwards as it was."""
    module = module_from(Path(__file__).with_name("storm.py"))
    for name in module.ENVIRONMENT:
        monkeypatch.setenv(name, "")
    return module


def test_a_storm_loses_nothing(storm: ModuleType) -> None:
    with storm.storm(seed=1, rate=0.1) as (over, weather):
        for _ in range(4):
            over.round(8)
        over.finish()
    assert over.kills
    assert weather.counts.total() > 20

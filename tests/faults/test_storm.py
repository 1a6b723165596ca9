"""A short storm: faults of the store and kills lose, double and change nothing. storm.py has the long one."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = [pytest.mark.ray, pytest.mark.heavy]


@pytest.fixture
def storm(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module storm.py. The environment is afterwards as it was."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "")
    monkeypatch.setenv("SAMPLES_RETRY_SECONDS", "30")
    spec = importlib.util.spec_from_file_location("storm", Path(__file__).with_name("storm.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_storm_loses_nothing(storm: ModuleType) -> None:
    with storm.storm(seed=1, rate=0.1) as (over, weather):
        for _ in range(4):
            over.round(8)
        over.finish()
    assert over.kills
    assert weather.counts.total() > 20

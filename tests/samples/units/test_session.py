"""When units that replicas give back end a run."""

import threading
import time

import pytest

from samples.errors import StoreAway
from samples.lake import patience
from samples.pipeline.metrics import Metrics
from samples.units.progress import Total
from samples.units.segment import GivenBack
from samples.units.session import Session

AWAY = [GivenBack(StoreAway("lake s3://lab/lake: it does not answer"))]


@pytest.fixture
def session() -> Session:
    """A session before its first unit. Nothing that is asked here needs a lake."""
    return Session(None, None, Total(), lambda _: None, threading.Event(), Metrics("r"), "sampling")  # pyright: ignore[reportArgumentType]


def test_the_only_replica_that_cannot_write_ends_the_run(session):
    assert [session._take(AWAY, 1) for _ in range(2)] == [None, None]
    assert session._take(AWAY, 1) == AWAY[0].why


def test_one_replica_of_several_gives_many_units_back_and_the_others_go_on(session):
    assert session._take(AWAY * 128, 4) is None


def test_several_replicas_that_could_write_nothing_for_long_end_the_run(session):
    session._received = time.monotonic() - patience.job_seconds() - 1
    assert session._take(AWAY * 3, 4) == AWAY[0].why

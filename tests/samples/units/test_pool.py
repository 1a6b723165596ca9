"""How many units a replica begins at once: enough for its batch, and no thread too many."""

import numpy as np
import pytest

from samples.units.plan import Plan
from samples.units.pool import calls_at_once


def plan(units: int, size: int) -> Plan:
    start = np.zeros(units, np.int32)
    return Plan(["p"] * units, np.arange(units, dtype=np.int32), start, start + np.int32(size), wanted=units * size)


@pytest.mark.parametrize(
    ("batch", "units", "size", "replicas", "calls"),
    [
        (256, 10_000, 64, 1, 32),  # eight batches of four units
        (256, 10_000, 4, 1, 256),  # eight batches were 512 threads
        (512, 10_000, 1, 1, 513),  # the batch is filled all the same
        (256, 48, 64, 2, 12),  # another replica gets as many, and half of them wait
        (256, 3, 64, 1, 3),
        (256, 1, 64, 4, 1),
    ],
)
def test_a_replica_begins_several_batches(batch, units, size, replicas, calls):
    assert calls_at_once(batch, plan(units, size), replicas) == calls

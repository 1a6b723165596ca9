"""Workers can be killed. A hostile item loses its own result, never its neighbours'."""

import os
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from samples.errors import SamplesError
from samples.rescore.workers import Failure, WorkerPool

pytestmark = pytest.mark.heavy


def make():
    def do(item):
        match item:
            case "hang":
                while True:
                    pass
            case "power":
                return len(str(9**9**9))
            case "hoard":
                return len(bytearray(10**10))
            case "die":
                os._exit(3)
            case "raise":
                raise ValueError("no")
            case "pid":
                return os.getpid()
            case _:
                return item * 2

    return do


def broken():
    raise RuntimeError("cannot be made")


def make_and_die(folder, deaths):
    """Die as the system kills, in the first `deaths` starts."""
    start = len(list(folder.iterdir()))
    (folder / f"{start}").touch()
    if start < deaths:
        os.kill(os.getpid(), signal.SIGKILL)
    return make()


def make_with_a_killer(folder):
    """An item "killed" is killed by the system when it is first tried, "killed always" each time."""

    def do(item):
        busy = folder / f"busy-{os.getpid()}"
        busy.touch()
        if item == "killed always" or (item == "killed" and not (folder / "tried").exists()):
            (folder / "tried").touch()
            busy.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        others = len(list(folder.glob("busy-*"))) - 1
        time.sleep(0.02)
        busy.unlink()
        return others if item == "killed" else item * 2

    return do


def batches(items, size=20):
    numbered = list(enumerate(items))
    return [numbered[start : start + size] for start in range(0, len(items), size)]


def pool(**more):
    return WorkerPool(make, **{"size": 2, "seconds": 1.0, "memory_mib": 512, **more})


def test_every_item_gets_its_result_and_hostile_ones_cost_only_themselves():
    hostile = {50: "hang", 60: "hoard", 70: "die", 80: "raise", 90: "power", 199: "hang"}
    items = [hostile.get(number, number) for number in range(200)]
    with pool() as workers:
        results = dict(workers.map(batches(items)))
    assert {number: results[number] for number in range(200) if number not in hostile} == {
        number: 2 * number for number in range(200) if number not in hostile
    }
    statuses = {number: results[number].status for number in hostile}
    assert statuses == {50: "timeout", 60: "error", 70: "error", 80: "error", 90: "timeout", 199: "timeout"}
    assert results[60] == Failure("error", "over 512 MiB of memory")
    assert results[80] == Failure("error", "ValueError: no")


def test_no_items_give_no_results():
    with pool() as workers:
        assert list(workers.map([])) == []


def test_workers_end_with_their_pool():
    with pool() as workers:
        pids = {pid for _, pid in workers.map(batches(["pid"] * 100, 5))}
    assert pids
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_a_function_that_cannot_be_made_is_said_at_once_and_not_tried_for_ever():
    with (
        WorkerPool(broken, size=1, seconds=1.0, memory_mib=64) as workers,
        pytest.raises(SamplesError, match="cannot be made"),
    ):
        list(workers.map([[(0, 1)]]))


def test_a_worker_that_the_system_kills_as_it_starts_is_started_again(tmp_path):
    with WorkerPool(partial(make_and_die, tmp_path, 3), size=1, seconds=10.0, memory_mib=512) as workers:
        assert dict(workers.map(batches(range(40)))) == {number: 2 * number for number in range(40)}


def test_a_worker_that_never_starts_is_given_up(tmp_path):
    with (
        WorkerPool(partial(make_and_die, tmp_path, 100), size=1, seconds=10.0, memory_mib=512) as workers,
        pytest.raises(SamplesError, match=r"died 5 times as it started \(exit code -9\)"),
    ):
        list(workers.map(batches(range(40))))


def test_an_item_in_whose_midst_the_system_kills_is_tried_again_alone(tmp_path):
    items = [*range(30), "killed", *range(31, 60)]
    with WorkerPool(partial(make_with_a_killer, tmp_path), size=2, seconds=10.0, memory_mib=512) as workers:
        results = dict(workers.map(batches(items, 10)))
    assert results == {number: 2 * number for number in range(60)} | {30: 0}


def test_an_item_that_is_killed_twice_is_an_error(tmp_path):
    items = [*range(10), "killed always", *range(11, 20)]
    with WorkerPool(partial(make_with_a_killer, tmp_path), size=2, seconds=10.0, memory_mib=512) as workers:
        results = dict(workers.map(batches(items, 10)))
    assert results.pop(10) == Failure("error", "the worker process died (exit code -9)")
    assert results == {number: 2 * number for number in range(20) if number != 10}

"""Several raylets on one machine: the pool follows the work, and a lost node costs no sample."""

import json
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from samples.api import Lake
from samples.engines import Placement
from samples.ingest.ingest import ingest
from samples.pipeline.telemetry import start_telemetry
from samples.runs.request import Pool, Request, prepare

pytestmark = pytest.mark.ray

HEALTH = {
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "500",
    "RAY_health_check_timeout_ms": "500",
    "RAY_health_check_failure_threshold": "3",
}


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A head node with one CPU, for the driver's helper processes. Tests add nodes."""
    yield from started(monkeypatch, cpus=1)


@pytest.fixture
def from_nothing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A head node without a CPU for replicas. Tests add nodes."""
    yield from started(monkeypatch, cpus=0)


def started(monkeypatch: pytest.MonkeyPatch, cpus: int) -> Iterator[Any]:
    import ray
    from ray.cluster_utils import Cluster

    for name, value in HEALTH.items():
        monkeypatch.setenv(name, value)
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": cpus, "include_dashboard": False})
    ray.init(address=made.address, log_to_driver=False, logging_level="ERROR")
    yield made
    ray.shutdown()
    made.shutdown()


def request(tmp_path: Path, model: str, k: int, pool: Pool) -> Request:
    path = tmp_path / "sums.jsonl"
    rows = [{"id": f"sum-{n}", "question": f"What is {n} + {n}?", "answer": str(2 * n)} for n in range(6)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    how = {"placement": Placement(max_num_seqs=8), "pool": pool, "unit": 8}
    return Request(str(path), model, k, str(tmp_path / "lake"), engine="toy", **how)


def keys(lake: str) -> list[tuple[str, int]]:
    rows = Lake(lake).read("samples", columns=["problem_id", "sample_index"]).to_pylist()
    return sorted((row["problem_id"], row["sample_index"]) for row in rows)


def every(k: int) -> list[tuple[str, int]]:
    return sorted((f"sum-{n}", index) for n in range(6) for index in range(k))


def alive() -> int:
    """Count the replicas that Ray lists as alive."""
    import ray._private.state

    actors = ray._private.state.actors().values()
    return sum(actor["State"] == "ALIVE" and "MapWorker" in actor["ActorClassName"] for actor in actors)


@pytest.mark.nightly
def test_the_pool_grows_from_min_to_max_under_load_and_shrinks_after_it(cluster, tmp_path):
    for _ in range(2):
        cluster.add_node(num_cpus=2)
    # 66 units, 2 at once in each of 4 replicas: the last wave keeps one replica busy and leaves the others idle.
    asked = request(tmp_path, "toy?delay=4", 88, Pool(1, 4))
    counts: list[int] = []
    summary = ingest(prepare(asked), watch=lambda _: counts.append(alive()))
    assert summary.missing == 0
    assert keys(asked.lake) == every(88)
    assert counts[0] <= 1
    assert max(counts) == 4
    assert min(counts[counts.index(4) :]) < 4


def test_a_node_killed_in_the_middle_costs_nothing(from_nothing, tmp_path):
    nodes = [from_nothing.add_node(num_cpus=1) for _ in range(2)]  # a replica on each, and no room for a successor
    asked = request(tmp_path, "toy?delay=1", 48, Pool(2, 2))
    done: list[Any] = []
    notes: set[str] = set()
    both = threading.Event()  # replicas are ready; until then, one alone may draw

    def watch(now: Any) -> None:
        notes.add(f"{now.phase} {now.note}")
        if now.replicas == 2:
            both.set()

    driver = threading.Thread(target=lambda: done.append(ingest(prepare(asked), watch=watch)))
    driver.start()
    segments, found, wanted = Path(asked.lake, "completions"), 0, sys.maxsize
    deadline = time.monotonic() + 90
    while found < wanted:
        assert time.monotonic() < deadline, "no segments came"
        time.sleep(0.1)
        found = len(list(segments.rglob("unit-*.parquet")))
        if both.is_set():
            wanted = min(wanted, found + 4)
    from_nothing.remove_node(nodes[0], allow_graceful=False)
    driver.join(180)
    assert not driver.is_alive()
    assert done
    assert done[0].missing == 0
    assert keys(asked.lake) == every(48)
    assert any("is gone; the units of its replica go to others" in note for note in notes), notes


def test_the_reports_of_replicas_go_to_the_node_of_the_driver_which_outlives_the_others(from_nothing):
    import ray
    import ray._private.state

    for _ in range(2):
        from_nothing.add_node(num_cpus=1)
    started = [start_telemetry() for _ in range(6)]  # one was on another node half of the time
    ray.get([telemetry.read.remote() for telemetry in started])
    places = [ray._private.state.actors()[one._actor_id.hex()]["Address"]["NodeID"] for one in started]
    assert places == [ray.get_runtime_context().get_node_id()] * 6


@pytest.mark.nightly
def test_when_one_unit_is_left_the_pool_shrinks_to_min(cluster, tmp_path):
    cluster.add_node(num_cpus=2)
    asked = request(tmp_path, "toy?slow=5 %2B 5&delay=3", 8, Pool(1, 2))
    counts: list[int] = []
    assert ingest(prepare(asked), watch=lambda _: counts.append(alive())).missing == 0
    assert keys(asked.lake) == every(8)
    assert max(counts) == 2
    after = [count for count in counts[counts.index(2) :] if count]  # at the very end none is left
    assert min(after) == 1, after


@pytest.mark.nightly
def test_replicas_from_zero_wait_for_the_first_node_of_a_cluster_that_has_none(from_nothing, tmp_path):
    asked = request(tmp_path, "toy", 8, Pool(0, 2))
    said: list[str] = []
    added: list[Any] = []

    def watch(now: Any) -> None:
        said.append(now.phase)
        if said.count("waiting for a replica: no node has a free core") > 3 and not added:
            added.append(from_nothing.add_node(num_cpus=2))

    assert ingest(prepare(asked), watch=watch).missing == 0
    assert added, set(said)
    assert keys(asked.lake) == every(8)

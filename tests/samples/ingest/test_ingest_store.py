"""Ingest on a real Ray, on a store that fails as networks do: the run goes on, and every sample is there once."""

import json
import threading
from pathlib import Path

import pytest

from samples.api import Lake
from samples.engines import Placement
from samples.errors import StoreAway
from samples.ingest.ingest import ingest
from samples.runs.request import Pool, Request, prepare
from samples.units.progress import Progress

pytestmark = [pytest.mark.ray, pytest.mark.heavy]


def request(tmp_path: Path, lake: str, k: int, model: str = "toy?delay=1") -> Request:
    path = tmp_path / "sums.jsonl"
    rows = [{"id": f"sum-{n}", "question": f"What is {n} + {n}?", "answer": str(2 * n)} for n in range(6)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return Request(
        str(path), model, k, lake, engine="toy", placement=Placement(max_num_seqs=8), pool=Pool(2, 2), unit=8
    )


def keys(lake: str) -> list[tuple[str, int]]:
    rows = Lake(lake).read("samples", columns=["problem_id", "sample_index"]).to_pylist()
    return sorted((row["problem_id"], row["sample_index"]) for row in rows)


def every(k: int) -> list[tuple[str, int]]:
    return sorted((f"sum-{n}", index) for n in range(6) for index in range(k))


@pytest.mark.nightly
def test_a_store_that_is_away_in_the_middle_of_a_run_is_waited_for(faulty, s3, tmp_path):
    away: list[threading.Thread] = []
    notes: set[str] = set()

    def watch(progress: Progress) -> None:
        notes.add(progress.note)
        if progress.samples_done and not away:
            away.append(faulty.be_away(6.0))

    summary = ingest(prepare(request(tmp_path, s3, 64)), watch=watch)
    away[0].join()
    assert (summary.missing, summary.drawn) == (0, 6 * 64)
    assert keys(s3) == every(64)
    assert any("the store" in note for note in notes), notes


@pytest.mark.nightly
def test_a_run_whose_answers_are_often_cut_draws_every_sample_once(faulty, s3, tmp_path):
    faulty.cut = lambda number: number % 20 == 0
    summary = ingest(prepare(request(tmp_path, s3, 32)))
    assert (summary.missing, summary.drawn) == (0, 6 * 32)
    assert keys(s3) == every(32)
    assert faulty.cuts > 0


@pytest.mark.nightly
def test_a_run_that_no_replica_can_write_ends_and_the_same_command_goes_on(faulty, s3, tmp_path, monkeypatch):
    monkeypatch.setenv("SAMPLES_RETRY_SECONDS", "0.05")
    asked = request(tmp_path, s3, 16)
    refused = [0]

    def answer(method: str, path: str) -> int | None:
        ours = method == "PUT" and "/completions/dataset" in path
        refused[0] += ours
        return 503 if ours else None

    faulty.answer = answer
    with pytest.raises(StoreAway, match="not available"):
        ingest(prepare(asked))
    assert refused[0]
    assert keys(s3) == []
    faulty.answer = lambda _method, _path: None
    monkeypatch.setenv("SAMPLES_RETRY_SECONDS", "10")
    assert ingest(prepare(asked)).missing == 0
    assert keys(s3) == every(16)


def test_a_unit_that_one_replica_could_not_write_is_drawn_again(faulty, s3, tmp_path, monkeypatch):
    monkeypatch.setenv("SAMPLES_RETRY_SECONDS", "0.05")
    written: list[str] = []
    refused: list[str] = []

    def answer(method: str, path: str) -> int | None:
        unit = path.rpartition("/")[2].partition(".")[0]
        if method != "PUT" or not unit.startswith("unit-"):
            return None
        if unit in refused or (not refused and written):
            refused.append(unit)
            return 503
        written.append(unit)
        return None

    faulty.answer = answer
    summary = ingest(prepare(request(tmp_path, s3, 32)))
    assert summary.missing == 0
    assert len(set(refused)) == 1
    assert keys(s3) == every(32)

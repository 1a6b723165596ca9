"""A plan with more units than one stream of Ray's takes is done by several streams."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from samples.api import Lake
from samples.ingest.ingest import ingest
from samples.pipeline import stream
from samples.runs.request import Request, prepare
from samples.units import driver
from samples.units.commit import Committer
from samples.units.progress import Progress

pytestmark = pytest.mark.ray


@pytest.fixture
def ray() -> Iterator[None]:
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    yield
    ray.shutdown()


def test_further_units_are_done_by_a_further_stream_and_the_line_counts_on(ray, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(stream, "TICKETS", 4)
    monkeypatch.setattr(stream, "_EACH", 0)
    monkeypatch.setattr(driver, "TICKETS", 4)
    listed: list[int] = []
    adopt = Committer.adopt
    monkeypatch.setattr(Committer, "adopt", lambda self, plan: listed.append(len(plan)) or adopt(self, plan))
    path = tmp_path / "sums.jsonl"
    rows = [{"id": f"sum-{n}", "question": f"What is {n} + {n}?", "answer": str(2 * n)} for n in range(9)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    seen: list[Progress] = []
    asked = Request(str(path), "toy", 4, str(tmp_path / "lake"), engine="toy", unit=4)
    summary = ingest(prepare(asked), watch=seen.append)
    assert (summary.missing, summary.drawn, summary.errors) == (0, 36, 0)
    assert listed == [9, 1], "segments are listed at first, and when few units are left"
    found = Lake(asked.lake).read("samples", columns=["problem_id", "sample_index"]).to_pylist()
    assert len({tuple(row.values()) for row in found}) == len(found) == 36
    assert sum(before.replicas > now.replicas == 0 for before, now in pairwise(seen)) == 2, "three streams"
    drawing = [now for now in seen if now.drawing]
    assert all(before.tokens <= now.tokens for before, now in pairwise(drawing))

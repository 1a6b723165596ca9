"""Rescoring on Ray gives the same verdicts as rescoring on this machine."""

import pytest

from samples.errors import SamplesError
from samples.ingest.commit import Committer
from samples.pipeline.cluster import cluster
from samples.rescore.rescore import rescore

pytestmark = pytest.mark.ray


@pytest.fixture(scope="module")
def ray():
    with cluster():
        yield


def said(lake):
    rows = lake.read("verdicts").to_pylist()
    return sorted(
        (r["run_id"], r["problem_id"], r["sample_index"], r["status"], r["answer"], r["pass_id"]) for r in rows
    )


def test_verdicts_are_those_of_a_local_pass(ray, bench, tmp_path):
    here, there = bench(tmp_path / "here"), bench(tmp_path / "there")
    for b in (here, there):
        Committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(64)])
    local = rescore(here.lake, "numeric", workers=2, on_ray=False)
    distributed = rescore(there.lake, "numeric", workers=2, on_ray=True)
    assert said(here.lake) == said(there.lake)
    assert (distributed.verified, distributed.compared) == (local.verified, local.compared)
    assert rescore(there.lake, "numeric", workers=2, on_ray=True).verified == 0


def test_what_an_actor_cannot_do_is_one_line(ray, bench, tmp_path):
    b = bench(tmp_path / "lake")
    Committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(2)])
    file = tmp_path / "mine.py"
    file.write_text(
        "import os\nif 'RAY_JOB_ID' in os.environ: raise ValueError('not here')\ndef mine(p, c): return True\n"
    )
    with pytest.raises(SamplesError, match="not here"):
        rescore(b.lake, f"{file}:mine", workers=1, on_ray=True)

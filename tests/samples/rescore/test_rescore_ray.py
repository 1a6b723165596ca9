"""Rescoring on Ray gives the same verdicts as rescoring on this machine."""

import json

import pytest

from samples.api import Lake
from samples.errors import SamplesError
from samples.ingest.segment import committer
from samples.pipeline.cluster import cluster
from samples.rescore.rescore import rescore

pytestmark = pytest.mark.ray

LOOKS = 60  # two a second


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
        committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(64)])
    local = rescore(here.lake, "numeric", workers=2, on_ray=False)
    distributed = rescore(there.lake, "numeric", workers=2, on_ray=True)
    assert said(here.lake) == said(there.lake)
    assert (distributed.verified, distributed.compared) == (local.verified, local.compared)
    assert rescore(there.lake, "numeric", workers=2, on_ray=True).verified == 0


def test_what_an_actor_cannot_do_is_one_line(ray, bench, tmp_path):
    b = bench(tmp_path / "lake")
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(2)])
    file = tmp_path / "mine.py"
    file.write_text(
        "import os\nif 'RAY_JOB_ID' in os.environ: raise ValueError('not here')\ndef mine(p, c): return True\n"
    )
    with pytest.raises(SamplesError, match="not here"):
        rescore(b.lake, f"{file}:mine", workers=1, on_ray=True)


def test_while_every_core_is_taken_the_progress_says_what_is_waited_for(ray, bench, tmp_path):
    import ray as library

    @library.remote
    class Holder:
        def ready(self):
            return True

    b = bench(tmp_path / "lake")
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(2)])
    holder = Holder.options(num_cpus=library.cluster_resources()["CPU"]).remote()
    library.get(holder.ready.remote())
    said = []

    def watch(status):
        said.append(str(status))
        if status.waits_for or len(said) > LOOKS:
            library.kill(holder)

    assert rescore(b.lake, "numeric", workers=1, on_ray=True, watch=watch).verified == 6
    assert "waiting for a replica: no node has a free core" in said


@pytest.mark.usefixtures("sandbox")
def test_replicas_lend_programs_the_packages_of_a_folder_that_is_named_from_here(ray, tmp_path, monkeypatch):
    (tmp_path / "lent").mkdir()
    (tmp_path / "lent" / "shown.py").write_text("def four(): return 4")
    for folder in (tmp_path, tmp_path / "lent"):
        folder.chmod(0o755)
    tests = {"test": "def check(candidate):\n    assert candidate() == 4\n", "entry_point": "f"}
    problem = {"id": "p", "question": "Write f.", "tests": json.dumps(tests)}
    sample = {"problem_id": "p", "sample_index": 0, "completion": "import shown\ndef f(): return shown.four()"}
    for name, row in (("problems", problem), ("samples", sample)):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(row) + "\n")
    lake = Lake(str(tmp_path / "lake"), create=True)
    problems = str(tmp_path / "problems.jsonl")
    lake.import_file(tmp_path / "samples.jsonl", "samples", name="r", dataset="d", problems=problems)
    monkeypatch.chdir(tmp_path)
    assert rescore(lake, "code", workers=1, on_ray=True).statuses == {"wrong": 1}
    assert rescore(lake, "code", workers=1, on_ray=True, packages="lent").statuses == {"correct": 1}
    assert rescore(lake, "code", workers=1, on_ray=False, packages="lent").verified == 0

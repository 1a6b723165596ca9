"""What drew the samples of a run is recorded once for each combination, whoever commits them."""

import json
import shutil
import threading
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from samples.engines import versions
from samples.errors import LakeError
from samples.ingest import segment
from samples.ingest.job import SamplingJob, units_of
from samples.ingest.segment import committer
from samples.runs.setups import NOT_KNOWN
from samples.units import segment as units
from samples.units.plan import Unit

H100 = {"device": "NVIDIA H100", "dtype": "bfloat16", "model_runner": "V2", "versions": {"vllm": "0.32.1"}}
A100 = {"device": "NVIDIA A100", "dtype": "bfloat16", "model_runner": "V1", "versions": {"vllm": "0.32.1"}}


def recorded(b):
    """The setups of the run, sorted; none twice."""
    texts = b.lake.read("setups", run_id=b.run.run_id)["drawn_by"].to_pylist()
    assert len(set(texts)) == len(texts)
    return [json.loads(text) for text in sorted(texts)]


def replica(b):
    """Load what a replica of Ray loads."""
    request = b.prepared.request
    return SamplingJob(
        lake=b.lake.uri,
        run=b.run,
        revision=None,
        sampling=request.sampling,
        placement=request.placement,
        units=units_of(b.plan(8)),
        prompts=b.prepared.prompts,
    ).load()


def test_a_setup_is_recorded_once_however_many_commits_and_drivers_there_are(bench, anywhere):
    b = bench(anywhere)
    for ours in (committer(b.lake, b.run), committer(b.lake, b.run)):
        for unit in list(b.plan(8, unit=4))[:2]:
            ours.commit([b.draw(unit, drawn_by=H100)])
    assert recorded(b) == [H100]
    (row,) = b.lake.sql("SELECT run, device, dtype, model_runner FROM setups").dicts()
    assert row == {"run": "toys", "device": "NVIDIA H100", "dtype": "bfloat16", "model_runner": "V2"}


def test_replicas_on_other_hardware_add_a_row_each(bench, tmp_path):
    b = bench(tmp_path / "lake")
    one, two, three = b.plan(8)
    ours = committer(b.lake, b.run)
    ours.commit([b.draw(one, drawn_by=H100), b.draw(two, drawn_by=A100)])
    ours.commit([b.draw(three, drawn_by=H100)])
    assert recorded(b) == [A100, H100]


def test_a_package_that_is_upgraded_between_two_ingests_makes_another_setup(bench, tmp_path, monkeypatch):
    b = bench(tmp_path / "lake")
    committer(b.lake, b.run).commit([replica(b).work(0, lambda _tokens, _failed: None)])
    upgraded = tmp_path / "packages" / "numpy-999.0.dist-info"
    upgraded.mkdir(parents=True)
    (upgraded / "METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 999.0\n")
    before = versions("toy")["numpy"]
    monkeypatch.syspath_prepend(str(upgraded.parent))
    committer(b.lake, b.run).commit([replica(b).work(0, lambda _tokens, _failed: None)])
    assert [setup["versions"]["numpy"] for setup in recorded(b)] == sorted([before, "999.0"])
    assert b.plan(8).missing == 8
    assert len(b.keys()) == 16
    assert [facts["numpy"] for facts in b.lake.status("toys").setups] == [before, "999.0"]


def test_drivers_that_commit_at_once_record_their_setup_once(bench, anywhere):
    b = bench(anywhere)
    units = list(b.plan(8, unit=2))
    receipts = [[b.draw(unit, drawn_by=H100) for unit in units[number::4]] for number in range(4)]
    begin = threading.Barrier(4)
    failures = []

    def drive(mine):
        begin.wait()
        try:
            committer(b.lake, b.run).commit(mine)
        except Exception as error:  # noqa: BLE001 - asserted on below, in the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=drive, args=(mine,)) for mine in receipts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert recorded(b) == [H100]
    assert len(b.keys()) == 24


def test_adopted_segments_bring_their_setup_from_their_footers(bench, anywhere):
    b = bench(anywhere)
    one, two, three = b.plan(8)
    for unit, setup in ((one, H100), (two, A100), (three, H100)):
        b.draw(unit, drawn_by=setup)
    assert recorded(b) == []
    assert len(committer(b.lake, b.run).adopt(b.plan(8))) == 3
    assert recorded(b) == [A100, H100]


def test_a_unit_that_another_driver_drew_first_records_no_setup(bench, tmp_path):
    b = bench(tmp_path / "lake")
    unit = Unit("sum-0", 0, 8)
    first, second = b.draw(unit, drawn_by=H100), b.draw(unit, drawn_by=A100)
    assert committer(b.lake, b.run).commit([first]) == [first]
    assert committer(b.lake, b.run).commit([second]) == []
    assert recorded(b) == [H100]


def test_a_setup_is_there_before_the_samples_that_it_drew(bench, tmp_path):
    b = bench(tmp_path / "lake")
    receipt = b.draw(Unit("sum-0", 0, 8), drawn_by=H100)
    Path(b.lake.uri, "setups").write_text("in the way")
    with pytest.raises(LakeError, match="setups"):
        committer(b.lake, b.run).commit([receipt])
    assert b.keys() == []
    Path(b.lake.uri, "setups").unlink()
    assert len(committer(b.lake, b.run).adopt(b.plan(8))) == 1
    assert recorded(b) == [H100]


def test_a_lake_of_an_earlier_build_is_read_and_gets_the_table_with_its_next_samples(bench, tmp_path):
    b = bench(tmp_path / "lake")
    one, two, _ = b.plan(8)
    committer(b.lake, b.run).commit([b.draw(one)])
    shutil.rmtree(Path(b.lake.uri, "setups"))
    assert "setups" not in b.lake.version
    assert b.lake.sql("SELECT * FROM setups").dicts() == []
    assert b.lake.status("toys").setups == []
    assert b.lake.runs()[0]["samples"] == 8
    committer(b.lake, b.run).commit([b.draw(two, drawn_by=H100)])
    assert recorded(b) == [H100]
    assert "setups:1" in b.lake.version


def test_a_footer_without_what_drew_it_is_adopted_and_records_nothing(bench, tmp_path):
    b = bench(tmp_path / "lake")
    receipt = b.draw(Unit("sum-0", 0, 8))
    path = Path(b.lake.uri, "completions", receipt.file.path)
    file = pq.ParquetFile(path)
    footer = {key: value for key, value in file.metadata.metadata.items() if key == b"samples.facts"}
    again = b.lake.put_as("completions", path.name.partition(".")[0], file.read(), b.run.partition, footer)
    path.unlink()
    reopened = units.reopen(b.lake, segment.target(b.run), again.path, again.size)
    assert reopened is not None
    assert reopened.drawn_by == NOT_KNOWN
    assert len(committer(b.lake, b.run).adopt(b.plan(8))) == 1
    assert recorded(b) == []

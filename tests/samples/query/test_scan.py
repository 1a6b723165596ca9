"""Scans read what counts, batch by batch, whatever else lies in the raw tables."""

from pathlib import Path

import pyarrow as pa
import pytest

from samples.errors import LakeError, NotFound, UsageError
from samples.ingest.segment import committer


@pytest.fixture
def twice(bench, anywhere):
    """A lake in which two drivers drew and wrote every unit, and one of them committed its samples first."""
    b = bench(anywhere, k=8)
    receipts = [b.draw(unit) for unit in (*b.plan(8), *b.plan(8))]
    for receipt in receipts:
        b.lake.commit("completions", [(receipt.file, b.run.partition)])
    committer(b.lake, b.run).commit_found(receipts)
    return b


def test_a_completion_that_no_sample_names_is_not_scanned(twice):
    assert twice.lake.dataset("completions").count_rows() == 48
    rows = twice.lake.scan("completions").read_all()
    assert sorted(zip(rows["problem_id"].to_pylist(), rows["sample_index"].to_pylist(), strict=True)) == twice.keys()
    kept = twice.lake.read("samples")["attempt"].to_pylist()
    there = twice.lake.read("completions")
    raw = {
        (row["problem_id"], row["sample_index"]): (row["text"], row["token_ids"])
        for row in there.to_pylist()
        if row["attempt"] in kept
    }
    assert {
        (row["problem_id"], row["sample_index"]): (row["text"], row["token_ids"]) for row in rows.to_pylist()
    } == raw


def test_a_scan_comes_in_batches_of_the_columns_and_runs_asked_for(filled):
    reader = filled.scan("completions", ["text", "run"], runs=["a"], rows=5)
    assert reader.schema.names == ["text", "run"]
    batches = list(reader)
    assert all(isinstance(batch, pa.RecordBatch) and batch.num_rows <= 5 for batch in batches)
    assert pa.Table.from_batches(batches)["run"].to_pylist() == ["a"] * 16
    assert filled.scan("samples", problems=["p4"], rows=2).read_all().num_rows == 6
    assert filled.scan("current_verdicts").read_all().num_rows == 30


def test_a_scan_of_what_is_not_there_is_refused(filled):
    with pytest.raises(UsageError, match='no view "completion" \\(did you mean "completions"'):
        filled.scan("completion")
    with pytest.raises(UsageError, match='no column "txt"'):
        filled.scan("completions", ["txt"])
    with pytest.raises(NotFound, match='no run "c"'):
        filled.scan("completions", runs=["c"])


def test_a_file_that_is_gone_ends_a_scan_with_its_name(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    file = next(Path(lake.uri, "completions").rglob("*.parquet"))
    file.unlink()
    with pytest.raises(LakeError, match=file.name):
        lake.scan("completions").read_all()


def test_an_empty_lake_has_no_rows_to_scan(tmp_path):
    from samples.api import Lake

    assert Lake(str(tmp_path / "lake"), create=True).scan("completions").read_all().num_rows == 0

"""Rows of one key are found without opening the files that cannot hold them."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from samples.api import Lake
from samples.errors import LakeError
from samples_schemas import TABLES

JUDGES = ("v", "judge.py:right answer", "50%25 é")


def verdicts(problem: str, first: int, last: int) -> pa.Table:
    about = {"verifier_version": "1", "pass_id": 1, "status": "correct"}
    rows = [{"problem_id": problem, "sample_index": index, **about} for index in range(first, last)]
    return pa.Table.from_pylist(rows, schema=TABLES["verdicts"].file_schema)


def judged(uri: str) -> Lake:
    lake = Lake(uri, create=True)
    parts = [("p", 0, 4), ("p", 4, 8), ("q", 0, 4)]
    for judge in JUDGES:
        where = {"verifier": judge, "run_id": "r"}
        lake.append("verdicts", "test", lambda where=where: [(verdicts(*part), where) for part in parts])
    return lake


@pytest.mark.parametrize("judge", JUDGES)
def test_rows_of_a_sample_a_problem_and_a_partition_are_found(anywhere, judge):
    lake = judged(anywhere)
    here = {"verifier": judge, "run_id": "r", "problem_id": "p"}
    found = lake.rows_at("verdicts", ["sample_index", "verifier"], **here, sample_index=5)
    assert found.to_pylist() == [{"sample_index": 5, "verifier": judge}]
    assert sorted(lake.rows_at("verdicts", **here)["sample_index"].to_pylist()) == list(range(8))
    assert len(lake.rows_at("verdicts", verifier=judge)) == 12
    assert len(lake.rows_at("verdicts", problem_id="q")) == 4 * len(JUDGES)
    assert lake.rows_at("verdicts", **here).schema.names == TABLES["verdicts"].schema.names


def test_what_is_not_there_is_no_row(anywhere):
    lake = judged(anywhere)
    for where in ({"problem_id": "o"}, {"sample_index": 9}, {"verifier": "w"}, {"problem_id": "zz", "sample_index": 0}):
        assert len(lake.rows_at("verdicts", **where)) == 0
    assert len(lake.rows_at("reviews", problem_id="p")) == 0  # a table without a commit
    assert lake.rows_at("reviews", ["label"], problem_id="p").schema.names == ["label"]


def test_files_that_cannot_hold_the_rows_are_not_opened(tmp_path):
    lake = judged(str(tmp_path / "lake"))
    (other,) = [
        path
        for path in Path(lake.uri).glob("verdicts/verifier=v/**/*.parquet")
        if pq.ParquetFile(path).read()["problem_id"][0].as_py() == "q"
    ]
    other.unlink()
    assert len(lake.rows_at("verdicts", verifier="v", problem_id="p")) == 8
    with pytest.raises(LakeError, match=f"{other.name}, which is gone"):
        lake.rows_at("verdicts", verifier="v", problem_id="q")


def test_a_lake_at_one_version_finds_the_rows_of_that_version(anywhere):
    lake = judged(anywhere)
    before = lake.pin()
    lake.append("verdicts", "test", lambda: [(verdicts("p", 8, 9), {"verifier": "v", "run_id": "r"})])
    here = {"verifier": "v", "problem_id": "p", "sample_index": 8}
    assert [len(some.rows_at("verdicts", **here)) for some in (before, lake)] == [0, 1]

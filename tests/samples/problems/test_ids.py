"""One rule for ids: a number becomes the shortest text of its value, text stays as it is, wherever a row comes from."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from samples.api import Lake
from samples.errors import ProblemsError
from samples.exchange.imports.load import load as import_file
from samples.problems.problems import load

IDS = {  # as JSON: as an id
    "7": "7",
    "7.0": "7",
    "70e-1": "7",
    '"7"': "7",
    '"7.0"': "7.0",
    '"007"': "007",
    '" 7"': " 7",
    "1e3": "1000",
    "1000": "1000",
    '"1e3"': "1e3",
    "0.5": "0.5",
    "-0.0": "0",
    "9007199254740993": "9007199254740993",
    "1e22": "10000000000000000000000",
    '"test/algebra/1.json"': "test/algebra/1.json",
}


@pytest.mark.parametrize(("written", "expected"), list(IDS.items()))
def test_problem_files_and_sample_files_give_the_same_id(tmp_path: Path, written: str, expected: str) -> None:
    problems, samples = tmp_path / "p.jsonl", tmp_path / "s.jsonl"
    problems.write_text(f'{{"id": {written}, "question": "?", "answer": "1"}}\n')
    samples.write_text(f'{{"problem_id": {written}, "completion": "x"}}\n')
    assert [problem.problem_id for problem in load(str(problems)).problems] == [expected]
    import_file(str(tmp_path / "lake"), str(samples), "samples", name="a", dataset="p", problems=str(problems))
    assert Lake(str(tmp_path / "lake")).read("samples")["problem_id"].to_pylist() == [expected]


def test_one_problem_is_one_problem_in_every_kind_of_file(tmp_path: Path) -> None:
    rows = [{"idx": 7, "question": "a", "answer": 12}, {"idx": 1000, "question": "b", "answer": 5}]
    (tmp_path / "whole.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    floats = [{**row, "idx": float(row["idx"])} for row in rows]
    (tmp_path / "floats.json").write_text(json.dumps(floats))
    (tmp_path / "text.csv").write_text("idx,question,answer\n7,a,12\n1000,b,5\n")
    pq.write_table(pa.table({key: [row[key] for row in floats] for key in rows[0]}), tmp_path / "gaps.parquet")
    sets = [load(str(tmp_path / name)) for name in ("whole.jsonl", "floats.json", "text.csv", "gaps.parquet")]
    assert [problem.problem_id for problem in sets[0].problems] == ["7", "1000"]
    assert len({one.hash for one in sets}) == 1


def test_a_number_and_a_text_of_one_id_are_one_id_and_refused_as_a_repetition(tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    file.write_text('{"id": 7, "question": "a"}\n{"id": "7.0", "question": "b"}\n{"id": "7", "question": "c"}\n')
    with pytest.raises(ProblemsError, match=r'line 3: problem_id "7" appears twice \(first on line 1\)'):
        load(str(file))

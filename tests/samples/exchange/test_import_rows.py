"""The rules of the general reader: which field holds what, what a failed request becomes, and what it asks."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samples.errors import UsageError
from samples.exchange.imports.check import check_files
from samples.exchange.imports.detect import detect
from samples.exchange.imports.load import load
from samples.exchange.imports.reading import local_copies
from samples.exchange.shapes.names import ROLES


@pytest.fixture
def imported(tmp_path, held):
    """Import rows of a JSONL file. Returns {(problem, index): all values of the sample}, problems, and the summary."""

    def run(*rows, **more):
        (tmp_path / "file.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        summary = load(str(tmp_path / "lake"), str(tmp_path / "file.jsonl"), name="a", dataset="d", **more)
        return *held(str(tmp_path / "lake")), summary

    return run


def only(found):
    (sample,) = found.values()
    return sample


ONE = {"id": "p", "question": "2 + 2?", "answer": "4"}


# --- reasoning


REASONED = {"reasoning": "two and two"}
THOUGHT = {"type": "thinking", "thinking": "two and two"}


@pytest.mark.parametrize(
    "row",
    [
        {"completion": "4", "reasoning_content": "two and two"},
        {"messages": [{"role": "assistant", "content": "4", "reasoning_content": "two and two"}]},
        {"messages": [{"role": "assistant", "content": [THOUGHT, {"type": "text", "text": "4"}]}]},
        {"response": {"body": {"choices": [{"message": {"role": "assistant", "content": "4", **REASONED}}]}}},
        {"response": {"body": {"choices": [{"text": "4", "reasoning_content": "two and two"}]}}},
        {
            "response": {
                "output": [
                    {"type": "reasoning", "summary": [{"type": "summary_text", "text": "two and two"}]},
                    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "4"}]},
                ]
            }
        },
        {"completions": ["4"], "reasonings": ["two and two"]},
    ],
)  # fmt: skip
def test_reasoning_stands_before_the_answer(imported, row):
    found, _, _ = imported({**ONE, **row})
    assert only(found)["text"] == "<think>\ntwo and two\n</think>\n4"


def test_reasoning_that_the_answer_holds_is_not_doubled(imported):
    found, _, _ = imported({**ONE, "completion": "<think>two and two</think>4", "reasoning_content": "two and two"})
    assert only(found)["text"] == "<think>two and two</think>4"


def test_an_answer_that_is_all_reasoning_is_kept(imported):
    found, _, _ = imported({**ONE, "messages": [{"role": "assistant", "content": None, "reasoning_content": "hm"}]})
    assert only(found)["text"] == "<think>\nhm\n</think>\n"


# --- conversations


def test_of_several_turns_the_last_is_the_sample(imported):
    turns = [("system", "s"), ("user", "1 + 1?"), ("assistant", "2"), ("user", "2 + 2?"), ("assistant", "4")]
    found, problems, _ = imported({"messages": [{"role": role, "content": text} for role, text in turns]})
    assert only(found)["text"] == "4"
    assert list(problems.values()) == [("2 + 2?", None)]


def test_a_list_of_conversations_is_a_sample_each(imported):
    said = [[{"role": "assistant", "content": text}] for text in ("3", "4")]
    found, _, _ = imported({"prompt": [{"role": "user", "content": "2 + 2?"}], "completions": said, "rewards": [0, 1]})
    assert [sample["text"] for sample in found.values()] == ["3", "4"]
    assert [sample["status"] for sample in found.values()] == ["wrong", "correct"]


# --- what failed


def batch(number, **more):
    body = {"model": "m", "choices": [{"message": {"role": "assistant", "content": str(number)}}]}
    return {"custom_id": f"c{number}", "response": {"status_code": 200, "body": body}, "error": None, **more}


def test_failed_requests_of_a_batch_are_failed_samples(imported):
    found, _, _ = imported(
        batch(0),
        batch(1, response=None, error={"code": "batch_expired", "message": "expired"}),
        batch(2, response={"status_code": 400, "body": {"error": {"message": "too long"}}}),
        batch(3, response={"status_code": 500, "body": None}),
        batch(4, response={"status_code": 200, "body": {"choices": []}}),
    )
    assert {key[0]: sample["error"] for key, sample in found.items()} == {
        "c0": None, "c1": "expired", "c2": "too long", "c3": "status 500",
        "c4": 'there is no "response.body.choices.message"',
    }  # fmt: skip
    assert [key[0] for key, sample in found.items() if "text" in sample] == ["c0"]


def test_a_batch_that_begins_with_hundreds_of_failures_is_read(imported):
    failed = [batch(number, response=None, error={"message": "expired"}) for number in range(600)]
    found, _, _ = imported(*failed, batch(600))
    assert sum(sample["error"] is not None for sample in found.values()) == 600
    assert found["c600", 0]["text"] == "600"


def test_errors_that_no_row_has_at_first_are_errors_all_the_same(imported):
    rows = [{**ONE, "id": f"p{n}", "question": f"{n}?", "output": "4", "correct": True} for n in range(600)]
    rows[500] |= {"error": "out of memory", "output": None, "correct": None}
    found, _, summary = imported(*rows)
    assert found["p500", 0]["error"] == "out of memory"
    assert summary.verdicts == {"correct": 599}


def test_a_completion_that_is_missing_is_a_failed_sample_unless_somebody_judged_it(imported):
    found, _, _ = imported(
        {**ONE, "completions": ["4", None, None], "correct": [True, None, False]},
    )
    assert [sample["error"] for sample in found.values()] == [None, 'there is no "completions"', None]
    assert [sample.get("status") for sample in found.values()] == ["correct", None, "wrong"]


# --- verdicts


@pytest.mark.parametrize(
    ("row", "status", "reward"),
    [
        ({"correct": True}, "correct", None),
        ({"acc": 0}, "wrong", None),
        ({"metrics": {"exact_match": 1.0, "f1": 0.3}}, "correct", None),
        ({"reward": 0.25}, "wrong", 0.25),
        ({"score": 1}, "correct", 1.0),
        ({"passed": "True"}, "correct", None),
        ({"status": "fail"}, "wrong", None),
        ({"judge": {"is_correct": False}}, "wrong", None),
        ({"scores": {"my_metric": 1.0}}, "correct", 1.0),
        ({"correct": True, "reward": 1.7}, "correct", None),
        ({"num_correct": 1, "correct_format": 1}, None, None),
        ({"completions": ["a", "b"], "completion": None, "accuracy": 1.0}, None, None),
        ({"metric": {"pass@1": 1.0}}, "correct", None),
    ],
)
def test_a_verdict_is_taken_where_its_meaning_is_certain(imported, row, status, reward):
    found, _, _ = imported({**ONE, "completion": "4", **row})
    assert {(sample.get("status"), sample.get("reward")) for sample in found.values()} == {(status, reward)}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"score": -1.0}, '"score" is -1; only from 0 to 1 it says which samples are correct; choose with --score'),
        ({"correct": True, "accuracy": 0.0}, "they disagree; choose with --score: correct, accuracy, none"),
        ({"score": 0.5, "reward": 1.0}, "they disagree; choose with --score: score, reward, none"),
    ],
)  # fmt: skip
def test_the_import_asks_where_a_verdict_is_not_certain(imported, row, expected):
    with pytest.raises(UsageError) as refusal:
        imported({**ONE, "completion": "4", **row})
    assert expected in str(refusal.value)
    found, _, _ = imported({**ONE, "completion": "4", **row}, score="none")
    assert "status" not in only(found)


def test_scores_in_objects_are_chosen_by_their_dotted_names(imported):
    row = {**ONE, "completion": "4", "score": {"correct": 0, "format": 1, "total": 1.2}}
    assert only(imported(row, score="score.format")[0])["status"] == "correct"
    with pytest.raises(UsageError, match=r'no score "score\.style"; choose with --score: score\.correct, none'):
        imported(row, score="score.style")


def test_a_score_out_of_range_in_a_later_row_is_named(imported):
    rows = [{**ONE, "id": f"p{n}", "question": f"{n}?", "completion": "4", "correct": True} for n in range(600)]
    rows[500]["correct"] = "perhaps"
    with pytest.raises(UsageError, match=r'line 501: "correct" is "perhaps"; true, false or a number is expected'):
        imported(*rows)


def test_answers_that_were_extracted_are_kept_and_none_is_no_answer(imported):
    rows = [
        {**ONE, "completion": str(n), "correct": n == 4, "pred": pred} for n, pred in ((4, "4"), (5, "5"), (6, None))
    ]
    found, _, _ = imported(*rows)
    assert [(sample["status"], sample["answer"]) for sample in found.values()] == [
        ("correct", "4"), ("wrong", "5"), ("no_answer", None),
    ]  # fmt: skip


# --- problems


def test_ids_of_rows_are_no_ids_of_problems(imported):
    rows = [{"id": n, "question": f"{n // 2}?", "answer": n // 2, "response": str(n)} for n in range(6)]
    found, problems, summary = imported(*rows)
    assert (summary.problems, summary.samples) == (3, 6)
    assert {index for _, index in found} == {0, 1}
    assert sorted(problems.values()) == [("0?", "0"), ("1?", "1"), ("2?", "2")]


def test_metrics_named_like_answers_are_no_gold_answers(imported):
    rows = [{"question": "2 + 2?", "response": str(n), "correct_answer": float(n == 4), "target": 4} for n in (4, 5)]
    found, problems, _ = imported(*rows)
    assert list(problems.values()) == [("2 + 2?", "4")]
    assert [sample["status"] for sample in found.values()] == ["correct", "wrong"]


def test_numbers_of_samples_in_a_file_are_kept(imported):
    rows = [{**ONE, "response": str(n), "sample_idx": n} for n in (3, 1, 2)]
    found, _, _ = imported(*rows)
    assert {index: sample["text"] for (_, index), sample in found.items()} == {1: "1", 2: "2", 3: "3"}


def test_rows_that_say_nothing_of_their_problem_are_refused(imported):
    with pytest.raises(UsageError, match=r"line 1: has no id and no question: .* name a field with --field id="):
        imported({"completion": "4"})


# --- fields that somebody names


def test_fields_may_be_named_by_dotted_names(imported):
    row = {"a": {"b.c": [{"said": "4"}]}, "ask": "2 + 2?", "key": 7, "right": "4", "why": "stop"}
    named = {"completion": "a.b.c.0.said", "question": "ask", "id": "key", "gold": "right", "finish_reason": "why"}
    found, problems, summary = imported(row, fields=named)
    assert (found["7", 0]["text"], found["7", 0]["finish_reason"]) == ("4", "stop")
    assert problems == {"7": ("2 + 2?", "4")}
    assert summary.form == "rows (completion=a.b.c.0.said, question=ask, gold=right, id=key, finish_reason=why)"
    assert summary.run.specification["fields"] == named


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"completion": "absent"},
            "--field completion=absent: no row has such a field; there are id, question, answer, x",
        ),
        (
            {"completions": "x"},
            '--field completions=x: no such role (did you mean "completion"?); choose one of completion',
        ),
    ],
)
def test_a_field_or_role_that_is_not_there_is_named(imported, fields, expected):
    with pytest.raises(UsageError) as refusal:
        imported({**ONE, "x": "4"}, fields=fields)
    assert expected in str(refusal.value)


def test_fields_go_with_the_general_reader_only(imported):
    with pytest.raises(UsageError, match="--field id=… goes with --format rows"):
        imported({"task_id": "t", "completion": "x"}, form="human-eval", fields={"id": "task_id"})


def test_the_id_may_be_the_question(imported):
    rows = [{"id": "same", "question": f"{n}?", "response": str(n)} for n in range(2)]
    assert imported(*rows, fields={"id": "question"})[2].problems == 2


# --- what is no file of samples


def test_an_unknown_shape_is_refused_with_its_fields_and_the_nearest_format(imported):
    with pytest.raises(UsageError) as refusal:
        imported({"doc_id": 1, "doc": {"q": "?"}, "target": "4", "loglikelihood": -1.5})
    assert str(refusal.value).endswith(
        "file.jsonl: no field looks like completions: there are doc_id, doc, target, loglikelihood, doc.q; name it "
        "with --field completion=…; the nearest format is lm-eval, which needs resps"
    )


@pytest.mark.parametrize(
    "row",
    [
        {"problem": "2 + 2?", "solution": "It is \\boxed{4}", "answer": "4"},
        {"question": "2 + 2?", "choices": ["3", "4"], "answer": 1, "subject": "sums"},
        {"question": "2 + 2?", "options": ["3", "4"], "rationale": "count", "correct": "B"},
        {"task_id": 7, "text": "Write a sum.", "code": "def f(): pass", "test_list": ["assert f()"]},
        {"task_id": "T/0", "prompt": "def f():", "canonical_solution": "pass", "solution": "pass", "test": "f()"},
        {"question_id": "a", "question_content": "?", "starter_code": "", "public_test_cases": "[]"},
        {"prompt": [{"role": "user", "content": "2 + 2?"}], "reward_model": {"ground_truth": "4"}},
        {"Question": "2 + 2?", "Correct Answer": "4", "Incorrect Answer 1": "5", "Record ID": "r1"},
        {"text": "A story of its own."},
    ],
)
def test_a_file_of_problems_is_no_file_of_samples(imported, row):
    with pytest.raises(UsageError, match="no field looks like completions"):
        imported(row)


NAMES = sorted({name for names in ROLES.values() for name in names} | {"response", "body", "role", "metrics", "index"})
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["user", "assistant"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.heavy
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6), min_size=1, max_size=3))
def test_rows_of_any_values_under_known_names_are_read_or_refused(tmp_path, rows):
    (tmp_path / "file.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    try:
        with local_copies([str(tmp_path / "file.jsonl")]) as sources:
            found = detect(sources, "rows", {}, None)
            check_files(sources, found.read, None, lambda _doing, _rows: None)
    except UsageError as error:
        assert "file.jsonl" in str(error)  # noqa: PT017 - some are fine, and none may raise anything else


@pytest.mark.parametrize("form", ["auto", "rows"])
def test_rows_that_are_nested_without_end_are_refused(imported, tmp_path, form):
    for depth in (100, 400, 900, 5000):
        deep = "[" * depth + "]" * depth
        objects = '{"response":' * depth + "1" + "}" * depth
        for text in (f'{{"id": "p", "response": {deep}}}', f'{{"id": "p", "x": {deep}}}', objects):
            (tmp_path / "deep.jsonl").write_text(f"{text}\n{text}\n")
            with pytest.raises(UsageError, match=r"deep\.jsonl"):
                load(str(tmp_path / "lake"), str(tmp_path / "deep.jsonl"), form, name="a", dataset="d")


def test_a_row_of_a_thousand_names_or_samples_is_looked_at_in_bounds(imported):
    wide = [{f"x{n}_{m}": m for m in range(5000)} | {**ONE, "response": str(n)} for n in range(20)]
    with pytest.raises(UsageError, match="no field looks like completions"):
        imported(*wide)
    found, _, _ = imported({**ONE, "outputs": [{"text": str(n)} for n in range(5000)]})
    assert len(found) == 5000


@pytest.mark.heavy
@pytest.mark.parametrize("value", [None, True, 3, -1.5, "x", [], [[]], {}, {"x": {}}, [None], [{"role": 1}], [{}]])
def test_no_value_in_any_field_is_a_traceback(imported, value):
    whole = {**ONE, "completion": "x", "choices": [{"message": {"role": "assistant", "content": "x"}}]}
    fields = """
        id question answer completion choices messages outputs finish_reason logprobs token_ids error model tokens
        correct score pred reasoning_content response sample_index seed is_truncated
    """
    for field in fields.split():
        for row in ({**whole, field: value}, {**ONE, field: value}):
            try:
                imported(row, {**whole, "id": "q", "question": "other?"}, form="rows")
            except UsageError as error:
                assert "file.jsonl" in str(error)  # noqa: PT017 - many are fine, and none may raise anything else

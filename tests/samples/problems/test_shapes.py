"""Rows in the shapes of the usual benchmarks: question, answers and id are found, and a gold answer is never shown."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samples.errors import UsageError
from samples.problems.fields import without_gold
from samples.problems.options import in_order
from samples.problems.problems import Problem, load
from samples.verifiers import verifier

Q = "How many jars do 7 crates hold?"
LISTED = f"{Q}\n\nA) 84\nB) 72\nC) 96"
NUMBERS = f"{Q}\n\nA) 1\nB) 2"
TEXTS = ["84", "72", "96"]
LABELLED = {"text": TEXTS, "label": ["A", "B", "C"]}
USER = {"role": "user", "content": Q}


def lines(folder: Path, *rows: Any) -> str:
    path = folder / "set.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def read(folder: Path, row: Mapping[str, Any]) -> Problem:
    (problem,) = load(lines(folder, row)).problems
    return problem


# name: (row, question, accepted answers)
SHAPES: dict[str, tuple[dict[str, Any], str, tuple[str, ...]]] = {
    # answers
    "GSM8K": ({"question": Q, "answer": "12 * 7 = 84\n#### 84"}, Q, ("84",)),
    "DeepScaleR": ({"problem": Q, "answer": "84", "solution": r"\boxed{9}"}, Q, ("84",)),
    "NuminaMath": ({"problem": Q, "solution": r"so $\boxed{84}$", "messages": [USER]}, Q, ("84",)),
    "OlympiadBench": (
        {"question": Q, "final_answer": ["$2$", "$3$"], "is_multiple_answer": True, "images": [], "image_1": None},
        Q,
        ("2, 3",),
    ),
    "alternatives": ({"question": Q, "answer": ["84", "eighty-four"]}, Q, ("84", "eighty-four")),
    "aliases": ({"question": Q, "answer": "84", "aliases": ["84", "84.0"]}, Q, ("84", "84.0")),
    "PopQA": ({"question": Q, "possible_answers": '["84", "eighty-four"]'}, Q, ("84", "eighty-four")),
    "TriviaQA, its own files": (
        {"Question": Q, "QuestionId": "t", "Answer": {"Value": "a", "Aliases": ["b"]}},
        Q,
        ("a", "b"),
    ),
    "SQuAD, its own answers": (
        {"question": Q, "answers": [{"text": "a", "answer_start": 1}, {"text": "b"}]},
        Q,
        ("a", "b"),
    ),
    "TriviaQA": (
        {"question": Q, "question_id": "t", "answer": {"value": "Rome", "aliases": ["Roma", "Rome"], "type": "W"}},
        Q,
        ("Rome", "Roma"),
    ),
    "DROP": (
        {"passage": "P.", "question": Q, "query_id": "q", "answers_spans": {"spans": ["4", "four"], "types": ["n"]}},
        f"P.\n\n{Q}",
        ("4", "four"),
    ),
    "accepted answers alone": ({"question": Q, "accepted_answers": ["a", "b"]}, Q, ("a", "b")),
    "TruthfulQA": (
        {"question": Q, "best_answer": "a", "correct_answers": ["a", "b"], "incorrect_answers": ["c", "d"]},
        f"{Q}\n\nA) d\nB) a\nC) c",
        ("B",),
    ),
    "TruthfulQA without a best answer": (
        {"question": Q, "correct_answers": ["a", "b"], "incorrect_answers": ["c", "d"]},
        Q,
        ("a", "b"),
    ),
    "SQuAD": (
        {"context": "P.", "question": Q, "answers": {"text": ["a", "b", "a"], "answer_start": [1, 2, 1]}},
        f"P.\n\n{Q}",
        ("a", "b"),
    ),
    "BoolQ": ({"question": Q, "passage": "P.", "answer": True}, f"P.\n\n{Q}", ("yes",)),
    "StrategyQA": ({"qid": "s", "question": Q, "answer": False, "facts": ["f"]}, Q, ("no",)),
    "SVAMP": (
        {"ID": "c", "Body": "A crate holds 12 jars", "Question": Q, "Answer": 84.0},
        f"A crate holds 12 jars. {Q}",
        ("84",),
    ),
    "ASDiv": (
        {"body": "A crate holds 12 jars.", "question": Q, "answer": "84 (jars)", "formula": "12*7=84"},
        f"A crate holds 12 jars. {Q}",
        ("84",),
    ),
    "MultiArith": ({"question": Q, "final_ans": "84"}, Q, ("84",)),
    "MultiArith, first form": ({"iIndex": 1, "sQuestion": Q, "lSolutions": [84.0]}, Q, ("84",)),
    "BBH": ({"input": Q, "target": "(A)"}, Q, ("(A)",)),
    # messages
    "verl": (
        {
            "data_source": "x",
            "prompt": [USER],
            "reward_model": {"ground_truth": "84", "style": "rule"},
            "extra_info": {"index": 3, "answer": "a", "split": "test"},
        },
        Q,
        ("84",),
    ),
    "messages with a system text": (
        {"prompt": [{"role": "system", "content": "Think."}, USER], "answer": "84"},
        f"Think.\n\n{Q}",
        ("84",),
    ),
    "a message of several parts": (
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "A."}, {"type": "text", "text": Q}]}]},
        f"A.\n{Q}",
        (),
    ),
    # options
    "AQuA": ({"question": Q, "options": ["A)84", "B)72", "C)96"], "rationale": "84", "correct": "B"}, LISTED, ("B",)),
    "MMLU": ({"question": Q, "choices": TEXTS, "answer": 2, "subject": "s"}, LISTED, ("C",)),
    "MMLU-Pro": ({"question_id": 1, "question": Q, "options": TEXTS, "answer": "C", "answer_index": 2}, LISTED, ("C",)),
    "MMLU, a column for each": ({"question": Q, "A": 84, "B": 72, "C": 96, "answer": "C"}, LISTED, ("C",)),
    "MedMCQA": ({"id": 1, "question": Q, "opa": "84", "opb": "72", "opc": "96", "cop": 1}, LISTED, ("B",)),
    "MedQA": (
        {"question": Q, "options": {"A": "84", "B": "72", "C": "96"}, "answer": "72", "answer_idx": "B"},
        LISTED,
        ("B",),
    ),
    "ARC": ({"id": "x", "question": Q, "choices": LABELLED, "answerKey": "B"}, LISTED, ("B",)),
    "ARC with numbers": (
        {"id": "x", "question": Q, "choices": {"text": TEXTS, "label": ["1", "2", "3"]}, "answerKey": "2"},
        LISTED,
        ("B",),
    ),
    "ARC, first form": (
        {
            "id": "x",
            "question": {"stem": Q, "choices": [{"text": text, "label": "ABC"[n]} for n, text in enumerate(TEXTS)]},
            "answerKey": "C",
        },
        LISTED,
        ("C",),
    ),
    "CommonsenseQA": (
        {"id": "x", "question": Q, "choices": {"label": ["A", "B", "C"], "text": TEXTS}, "answerKey": "A"},
        LISTED,
        ("A",),
    ),
    "OpenBookQA": ({"question_stem": Q, "choices": LABELLED, "answerKey": "A"}, LISTED, ("A",)),
    "LogiQA": ({"context": "P.", "query": Q, "options": TEXTS, "correct_option": 1}, f"P.\n\n{LISTED}", ("B",)),
    "RACE": ({"article": "P.", "question": Q, "options": TEXTS, "answer": "B"}, f"P.\n\n{LISTED}", ("B",)),
    "HellaSwag's label": ({"question": Q, "endings": TEXTS, "label": "1"}, LISTED, ("B",)),
    "WinoGrande's columns": ({"question": Q, "option1": "1", "option2": "2", "answer": "2"}, NUMBERS, ("B",)),
    "the text of an option": ({"question": Q, "choices": TEXTS, "answer": "$96$"}, LISTED, ("C",)),
    "the label with its text": ({"question": Q, "choices": TEXTS, "answer": "(C) 96"}, LISTED, ("C",)),
    "a number that is an option": ({"question": Q, "choices": [1, 2], "answer": 1}, NUMBERS, ("A",)),
    "a position among numbers as texts": ({"question": Q, "choices": ["1", "2"], "answer": 1}, NUMBERS, ("B",)),
    "a bool": ({"question": Q, "choices": ["no", "yes"], "answer": True}, f"{Q}\n\nA) no\nB) yes", ("B",)),
    "several letters that are right": ({"question": Q, "choices": TEXTS, "answer": ["A", "C"]}, LISTED, ("A", "C")),
    "an answer that is not published": ({"question": Q, "choices": TEXTS, "label": -1}, LISTED, ()),
    "options that the question lists": (
        {"question": f"{Q} (A) 84 (B) 72 (C) 96", "options": TEXTS, "answer": "B"},
        f"{Q} (A) 84 (B) 72 (C) 96",
        ("B",),
    ),
    "options that are not there": ({"question": Q, "choices": None, "options": [], "answer": "84"}, Q, ("84",)),
    "more options than used": ({"question": Q, "options": [*TEXTS, None, None], "answer": "A"}, LISTED, ("A",)),
    # code
    "LiveCodeBench": (
        {
            "question_title": "T",
            "question_content": Q,
            "question_id": "1",
            "starter_code": "class Solution:\n    def jars(self, n: int) -> int:\n        ",
            "public_test_cases": '[{"input": "1", "output": "2", "testtype": "functional"}]',
            "metadata": '{"func_name": "jars"}',
        },
        f"{Q}\n\nStart from this code:\n\n```python\nclass Solution:\n    def jars(self, n: int) -> int:\n```",
        (),
    ),
    "LiveCodeBench, standard input": (
        {"question_content": Q, "question_id": "1", "starter_code": "", "public_test_cases": "[]", "metadata": "{}"},
        Q,
        (),
    ),
    "APPS": (
        {"problem_id": 1, "question": Q, "starter_code": "\ndef jars(n):\n\t", "input_output": '{"fn_name": "jars"}'},
        f"{Q}\n\nStart from this code:\n\n```python\ndef jars(n):\n```",
        (),
    ),
    "TACO": (
        {"question": Q, "starter_code": "", "input_output": '{"fn_name": "jar", "inputs": [[1]], "outputs": [2]}'},
        f"{Q}\n\nName the function `jar`.",
        (),
    ),
    "MBPP": (
        {"task_id": 1, "text": "Double it.", "test_list": ["assert twice(2) == 4", "assert twice(0) == 0"]},
        "Double it.\n\nYour code should pass these tests:\n\nassert twice(2) == 4\nassert twice(0) == 0",
        (),
    ),
    "MBPP, the name of a built-in": (
        {"task_id": 1, "text": "Find the sum.", "test_list": ["assert sum(2) == 4"]},
        "Find the sum.\n\nYour code should pass these tests:\n\nassert sum(2) == 4",
        (),
    ),
    "MBPP that names its function": (
        {"task_id": 1, "prompt": "Write twice(x).", "test_list": ["assert abs(twice(2)) == 4"]},
        "Write twice(x).",
        (),
    ),
    "MBPP+": (
        {"task_id": 1, "prompt": "Double it.", "test_list": ["assert twice(2) == 4"], "test": "for x in y: assert 1"},
        "Double it.\n\nYour code should pass these tests:\n\nassert twice(2) == 4",
        (),
    ),
    "HumanEval": (
        {"task_id": "HumanEval/0", "prompt": "def f(x):\n", "entry_point": "f", "test": "def check(c): ..."},
        "def f(x):\n",
        (),
    ),
    "BigCodeBench": (
        {
            "task_id": "B/1",
            "complete_prompt": "def task_func(x):\n",
            "instruct_prompt": "Write it.",
            "entry_point": "task_func",
            "test": "class T: ...",
        },
        "def task_func(x):\n",
        (),
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", list(SHAPES))
def test_a_row_of_this_shape_is_the_question_and_the_answers_that_it_says(tmp_path: Path, shape: str) -> None:
    row, question, accepted = SHAPES[shape]
    problem = read(tmp_path, row)
    assert (problem.question, problem.accepted) == (question, accepted)
    if "\nA) " in question and accepted:
        verifier("choice").gold(problem)


@pytest.mark.parametrize("shape", list(SHAPES))
def test_nothing_of_a_row_is_lost_and_what_reveals_the_answer_is_kept_from_templates(
    tmp_path: Path, shape: str
) -> None:
    row, _, accepted = SHAPES[shape]
    problem = read(tmp_path, row)
    for field, value in row.items():
        held = problem.metadata.get(field, value)
        assert held == value
        if field not in problem.metadata and field not in ("ID", "iIndex", "QuestionId"):
            there = (problem.question, problem.answer, list(problem.answers), problem.problem_id)
            kept = problem.tests or ""
            assert (
                value in there or str(value) in there or field in kept or field.startswith(("test", "input_", "public"))
            )
    shown = without_gold(problem.metadata)
    assert "label" not in shown
    for name in (
        "answer",
        "correct",
        "answerKey",
        "cop",
        "ground_truth",
        "final_answer",
        "solution",
        "formula",
        "test",
    ):
        assert f'"{name}": ' not in json.dumps(shown)
    assert not accepted or "answers_spans" not in shown
    assert shown.get("choices") == problem.metadata.get("choices")  # a template may render options in its own way


def test_an_id_may_stand_in_an_object(tmp_path: Path) -> None:
    assert read(tmp_path, SHAPES["verl"][0]).problem_id == "3"
    assert read(tmp_path, SHAPES["DROP"][0]).problem_id == "q"
    assert read(tmp_path, SHAPES["TriviaQA, its own files"][0]).problem_id == "t"
    assert read(tmp_path, SHAPES["MultiArith, first form"][0]).problem_id == "1"


def test_dotted_names_name_fields_of_objects(tmp_path: Path) -> None:
    row = {"x": {"q": Q, "a": {"gold": "84"}, "id": 5}, "info": '{"tests": ["assert 1"]}', "x.y": "dot"}
    source = lines(tmp_path, row)
    named = {"question": "x.q", "answer": "x.a.gold", "id": "x.id", "tests": "info.tests"}
    (problem,) = load(source, fields=named).problems
    assert (problem.question, problem.answer, problem.problem_id, problem.tests) == (Q, "84", "5", '["assert 1"]')
    assert problem.metadata == row
    assert load(source, fields={"question": "x.y"}).problems[0].question == "dot"
    with pytest.raises(UsageError, match=r'--question-field names "x.z"; the fields with values are x, info, x.y'):
        load(source, fields={"question": "x.z"})


def test_correct_and_incorrect_answers_get_letters_in_an_order_that_depends_on_the_question(tmp_path: Path) -> None:
    names = ["Question", "Correct Answer", *(f"Incorrect Answer {n}" for n in (1, 2, 3)), "Record ID", "Explanation"]
    with (tmp_path / "gpqa.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows([f"Q{n}?", "right\n", "wrong", "also wrong", "no", f"rec{n}", "because"] for n in range(60))
    loaded = load(str(tmp_path / "gpqa.csv"))
    letters = [problem.answer for problem in loaded.problems]
    assert {letters.count(letter) > 5 for letter in "ABCD"} == {True}
    for problem in loaded.problems:
        listed = dict(line.split(") ") for line in (problem.question or "").split("\n")[2:])
        assert listed[problem.answer or ""] == "right"
        assert sorted(listed.values()) == ["also wrong", "no", "right", "wrong"]
        assert without_gold(problem.metadata) == {"Question": problem.problem_id.replace("rec", "Q") + "?"}
    assert load(str(tmp_path / "gpqa.csv")).hash == loaded.hash
    sciq = {"question": Q, "distractor1": "1", "distractor2": "2", "distractor3": "3", "correct_answer": "84"}
    problem = read(tmp_path, sciq | {"support": "s"})
    assert f"\n{problem.answer}) 84" in (problem.question or "")


@given(st.text(), st.text(min_size=1), st.lists(st.text(min_size=1), max_size=5, unique=True), st.randoms())
def test_the_order_of_options_does_not_depend_on_how_they_are_given(
    question: str, correct: str, others: list[str], shuffled: Any
) -> None:
    turned = list(others)
    shuffled.shuffle(turned)
    found = in_order(question, correct, others)
    assert found == in_order(question, correct, turned)
    assert sorted(found) == sorted({correct, *others})


@pytest.mark.parametrize(
    ("golds", "letters"),
    [
        ([1, 2, 4, 3], "ABDC"),  # 4 is the last of four, and no row has 0: from 1
        ([0, 2, 3, 3], "ACDD"),
        ([1, 2, 3, 3], "BCDD"),
        (["1", "2", "0", "3"], "BCAD"),  # as texts, these are no options
        ([1.0, 2.0, 0.0, 3.0], "BCAD"),  # a table with gaps
    ],
)
def test_all_rows_of_a_file_say_what_a_number_means(tmp_path: Path, golds: list[Any], letters: str) -> None:
    rows = [{"question": f"{n}?", "choices": ["w", "x", "y", "z"], "answer": gold} for n, gold in enumerate(golds)]
    assert [problem.answer for problem in load(lines(tmp_path, *rows)).problems] == list(letters)


def test_cells_of_a_csv_file_may_hold_options(tmp_path: Path) -> None:
    cells = [
        '["84", "72"]',
        "['84', '72']",
        "{'text': ['84', '72'], 'label': ['A', 'B']}",
        "['84' '72']",
        """["84"\n '72']""",
    ]
    for n, cell in enumerate(cells):
        with (tmp_path / f"c{n}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([["question", "choices", "answer"], [Q, cell, "B"]])
        (problem,) = load(str(tmp_path / f"c{n}.csv")).problems
        assert (problem.question, problem.answer) == (f"{Q}\n\nA) 84\nB) 72", "B")


def test_class_labels_of_parquet_files_are_their_names(tmp_path: Path) -> None:
    feature = {"names": ["World", "Sports"], "_type": "ClassLabel"}
    table = pa.table({"text": ["a", "b", "c"], "label": [0, 1, -1], "topic": [1, 0, 1]})
    stored = {"huggingface": json.dumps({"info": {"features": {"label": feature, "text": {"dtype": "string"}}}})}
    pq.write_table(table.replace_schema_metadata(stored), tmp_path / "news.parquet")
    boolq = {"huggingface": json.dumps({"info": {"features": {"label": feature | {"names": ["False", "True"]}}}})}
    pq.write_table(table.replace_schema_metadata(boolq), tmp_path / "boolq.parquet")
    assert [problem.answer for problem in load(str(tmp_path / "boolq.parquet")).problems] == ["no", "yes", None]
    problems = load(str(tmp_path / "news.parquet")).problems
    assert [problem.answer for problem in problems] == ["World", "Sports", None]
    assert problems[0].metadata == {"label": 0, "topic": 1}


def test_objects_by_their_ids_are_rows(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"7": {"question": "a"}, "x": {"question": "b", "image": ""}}))
    assert [problem.problem_id for problem in load(str(tmp_path / "a.json")).problems] == ["7", "x"]
    rows = {"B/1": {"task_id": "B/1", "prompt": "a"}, "B/2": {"task_id": "B/2", "prompt": "b"}}
    (tmp_path / "b.json").write_text("\ufeff" + json.dumps(rows), encoding="utf-8")
    first = load(str(tmp_path / "b.json")).problems[0]
    assert (first.problem_id, first.metadata) == ("B/1", {})
    (tmp_path / "c.json").write_text(json.dumps({"k1": {"id": 1, "question": "a"}}))
    assert load(str(tmp_path / "c.json")).problems == (Problem("1", "a", None, None, {"key": "k1"}),)
    (tmp_path / "d.json").write_text(json.dumps({"1": {"question": "a"}, "7": {"question": " "}}))
    with pytest.raises(UsageError, match=r'd.json key "7": the question field "question" is empty'):
        load(str(tmp_path / "d.json"))


IMAGES: dict[str, Any] = {
    "image": "images/1.jpg",
    "images": ["a.png"],
    "decoded_image": {"bytes": "AP8=", "path": None},
    "image_url": "https://example.org/a.png",
    "image_1": {"bytes": None, "path": "a.png"},
    "figure": {"bytes": "AP8=", "path": None},
    "picture": "data:image/png;base64,AP8=",
    "prompt": [{"role": "user", "content": [{"type": "text", "text": Q}, {"type": "image_url", "image_url": "a"}]}],
}  # fmt: skip
NO_IMAGES: dict[str, Any] = {
    "image": None,
    "images": [],
    "decoded_image": {"bytes": None, "path": None},
    "image_url": "",
    "image_1": [None],
    "image_count": "2",
    "imgs": 0,
    "image_path": False,
}


@pytest.mark.parametrize("field", list(IMAGES))
def test_an_image_is_refused_and_its_field_is_named(tmp_path: Path, field: str) -> None:
    with pytest.raises(
        UsageError, match=rf'set.jsonl line 2: the field "{field}" holds an image; questions with images'
    ):
        load(lines(tmp_path, {"question": "a"}, {"question": Q, field: IMAGES[field]}))


@pytest.mark.parametrize("field", list(NO_IMAGES))
def test_a_field_without_an_image_may_have_any_name(tmp_path: Path, field: str) -> None:
    assert read(tmp_path, {"question": Q, field: NO_IMAGES[field]}).metadata == {field: NO_IMAGES[field]}


REFUSED = {
    "an answer that is no option": (
        {"question": Q, "choices": TEXTS, "answer": "85"},
        'the gold answer "85" of the field "answer" is neither letter, text nor position of one of its options',
    ),
    "a letter beyond the options": ({"question": Q, "choices": TEXTS, "answer": "D"}, 'the gold answer "D"'),
    "options without letters": ({"question": Q, "choices": [str(n) for n in range(27)], "answer": 1}, "has 27 options"),
    "options that cannot be read": (
        {"question": Q, "options": "a ) 84 , b ) 72", "answer": "a"},
        'the field "options" is "a ) 84 , b ) 72"; a list of options is expected, as JSON',
    ),
    "a conversation": (
        {"prompt": [USER, {"role": "assistant", "content": "84"}, USER]},
        "holds the messages user, assistant, user; one user message is expected",
    ),
    "a conversation with the answer": ({"messages": [USER, {"role": "assistant", "content": "84"}]}, "holds the"),
    "a list that is no message": ({"question": [1, 2]}, 'the question field "question" holds a list; text is expected'),
    "an empty message": ({"prompt": [{"role": "user", "content": " "}]}, "holds a list; text is expected, or messages"),
    "a question that is an object": ({"question": {"a": 1}}, "holds a dict; text is expected"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(REFUSED))
def test_a_row_that_cannot_be_asked_or_judged_is_refused_in_one_line(tmp_path: Path, case: str) -> None:
    row, message = REFUSED[case]
    with pytest.raises(UsageError) as caught:
        read(tmp_path, row)
    assert message in str(caught.value)
    assert "set.jsonl line 1: " in str(caught.value)
    assert "\n" not in str(caught.value)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 5) | st.floats() | st.text("aAB1) $\\{}[]'\",.#", max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["text", "label", "value", "aliases", "role", "content", "number"]), inner)
        | st.dictionaries(st.sampled_from(["spans", "date", "bytes", "path", "stem", "choices", "type"]), inner)
    ),
    max_leaves=8,
)
KNOWN = [
    *("question", "prompt", "answer", "label", "options", "choices", "correct", "body", "context", "starter_code"),
    *("test_list", "input_output", "metadata", "answers_spans", "A", "B", "C", "option1", "option2", "image", "id"),
    *("incorrect_answers", "distractor1", "is_multiple_answer", "final_answer", "aliases", "reward_model", "test"),
]


@given(st.lists(st.dictionaries(st.sampled_from(KNOWN), JSON_VALUES, max_size=6), min_size=1, max_size=3))
def test_whatever_stands_in_a_file_it_is_problems_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    source = lines(tmp_path_factory.mktemp("fuzz"), *({"question": f"{n}?"} | row for n, row in enumerate(rows)))
    try:
        loaded = load(source, duplicates="keep")
    except UsageError as error:
        message = str(error)
    else:
        message = ""
        for problem in loaded.problems:
            assert problem.question
            assert all(answer.strip() for answer in problem.accepted)
            assert len(problem.answers) != 1
            assert problem.problem_hash
            without_gold(problem.metadata)
    assert "\n" not in message

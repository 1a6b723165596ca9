"""A problem with several accepted answers: a completion is correct if any of them counts, for every verifier."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

import samples
from samples.api import Lake
from samples.errors import UsageError
from samples.exchange.imports.load import load as import_file
from samples.problems.problems import Problem, load
from samples.rescore.rescore import rescore
from samples.verifiers import Verdict, verifier
from samples.verifiers.accepted import better, each_accepted, require_gold
from samples_schemas import PROBLEMS, Column, Table


def lines(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def imported(folder: Path, problems: list[dict[str, Any]], completions: list[tuple[Any, str]]) -> Lake:
    """Import completions to problems."""
    source = lines(folder / "p.jsonl", problems)
    rows = [
        {"problem_id": str(key), "sample_index": n, "completion": text} for n, (key, text) in enumerate(completions)
    ]
    lake = str(folder / "lake")
    import_file(lake, lines(folder / "s.jsonl", rows), "samples", name="a", dataset="d", problems=source)
    return samples.open(lake)


def judged(folder: Path, problems: list[dict[str, Any]], completions: list[tuple[Any, str]], spec: str) -> list[str]:
    """Import completions to problems, judge them, and return the statuses in the order of the completions."""
    lake = imported(folder, problems, completions)
    rescore(lake, spec, workers=1)
    found = lake.read("verdicts").to_pylist()
    return [row["status"] for row in sorted(found, key=lambda row: row["sample_index"])]


TWO = [{"id": 0, "question": "Round 6630.65.", "answer": ["6630.65", "6630"]}]
JUDGED = {
    "exact": (TWO, ["6630.65", "6630", "6631"], ["correct", "correct", "wrong"]),
    "numeric": (TWO, ["so 6630.65", "so 6630", "so 6631", "so"], ["correct", "correct", "wrong", "no_answer"]),
    "boxed-exact": (TWO, [r"\boxed{6630.65}", r"\boxed{6630}", r"\boxed{6630.650}"], ["correct", "correct", "wrong"]),
    "math": (TWO, [r"\boxed{6630.65}", r"\boxed{\frac{13260}{2}}", r"\boxed{6631}"], ["correct", "correct", "wrong"]),
    "paper-math": (TWO, [r"\boxed{6630.65}", r"\boxed{6630}", r"\boxed{7000}"], ["correct", "correct", "wrong"]),
    "choice": ([TWO[0] | {"answer": ["B", "(D)"]}], ["B", "Answer: D", "A"], ["correct", "correct", "wrong"]),
}


@pytest.mark.cases(3)
@pytest.mark.heavy
@pytest.mark.parametrize("name", list(JUDGED))
def test_every_verifier_accepts_each_of_the_answers(tmp_path: Path, name: str) -> None:
    problems, completions, expected = JUDGED[name]
    assert judged(tmp_path, problems, [(0, text) for text in completions], name) == expected


@pytest.mark.heavy
def test_an_accepted_answer_that_hangs_fails_or_dies_does_not_hide_one_that_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.py"
    own.write_text(
        "import os\n"
        "def mine(problem, completion):\n"
        "    if problem.answer == 'hang':\n        while True: pass\n"
        "    if problem.answer == 'die': os._exit(3)\n"
        "    if problem.answer == 'fail': raise ValueError('no')\n"
        "    assert len(problem.answers) in (0, 2)\n"
        "    return completion == problem.answer\n"
    )
    monkeypatch.setattr("samples.verifiers.user_function.UserFunction.seconds", 1.0)
    answers = [["hang", "a"], ["die", "a"], ["fail", "a"], ["a", "hang"], ["a", "b"], ["a"]]
    problems = [{"id": number, "question": str(number), "answer": one} for number, one in enumerate(answers)]
    completions = [(number, text) for number in range(len(answers)) for text in ("a", "x")]
    assert judged(tmp_path, problems, completions, f"{own}:mine") == [
        *("correct", "timeout"),
        *("correct", "error"),
        *("correct", "error"),
        *("correct", "timeout"),
        *("correct", "wrong"),
        *("correct", "wrong"),
    ]


@pytest.mark.heavy
def test_equal_answers_to_a_problem_of_several_accepted_ones_are_compared_once(tmp_path: Path) -> None:
    notes = tmp_path / "compared"
    own = tmp_path / "own.py"
    own.write_text(
        f"def mine(problem, completion):\n    open({str(notes)!r}, 'a').write(problem.answer)\n"
        "    return completion == problem.answer\n"
    )
    problems = [{"id": 0, "question": "?", "answer": ["1", "2", "3"]}]
    texts = ["1", "2", "9", "2", "9", "1", "9"]
    expected = ["correct" if text in "123" else "wrong" for text in texts]
    assert judged(tmp_path, problems, [(0, text) for text in texts], f"{own}:mine") == expected
    assert sorted(notes.read_text()) == sorted("1" + "12" + "123")
    assert rescore(samples.open(str(tmp_path / "lake")), f"{own}:mine", workers=1).verified == 0


def test_of_verdicts_on_several_answers_the_one_that_counts_is_the_verdict() -> None:
    wrong, half, error, right = Verdict("wrong"), Verdict("wrong", reward=0.5), Verdict("error"), Verdict("correct")
    assert better(None, wrong) == better(wrong, Verdict("no_answer")) == wrong
    assert better(wrong, half) == better(half, wrong) == half
    assert better(error, half) == better(half, error) == error
    assert better(error, right) == better(right, error) == right


def test_an_accepted_answer_that_a_verifier_cannot_use_is_left_out_and_none_is_refused() -> None:
    numeric = verifier("numeric")
    both = Problem("p", "?", "42", None, {}, ("42", "forty-two"))
    assert [one.answer for one in each_accepted(numeric, both)] == ["42"]
    require_gold(numeric, both)
    neither = Problem("p", "?", "x", None, {}, ("x", "y"))
    with pytest.raises(UsageError, match="has the gold answer 'x', which is not a number"):
        require_gold(numeric, neither)
    with pytest.raises(UsageError, match="no gold answer"):
        require_gold(numeric, Problem("p", "?", None, None, {}))
    assert each_accepted(verifier("code"), neither) == (neither,)


def test_the_hash_of_a_problem_with_one_answer_or_none_is_what_it_always_was() -> None:
    assert Problem("p", "What is 2+2?", "4", None, {"level": 2}).problem_hash == "0a37c1df0a515052"
    assert Problem("p", "What is 2+2?", None, None, {}).problem_hash == "513486fe90d030be"
    several = Problem("p", "?", "4", None, {}, ("4", "four"))
    one = Problem("p", "?", "4", None, {})
    turned = Problem("p", "?", "four", None, {}, ("four", "4"))
    assert len({several.problem_hash, one.problem_hash, turned.problem_hash}) == 3
    assert one.with_answers(["4", "4"]) == one
    assert one.with_answers(["4", "four", "4"]) == several


def without_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the program declare table problems as it was before the column `answers`."""
    columns = tuple(column for column in PROBLEMS.columns if not column.later)
    old = Table(PROBLEMS.name, PROBLEMS.meaning, columns, PROBLEMS.key, PROBLEMS.partition_by, PROBLEMS.sort_by)
    monkeypatch.setitem(samples.lake.tables.TABLES, "problems", old)
    monkeypatch.setattr("samples.runs.record.PROBLEMS", old)


@pytest.mark.heavy
def test_a_lake_written_before_the_column_answers_is_read_judged_exported_and_added_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = str(tmp_path / "lake")
    old = lines(tmp_path / "old.jsonl", [{"id": 0, "question": "1+1?", "answer": "2"}])
    sample = lines(
        tmp_path / "s.jsonl", [{"problem_id": "0", "completion": "2"}, {"problem_id": "0", "completion": "3"}]
    )
    with monkeypatch.context() as patched:
        without_answers(patched)
        import_file(place, sample, "samples", name="old", dataset="d", problems=old)
    log = DeltaTable(f"{place}/problems")
    assert "answers" not in [field.name for field in log.schema().fields]
    assert "answers" not in pq.read_schema(log.file_uris()[0]).names
    lake = samples.open(place)
    assert lake.read("problems")["answers"].to_pylist() == [None]
    assert [(row["answer"], row["answers"]) for row in lake.query("problems").dicts()] == [("2", None)]
    assert dict(rescore(lake, "numeric", workers=1).statuses) == {"correct": 1, "wrong": 1}
    assert lake.show("old", "0", 0).golds == ("2",)
    lake.export(str(tmp_path / "old.out.jsonl"))
    exported = [json.loads(line) for line in (tmp_path / "old.out.jsonl").read_text().splitlines()]
    assert {(row["gold"], row["golds"], row["problem_hash"]) for row in map(dict, exported)} == {
        ("2", None, load(old).problems[0].problem_hash)
    }
    assert DeltaTable(f"{place}/problems").version() == log.version()  # reading changes nothing

    new = lines(tmp_path / "new.jsonl", [{"id": 0, "question": "1+1?", "answer": "2"}, *[TWO[0] | {"id": 1}]])
    more = lines(
        tmp_path / "t.jsonl", [{"problem_id": "0", "completion": "2"}, {"problem_id": "1", "completion": "6630"}]
    )
    import_file(place, more, "samples", name="new", dataset="d", problems=new)
    lake = samples.open(place)
    assert "answers" in [field.name for field in DeltaTable(f"{place}/problems").schema().fields]
    assert [(row["problem_id"], row["answers"]) for row in lake.query("problems").dicts()] == [
        ("0", None),
        ("1", ["6630.65", "6630"]),
    ]
    assert dict(rescore(lake, "numeric", ["new"], workers=1).statuses) == {"correct": 2}
    assert rescore(lake, "numeric", workers=1).verified == 0
    assert lake.sql("SELECT problem_id FROM problems WHERE len(answers) = 2").dicts() == [{"problem_id": "1"}]
    assert samples.open(place, version=f"problems:{log.version()}").read("problems").num_rows == 1


@pytest.mark.heavy
@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_several_accepted_answers_survive_an_export_and_an_import(tmp_path: Path, form: str) -> None:
    problems = [TWO[0], {"id": 1, "question": "b", "answer": "#### 3"}, {"id": 2, "question": "c"}]
    lake = imported(tmp_path, problems, [(0, "6630"), (1, "3"), (2, "x")])
    file = str(tmp_path / f"out.{form}")
    lake.export(file)
    import_file(str(tmp_path / "copy"), file, "samples", name="b", dataset="d")
    columns = ["problem_id", "problem_hash", "question", "answer", "answers", "metadata"]
    copy = Lake(str(tmp_path / "copy"))
    assert copy.read("problems", columns).sort_by("problem_id") == lake.read("problems", columns).sort_by("problem_id")
    assert copy.show("b", "0", 0).golds == ("6630.65", "6630")
    if form == "parquet":
        assert pq.read_schema(file).field("golds").type == pa.list_(pa.string())


def test_a_list_of_alternatives_in_a_sample_file_gives_the_problem_that_a_problem_file_gives(tmp_path: Path) -> None:
    (problem,) = load(lines(tmp_path / "p.jsonl", TWO)).problems
    row = {"problem_id": "0", "question": TWO[0]["question"], "gold": TWO[0]["answer"], "completion": "6630"}
    place = str(tmp_path / "lake")
    import_file(place, lines(tmp_path / "s.jsonl", [row]), "samples", name="a", dataset="d")
    (stored,) = Lake(place).read("problems").to_pylist()
    assert (stored["problem_hash"], stored["answers"]) == (problem.problem_hash, ["6630.65", "6630"])


@pytest.mark.parametrize("gold", ["#### 18", "9 * 2\n#### 18", r"so $x = \boxed{18}$", "$18$", "18", 18, ["$18$"]])
def test_gold_answers_of_sample_files_are_extracted_as_those_of_problem_files(tmp_path: Path, gold: Any) -> None:
    (problem,) = load(lines(tmp_path / "p.jsonl", [{"id": 7, "question": "?", "answer": gold}])).problems
    row = {"problem_id": 7, "question": "?", "gold": gold, "completion": "18"}
    place, samples_file = str(tmp_path / "lake"), lines(tmp_path / "s.jsonl", [row, row | {"gold": "18"}])
    import_file(place, samples_file, "samples", name="a", dataset="d")
    import_file(place, samples_file, "samples", name="b", dataset="d", problems=str(tmp_path / "p.jsonl"))
    stored = Lake(place).read("problems").to_pylist()
    assert {row["answer"] for row in stored} == {problem.answer} == {"18"}
    if gold != 18:  # a number is text once it is read from a sample file
        assert {row["problem_hash"] for row in stored} == {problem.problem_hash}


def test_the_declared_column_answers_may_be_missing_and_no_other() -> None:
    assert [column.name for column in PROBLEMS.columns if column.later] == ["answers"]
    assert all(column.nullable for column in PROBLEMS.columns if column.later)
    assert Column("x", pa.string(), "x").later is False

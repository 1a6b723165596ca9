"""Bad files: each bad row gives one clear line, nothing of the file is in the lake, and there is no traceback."""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from samples.errors import UsageError
from samples.exchange.imports import FORMATS, reading
from samples.exchange.imports.check import check_files
from samples.exchange.imports.load import load
from samples.exchange.imports.reading import local_copies

GOOD = '{"problem_id": "p", "completion": "x"}\n'


def refused(tmp_path, data, form="samples", name="file.jsonl", **more):
    """Try to import a file, and return the error message without the path."""
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    with pytest.raises(UsageError) as refusal:
        load(str(tmp_path / "lake"), str(path), form, name="a", dataset="d", **more)
    assert not (tmp_path / "lake").exists()
    return str(refusal.value).replace(f"{path}", name)


def row(**fields):
    return json.dumps({"problem_id": "p", **fields}) + "\n"


ROWS = {
    "no JSON": ("{oops\n", "line 2: is not JSON: Expecting property name"),
    "no object": ("[1]\n", "line 2: is [1]; an object {…} with fields is expected"),
    "not UTF-8": (b'{"problem_id": "\xff"}\n', "line 2: is not UTF-8"),
    "too many digits": ('{"problem_id": ' + "9" * 5000 + "}\n", "line 2: cannot be read as JSON: Exceeds the limit"),
    "nested too deep": ("[" * 200_000 + "\n", "line 2: cannot be read as JSON"),
    "no problem": ('{"completion": "x"}\n', '"problem_id" is missing; the problem\'s id is expected'),
    "a blank problem": ('{"problem_id": " ", "completion": "x"}\n', '"problem_id" is " "'),
    "a problem of a wrong type": ('{"problem_id": ["p"], "completion": "x"}\n', '"problem_id" is ["p"]'),
    "nothing of a sample": (
        '{"problem_id": "q", "text": "x"}\n',
        (
            "has none of the fields sample_index, completion, error, status, correct, n; its fields are "
            '["problem_id", "text"]'
        ),
    ),
    "text of a wrong type": (row(completion=7), '"completion" is 7; text is expected'),
    "half a surrogate pair": (row(completion="\ud800"), '"completion" holds half of a surrogate pair'),
    "half a pair in an id": ('{"problem_id": "\\udc00", "completion": "x"}\n', '"problem_id" holds half'),
    "a broken index": (row(sample_index=1.5), '"sample_index" is 1.5; a whole number from 0 to 2147483647'),
    "an index below 0": (row(sample_index=-1), '"sample_index" is -1'),
    "an index too large": (row(sample_index=2**31), '"sample_index" is 2147483648'),
    "an index that is true": (row(sample_index=True), '"sample_index" is true'),
    "correctness by half": (row(correct=0.5), '"correct" is 0.5; true, false, 1 or 0 is expected'),
    "correctness in words": (row(correct="yes"), '"correct" is "yes"'),
    "an unknown status": (row(status="right"), '"status" is "right"; one of correct, wrong, no_answer, timeout, error'),
    "status against correct": (row(status="wrong", correct=True), '"status" is "wrong" and "correct" is true'),
    "an answer without a verdict": (row(completion="x", answer="2"), 'has "answer" but neither "status" nor "correct"'),
    "an error with a verdict": (
        row(error="boom", correct=False),
        "has both an error and a verdict; leave out one of them",
    ),
    "an infinite reward": (row(correct=True, reward=float("inf")), '"reward" is Infinity; a finite number is expected'),
    "a reward too large": ('{"problem_id":"p","correct":true,"reward":1' + "0" * 400 + "}\n", "a finite number is"),
    "token ids that are none": (row(completion="x", token_ids=[1, -2]), "a list of token ids is expected"),
    "token ids in a text": (row(completion="x", token_ids="1 2"), '"token_ids" is "1 2"; a list is expected'),
    "log-probs that are none": (row(completion="x", token_logprobs=[None]), "log-probs (numbers) is expected"),
    "log-probs beyond float32": (row(completion="x", token_logprobs=[-1e300]), "a list of log-probs is expected"),
    "tokens that do not fit": (
        row(completion="x", token_ids=[1, 2], token_logprobs=[-1.0]),
        "its token counts disagree: 2 by token_ids, 1 by token_logprobs",
    ),
    "tokens without a completion": (row(sample_index=5, token_ids=[1]), 'has tokens but no "completion"'),
    "a sample twice": (row(sample_index=0, completion="y"), 'sample 0 of problem "p" appears twice (first on line 1)'),
    "counts of a problem with samples": (
        row(n=4, c=2),
        '"p" has counts here and has samples on line 1; leave out one of them',
    ),
    "counts and a sample in one": (row(n=4, c=2, correct=True), "holds counts (n, c) and a sample"),
    "more right than judged": ('{"problem_id": "q", "n": 4, "c": 5}\n', "n is 4 and c is 5"),
    "half of the counts": ('{"problem_id": "q", "n": 4}\n', "n is 4 and c is None"),
}


@pytest.mark.parametrize("case", list(ROWS))
def test_a_bad_row_is_named_with_its_line(tmp_path, case):
    data, expected = ROWS[case]
    said = refused(tmp_path, GOOD.encode() + (data if isinstance(data, bytes) else data.encode()))
    first, *rest = said.splitlines()
    assert first.startswith("file.jsonl line 2: ")
    assert expected in first
    assert rest == ["nothing was imported"]


def test_the_first_ten_bad_rows_are_told_and_the_others_counted(tmp_path):
    said = refused(tmp_path, GOOD + "{oops\n\n" * 25).splitlines()
    assert [line.partition(":")[0] for line in said[:10]] == [f"file.jsonl line {n}" for n in range(2, 22, 2)]
    assert said[10:] == ["… and 15 more", "nothing was imported"]


def test_rows_of_a_problem_that_disagree_are_both_named(tmp_path):
    rows = [row(completion="x", question="1?", gold="1"), row(completion="y"), row(completion="z", gold="2")]
    assert 'line 3: problem "p" has the gold answer "2" here and "1" on line 1' in refused(tmp_path, "".join(rows))
    rows[2] = row(completion="z", question="2?")
    assert 'line 3: problem "p" has another question than on line 1' in refused(tmp_path, "".join(rows))


def test_rows_of_two_runs_are_not_mixed(tmp_path):
    said = refused(tmp_path, row(completion="x", run="a") + row(completion="y", run="b"))
    assert said == (
        'file.jsonl line 2: run is "b", but "a" in the rows before; samples export --run writes one run to a file'
    )


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        (
            "file.txt",
            b"x",
            ": unknown extension; known are .jsonl, .json, .csv, .yaml, .yml, .parquet, .arrow, .eval, and .gz",
        ),
        ("file.jsonl", b"\n\n", ": holds no samples"),
        ("file.jsonl.gz", b"x", ": is not a complete gzip file"),
        ("file.jsonl.gz", gzip.compress(GOOD.encode() * 1000, mtime=0)[:-20], ": is not a complete gzip file"),
        ("file.parquet", b"PAR1", ": is not a complete Parquet file"),
        ("file.eval", b"PK", ": is not a complete .eval file"),
        ("file.json", b"", ": is empty; a list or an object is expected"),
        ("file.json", b"\xff\xfe", ": is not UTF-8"),
        ("file.json", b'"x"', ': begins with """; a list or an object is expected'),
        ("file.json", b"[]", ": holds no samples"),
        ("file.json", b'{"samples": 3}', ' row 1: "problem_id" is missing'),
        ("file.json", b'{"samples" []}', ' line 1 column 12: is not JSON: ":" is expected, found "["'),
        (
            "file.json",
            b'[{"problem_id": "p", "completion": "x"}',
            ' line 1 column 40, after row 1: is not JSON: "," is expected, found the end of the file',
        ),
        (
            "file.json",
            b'[{"problem_id": "p", "completion": "x"},\n {"a"',
            " line 2 column 6, after row 1: is not JSON: Expecting ':' delimiter",
        ),
        ("file.json", b"[" + b"9" * 5000 + b"]", " line 1 column 2: cannot be read as JSON: Exceeds the limit"),
        ("file.json", b"[1", ' line 1 column 3, after row 1: is not JSON: "," is expected, found the end of the file'),
    ],
)
def test_a_file_that_is_not_what_it_says_is_named(tmp_path, name, data, expected):
    assert refused(tmp_path, data, name=name).startswith(f"{name}{expected}")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match="there is no such file"):
        load(str(tmp_path / "lake"), str(tmp_path / "absent.jsonl"), "samples", name="a", dataset="d")


def test_a_line_that_is_too_long_is_a_bad_row_and_the_reading_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "_LONGEST", 1 << 20)
    said = refused(tmp_path, row(completion="x" * (3 << 20)) + GOOD + "{oops\n").splitlines()
    assert said == [
        "file.jsonl line 1: is longer than 1 MB",
        "file.jsonl line 3: is not JSON: Expecting property name enclosed in double quotes at column 2",
        "nothing was imported",
    ]


def test_a_json_value_that_is_too_long_ends_the_reading(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "_LONGEST", 1 << 20)
    said = refused(tmp_path, "[" + GOOD + "," + row(completion="x" * (5 << 20)), name="file.json")
    assert said == "file.json line 2 column 2, after row 1: is not JSON, or longer than 1 million characters"


def test_a_completion_of_ten_megabytes_is_none_the_worse_for_it(tmp_path):
    (tmp_path / "file.jsonl").write_text(row(completion="é" * 10_000_000))
    summary = load(str(tmp_path / "lake"), str(tmp_path / "file.jsonl"), "samples", name="a", dataset="d")
    assert (summary.samples, summary.completions) == (1, 1)


def test_wrong_types_in_parquet_are_bad_rows_too(tmp_path):
    table = pa.table({"problem_id": ["p"], "completion": pa.array([b"\xff"], pa.binary())})
    pq.write_table(table, tmp_path / "table.parquet")
    assert 'file.parquet row 1: "completion" is' in refused(
        tmp_path, (tmp_path / "table.parquet").read_bytes(), name="file.parquet"
    )


OTHERS = {
    "human-eval without a completion": ("human-eval", {"task_id": "t"}, '"completion" is missing'),
    "human-eval without a task": ("human-eval", {"completion": "x"}, '"task_id" is missing'),
    "qwen-math without completions": ("qwen-math", {"idx": 0}, '"code" is missing'),
    "qwen-math with too few scores": (
        "qwen-math", {"idx": 0, "code": ["a", "b"], "score": [True]}, '"score" has 1 values, "code" has 2',
    ),
    "qwen-math with a hole": ("qwen-math", {"idx": 0, "code": ["a", None]}, "code[1] is missing"),
    "lm-eval without a document": ("lm-eval", {"resps": [["x"]]}, '"doc_id" is missing'),
    "lm-eval with a graded metric": (
        "lm-eval", {"doc_id": 0, "resps": [["x"]], "metrics": ["f1"], "f1": 0.5}, '"f1" is 0.5; true, false, 1 or 0',
    ),
    "inspect with a list as a value": (
        "inspect", {"id": 1, "epoch": 1, "scores": {"s": {"value": [1]}}}, 'the value of score "s" is [1]',
    ),
    "inspect with epoch 0": ("inspect", {"id": 1, "epoch": 0}, '"epoch" is 0'),
    "nemo-skills without a generation": ("nemo-skills", {"problem": "?"}, '"generation" is missing'),
    "nemo-skills without a problem": ("nemo-skills", {"generation": "x"}, "nothing says which problem it is"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(OTHERS))
def test_a_bad_row_of_another_tool_is_named_too(tmp_path, case):
    form, values, expected = OTHERS[case]
    said = refused(tmp_path, json.dumps(values), form)
    assert said.startswith("file.jsonl line 1: ")
    assert expected in said


@pytest.mark.parametrize("form", ["samples", "human-eval", "qwen-math", "lm-eval", "inspect", "nemo-skills"])
@pytest.mark.parametrize("value", [None, True, 3, -1.5, "x", [], [[]], {}, {"x": {}}, [None]])
def test_no_value_in_any_field_is_a_traceback(tmp_path, form, value):
    fields = """
        problem_id sample_index completion token_ids token_logprobs tokens status correct n c question gold error
        task_id passed result idx code pred score gt doc_id doc resps filtered_resps metrics filter target acc id
        epoch input output scores attachments problem generation predicted_answer is_correct judgement model run
    """
    whole = {
        "problem_id": "p", "completion": "x", "task_id": "t", "idx": 0, "code": ["a"], "doc_id": 0, "id": 1, "epoch": 1,
        "generation": "x", "problem": "?", "output": {"choices": [{"message": {"content": "x"}}]},
    }  # fmt: skip
    path = tmp_path / "file.jsonl"
    for field in fields.split():
        path.write_text(json.dumps({**whole, field: value}))
        try:
            with local_copies([str(path)]) as sources:
                check_files(sources, FORMATS[form], None, lambda _doing, _rows: None)
        except UsageError as error:
            assert str(path) in str(error)  # noqa: PT017 - many are fine, and none may raise anything else

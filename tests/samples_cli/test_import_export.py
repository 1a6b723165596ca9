"""`samples import` and `samples export`, as a person types them."""

import json
import subprocess
import sys

import pytest

QWEN = [
    {
        "idx": n, "question": f"{n} + 1?", "gt": str(n + 1),
        "code": ["a", "b"], "pred": [str(n + 1), "0"], "score": [True, False],
    }
    for n in range(3)
]  # fmt: skip


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "aime24.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in QWEN))
    return path


def imports(samples, tmp_path, file, *more, name="base-7b"):
    given = ("--format", "qwen-math", "--name", name, "--dataset", "aime24", "--lake", tmp_path / "lake")
    return samples("import", file, *given, *more)


def test_import_says_on_stderr_what_it_added_and_then_that_nothing_is_new(samples, tmp_path, file):
    code, out, err = imports(samples, tmp_path, file, "--label", "role=base")
    assert (code, out) == (0, "")
    last = err.strip().splitlines()[-1]
    assert last.endswith("of aime24: 3 problems, 6 samples, 6 verdicts of imported (3 correct, 3 wrong)")
    code, _, err = imports(samples, tmp_path, file, name="other")
    assert code == 2
    assert err.strip().splitlines()[-1].endswith("and a run has one name: repeat the command with --name base-7b")
    code, _, err = imports(samples, tmp_path, file)
    assert (code, err.strip().splitlines()[-1]) == (
        0,
        "no samples, verdicts or counts were added: all of them were there already",
    )


def test_a_longer_file_of_the_same_run_is_added_to_it(samples, tmp_path, file):
    imports(samples, tmp_path, file)
    third = {"code": ["a", "b", "c"], "score": [True, False, False]}
    more = [{**row, **third, "pred": [*row["pred"], "0"]} for row in QWEN]
    file.write_text("".join(json.dumps(row) + "\n" for row in [*more, {**QWEN[0], "idx": 3, "question": "new?"}]))
    code, _, err = imports(samples, tmp_path, file)
    assert code == 0, err
    rows = json.loads(samples("query", "runs", "--lake", tmp_path / "lake", "--format", "json")[1])
    assert [(row["run"], row["problems"], row["samples"]) for row in rows] == [("base-7b", 4, 11)]


def test_an_imported_run_answers_questions_like_a_sampled_one(samples, tmp_path, file):
    imports(samples, tmp_path, file, "--label", "role=base")
    lake = ("--lake", tmp_path / "lake")
    (run,) = json.loads(samples("query", "runs", *lake, "--format", "json")[1])
    assert (run["run"], run["engine"], run["problems"], run["samples"]) == ("base-7b", "imported", 3, 6)
    rows = json.loads(samples("query", "pass_at_k", *lake, "--format", "json")[1])
    assert [(row["verifier"], row["k"], row["pass_at_k"]) for row in rows] == [
        ("imported", 1, 0.5),
        ("imported", 2, 1.0),
    ]
    shown = samples("show", "base-7b", "1", 0, *lake)[1]
    assert "imported (version qwen-math-" in shown
    assert "unknown tokens, finish reason unknown" in shown


def test_a_sample_without_text_is_shown_as_one(samples, tmp_path):
    (tmp_path / "x.jsonl").write_text('{"problem_id": "p", "correct": true}\n')
    lake = ("--lake", tmp_path / "lake")
    samples("import", tmp_path / "x.jsonl", "--format", "samples", "--name", "a", "--dataset", "d", *lake)
    code, out, _ = samples("show", "a", "p", 0, *lake)
    assert code == 0
    assert "(the imported file has no text)" in out
    assert json.loads(samples("show", "a", "p", 0, "--json", *lake)[1])["token_ids"] is None
    assert samples("status", "a", *lake)[1].splitlines()[1] == "1 samples, unknown tokens, 0 errors"


def test_bad_rows_are_a_line_each_and_nothing_is_imported(samples, tmp_path, file):
    file.write_text(file.read_text() + "{oops\n" + json.dumps({**QWEN[0], "gt": "7"}) + "\n")
    code, out, err = imports(samples, tmp_path, file)
    assert (code, out) == (2, "")
    assert err.strip().splitlines()[-3:] == [
        f"samples: {file} line 4: is not JSON: Expecting property name enclosed in double quotes at column 2",
        f'{file} line 5: problem "0" has the gold answer "7" here and "1" on line 1',
        "nothing was imported",
    ]
    assert not (tmp_path / "lake").exists()


def test_import_says_which_format_and_fields_it_found(samples, tmp_path, file):
    given = ("--name", "a", "--dataset", "d", "--lake", tmp_path / "lake")
    code, out, err = samples("import", file, *given)
    assert (code, out) == (0, "")
    assert err.strip().splitlines()[-2] == "format: qwen-math"
    rows = [{"ask": "2 + 2?", "out": {"said": text}, "score": {"ok": text == "4"}} for text in "45"]
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    more = ("--field", "completion=out.said", "--field", "question=ask", "--score", "score.ok")
    code, _, err = samples("import", tmp_path / "x.jsonl", *more, *given[2:], "--name", "b")
    assert code == 0, err
    assert err.strip().splitlines()[-2] == "format: rows (completion=out.said, question=ask, score=score.ok)"
    assert err.strip().endswith("2 verdicts of imported (1 correct, 1 wrong)")
    code, _, err = samples("import", tmp_path / "x.jsonl", *given[2:], "--name", "c")
    assert code == 2
    assert "no field looks like completions: there are ask, out, score, out.said, score.ok" in err


def test_import_takes_several_files_and_says_what_it_leaves_out(samples, tmp_path):
    (tmp_path / "out").mkdir()
    for seed in (2, 10):
        row = {**QWEN[0], "code": [f"seed {seed}"], "pred": ["1"], "score": [True]}
        (tmp_path / "out" / f"seed{seed}.jsonl").write_text(json.dumps(row))
    (tmp_path / "out" / "\x1b[31mlog.txt").write_text("x")
    given = ("--name", "a", "--dataset", "d", "--lake", tmp_path / "lake", "--json")
    code, _, err = samples("import", tmp_path / "out", *given)
    assert code == 0, err
    done = json.loads(err.strip().splitlines()[-1])
    assert (done["form"], done["samples"], len(done["notes"])) == ("qwen-math", 2, 1)
    assert "\x1b" not in samples("import", tmp_path / "out", *given[:-1])[2]
    text = samples("show", "a", "0", 1, "--lake", tmp_path / "lake")[1]
    assert "seed 10" in text


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("x", "expected key=value"),
        ("said=x", "--field said=x: no such role"),
        ("completion=y", "no row has such a field"),
    ],
)
def test_a_bad_field_is_one_line(samples, tmp_path, field, expected):
    (tmp_path / "x.jsonl").write_text('{"question": "?", "response": "4"}')
    given = ("--name", "a", "--dataset", "d", "--lake", tmp_path / "lake", "--field", field)
    code, out, err = samples("import", tmp_path / "x.jsonl", *given)
    assert (code, out) == (2, "")
    assert expected in err.strip().splitlines()[-1]


def test_a_name_that_means_another_run_is_refused(samples, tmp_path, file):
    imports(samples, tmp_path, file)
    file.write_text(json.dumps({**QWEN[0], "code": ["other", "b"]}))
    code, _, err = imports(samples, tmp_path, file)
    assert code == 2
    assert err.strip().endswith("is not that of run base-7b, which has this name: give the file another --name")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (("--format", "csv"), "--format csv: expected one of samples, human-eval"),
        (("--label", "x"), "expected key=value"),
        (("--score", "x"), "no score"),
    ],
)
def test_a_bad_option_is_one_line(samples, tmp_path, file, more, expected):
    code, out, err = imports(samples, tmp_path, file, *more)
    assert (code, out) == (2, "")
    assert expected in err.strip().splitlines()[-1]


def test_export_and_import_say_the_same(samples, lake, tmp_path):
    for kind in ("jsonl", "parquet"):
        code, out, err = samples("export", "--run", "toys", "--lake", lake.uri, "-o", tmp_path / f"x.{kind}")
        assert (code, out) == (0, "")
        assert "30 samples of toys, with verdicts of numeric" in err
        given = ("--format", "samples", "--name", kind, "--dataset", "sums", "--lake", lake.uri)
        assert samples("import", tmp_path / f"x.{kind}", *given)[0] == 0
    asked = ("query", "pass_at_k", "--ks", "1,10", "--verifier", "numeric", "--lake", lake.uri, "--format", "json")
    rows = json.loads(samples(*asked)[1])
    assert {row["run"] for row in rows} == {"toys", "jsonl", "parquet"}
    assert len({(row["k"], row["pass_at_k"]) for row in rows}) == 2


def test_export_on_stdout_is_json_lines_and_nothing_else(samples, lake):
    code, out, _ = samples("export", "--run", "toys", "--no-tokens", "--lake", lake.uri)
    rows = [json.loads(line) for line in out.splitlines()]
    assert (code, len(rows)) == (0, 30)
    assert "token_ids" not in rows[0]


def test_export_replaces_a_file_only_when_told_to(samples, lake, tmp_path):
    (tmp_path / "x.jsonl").write_text("mine")
    code, _, err = samples("export", "--lake", lake.uri, "-o", tmp_path / "x.jsonl")
    assert code == 2
    assert "--force" in err.strip().splitlines()[-1]
    assert (tmp_path / "x.jsonl").read_text() == "mine"
    assert samples("export", "--force", "--lake", lake.uri, "-o", tmp_path / "x.jsonl")[0] == 0
    assert len((tmp_path / "x.jsonl").read_text().splitlines()) == 30


def test_a_reader_that_has_seen_enough_ends_the_export_quietly(lake):
    program = [sys.executable, "-c", "from samples_cli.main import main; main()", "export", "--lake", lake.uri]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr
        assert b"Traceback" not in process.stderr.read()

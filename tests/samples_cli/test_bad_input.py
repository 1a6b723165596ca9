"""What a person gets who asks for something that cannot be: one clear line, exit code 2 (or 1), nothing lost."""

import json
import os
from pathlib import Path

import pytest


def ingest(samples, problems, tmp_path, *more):
    model = () if "--model" in more else ("--engine", "toy", "--model", "toy")
    k = () if "--k" in more else ("--k", 4)
    lake = () if "--lake" in more else ("--lake", tmp_path / "lake")
    return samples("ingest", problems, *model, *k, *lake, *more)


def last_line(err):
    lines = err.strip().splitlines()
    assert "Traceback" not in err
    return lines[-1]


def file_of(tmp_path, text, name="p.jsonl"):
    path = tmp_path / name
    path.write_text(text)
    return path


GOOD = '{"id": "a", "question": "1 + 1?", "answer": "2"}\n'

FILES = {
    "a line that is not JSON": (GOOD + "{oops\n", "p.jsonl line 2"),
    "duplicate ids": (GOOD + GOOD, 'problem_id "a" appears twice (first on line 1)'),
    "no question field": ('{"id": 1, "colour": "red", "taste": "sweet"}\n', "colour"),
    "an empty set": ("", "holds no problems"),
    "an empty question": (GOOD + '{"id": "b", "question": ""}\n', "line 2"),
}


@pytest.mark.parametrize("case", list(FILES))
def test_a_bad_problem_file_is_named_with_its_line(samples, tmp_path, case):
    text, expected = FILES[case]
    code, out, err = ingest(samples, file_of(tmp_path, text), tmp_path)
    assert (code, out) == (2, "")
    assert expected in last_line(err)
    assert not (tmp_path / "lake").exists()


OPTIONS = {
    "k below 1": (("--k", 0), "--k 0"),
    "replicas upside down": (("--replicas", "4..2"), "--replicas 4..2"),
    "replicas of no number": (("--replicas", "many"), "expected MIN..MAX"),
    "a label without a value": (("--label", "qwen"), "--label qwen: expected key=value"),
    "a share above 1": (("--top-p", "1.5"), "--top-p 1.5: expected a number above 0, up to 1"),
    "a penalty of no number": (("--presence-penalty", "x"), "--presence-penalty x: expected a number from -2 to 2"),
    "an engine that is almost there": (("--engine", "transformer"), 'did you mean "transformers"?'),
    "an option that is almost there": (("--temprature", "1"), 'no option --temprature (did you mean "--temperature"'),
    "a unit that is too large": (("--unit", 65), "expected 1 to 64"),
    "an unknown verifier": (("--verifier", "nope"), 'verifier "nope" is not known: choose one of exact, numeric'),
    "packages for a verifier without programs": (
        ("--verifier", "numeric", "--packages", "/tmp"),
        "verifier numeric runs no programs: --packages is for code",
    ),
    "packages that are not there": (
        ("--verifier", "code", "--packages", "no/such"),
        "--packages no/such: No such file",
    ),
    "packages without a verifier": (("--packages", "/tmp"), "name a --verifier"),
    "a sandbox without a verifier": (("--sandbox",), "name a --verifier"),
    "an unknown lake scheme": (("--lake", "ftp://x/y"), "unknown scheme ftp; use a local folder or one of"),
    "a lake below a file": (("--lake", "/dev/null/lake"), "/dev/null/lake"),
    "a template that is not there": (("--template", "no.jinja"), "no.jinja"),
    "a field that is not there": (("--answer-field", "gold"), "gold"),
    "a model that is not there": (("--model", "./no/such/model"), 'model "./no/such/model": there is no such folder'),
}


@pytest.mark.parametrize("case", list(OPTIONS))
def test_a_bad_option_is_one_line(samples, tmp_path, case):
    more, expected = OPTIONS[case]
    code, out, err = ingest(samples, file_of(tmp_path, GOOD), tmp_path, *more)
    assert code == (1 if case == "a lake below a file" else 2), err
    assert out == ""
    assert expected in last_line(err)


def test_a_missing_file_is_named(samples, tmp_path):
    code, _, err = ingest(samples, tmp_path / "absent.jsonl", tmp_path)
    assert code == 2
    assert "absent.jsonl" in last_line(err)


def test_a_gold_answer_that_the_verifier_cannot_use_is_refused_before_sampling(samples, tmp_path):
    path = file_of(tmp_path, '{"id": "a", "question": "?", "answer": "x+1"}\n')
    code, _, err = ingest(samples, path, tmp_path, "--verifier", "numeric")
    assert code == 2
    assert "'x+1'" in last_line(err)
    assert not (tmp_path / "lake").exists()


def test_a_name_that_means_another_run_says_what_differs(samples, lake, sums):
    code, _, err = ingest(samples, sums, None, "--lake", lake.uri, "--name", "toys", "--temperature", "0.5")
    assert code == 2
    assert "sampling.temperature 1.0 -> 0.5" in last_line(err)


def test_a_dry_run_prints_the_plan_and_the_first_prompt_and_starts_nothing(samples, tmp_path, sums):
    code, out, _ = ingest(samples, sums, tmp_path, "--dry-run", "--k", 100)
    assert code == 0
    assert "300 samples wanted, 0 already there, 300 to draw in 6 units" in out
    assert "What is 0 + 1?" in out
    assert not (tmp_path / "lake").exists()


def test_a_dry_run_shows_the_first_problem_as_it_will_be_used_and_the_fields_that_nothing_is_made_of(samples, tmp_path):
    row = {"id": 1, "question": "?", "choices": ["x", "y"], "answer": 1, "level": 5, "tests": ["assert 1"] * 99}
    path = file_of(tmp_path, json.dumps(row) + "\n")
    code, out, _ = ingest(samples, path, tmp_path, "--dry-run", "--verifier", "choice", "--template", "plain")
    assert code == 0
    assert "first problem (id 1)\nquestion: ?\n\nA) x\nB) y\nanswer: B\ntests: [" in out
    assert "… (1,188 characters)" in out
    assert 'metadata: {"question": "?", "choices": ["x", "y"], "answer": 1, "level": 5}' in out
    assert "fields of the file that are kept as metadata and used for nothing: level\n" in out
    path.write_text('{"question": "?", "answer": ["4", "four"]}\n' * 2)
    code, out, _ = ingest(samples, path, tmp_path, "--dry-run", "--template", "plain", "--duplicates", "drop")
    assert 'accepted answers: "4" or "four"\ntests: none\n' in out
    assert "1 repeated ones left out" in out


def test_a_dry_run_of_a_top_up_counts_what_is_there(samples, lake, sums):
    more = ("--dry-run", "--k", 70, "--max-tokens", 100)
    _, out, _ = ingest(samples, sums, None, "--lake", lake.uri, *more)
    assert "210 samples wanted, 30 already there, 180 to draw in 6 units" in out


def test_a_lake_that_is_not_there_is_not_made_by_reading(samples, tmp_path):
    code, _, err = samples("runs", "--lake", tmp_path / "none")
    assert code == 2
    assert "no lake at" in last_line(err)
    assert not (tmp_path / "none").exists()


def test_a_file_is_no_lake(samples, lake, tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("x")
    for command in (("runs", "--lake", file), ("copy", lake.uri, file)):
        code, _, err = samples(*command)
        assert (code, last_line(err)) == (1, f"samples: {file} is a file, and a lake is a folder: name another place")
    assert file.read_text() == "x"


def test_a_lake_of_a_newer_format_is_refused(samples, lake):
    Path(lake.uri, "lake.json").write_text(json.dumps({"format": 99}))
    code, _, err = samples("runs", "--lake", lake.uri)
    assert code == 1
    assert "format 99" in last_line(err)
    assert "upgrade samples" in last_line(err)


def test_a_corrupted_log_is_named(samples, lake):
    Path(lake.uri, "samples/_delta_log/00000000000000000000.json").write_text("garbage{")
    code, _, err = samples("runs", "--lake", lake.uri)
    assert code == 1
    assert f"{lake.uri}/samples" in last_line(err)


UNKNOWN = {
    "run": (("show", "nope", "sum-0", 0), "runs there: toys"),
    "problem": (("show", "toys", "nope", 0), "such as sum-0, sum-1, sum-2"),
    "index": (("show", "toys", "sum-0", 10), "it has 10, from 0 to 9"),
    "run that is almost there": (("show", "toy", "sum-0", 0), 'did you mean "toys"?'),
    "query": (("query", "nope"), 'no query "nope": samples query lists the queries'),
    "query that is almost there": (("query", "pas_at_k"), 'did you mean "pass_at_k"?'),
    "query option": (("query", "pass_at_k", "--colour", "red"), "--colour"),
    "k": (("query", "pass_at_k", "--ks", "many"), "expected whole numbers"),
    "run of a query": (("query", "pass_at_k", "--runs", "nope"), "runs there: toys"),
    "run of a query that is almost there": (("query", "pass_at_k", "--runs", "toyz"), 'did you mean "toys"?'),
    "verifier that is almost there": (("query", "pass_at_k", "--verifier", "numerics"), 'did you mean "numeric"?'),
    "judge that is almost there": (("rescore", "--verifier", "numerik"), 'did you mean "numeric"?'),
    "command that is almost there": (("exprot",), 'no command "exprot" (did you mean "export"'),
}


@pytest.mark.parametrize("case", list(UNKNOWN))
def test_what_the_lake_does_not_hold_is_answered_with_what_it_holds(samples, lake, case):
    arguments, expected = UNKNOWN[case]
    code, out, err = samples(*arguments, "--lake", lake.uri)
    assert (code, out) == (2, "")
    assert expected in last_line(err)


def test_a_k_beyond_the_samples_says_how_to_get_there(samples, lake):
    code, out, err = samples("query", "pass_at_k", "--ks", "64", "--lake", lake.uri)
    assert (code, out) == (1, "")
    assert "-k 64 adds the missing ones" in last_line(err)
    code, out, err = samples("query", "pass_at_k", "--ks", "1,64", "--lake", lake.uri)
    assert (code, "k = 64 is left out" in err) == (0, True)


def test_what_is_used_wrongly_is_said_in_one_line_with_the_way_to_help(samples):
    code, out, err = samples("ingest", "--model", "m", "-k", "1")
    assert (code, out) == (2, "")
    assert err == "samples: PROBLEMS is missing. Try 'samples ingest --help'\n"
    _, _, err = samples("runs", "extra", "--lake", "unused")
    assert err == "samples: too many arguments: extra. Try 'samples runs --help'\n"
    _, _, err = samples("query", "pass_at_k", "--ks")
    assert err == "samples: --ks needs a value. Try 'samples query pass_at_k --help'\n"
    _, _, err = samples("runs")
    assert err == "samples: --lake is missing, and SAMPLES_LAKE is not set. Try 'samples runs --help'\n"


def test_sql_that_takes_too_long_ends_in_one_line(samples, lake):
    endless = "SELECT count(*) FROM range(1000000000) a, range(1000000000) b"
    code, out, err = samples("sql", endless, "--seconds", "0.5", "--lake", lake.uri)
    assert (code, out) == (1, "")
    assert err == (
        "samples: sql: the answer took more than 0.5 s and was stopped: ask for less, or allow more with --seconds\n"
    )


NEEDED = {
    "rescore": ("--verifier", "numeric"), "score": ("--model", "toy", "--engine", "toy"), "report": ("-o", "r.html"),
    "export": ("-o", "r.jsonl"), "check": (), "compact": (), "copy": ("FROM", "TO"),
}  # fmt: skip


@pytest.mark.parametrize("command", list(NEEDED))
def test_runs_from_a_file_that_is_not_there_or_no_run_at_all_are_one_line(samples, lake, tmp_path, command):
    places = {"FROM": lake.uri, "TO": str(tmp_path / "copy"), "r.html": str(tmp_path / "r.html")}
    more = [places.get(word, word) for word in NEEDED[command]]
    more += [] if command == "copy" else ["--lake", lake.uri]
    code, out, err = samples(command, *more, "--run", f"@{tmp_path / 'nothing'}")
    assert (code, out) == (2, "")
    assert "the file cannot be read: No such file or directory" in last_line(err)
    code, out, err = samples(command, *more, "--run", "")
    assert (code, out) == (2, "")
    assert last_line(err) == "samples: --run names no run: name one, or leave the option out"


UNNAMED = {  # what a script types whose variable is empty: none of the runs is not all of them, nor the only one
    "drop": ("drop", ""),
    "drop --undo": ("drop", "", "--undo"),
    "label": ("label", "", "x=1"),
    "status": ("status", ""),
    "show": ("show", "", "sum-1"),
    "export": ("export", "-o", "out.jsonl", "--run", ""),
    "query --runs": ("query", "pass_at_k", "--runs", ""),
    "query --runs ,": ("query", "lengths", "--runs", ","),
    "query --problems": ("query", "pass_at_k", "--problems", ""),
    "query --dataset": ("query", "pass_at_k", "--dataset", ""),
    "query, a filter": ("query", "problems", "--runs", ""),
    "sql": ("sql", "SELECT count(*) FROM runs", "--runs", ""),
    "plot": ("plot", "pass_at_k", "-o", "out.svg", "--runs", ""),
    "report": ("report", "-o", "out.html", "--problems", ""),
    "report --run": ("report", "-o", "out.html", "--run", ""),
    "check": ("check", "--run", ""),
    "copy": ("copy", "--run", "", "LAKE", "other"),
}


@pytest.mark.parametrize("case", list(UNNAMED))
def test_an_empty_name_is_refused_and_nothing_is_done(samples, lake, tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    typed = [lake.uri if word == "LAKE" else word for word in UNNAMED[case]]
    code, out, err = samples(*typed, *(() if "LAKE" in UNNAMED[case] else ("--lake", lake.uri)))
    assert (code, out) == (2, "")
    assert "empty" in last_line(err) or "names n" in last_line(err)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(("out", "other"))]
    assert [row["samples"] for row in lake.query("runs")] == [30]


WRITERS = {
    "vacuum": ("vacuum", "--older-than", "0d", "--yes"),
    "compact": ("compact",),
    "check": ("check",),
    "repair": ("repair", "--write"),
    "query": ("query", "runs"),
    "sql": ("sql", "SELECT 1"),
    "copy": ("copy", "LAKE", "other"),
}


@pytest.mark.parametrize(
    ("file", "said"), [("rows.xyz", "its ending names no format"), ("no/rows.csv", "there is no folder no")]
)
@pytest.mark.parametrize("case", list(WRITERS))
def test_an_output_that_cannot_be_written_is_refused_before_the_work(
    samples, lake, tmp_path, monkeypatch, case, file, said
):
    monkeypatch.chdir(tmp_path)
    (Path(lake.uri) / "samples" / "run_id=r0").mkdir()
    stray = Path(lake.uri) / "samples" / "run_id=r0" / "unit-00000000-0000000000000000.parquet"
    stray.write_bytes(b"PAR1")
    os.utime(stray, (0, 0))
    before = sorted(Path(lake.uri).rglob("*"))
    typed = [lake.uri if word == "LAKE" else word for word in WRITERS[case]]
    code, out, err = samples(*typed, "-o", file, *(() if "LAKE" in WRITERS[case] else ("--lake", lake.uri)))
    assert (code, out) == (2, "")
    assert said in last_line(err)
    assert sorted(Path(lake.uri).rglob("*")) == before
    assert not Path("other").exists()

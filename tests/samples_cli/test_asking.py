"""`samples query`, `sql` and `label`: options, formats, and what a mistake gets."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from samples_schemas import VIEWS


def objects(out: str) -> list[dict[str, object]]:
    return json.loads(out)


def noted(answer):
    """What the command line prints on stderr below an answer."""
    return "".join(f"note: {note}\n" for note in answer.notes)


def test_filters_of_the_command_line_are_those_of_the_library(samples, filled, tmp_path):
    (tmp_path / "ids.txt").write_text("p1\n\n p3 \n")
    for options, filters in (
        (["--where", "level=5"], {"where": {"level": 5}}),
        (["--where", "level=5", "--where", "level=1"], {"where": {"level": [5, 1]}}),
        (["--problems", "p1, p4"], {"problems": ["p1", "p4"]}),
        (["--problems", f"@{tmp_path}/ids.txt"], {"problems": ["p1", "p3"]}),
        (["--label", "role=rl"], {"labels": {"role": "rl"}}),
        (["--exclude-guessable", "a:0.3"], {"exclude_guessable": ("a", 0.3)}),
        (["--exclude-guessable", "a:0.3:v", "--dataset", "d"], {"exclude_guessable": ("a", 0.3)}),
    ):
        code, out, err = samples("query", "pass_at_k", *options, "--lake", filled.uri, "--format", "json")
        answer = filled.query("pass_at_k", **filters)
        assert (code, err) == (0, noted(answer))
        assert objects(out) == answer.dicts()


def test_sql_prints_rows_in_every_format(samples, filled):
    text = "SELECT run, count(*) AS n, nullif(run, 'a') AS other FROM samples GROUP BY run ORDER BY run"
    rows = filled.sql(text).dicts()
    code, out, err = samples("sql", text, "--lake", filled.uri)
    assert (code, err) == (0, "")
    assert [line.split() for line in out.splitlines()] == [
        ["run", "n", "other"],
        *([row["run"], str(row["n"]), row["other"] or "-"] for row in rows),
    ]
    _, out, _ = samples("sql", text, "--lake", filled.uri, "--format", "json")
    assert objects(out) == rows
    _, out, _ = samples("sql", text, "--lake", filled.uri, "--format", "jsonl")
    assert [json.loads(line) for line in out.splitlines()] == rows
    _, out, _ = samples("sql", text, "--lake", filled.uri, "--format", "csv")
    assert list(csv.DictReader(io.StringIO(out))) == [
        {"run": row["run"], "n": str(row["n"]), "other": row["other"] or ""} for row in rows
    ]
    command = [Path(sys.executable).with_name("samples"), "sql", text, "--lake", filled.uri, "--format", "parquet"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert pq.read_table(io.BytesIO(done.stdout)).to_pylist() == rows


def test_sql_takes_filters_and_limits(samples, filled):
    ask = ("sql", "SELECT count(*) AS n FROM samples", "--lake", filled.uri, "--format", "json")
    assert objects(samples(*ask)[1]) == [{"n": 30}]
    assert objects(samples(*ask, "--runs", "b", "--memory", "1GB", "--threads", 1)[1]) == [{"n": 14}]
    assert objects(samples(*ask, "--where", "level=1")[1]) == [{"n": 8}]


def test_describe_lists_the_views_or_the_columns_of_one(samples):
    code, out, err = samples("sql", "--describe", "--format", "json")
    assert (code, err) == (0, "")
    assert {row["view"] for row in objects(out)} == set(VIEWS)
    assert all(row["meaning"] for row in objects(out))
    _, out, _ = samples("sql", "--describe", "tallies", "--format", "json")
    assert [row["column"] for row in objects(out)] == VIEWS["tallies"].schema.names


def test_every_parameter_of_a_query_is_an_option(samples, filled):
    for options, parameters in (
        (["coverage", "--a", "a", "--b", "b", "--threshold", "2"], {"a": "a", "b": "b", "threshold": 2}),
        (["verdict_changes", "--from", "v@1", "--to", "v@1"], {"from": "v@1", "to": "v@1"}),
        (
            ["reliability", "--taus", "0.5,1", "--ks", "1..3", "--runs", "b,a"],
            {"taus": [0.5, 1], "ks": [1, 2, 3], "runs": ["b", "a"]},
        ),
        (["majority", "--minutes", "0.5", "--verifier", "v"], {"minutes": 0.5}),
        (["pass_at_k", "--by", "level", "--where", "level=5"], {"by": "level", "where": {"level": 5}}),
        (["coverage", "--a", "a", "--b", "b", "--by", "step"], {"a": "a", "b": "b", "by": "step"}),
        (["tokens_by_run", "--runs", "b"], {"runs": ["b"]}),
        (["problems", "--runs", "b"], {"runs": ["b"]}),  # a filter: the query has no such parameter
    ):
        code, out, err = samples("query", *options, "--lake", filled.uri, "--format", "json")
        answer = filled.query(options[0], **parameters)
        assert (code, err) == (0, noted(answer))
        assert objects(out) == json.loads(json.dumps(answer.dicts()))


def test_sql_may_come_from_a_file_or_stdin(samples, filled, tmp_path):
    (tmp_path / "count.sql").write_text("SELECT count(*) AS n\nFROM samples\n")
    assert objects(samples("sql", "-f", tmp_path / "count.sql", "--lake", filled.uri, "--format", "json")[1]) == [
        {"n": 30}
    ]
    for dash in (["-"], ["-f", "-"]):
        command = [sys.executable, "-m", "samples", "sql", *dash, "--lake", filled.uri, "--format", "json"]
        done = subprocess.run(command, input="SELECT 1 AS one", capture_output=True, text=True, check=True)
        assert objects(done.stdout) == [{"one": 1}]


def test_a_lake_is_asked_as_it_was(samples, lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    version = lake.version
    lakes.add_run(lake, "c", {"p1": "cw"})
    ask = ("sql", "SELECT count(*) AS n FROM runs", "--lake", lake.uri, "--format", "json")
    assert objects(samples(*ask)[1]) == [{"n": 3}]
    assert objects(samples(*ask, "--at", version)[1]) == [{"n": 2}]
    assert objects(samples(*ask, "--at", "2020-01-01")[1]) == [{"n": 0}]


def test_label_says_what_the_labels_are_now(samples, lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    assert samples("label", "b", "step=200", "seed=1", "algorithm=", "--lake", lake.uri) == (
        0,
        "",
        "b: family=q role=rl seed=1 step=200\n",
    )
    _, out, _ = samples("query", "runs", "--label", "step=200", "--lake", lake.uri, "--format", "json")
    assert [row["run"] for row in objects(out)] == ["b"]


MISTAKES = {
    "no SQL": (("sql",), "give one SELECT"),
    "SQL twice": (("sql", "SELECT 1", "-f", "x.sql"), "give one SELECT"),
    "an SQL file that is not there": (("sql", "-f", "nope.sql"), "nope.sql: the file cannot be read"),
    "a column that is almost there": (("sql", "SELECT toknes FROM samples"), 'did you mean "tokens"'),
    "a view that is almost there": (("sql", "SELECT * FROM talies"), 'did you mean "tallies"'),
    "no SELECT": (("sql", "DROP VIEW samples"), "SELECT"),
    "an unknown view": (("sql", "SELECT * FROM nope"), "nope"),
    "an unknown view to describe": (("sql", "--describe", "nope"), "views are problems"),
    "an unknown column": (("sql", "SELECT nope FROM samples"), "nope"),
    "no amount of memory": (("sql", "SELECT 1", "--memory", "much"), "an amount such as 2GB"),
    "no thread": (("sql", "SELECT 1", "--threads", "0"), "--threads 0: expected a whole number of at least 1"),
    "no version": (("sql", "SELECT 1", "--at", "never"), "expected a time"),
    "no pair": (("query", "pass_at_k", "--where", "level"), "--where level: expected key=value"),
    "an option that is almost there": (("query", "pass_at_k", "--k", "1"), 'no option --k (did you mean "--ks"?)'),
    "an option of before": (("query", "pass_at_k", "-p", "ks=1"), "no option -p. Try 'samples query pass_at_k --help'"),
    "no number": (("query", "coverage", "--a", "a", "--b", "b", "--threshold", "x"), "expected a whole number"),
    "no threshold": (("query", "pass_at_k", "--exclude-guessable", "a"), "RUN:THRESHOLD"),
    "a threshold that is no number": (("query", "pass_at_k", "--exclude-guessable", "a:b"), "RUN:THRESHOLD"),
    "a file of problems that is not there": (("query", "pass_at_k", "--problems", "@nope.txt"), "nope.txt"),
    "a problem that is not there": (("query", "pass_at_k", "--problems", "p9"), 'no problem "p9"'),
    "a label that is not there": (("query", "pass_at_k", "--label", "colour=red"), 'label "colour"'),
    "a run of coverage that is not there": (("query", "coverage", "--a", "a", "--b", "x"), "runs there: a, b"),
    "a parameter that is missing": (("query", "coverage", "--a", "a"), "--b is missing"),
    "a key that is almost there": (("query", "lengths", "--by", "lvel"), 'did you mean "level"'),
    "a question that has no groups": (("query", "majority", "--by", "level"), "no option --by"),
    "nothing to pool": (("query", "pass_at_k", "--pool", "step"), "only b of these runs has this label"),
    "no label": (("label", "a", "role"), "expected key=value"),
    "a run to label that is not there": (("label", "nope", "role=x"), "runs there: a, b"),
}


@pytest.mark.parametrize("case", list(MISTAKES))
def test_a_mistake_is_one_line_on_stderr_and_exit_code_2(samples, filled, case):
    arguments, said = MISTAKES[case]
    code, out, err = samples(*arguments, "--lake", filled.uri)
    assert (code, out) == (2, "")
    assert said in err.splitlines()[-1]
    assert "Traceback" not in err

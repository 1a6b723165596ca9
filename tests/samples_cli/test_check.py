"""`samples check` on the command line: exit codes, formats, and what a person reads."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def damage(lake) -> str:
    """Delete a file of completions."""
    file = max(Path(lake.uri, "completions").rglob("*.parquet"))
    file.unlink()
    return file.name


def test_a_healthy_lake_ends_with_0_and_a_damaged_one_with_1(samples, lake):
    code, out, err = samples("check", "--lake", lake.uri, "--format", "csv")
    assert (code, out.splitlines()) == (0, ["run,table,found,way_out,files,samples,level,first"])
    assert "nothing is wrong" in err
    assert samples("check", "--lake", lake.uri, "--quiet")[1:] == ("", "nothing is wrong\n")
    name = damage(lake)
    code, out, err = samples("check", "--lake", lake.uri, "--format", "json", "--quiet")
    (row,) = json.loads(out)
    assert code == 1
    assert (row["run"], row["table"], row["files"], row["samples"], row["level"]) == (
        "toys",
        "completions",
        1,
        10,
        "wrong",
    )
    assert name in row["first"]
    assert err.splitlines()[-2:] == ["1 finding", "note: not audited, because it cannot be read: run toys"]


def test_a_run_is_checked_alone_and_an_unknown_one_is_refused(samples, lake):
    assert samples("check", "--run", "toys", "--deep", "--lake", lake.uri)[0] == 0
    code, out, err = samples("check", "--run", "toyz", "--lake", lake.uri)
    assert (code, out) == (2, "")
    assert 'no run "toyz" (did you mean "toys"?)' in err


def test_progress_and_the_summary_are_events_where_that_is_asked_for(samples, lake):
    damage(lake)
    code, out, err = samples("check", "--lake", lake.uri, "--json", "--format", "jsonl")
    events = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    assert code == 1
    assert json.loads(out)["level"] == "wrong"
    assert {key: events[-1][key] for key in ("event", "command", "findings", "notes")} == {
        "event": "done", "command": "check", "findings": 1, "notes": 0,
    }  # fmt: skip


def test_no_lake_is_one_line(samples, tmp_path):
    code, out, err = samples("check", "--lake", tmp_path / "nowhere")
    assert (code, out) == (2, "")
    assert err.startswith("samples: no lake at")


@pytest.mark.heavy
def test_what_may_not_be_read_is_said_and_a_lake_that_may_only_be_read_is_checked(lake):
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    if drop and shutil.which("setpriv") is None:
        pytest.skip("needs setpriv, without which root may read everything")

    def check() -> subprocess.CompletedProcess[str]:
        command = [*drop, sys.executable, "-m", "samples", "check", "-q", "--format", "json", "--lake", lake.uri]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    folders = [Path(folder) for folder, _, _ in os.walk(lake.uri)]
    for folder in folders:
        folder.chmod(0o555)
    assert (check().returncode, check().stdout.strip()) == (0, "[]")
    file, log = max(Path(lake.uri, "verdicts").rglob("*.parquet")), Path(lake.uri, "prompts", "_delta_log")
    file.chmod(0)
    log.chmod(0)
    done = check()
    log.chmod(0o755)
    for folder in folders:
        folder.chmod(0o755)
    rows = json.loads(done.stdout)
    assert done.returncode == 1
    assert {row["table"] for row in rows} == {"verdicts", "prompts"}
    assert all("no permission to read there" in f"{row['found']} {row['first']}" for row in rows)
    assert {row["way_out"] for row in rows} == {"ask whoever keeps the lake for permission to read"}


@pytest.mark.cases(3)
@pytest.mark.heavy
@pytest.mark.parametrize("table", ["samples", "completions", "verdicts", "runs", "prompts", "setups"])
def test_the_version_that_check_names_for_a_damaged_log_answers(samples, lakes, tmp_path, table):
    """The last entry of the log is cut. Run b is in it, so questions leave it out where they read what knows of b."""
    lake = lakes.filled(tmp_path / "lake")
    entry = max(Path(lake.uri, table, "_delta_log").glob("*.json"))
    entry.write_bytes(entry.read_bytes()[:-40])
    code, out, _ = samples("check", "--lake", lake.uri, "--format", "json")
    (found,) = [row for row in json.loads(out) if row["found"].startswith("the log is damaged")]
    assert (code, found["table"]) == (1, table)
    options = re.search(r"(--at \S+(?: --skip-unreadable)?) reads what was there before", found["way_out"])[1].split()
    assert ("--skip-unreadable" in options) is (table in {"samples", "completions", "runs"})
    runs = ["a"] if table in {"samples", "runs", "verdicts"} else ["a", "b"]
    asked = "SELECT DISTINCT run FROM tallies ORDER BY run"
    for question in (
        ("sql", asked, "--format", "json"),
        ("sql", "SELECT count(*) FROM completions"),
        ("query", "pass_at_k", "--ks", 1),
        ("runs",),
    ):
        code, out, err = samples(*question, *options, "--lake", lake.uri)
        assert code == 0, (question, options, err)
        if asked in question:
            assert [row["run"] for row in json.loads(out)] == runs


def test_a_version_of_a_lake_of_one_run_has_no_verdicts_of_samples_that_a_damaged_log_named(samples, lake, lakes):
    (run_id,) = lake.read("runs")["run_id"].to_pylist()
    row = {"problem_id": "sum-0", "sample_index": 99, "tokens": 4, "cumulative_logprob": -2.0, "attempt": "x"}
    lakes.append(lake, "samples", [row], dataset="sums", run_id=run_id)
    entry = max(Path(lake.uri, "samples", "_delta_log").glob("*.json"))
    entry.write_text("garbage{")
    sound = f"{int(entry.stem) - 1}"
    (found,) = [row for row in lake.check() if row["table"] == "samples"]
    version = re.search(r"--at (\S+) reads", found["way_out"])[1]
    assert f"samples:{sound}" in version
    code, out, _ = samples("sql", "SELECT count(*) AS n FROM tallies", "--at", version, "--lake", lake.uri)
    assert (code, "3" in out) == (0, True)
    # Now the last commit named all samples, and verdicts know of them.
    entry.unlink()
    entry.with_name(f"{int(sound):020}.json").write_text("garbage{")
    (found,) = [row for row in lake.check() if row["table"] == "samples"]
    version = re.search(r"--at (\S+) reads", found["way_out"])[1]
    assert "verdicts:" not in version
    code, out, _ = samples("sql", "SELECT count(*) AS n FROM samples", "--at", version, "--lake", lake.uri)
    assert (code, "0" in out) == (0, True)

"""`--json` and `--quiet`: what long commands say on stderr to machines, and how little they say when told so."""

import json

import pytest


def events(err):
    return [json.loads(line) for line in err.splitlines()]


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"problem_id": "p", "correct": true}\n{"problem_id": "p", "correct": false}\n')
    return path


def imports(samples, rows, tmp_path, *more):
    given = ("--format", "samples", "--name", "a", "--dataset", "d", "--lake", tmp_path / "lake")
    return samples("import", rows, *given, *more)


def test_every_line_of_json_progress_is_an_event_and_the_last_is_the_summary(samples, rows, tmp_path):
    code, out, err = imports(samples, rows, tmp_path, "--json")
    assert (code, out) == (0, "")
    told = events(err)
    assert {event["event"] for event in told} <= {"phase", "progress", "say", "done"}
    assert told[-1]["event"] == "done"
    assert (told[-1]["command"], told[-1]["run"], told[-1]["samples"]) == ("import", "a", 2)
    assert told[-1]["verdicts"] == {"correct": 1, "wrong": 1}


def test_rescore_tells_machines_how_far_it_is(samples, lake):
    code, out, err = samples("rescore", "--verifier", "exact", "--workers", 1, "--lake", lake.uri, "--json")
    assert (code, out) == (0, "")
    *_, done = told = events(err)
    assert (told[0]["event"], told[0]["phase"]) == ("phase", "reading verdicts")
    assert all(event["elapsed"] >= 0 for event in told)
    assert (done["event"], done["command"], done["verifier"], done["verified"]) == ("done", "rescore", "exact", 30)
    assert sum(done["statuses"].values()) == 30
    for event in told:
        if event["event"] == "progress":
            assert event.keys() == {"event", "elapsed", "done", "pending", "per_second", "seconds_left", "waits_for"}
            assert event["pending"] == 30


def test_export_to_stdout_leaves_rows_there_and_events_on_stderr(samples, lake):
    code, out, err = samples("export", "--lake", lake.uri, "--json")
    assert code == 0
    assert len([json.loads(line) for line in out.splitlines()]) == 30
    assert events(err)[-1]["rows"] == 30


def test_a_failure_is_the_last_event(samples, lake):
    code, out, err = samples("rescore", "--verifier", "exact", "--run", "nope", "--lake", lake.uri, "--json")
    assert (code, out) == (2, "")
    last = events(err)[-1]
    assert last["event"] == "error"
    assert last["exit_code"] == 2
    assert last["message"].startswith('no run "nope"')


def test_quiet_says_the_closing_lines_alone(samples, rows, tmp_path):
    code, out, err = imports(samples, rows, tmp_path, "--quiet")
    assert (code, out) == (0, "")
    (line,) = err.splitlines()
    assert line.endswith("of d: 1 problems, 2 samples (no texts), 2 verdicts of imported (1 correct, 1 wrong)")


def test_quiet_says_what_failed(samples, lake):
    code, _, err = samples("rescore", "--verifier", "exact", "--run", "nope", "--lake", lake.uri, "-q")
    assert code == 2
    assert err.startswith('samples: no run "nope"')
    assert len(err.splitlines()) == 1


def test_quiet_and_json_exclude_each_other(samples, rows, tmp_path):
    code, out, err = imports(samples, rows, tmp_path, "--quiet", "--json")
    assert (code, out) == (2, "")
    assert err == "samples: --quiet and --json contradict each other: give one of them\n"

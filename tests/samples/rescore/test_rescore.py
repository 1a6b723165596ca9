"""Rescoring judges every completion once per pass and keeps old verdicts. A hostile one loses only its own verdict."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

import samples
from samples.errors import SamplesError, UsageError
from samples.ingest.segment import committer
from samples.lake.files import repeating, snapshot_files
from samples.problems.problems import Problem
from samples.rescore.judge import Judge, StoredCompletion
from samples.rescore.ledger import ROWS, Ledger
from samples.rescore.rescore import rescore
from samples_schemas import COMPLETIONS, VERDICTS

pytestmark = pytest.mark.heavy


def drawn(bench, place, model="toy", k=8, name="toys"):
    b = bench(place, model=model, name=name)
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(k)])
    return b


def key(row):
    return row["run_id"], row["problem_id"], row["sample_index"]


def current(lake, verifier):
    """Return the newest verdict of each sample, computed without the library."""
    newest = {}
    for row in lake.read("verdicts").to_pylist():
        if row["verifier"] == verifier and row["pass_id"] > newest.get(key(row), {"pass_id": 0})["pass_id"]:
            newest[key(row)] = row
    return newest


@pytest.fixture
def own(tmp_path):
    """Write a user's own verifier; returns FILE.py:FUNCTION."""

    def write(body, name="mine"):
        file = tmp_path / "checks.py"
        file.write_text(f"import os, time\ndef {name}(problem, completion):\n    {body}\n")
        return f"{file}:{name}"

    return write


def test_every_sample_gets_one_verdict_and_a_second_time_none(bench, anywhere):
    b = drawn(bench, anywhere)
    assert rescore(b.lake, "numeric", workers=2).verified == 24
    again = rescore(b.lake, "numeric", workers=2)
    assert (again.verified, again.missing, again.pass_id) == (0, 0, 1)
    assert b.lake.read("verdicts").num_rows == len(current(b.lake, "numeric")) == 24


def test_verdicts_agree_with_reading_the_completions(bench, tmp_path):
    b = drawn(bench, tmp_path / "lake")
    rescore(b.lake, "numeric", workers=1)
    texts = {key(r): r["text"] for r in b.lake.read("completions").to_pylist()}
    for row in b.lake.read("verdicts").to_pylist():
        right = f"\\boxed{{{2 * int(row['problem_id'][4:]) + 1}}}" in texts[key(row)]
        assert row["status"] == ("correct" if right else "wrong")


def test_samples_that_failed_are_not_judged(bench, tmp_path):
    b = drawn(bench, tmp_path / "lake", "toy?fail=0.5")
    failed = sum(row["error"] is not None for row in b.lake.read("samples").to_pylist())
    assert 0 < failed < 24
    assert rescore(b.lake, "numeric", workers=1).verified == 24 - failed


def test_new_samples_alone_are_judged_after_a_top_up_in_the_same_pass(bench, tmp_path):
    b = drawn(bench, tmp_path / "lake")
    rescore(b.lake, "numeric", workers=1)
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(10)])
    topped = rescore(b.lake, "numeric", workers=1)
    assert (topped.verified, topped.pass_id) == (6, 1)


def test_equal_answers_of_a_problem_are_compared_once_in_all_runs_and_passes(bench, own, tmp_path):
    notes = tmp_path / "compared"
    spec = own(f"open({str(notes)!r}, 'a').write('x'); return completion.count('a') % 2 == 0")
    b = drawn(bench, tmp_path / "lake", k=64)
    other = drawn(bench, tmp_path / "lake", "toy?tokens=30", k=64, name="others")
    rescore(b.lake, spec, workers=2)
    distinct = {(r["problem_id"], r["text"]) for r in b.lake.read("completions").to_pylist()}
    assert len(notes.read_text()) == len(distinct) < 2 * 3 * 64
    first = rescore(b.lake, "numeric", [b.run.name], workers=2)
    second = rescore(other.lake, "numeric", [other.run.name], workers=2)
    answers = {(r["problem_id"], r["answer"]) for r in b.lake.read("verdicts", verifier="numeric").to_pylist()}
    assert first.compared + second.compared == len(answers)
    assert second.verified == 192


def test_versions_one_two_one_are_three_passes_and_the_last_is_current(bench, own, tmp_path):
    b = drawn(bench, tmp_path / "lake")
    one, two = "return True", "return False"
    passes, versions = [], []
    for body in (one, two, one):
        passes.append(rescore(b.lake, own(body), workers=1))
        versions.append(samples.open(b.lake.uri).version)
    assert [done.pass_id for done in passes] == [1, 2, 3]
    assert [dict(done.statuses) for done in passes] == [{"correct": 24}, {"wrong": 24}, {"correct": 24}]
    assert passes[0].version == passes[2].version != passes[1].version
    rows = b.lake.read("verdicts").to_pylist()
    assert Counter(row["pass_id"] for row in rows) == {1: 24, 2: 24, 3: 24}
    assert {row["status"] for row in current(b.lake, "mine").values()} == {"correct"}
    assert {row["pass_id"]: row["status"] for row in rows} == {1: "correct", 2: "wrong", 3: "correct"}
    lakes = [samples.open(b.lake.uri, version=version) for version in versions]
    assert [lake.query("pass_at_k", ks=[1]).dicts()[0]["pass_at_k"] for lake in lakes] == [1.0, 0.0, 1.0]


HOSTILE = {
    "while True: pass": ("timeout", "over"),
    "return len(bytearray(10**11))": ("error", "memory"),
    "os._exit(3)": ("error", "died"),
    "raise ValueError('no')": ("error", "ValueError"),
    "def deep(n): return deep(n + 1)\n    deep(0)": ("error", "RecursionError"),
    "os.kill(os.getpid(), 9)": ("error", "died"),
    "return 'perhaps'": ("error", "returned"),
}


@pytest.mark.cases(3)
@pytest.mark.parametrize("body", list(HOSTILE))
def test_a_hostile_completion_costs_its_own_verdict_alone(bench, own, tmp_path, body, monkeypatch):
    monkeypatch.setattr("samples.verifiers.user_function.UserFunction.seconds", 1.0)
    b = drawn(bench, tmp_path / "lake", k=2)
    spec = own(f"if problem.problem_id != 'sum-1': return True\n    {body}")
    rescore(b.lake, spec, workers=2)
    verdicts = current(b.lake, "mine").values()
    assert len(verdicts) == 6
    for row in verdicts:
        if row["problem_id"] == "sum-1":
            status, detail = HOSTILE[body]
            assert row["status"] == status
            assert detail in row["detail"]
        else:
            assert row["status"] == "correct"


def test_a_timeout_is_neither_wrong_nor_counted_and_can_be_judged_again(bench, own, tmp_path, monkeypatch):
    monkeypatch.setattr("samples.verifiers.user_function.UserFunction.seconds", 1.0)
    b = drawn(bench, tmp_path / "lake", k=4)
    flag = tmp_path / "slow"
    flag.touch()
    spec = own(f"if problem.problem_id == 'sum-1' and os.path.exists({str(flag)!r}): time.sleep(99)\n    return True")
    done = rescore(b.lake, spec, workers=2)
    assert done.statuses["timeout"] + done.statuses["correct"] == done.verified == 12
    tallies = {row["problem_id"]: row for row in b.lake.sql("SELECT * FROM tallies").dicts()}
    assert (tallies["sum-1"]["n"], tallies["sum-1"]["timeouts"]) == (0, 4)
    assert rescore(b.lake, spec, workers=2).verified == 0
    flag.unlink()
    retried = rescore(b.lake, spec, workers=2, again=True)
    assert (retried.verified, retried.pass_id, dict(retried.statuses)) == (4, 2, {"correct": 4})
    assert {row["problem_id"]: row["n"] for row in b.lake.sql("SELECT * FROM tallies").dicts()}["sum-1"] == 4


@pytest.mark.usefixtures("sandbox")
def test_a_run_that_a_verifier_cannot_judge_is_refused_by_name_and_left_out_otherwise(bench, lakes, tmp_path):
    b = drawn(bench, tmp_path / "lake", k=1)
    with pytest.raises(UsageError, match="was not generated by reasoning-gym"):
        rescore(b.lake, "reasoning-gym", [b.run.name])
    with pytest.raises(UsageError, match=f"reasoning-gym can judge no run of this lake; run {b.run.name} left out"):
        rescore(b.lake, "reasoning-gym")
    lakes.add_problems(b.lake, "letters", {"p": "{}"})  # of which the answer is no number
    lakes.add_run(b.lake, "other", {"p": "cw"}, dataset="letters")
    done = rescore(b.lake, "numeric")
    assert (done.runs, [line.split(":")[0] for line in done.left_out]) == ((b.run.name,), ["run other left out"])


def test_a_stopped_pass_keeps_what_was_judged_and_goes_on(bench, own, tmp_path):
    b = drawn(bench, tmp_path / "lake", k=64)
    spec = own("time.sleep(0.05); return True")
    stop = threading.Event()
    done = rescore(b.lake, spec, workers=2, stop=stop, watch=lambda _: stop.set())
    assert 0 < done.verified < 192
    assert done.missing == 192 - done.verified
    rest = rescore(b.lake, spec, workers=2)
    assert (rest.verified, rest.missing, rest.pass_id) == (done.missing, 0, 1)
    assert b.lake.read("verdicts").num_rows == 192


KILLED = """
import sys
from samples.api import Lake
from samples.rescore.ledger import ROWS, Ledger
from samples.rescore.rescore import rescore
from samples_schemas import COMPLETIONS, VERDICTS
import samples.lake.pace
samples.lake.pace.COMMIT_SECONDS = 0.0
samples.lake.pace.COMMIT_SHARE = 0
if __name__ == "__main__":
    rescore(Lake(sys.argv[1]), sys.argv[2], workers=2, watch=lambda status: print(status.done, flush=True))
"""


def test_a_killed_pass_goes_on_and_every_sample_has_one_verdict_of_it(bench, own, tmp_path):
    b = drawn(bench, tmp_path / "lake", k=64)
    spec = own("time.sleep(0.1); return True")
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    process = subprocess.Popen([sys.executable, script, b.lake.uri, spec], stdout=subprocess.PIPE, text=True)
    while not b.lake.read("verdicts").num_rows:
        assert process.stdout.readline(), "it ended before its first commit"
    workers = [int(entry.name) for entry in Path("/proc").iterdir() if str(script).encode() in cmdline(entry.name)]
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    committed = b.lake.read("verdicts").num_rows
    assert 0 < committed < 192
    rest = rescore(b.lake, spec, workers=2)
    rows = b.lake.read("verdicts").to_pylist()
    assert rest.verified == 192 - committed
    assert {row["pass_id"] for row in rows} == {1}
    assert len({key(row) for row in rows}) == len(rows) == 192
    deadline = time.monotonic() + 5
    while any(Path(f"/proc/{pid}").exists() for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)


def cmdline(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_two_rescorings_at_once_give_every_sample_one_verdict(bench, own, anywhere):
    b = drawn(bench, anywhere, k=32)
    spec = own("time.sleep(0.01); return True")
    threads = [threading.Thread(target=rescore, args=(b.lake, spec), kwargs={"workers": 1}) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = b.lake.read("verdicts").to_pylist()
    assert len({key(row) for row in rows}) == len(rows) == 96
    assert {row["pass_id"] for row in rows} == {1}


def judged(b, verifier="numeric"):
    """Return one verdict for each sample of a bench, as a judge hands them to the ledger."""
    rows = b.lake.read("samples").select(["run_id", "problem_id", "sample_index"]).to_pylist()
    said = {"verifier": verifier, "verifier_version": "1", "pass_id": 0, "status": "correct", "compared": True}
    return pa.Table.from_pylist([{**said, **row} for row in rows], schema=ROWS)


@pytest.mark.parametrize("parts", [1, 3])
def test_a_rescoring_that_planned_before_another_began_writes_no_verdict_twice(bench, tmp_path, parts):
    b = drawn(bench, tmp_path / "lake", k=48)
    rows, judge = judged(b), SimpleNamespace(name="numeric", version="1")
    first, second = Ledger(b.lake, judge, 1), Ledger(b.lake, judge, 1)
    second.take(rows[1:])
    second.commit()
    for start in range(0, len(rows), -(-len(rows) // parts)):
        first.take(rows[start : start + -(-len(rows) // parts)])
        first.commit()
    stored = b.lake.read("verdicts").to_pylist()
    assert len({key(row) for row in stored}) == len(stored) == 144
    assert (first.counts.total(), second.counts.total()) == (1, 143)
    assert (first.compared, second.compared) == (1, 143)


def test_two_rescorings_that_take_turns_write_no_verdict_twice(bench, tmp_path):
    b = drawn(bench, tmp_path / "lake", k=48)
    rows, judge = judged(b), SimpleNamespace(name="numeric", version="1")
    ledgers = [Ledger(b.lake, judge, 1), Ledger(b.lake, judge, 1)]
    for turn in range(24):
        for ledger, order in zip(ledgers, (range(24), range(23, -1, -1)), strict=True):
            ledger.take(rows[order[turn] * 6 : order[turn] * 6 + 6])
            ledger.commit()
    stored = b.lake.read("verdicts").to_pylist()
    assert len({key(row) for row in stored}) == len(stored) == 144
    assert sum(ledger.counts.total() for ledger in ledgers) == 144
    assert repeating(snapshot_files(b.lake, VERDICTS)) == []


def test_a_commit_whose_answer_was_lost_is_counted(bench, tmp_path, monkeypatch):
    """The store has the commit, and deltalake is told that another one took its number."""
    b = drawn(bench, tmp_path / "lake", k=8)
    ledger = Ledger(b.lake, SimpleNamespace(name="numeric", version="1"), 1)
    commit = DeltaTable.create_write_transaction

    def lost(table, *given, **more):
        commit(table, *given, **more)
        raise CommitFailedError("Concurrent transaction failed.")

    monkeypatch.setattr(DeltaTable, "create_write_transaction", lost)
    ledger.take(judged(b))
    ledger.commit()
    assert ledger.counts == {"correct": 24}
    assert b.lake.read("verdicts").num_rows == 24


def test_another_version_that_comes_in_between_gets_a_pass_of_its_own(bench, own, tmp_path, monkeypatch):
    monkeypatch.setattr("samples.lake.pace.COMMIT_SECONDS", 1e6)  # the first pass commits after the other, at any speed
    b = drawn(bench, tmp_path / "lake", k=64)
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "checks.py"
    other.write_text("def mine(problem, completion): return False\n")

    def interrupt(status):
        if not b.lake.read("verdicts").num_rows:
            rescore(b.lake, f"{other}:mine", workers=1)

    rescore(b.lake, own("time.sleep(0.01); return True"), workers=2, watch=interrupt)
    passes = {(row["pass_id"], row["verifier_version"]) for row in b.lake.read("verdicts").to_pylist()}
    assert len({version for _, version in passes}) == len(passes) == 2
    assert {row["status"] for row in current(b.lake, "mine").values()} == {"correct"}


def test_a_verifier_file_that_was_edited_in_the_middle_judges_nothing_more(own):
    problem = Problem("p", "?", None, None, {})
    texts = [StoredCompletion("r", "p", index, problem.problem_hash, f"{index}") for index in range(3)]
    with Judge(own("os._exit(1)"), 1) as judge:
        own("return True")  # edits the same file: a worker that starts now would judge with other code
        with pytest.raises(SamplesError, match="has become version"):
            list(judge.judge(texts, {problem.problem_hash: problem}, {}))


def test_what_was_judged_is_committed_when_no_worker_can_start_any_more(bench, own, tmp_path):
    b = drawn(bench, tmp_path / "lake", k=64)
    count, spec = tmp_path / "judged", own("return True")
    (tmp_path / "checks.py").write_text(
        "import os, signal\n"
        f"if os.path.exists({str(count)!r}) and os.path.getsize({str(count)!r}) >= 100: os.kill(os.getpid(), 9)\n"
        "def mine(problem, completion):\n"
        f"    with open({str(count)!r}, 'a') as file: file.write('.')\n"
        f"    if os.path.getsize({str(count)!r}) == 100: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return True\n"
    )
    with pytest.raises(SamplesError, match="died 5 times as it started"):
        rescore(b.lake, spec, workers=1)
    assert b.lake.read("verdicts").num_rows >= 64
    assert set(b.lake.read("verdicts")["status"].to_pylist()) == {"correct"}


def test_a_completion_of_16_mb_and_odd_characters_are_judged(bench, tmp_path):
    b = bench(tmp_path / "lake")
    receipt = b.draw(b.plan(2)[0], texts=["\\boxed{1}" + "x" * (16 << 20), "\x00\ud800 \\boxed{2}\x1b[31m"])
    committer(b.lake, b.run).commit([receipt])
    assert rescore(b.lake, "numeric", workers=2).verified == 2
    assert rescore(b.lake, "boxed-exact", workers=2).verified == 2


def test_answers_are_stored_as_extracted(bench, tmp_path):
    b = drawn(bench, tmp_path / "lake")
    rescore(b.lake, "boxed-exact", workers=1)
    texts = {key(r): r["text"] for r in b.lake.read("completions").to_pylist()}
    for row in b.lake.read("verdicts").to_pylist():
        assert f"\\boxed{{{row['answer']}}}" in texts[key(row)]
        assert json.dumps(row["answer"])


def test_files_that_were_judged_are_not_opened_again(bench, s3, faulty):
    b = bench(s3)
    first, between, last = sorted(b.plan(8), key=lambda unit: unit.problem_id)
    committer(b.lake, b.run).commit([b.draw(between)])
    assert rescore(b.lake, "numeric", workers=1).verified == 8
    old = {file.path for file in snapshot_files(b.lake, COMPLETIONS)}
    committer(b.lake, b.run).commit([b.draw(unit) for unit in (first, last)])
    asked = set()
    faulty.answer = lambda _, path: asked.add(path.partition("?")[0]) and None
    assert rescore(samples.open(s3), "numeric", workers=1).verified == 16
    new = {file.path for file in snapshot_files(b.lake, COMPLETIONS)} - old
    opened = {Path(path).name for path in asked if "/completions/" in path and path.endswith(".parquet")}
    assert len(old) == 1
    assert opened == {Path(path).name for path in new}

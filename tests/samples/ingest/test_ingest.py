"""Ingest on a real Ray: after kills, stops and parallel drivers, every sample is there once."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

import samples as library
from samples.api import Lake

pytestmark = pytest.mark.ray

COMMAND = [sys.executable, "-c", "from samples_cli.main import main; main()", "ingest"]
PATIENCE = 120.0


@pytest.fixture
def problems(tmp_path: Path) -> Path:
    path = tmp_path / "sums.jsonl"
    rows = [{"id": f"sum-{n}", "question": f"What is {n} + {n}?", "answer": str(2 * n)} for n in range(6)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def arguments(problems: Path, lake: str, k: int, model: str = "toy", *more: str) -> list[str]:
    toy = ["--engine", "toy", "--model", model, "--max-tokens", "100"]
    return [*COMMAND, str(problems), *toy, "--lake", lake, "--k", str(k), "--unit", "8", *more]


def ingest(problems: Path, lake: str, k: int, model: str = "toy", *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments(problems, lake, k, model, *more), capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def start(problems: Path, lake: str, k: int, model: str, *more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        arguments(problems, lake, k, model, *more),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def until(condition: Callable[[], object], what: str, pause: float = 0.05) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE:.0f} s for {what}"
        time.sleep(pause)


def rows(lake: str) -> dict[tuple[str, int], tuple[object, ...]]:
    """Return every sample with its completion, exact to the bit. Fail on a repeated key or a missing completion."""
    opened = library.open(lake)
    names = "problem_id", "sample_index", "attempt", "text", "token_ids::VARCHAR", "token_logprobs::VARCHAR", "seed"
    with duckdb.connect() as connection:
        connection.register("samples", opened.dataset("samples")).register("completions", opened.dataset("completions"))
        found = connection.sql(
            f"SELECT {', '.join(names)} FROM samples LEFT JOIN completions USING (problem_id, sample_index, attempt)"
        ).fetchall()
    keyed = {(row[0], row[1]): row[2:] for row in found}
    assert len(keyed) == len(found), "a key appears twice"
    assert all(row[1] is not None for row in keyed.values()), "a sample has no completion"
    return keyed


def every(k: int) -> set[tuple[str, int]]:
    return {(f"sum-{n}", index) for n in range(6) for index in range(k)}


def commits(lake: str, table: str) -> int:
    """Count the commits to a table, without the one that made it."""
    return max(len(list(Path(lake, table, "_delta_log").glob("*.json"))) - 1, 0)


def segments(lake: str) -> int:
    return len(list(Path(lake, "completions").rglob("unit-*.parquet")))


def drawn(lake: str) -> Counter[tuple[str, int]]:
    """Count how often each unit (its problem and first index) was drawn to the end."""
    keys = (
        pq.read_table(path, columns=["problem_id", "sample_index"], partitioning=None).to_pylist()[0]
        for path in Path(lake, "completions").rglob("unit-*.parquet")
    )
    return Counter((key["problem_id"], key["sample_index"]) for key in keys)


def children(pid: int) -> dict[int, str]:
    """Return the command lines of all descendants of a process."""
    below: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        below.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found: dict[int, str] = {}
    todo = [pid]
    while todo:
        for child in below.get(todo.pop(), []):
            todo.append(child)
            try:
                found[child] = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
    return found


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


# What the lake holds at the moment of the kill.
MOMENTS = {
    "before the first commit": lambda lake: segments(lake) >= 3,
    "between two commits": lambda lake: commits(lake, "completions") > commits(lake, "samples") >= 0,
    "after some commits": lambda lake: commits(lake, "samples") >= 2 and segments(lake) > 20,
}


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("before the first commit", marks=pytest.mark.nightly),
        pytest.param("between two commits", marks=pytest.mark.nightly),
        "after some commits",
    ],
)
def test_a_killed_driver_is_finished_by_the_same_command(problems, tmp_path, moment):
    lake, k, model = str(tmp_path / "lake"), 48, "toy?delay=1"
    driver = start(problems, lake, k, model, "--max-num-seqs", "16")
    until(lambda: MOMENTS[moment](lake), moment, pause=0)  # the driver is between two commits for milliseconds
    kill(driver)
    before = rows(lake) if commits(lake, "samples") else {}
    complete = drawn(lake)
    done = ingest(problems, lake, k, "toy?delay=1")
    assert done.returncode == 0, done.stderr
    after = rows(lake)
    assert after.keys() == every(k)
    assert {key: after[key] for key in before} == before
    assert len(before) < len(after)
    often = drawn(lake)
    assert complete
    assert {often[unit] for unit in complete} == {1}, "units that were complete were drawn again"


@pytest.mark.nightly
def test_after_a_kill_no_process_of_ray_is_left(problems, tmp_path):
    lake = str(tmp_path / "lake")
    driver = start(problems, lake, 400, "toy?delay=1")
    until(lambda: segments(lake) >= 2, "the first segments")
    family = children(driver.pid)
    assert any("raylet" in line for line in family.values())
    kill(driver)
    until(
        lambda: not any(Path(f"/proc/{pid}/cmdline").exists() and alive(pid) for pid in family),
        "Ray's processes to end",
    )


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_killed_replica_is_replaced_and_nothing_is_lost_or_twice(problems, tmp_path):
    lake, k = str(tmp_path / "lake"), 64
    driver = start(problems, lake, k, "toy?delay=1", "--max-num-seqs", "16")
    until(lambda: segments(lake) >= 3, "the first segments")
    replicas = [pid for pid, line in children(driver.pid).items() if "MapWorker" in line]
    assert replicas
    for pid in replicas:
        os.kill(pid, signal.SIGKILL)
    assert driver.wait(PATIENCE) == 0
    assert rows(lake).keys() == every(k)


@pytest.mark.nightly
def test_after_a_kill_what_was_finished_of_units_that_were_not_whole_is_taken_up(problems, tmp_path):
    lake, k, model = str(tmp_path / "lake"), 8, "toy?apart=1"
    every_second = "import samples.units.parts as p; p.SECONDS = 1.0; from samples_cli.main import main; main()"
    command = arguments(problems, lake, k, model)
    command[2] = every_second
    driver = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
    until(lambda: len(list(Path(lake, "_unfinished").rglob("*.parquet"))) >= 12, "parts of units")
    kill(driver)
    assert segments(lake) == commits(lake, "samples") == 0
    done = ingest(problems, lake, k, model)
    assert done.returncode == 0, done.stderr
    adopted = re.search(r"adopted (\d+) samples", done.stderr)
    drew = re.search(r"drew (\d+) samples", done.stderr)
    assert adopted
    assert int(adopted[1]) >= 12
    assert int(adopted[1]) + int(drew[1] if drew else 0) == 48
    assert rows(lake).keys() == every(k)
    assert not any(Path(lake, "_unfinished").rglob("*.parquet"))
    whole = str(tmp_path / "whole")
    assert ingest(problems, whole, k, model).returncode == 0
    here, there = ({key: row[1:] for key, row in rows(one).items()} for one in (lake, whole))
    assert here == there, "to the bit what one command draws"


def test_an_engine_that_dies_ends_its_process_and_another_takes_over(problems, tmp_path):
    lake = str(tmp_path / "lake")
    done = ingest(problems, lake, 16, f"toy?dead={tmp_path / 'died'}")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "died").exists()
    assert rows(lake).keys() == every(16)


def test_a_larger_k_draws_only_the_new_indices_and_a_smaller_one_deletes_nothing(problems, tmp_path):
    lake = str(tmp_path / "lake")
    assert ingest(problems, lake, 8).returncode == 0
    before = rows(lake)
    assert Lake(lake).delta("top_logprobs") is None
    more = ingest(problems, lake, 32, "toy", "--top-logprobs", "2")
    assert "drew 144 samples" in more.stderr
    after = rows(lake)
    assert after.keys() == every(32)
    tops = Lake(lake).sql("SELECT problem_id, sample_index, n FROM top_logprobs WHERE own").dicts()
    assert {(row["problem_id"], row["sample_index"]) for row in tops} == every(32) - every(8)
    assert {row["n"] for row in tops} == {2}
    assert {key: after[key] for key in before} == before
    fewer = ingest(problems, lake, 4)
    assert fewer.returncode == 0
    assert "nothing to sample" in fewer.stderr
    assert "168 samples beyond --k 4 are there too; nothing is deleted" in fewer.stderr
    assert rows(lake) == after


def test_a_folder_and_s3_hold_the_same_samples(problems, tmp_path, s3):
    folder = str(tmp_path / "lake")
    for lake in (folder, s3):
        done = ingest(problems, lake, 8, "toy", "--verifier", "numeric")
        assert done.returncode == 0, done.stderr
    here, there = ({key: row[1:] for key, row in rows(lake).items()} for lake in (folder, s3))
    assert here == there
    verdicts = [Lake(lake).read("verdicts", columns=["problem_id", "sample_index", "status"]) for lake in (folder, s3)]
    assert sorted(map(str, verdicts[0].to_pylist())) == sorted(map(str, verdicts[1].to_pylist()))


def test_what_fails_is_data(tmp_path):
    path = tmp_path / "mixed.jsonl"
    asked = [{"id": "short", "question": "1 + 1?", "answer": "2"}, {"id": "long", "question": "x" * 300, "answer": "2"}]
    path.write_text("".join(json.dumps(row) + "\n" for row in asked))
    lake = str(tmp_path / "lake")
    done = ingest(path, lake, 16, "toy?nan=0.5&inf=0.5", "--max-model-len", "200", "--verifier", "numeric")
    assert done.returncode == 0, done.stderr
    assert "16 errors" in done.stderr
    assert re.search(r"[1-9]\d* token log-probs are NaN or infinite; they are stored as they are", done.stderr)
    samples = Lake(lake).read("samples").to_pylist()
    assert {row["problem_id"] for row in samples if row["error"]} == {"long"}
    assert all(row["tokens"] == 0 for row in samples if row["error"])
    verdicts = Lake(lake).read("verdicts").to_pylist()
    assert {row["problem_id"] for row in verdicts} == {"short"}, "an error was judged"


def test_a_model_that_cannot_be_loaded_is_one_line(problems, tmp_path):
    done = ingest(problems, str(tmp_path / "lake"), 8, "toy?colour=red")
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith('samples: model "toy?colour=red"')


def test_on_a_pipe_progress_is_plain_lines_without_long_silence_and_stdout_is_empty(problems, tmp_path):
    process = subprocess.Popen(
        arguments(problems, str(tmp_path / "lake"), 64, "toy?delay=0.5", "--max-num-seqs", "8"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    times, lines = [time.monotonic()], []
    for line in process.stderr:
        times.append(time.monotonic())
        lines.append(line)
    assert process.wait() == 0
    assert process.stdout is not None
    assert process.stdout.read() == ""
    assert max(after - before for before, after in pairwise(times[1:])) < 4 + (times[-1] - times[0]) / 10
    ours = re.compile(r"reading|\d+ problems|planning|starting|loading|waiting|[\d,]+/[\d,]+ samples|run |drew ")
    assert [line for line in lines if not ours.match(line)] == []


class Terminal:
    """A command on a terminal of its own, whose Ctrl-C goes to the whole foreground group."""

    def __init__(self, command: list[str]) -> None:
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.execv(command[0], command)
        self.screen = ""

    def read(self) -> None:
        while select.select([self._fd], [], [], 0.05)[0]:
            try:
                self.screen += os.read(self._fd, 65536).decode(errors="replace")
            except OSError:
                return

    def until(self, condition: Callable[[], object], what: str) -> None:
        until(lambda: (self.read(), condition())[1], what)

    def interrupt(self) -> None:
        os.write(self._fd, b"\x03")

    def exit_code(self, seconds: float) -> int:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        pytest.fail(f"still running after {seconds} s; its screen: {self.screen[-2000:]}")


def test_ctrl_c_once_commits_what_is_in_hand_and_the_same_command_goes_on(problems, tmp_path):
    lake, k = str(tmp_path / "lake"), 800
    terminal = Terminal(arguments(problems, lake, k, "toy?delay=1", "--max-num-seqs", "8"))
    terminal.until(lambda: segments(lake) >= 2, "the first segments")
    terminal.interrupt()
    assert terminal.exit_code(40) == 130
    assert "Ctrl-C again leaves at once" in terminal.screen
    assert "the same command goes on from here" in terminal.screen
    assert "Traceback" not in terminal.screen
    there = rows(lake)
    assert 16 <= len(there) < 6 * k
    assert len(there) == 8 * segments(lake), "a unit that was finished was not committed"


def test_ctrl_c_while_ray_starts_ends_in_good_order_with_nothing_drawn(problems, tmp_path):
    lake = str(tmp_path / "lake")
    terminal = Terminal(arguments(problems, lake, 8))
    terminal.until(lambda: "starting Ray" in terminal.screen, "Ray's start")
    terminal.interrupt()
    assert terminal.exit_code(PATIENCE) == 130
    assert "48 samples are missing: the same command goes on from here" in terminal.screen
    assert "Traceback" not in terminal.screen


def test_ctrl_c_twice_leaves_at_once_and_loses_nothing_that_was_committed(problems, tmp_path):
    lake = str(tmp_path / "lake")
    terminal = Terminal(arguments(problems, lake, 800, "toy?delay=20", "--max-num-seqs", "8"))
    terminal.until(lambda: "1 replica " in terminal.screen, "a replica")
    terminal.interrupt()
    terminal.until(lambda: "Ctrl-C again" in terminal.screen, "the answer to Ctrl-C")
    terminal.interrupt()
    assert terminal.exit_code(10) == 130
    assert "left at once" in terminal.screen
    assert ingest(problems, lake, 8, "toy?delay=20", "--dry-run").returncode == 0

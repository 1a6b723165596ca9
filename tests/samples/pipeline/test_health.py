"""What a replica's process says when it dies, and which silence counts. No Ray is needed."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from samples.pipeline.health import Health, Report
from samples.pipeline.process import Process, _born, descendants
from samples.pipeline.slow import Times, slowest

SAID = {
    "torch.cuda.OutOfMemoryError: CUDA out of memory.": "torch.cuda.OutOfMemoryError: CUDA out of memory.",
    """terminate called after throwing an instance of 'c10::Error'
  what():  CUDA error: an illegal memory access was encountered
[2026-11-28 04:55:01,123 E 1 1] logging.cc:123: *** SIGABRT received at time=1 on cpu 0 ***
PC: @     0x7f0000000000  (unknown)  pthread_kill
    @     0x7f0000000001  (unknown)  (unknown)
Fatal Python error: Aborted

Thread 0x00007f00 (most recent call first):
  File "threading.py", line 1 in wait

Extension modules: numpy, torch (total: 2)
""": "what():  CUDA error: an illegal memory access was encountered: Fatal Python error: Aborted",
    ":job_id:01000000\n:actor_name:MapWorker(Replica)\n:actor_name:MapWorker(Replica)\n": "",
    "\x1b[31mred\x1b[0m": "\\x1b[31mred\\x1b[0m",
    "": "",
}


def process(pid: int = 0, errors: str = "", born: str = "0") -> Process:
    return Process("actor", "node", "host", pid, born, errors)


@pytest.mark.parametrize("said", SAID)
def test_last_words_are_the_last_line_that_is_for_people(said, tmp_path):
    errors = tmp_path / "worker.err"
    errors.write_text("a warning of long ago\n" * 5000 + said if "CUDA" in said else said)
    assert process(errors=str(errors)).last_words() == SAID[said]


def test_a_process_without_a_file_of_errors_has_no_last_words():
    assert process(errors="pipe:[123]").last_words() == ""


def test_a_stopped_process_is_ended_with_what_it_started_and_no_other_of_its_number(tmp_path):
    ready = tmp_path / "ready"
    script = f"import subprocess, time; subprocess.Popen(['sleep', '99']); open({str(ready)!r}, 'w'); time.sleep(99)"
    started = subprocess.Popen([sys.executable, "-c", script])
    while not ready.exists():
        time.sleep(0.01)
    family = [started.pid, *descendants(started.pid)]
    assert len(family) == 2
    for pid in family:
        os.kill(pid, signal.SIGSTOP)
    there = process(started.pid, born=_born(started.pid))
    assert not replace(there, born="1").end()
    assert started.poll() is None
    assert there.end()
    assert started.wait(10) == -signal.SIGKILL
    assert not there.end()
    while Path(f"/proc/{family[1]}").exists() and _born(family[1]):
        time.sleep(0.01)


def report(replica: str, **more) -> Report:
    return Report(replica, ready=True, stopping=False, busy=0, samples=0, tokens=0, errors=0, **more)


@pytest.mark.parametrize(
    ("busy", "told"),
    [((1,), True), ((1, 0), True), ((0,), False)],  # at work, between two units, without any: the pool has shrunk
)
def test_a_machine_that_is_gone_is_told_where_its_replica_had_units(monkeypatch, busy, told):
    health = Health()
    monkeypatch.setattr(Health, "is_gone", lambda _, there: there.host == "host")
    for number in busy:
        health.see(replace(report("a", process=process()), busy=number))
    health.see(report("b", process=replace(process(), actor="other", host="there")))
    assert health.gone() == []
    health._looked -= 3600  # counts as the few seconds after which a machine is looked for
    assert health.gone() == ["a"]
    assert health.gone() == []
    assert ("machine host is gone" in health.news) == told


def test_a_pause_of_the_driver_is_no_silence_of_its_replicas():
    health = Health(silence=60)
    health.see(report("a"))
    health._looked -= 3600
    assert [one.replica for one in health.live] == ["a"]
    lives = []
    for _ in range(4):
        health._looked -= 4
        lives = health.live
    assert lives == []


def test_a_unit_is_named_if_its_neighbours_took_far_less():
    quick = report("a", typical=20.0)
    slow = report("b", oldest=(7, 101.0))
    found = slowest([quick, slow], [quick, slow])
    assert found
    assert (found.unit, found.seconds, found.typical) == (7, 101.0, 20.0)
    assert slowest([quick, replace(slow, oldest=(7, 99.0))], [quick]) is None
    assert slowest([slow], [slow]) is None, "nobody knows what is usual"
    assert slowest([replace(slow, oldest=(7, 59.0))], [replace(quick, typical=0.1)]) is None


def test_what_fails_counts_neither_as_finished_nor_as_usual():
    times = Times()
    with pytest.raises(ZeroDivisionError), times.of(3):
        _ = 1 / (times.oldest is None)
    assert (times.oldest, times.typical, times.finished) == (None, 0.0, 0)
    with times.of(4):
        pass
    assert times.finished == 1
    assert times.typical > 0


def test_a_process_whose_exit_hangs_outside_python_is_ended_by_the_kernel():
    script = """
import ctypes
from samples.pipeline.process import limit_exit
limit_exit(1)
c = ctypes.CDLL(None)
c.__cxa_atexit(c.pause, None, None)
"""
    assert subprocess.run([sys.executable, "-c", script], timeout=60, check=False).returncode == -signal.SIGALRM

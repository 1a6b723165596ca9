"""A question that lasts is not silent on a terminal."""

import os
import pty
import subprocess
import sys

SCRIPT = """
import time
from samples_cli.waiting import waiting
with waiting("asking pass_at_k"):
    time.sleep({seconds})
print("done")
"""


def run(seconds: float, stderr: int) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(seconds=seconds)],
        stdout=subprocess.PIPE,
        stderr=stderr,
        check=True,
        text=True,
    )
    assert done.stdout == "done\n"
    return done.stderr or ""


def on_a_terminal(seconds: float) -> str:
    leader, follower = pty.openpty()
    run(seconds, follower)
    os.write(follower, b"end")
    os.close(follower)
    shown = b""
    while not shown.endswith(b"end"):  # a read returns what has come so far
        shown += os.read(leader, 65536)
    os.close(leader)
    return shown.decode()


def test_a_question_that_lasts_is_told_with_its_seconds_and_the_line_is_cleared():
    shown = on_a_terminal(6)
    assert shown.startswith("\r\x1b[Kasking pass_at_k  ")
    assert shown.endswith("s\r\x1b[Kend")


def test_a_quick_question_and_one_that_is_piped_draw_nothing():
    assert on_a_terminal(0) == "end"
    assert run(3.2, subprocess.PIPE) == ""

"""The warm interpreter: process 1 of a sandbox that answers many questions, each in a child process of its own.

It imports what a job needs once, and forks a child for each question. The child gives up all rights before it runs the
job's function on a text that nobody trusts. It has no descriptor but one pipe for its answer, it cannot start a
process, and no folder is writable. It is killed when it has answered. So nothing that one answer does reaches this
process or the next answer: not the memory, not the modules, not a file.

A child may give a false answer to its own question, because the job and the text share it. What it sends is only bytes.
"""

from __future__ import annotations

import contextlib
import gc
import math
import os
import shutil
import time
from importlib import import_module

from samples.sandbox.confine import confine, keep_descriptors, protect, wait_for
from samples.sandbox.protocol import decode, encode, receive, send

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SIGKILL = 9


def main() -> None:
    """Prepare the job that descriptor 0 names, then answer questions from there to descriptor 1, in order."""
    questions, replies = os.dup(0), os.dup(1)
    null = os.open("/dev/null", os.O_RDWR)
    for fd in range(3):  # the job may print
        os.dup2(null, fd)
    setting = decode(receive(questions, 1 << 31) or b"", 1 << 30)
    protect()
    try:
        job = import_module(setting["job"])
        state = job.prepare(setting["about"])
    except BaseException as error:  # noqa: BLE001 - the one outside says it in one line
        send(replies, encode(["failed", type(error).__name__, str(error)[:1000]]))
        return
    _make_read_only("/tmp")  # noqa: S108 - the sandbox's own; some packages want it while they are imported
    gc.collect()
    gc.freeze()  # so that a child's collector copies no page
    send(replies, encode(["ready"]))
    rlimits = decode(receive(questions, 1 << 20) or b"")
    while (question := receive(questions, 1 << 31)) is not None:
        send(replies, encode(_in_a_child(setting | {"rlimits": rlimits}, job, state, question)))


def _in_a_child(setting: dict[str, Any], job: Any, state: Any, question: bytes) -> list[Any]:
    """Return ["answer", bytes], or ["end", "wall" or "end", exit code or minus the signal, CPU seconds]."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            null = os.open("/dev/null", os.O_RDWR)
            keep_descriptors(null, null, null, theirs)
            confine(setting["user"], setting["rlimits"], setting["filter"])
            send(3, job.answer(state, decode(question, 1 << 30)))
        finally:
            os._exit(1)
    os.close(theirs)
    how, answer = "end", None
    try:
        answer = receive(ours, setting["output"], setting["wall_seconds"])
    except TimeoutError:
        how = "wall"
    os.close(ours)
    # Without an answer, the child has ended, or closed its pipe.
    end = wait_for(pid, time.monotonic() + 1) if how == "end" and answer is None else None
    if end is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, _SIGKILL)
        end = wait_for(pid, math.inf) or (-_SIGKILL, 0.0)
    return ["answer", answer] if answer is not None else ["end", how, *end]


def _make_read_only(folder: str) -> None:
    """Empty a folder and close it. The filter of a child refuses to open it again."""
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)  # noqa: PTH108 - pathlib takes long to import
    os.chmod(folder, 0o555)  # noqa: PTH101, S103 - nobody may write

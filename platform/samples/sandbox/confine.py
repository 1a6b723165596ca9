"""What a process in the sandbox does to itself before it runs hostile code. None of it can be undone.

The supervisor and the warm interpreter share this code. It imports only modules that load fast.
"""

from __future__ import annotations

import ctypes
import os
import resource
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_SIGINT, _SIG_IGN = 2, ctypes.c_void_p(1)
_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 4, 22, 2


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def protect() -> None:
    """Protect process 1 from other processes of its user: its memory is out of reach, and SIGINT does nothing.

    The kernel sends process 1 only signals for which it has a handler, and Python handles SIGINT.
    """
    _prctl(_PR_SET_DUMPABLE, 0)
    ctypes.CDLL(None).signal(_SIGINT, _SIG_IGN)


def confine(user: int | None, rlimits: Sequence[Sequence[int]], steps: bytes) -> None:
    """Become this user, set the process's limits as [resource, soft, hard], and install the system-call filter."""
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    for which, soft, hard in rlimits:
        resource.setrlimit(which, (soft, hard))
    filled = _Filter(len(steps) // 8, steps)
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(filled))


def keep_descriptors(*fds: int) -> None:
    """Renumber these descriptors to 0, 1, 2 … and close all others."""
    high = [os.dup2(fd, 100 + number, inheritable=False) for number, fd in enumerate(fds)]
    for number, fd in enumerate(high):
        os.dup2(fd, number)
    os.closerange(len(fds), 4096)


def wait_for(pid: int, until: float) -> tuple[int, float] | None:
    """Wait for a child to end; return its exit code (negative for a signal) and CPU seconds, or None if it runs on."""
    pause = 0.0
    while True:
        ended, status, usage = os.wait4(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime
        if time.monotonic() >= until:
            return None
        time.sleep(pause)
        pause = min(pause + 0.0005, 0.02)


def _prctl(option: int, *values: int) -> None:
    call = ctypes.CDLL(None, use_errno=True).prctl
    if call(option, *(ctypes.c_ulong(value) for value in (*values, *[0] * (4 - len(values))))):
        raise OSError(ctypes.get_errno(), f"prctl {option}")

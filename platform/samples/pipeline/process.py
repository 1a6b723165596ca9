"""The process of a replica: where it is, how it is ended, and the last words of one that died.

A replica may be on another machine than the driver. Ending its process and reading its errors are small Ray tasks on
its node. A process that was stopped, or whose threads all hang, dies of SIGKILL alone.
"""

import atexit
import os
import re
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from samples.lines import printable

_TAIL = 1 << 14  # bytes of a file of errors that are looked at
_LETTERS = 500  # of last words
_EXIT_SECONDS = 60
_FATAL = "Fatal Python error"
# Addresses of a stack, what Ray says of itself, and the headings of stacks. They tell a user nothing.
_NOISE = re.compile(
    r"\s*(@ |0x|#\d|File \"|Thread 0x|Current thread|Extension modules|\[|\*\*\*|PC: |Stack \(|$)"
    r"|:\w+_(id|name):|.*\.(cc|cpp):\d+:"
)


@dataclass(frozen=True)
class Process:
    """Where a replica is. A replica that dies is made again as the same actor, in another process."""

    actor: str
    node: str
    host: str
    pid: int
    born: str  # when it was started: a later process of the same number was born later
    errors: str  # the path of its stderr; "" if it is no file

    @classmethod
    def own(cls) -> "Process":
        """Return this process, a worker of Ray."""
        import ray

        context = ray.get_runtime_context()
        errors = ""
        with suppress(OSError):
            errors = str(Path("/proc/self/fd/2").readlink())
        host, pid = os.uname().nodename, os.getpid()
        return cls(context.get_actor_id() or "", context.get_node_id(), host, pid, _born(pid), errors)

    def end(self) -> bool:
        """Kill the process, if it is still there, with its descendants. Call this on its node."""
        if _born(self.pid) != self.born:
            return False
        return _kill([self.pid, *descendants(self.pid)])

    def last_words(self) -> str:
        """Return the last line of its errors that is for people, "" if there is none. Call this on its node.

        Behind "Fatal Python error: …" it is the line before too, which names the cause.
        """
        try:
            with Path(self.errors).open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
                lines = file.read().decode("utf-8", "replace").splitlines()
        except OSError:
            return ""
        said = [line.strip() for line in lines if not _NOISE.match(line)]
        last = said[-2:] if said and said[-1].startswith(_FATAL) else said[-1:]
        return printable(": ".join(last))[:_LETTERS]


class Errand:
    """A call of a function on a node, which takes a second or two. It may never succeed: the node may be gone."""

    def __init__(self, node: str, call: Callable[[], Any]) -> None:
        """Start it."""
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        there = NodeAffinitySchedulingStrategy(node, soft=False)
        # Ray ends a task that it cannot place there with an error.
        task: Any = ray.remote(_run).options(num_cpus=0, max_retries=0, scheduling_strategy=there)
        self._answer = task.remote(call)

    def answer(self, seconds: float = 0.0) -> Any:
        """Return what the function returned; None if it failed or has not returned within `seconds`."""
        import ray

        try:
            return ray.get(self._answer, timeout=seconds)
        except Exception:  # noqa: BLE001 - the node may be gone, and Ray raises many things
            return None

    @property
    def over(self) -> bool:
        """Whether it has ended, well or not."""
        import ray

        return bool(ray.wait([self._answer], timeout=0)[0])


def _run(call: Callable[[], Any]) -> Any:
    return call()


def limit_exit(seconds: int = _EXIT_SECONDS) -> None:
    """Let the kernel end this process when its exit takes longer than so many seconds.

    Once in a while Ray's exit handlers wait for each other for ever. No Python code runs then, and the process would
    keep its memory and its GPU. The alarm is set when the exit begins.
    """
    atexit.register(signal.alarm, seconds)


def end_own(why: object) -> NoReturn:
    """Say why on stderr, kill what this process has started, and end it at once."""
    with suppress(Exception):
        sys.stderr.write(" ".join(str(why).split()) + "\n")
        sys.stderr.flush()
    _kill(descendants(os.getpid()))  # an engine's process may be stopped, and would keep its memory and its GPU
    os._exit(1)


def descendants(pid: int) -> list[int]:
    """Return the processes that a process has started, and those that they have; nothing where there is no /proc."""
    below: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        if fields := _fields(stat):
            below.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found: list[int] = []
    todo = [pid]
    while todo:
        children = below.get(todo.pop(), [])
        found += children
        todo += children
    return found


def _kill(pids: list[int]) -> bool:
    killed = False
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
            killed = True
    return killed


def _born(pid: int) -> str:
    """Return when a process was started, in ticks since the machine's start; "" if it has ended or is a zombie."""
    fields = _fields(Path(f"/proc/{pid}/stat"))
    return fields[19] if fields and fields[0] != "Z" else ""


def _fields(stat: Path) -> list[str]:
    """Return what /proc says of a process after its name: its state, its parent and so on."""
    try:
        return stat.read_text().rpartition(")")[2].split()
    except OSError:
        return []

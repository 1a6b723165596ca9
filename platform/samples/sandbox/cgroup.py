"""Limit the memory of a whole sandbox by a cgroup, where this process may make one.

A process's own limit counts its address space. A cgroup also counts what the kernel keeps for it: pipes, sockets, files
in memory, tables. The system-call filter refuses the ways that are known to be large; the cgroup bounds all others.

A cgroup of version 2 is made beside or below the one of this process, if that folder is writable and hands the memory
controller to its children. systemd arranges this with `Delegate=yes` and `DelegateSubgroup=main`, containers with a
cgroup namespace of their own. Elsewhere a sandbox has no such limit, and works the same.
"""

import contextlib
import functools
import itertools
import os
import time
from pathlib import Path

_names = itertools.count()
_LEAVE = 1.0  # seconds for the kernel to take the last process out of a group
# Joins the group before anything runs. `exec` keeps the process and its exit code.
_JOIN = '{ echo 0 > "$0"; } 2>/dev/null; exec "$@"'


class Group:
    """A cgroup with a limit of memory, or none where none can be made."""

    def __init__(self, memory: int, parent: Path | None) -> None:
        """Make a group below `parent`. `memory` is its limit in bytes, without swap."""
        self.folder: Path | None = None
        if parent is None:
            return
        folder = parent / f"samples-{os.getpid()}-{next(_names)}"
        try:
            folder.mkdir()
            self.folder = folder
            (folder / "memory.max").write_text(str(memory), "ascii")
            with contextlib.suppress(OSError):  # the kernel may have no swap
                (folder / "memory.swap.max").write_text("0", "ascii")
        except OSError:
            self.close()

    def joined(self, command: list[str]) -> list[str]:
        """Return a command that joins the group and then becomes `command`."""
        return command if self.folder is None else ["/bin/sh", "-c", _JOIN, str(self.folder / "cgroup.procs"), *command]

    def ran_out(self) -> bool:
        """Return whether the kernel has killed a process of the group for want of memory."""
        if self.folder is None:
            return False
        with contextlib.suppress(OSError, ValueError):
            lines = (self.folder / "memory.events").read_text("ascii").splitlines()
            return any(int(count) for name, _, count in (line.partition(" ") for line in lines) if name == "oom_kill")
        return False

    def close(self) -> None:
        """Remove the group; its processes must have ended."""
        until = time.monotonic() + _LEAVE
        while self.folder is not None:
            try:
                self.folder.rmdir()
            except FileNotFoundError:
                pass
            except OSError:
                if time.monotonic() < until:
                    time.sleep(0.001)
                    continue
            self.folder = None


@functools.cache
def delegated() -> Path | None:
    """Return the folder below which this process may make groups with a limit of memory, if there is one."""
    try:
        mounts = Path("/proc/self/mounts").read_text("utf-8")
        groups = Path("/proc/self/cgroup").read_text("utf-8")
    except OSError:
        return None
    return find(mounts, groups)


def find(mounts: str, groups: str) -> Path | None:
    """Find that folder, given the texts of /proc/self/mounts and /proc/self/cgroup."""
    mounted = next((words[1] for line in mounts.splitlines() if (words := line.split())[2:3] == ["cgroup2"]), None)
    own = next((line.removeprefix("0::/") for line in groups.splitlines() if line.startswith("0::/")), None)
    if mounted is None or own is None:
        return None
    here = Path(mounted, own)
    for folder in (here, here.parent) if own else (here,):
        try:
            handed = "memory" in (folder / "cgroup.subtree_control").read_text("ascii").split()
        except OSError:
            continue
        if handed and os.access(folder, os.W_OK) and os.access(folder / "cgroup.procs", os.W_OK):
            return folder
    return None

"""One bubblewrap process, and messages to process 1 in it. No process is left when it is closed."""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from samples.errors import SamplesError
from samples.sandbox import protocol
from samples.sandbox.cgroup import Group, delegated


class SandboxError(SamplesError, RuntimeError):
    """The sandbox itself failed. Nothing is known of the program."""


class SandboxProcess:
    """A running sandbox."""

    def __init__(self, command: Callable[[int], list[str]], memory: int) -> None:
        """Start it. `command` gives the command line; its argument is a descriptor for bubblewrap's information.

        `memory` limits the bytes of all processes and of what the kernel keeps for them, where a cgroup can be made.

        Raises:
            SandboxError: bubblewrap does not start.
        """
        self.group = Group(memory, delegated())
        self._info, info = os.pipe()
        try:
            self.process = subprocess.Popen(  # noqa: S603 - all of the command is ours
                self.group.joined(command(info)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(info,),
                env={},
            )
        except OSError as error:
            os.close(self._info)
            self.group.close()
            raise SandboxError(f"bubblewrap does not start: {error}") from error
        finally:
            os.close(info)
        assert self.process.stdin
        assert self.process.stdout
        self._to, self._from = self.process.stdin.fileno(), self.process.stdout.fileno()
        self._inner: int | None = None

    def inner(self) -> int | None:
        """Return the process id of process 1 as the outside sees it; None if bubblewrap did not make it."""
        if self._info >= 0:
            with os.fdopen(self._info, "rb") as info:
                self._inner = json.loads(info.read() or b"{}").get("child-pid")
            self._info = -1
        return self._inner

    def address_space(self) -> int:
        """Return the bytes of address space that process 1 has now."""
        try:
            pages = int(Path(f"/proc/{self.inner()}/statm").read_text("ascii").split()[0])
        except OSError as error:
            raise SandboxError("the sandbox ended") from error
        return pages * os.sysconf("SC_PAGE_SIZE")

    def send(self, request: bytes, before: bytes = b"") -> None:
        """Send a message; `before` are bytes without a length that come before it."""
        with contextlib.suppress(BrokenPipeError):  # the reply may be there already, or says that the sandbox ended
            protocol.write_all(self._to, before)
            protocol.send(self._to, request)

    def receive(self, most: int, seconds: float) -> bytes:
        """Return the next message, of at most `most` bytes.

        Raises:
            TimeoutError: It did not come within `seconds`.
            SandboxError: The sandbox ended, or sent a longer message.
        """
        reply = protocol.receive(self._from, most, seconds)
        if reply is None:
            raise SandboxError(self._said())
        return reply

    def last_signal(self, seconds: float) -> int:
        """Return the signal that ended process 1. bubblewrap adds 128 to it, as a shell does."""
        try:
            return self.process.wait(seconds) - 128
        except subprocess.TimeoutExpired:
            return 0

    def close(self) -> None:
        """Kill every process in the sandbox. When this returns, none is left."""
        inner = self.inner()
        # Killing process 1 makes the kernel kill all processes of its namespace first; bubblewrap waits for that.
        if inner is not None and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(inner, signal.SIGKILL)
        elif inner is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream
            with contextlib.suppress(BrokenPipeError):
                stream.close()
        self.group.close()

    def _said(self) -> str:
        """Return the last line that bubblewrap wrote to standard error."""
        assert self.process.stderr
        fd = self.process.stderr.fileno()
        said = os.read(fd, 4096).decode("utf-8", "replace").strip() if protocol.wait_readable(fd, 1.0) else ""
        return said.rpartition("\n")[2] or "the sandbox ended"

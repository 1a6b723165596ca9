"""A sandbox for programs nobody trusts: bubblewrap, limits that cannot be lifted, and nothing left when it ends.

Inside are the interpreter's own files and the system's libraries, read-only, and an empty folder /tmp of limited size;
no network, no /proc, no other process, no environment, no other file. A program gets CPU seconds, an address space,
threads, a largest output and a time on the clock; it cannot start another program or process
(`samples.sandbox.seccomp`). When a `Sandbox` is left, every process in it is dead, and so it is when the process that
made it dies.

Where there is no bubblewrap, or the kernel grants no namespaces, nothing is run.
"""

import contextlib
import functools
import json
import os
import platform
import random
import resource
import shutil
import subprocess
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from samples.errors import MissingExtra, SamplesError, UsageError
from samples.sandbox import bubblewrap, protocol, seccomp

_SIGKILL, _SIGXCPU = 9, 24
_GRACE = 3.0  # seconds that the supervisor has to report what it ended itself
_USERS = range(61184, 65519, 2)  # systemd's range for users that exist only while something runs; two each
_THREADS_PER_NAMESPACE = (5, 14)  # before this kernel the limit counts every thread of the user, on all the machine


class SandboxError(SamplesError, RuntimeError):
    """The sandbox itself failed; says nothing of the program."""


@dataclass(frozen=True)
class Limits:
    """What one program may use, from its start to its end.

    `memory` is the address space in bytes, `output` the largest file, standard output or answer, `scratch` all files
    together. `cpu_seconds` decides on a busy machine as on an idle one; `wall_seconds` is for programs that wait.
    """

    cpu_seconds: int = 10
    wall_seconds: float = 60.0
    memory: int = 1 << 30
    threads: int = 64
    output: int = 16 << 20
    scratch: int = 64 << 20


@dataclass(frozen=True)
class Program:
    """Python text. With a `prompt` it is a completion of it that should define `entry`.

    `preamble` runs before it, in the same module; `recursion` is its recursion limit, 0 for Python's own.
    """

    code: str
    prompt: str | None = None
    entry: str | None = None
    preamble: str = ""
    recursion: int = 0


@dataclass(frozen=True)
class Outcome:
    """How a program ended: its exit code (a signal is negative), what it wrote, and the limit that ended it.

    `limit` is "cpu", "wall", "output" or "memory"; `error` the first line of the exception that ended it; `seconds`
    the CPU time it took.
    """

    code: int
    stdout: bytes = b""
    stderr: bytes = b""
    limit: str | None = None
    error: str = ""
    seconds: float = field(default=0.0, compare=False)


@functools.cache
def require() -> None:
    """Make sure that programs can be sandboxed here.

    Raises:
        MissingExtra: There is no bubblewrap.
        UsageError: It cannot make a sandbox on this machine.
    """
    if seccomp.filter_program() is None:
        raise UsageError("the code sandbox needs Linux on x86-64 or ARM64; verify code on such a machine")
    if shutil.which("bwrap") is None:
        raise MissingExtra(
            "the code sandbox needs bubblewrap, and without it no code is run: apt install bubblewrap, dnf install "
            "bubblewrap or conda install -c conda-forge bubblewrap"
        )
    try:
        outcome = run(Program("print('ready')"))
    except SandboxError as error:
        raise UsageError(
            f"bubblewrap cannot make a sandbox here ({error}); it needs user namespaces (sysctl "
            "kernel.unprivileged_userns_clone=1, on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0; in a "
            "container, a seccomp profile that lets unshare through)"
        ) from error
    if outcome.stdout != b"ready\n":
        raise UsageError(f"the code sandbox does not run Python here: {outcome.error or outcome}")


def run(program: Program, stdin: bytes = b"", limits: Limits | None = None) -> Outcome:
    """Run one program once in a sandbox of its own."""
    with Sandbox(program, limits) as box:
        return box.run(stdin)


class Sandbox:
    """One program in one sandbox: run with several inputs, asked for several answers, or judged by code.

    `packages` is a folder of importable packages that the program may read; by default it has the standard library.
    """

    def __init__(
        self,
        program: Program,
        limits: Limits | None = None,
        *,
        tests_are_code: bool = False,
        packages: Path | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self._first = protocol.encode(
            {
                "limits": asdict(self.limits),
                "rlimits": _rlimits(self.limits),
                "program": asdict(program),
                "filter": seccomp.filter_program(),
                "user": random.choice(_USERS) if os.geteuid() == 0 else None,  # noqa: S311 - only apart from others
                "packages": bubblewrap.PACKAGES if packages else None,
                "tests_are_code": tests_are_code,
            }
        )
        self._packages = packages
        self._late = False
        self._most = 2 * self.limits.output + 4096

    def __enter__(self) -> Self:
        self._info, info = os.pipe()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the command is ours throughout
                bubblewrap.command(info, self.limits.scratch, self._packages),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(info,),
                env={},
            )
        except OSError as error:
            os.close(self._info)
            raise SandboxError(f"bubblewrap does not start: {error}") from error
        finally:
            os.close(info)
        try:
            self._ask(self._first, before=bubblewrap.supervisor())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End every process in the sandbox; when this returns, none is left."""
        with os.fdopen(self._info, "rb") as info:
            inner = json.loads(info.read() or b"{}").get("child-pid")
        # The kernel ends all that is in a process namespace before its process 1 is gone, and bubblewrap waits for it.
        if inner is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(inner, _SIGKILL)
        elif inner is None:
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert stream
            with contextlib.suppress(BrokenPipeError):
                stream.close()

    def run(self, stdin: bytes = b"") -> Outcome:
        """Run the program from start to end with this standard input.

        Of other runs of this sandbox nothing is there but what they left in /tmp.
        """
        return self._outcome(self._ask(protocol.encode(["run", stdin])))

    def call(self, name: str, *arguments: Any) -> tuple[bytes, str] | Outcome:
        """Call the program's function, or method of its class Solution, with plain data.

        Returns the answer as `protocol.canonical` bytes, to be compared and not read, and the start of its repr; or how
        the program ended, or failed to answer.
        """
        reply = self._ask(protocol.encode(["call", name, protocol.encode(list(arguments), strict=True)]))
        if reply[0] != "answer":
            return self._outcome(reply)
        try:
            match protocol.decode_flat(reply[1], 3):
                case ["value", bytes(value), str(text)]:
                    return value, text
                case ["raise", _, str(text)]:
                    return self._outcome(["stopped", text.encode("utf-8", "replace")])
                case _:
                    return Outcome(1, error="sent no answer")
        except ValueError:
            return Outcome(1, error="sent no answer")

    def check(self, tests: str, setting: str = "", entry: str | None = None) -> tuple[str, str] | Outcome:
        """Judge the program by tests that are code, once, in a sandbox made with `tests_are_code`.

        `check(candidate)` is called if the tests define it. Returns ("passed" | "failed" | "broken", why), "broken"
        when the tests are at fault; or how the program ended.
        """
        try:
            reply = self._ask(protocol.encode([tests, setting, entry]))
        except SandboxError:
            signal = self._last_signal()
            if signal not in {_SIGKILL, _SIGXCPU}:
                raise
            # The kernel ended the tests: some answer took them all their CPU seconds to read or to compare.
            reply = ["end", -signal, float(self.limits.cpu_seconds), b"", b""]
        match reply:
            case ["passed" | "failed" | "broken" as how, *why]:
                return how, str(*why[:1])
            case _:
                return self._outcome(reply)

    def _outcome(self, reply: list[Any]) -> Outcome:
        match reply:
            case ["stopped", bytes(text)]:
                how, code, seconds, out, err = "end", 1, 0.0, b"", text
            case [str(how), int(code), float(seconds), bytes(out), bytes(err)]:
                pass
            case _:
                raise SandboxError("the tests sent a reply of no known form")
        error = err.decode("utf-8", "replace").strip().rpartition("\n")[2][:500] if code else ""
        limit = None
        if how == "wall":
            limit = "wall"
        elif code == -_SIGXCPU or (code == -_SIGKILL and seconds > self.limits.cpu_seconds / 2):
            limit = "cpu"  # the kernel's two ways of counting differ, more so on a busy machine
        elif max(len(out), len(err)) >= self.limits.output:
            limit = "output"
        elif error.startswith("MemoryError"):
            limit = "memory"
        return Outcome(code, out, err, limit, error, seconds)

    def _ask(self, request: bytes, before: bytes = b"") -> list[Any]:
        """Send a request and read the reply; the program or the tests keep a late supervisor busy."""
        assert self._process.stdin
        assert self._process.stdout
        if self._late:
            raise SandboxError("asked again after a reply that never came")
        with contextlib.suppress(BrokenPipeError):  # its reply may be there already: the program did not even start
            protocol.write(self._process.stdin.fileno(), before)
            protocol.send(self._process.stdin.fileno(), request)
        try:
            reply = protocol.receive(self._process.stdout.fileno(), self._most, self.limits.wall_seconds + _GRACE)
        except TimeoutError:
            self._late = True
            return ["wall", -_SIGKILL, 0.0, b"", b""]
        if reply is None:
            raise SandboxError(self._complaint())
        try:
            return protocol.decode_flat(reply, 5)
        except ValueError as error:
            raise SandboxError(f"the tests sent what is no reply: {error}") from error

    def _last_signal(self) -> int:
        """What ended process 1, if a signal did; bubblewrap reports it as a shell does."""
        try:
            return self._process.wait(_GRACE) - 128
        except subprocess.TimeoutExpired:
            return 0

    def _complaint(self) -> str:
        """What bubblewrap says on standard error when it cannot go on."""
        assert self._process.stderr
        fd = self._process.stderr.fileno()
        said = os.read(fd, 4096).decode("utf-8", "replace").strip() if protocol.ready(fd, 1.0) else ""
        return said.rpartition("\n")[2] or "the sandbox ended"


def _rlimits(limits: Limits) -> list[list[int]]:
    """The kernel's limits of a program: which, soft, hard.

    Raises:
        SandboxError: This process, and so what it starts, is granted less.
    """
    rlimits = [
        [resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 1],
        [resource.RLIMIT_AS, limits.memory, limits.memory],
        [resource.RLIMIT_FSIZE, limits.output, limits.output],
        [resource.RLIMIT_NOFILE, 64, 64],
        [resource.RLIMIT_CORE, 0, 0],
    ]
    if tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2]) >= _THREADS_PER_NAMESPACE:
        rlimits.append([resource.RLIMIT_NPROC, limits.threads, limits.threads])
    for which, _, hard in rlimits:
        mine = resource.getrlimit(which)[1]
        if mine != resource.RLIM_INFINITY and mine < hard:
            raise SandboxError(f"programs get a limit of {hard} (getrlimit {which}), but this process has only {mine}")
    return rlimits

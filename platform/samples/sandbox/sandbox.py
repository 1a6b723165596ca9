"""Run untrusted programs in bubblewrap, with limits they cannot lift. No process is left when the sandbox ends.

A program in the sandbox sees the interpreter's own files and the system's libraries, read-only, and an empty folder
/tmp of limited size. It has no network, no /proc, no other process, no environment and no other file. Its CPU seconds,
address space, threads, files, largest output and wall time are limited; where a cgroup can be made, so is all memory
(`samples.sandbox.cgroup`). It cannot start another program or process
(`samples.sandbox.seccomp`). When a `Sandbox` is left, every process in it is dead. The same holds when the process that
made it dies.

Without bubblewrap, or if the kernel grants no namespaces, no program runs.
"""

import functools
import platform
import resource
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from samples.errors import MissingExtra, UsageError
from samples.sandbox import bubblewrap, protocol, seccomp
from samples.sandbox.process import SandboxError, SandboxProcess

__all__ = ["Limits", "Outcome", "Program", "Sandbox", "SandboxError", "require", "rlimits", "run"]

_SIGKILL, _SIGXCPU = 9, 24
_SUPERVISED = 256 << 20  # bytes for the supervisor, the tests and what the kernel keeps
_GRACE = 3.0  # seconds for the supervisor to report a program that it has killed
_THREADS_PER_NAMESPACE = (5, 14)  # kernel version; before it, the limit counts all threads of the user on the machine


@dataclass(frozen=True)
class Limits:
    """The resources of one program, from its start to its end.

    `memory` is the address space in bytes. `output` is the size of the largest file, standard output or answer, in
    bytes; `scratch` is that of all files together, and `files` their number. `cpu_seconds` is the same limit on a busy
    and on an idle machine; `wall_seconds` ends programs that wait.
    """

    cpu_seconds: int = 10
    wall_seconds: float = 60.0
    memory: int = 1 << 30
    threads: int = 64
    output: int = 16 << 20
    scratch: int = 64 << 20
    files: int = 10_000


@dataclass(frozen=True)
class Program:
    """A program as Python text. With a `prompt`, it is a completion of the prompt that should define `entry`.

    `preamble` runs before the program, in the same module. `recursion` is the recursion limit, `digits` that of the
    digits of an integer as text; 0 means Python's own. With `forgive_exit`, exit() ends a script like its last line.
    With `with_tests`, tests that are code run in the program's own module (`samples.sandbox.unittests`).
    """

    code: str
    prompt: str | None = None
    entry: str | None = None
    preamble: str = ""
    recursion: int = 0
    digits: int = 0
    forgive_exit: bool = False
    with_tests: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a program ended: its exit code (negative for a signal), its output, and the limit that ended it.

    `limit` is "cpu", "wall", "output", "memory", "files" or None. `error` is the first line of the exception that ended
    the program. `seconds` is its CPU time.
    """

    code: int
    stdout: bytes = b""
    stderr: bytes = b""
    limit: str | None = None
    error: str = ""
    seconds: float = field(default=0.0, compare=False)


@functools.cache
def require() -> None:
    """Check that this machine can run programs in a sandbox.

    Raises:
        MissingExtra: bubblewrap is not installed.
        UsageError: bubblewrap cannot make a sandbox on this machine.
    """
    if seccomp.filter_program() is None:
        raise UsageError("the code sandbox needs Linux on x86-64 or ARM64: verify code on such a machine")
    if shutil.which("bwrap") is None:
        raise MissingExtra(
            "bubblewrap is not installed, and code runs only in its sandbox: apt install bubblewrap, dnf install "
            "bubblewrap or conda install -c conda-forge bubblewrap"
        )
    try:
        outcome = run(Program("print('ready')"))
    except SandboxError as error:
        raise UsageError(
            f"bubblewrap cannot make a sandbox on this machine ({error}); allow user namespaces: sysctl "
            "kernel.unprivileged_userns_clone=1, on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0, in a "
            "container a seccomp profile that allows unshare"
        ) from error
    if outcome.stdout != b"ready\n":
        raise UsageError(f"the code sandbox cannot run Python on this machine: {outcome.error or outcome}")


def run(program: Program, stdin: bytes = b"", limits: Limits | None = None) -> Outcome:
    """Run one program once, in its own sandbox."""
    with Sandbox(program, limits) as box:
        return box.run(stdin)


class Sandbox:
    """One program in one sandbox: run it with several inputs, call its functions, or judge it by tests that are code.

    The program may import the standard library, and the packages in the folder `packages` if given, or those that
    `packages` mounts (`bubblewrap.installed`).
    """

    def __init__(
        self,
        program: Program,
        limits: Limits | None = None,
        *,
        tests_are_code: bool = False,
        packages: Path | Mapping[str, Path] | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self._setup = protocol.encode(
            {
                "limits": asdict(self.limits),
                "rlimits": rlimits(self.limits),
                "program": asdict(program),
                "filter": seccomp.filter_program(),
                "user": bubblewrap.some_user(),
                "packages": bubblewrap.PACKAGES if packages else None,
                "tests_are_code": tests_are_code,
            }
        )
        self._packages = {bubblewrap.PACKAGES: packages} if isinstance(packages, Path) else packages or {}
        self._late = False
        self._max_reply = 2 * self.limits.output + 4096

    def __enter__(self) -> Self:
        packages, scratch = self._packages, self.limits.scratch
        whole = self.limits.memory + scratch + 3 * self.limits.output + _SUPERVISED
        self._process = SandboxProcess(lambda info: bubblewrap.supervised(info, scratch, packages), whole)
        try:
            self._ask(self._setup, before=bubblewrap.supervisor())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Kill every process in the sandbox. When this returns, none is left."""
        self._process.close()

    def run(self, stdin: bytes = b"") -> Outcome:
        """Run the program from start to end with this standard input.

        Runs of one sandbox share only the files in /tmp.
        """
        return self._outcome(self._ask(protocol.encode(["run", stdin])))

    def call(self, name: str, *arguments: Any) -> tuple[bytes, str] | Outcome:
        """Call a function of the program, or a method of its class Solution, with plain data.

        Return the answer as `protocol.canonical` bytes, which are only for comparison, and the start of its repr. If
        the program ended or sent no answer, return an `Outcome`.
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
        """Judge the program by tests that are code. Call this once, in a sandbox made with `tests_are_code`.

        `check(candidate)` is called if the tests define it. A program made `with_tests` runs their unittest classes.
        Return ("passed" | "failed" | "broken", why); "broken" means that the tests are wrong. If the program ended,
        return an `Outcome`.
        """
        try:
            reply = self._ask(protocol.encode([tests, setting, entry]))
        except SandboxError:
            signal = self._process.last_signal(_GRACE)
            if signal not in {_SIGKILL, _SIGXCPU}:
                raise
            # The kernel killed the tests: decoding or comparing an answer took all their CPU seconds.
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
        if how in {"wall", "files"}:
            limit = how
        elif code in {-_SIGXCPU, -_SIGKILL} and seconds > self.limits.cpu_seconds / 2:
            # The kernel counts CPU time in two ways, which differ more on a busy machine. A program that sends itself
            # such a signal earlier has not reached the limit.
            limit = "cpu"
        elif max(len(out), len(err)) >= self.limits.output:
            limit = "output"
        elif error.startswith("MemoryError") or (code == -_SIGKILL and self._process.group.ran_out()):
            limit = "memory"
        return Outcome(code, out, err, limit, error, seconds)

    def _ask(self, request: bytes, before: bytes = b"") -> list[Any]:
        """Send a request and read the reply. If it is late, the program or the tests keep the supervisor busy."""
        if self._late:
            raise SandboxError("asked again after a reply that never came")
        self._process.send(request, before)
        try:
            reply = self._process.receive(self._max_reply, self.limits.wall_seconds + _GRACE)
        except TimeoutError:
            self._late = True
            return ["wall", -_SIGKILL, 0.0, b"", b""]
        try:
            return protocol.decode_flat(reply, 5)
        except ValueError as error:
            raise SandboxError(f"the tests sent what is no reply: {error}") from error


def rlimits(limits: Limits) -> list[list[int]]:
    """Return the kernel's limits for a program, as [resource, soft, hard].

    Raises:
        SandboxError: This process has a lower limit, and so would a program that it starts.
    """
    found = [
        [resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 1],
        [resource.RLIMIT_AS, limits.memory, limits.memory],
        [resource.RLIMIT_FSIZE, limits.output, limits.output],
        [resource.RLIMIT_NOFILE, 64, 64],
        [resource.RLIMIT_CORE, 0, 0],
    ]
    if tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2]) >= _THREADS_PER_NAMESPACE:
        found.append([resource.RLIMIT_NPROC, limits.threads, limits.threads])
    for which, _, hard in found:
        mine = resource.getrlimit(which)[1]
        if mine != resource.RLIM_INFINITY and mine < hard:
            raise SandboxError(f"programs get a limit of {hard} (getrlimit {which}), but this process has only {mine}")
    return found

"""The supervisor: process 1 of the sandbox. It starts the program, and runs tests that are code.

It takes requests from outside and starts the program (`samples.sandbox.program`): once for each standard input, or once
to answer calls of its functions. Tests and program share no process: a call goes through a pipe as plain data, and so
does its answer (`samples.sandbox.protocol`). Only unittest classes run beside the program
(`samples.sandbox.unittests`). The program starts before the supervisor reads any test. It has no
descriptors but its own. It can neither look into the supervisor nor send it a signal: the kernel protects process 1,
there is no /proc, and the system-call filter refuses every way into another process.

If root made the sandbox, program and tests run as two different users. Process 1 is neither of them and only waits,
because then it dies with the process that made the sandbox; as another user it would not.

The supervisor imports only modules that load fast. Code outside the sandbox does not import it and does not trust it,
because tests may have taken it over.
"""

from __future__ import annotations

import _signal  # pyright: ignore[reportMissingImports]  # `signal` itself takes long to import
import math
import os
import sys
import time

from samples.sandbox.confine import confine, keep_descriptors, protect, wait_for
from samples.sandbox.program import answer_calls, describe_error, run_as_script
from samples.sandbox.protocol import NotPlainDataError, decode, encode, receive, send, wait_readable
from samples.sandbox.unittests import find_unittests

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

_TESTS = "<tests>"
_SIGKILL = 9
_COUNT_SECONDS = 0.05
_EXIT_SECONDS = 0.5  # longest time between a program's last answer and its end


class _ProgramError(Exception):
    """An exception of the program that is not a built-in one."""


class Supervisor:
    """Serves the requests to one sandbox."""

    def __init__(self, setting: dict[str, Any]) -> None:
        self.limits = setting["limits"]
        self.rlimits = setting["rlimits"]
        self.filter = setting["filter"]
        self.program = setting["program"]
        self.packages = setting["packages"]
        self.user = setting["user"]
        self.tests_are_code = setting["tests_are_code"]
        self.calls = 0
        self._pid = 0
        self._final: list[Any] | None = None
        self._deadline = 0.0
        self._to = self._from = -1
        self._crowded = False
        # A file takes memory that its size does not count. So the files are counted again and again.
        _signal.signal(_signal.SIGALRM, self._count_files)
        _signal.setitimer(_signal.ITIMER_REAL, _COUNT_SECONDS, _COUNT_SECONDS)

    def run(self, stdin: bytes) -> list[Any]:
        """Run the program from start to end; return [how, code or signal, CPU seconds, stdout, stderr]."""
        files = [os.memfd_create(name) for name in ("stdin", "stdout", "stderr")]
        os.write(files[0], stdin)
        os.lseek(files[0], 0, os.SEEK_SET)
        ended, lifeline = os.pipe()
        self._pid = pid = os.fork()
        if pid == 0:
            keep_descriptors(*files, lifeline)
            _signal.signal(_signal.SIGALRM, _signal.SIG_DFL)
            self._confine(self.user)
            run_as_script(self.program)
        os.close(lifeline)
        until = time.monotonic() + self.limits["wall_seconds"]
        wait_readable(ended, self.limits["wall_seconds"])
        how, end = "end", wait_for(pid, until)
        if end is None:
            os.kill(pid, _SIGKILL)
            how, end = "wall", wait_for(pid, math.inf)
        code, seconds = end or (-_SIGKILL, 0.0)
        how = "files" if self._crowded else how
        out, err = (os.pread(fd, self.limits["output"], 0) for fd in files[1:])
        for fd in (*files, ended):
            os.close(fd)
        return [how, code, seconds, out, err]

    def call(self, name: str, arguments: bytes) -> list[Any]:
        """Call a function; return ["answer", the encoded answer], or how the program ended."""
        self._deadline = time.monotonic() + self.limits["wall_seconds"]
        failure = self._final or (None if self._pid else self._start())
        if failure:
            return failure
        answer = self._ask(b"c" + encode([name, arguments]))
        return ["answer", answer] if answer is not None else self._ended()

    def check(self, tests: str, setting: str, entry: str | None) -> list[Any]:
        """Run tests that are code in this process.

        Return ["passed"], ["failed", why], ["broken", why], or how the program ended.
        """
        self._deadline = time.monotonic() + self.limits["wall_seconds"]
        self._confine(self.user and self.user + 1)  # tests are trusted no more than the program
        if self.program["with_tests"]:
            return self._check_beside_program(tests, entry)
        space: dict[str, Any] = {"__name__": "tests", "__builtins__": _TestBuiltins(self)}
        if setting:
            # Some tests call helper functions of the question. But most questions are not code.
            try:  # noqa: SIM105 - contextlib takes long to import
                exec(compile(setting, "<question>", "exec"), space)  # noqa: S102 - what the sandbox is for
            except Exception:  # noqa: BLE001, S110 - then the question is not code
                pass
        if "random" in tests:
            import random

            random.seed(0)  # so that the same program always gets the same verdict
        try:
            if entry is not None:
                space[entry] = self.stub(entry)
            exec(compile(tests, _TESTS, "exec"), space)  # noqa: S102 - what the sandbox is for
            if entry is not None and "check" in space:
                space["check"](space[entry])
        except NotPlainDataError as error:
            return ["broken", str(error)]
        except BaseException as error:  # noqa: BLE001 - tests that raise anything have not passed
            return ["failed" if self.calls else "broken", _describe_failure(error, tests)]
        return ["passed"] if self.calls else ["broken", "the tests never call the program"]

    def _check_beside_program(self, tests: str, entry: str | None) -> list[Any]:
        """Let the program's process run unittest classes. If none ran, find out here whether the tests are broken."""
        answer = self._ask(b"u" + encode([tests, entry]))
        try:
            ran, why = decode(answer or b"")
            ran, why = int(ran), str(why)
        except Exception:  # noqa: BLE001 - the program has ended, or sends no answers
            return self._ended()
        if ran > 0:
            return ["failed", why] if why else ["passed"]
        space: dict[str, Any] = {"__name__": "tests"} | ({entry: self.stub(entry)} if entry else {})
        try:
            exec(compile(tests, _TESTS, "exec"), space)  # noqa: S102 - what the sandbox is for
            broken = "" if find_unittests(space, "tests").countTestCases() else "the tests have no unittest class"
        except BaseException as error:  # noqa: BLE001 - tests may raise anything
            broken = _describe_failure(error, tests)
        return ["broken", broken] if broken and not self.calls else ["failed", why or broken]

    def start(self) -> list[Any] | None:
        """Start the program, to answer calls; return how it failed, or None."""
        self._deadline = time.monotonic() + self.limits["wall_seconds"]
        return self._start()

    def stub(self, name: str) -> Any:
        """Return a stub of the program's function: tests call it, and it asks the program."""

        def ask(*arguments: Any, **keywords: Any) -> Any:
            self.calls += 1
            data = encode([list(arguments), keywords], strict=True)
            answer = self._ask(b"t" + encode([name, data]))
            try:
                kind, value, *changed = decode(answer or b"")
                if kind == "raise":
                    raised = _exception(str(value), str(changed[0]))
                else:
                    for old, new in zip(arguments, changed[0] or (), strict=False):
                        _copy_changes(old, new)
                    return value
            except Exception:  # noqa: BLE001 - tests must not catch this: the program has ended, or sends no answers
                _reply(self._ended())
            raise raised

        return ask

    def _start(self) -> list[Any] | None:
        (program_in, self._to), (self._from, program_out) = os.pipe(), os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            null = os.open("/dev/null", os.O_RDWR)
            keep_descriptors(null, null, null, program_in, program_out)
            _signal.signal(_signal.SIGALRM, _signal.SIG_DFL)
            self._confine(self.user)
            answer_calls(self.program)
        os.close(program_in)
        os.close(program_out)
        answer = self._answer()
        if answer == b"":
            return None
        self._final = self._ended()
        if answer is not None:
            self._final = ["stopped", answer]
        return self._final

    def _ask(self, request: bytes) -> bytes | None:
        try:
            send(self._to, request)
        except OSError:
            return None
        return self._answer()

    def _answer(self) -> bytes | None:
        try:
            return receive(self._from, self.limits["output"], self._deadline - time.monotonic())
        except TimeoutError:
            return None

    def _ended(self) -> list[Any]:
        """Return how a program ended that stopped answering. If it still runs, it will end with the sandbox."""
        now = time.monotonic()
        late = now >= self._deadline
        end = None if late else wait_for(self._pid, min(self._deadline, now + _EXIT_SECONDS))
        code, seconds = end or (-_SIGKILL, 0.0)
        how = "files" if self._crowded else "wall" if late else "end"
        self._final = [how, code, seconds, b"", b"" if end else b"sent no answer"]
        return self._final

    def _count_files(self, *_: object) -> None:
        """End a program that has made too many files."""
        there = os.statvfs("/tmp")  # noqa: S108 - the sandbox's own
        if there.f_files - there.f_ffree <= self.limits["files"] or self._crowded:
            return
        self._crowded = True
        if self.tests_are_code:  # as another user than the program's, who cannot kill it; the sandbox's end does
            _reply(["files", -_SIGKILL, 0.0, b"", b""])
        if self._pid:
            os.kill(self._pid, _SIGKILL)

    def _confine(self, user: int | None) -> None:
        """Give up all rights. This cannot be undone."""
        if self.packages:
            sys.path.append(self.packages)
        confine(user, self.rlimits, self.filter)


class _TestBuiltins(dict[str, object]):
    """Built-ins for tests. A name that is not defined is a function of the program (for MBPP's bare asserts)."""

    def __init__(self, supervisor: Supervisor) -> None:
        super().__init__(vars(__import__("builtins")))
        self._supervisor = supervisor

    def __missing__(self, name: str) -> Any:
        if name.startswith("__"):
            raise KeyError(name)
        return self._supervisor.stub(name)


def _exception(name: str, message: str) -> Exception:
    """Make the exception of this name, if it is a built-in one that takes a message.

    Never make one that ends a loop: tests that loop over map(candidate, …) would stop early, and pass.
    """
    cls: Any = vars(__import__("builtins")).get(name)
    try:
        if issubclass(cls, Exception) and not issubclass(cls, StopIteration | StopAsyncIteration):
            return cls(message.removeprefix(f"{name}: "))
        return _ProgramError(message)
    except TypeError:
        return _ProgramError(message)


def _copy_changes(old: Any, new: Any) -> None:
    """Change an argument as the program changed its copy."""
    if type(old) is not type(new):
        return
    if isinstance(old, list):
        old[:] = new
    elif isinstance(old, dict | set):
        old.clear()
        old.update(new)


def _describe_failure(error: BaseException, tests: str) -> str:
    """Return the line where the tests failed, and the error."""
    line, trace = "", error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == _TESTS:
            line = tests.splitlines()[trace.tb_lineno - 1].strip()
        trace = trace.tb_next
    message = str(error) if isinstance(error, _ProgramError) else describe_error(error)
    return f"{line}: {message}" if line else message


def _reply(answer: list[Any]) -> NoReturn:
    _signal.setitimer(_signal.ITIMER_REAL, 0)
    send(1, encode(answer))
    os._exit(0)


def main() -> None:
    """Serve requests from descriptor 0 until its end, and write answers to descriptor 1."""
    os.closerange(3, 4096)
    setting = decode(receive(0, 1 << 31) or b"", 1 << 30)
    if setting["user"] is not None and setting["tests_are_code"] and os.fork():
        code = os.waitstatus_to_exitcode(os.wait()[1])
        os._exit(code if code >= 0 else 128 - code)
    protect()
    os.dup2(os.open("/dev/null", os.O_WRONLY), 2)
    supervisor = Supervisor(setting)
    send(1, encode(["ready"]))
    if setting["tests_are_code"]:
        _reply(supervisor.start() or supervisor.check(*decode(receive(0, 1 << 31) or b"", 1 << 30)))
    while request := receive(0, 1 << 31):
        kind, *values = decode(request, 1 << 30)
        send(1, encode(supervisor.run(*values) if kind == "run" else supervisor.call(*values)))
    os._exit(0)

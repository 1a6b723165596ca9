"""Run our own functions on texts that nobody trusts: in a sandbox, by a warm interpreter, each text in its own process.

A job is a module with two functions. `prepare(about)` imports and makes what all answers need, and runs once in the
sandbox. `answer(state, question)` returns bytes, and runs in a child process that is killed when it has answered
(`samples.sandbox.warm`). A question and `about` are plain data. Nothing of one answer reaches the next.

The sandbox sees the interpreter, installed packages and this program, read-only. It has no network, no environment, no
other file and no folder to write to.
"""

from dataclasses import asdict, dataclass
from typing import Any, Self

from samples.sandbox import bubblewrap, protocol, seccomp
from samples.sandbox.process import SandboxError, SandboxProcess
from samples.sandbox.sandbox import Limits, rlimits

_PREPARED = 4 << 30  # bytes that a prepared job may hold
_GRACE = 5.0  # seconds for the warm interpreter to report a child that it has killed


class PreparationError(SandboxError):
    """The job cannot be prepared; `kind` is the name of the exception."""

    def __init__(self, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.kind = kind

    def __reduce__(self) -> tuple[type[Self], tuple[str, str]]:
        return type(self), (str(self), self.kind)


@dataclass(frozen=True)
class Ended:
    """A child ended without an answer: by a limit ("cpu", "wall"), or by itself (None) with an exit code.

    The exit code is negative for a signal.
    """

    limit: str | None
    code: int


class ForkServer:
    """A job in a sandbox. Use it as a context, or close it; no process is left then."""

    def __init__(self, job: str, about: Any, limits: Limits, *, start_seconds: float = 60.0) -> None:
        """Start the interpreter and prepare the job. `limits` are those of one answer, beside the job's own memory.

        Raises:
            PreparationError: `prepare` raised an exception.
            SandboxError: The sandbox does not start, or preparing takes longer than `start_seconds`.
        """
        self._limits = limits
        self._process = SandboxProcess(lambda info: bubblewrap.warm(info, limits.scratch), limits.memory + _PREPARED)
        setting = {
            "job": job,
            "about": about,
            "filter": seccomp.filter_program(read_only=True),
            "user": bubblewrap.some_user(),
            "output": limits.output,
            "wall_seconds": limits.wall_seconds,
        }
        try:
            self._start(protocol.encode(setting, strict=True), start_seconds)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Kill every process in the sandbox."""
        self.close()

    def close(self) -> None:
        """Kill every process in the sandbox. When this returns, none is left."""
        self._process.close()

    def ask(self, question: Any) -> bytes | Ended:
        """Return the job's answer to a question of plain data, or how the child ended.

        Raises:
            SandboxError: The sandbox failed. It answers no further question.
        """
        self._process.send(protocol.encode(question, strict=True))
        match self._reply(self._limits.wall_seconds + _GRACE):
            case ["answer", bytes(answer)]:
                return answer
            case ["end", "wall", int(), float()]:
                return Ended("wall", -9)
            case ["end", _, int(code), float(seconds)]:
                # SIGKILL and SIGXCPU: the kernel sends them at the limit. An earlier one came from the child itself.
                at_limit = code in {-9, -24} and seconds > self._limits.cpu_seconds / 2
                return Ended("cpu" if at_limit else None, code)
            case reply:
                raise SandboxError(f"the warm interpreter sent {reply!r:.100}")

    def _start(self, setting: bytes, seconds: float) -> None:
        self._process.send(setting)
        match self._reply(seconds):
            case ["ready"]:
                pass
            case ["failed", str(kind), str(why)]:
                raise PreparationError(f"{kind}: {why}", kind)
            case reply:
                raise SandboxError(f"the warm interpreter sent {reply!r:.100}")
        # A child begins with all that the interpreter has, so its limit begins there.
        there = self._process.address_space()
        limits = Limits(**asdict(self._limits) | {"memory": self._limits.memory + there})
        self._process.send(protocol.encode(rlimits(limits)))

    def _reply(self, seconds: float) -> list[Any]:
        try:
            return protocol.decode_flat(self._process.receive(self._limits.output + 4096, seconds), 5)
        except TimeoutError as error:
            raise SandboxError(f"the sandbox did not answer within {seconds:g} s") from error
        except ValueError as error:
            raise SandboxError(f"the warm interpreter sent what is no reply: {error}") from error

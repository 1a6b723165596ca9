"""Run programs against unit tests, in a sandbox.

Tests are code (HumanEval's `check(candidate)`, MBPP's asserts, BigCodeBench's unittest classes) or cases of input and
output (LiveCodeBench, APPS, TACO: standard input, or the arguments of one function). A program is correct if it passes
all of them. It is found in the completion by the function under test (`samples.verifiers.code_program`).

The program shares no process with the code that judges it. The expected outputs of cases never enter the sandbox.
Tests that are code run in their own process there; the program only answers their calls, with plain data. Only unittest
classes run in the program's own module, because they patch it: a program that is made to cheat could forge its verdict.

`wrong`: the program failed a test: a wrong result, an exception, an early end, a signal, or a limit that the program
reached, which the detail names: 10 CPU seconds, 60 s, 1 GiB, 64 threads, 10,000 files, 16 MiB of output. All cases
together may take ten times the time of one. HumanEval, MBPP and LiveCodeBench count so too. `error`: nothing is known
of the program, because the tests are broken or the sandbox failed. `timeout`: the verifier itself hung. No program
decides over these two. The first test that the program does not pass decides the verdict.

Limits: programs start no process and reach no network, so tests that need them fail. A package must be lent: NumPy is,
`--packages FOLDER` lends others. Tests of an unknown form are refused before anything runs.
Needs bubblewrap and Linux; without it nothing runs.
"""

import hashlib
import platform
import time
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from pathlib import Path

from samples.errors import UsageError
from samples.problems.problems import Problem
from samples.sandbox import bubblewrap
from samples.sandbox.protocol import canonical
from samples.sandbox.sandbox import Limits, Outcome, Program, Sandbox, SandboxError, require
from samples.verifiers import Verdict, Verifier
from samples.verifiers.code_program import program_in
from samples.verifiers.code_tests import Tests, find_tests

_MAX_DETAIL = 200  # characters
_ALL_RUNS = 10  # all runs of a program together may use ten times the limits of one run
# LiveCodeBench puts these imports before every program. They take longer than most programs run, so here only programs
# with a NameError get them.
_PREAMBLE = "\n".join(
    [
        *(f"from {name} import *" for name in ("string", "re", "datetime", "collections", "heapq", "bisect", "copy")),
        *(f"from {name} import *" for name in ("math", "random", "statistics", "itertools", "functools", "operator")),
        *(f"from {name} import *" for name in ("io", "sys", "json", "builtins", "typing")),
        "import string, re, datetime, collections, heapq, bisect, copy, math, random, statistics, itertools",
        "import functools, operator, io, sys, json",
    ]
)
_RECURSION_LIMIT = _DIGITS = 50_000  # LiveCodeBench's limits of recursion, and of digits of a printed integer


class Code(Verifier):
    """Correct if the program passes all unit tests of its problem.

    Programs and tests may import NumPy if it is installed here, or what is in the folder `packages` instead.
    """

    name = "code"
    needs = "bubblewrap, and packages that programs import, such as NumPy"
    by_problem = True
    version = f"4+python-{platform.python_version()}"
    compares_answers = False

    def __init__(self, limits: Limits | None = None, packages: Path | None = None) -> None:
        self._limits = limits or Limits()
        self._packages = packages or bubblewrap.installed("numpy")
        if packages is not None:
            self.version += f"+packages-{_digest(packages)}"
        # This limit is never reached: it covers all runs together, one last run, and the sandbox's starts and ends.
        self.seconds = (_ALL_RUNS + 2) * (self._limits.wall_seconds + 5)
        self.memory_mib = (self._limits.memory >> 20) + 512  # a program's limit cannot be above its worker's

    def gold(self, problem: Problem) -> Tests:
        """Return the unit tests.

        Raises:
            UsageError: The problem has no tests of a known form, or this machine cannot make a sandbox.
            MissingExtra: bubblewrap is not installed.
        """
        require()
        return find_tests(problem)

    def extract(self, completion: str) -> str | None:
        """Return the program (see `samples.verifiers.code_program`)."""
        return program_in(completion)

    def extract_for(self, problem: Problem, completion: str) -> str | None:
        """Return the program that defines the function under test."""
        return program_in(completion, find_tests(problem).names)

    def compare(self, problem: Problem, answer: str) -> Verdict:
        """Run the program against the tests of the problem."""
        tests = self.gold(problem)
        try:
            if tests.code is not None:
                return self._judge_by_code(problem, tests, answer)
            program = Program(answer, recursion=_RECURSION_LIMIT, digits=_DIGITS, forgive_exit=True)
            until = time.monotonic() + _ALL_RUNS * self._limits.wall_seconds
            verdict = self._judge_by_cases(tests, program, until)
            if verdict.detail and "NameError" in verdict.detail:
                verdict = self._judge_by_cases(tests, replace(program, preamble=_PREAMBLE), until)
        except SandboxError as error:
            return Verdict("error", answer, detail=_stored_detail(str(error)))
        return verdict

    def _judge_by_code(self, problem: Problem, tests: Tests, answer: str) -> Verdict:
        assert tests.code is not None
        prompt = problem.question if tests.entry else None
        program = Program(answer, prompt, tests.entry, with_tests=tests.unittests)
        with Sandbox(program, self._limits, tests_are_code=True, packages=self._packages) as box:
            result = box.check(tests.code, prompt or "", tests.entry or tests.shadows)
        if isinstance(result, Outcome):
            return self._failure(answer, result, "")
        how, why = result
        status = {"passed": "correct", "failed": "wrong"}.get(how, "error")
        return Verdict(status, answer, detail=_stored_detail(why) or None)

    def _judge_by_cases(self, tests: Tests, program: Program, until: float) -> Verdict:
        seconds, most = 0.0, _ALL_RUNS * self._limits.cpu_seconds
        with Sandbox(program, self._limits, packages=self._packages) as box:
            for number, (given, expected) in enumerate(tests.cases, 1):
                where = f"test {number} of {len(tests.cases)}: "
                if seconds > most or time.monotonic() > until:
                    return _wrong(program, f"{where}time limit: the tests before took too long together")
                result = box.call(tests.entry, *given) if tests.entry else box.run(given.encode())
                seconds += result.seconds if isinstance(result, Outcome) else 0.0  # calls already share one limit
                if isinstance(result, tuple):
                    value, text = result
                    if value not in map(canonical, expected):
                        return _wrong(program, f"{where}returned {text}, expected {expected[0]!r}")
                elif tests.entry or result.limit or result.code:
                    return self._failure(program.code, result, where)
                elif not same_output(result.stdout.decode("utf-8", "replace"), expected[0]):
                    return _wrong(program, f"{where}printed {result.stdout[:80]!r}, expected {expected[0][:80]!r}")
        return Verdict("correct", program.code)

    def _failure(self, answer: str, outcome: Outcome, where: str) -> Verdict:
        limits = self._limits
        ended = f"ended in the middle (code {outcome.code})" if outcome.code >= 0 else f"signal {-outcome.code}"
        why = {
            "cpu": f"time limit: took more than {limits.cpu_seconds} CPU seconds",
            "wall": f"time limit: took more than {limits.wall_seconds:g} seconds",
            "output": f"output limit: wrote more than {limits.output >> 20} MiB",
            "files": f"scratch limit: made more than {limits.files:,} files",
            "memory": f"memory limit: needed more than {limits.memory >> 20} MiB",
        }.get(outcome.limit or "", outcome.error or ended)
        return Verdict("wrong", answer, detail=_stored_detail(f"{where}{why}"))


def _digest(packages: Path) -> str:
    """Return a hash of what a folder of packages has, by name: pip writes each version into the name of a folder.

    Raises:
        UsageError: There is no such folder.
    """
    try:
        names = sorted(path.name for path in packages.iterdir() if path.name != "__pycache__")
    except OSError as error:
        raise UsageError(
            f"--packages {packages}: {error.strerror}; name a folder, as pip install --target makes"
        ) from error
    return hashlib.sha256("\0".join(names).encode()).hexdigest()[:8]


def _wrong(program: Program, detail: str) -> Verdict:
    return Verdict("wrong", program.code, detail=_stored_detail(detail))


def _stored_detail(detail: str) -> str:
    """Limit the length, and replace characters that no table can hold: the program wrote much of this text."""
    return detail[:_MAX_DETAIL].encode("utf-8", "replace").decode("utf-8")


def same_output(got: str, expected: str) -> bool:
    """Return whether two outputs agree line by line, as LiveCodeBench decides.

    Blanks are ignored at both ends of a line, and blank lines at both ends of an output. Lines of numbers agree if the
    numbers are equal, whatever the blanks between them.
    """
    expected_lines = expected.strip().split("\n")
    got_lines = got.strip().split("\n", len(expected_lines))
    if len(got_lines) != len(expected_lines):
        return False
    return all(map(_same_line, got_lines, expected_lines))


def _same_line(got: str, expected: str) -> bool:
    if got.strip() == expected.strip():
        return True
    right = expected.split()
    left = got.split(None, len(right))  # a line of megabytes is not split to its end
    try:
        numbers = [(Decimal(a), Decimal(b)) for a, b in zip(left, right, strict=True)]
    except (InvalidOperation, ValueError):
        return False
    return all(a.is_finite() and b.is_finite() and a == b for a, b in numbers)

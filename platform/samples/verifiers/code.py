"""Run programs against unit tests, in a sandbox.

Tests are code (HumanEval's `check(candidate)`, MBPP's asserts) or cases of input and output (LiveCodeBench: standard
input, or the arguments of one function). A program is correct if it passes all of them. The program shares no process
with the code that judges it. The expected outputs of cases never enter the sandbox. Tests that are code run in their
own process inside the sandbox; the program only answers their calls, with plain data.

`wrong`: the program failed a test: a wrong result, an exception, an early exit, an exit code other than 0, a signal, or
a limit that the program reached. The limits are CPU seconds, wall time, memory, threads, files and output; all tests
together may take ten times the time of one. The detail names the limit. HumanEval, MBPP and LiveCodeBench count so too.
`error`: nothing is known of the program, because the tests are broken or the sandbox failed. `timeout`: the verifier
itself hung. No program decides over these two. The first test that the program does not pass decides the verdict.
"""

import base64
import functools
import json
import pickletools
import platform
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from samples.errors import UsageError
from samples.problems.problems import Problem
from samples.sandbox.protocol import canonical
from samples.sandbox.sandbox import Limits, Outcome, Program, Sandbox, SandboxError, require
from samples.verifiers import Verdict, Verifier

_PYTHON = frozenset({"python", "python3", "py"})
_MAX_DETAIL = 200  # characters
_MAX_UNPACKED = 1 << 28  # bytes of compressed tests, once unpacked
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
_RECURSION_LIMIT = 50_000  # LiveCodeBench's recursion limit


@dataclass(frozen=True)
class Tests:
    """The unit tests of a problem: `code`, or `cases` of (input, expected output).

    `entry` names the function under test. With it, a case holds arguments and result of that function; without it,
    standard input and output.
    """

    code: str | None = None
    cases: tuple[tuple[Any, Any], ...] = ()
    entry: str | None = None


class Code(Verifier):
    """Correct if the program passes all unit tests of its problem. Programs may import from the folder `packages`."""

    name = "code"
    version = f"2+python-{platform.python_version()}"

    def __init__(self, limits: Limits | None = None, packages: Path | None = None) -> None:
        self._limits = limits or Limits()
        self._packages = packages
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
        return _find_tests(problem)

    def extract(self, completion: str) -> str | None:
        """Return the last fenced block of Python, else the last fenced block of no language, else the completion.

        A closing fence without an opening one ends the completion. Blanks at the start are kept, because they may be
        indentation.
        """
        blocks: list[tuple[str, str]] = []
        first_fence: int | None = None
        fence, language, start = "", "", 0
        lines = completion.split("\n")
        for number, line in enumerate(lines):
            text = line.strip()
            if not text.startswith("```"):
                continue
            first_fence = number if first_fence is None else first_fence
            if not fence:
                fence, language, start = line, text.strip("`").strip().lower(), number + 1
            elif not text.strip("`"):
                blocks.append((language, _block(fence, lines[start:number])))
                fence = ""
        if fence and language in _PYTHON:  # the length limit, or a stop string that is the fence, cut the block off
            blocks.append((language, _block(fence, lines[start:])))
        found = [code for language, code in blocks if language in _PYTHON]
        found = found or [code for language, code in blocks if not language]
        code = found[-1] if found else "\n".join(lines[:first_fence])
        return code if code.strip() else None

    def compare(self, problem: Problem, answer: str) -> Verdict:
        """Run the program against the tests of the problem."""
        tests = self.gold(problem)
        try:
            if tests.code is not None:
                return self._judge_by_code(problem, tests, answer)
            program = Program(answer, recursion=_RECURSION_LIMIT)
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
        program = Program(answer, prompt, tests.entry)
        with Sandbox(program, self._limits, tests_are_code=True, packages=self._packages) as box:
            result = box.check(tests.code, prompt or "", tests.entry)
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
                    if value != canonical(expected):
                        return _wrong(program, f"{where}returned {text}, expected {expected!r}")
                elif tests.entry or result.limit or result.code:
                    return self._failure(program.code, result, where)
                elif not same_output(result.stdout.decode("utf-8", "replace"), expected):
                    return _wrong(program, f"{where}printed {result.stdout[:80]!r}, expected {expected[:80]!r}")
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


def _wrong(program: Program, detail: str) -> Verdict:
    return Verdict("wrong", program.code, detail=_stored_detail(detail))


def _stored_detail(detail: str) -> str:
    """Limit the length, and replace characters that no table can hold: the program wrote much of this text."""
    return detail[:_MAX_DETAIL].encode("utf-8", "replace").decode("utf-8")


def _block(fence: str, lines: Sequence[str]) -> str:
    """Return the lines of a block without the indentation of its fence; blocks in a list have one."""
    indent = fence[: len(fence) - len(fence.lstrip())]
    return "".join(line.removeprefix(indent) + "\n" for line in lines)


def same_output(got: str, expected: str) -> bool:
    """Return whether two outputs agree line by line, as LiveCodeBench decides.

    Blanks are ignored within a line, and blank lines at both ends of an output. Lines of numbers agree if the numbers
    are equal.
    """
    expected_lines = expected.strip().split("\n")
    got_lines = got.strip().split("\n", len(expected_lines))
    if len(got_lines) != len(expected_lines):
        return False
    return all(map(_same_line, got_lines, expected_lines))


def _same_line(got: str, expected: str) -> bool:
    right = expected.split()
    left = got.split(None, len(right))  # a line of megabytes is not split to its end
    if left == right:
        return True
    try:
        numbers = [(Decimal(a), Decimal(b)) for a, b in zip(left, right, strict=True)]
    except (InvalidOperation, ValueError):
        return False
    return all(a.is_finite() and b.is_finite() and a == b for a, b in numbers)


def _find_tests(problem: Problem) -> Tests:
    if problem.tests is None:
        raise UsageError(
            f'verifier code: problem "{problem.problem_id}" has no unit tests; name their field with --tests-field'
        )
    more = problem.metadata.get("metadata")  # LiveCodeBench keeps the function's name in this field
    private = problem.metadata.get("private_test_cases")
    try:
        more = json.loads(more) if isinstance(more, str) else more
        named = {**(more if isinstance(more, dict) else {}), **problem.metadata}
        entry = next((str(named[key]) for key in ("fn_name", "func_name", "entry_point") if named.get(key)), None)
        return _parse_tests(problem.tests, private if isinstance(private, str) else None, entry)
    except (ValueError, KeyError, TypeError, RecursionError, zlib.error) as error:
        raise UsageError(
            f'verifier code: the tests of problem "{problem.problem_id}" have no known form ({error}); write them as '
            '{"test": code, "entry_point": name}, [{"input": …, "output": …}], {"inputs": […], "outputs": […]} or a '
            "list of asserts"
        ) from error


@functools.lru_cache(16)  # samples come problem by problem, and tests may have megabytes
def _parse_tests(text: str, private: str | None, entry: str | None) -> Tests:
    tests = json.loads(text)
    if isinstance(tests, dict) and "inputs" in tests:
        pairs = list(zip(tests["inputs"], tests["outputs"], strict=True))
        entry = tests.get("fn_name")
    elif isinstance(tests, dict):
        entry = tests.pop("entry_point", entry)
        (code,) = (value for value in tests.values() if isinstance(value, str))
        return Tests(code, entry=entry)
    elif tests and all(isinstance(test, str) for test in tests):
        return Tests("\n".join(tests))
    else:
        tests += json.loads(_unpack(private)) if private else []
        pairs = [(test["input"], test["output"]) for test in tests]
        kinds = {test.get("testtype", "functional" if entry else "stdin") for test in tests}
        if len(kinds) != 1 or not kinds <= {"functional", "stdin"}:
            raise ValueError(f"tests of types {kinds}")
        if kinds == {"stdin"}:
            entry = None
        elif entry is None:
            raise ValueError('functional tests and no "func_name"')
    if not pairs:
        raise ValueError("no tests")
    if entry is None:
        return Tests(cases=tuple((_join_lines(given), _join_lines(expected)) for given, expected in pairs))
    cases = tuple((tuple(json.loads(line) for line in a.split("\n")), json.loads(b)) for a, b in pairs)
    return Tests(cases=cases, entry=entry)


def _join_lines(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "\n".join(value)


def _unpack(private: str) -> str:
    """Return LiveCodeBench's private tests as JSON.

    They are JSON, or JSON that is pickled as one text, compressed, and written in base64. Nothing is unpickled.
    """
    if private.lstrip().startswith("["):
        return private
    unpacker = zlib.decompressobj()
    data = unpacker.decompress(base64.b64decode(private), _MAX_UNPACKED)
    if not unpacker.eof:
        raise ValueError("private tests of more than 256 MiB")
    return next(text for _, text, _ in pickletools.genops(data) if isinstance(text, str))

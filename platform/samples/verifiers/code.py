"""Programs against unit tests, in a sandbox.

Tests are code (HumanEval's `check(candidate)`, MBPP's asserts) or cases of input and output (LiveCodeBench: standard
input, or arguments of one function). A program is correct when it passes all of them. It shares no process with what
judges it: expected outputs of cases never enter the sandbox, and tests that are code run in a process of their own
there, which the program reaches only by answering calls with plain data.

`timeout` means more CPU seconds or time than `Limits` grants, or than ten times that with all tests together. Every
other end is the program's own and is `wrong`: an exception, an exit in the middle or with another code than 0, too
much memory, too many threads, too much output. `error` means that nothing is known of the program: the tests are
broken, or the sandbox failed. The first test that is not passed decides.
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
_DETAIL = 200  # characters
_LARGEST_TESTS = 1 << 28  # bytes of tests that come compressed
_TOGETHER = 10  # times the limits of one run are those of all runs of a program
# What LiveCodeBench puts before every program. Imported only by those that miss a name: it takes longer than most run.
_PREAMBLE = "\n".join(
    [
        *(f"from {name} import *" for name in ("string", "re", "datetime", "collections", "heapq", "bisect", "copy")),
        *(f"from {name} import *" for name in ("math", "random", "statistics", "itertools", "functools", "operator")),
        *(f"from {name} import *" for name in ("io", "sys", "json", "builtins", "typing")),
        "import string, re, datetime, collections, heapq, bisect, copy, math, random, statistics, itertools",
        "import functools, operator, io, sys, json",
    ]
)
_RECURSION = 50_000  # and its recursion limit


@dataclass(frozen=True)
class Tests:
    """What a program is tried with: `code` with the function it is about, or `cases` of (input, expected output).

    With an `entry`, cases hold arguments and result of that function, otherwise standard input and output.
    """

    code: str | None = None
    cases: tuple[tuple[Any, Any], ...] = ()
    entry: str | None = None


class Code(Verifier):
    """Correct when the program passes all unit tests of its problem. `packages`: a folder programs may import from."""

    name = "code"
    version = f"1+python-{platform.python_version()}"

    def __init__(self, limits: Limits | None = None, packages: Path | None = None) -> None:
        self._limits = limits or Limits()
        self._packages = packages
        # Never reached: all runs together, a last one begun in time, and the sandbox's own starts and ends.
        self.seconds = (_TOGETHER + 2) * (self._limits.wall_seconds + 5)
        self.memory_mib = (self._limits.memory >> 20) + 512  # a program can be granted no more than its worker has

    def gold(self, problem: Problem) -> Tests:
        """Return the unit tests.

        Raises:
            UsageError: There are none of a known form, or no sandbox can be made here.
            MissingExtra: bubblewrap is not installed.
        """
        require()
        return _tests(problem)

    def extract(self, completion: str) -> str | None:
        """Return the last fenced block of Python, else the last fenced block of no language, else the completion.

        A fence without a partner ends the completion. Blanks at the start are kept: they may be indentation.
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
                blocks.append((language, _inside(fence, lines[start:number])))
                fence = ""
        if fence and language in _PYTHON:  # cut off by the length limit, or by a stop string that is the fence
            blocks.append((language, _inside(fence, lines[start:])))
        found = [code for language, code in blocks if language in _PYTHON]
        found = found or [code for language, code in blocks if not language]
        code = found[-1] if found else "\n".join(lines[:first_fence])
        return code if code.strip() else None

    def compare(self, problem: Problem, answer: str) -> Verdict:
        """Run the program against the tests of the problem."""
        tests = self.gold(problem)
        try:
            if tests.code is not None:
                return self._by_code(problem, tests, answer)
            program = Program(answer, recursion=_RECURSION)
            until = time.monotonic() + _TOGETHER * self._limits.wall_seconds
            verdict = self._by_cases(tests, program, until)
            if verdict.detail and "NameError" in verdict.detail:
                verdict = self._by_cases(tests, replace(program, preamble=_PREAMBLE), until)
        except SandboxError as error:
            return Verdict("error", answer, detail=_short(str(error)))
        return verdict

    def _by_code(self, problem: Problem, tests: Tests, answer: str) -> Verdict:
        assert tests.code is not None
        prompt = problem.question if tests.entry else None
        program = Program(answer, prompt, tests.entry)
        with Sandbox(program, self._limits, tests_are_code=True, packages=self._packages) as box:
            result = box.check(tests.code, prompt or "", tests.entry)
        if isinstance(result, Outcome):
            return self._failure(answer, result, "")
        how, why = result
        status = {"passed": "correct", "failed": "wrong"}.get(how, "error")
        return Verdict(status, answer, detail=_short(why) or None)

    def _by_cases(self, tests: Tests, program: Program, until: float) -> Verdict:
        seconds, most = 0.0, _TOGETHER * self._limits.cpu_seconds
        with Sandbox(program, self._limits, packages=self._packages) as box:
            for number, (given, expected) in enumerate(tests.cases, 1):
                where = f"test {number} of {len(tests.cases)}: "
                if seconds > most or time.monotonic() > until:
                    return Verdict("timeout", program.code, detail=f"{where}the tests before took too long together")
                result = box.call(tests.entry, *given) if tests.entry else box.run(given.encode())
                seconds += result.seconds if isinstance(result, Outcome) else 0.0  # calls share one limit already
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
        if outcome.limit in {"cpu", "wall"}:
            most = f"{limits.cpu_seconds} CPU seconds" if outcome.limit == "cpu" else f"{limits.wall_seconds:g} seconds"
            return Verdict("timeout", answer, detail=f"{where}took more than {most}")
        ended = f"ended in the middle (code {outcome.code})" if outcome.code >= 0 else f"signal {-outcome.code}"
        why = {
            "output": f"wrote more than {limits.output >> 20} MiB",
            "memory": f"needed more than {limits.memory >> 20} MiB",
        }.get(outcome.limit or "", outcome.error or ended)
        return Verdict("wrong", answer, detail=_short(f"{where}{why}"))


def _wrong(program: Program, detail: str) -> Verdict:
    return Verdict("wrong", program.code, detail=_short(detail))


def _short(detail: str) -> str:
    """Cut to a length, and free of what no table can hold: programs choose much of this text."""
    return detail[:_DETAIL].encode("utf-8", "replace").decode("utf-8")


def _inside(fence: str, lines: Sequence[str]) -> str:
    """The lines of a block without the indentation of its fence, which a list may have given it."""
    indent = fence[: len(fence) - len(fence.lstrip())]
    return "".join(line.removeprefix(indent) + "\n" for line in lines)


def same_output(got: str, expected: str) -> bool:
    """Whether two outputs agree line by line, blanks aside; lines of numbers agree when the numbers are equal.

    As LiveCodeBench decides. Blank lines count between others, not at the ends.
    """
    expected_lines = expected.strip().split("\n")
    got_lines = got.strip().split("\n", len(expected_lines))
    if len(got_lines) != len(expected_lines):
        return False
    return all(map(_same_line, got_lines, expected_lines))


def _same_line(got: str, expected: str) -> bool:
    right = expected.split()
    left = got.split(None, len(right))  # a line of megabytes is not taken apart to the end
    if left == right:
        return True
    try:
        numbers = [(Decimal(a), Decimal(b)) for a, b in zip(left, right, strict=True)]
    except (InvalidOperation, ValueError):
        return False
    return all(a.is_finite() and b.is_finite() and a == b for a, b in numbers)


def _tests(problem: Problem) -> Tests:
    if problem.tests is None:
        raise UsageError(
            f'verifier code: problem "{problem.problem_id}" has no unit tests; name their field with --tests-field'
        )
    more = problem.metadata.get("metadata")  # LiveCodeBench keeps the function's name in a field of this name
    private = problem.metadata.get("private_test_cases")
    try:
        more = json.loads(more) if isinstance(more, str) else more
        named = {**(more if isinstance(more, dict) else {}), **problem.metadata}
        entry = next((str(named[key]) for key in ("fn_name", "func_name", "entry_point") if named.get(key)), None)
        return _parsed(problem.tests, private if isinstance(private, str) else None, entry)
    except (ValueError, KeyError, TypeError, RecursionError, zlib.error) as error:
        raise UsageError(
            f'verifier code: the tests of problem "{problem.problem_id}" are of no known form ({error}); expected are '
            '{"test": code, "entry_point": name}, [{"input": …, "output": …}], {"inputs": […], "outputs": […]} or a '
            "list of asserts"
        ) from error


@functools.lru_cache(16)  # the samples of one problem follow one another, and its tests may have megabytes
def _parsed(text: str, private: str | None, entry: str | None) -> Tests:
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
        tests += json.loads(_unpacked(private)) if private else []
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
        return Tests(cases=tuple((_joined(given), _joined(expected)) for given, expected in pairs))
    cases = tuple((tuple(json.loads(line) for line in a.split("\n")), json.loads(b)) for a, b in pairs)
    return Tests(cases=cases, entry=entry)


def _joined(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "\n".join(value)


def _unpacked(private: str) -> str:
    """LiveCodeBench's private tests: JSON, or JSON pickled as one text, compressed, in base64. Nothing is unpickled."""
    if private.lstrip().startswith("["):
        return private
    unpacker = zlib.decompressobj()
    data = unpacker.decompress(base64.b64decode(private), _LARGEST_TESTS)
    if not unpacker.eof:
        raise ValueError("private tests of more than 256 MiB")
    return next(text for _, text, _ in pickletools.genops(data) if isinstance(text, str))

"""Read the unit tests of a problem, in the forms of the usual benchmarks.

- code with `check(candidate)` or unittest classes, and the name of the function (HumanEval, EvalPlus, BigCodeBench)
- a list of asserts, with `test_imports` and `test_setup_code` (MBPP)
- cases of standard input and output, or of arguments and result (LiveCodeBench, APPS, TACO, PRIME)

A form that is not known is refused before anything runs.
"""

import ast
import base64
import builtins
import functools
import json
import pickletools
import re
import zlib
from dataclasses import dataclass
from typing import Any

from samples.errors import UsageError, first_line
from samples.problems.problems import Problem
from samples.problems.python_code import syntax_tree
from samples.verifiers.code_helpers import tree_of, unbound_names

_MAX_UNPACKED = 1 << 28  # bytes of compressed tests, once unpacked
_NAMES = ("fn_name", "func_name", "entry_point")


@dataclass(frozen=True)
class Tests:
    """The unit tests of a problem: `code`, or `cases` of (input, expected outputs: any of them counts).

    `entry` names the function under test. With it, a case holds arguments and results of that function; without it,
    standard input and output. `shadows` names a function under test that has the name of a built-in one. `unittests`
    says that `code` has unittest classes and no `check`; they run in the program's own module. `called` names the
    functions that asserts call, where `entry` does not say which one is under test.
    """

    code: str | None = None
    cases: tuple[tuple[Any, tuple[Any, ...]], ...] = ()
    entry: str | None = None
    shadows: str | None = None
    unittests: bool = False
    called: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The functions under test, by which the program is found in a completion."""
        return (self.entry,) if self.entry else self.called


def find_tests(problem: Problem) -> Tests:
    """Return the unit tests of a problem.

    Raises:
        UsageError: It has none, or none of a known form.
    """
    if problem.tests is None:
        raise UsageError(
            f'verifier code: problem "{problem.problem_id}" has no unit tests; name their field with --tests-field'
        )
    more = problem.metadata.get("metadata")  # LiveCodeBench keeps the function's name in this field
    private = problem.metadata.get("private_test_cases")
    try:
        more = json.loads(more) if isinstance(more, str) else more
        named = {**(more if isinstance(more, dict) else {}), **problem.metadata}
        entry = next((str(named[key]) for key in _NAMES if named.get(key)), None)
        before = "\n".join([*_lines(named.get("test_imports")), *_lines(named.get("test_setup_code"))])
        asserts = "\n".join(_lines(named.get("test_list")))  # EvalPlus keeps MBPP's own beside its code
        return _parsed(problem.tests, private if isinstance(private, str) else None, entry, before, asserts)
    except Exception as error:  # a file may hold anything
        raise UsageError(
            f'verifier code: the tests of problem "{problem.problem_id}" have no known form ({first_line(error)}); '
            'write them as {"test": code, "entry_point": name}, [{"input": …, "output": …}], {"inputs": […], '
            '"outputs": […]} or a list of asserts'
        ) from error


def _lines(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(line) for line in value or ()]


@functools.lru_cache(16)  # samples come problem by problem, and tests may have megabytes
def _parsed(text: str, private: str | None, entry: str | None, before: str, asserts: str) -> Tests:
    tests = json.loads(text)
    if isinstance(tests, dict) and "inputs" in tests:
        entry = next((str(tests[key]) for key in _NAMES if tests.get(key)), None)
        pairs = list(zip(tests["inputs"], tests["outputs"], strict=True))
    elif isinstance(tests, dict):
        entry = tests.pop("entry_point", entry)
        (code,) = (value for value in tests.values() if isinstance(value, str))
        whole = f"{before}\n{code}" if before else code
        shadows, called = _called(asserts, before) if asserts and not entry else (None, _unbound(whole))
        return Tests(whole, entry=entry, shadows=shadows, called=called, unittests=_has_unittests(code))
    elif tests and all(isinstance(test, str) for test in tests):
        asserts = "\n".join(tests)
        shadows, called = _called(asserts, before)
        return Tests(f"{before}\n{asserts}" if before else asserts, shadows=shadows, called=called)
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
        return Tests(cases=tuple((_joined(given), (_joined(expected),)) for given, expected in pairs))
    return Tests(cases=tuple((_arguments(given), _results(expected)) for given, expected in pairs), entry=entry)


def _arguments(given: Any) -> tuple[Any, ...]:
    """Return the arguments of a call: a list of them, or text with one JSON value a line."""
    if isinstance(given, str):
        return tuple(json.loads(line) for line in given.split("\n"))
    return tuple(given) if isinstance(given, list) else (given,)


def _results(expected: Any) -> tuple[Any, ...]:
    """Return the results that count: a value, or JSON text. APPS and TACO wrap some values in a list of one."""
    if isinstance(expected, str):
        return (json.loads(expected), expected) if _is_json(expected) else (expected,)
    wrapped = isinstance(expected, list) and len(expected) == 1
    return (expected, expected[0]) if wrapped else (expected,)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _joined(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(_joined(item) for item in value)
    if not isinstance(value, str | int | float):
        raise ValueError(f"an input or output of type {type(value).__name__}")  # noqa: TRY004 - all become one error
    return str(value)


def _has_unittests(code: str) -> bool:
    """Return whether tests have a class below unittest's TestCase, and no function `check`."""
    try:
        parts = syntax_tree(code).body
    except (SyntaxError, ValueError, RecursionError):
        return False  # running it says why
    bases = [ast.unparse(base) for part in parts if isinstance(part, ast.ClassDef) for base in part.bases]
    checks = any(isinstance(part, ast.FunctionDef) and part.name == "check" for part in parts)
    return not checks and any(base.endswith("TestCase") for base in bases)


def _called(asserts: str, before: str) -> tuple[str | None, tuple[str, ...]]:
    """Return the built-in function under test if it has the name of one, and the functions under test.

    All asserts call them. MBPP asks for functions of built-in names, such as `sum`: then they share no other one.
    """
    called = [
        {node.func.id for node in ast.walk(part) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
        for part in syntax_tree(asserts).body
        if isinstance(part, ast.Assert)
    ]
    common = set[str].intersection(*called) if called else set[str]()
    others = sorted(name for name in common if not hasattr(builtins, name))
    if others:
        return None, tuple(name for name in others if not re.search(rf"\b{name}\b", before)) or tuple(others)
    shadows = min(common) if len(common) == 1 else None
    return shadows, (shadows,) if shadows else ()


def _unbound(code: str) -> tuple[str, ...]:
    """Return the functions that tests call and do not define: they are the program's."""
    tree = tree_of(code)
    if tree is None:
        return ()
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    return tuple(sorted(called & unbound_names(tree)))


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

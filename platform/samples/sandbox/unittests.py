"""Run unittest classes in the program's own process and module, as BigCodeBench does.

Such tests patch what the program calls (`patch("requests.get")`, `patch("__main__.plt.show")`), read its globals, and
look at objects that are not plain data, such as figures and tables. So they cannot run in a process of their own. A
program that is made to cheat could change the tests here, and so forge its own verdict. It reaches nothing else.
"""

from __future__ import annotations

import sys

from samples.sandbox.protocol import encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

MODULE = "__test__"  # BigCodeBench's name; a program's block for "__main__" does not run
_FILE = "__test__.py"


def make_importable(module: ModuleType, entry: str | None) -> None:
    """Let tests import and patch the module by each of its names, and give it the modules that BigCodeBench gives."""
    import os

    names = [MODULE, "__main__", "solution"]
    if entry and entry not in sys.modules:
        names.append(entry)
    for name in names:
        sys.modules[name] = module
    module.__file__ = _FILE
    module.__dict__.update(os=os, sys=sys, environ=os.environ)


def run_unittests(space: dict[str, Any], tests: str, entry: str | None) -> bytes:
    """Run the classes that the tests define; return [number of tests that ran, why one failed or ""], encoded."""
    if entry is not None and entry not in space:
        return encode([0, f"NameError: name '{entry}' is not defined"])
    before = list(space.values())
    _seed(tests)
    try:
        exec(compile(tests, "<tests>", "exec", dont_inherit=True), space)  # noqa: S102 - what the sandbox is for
        suite = find_unittests(space, MODULE, before)
        _seed(tests)  # NumPy may have come with the tests
    except BaseException as error:  # noqa: BLE001 - the program may have changed anything
        return encode([0, _line(error)])
    import unittest

    result = unittest.TestResult()
    result.failfast = True
    try:
        suite.run(result)
    except BaseException as error:  # noqa: BLE001 - KeyboardInterrupt ends a suite
        return encode([1, _line(error)])
    bad = [*result.failures, *result.errors]
    why = f"{bad[0][0]}: {bad[0][1].strip().splitlines()[-1]}"[:500] if bad else ""
    if not why and result.unexpectedSuccesses:
        why = "a test that should fail has passed"
    if not why and result.skipped and "skip" not in tests.lower():
        why = "the program skipped a test"
    return encode([result.testsRun, why])


def find_unittests(space: dict[str, Any], module: str, before: list[Any] | None = None) -> Any:
    """Return a suite of the TestCase classes that were defined in this module, without those that were there before."""
    import unittest

    old = set(map(id, before or ()))
    classes = [
        value
        for value in space.values()
        if isinstance(value, type)
        and issubclass(value, unittest.TestCase)
        and value.__module__ == module
        and id(value) not in old
    ]
    return unittest.TestSuite(map(unittest.defaultTestLoader.loadTestsFromTestCase, dict.fromkeys(classes)))


def _seed(tests: str) -> None:
    """Seed what tests draw from, so that the same program always gets the same verdict."""
    if "random" in tests:
        import random

        random.seed(0)
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed(0)


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".partition("\n")[0][:500]

"""The verifier `code` and unittest classes, as BigCodeBench has them: they run in the program's own module."""

import json
from pathlib import Path

import pytest

from samples.problems.problems import Problem
from samples.sandbox.sandbox import Limits
from samples.verifiers.code import Code

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("sandbox")]
CODE = Code(Limits(cpu_seconds=5, wall_seconds=20))


def asking(tests: dict[str, str]) -> Problem:
    return Problem("p", "Write it.", None, json.dumps(tests), {})


CASES = """import unittest
class TestCases(unittest.TestCase):
    def setUp(self):
        self.two = 2
    def test_a(self):
        self.assertEqual(task_func(self.two), 4)
    def test_b(self):
        with self.assertRaises(ValueError):
            task_func(-1)
"""
SQUARES = "def task_func(x):\n    if x < 0: raise ValueError\n    return x * x"
OWN_TESTS = "\nimport unittest\nclass TestMine(unittest.TestCase):\n    def test_no(self): self.fail()\n"


@pytest.mark.parametrize(
    ("program", "status"),
    [
        (SQUARES, "correct"),
        ("def task_func(x): return x * x", "wrong"),
        ("def task_func(x): raise ValueError", "wrong"),
        ("import os\ndef task_func(x): os._exit(0)", "wrong"),
        ("import os\nos._exit(0)", "wrong"),
        ("import sys\ndef task_func(x): sys.exit(0)", "wrong"),
        ("def task_func(x): raise KeyboardInterrupt", "wrong"),
        ("import unittest\ndef task_func(x): raise unittest.SkipTest('no')", "wrong"),
        ("import sys\nsys.modules['unittest'] = None\ndef task_func(x): return 0", "wrong"),
        ("def task_func(x):\n    while True: pass", "wrong"),
        ("def other(x): return x", "wrong"),
        ("task_func = 7", "wrong"),
        (SQUARES + OWN_TESTS, "correct"),
        (SQUARES + OWN_TESTS + "if __name__ == '__main__':\n    unittest.main()\n", "correct"),
    ],
)
def test_unittest_classes_judge_a_program(program: str, status: str):
    code = Code(Limits(cpu_seconds=1))
    verdict = code.compare(asking({"test": CASES, "entry_point": "task_func"}), program)
    assert verdict.status == status, verdict


def unittests(*lines: str, base: str = "unittest.TestCase", before: str = "") -> str:
    body = "".join(f"        {line}\n" for line in lines)
    head = "import unittest, sys, os, tempfile, pickle\nfrom unittest import mock\nfrom unittest.mock import patch\n"
    return f"{head}{before}\nclass TestIt({base}):\n    def test_it(self):\n{body}"


HELPED = "import os\nLIMIT = 3\ndef helper(): return 1\ndef task_func(): return helper()\n"
SHARED: dict[str, tuple[str, str, str]] = {
    "a module that the program imports": (
        "import os\ndef task_func(): return os.listdir('/no/such')",
        unittests("with patch('os.listdir', return_value=['a']):", "    self.assertEqual(task_func(), ['a'])"),
        "correct",
    ),
    "a module that the program imports, by a decorator": (
        "import json, os\ndef task_func(): return json.loads('1')",
        unittests(
            "loads.return_value = 5", "self.assertEqual(task_func(), 5)", "loads.assert_called_once_with('1')"
        ).replace("    def test_it(self", "    @patch('json.loads')\n    def test_it(self, loads"),
        "correct",
    ),
    "a call that is missing": (
        "import os\ndef task_func(): return ['a']",
        unittests("with patch('os.listdir') as found:", "    task_func()", "    found.assert_called_once()"),
        "wrong",
    ),
    "a name of the program, by __main__": (
        HELPED,
        unittests("with patch('__main__.helper', return_value=9):", "    self.assertEqual(task_func(), 9)"),
        "correct",
    ),
    "a name of the program, by its module's name": (
        HELPED,
        unittests("with patch(f'{__name__}.helper', return_value=9):", "    self.assertEqual(task_func(), 9)"),
        "correct",
    ),
    "a name of the program, by the function's name": (
        HELPED,
        unittests("with patch('task_func.helper', return_value=9):", "    self.assertEqual(task_func(), 9)"),
        "correct",
    ),
    "the program's module as an object": (
        HELPED,
        unittests(
            "with patch.object(sys.modules[__name__], 'LIMIT', 5):",
            "    self.assertEqual((LIMIT, task_func()), (5, 1))",
        ),
        "correct",
    ),
    "an imported program": (
        HELPED,
        unittests("from solution import task_func as f", "import __main__", "self.assertIs(f, __main__.task_func)"),
        "correct",
    ),
    "globals of the program": (
        HELPED,
        unittests("self.assertEqual(globals()['LIMIT'], 3)", "self.assertIn('task_func', vars(sys.modules[__name__]))"),
        "correct",
    ),
    "built-in functions": (
        "def task_func(): return open('x').read() + input()",
        unittests(
            "with patch('builtins.open', mock.mock_open(read_data='4')), patch('builtins.input', return_value='2'):",
            "    self.assertEqual(task_func(), '42')",
        ),
        "correct",
    ),
    "what is printed": (
        "def task_func(): print('seen')",
        unittests(
            "import io",
            "with patch('sys.stdout', new_callable=io.StringIO) as out:",
            "    task_func()",
            "self.assertEqual(out.getvalue(), 'seen\\n')",
        ),
        "correct",
    ),
    "objects that are not plain data": (
        "class Point:\n    def __init__(self, x): self.x = x\ndef task_func(f): return Point(f(2))",
        unittests(
            "self.assertEqual(task_func(lambda x: x + 1).x, 3)",
            "self.assertEqual(pickle.loads(pickle.dumps(task_func(abs))).x, 2)",
        ),
        "correct",
    ),
    "files": (
        "import os\ndef task_func(path):\n    os.rename(path, path + '.done')\n    return open(path + '.done').read()",
        unittests(
            "folder = tempfile.mkdtemp()",
            "path = os.path.join(folder, 'a')",
            "open(path, 'w').write('text')",
            "self.assertEqual(task_func(path), 'text')",
            "self.assertEqual(os.listdir(folder), ['a.done'])",
        ),
        "correct",
    ),
    "a class of another name, imported by name": (
        HELPED,
        unittests("self.assertEqual(task_func(), 1)", base="TestCase", before="from unittest import TestCase"),
        "correct",
    ),
    "a class below a class": (
        HELPED,
        unittests("self.assertEqual(task_func(), self.one)", base="Base").replace(
            "class TestIt", "class Base(unittest.TestCase):\n    one = 2\nclass TestIt"
        ),
        "wrong",
    ),
    "set-up of a class": (
        HELPED,
        unittests("self.assertEqual(task_func(), self.one)")
        + "    @classmethod\n    def setUpClass(cls): cls.one = 1\n    def tearDown(self): assert self.one == 1\n",
        "correct",
    ),
    "set-up that the program fails": (
        HELPED,
        unittests("pass") + "    @classmethod\n    def setUpClass(cls): assert task_func() == 2\n",
        "wrong",
    ),
    "a test that is left out": (
        HELPED,
        unittests("self.assertEqual(task_func(), 1)") + "    @unittest.skip('slow')\n    def test_more(self): 1 / 0\n",
        "correct",
    ),
    "subtests": (
        HELPED,
        unittests("for one in (1, 2):", "    with self.subTest(one):", "        self.assertEqual(task_func(), one)"),
        "wrong",
    ),
    "modules that BigCodeBench gives": (
        "def task_func(): return os.path.join('a', 'b') + sys.argv[0][:0]",
        unittests("self.assertEqual(task_func(), 'a/b')"),
        "correct",
    ),
    "an annotation of the tests' future": (
        "from __future__ import annotations\ndef task_func(x: Nothing = 1): return x",
        unittests("self.assertEqual(task_func(), 1)"),
        "correct",
    ),
    "a package that is not there": (HELPED, unittests("pass", before="import no_such_package"), "error"),
    "no test": (HELPED, "import unittest\nclass TestIt(unittest.TestCase): pass\n", "error"),
    "broken syntax": (HELPED, unittests("self.assertEqual(task_func(), 1"), "error"),
}


@pytest.mark.parametrize("kind", SHARED)
def test_unittest_classes_share_the_program_s_module(kind: str):
    program, tests, status = SHARED[kind]
    verdict = CODE.compare(asking({"test": tests, "entry_point": "task_func"}), program)
    assert verdict.status == status, verdict


FIGURE = """import pandas as pd
import matplotlib.pyplot as plt
def task_func(values):
    table = pd.DataFrame({"x": values})
    axes = plt.subplots()[1]
    axes.hist(table["x"], bins=2)
    axes.set_title("Histogram")
    return table, axes
"""
FIGURE_TESTS = """import unittest
from unittest.mock import patch
import pandas as pd
import matplotlib.pyplot as plt
class TestCases(unittest.TestCase):
    def tearDown(self):
        plt.close("all")
    def test_values(self):
        table, axes = task_func([1, 2, 3])
        self.assertIsInstance(axes, plt.Axes)
        self.assertEqual(axes.get_title(), "Histogram")
        pd.testing.assert_frame_equal(table, pd.DataFrame({"x": [1, 2, 3]}))
    @patch("__main__.plt.subplots", side_effect=RuntimeError("no"))
    def test_no_figure(self, subplots):
        with self.assertRaises(RuntimeError):
            task_func([1])
"""


@pytest.mark.parametrize(("title", "status"), [("Histogram", "correct"), ("Bars", "wrong")])
def test_unittest_classes_see_figures_and_tables_of_lent_packages(title: str, status: str):
    pytest.importorskip("pandas")
    lent = Path(pytest.importorskip("matplotlib").__file__).parent.parent
    verdict = Code(packages=lent).compare(
        asking({"test": FIGURE_TESTS, "entry_point": "task_func"}), FIGURE.replace("Histogram", title)
    )
    assert verdict.status == status, verdict

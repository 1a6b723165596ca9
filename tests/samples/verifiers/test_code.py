"""The verifier `code`: HumanEval's own solutions, tests of every form, and finding the program in a completion."""

import base64
import json
import pickle
import platform
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from samples.errors import UsageError
from samples.problems.problems import Problem, load
from samples.rescore.judge import Judge, StoredCompletion
from samples.sandbox.sandbox import Limits
from samples.verifiers import Verdict, verifier
from samples.verifiers.code import Code, same_output

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("sandbox")]
CODE = Code(Limits(cpu_seconds=5, wall_seconds=20))


def judge(problem: Problem, completion: str) -> Verdict:
    answer = CODE.extract_for(problem, completion)
    return Verdict("no_answer") if answer is None else CODE.compare(problem, answer)


def asking(tests: Any, question: str = "Write it.", **metadata: Any) -> Problem:
    return Problem("p", question, None, json.dumps(tests), metadata)


def whole(problem: Problem) -> str:
    return problem.question + problem.metadata["canonical_solution"]


def without_last_line(text: str) -> str:
    return "\n".join(text.rstrip().split("\n")[:-1]) + "\n"


def changed(problem: Problem, result: str) -> str:
    entry = json.loads(problem.tests or "")["entry_point"]
    return (
        f"{whole(problem)}\n_solved = {entry}\ndef {entry}(*values):\n    it = _solved(*values)\n    return {result}\n"
    )


HUMAN_EVAL: dict[str, tuple[str, Callable[[Problem], str]]] = {
    "the body": ("correct", lambda p: p.metadata["canonical_solution"]),
    "a fenced answer": ("correct", lambda p: f"Sure!\n```python\n{whole(p)}```\nDone."),
    # Both mutations make each of the 164 solutions wrong.
    "the program without its last line": ("wrong", lambda p: f"```python\n{without_last_line(whole(p))}```"),
    "the negated result": ("wrong", lambda p: changed(p, "not it")),
}


@pytest.mark.parametrize("how", HUMAN_EVAL)
def test_all_solutions_of_human_eval_are_judged_right(how: str):
    status, made = HUMAN_EVAL[how]
    problems = load("human-eval").problems
    assert len(problems) == 164
    with ThreadPoolExecutor(2) as pool:
        verdicts = list(pool.map(lambda problem: judge(problem, made(problem)), problems))
    assert {p.problem_id: v for p, v in zip(problems, verdicts, strict=True) if v.status != status} == {}


def test_version_names_the_interpreter_that_decides():
    assert platform.python_version() in CODE.version


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        ("    return 1\n", "    return 1\n"),
        ("Text\n```python\na = 1\n```\nmore\n```python\nb = 2\n```\nend", "b = 2\n"),
        ("```python\na = 1\n```\nPrints:\n```\n1\n```", "a = 1\n"),
        ("```Python3\na = 1\n```", "a = 1\n"),
        ("```\na = 1\n```", "a = 1\n"),
        ("```json\n{}\n```\n```\na = 1\n```", "a = 1\n"),
        ("```python\n    return 1\n```", "    return 1\n"),
        ("1. So:\n   ```python\n   def f():\n       pass\n   ```\n", "def f():\n    pass\n"),
        ("```python\na = 1", "a = 1\n"),
        ("    return 1\n```\nThis returns 1.", "    return 1"),
        ("```python\ns = '''\n```python\n'''", "s = '''\n```python\n'''\n"),
        ("", None),
        (" \n\t", None),
        ("```python\n```", None),
    ],
)
def test_program_is_found_in_the_completion(completion: str, answer: str | None):
    assert CODE.extract(completion) == answer


SOLUTION = "def square(x):\n    return x * x\n"
SQUARE = {"test": "def check(candidate):\n    assert candidate(2) == 4\n    assert candidate(-3) == 9\n"}
FORMS = {
    "behind text": f"Answer:```python\n{SOLUTION}```",
    "in a list": f"- Code: ```py\n{SOLUTION}```",
    "tildes": f"~~~python\n{SOLUTION}~~~",
    "four backticks": f"````python\n{SOLUTION}````",
    "attributes": f"```python title='a.py'\n{SOLUTION}```",
    "braces": f"```python {{linenos=true}}\n{SOLUTION}```",
    "pandoc": f"```{{.python}}\n{SOLUTION}```",
    "file name": f"```python:square.py\n{SOLUTION}```",
    "quotation": "".join(f"> {line}\n" for line in f"```python\n{SOLUTION}```".split("\n")),
    "byte order mark": f"```python\n\ufeff{SOLUTION}```",
    "special token": f"```python\n{SOLUTION}```<|im_end|>\n<|im_start|>user\n```python\ndef square(x): return 0\n```",
    "token of a tokenizer": f"{SOLUTION}<\uff5cend\u2581of\u2581sentence\uff5c>",
    "end of sequence": f"{SOLUTION}</s>",
    "carriage returns": f"```python\n{SOLUTION}```".replace("\n", "\r\n"),
    "an example follows": f"```python\n{SOLUTION}```\nUse it:\n```python\nprint(square(3))\n```",
    "an example with a language follows": f"```\n{SOLUTION}```\nRun it:\n```python\nprint(square(3))\n```",
    "asserts follow": f"```python\n{SOLUTION}```\n```python\nassert square(2) == 4\n```",
    "tests follow": f"```python\n{SOLUTION}```\n```python\ndef test_square():\n    assert square(2) == 4\n```",
    "a loop follows": f"```python\n{SOLUTION}```\n```python\nfor i in range(3):\n    print(square(i))\n```",
    "a shell line follows": f"```python\n{SOLUTION}```\n```bash\npip install x\n```",
    "a draft comes first": f"```python\ndef square(x): return 0\n```\nBetter:\n```python\n{SOLUTION}```",
    "a draft in the thinking": f"<think>```python\ndef square(x): return 0\n```</think>```python\n{SOLUTION}```",
    "a draft that is never closed": f"<think>\n```python\ndef square(x):\n  return x +\n</think>\n```py\n{SOLUTION}```",
    "a box in the thinking only": f"<think>\n```python\n{SOLUTION}```\n</think>\nThe program is above.",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_usual_dress_of_a_program_is_read(form: str):
    problem = asking({**SQUARE, "entry_point": "square"}, 'def square(x):\n    """Return the square."""\n')
    verdict = judge(problem, FORMS[form])
    assert verdict.status == "correct", (verdict, CODE.extract(FORMS[form]))


SQUARE_METHOD = "class Solution:\n    def square(self, x):\n        return x * x\n"
WRONG_METHOD = "class Solution:\n    def square(self, x):\n        return 0\n"
KNOWN: dict[str, dict[str, Any]] = {  # the forms in which the name of the function under test is known
    "HumanEval": {**SQUARE, "entry_point": "square"},
    "MBPP": ["assert square(2) == 4", "assert str(square(-3)) == '9'"],
    "LiveCodeBench": [
        {"input": "2", "output": "4", "testtype": "functional"},
        {"input": "-3", "output": "9", "testtype": "functional"},
    ],
    "APPS": {"fn_name": "square", "inputs": [[2], [-3]], "outputs": [4, 9]},
    "BigCodeBench": {
        "test": "import unittest\nclass TestCases(unittest.TestCase):\n    def test_it(self):\n"
        "        self.assertEqual([square(2), square(-3)], [4, 9])\n",
        "entry_point": "square",
    },
    "EvalPlus of MBPP": {
        "test": "import numpy as np\ndef assertion(out, exp, atol):\n    assert np.allclose(out, exp, atol=atol)\n"
        "for given, exp in zip([[2], [-3]], [4, 9]):\n    assertion(square(*given), exp, 0)\n"
    },
}  # fmt: skip
METHODS = ("LiveCodeBench", "APPS")  # a method of class Solution serves as well
CHOSEN = {
    "a usage example with a function follows": (
        f"```python\n{SOLUTION}```\n```python\ndef main():\n    print(square(3))\nmain()\n```"
    ),
    "tests with another function follow": (
        f"```python\n{SOLUTION}```\n```python\ndef run_tests():\n    assert square(2) == 5\nrun_tests()\n```"
    ),
    "a class of tests follows": (
        f"```python\n{SOLUTION}```\n```python\nimport unittest\nclass Checks(unittest.TestCase):\n"
        "    def square(self): pass\n    def test_a(self): self.fail()\n```"
    ).replace("    def square(self): pass\n", ""),
    "a program that reads follows": f"```python\n{SOLUTION}```\n```python\nprint(square(int(input())))\n```",
    "another language follows": f"```python\n{SOLUTION}```\n```java\nint square(int x) {{ return x; }}\n```",
    "another language without a name follows": f"```python\n{SOLUTION}```\n```\nint square(int x) {{ return 0; }}\n```",
    "another function follows": f"```python\n{SOLUTION}```\nAnd cubes:\n```python\ndef cube(x): return x ** 3\n```",
    "a draft comes first": f"```python\ndef square(x): return 0\n```\nBetter:\n```python\n{SOLUTION}```",
    "an idea without it comes first": f"```python\ndef times(x, y):\n    return 0\n```\n```python\n{SOLUTION}```",
    "a later one is cut off": f"```python\n{SOLUTION}```\nShorter:\n```python\ndef square(x):\n    return x *",
    "a later one is no Python": f"```python\n{SOLUTION}```\n```python\ndef square(x):\n    ...as above\n```",
    "a call with its name follows": f"```python\n{SOLUTION}```\n```python\ny = square(2)\ndef show(): print(y)\n```",
    "an import of it follows": f"```python\n{SOLUTION}```\n```python\nfrom a import square\ndef show(): square(1)\n```",
    "a value": "```python\nsquare = lambda x: x * x\n```\n```python\ndef show(): print(square(2))\n```",
    "without a fence, and an example with one": f"The function:\n\n{SOLUTION}\n```python\ndef show(): square(3)\n```",
    "imports in a block before": (
        "```python\nimport operator\n```\n```python\ndef square(x):\n    return operator.mul(x, x)\n```"
    ),
    "a helper in a block before": (
        "```python\ndef times(x, y):\n    return x * y\n```\n```python\ndef square(x):\n    return times(x, x)\n```"
    ),
    "helpers of helpers": (
        "```python\nfrom operator import mul\n```\n```python\nONE = 1\n```\n```python\n"
        "def times(x, y):\n    return mul(x, y) * ONE\n```\n```python\ndef square(x):\n    return times(x, x)\n```"
    ),
    "a helper that is written again": (
        "```python\ndef times(x, y):\n    return 0\n```\n```python\ndef times(x, y):\n    return x * y\n```\n"
        "```python\ndef square(x):\n    return times(x, x)\n```"
    ),
    "a helper that is in the block too": (
        "```python\ndef times(x, y):\n    return 0\n```\n```python\ndef times(x, y):\n    return x * y\n"
        "def square(x):\n    return times(x, x)\n```"
    ),
    "an example before, of the helper": (
        "```python\ndef times(x, y):\n    return x * y\n```\n```python\ntimes(1, 2)\n1 / 0\n```\n"
        "```python\ndef square(x):\n    return times(x, x)\n```"
    ),
}


@pytest.mark.parametrize("form", KNOWN)
def test_the_block_that_defines_the_function_under_test_is_the_solution(form: str):
    problem = asking(KNOWN[form], **({"metadata": '{"func_name": "square"}'} if form == "LiveCodeBench" else {}))
    bad = {why: verdict for why, text in CHOSEN.items() if (verdict := judge(problem, text)).status != "correct"}
    assert bad == {}
    if form in METHODS:
        later = f"```python\n{WRONG_METHOD}```\n```python\n{SQUARE_METHOD}```\n```python\nSolution().square(3)\n```"
        assert judge(problem, later).status == "correct"
        later = f"```python\n{SQUARE_METHOD}```\n```python\n{WRONG_METHOD}```"
        assert judge(problem, later).status == "wrong"


def test_the_last_complete_definition_counts():
    problem = asking({**SQUARE, "entry_point": "square"})
    assert judge(problem, f"```python\n{SOLUTION}```\n```python\ndef square(x): return 0\n```").status == "wrong"
    assert judge(problem, "```python\ndef square(x):\n    return x *\n```").status == "wrong"


def test_a_body_that_continues_the_prompt_comes_before_an_example():
    problem = asking({**SQUARE, "entry_point": "square"}, 'def square(x):\n    """Return the square."""\n')
    completion = "```python\n    return x * x\n```\nFor example:\n```python\nprint(square(2))\n```"
    assert judge(problem, completion).status == "correct"


def test_a_function_that_is_named_like_a_test_is_found():
    problem = asking(["assert test_square(2) == 4", "assert test_square(3) == 9"])
    program = "```python\ndef test_square(x):\n    return x * x\n```\n```python\ndef show(): print(test_square(2))\n```"
    assert judge(problem, program).status == "correct"


def test_a_script_gets_the_imports_and_functions_of_earlier_blocks():
    helper = "```python\ndef add(a, b):\n    return a + b\n```\n"
    program = f"{helper}```python\na, b = map(int, input().split())\nprint(add(a, b))\n```"
    assert judge(asking(STDIN), program).status == "correct"


def test_workers_know_the_function_under_test():
    problem = asking({**SQUARE, "entry_point": "square"})
    texts = [StoredCompletion("r", "p", n, problem.problem_hash, text) for n, text in enumerate(CHOSEN.values())]
    with Judge("code", 1) as judge:
        verdicts = list(judge.judge(texts, {problem.problem_hash: problem}, {}))
    assert {one.verdict.status for one in verdicts} == {"correct"}


ADD, REVERSE = "def add(a, b): return a + b", "def f(a): return a[::-1]"
METHOD = "class Solution:\n    def f(self, a): pass"


def calls(name: str, inputs: list[Any], outputs: list[Any]) -> dict[str, Any]:
    return {"fn_name": name, "inputs": inputs, "outputs": outputs}


@pytest.mark.parametrize(
    ("tests", "program", "more", "status"),
    [
        (calls("add", [[1, 2], [3, 4]], [3, 7]), ADD, {}, "correct"),
        (calls("add", [[1, 2]], [4]), ADD, {}, "wrong"),
        (calls("add", [["1", "2"]], ["12"]), ADD, {}, "correct"),
        (calls("f", [[[1, 2]]], [[[2, 1]]]), REVERSE, {}, "correct"),
        (calls("f", [[[1, 2]]], [[2, 1]]), REVERSE, {}, "correct"),
        (calls("f", [[[1, 2]]], [[1, 2]]), REVERSE, {}, "wrong"),
        (calls("f", ["[1, 2]\n3"], ["[1, 2, 3]"]), "def f(a, b): return [*a, b]", {}, "correct"),
        (calls("f", [[1]], [None]), METHOD, {}, "correct"),
        ({"inputs": [[3, 4]], "outputs": [7]}, "print(int(input()) + int(input()))", {}, "correct"),
        (["assert half(2) < math.pi"], "def half(x): return x / 2", {"test_imports": ["import math"]}, "correct"),
        (["assert uniq([1, 1]) == GOOD"], "def uniq(x): return [1]", {"test_setup_code": "GOOD = [1]"}, "correct"),
        (["assert sum([1]) == 7", "assert sum([]) == 7"], "def sum(x): return 7", {}, "correct"),
        (["assert max(1, 2) == 2"], "def max(a, b): return a", {}, "wrong"),
        ({"test": "assert sum([1]) == 7"}, "def sum(x): return 7", {"test_list": ["assert sum([1]) == 7"]}, "correct"),
        (["assert set(uniq([1])) == set([1])"], "def uniq(x): return x", {}, "correct"),
    ],
)
def test_forms_of_the_usual_benchmarks(tests: Any, program: str, more: dict[str, Any], status: str):
    verdict = judge(asking(tests, **more), f"```python\n{program}\n```")
    assert verdict.status == status, verdict


def test_tests_and_programs_may_use_numpy():
    tests = "import numpy as np\ndef check(candidate):\n    assert np.allclose(candidate(2.0), 4.0)\n"
    program = "import numpy as np\ndef square(x): return float(np.square(x))"
    assert judge(asking({"test": tests, "entry_point": "square"}), program).status == "correct"


def test_programs_import_what_a_folder_of_packages_has(tmp_path):
    (tmp_path / "shown.py").write_text("def four(): return 4")
    tmp_path.chmod(0o755)
    problem = asking({"test": "def check(candidate):\n    assert candidate() == 4", "entry_point": "f"})
    code, program = verifier("code", packages=str(tmp_path)), "import shown\ndef f(): return shown.four()"
    assert code.compare(problem, program).status == "correct"
    assert CODE.compare(problem, program).status == "wrong"
    assert code.version.startswith(f"{CODE.version}+packages-")
    for name, folder, why in (("math", str(tmp_path), "is for code"), ("code", str(tmp_path / "none"), "No such file")):
        with pytest.raises(UsageError, match=why):
            verifier(name, packages=folder)


@pytest.mark.parametrize(
    ("program", "status"),
    [
        ("print(sum(map(int, open('/dev/stdin').read().split())))", "correct"),
        ("import sys\nsys.stdin = open('/dev/stdin')\nprint(sum(map(int, input().split())))", "correct"),
        ("import io, os\nprint(sum(map(int, io.BytesIO(os.read(0, 99)).readline().split())))", "correct"),
        ("import fileinput\nprint(sum(map(int, next(fileinput.input()).split())))", "correct"),
        ("import sys\nprint(sum(map(int, sys.stdin.buffer.readline().split())))", "correct"),
        ("print('', sum(map(int, input().split())), '')", "correct"),
    ],
)
def test_standard_input_is_read_in_every_usual_way(program: str, status: str):
    assert judge(asking(STDIN), program).status == status


def test_integers_of_thousands_of_digits_are_read_and_printed():
    tests = [{"input": "9" * 20_000, "output": "1" + "0" * 20_000, "testtype": "stdin"}]
    assert judge(asking(tests), "print(int(input()) + 1)").status == "correct"


def test_a_completion_of_megabytes_is_read_once():
    assert CODE.extract("```\n" * 400_000 + "```python\na = 1\n```") == "a = 1\n"
    assert CODE.extract("x" * 16_000_000) is not None
    for part in ("`", "```x", "<|a", "</s> ", "> ```", "\t", "</think>", "~`"):
        CODE.extract(f"y{part * 200_000}x`\nz")


PROMPT = 'from typing import List\n\ndef helper(x):\n    return x + 1\n\ndef f(xs: List[int]) -> int:\n    """Sum."""\n'
SUM = {"test": "def check(candidate):\n    assert candidate([1, 2]) == helper(2)\n", "entry_point": "f"}


@pytest.mark.parametrize(
    ("completion", "status"),
    [
        ("    return sum(xs)\n", "correct"),
        (
            "    return sum(xs)\n\n\ndef g():\n    return f([1\n",
            "correct",
        ),  # continues, and is cut off
        ("    return sum(xs)\n\nif __name__ == '__main__':\n    print(f([]))\n", "correct"),
        ("def f(xs: List[int]):\n    return helper(sum(xs)) - 1\n", "correct"),  # the prompt's import and helper
        ("from __future__ import annotations\ndef f(xs):\n    return sum(xs)\n", "correct"),
        ("f = lambda xs: sum(xs)\n", "correct"),
        ("    pass\nf = sum\n", "correct"),
        ("def f(xs):\n    return 4\n", "wrong"),
        ("def helper(x):\n    return 7\ndef f(xs):\n    return 7\n", "wrong"),  # the tests use the question's helper
        ("def g(xs):\n    return sum(xs)\n", "wrong"),
        ("return sum(xs)", "wrong"),
        ("I would add them.", "wrong"),
        ("    return sum(xs)\0\n", "wrong"),
    ],
)
def test_completion_is_a_body_or_a_program(completion: str, status: str):
    assert judge(asking(SUM, PROMPT), completion).status == status


@pytest.mark.parametrize(
    ("tests", "program", "status"),
    [
        # tests see how the program changes their arguments
        ("x = [3, 1, 2]\n    candidate(x)\n    assert x == [1, 2, 3]", "def f(x): x.sort()", "correct"),
        ("x = {1: 2}\n    candidate(x)\n    assert x == {}", "def f(x): x.clear()", "correct"),
        ("x = [3, 1, 2]\n    candidate(x)\n    assert x == [1, 2, 3]", "def f(x): return sorted(x)", "wrong"),
        (
            "assert candidate(1) == (1, [2], {3}, {4: None}, b'5', 6.5, 1j)",
            "def f(x): return 1, [2], {3}, {4: None}, b'5', 6.5, 1j",
            "correct",
        ),
        ("assert candidate(1) == [1]", "def f(x): return (1,)", "wrong"),
        ("assert list(candidate(2)) == [0, 1]", "def f(x): return (y for y in range(x))", "correct"),
        ("assert candidate(2) == [0, 1]", "def f(x): return map(int, '01')", "wrong"),
        ("assert candidate(2) == 2", "from decimal import Decimal\ndef f(x): return Decimal(x)", "correct"),
        ("assert candidate(x=2, y=3) == 5", "def f(y, x): return x + y", "correct"),
        ("assert candidate('a') == {'a': 1}", "import collections\ndef f(x): return collections.Counter(x)", "correct"),
        ("assert candidate(2**200) == 2**200", "def f(x): return x", "correct"),
        ("assert candidate('\\ud800') == '\\ud800'", "def f(x): return x", "correct"),
        (
            "try:\n        candidate(1)\n    except ValueError as e:\n        assert str(e) == 'no'\n    else: 1/0",
            "def f(x): raise ValueError('no')",
            "correct",
        ),
        (
            "try:\n        candidate(1)\n    except BaseException:\n        pass",
            "import os\ndef f(x): os._exit(0)",
            "wrong",
        ),
        ("import math\n    assert math.isclose(candidate(1), 0.3)", "def f(x): return 0.1 + 0.2", "correct"),
        ("assert candidate(1) == 1", "class E(Exception): pass\ndef f(x): raise E('own')", "wrong"),
        ("assert candidate(1) == 1", "raise SystemExit(0)\ndef f(x): return 1", "wrong"),
        ("assert candidate(1) == 1", "while True: pass", "wrong"),
        ("assert list(candidate(candidate([1]))) == [1]", "def f(x): return iter(x)", "correct"),
        ("assert candidate(candidate(1)) == 1", "def f(x): return object()", "wrong"),
        # an exception of the program does not end a loop of the tests
        ("for a, b in zip(map(candidate, [1]), [1]):\n        assert a == b", "def f(x): next(iter([]))", "wrong"),
        ("assert all(x == 1 for x in map(candidate, [1]))", "def f(x): raise StopAsyncIteration", "wrong"),
        # a file of the program does not replace a module that the tests import
        (
            "candidate(1)\n    import colorsys\n    assert candidate(2) == colorsys.ONE_SIXTH",
            "def f(x):\n    open('/tmp/colorsys.py', 'w').write('ONE_SIXTH = 7')\n    return 7",
            "wrong",
        ),
        # broken tests say nothing about the program
        ("assert candidate(object()) == 1", "def f(x): return 1", "error"),
        ("import no_such_module", "def f(x): return 1", "error"),
        ("pass", "def f(x): return 1", "error"),
    ],
)  # fmt: skip
def test_tests_that_are_code_judge_as_if_they_shared_the_program_s_process(tests: str, program: str, status: str):
    code = Code(Limits(cpu_seconds=1))
    problem = asking({"test": f"def check(candidate):\n    {tests}\n", "entry_point": "f"})
    verdict = code.compare(problem, program)
    assert verdict.status == status, verdict


def test_bare_asserts_call_the_program_by_name():
    problem = asking(["assert add(1, 2) == 3", "assert add(0, 0) == 0"])
    assert judge(problem, "def add(a, b):\n    return a + b").status == "correct"
    verdict = judge(problem, "def add(a, b):\n    return a + b or 7")
    assert (verdict.status, verdict.detail) == ("wrong", "assert add(0, 0) == 0: AssertionError")


def test_workers_that_can_be_killed_give_the_same_verdicts():
    problem = asking(["assert add(1, 2) == 3"])
    programs = {f"def add(a, b):\n    return {result}": result == "a + b" for result in ("a + b", "a - b", "a")}
    texts = [StoredCompletion("run", "p", number, problem.problem_hash, text) for number, text in enumerate(programs)]
    with Judge("code", 2) as judge:
        judged = {
            one.completion.sample_index: one.verdict for one in judge.judge(texts, {problem.problem_hash: problem}, {})
        }
    assert [judged[number].status == "correct" for number in range(3)] == list(programs.values()), judged


STDIN = [
    {"input": "1 2\n", "output": "3\n", "testtype": "stdin"},
    {"input": "5 6", "output": "11", "testtype": "stdin"},
]


@pytest.mark.parametrize(
    ("program", "status", "detail"),
    [
        ("print(sum(map(int, input().split())))", "correct", None),
        ("import sys\nprint(*[sum(map(int, sys.stdin.read().split()))], sep='', end='  \\n\\n')", "correct", None),
        ("print(float(sum(map(int, open(0).read().split()))))", "correct", None),
        ("if __name__ == '__main__':\n    print(sum(map(int, input().split())))", "correct", None),
        ("print(deque(accumulate(map(int, input().split()))).pop())", "correct", None),  # LiveCodeBench's imports
        ("print(sum(map(int, input().split())))\nexit()", "correct", None),
        ("print(3)", "wrong", "test 2 of 2: printed b'3\\n', expected '11'"),
        ("print(sum(map(int, input().split())))\n1/0", "wrong", "test 1 of 2: ZeroDivisionError: division by zero"),
        ("print(undefined)", "wrong", "test 1 of 2: NameError: name 'undefined' is not defined"),
        ("print(sum(map(int, input().split())))\nexit(1)", "correct", None),  # LiveCodeBench looks at the output
        ("print(sum(map(int, input().split())))\nexit('done')", "correct", None),
        ("exit(0)\nprint(sum(map(int, input().split())))", "wrong", "test 1 of 2: printed b'', expected '3\\n'"),
        ("import os\nprint(3, flush=True)\nos._exit(1)", "wrong", "test 1 of 2: ended in the middle (code 1)"),
        ("while True: pass", "wrong", "test 1 of 2: time limit: took more than 1 CPU seconds"),
        ("import time\ntime.sleep(9)", "wrong", "test 1 of 2: time limit: took more than 2 seconds"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGXCPU)", "wrong", "test 1 of 2: signal 24"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "wrong", "test 1 of 2: signal 9"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)", "wrong", "test 1 of 2: signal 15"),
        ("x = [0]\nwhile True: x += x", "wrong", "test 1 of 2: memory limit: needed more than 1024 MiB"),
        ("while True: print('x' * 10**5)", "wrong", "test 1 of 2: output limit: wrote more than 16 MiB"),
    ],
)  # fmt: skip
def test_standard_output_decides_the_verdict(program: str, status: str, detail: str | None):
    limits = Limits(cpu_seconds=1 if "pass" in program else 20, wall_seconds=2 if "sleep" in program else 60)
    verdict = Code(limits).compare(asking(STDIN), program)
    assert (verdict.status, verdict.detail) == (status, detail)


@pytest.mark.parametrize(
    ("got", "expected", "same"),
    [
        ("1 2\n3", "1  2 \n3\n\n", True),
        ("YES", "Yes", False),
        ("1.50", "1.5", True),
        ("1e3 x", "1000 x", False),
        ("0.30000000000000004", "0.3", False),
        ("1\n\n2", "1\n2", False),
        ("nan", "NaN", False),
        ("sNaN", "1", False),
        ("", "0", False),
        ("", " \n", True),
        ("1 2", "12", False),
        ("a  b", "a b", False),
        (" a b ", "a b", True),
        ("1 2 3", "1 2", False),
        ("1 2", "1 2 3", False),
        ("1\n2\n3", "1\n2", False),
        ("1\n\n2", "1\n \n2", True),
        ("1\nx\n2", "1\n \n2", False),
        ("1e999999999", "1e999999998", False),
    ],
)
def test_outputs_are_compared_as_live_code_bench_does(got: str, expected: str, same: bool):
    assert same_output(got, expected) is same


FUNCTIONAL = [
    {"input": "[3, 1, 2]\n2", "output": "[1, 2]", "testtype": "functional"},
    {"input": "[]\n0", "output": "[]", "testtype": "functional"},
]
SMALLEST = "class Solution:\n    def smallest(self, nums: List[int], k: int) -> List[int]:\n        return "


@pytest.mark.parametrize(
    ("program", "status"),
    [
        (SMALLEST + "sorted(nums)[:k]", "correct"),  # List from LiveCodeBench's imports
        (SMALLEST + "tuple(sorted(nums)[:k])", "correct"),
        (SMALLEST + "[float(x) for x in heapq.nsmallest(k, nums)]", "correct"),
        (SMALLEST + "nums[:k]", "wrong"),
        (SMALLEST + "iter(sorted(nums)[:k])", "wrong"),
        ("def smallest(nums, k):\n    return sorted(nums)[:k]", "correct"),
        ("def other(nums, k):\n    return sorted(nums)[:k]", "wrong"),
    ],
)
@pytest.mark.parametrize("metadata", [{"metadata": '{"func_name": "smallest"}'}, {"fn_name": "smallest"}])
def test_functions_are_called_with_the_lines_of_the_input(program: str, status: str, metadata: dict[str, str]):
    verdict = judge(asking(FUNCTIONAL, **metadata), program)
    assert verdict.status == status, verdict


def test_detail_says_what_a_function_returned():
    verdict = judge(asking(FUNCTIONAL, fn_name="smallest"), "def smallest(nums, k):\n    return 'x\\ud800'")
    assert verdict.detail == "test 1 of 2: returned 'x\\ud800', expected [1, 2]"


def test_private_tests_of_live_code_bench_count_and_are_never_unpickled():
    packed = base64.b64encode(
        zlib.compress(pickle.dumps(json.dumps([{"input": "9", "output": "81", "testtype": "stdin"}])))
    )
    problem = asking([{"input": "2", "output": "4", "testtype": "stdin"}], private_test_cases=packed.decode())
    assert judge(problem, "print(int(input()) ** 2)").status == "correct"
    assert judge(problem, "print(int(input()) * 2)").detail == "test 2 of 2: printed b'18\\n', expected '81'"


def test_inputs_and_outputs_may_be_two_lists():
    problem = asking({"inputs": ["1\n2", ["3", "4"]], "outputs": ["3", ["7"]]})
    assert judge(problem, "print(int(input()) + int(input()))").status == "correct"


@pytest.mark.parametrize(
    "tests",
    [
        *(None, "[]", "{}", "7", '[{"input": "1"}]', '{"test": 3}'),
        '[{"input": "1", "output": "1", "testtype": "?"}]',
        '[{"input": "1", "output": "1", "testtype": "functional"}]',
    ],
)
def test_tests_of_an_unknown_form_are_refused_before_anything_runs(tests: str | None):
    with pytest.raises(UsageError, match='problem "p"'):
        CODE.gold(Problem("p", "Write it.", None, tests, {}))


def test_same_program_gets_the_same_verdict_when_its_tests_draw_random_numbers():
    tests = "import random\ndef check(candidate):\n    assert candidate(0) == random.random()\n"
    details = {judge(asking({"test": tests, "entry_point": "f"}), "def f(x): return x").status for _ in range(3)}
    assert details == {"wrong"}
    fixed = "import random\nrandom.seed(0)\nvalue = random.random()\ndef f(x):\n    return value\n"
    assert judge(asking({"test": tests, "entry_point": "f"}), fixed).status == "correct"

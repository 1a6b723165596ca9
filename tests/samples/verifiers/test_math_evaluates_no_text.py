r"""No text of an answer is run as Python, whatever SymPy and its parser do: an audit hook sees all that is compiled.

A hook cannot be taken back, so the answers are judged in a process of its own. Each holds the word `canary` where an
evaluation would find it.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import samples

pytestmark = pytest.mark.heavy
CALLS = (
    "canary(x)",
    "canary()",
    "__import__('canary').system('id')",
    '__import__("canary")',
    "().__class__.canary",
    "x.canary",
    "[canary]",
    "exec('canary')",
    "lambda: canary",
    "canary\n(1)",
    "canary",
    "'canary'",
    "eval(chr(99)+'canary')",
)
DRESSES = (
    "%s", r"\text{%s}", r"\mathrm{%s}", r"\mathbf{%s}", r"\operatorname{%s}", r"\operatorname*{%s}", r"\mbox{%s}",
    r"\textbf{%s}", r"\hat{%s}", r"\bar{%s}", r"\vec{%s}", r"\tilde{%s}", r"\overline{%s}", r"\mathcal{%s}",
    r"\mathbb{%s}", r"\variable{%s}", "x_{%s}", r"x_\text{%s}", r"\text{d%s}", r"\d%s", "%s_1", r"\unit{%s}",
    r"\bm{%s}", r"\texttt{%s}", r"\label{%s}", r"\tag{%s}", r"\color{%s} 2", r"\begin{%s}1\end{%s}", "$%s$",
    r"\verb|%s|",
)  # fmt: skip
PLACES = (
    "%s", "%s(x)", "2%s", "%s+1", r"\frac{%s}{2}", r"\int_0^1 %s(x) dx", r"\int_0^1 x %s", r"\int_0^1 %s dx",
    r"\int %s", r"\sum_{n=0}^{\infty} \frac{%s}{n!}", r"\sum_{n=1}^{\infty} \frac{%s(3)^n}{n!}", r"\sum_{%s=1}^{5} %s",
    r"\prod_{n=1}^{3} %s(n)", r"\lim_{x \to %s} x", r"\lim_{%s \to 0} x", "x = %s", "%s = 5", "(%s, 2)", r"\{1, %s\}",
    "[%s, 3)", r"\begin{pmatrix}%s\\2\end{pmatrix}", r"\gcd(%s, 4)", r"\max(%s, 4)", r"\log_{%s} 8", "%s < 3", "|%s|",
    r"x \in %s", r"%s \cup (0,1)", r"\sqrt[%s]{2}", "%s!", "x^{%s}", r"%s\%%", r"2 \pmod{%s}", r"52_{%s}",
    r"\frac{d}{d%s} x", r"\text{(A) } %s", r"\left.%s\right|_{x=1}", r"\binom{%s}{2}", "%s e5", "1,234%s",
)  # fmt: skip
JUDGE = r"""
import json, os, sys
from samples.problems.problems import Problem
from samples.verifiers import verifier
judges = [verifier(name) for name in ("math", "paper-math", "numeric", "boxed-exact", "choice")]
import samples.verifiers.math_warm_up
seen, quiet = [], ("compile", "exec", "import", "open", "os.system", "subprocess.Popen", "os.exec", "os.posix_spawn")
def hook(event, arguments):
    if event == "compile" and os.path.isfile(str(arguments[1])):
        return  # a library's module that is imported for the first time
    if event in quiet and "canary" in repr(arguments):
        seen.append([event, repr(arguments)[:300]])
sys.addaudithook(hook)
for line in sys.stdin:
    seen.clear()
    answer = json.loads(line)
    for judge in judges[:2]:
        for gold, given in (("5", answer), (answer + "+0", answer)):
            try:
                judge.compare(Problem("p", "?", gold, None, {}), given)
            except (Exception, RecursionError):
                pass
    for judge in judges:
        judge.extract(answer), judge.extract(f"So \\boxed{{{answer}}}."), judge.key(answer)
    print(json.dumps(list(seen)), flush=True)
"""


@pytest.fixture(scope="module")
def compiled():
    """Return a function that judges an answer, and returns what was compiled, run, opened or imported of it."""
    with subprocess.Popen(
        [sys.executable, "-c", JUDGE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def ask(answer: str) -> list[list[str]]:
            process.stdin.write(json.dumps(answer) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield ask
        process.stdin.close()


@pytest.mark.cases(3)
@pytest.mark.parametrize(
    "dress", [*DRESSES[:8], *(pytest.param(one, marks=pytest.mark.nightly) for one in DRESSES[8:])]
)
def test_no_text_of_an_answer_is_compiled(compiled, dress):
    for call in CALLS:
        assert compiled(dress.replace("%s", call)) == []
    for place in PLACES:
        assert compiled(place.replace("%s", dress.replace("%s", "canary"))) == []


PARTS = st.sampled_from(
    [*CALLS, *(d.replace("%s", "canary") for d in DRESSES), *r"\int_0^1 \sum_{n=1}^\infty x dx ( )"]
)


@settings(max_examples=40, deadline=None)
@given(st.lists(PARTS, min_size=1, max_size=5), st.sampled_from(PLACES))
def test_no_text_of_answers_by_chance_is_compiled(compiled, parts, place):
    assert compiled(place.replace("%s", " ".join(parts))) == []


def test_the_hook_sees_a_text_that_is_evaluated(compiled):
    code = "import sys; seen = []; sys.addaudithook(lambda *a: seen.append(repr(a))); "
    code += "import sympy; sympy.sympify('canary'); print(sum('canary' in one for one in seen))"
    assert int(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout) > 0


def test_no_verifier_of_mathematics_evaluates_text():
    folder = Path(samples.__file__).parent / "verifiers"
    files = [
        path for path in folder.rglob("*.py") if "reasoning_gym" not in path.name and "user_function" not in path.name
    ]
    assert len(files) > 30
    called = re.compile(
        r"\b(?:sympify|parse_expr|lambdify|nsimplify|eval|exec|compile|parse_number)\(|sympy\.(?:S|Number)\("
    )
    allowed = ("re.compile(", "super().parse_number(", "def parse_number(")
    for path in files:
        for line in path.read_text("utf-8").splitlines():
            assert not called.search(line) or any(part in line for part in allowed), f"{path}: {line}"

r"""paper-math: which answer it extracts, what it accepts, and what it still refuses."""

import pytest

from samples.problems.problems import Problem
from samples.verifiers import verifier

ANSWERS = {
    r"It is \boxed{5}, so the answer is 6. That makes 7.": "5",
    r"First \boxed{1}, then \boxed{2}.": "2",
    "The answer is 6. That makes 7.": "6",
    "The answer is: $3.5$ m. Done at 8.": "3.5$ m",
    "The answer is 1. No, the answer is 2.": "2",
    "The answer is\n12\n13": "12",
    "the final answer is x+1": "x+1",
    "There are 3 cases of 4, and no more": "4",
    "minus -2,125.50 and no more": "-2,125.50",
    r"So it is \boxed{17": "17",
    "I do not know.": None,
    "": None,
}


@pytest.mark.parametrize("completion", list(ANSWERS))
def test_a_box_comes_before_a_stated_answer_and_that_before_the_last_number(completion):
    assert verifier("paper-math").extract(completion) == ANSWERS[completion]


CASES = r"""
# A factor of 100 in either direction, because of percent.
50\% == 0.5
50\% == 50
50\% == 5000
0.5 == 50
50 == 0.5
\frac{1}{2} == 50
50 != 500
50 != 0.05

# One part in 10,000.
\pi == 3.1416
\frac{1}{3} == 0.33333
\frac{1}{3} != 0.33
10000 == 10001
10000 != 10002
0 == 0.0
0 != 0.00001

# Text, ignoring letter case.
\text{even} == Even
\text{even} != odd
\text{(B)} == B
B != C

# Typesetting, units, names.
2,125 == 2125
18 == \$18
15\text{ cm} == 15
90 == 90^\circ
x=5 == 5
5 == x = 5
x=5 != 6
\frac{3}{4} == \dfrac34
\frac{3}{4} == 3/4
\frac{3}{4} != \frac{4}{3}

# Lists, entry by entry, with any brackets around them.
(1,2) == [1,2]
(1,2) == 1, 2
(1,2) != (2,1)
(1,2) != (1,2,3)
(\frac{1}{2},2) == (0.5,2)
(0,1)\cup(2,3) == (0,1) \cup (2,3)
(0,1)\cup(2,3) != (0,1)\cup(2,4)
\begin{pmatrix}1\\2\end{pmatrix} == \begin{bmatrix} 1 \\ 2 \end{bmatrix}
\begin{pmatrix}1\\2\end{pmatrix} != \begin{pmatrix}2\\1\end{pmatrix}

# Expressions and equations.
x^2-1 == (x-1)(x+1)
x^2-1 != x^2+1
x^2+y^2=4 == y^2+x^2-4=0
x^2+y^2=4 != x^2+y^2=5
2\sqrt{3} == \sqrt{12}
2\sqrt{3} != 3\sqrt{2}
1+2i == 2i+1
1+2i != 1-2i

# A number too large for floating point equals no other number.
15 != 9^{700}
9^{700} == 9^{700}
9^{700} != 9^{701}
"""


def table():
    for line in CASES.splitlines():
        if line and not line.startswith("#"):
            sign = " == " if " == " in line else " != "
            gold, _, answer = line.partition(sign)
            yield pytest.param(gold, answer, "correct" if sign == " == " else "wrong", id=line)


def status(name, gold, completion):
    judge = verifier(name)
    return judge.compare(Problem("p", "?", gold, None, {}), judge.extract(completion)).status


@pytest.mark.parametrize(("gold", "answer", "expected"), list(table()))
def test_two_answers_agree_as_in_the_paper(gold, answer, expected):
    assert status("paper-math", gold, rf"\boxed{{{answer}}}") == expected


@pytest.mark.parametrize(
    ("gold", "completion"),
    [
        ("50", r"\boxed{0.5}"),
        ("0.5", r"\boxed{50}"),
        (r"\pi", r"\boxed{3.1416}"),
        ("(1,2)", r"\boxed{[1,2]}"),
        ("10000", r"\boxed{10001}"),
    ],
)
def test_answers_that_only_paper_math_accepts(gold, completion):
    assert status("paper-math", gold, completion) == "correct"
    assert status("math", gold, completion) == "wrong"


def test_a_number_too_large_to_evaluate_is_an_error():
    assert status("paper-math", "15", "the answer is 9**9**9**9") == "error"


def test_a_long_answer_is_truncated_and_wrong():
    assert status("paper-math", "15", r"\boxed{" + "1" * 5000 + "}") == "wrong"

r"""math: the verdict of a careful mathematician on answers of every kind, and the known errors of the verifier.

The tables were written before the verifier ran on them. A line `gold == answer` expects `correct`, a line
`gold != answer` expects `wrong`. The test puts the answer into a \boxed.
"""

import time

import pytest

from samples.problems.problems import Problem
from samples.verifiers.math import Math

CASES = r"""
# integers and thousands separators
42 == 42
42 != 43
42 == 42.
42 == $42$
025 == 25
25 == 025
-7 == -7
-7 == −7
-7 != 7
7 == +7
0 == 0.0
0 == -0
0 != 1
2125 == 2,125
2{,}125 == 2125
2,\!125 == 2125
2125 == 2\,125
2125 == 2 125
1234567 == 1,234,567
1234567 == 1 234 567
1{,}234{,}567 == 1,234,567
2125 != 2.125
2125 != 2,126
2125 != 2
2,125 != 125
10000 == 10^4
100 == 10^{2}
12 != 1 2
123 != 12
12 != 123

# fractions
\frac{3}{4} == \frac{3}{4}
\frac{3}{4} == \frac34
\frac34 == 3/4
\frac{3}{4} == \dfrac{3}{4}
\frac{3}{4} == \tfrac{6}{8}
\frac{3}{4} == {3}/{4}
\frac{3}{4} == 0.75
\frac{3}{4} == .75
\frac{3}{4} != \frac{4}{3}
\frac{3}{4} != 0.7
\frac{3}{4} != 0.7501
\frac{3}{4} != \frac{3}{5}
\frac{3}{4} != 3
\frac{3}{4} != 4
\frac{3}{4} != 34
-\frac{1}{2} == \frac{-1}{2}
-\frac{1}{2} == -0.5
-\frac{1}{2} == -1/2
-\frac{1}{2} != \frac{1}{2}
\frac{14}{3} == 14/3
\frac{1}{2} == ½
\frac{\frac{1}{2}}{3} == \frac{1}{6}
\frac{270}7 == \frac{270}{7}
\frac{1}{0} != 0
5 != \frac{5}{0}

# mixed numbers
\frac{13}{4} == 3\frac{1}{4}
3\frac{1}{4} == 3\frac14
3\frac{1}{4} == 3 1/4
3\frac{1}{4} == 3.25
3\frac{1}{4} == \frac{13}{4}
3\frac{1}{4} != \frac{3}{4}
3\frac{1}{4} != \frac{31}{4}
-2\frac{1}{3} == -\frac{7}{3}
-2\frac{1}{3} != -\frac{5}{3}

# decimals
0.5 == 1/2
1.50 == 1.5
2 == 2.0
2 == 2.00
0.25 != 0.52
0.1 != 0.10001
3.14 != 3.15
\frac{1}{3} == 0.333333
\frac{1}{3} != 0.33
\frac{1}{3} != 0.3
\frac{2}{3} != 0.67
\frac{2}{3} == 0.6666667
\frac{1}{3} == 0.\overline{3}
\frac{1}{6} == 0.1\overline{6}
0.\overline{27} == \frac{3}{11}
\frac{1}{3} != 0.\overline{4}
\pi == 3.14159265
\pi != 3.14
3.14 != \pi
\pi != \frac{22}{7}
\sqrt{2} == 1.41421356
\sqrt{2} != 1.41
1000000 != 1000001
0.0001 != 0.0002
0.000001 != 0.000002

# percent
50\% == 50%
50\% == 50
50 == 50\%
50\% == 0.5
0.5 == 50\%
50\% == \frac{1}{2}
50\% == 50 percent
50\% == 50\text{ percent}
50\% != 5\%
50\% != 0.05
0.5 != 5\%
50\% != 0.5\%
50 != 0.5
0.5 != 50
50\% != 5000
100\% == 1
12.5\% == 12.5
12.5\% == \frac{1}{8}
33\frac{1}{3}\% == \frac{1}{3}

# currency and units
18 == \$18
\$18 == 18
18 == $18
18 == €18
18.00 == \$18.00
1234.5 == \$1,234.50
18 != \$19
15 == 15\text{ cm}
15\text{ cm} == 15
15\text{ cm} == 15\,\mathrm{cm}
15\text{ cm}^2 == 15
15\mbox{ cm}^2 == 15 \text{ cm}^2
15 == 15 cm
15 == 15 apples
15\text{ cm} != 16\text{ cm}
10 == 10\text{ m/s}
10 == 10 \frac{\text{m}}{\text{s}}
3 == 3\text{ hours}
5.4 \text{ cents} == 5.4
\frac{3}{2}\text{ hours} == 1.5
6\pi\text{ cm} == 6\pi
90^\circ == 90
90 == 90^{\circ}
90^\circ == 90°
90^\circ == 90 degrees
90^\circ == 90\text{ degrees}
90^\circ != 45^\circ
5 != 5x
5x != 5
12 != 12n
\$32,\!348 == 32348

# scientific notation
4.5e33 == 4.5\times 10^{33}
4.5\times 10^{33} == 4.5e33
4.5e33 == 4.5 \cdot 10^{33}
4.5e33 == 4.5E+33
4.5e33 != 4.5\times 10^{32}
4.5e33 != 4.6\times 10^{33}
6.02\times 10^{23} == 6.02e23
0.000012 == 1.2e-5
0.000012 == 1.2\times 10^{-5}
1.2e-5 != 1.2e-6
0.001 == 10^{-3}
3e8 == 300000000
3 \times 10^8 == 300000000
3 \times 10^8 != 310
10^{100} == 1e100

# base subscripts
52_8 == 52_{8}
52_8 == 52
52_8 == 42_{10}
52_8 != 52_9
52_8 != 42
52_8 != 53_8
1011_2 == 1011_{2}
1011_2 != 1101_2
2516_8 == 2516_{\text{eight}}
4210_{5} == 4210_5
A2_{16} == A2_{16}

# powers, roots, functions, constants
2\sqrt{3} == \sqrt{12}
2\sqrt{3} == 2 \cdot \sqrt{3}
2\sqrt{3} == 2*sqrt(3)
2\sqrt{3} == 2√3
2\sqrt{3} == 2\sqrt3
2\sqrt{3} != 3\sqrt{2}
2\sqrt{3} != \sqrt{3}
2\sqrt{3} != 23
\frac{\sqrt{3}}{2} == sqrt(3)/2
\frac{1}{\sqrt{2}} == \frac{\sqrt{2}}{2}
\sqrt[3]{8} == 2
\sqrt[3]{2} != \sqrt{2}
2^{10} == 1024
2^{10} == 2**10
512 == 2^3^2
512 == 2**3**2
64 != 2^3^2
2^{10} != 20
2^{10} != 210
2^{-1} == 0.5
5! == 120
\binom{5}{2} == 10
\ln 2 == \ln(2)
\ln 2 != \ln 3
\log_2 8 == 3
e^2 == e^{2}
e^2 != 2e
2\pi == 2 \cdot \pi
2\pi == 2π
2\pi == 2pi
2\pi != \pi
2\pi != 2
\frac{\pi}{6} == \pi/6
\sqrt{3+2\sqrt{2}} == 1+\sqrt{2}
\infty == \infty
\infty == ∞
\infty != -\infty
|-3| == 3
\lfloor 2.5 \rfloor == 2
\sqrt{-4} != 2

# algebra
x^2-1 == (x-1)(x+1)
x^2-1 == x^{2} - 1
x^2-1 == x**2 - 1
x^2-1 == x²-1
x^2-1 == -1+x^2
x^2-1 != (x-1)^2
x^2-1 != x^2+1
x^2-1 != y^2-1
x^2 != 2x
2x+1 == 1+2x
2x+1 != 2x-1
\frac{x+1}{2} == \frac{x}{2}+\frac{1}{2}
\frac{n(n+1)}{2} == n(n+1)/2
\frac{n(n+1)}{2} == \frac{n^2+n}{2}
\frac{n(n+1)}{2} != \frac{n(n-1)}{2}
ab == ba
2ab == 2ba
a-b != b-a
(a+b)^2 == a^2+2ab+b^2
(a+b)^2 != a^2+b^2
x != X
n != m
1 == \sin^2 x+\cos^2 x
\cos 2x == 2\cos^2 x-1
\sin x != \cos x
\sin(x) == \sin x
\frac{1}{x} == x^{-1}
\frac{1}{x} != x
e^{x+1} == e\cdot e^x
x_1 == x_{1}
x_1 != x_2
\pi r^2 == \pi \cdot r^2
2x^3 - 3x + 4 == 4 - 3x + 2x^3
(x-2)(x+2)(x^2+4) == x^4-16
\sqrt{x^2+1} == (x^2+1)^{1/2}
\alpha+\beta == \beta+\alpha
\alpha != \beta
2^{n+1} == 2\cdot 2^n
2^{n+1} != 2^n+1

# equations and functions
5 == x=5
x=5 == 5
x=5 == x = 5
x=5 != x=6
x=5 != 6
5 != x=6
x=5 != y=5
y=2x+3 == 2x+3
2x+3 == y=2x+3
y=2x+3 == y-3=2x
y=2x+3 == 2x-y+3=0
y=2x+3 != y=2x-3
y=2x+3 != y=3x+2
x^2+y^2=4 == y^2+x^2=4
x^2+y^2=4 == x^2+y^2-4=0
x^2+y^2=4 == 4=x^2+y^2
x^2+y^2=4 != x^2+y^2=2
x^2+y^2=4 != x^2-y^2=4
5x-7y+11z+4=0 == -5x+7y-11z-4=0
5x-7y+11z+4=0 == 10x-14y+22z+8=0
5x-7y+11z+4=0 != 5x-7y+11z-4=0
f(x)=2x == 2x
f(x)=2x == f(x) = 2x
f(x)=2x != f(x)=3x
x=1,y=2 == x=1, y=2
x=1,y=2 != x=2,y=1

# intervals and inequalities
(0,1) == (0, 1)
(0,1) == \left(0,1\right)
(0,1) == x\in(0,1)
(0,1) != [0,1]
(0,1) != (0,1]
(0,1) != (0,2)
[0,1] == [0, 1]
[0,1] == 0\le x\le 1
[0,1] == 0 \leq x \leq 1
[0,1] != 0<x<1
[-1,1] == \left[-1, 1\right]
[0,\infty) == [0, \infty)
[0,\infty) == \left[0,+\infty\right)
[0,\infty) == x\ge 0
[0,\infty) != (0,\infty)
[0,\infty) != [0,1)
(\frac{1}{2},3] == (0.5,3]
(\frac{1}{2},3] == \left(\frac12, 3\right]
(-\infty,2)\cup(3,\infty) == (-\infty, 2) \cup (3, \infty)
(-\infty,2)\cup(3,\infty) == (3,\infty)\cup(-\infty,2)
(-\infty,2)\cup(3,\infty) == (-∞,2)∪(3,∞)
(-\infty,2)\cup(3,\infty) != (-\infty,2]\cup(3,\infty)
(-\infty,2)\cup(3,\infty) != (-\infty,2)
(-\infty,2)\cup(3,\infty) != (-\infty,3)\cup(2,\infty)
x>3 == (3,\infty)
x>3 == 3<x
x>3 == x > 3
x>3 != x\ge 3
x>3 != x<3
x>3 != 3
x \geq 3 == x≥3
1<x<2 == (1,2)
1<x<2 != 1<x<3

# sets and lists
\{1,2,3\} == \{3,1,2\}
\{1,2,3\} == 1,2,3
1,2,3 == \{1,2,3\}
\{1,2,3\} == \left\{1, 2, 3\right\}
\{1,2\} != \{1,3\}
\{1,2\} != \{1,2,3\}
\{1,2,3\} != \{1,2\}
\{1,2\} != 1
\{0,\frac{1}{2}\} == \{0.5,0\}
1,2 == 2,1
1,2 == 1 and 2
1,2 == 1\text{ and }2
1,2 == 1 or 2
1,2 == x=1\text{ or }x=2
1,2 == x=1, x=2
1,2 != 1
1 != 1,2
1,-2 == -2, 1
1,-2 != -1, 2
\sqrt{2},\sqrt{3} == \sqrt{3}, \sqrt{2}
\emptyset == \varnothing
\emptyset == \{\}
\emptyset == ∅
\emptyset != \{0\}
\emptyset != 0
10,13,14 != 10,13,15

# plus-minus
\pm 2 == 2,-2
\pm 2 == -2, 2
\pm 2 == x=\pm 2
\pm 2 == ±2
2,-2 == \pm 2
\{-2,2\} == \pm 2
\pm 2 != 2
2 != \pm 2
\pm 2 != -2
\pm 2 != \pm 3
1\pm\sqrt{2} == 1+\sqrt{2},1-\sqrt{2}
1\pm\sqrt{2} != 1+\sqrt{2}
1\pm\sqrt{2} != 1\pm\sqrt{3}

# tuples and points
(\text{odd}, 1) == (odd, 1)
(3,4) != 3
(3,4) != x=3
3 != (3,4)
(1,2) == (1, 2)
(1,2) == (1.0,2.0)
(1,2) == \left( 1, 2 \right)
(1,2) == (x,y)=(1,2)
(x,y)=(1,2) == (1,2)
(1,2) == \langle 1, 2 \rangle
(1,2) != (2,1)
(1,2) != (1,3)
(1,2) != (1,2,3)
(1,2) != 1
(-2,1) != (2,-1)
(2,1) == (2,1)
(2,1) != (1,2)
(1,2,3) == (1,2,3)
(1,2,3) != (1,3,2)
(3,\frac{\pi}{2}) == (3, \pi/2)
(3,\frac{\pi}{2}) != (3,\pi)
(1,2),(3,4) == (1,2), (3,4)
(1,2),(3,4) == (3,4),(1,2)
(1,2),(3,4) == (1,2)\text{ and }(3,4)
(1,2),(3,4) != (1,2),(3,5)
(1,2),(3,4) != (1,2)
(1,2),(3,4) != (2,1),(4,3)
(\frac{1}{2},-\frac{1}{2}) == (0.5,-0.5)

# matrices
\begin{pmatrix}1&2\\3&4\end{pmatrix} == \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}
\begin{pmatrix}1&2\\3&4\end{pmatrix} == \begin{bmatrix}1&2\\3&4\end{bmatrix}
\begin{pmatrix}1&2\\3&4\end{pmatrix} != \begin{pmatrix}1&3\\2&4\end{pmatrix}
\begin{pmatrix}1&2\\3&4\end{pmatrix} != \begin{pmatrix}1&2\\3&5\end{pmatrix}
\begin{pmatrix}1&2\\3&4\end{pmatrix} != \begin{pmatrix}1&2&3&4\end{pmatrix}
\begin{pmatrix}1&2\\3&4\end{pmatrix} != 1234
\begin{pmatrix}-1/3\\2/3\end{pmatrix} == \begin{pmatrix}-\frac{1}{3}\\\frac{2}{3}\end{pmatrix}
\begin{pmatrix}1\\2\end{pmatrix} != \begin{pmatrix}1&2\end{pmatrix}
\begin{pmatrix}1\\2\end{pmatrix} != \begin{pmatrix}2\\1\end{pmatrix}
\begin{pmatrix}0.5&0\\0&1\end{pmatrix} == \begin{pmatrix}\frac12&0\\0&1\end{pmatrix}

# complex numbers
1+2i == 2i+1
1+2i == 1 + 2 i
1+2i == 1+2\mathrm{i}
1+2i != 1-2i
1+2i != 1+2
1+2i != 1
3i != 3
i == \sqrt{-1}
2i == (1+i)^2
-i == \frac{1}{i}
6-5i == 6 - 5i
6-5i != 5-6i
e^{i\pi/3} == \frac{1}{2}+\frac{\sqrt{3}}{2}i
1+i,1-i == 1\pm i
5 == |3+4i|

# words and letters
\text{even} == even
even == \text{Even}
even != odd
\text{even} != \text{odd}
\text{Monday} == Monday
\text{Monday} != Tuesday
Evelyn == \text{Evelyn}
\text{ellipse} == Ellipse.
Yes == \text{Yes}
Yes != No
Yes != \text{No}
True != False
\text{(B)} == B
\text{(B)} == (B)
\text{(B)} == \text{B}
\text{(B)} == \textbf{(B)}
\text{(B)} != C
\text{(B)} != (C)
B != \text{(A)}
\text{June 20} == June 20
\text{June 20} != June 21
\text{June 20} != 20
2:3 == 2 : 3
2:3 != 3:2
0 != \text{none}
5 != \text{five hundred}
cat != act

# what once could not be read
\frac{1}{2} == \sin 30^\circ
(1,2) == \begin{pmatrix}1\\2\end{pmatrix}
(-\infty,1)\cup(3,\infty) == x<1 \text{ or } x>3
\sqrt{2} != \sqrt{2}+10^{-20}
\frac{1}{3} == 0.333...
(0,1) == ]0,1[
\frac{1}{2} == P(X=1)=\frac{1}{2}
"""  # noqa: RUF001 - answers contain these signs

LIMITS = r"""
# units are neither compared nor converted
15\text{ cm} == 15\text{ m}
36^\circ == \$36
150\text{ cm} != 1.5\text{ m}

# degrees are a unit, except in a function
\pi != 180^\circ

# repeated values count once
16,3,1,1 == 16,3,1

# two numbers in braces, or in no brackets, may be a pair
\{1,2\} == (1,2)
(1,2) == 1,2

# the right side of an equation is compared if the gold answer is no equation
33 == a+b=33
2 == x+1=2

# log has base 10
\log 100 == 2
\ln 10 != \log 10

# a single letter after a number may be a unit
5 == 5m
5m != 5

# a product after a slash is the denominator
x/yz == x/(yz)

# digits in groups of three are one number
100,200 == 100200
100,200 != 200,100

"""

# The gold answer, the completion, and the right status.
COMPLETIONS = [
    # One box, or several.
    ("5", r"So it is \boxed{5}.", "correct"),
    ("5", r"So it is \boxed 5", "correct"),
    ("5", r"So it is \fbox{5}.", "correct"),
    ("5", "So it is \\boxed{5\n}.", "correct"),
    ("5", r"So it is \boxed{\boxed{5}}.", "correct"),
    ("5", r"\boxed{5} holds for all 7 cases.", "correct"),
    ("7", r"\boxed{5} holds for all 7 cases.", "wrong"),
    ("2", r"First \boxed{1}, which is a slip. It is \boxed{2}.", "correct"),
    ("1", r"First \boxed{1}, which is a slip. It is \boxed{2}.", "wrong"),
    ("4", r"<think>\boxed{3}?</think> The answer is \boxed{4}", "correct"),
    ("1,2", r"The roots are \boxed{1} and \boxed{2}.", "correct"),
    ("1,2", r"The roots are $\boxed{1}$, $\boxed{2}$.", "correct"),
    ("2", r"The roots are $\boxed{1}$, $\boxed{2}$.", "wrong"),
    ("1,2,3", r"$\boxed{1}$, $\boxed{2}$, and $\boxed{3}$", "correct"),
    ("5", r"We try \boxed{3}. No, it is 5.", "wrong"),
    (r"\{1,2\}", r"\boxed{\{2,1\}}", "correct"),
    # A cut-off box gives no answer, except after a complete box.
    ("1", r"So 1 + 16 = \boxed{1", "no_answer"),
    ("16", r"So 1 + 16 = \boxed{1", "no_answer"),
    (r"\frac{3}{4}", r"It follows that \boxed{\frac{3}{4}", "no_answer"),
    ("5", r"The answer is 5: \boxed{", "no_answer"),
    ("5", r"\boxed{5} Wait, let me check again. \boxed{7", "correct"),
    # A box that is empty or only mentioned.
    ("6", r"It goes into \boxed{}. The final answer is 6.", "correct"),
    ("6", r"It goes into \boxed. The final answer is 6.", "correct"),
    ("6", r"\boxed{}", "no_answer"),
    # No box.
    ("42", "The final answer is 42.", "correct"),
    ("43", "The final answer is 42.", "wrong"),
    ("5", "The final answer is $5$. I hope it is correct.", "correct"),
    (r"\frac{1}{2}", r"The answer is $\frac{1}{2}$.", "correct"),
    (r"\frac{3}{4}", r"The answer is \(\frac{3}{4}\).", "correct"),
    ("3/4", "The answer is 3/4.", "correct"),
    ("3/4", "Answer: 3/4", "correct"),
    ("7", "**Answer: 7**", "correct"),
    ("7", "**Answer:** 7", "correct"),
    ("5", "The answer is 5, not 7.", "correct"),
    ("5", "Therefore x = 5.", "correct"),
    ("7", r"\[x = 7\]", "correct"),
    ("x^2+1", "Thus $1+x^2$.", "correct"),
    ("25", "The chance is 25%.", "correct"),
    ("1234.5", "It costs $1,234.50.", "correct"),
    ("5", "We see 3 cases of 5 each", "correct"),  # the last number is taken, as math-verify does
    ("3", "We see 3 cases of 5 each", "wrong"),
    # No answer at all.
    ("5", "", "no_answer"),
    ("5", " \n\t", "no_answer"),
    ("5", "I do not know.", "no_answer"),
    ("5", "The limit does not exist.", "no_answer"),
    ("11", "7 + 4 =", "no_answer"),
    ("11", "What is 7 + 4?\n7 + 4 = ?", "no_answer"),
    ("11", "**7 + 4 =**", "no_answer"),
    ("11", "$7 + 4 = $", "no_answer"),
    ("11", r"\boxed{7 + 4 =}", "no_answer"),
    ("11", "<answer>7 + 4 = __</answer>", "no_answer"),
    ("11", "The answer is 7 + 4 =", "no_answer"),
    ("11", "7 + 4 = 11", "correct"),
    ("11", "7 + 4 =\n11", "correct"),
]


def judge(gold, completion):
    problem = Problem("p", "?", gold, None, {})
    math = Math()
    answer = math.extract(completion)
    return "no_answer" if answer is None else math.compare(problem, answer).status


def table(text):
    for line in text.splitlines():
        if line and not line.startswith("#"):
            sign = " == " if " == " in line else " != "
            gold, _, answer = line.partition(sign)
            yield pytest.param(gold, answer, "correct" if sign == " == " else "wrong", id=line)


@pytest.mark.parametrize(("gold", "answer", "status"), list(table(CASES)))
def test_a_boxed_answer_gets_the_verdict_of_a_careful_mathematician(gold, answer, status):
    assert judge(gold, rf"We find that the answer is $\boxed{{{answer}}}$.") == status


@pytest.mark.parametrize(("gold", "answer", "status"), list(table(LIMITS)))
def test_known_limits_are_those_that_the_module_lists(gold, answer, status):
    assert judge(gold, rf"\boxed{{{answer}}}") == status


@pytest.mark.parametrize(("gold", "completion", "status"), COMPLETIONS)
def test_the_final_answer_is_found_in_a_completion(gold, completion, status):
    assert judge(gold, completion) == status


DEEP = 16_000
HOSTILE = {
    "boxes in boxes": (r"\boxed{" * DEEP + "5" + "}" * DEEP, "5"),
    "boxes never closed": (r"\boxed{" * (1 << 20), None),
    "boxes with blanks": ((r"\boxed" + " " * 1000) * 16_000, None),
    "backslashes": ("\\" * (16 << 20), None),
    "dollars": ("$" * (16 << 20), None),
    "letters": ("x" * (16 << 20), None),
    "many boxes": (r"\boxed{5}" * (1 << 20), "5"),
    "a NUL byte": ("\\boxed{5\x00}", "5\x00"),
    "a lone surrogate": ("\\boxed{\ud800}", "\ud800"),
}


@pytest.mark.heavy
@pytest.mark.parametrize("name", list(HOSTILE))
def test_extraction_takes_one_pass_over_any_text(name):
    completion, answer = HOSTILE[name]
    began = time.process_time()
    assert Math().extract(completion) == answer
    assert time.process_time() - began < 1 + len(completion) / 1e6


def test_a_long_answer_is_truncated_and_wrong():
    answer = Math().extract(r"\boxed{" + "1+" * (8 << 20) + "1}")
    assert answer is not None
    assert len(answer) < 3000
    assert Math().compare(Problem("p", "?", "15", None, {}), answer).status == "wrong"


@pytest.mark.parametrize(
    "answer",
    [
        "9**9**9**9",
        "9^{9^{9^9}}",
        "10^{10^{10}}",
        "((9!)!)!",
        "100000!",
        "1/(9^{9^9})",
        "(x+1)^{10^{10}}",
        "10^{-10^{10}}",
    ],
)
def test_a_number_too_large_to_evaluate_is_an_error_unless_it_is_the_gold_answer(answer):
    assert judge("15", rf"\boxed{{{answer}}}") == "error"
    assert judge(answer, rf"\boxed{{{answer}}}") == "correct"


@pytest.mark.parametrize(
    "answer", ["(" * 900 + "5" + ")" * 900, "{" * 900, "\x00", "\ud800", r"\frac{1}{1+" * 60 + "1" + "}" * 60]
)
def test_an_answer_that_cannot_be_parsed_is_compared_as_text(answer):
    math = Math()
    verdict = math.compare(Problem("p", "?", "15", None, {}), answer)
    assert (verdict.status, verdict.detail) == ("wrong", "the answer is not read as mathematics; compared as text")
    assert math.compare(Problem("p", "?", answer, None, {}), answer).status == "correct"

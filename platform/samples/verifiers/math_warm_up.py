r"""Warm up SymPy and the LaTeX parser before workers are forked.

The parser caches its grammar as it reads: the first answer of a kind takes a hundred times as long as the next one.
Importing this module takes seconds, once. Workers forked afterwards start warm.
"""

from samples.problems.problems import Problem
from samples.verifiers.math import Math

_PAIRS = (
    ("15", "16"),
    (r"\frac{3}{4}", "0.74"),
    ("(1,2)", "(2,1)"),
    (r"2\sqrt{3}", r"3\sqrt{2}"),
    ("x^2+1", "1-x^2"),
    ("y=2x+1", "y=x"),
    (r"\{1,2\}", r"1,3"),
    (r"[0,\infty)", r"x > 0"),
    (r"(0,1)\cup(2,3)", r"(0,1)"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix}1\\3\end{pmatrix}"),
    (r"\sin x", r"\cos x"),
    ("f(x)=2x", r"x\pi"),
)

for _gold, _answer in _PAIRS:
    Math().compare(Problem("", "", _gold, None, {}), _answer)

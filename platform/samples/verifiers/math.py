r"""Compare the final answer with the gold answer as mathematics, on SymPy and math-verify.

Gold answer: LaTeX or plain text. The answer is found by the rule of `samples.verifiers.extraction`; without a
statement of one, it is the last formula near the end. A text that ends in "=" repeats the question and gives none. Both
are read into a tree (`samples.verifiers.notation`), so that decorations, words and units are told from mathematics. No
text is evaluated as Python.

Expressions, equations, intervals, sets, tuples and matrices of equal value are equal: exact numbers exactly, those with
roots and functions to 150 digits. These are equal, too: a decimal that differs by at most 1e-6 and one part in 10,000,
or by one part in 10^9; x % and x/100 and x; `x = 5` and `5`; `f(x) = 2x` and `2x`; an inequality and its interval;
`x = 1, y = 2` and (1,2); a column and a tuple; a value with a unit and without it; `52_8` and `52`, `3 \pmod{7}` and
`3`, unless both name base or modulus; `(C) 12` and either part; words of three letters or more, whatever their case.
Words that change a value do so (`2 million`); words that make it a bound are no value (`15 or less`); one of two
opposites is not the other (`5 north`, `3:15 PM`).

Limits, each shown by a test:
- Units are neither compared nor converted. One typed letter behind a number may be taken for a unit.
- A list has no order, and repeated values count once. {1,2} equals (1,2). x+1=2 equals 2. No condition is compared.
- `\log` has base 10, x/yz is x/(yz), `100,200` is one number, degrees outside of a function are a unit, the cube root
  of -8 is -2. Typed letters are a product (ab is ba), unless they are a word of three letters or more.
- Formulas are equal if they agree at four points to 20 digits. In unions, decimals need only agree in six places.
- More than 12 open brackets cannot be read; more than 2,000 characters are wrong.

`error`, never a guess: powers above 100,000 bits, factorials above 10,000, sums and products without a closed form,
integrals in several variables or without a value.
Needs samples[verifiers]. Plain numbers take microseconds, others milliseconds; 10 s (`timeout`) and 1 GiB end one.
"""

import logging
import re

from samples.problems.problems import Problem
from samples.verifiers import Verdict, Verifier, gold_text
from samples.verifiers.agreement import agree, key
from samples.verifiers.extraction import final_answer
from samples.verifiers.formulas import formula, runs
from samples.verifiers.notation.plain import plain_value
from samples.verifiers.notation.reading import is_text, read
from samples.verifiers.notation.sizes import Undecided
from samples.verifiers.versions import version_with_libraries

_FEW_WORDS = 3  # of an answer in words
# `7 + 4 =` repeats the question, and equals the gold answer without being one.
_OPEN = re.compile(r"=\s*(?:\?+|(?:\\?_)+|\.+|…)?\s*(?:\*\*|\$+|\\\)|\\\])?\s*")
_TAIL = 100  # characters in which the end of an equation is looked for

logging.getLogger("math_verify.grader").setLevel(logging.ERROR)  # it warns that its timeouts are off, which we want


class Math(Verifier):
    """Correct if the final answer equals the gold answer. The module's docstring defines "equals"."""

    name = "math"
    needs = "samples[verifiers]"
    preload = ("samples.verifiers.math_warm_up",)

    def __init__(self) -> None:
        self.version = version_with_libraries("3", "math-verify", "latex2sympy2_extended", "sympy")

    def gold(self, problem: Problem) -> str:
        """Return the text of the gold answer."""
        return gold_text(problem, self.name)

    def extract(self, completion: str) -> str | None:
        """Return the text of the final answer. Without a statement of one, it is the last formula near the end."""
        return final_answer(completion, _whole, _statement, _otherwise, cut_off_box=True)

    @staticmethod
    def key(answer: str) -> str:
        """Return the exact value of a number, however it is written; of another answer its text without typesetting."""
        value = plain_value(answer)  # most answers, in a tenth of the time
        return key(answer) if value is None else str(value)

    def compare(self, problem: Problem, answer: str) -> Verdict:
        """Judge an answer. `detail` says why it was not compared as mathematics."""
        try:
            equal, detail = agree(self.gold(problem), answer)
        except Undecided as error:
            return Verdict("error", answer, detail=str(error))
        except RecursionError:
            return Verdict("error", answer, detail="nested too deeply to be evaluated")
        return Verdict("correct" if equal else "wrong", answer, detail=detail)


def _whole(text: str) -> str | None:
    return "" if _is_open(text) else text.strip() or None


def _is_open(text: str) -> bool:
    """Return whether nothing follows the last "=" of a text."""
    tail = text[-_TAIL:]
    return (last := tail.rfind("=")) >= 0 and _OPEN.fullmatch(tail, last) is not None


def _statement(text: str) -> str | None:
    """Return the answer in a sentence: all of it if it is mathematics or a few words, else its first formula."""
    if _is_open(text):
        return None
    reading = read(text)
    if reading is not None and (not is_text(reading.nodes) or len(text.split()) <= _FEW_WORDS):
        return text
    found = formula(text)
    first = runs(text)
    return found or (first[0] if first else None)


def _otherwise(text: str) -> str | None:
    if _is_open(text):
        return None
    found = formula(text)
    if found is None:
        typed = runs(text)
        found = typed[-1] if typed else None
    return found

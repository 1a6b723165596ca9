r"""Compare the final answer with the gold answer as mathematics, on SymPy and math-verify.

The final answer is found by the rule of `samples.verifiers.extraction`. It is read as LaTeX into a tree
(`samples.verifiers.notation`), so that decorations, words and units are told from mathematics. An answer of more than
2,000 characters is truncated, and is wrong.

Expressions, equations, intervals, sets, tuples and matrices of equal value are equal. These are equal too:
- a decimal and a number that differ by at most 1e-6 and by at most one part in 10,000, or by at most one part in 10^9;
- x % and x/100, and also x % and x, because problems often ask for "how many percent";
- an equation `x = 5` and `5`, a function `f(x) = 2x` and `2x`, an inequality and its interval;
- `x = 1, y = 2` and (1, 2), letters in alphabetical order; a column and a tuple;
- an answer with a unit or currency and one without: a unit that follows a value is removed, and never compared;
- `52_8` and `52`; if both answers name a base, their values are compared;
- `3 \pmod{7}` and `3`; if both name a modulus, it must be the same;
- an option with its value, `(C) 12`, and either of them;
- words in \text and plain words, where letter case counts only in words of one or two letters;
- a letter in parentheses and without them.

Exact numbers are compared exactly, or to 150 digits and more where roots and functions are in them. Words that change a
value do so (`2 million`, `3 quarters`, `5 squared`). Words that make it a bound (`15 or less`) are no value. One of two
opposites (`5 north`, `3:15 PM`) does not equal the other.

Known limits, each shown by a test:
- Units are neither compared nor converted. A single typed letter after a number may be taken for a unit.
- Repeated values in a list count once: 16,3,1,1 equals 16,3,1. A list has no order.
- {1,2} equals the pair or interval (1,2).
- If the gold answer is no equation, the right side of an equation is compared: x+1=2 equals 2.
- A condition behind a formula, `n \ge 2`, is not compared.
- `\log` has base 10. x/yz is x/(yz). `100,200` is one number. Degrees outside of a function are a unit.
- Letters outside of \text are a product: ab equals ba, unless they are a word of three letters or more.
- The cube root of -8 is -2.
- Formulas are equal if they agree at four points to 20 digits. In unions, decimals that agree in six places are equal.
- An answer with more than 12 open brackets cannot be read.

`compare` has no time limit of its own: call it in a worker that can be killed. A number that is too large to evaluate
(a power of more than 100,000 bits, a factorial of more than 10,000) is an `error`, unless it is the gold answer word
for word. So are sums and products of many or endless terms that have no closed form, and integrals in several variables
or without a value: they cannot be decided.
"""

import logging

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

logging.getLogger("math_verify.grader").setLevel(logging.ERROR)  # it warns that its timeouts are off, which we want


class Math(Verifier):
    """Correct if the final answer equals the gold answer. The module's docstring defines "equals"."""

    name = "math"
    needs = "samples[verifiers]"
    preload = ("samples.verifiers.math_warm_up",)

    def __init__(self) -> None:
        self.version = version_with_libraries("2", "math-verify", "latex2sympy2_extended", "sympy")

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
    return text.strip() or None


def _statement(text: str) -> str | None:
    """Return the answer in a sentence: all of it if it is mathematics or a few words, else its first formula."""
    reading = read(text)
    if reading is not None and (not is_text(reading.nodes) or len(text.split()) <= _FEW_WORDS):
        return text
    found = formula(text)
    first = runs(text)
    return found or (first[0] if first else None)


def _otherwise(text: str) -> str | None:
    found = formula(text)
    if found is None:
        typed = runs(text)
        found = typed[-1] if typed else None
    return found

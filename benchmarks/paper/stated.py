r"""The strict verdict of the study: the completion must end with the gold number, given as the result.

    samples rescore --verifier benchmarks/paper/stated.py:stated

Correct are `12`, `7 + 5 = 12.` and `The final answer is **12**.` The lenient verdict, `numeric`, takes the last number
of a completion, whatever it is there for: `7 - 7`, a part of the question 7 - 7 + 7, has the gold number too. Here it
is wrong, as is every completion that goes on behind its result.
"""

import re

from samples.problems.problems import Problem

_STATED = re.compile(r"(?:\A|=|\bis:?|\banswer:?)[\s*$(\\]*(-?\d+)[\s*$)\\.]*\Z", re.IGNORECASE)


def stated(problem: Problem, completion: str) -> bool:
    """Return whether the completion is the gold number, or ends with it behind an equal sign, "is" or "answer"."""
    found = _STATED.search(completion)
    return found is not None and int(found[1]) == int(problem.answer or "")

"""Keys of answers: two answers share one only if their verifier finds them equal."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samples.problems.problems import Problem
from samples.verifiers import answer_key, verifier

ANSWERS = [
    "1/2", "0.5", ".5", r"\frac{1}{2}", r"\dfrac12", r"$\frac{1}{2}$", r"x=\frac{1}{2}", "½", "-0.75", r"-\frac{3}{4}",
    r"\frac{-3}{4}", "9/5", "1 4/5", "1.8", "1,000", "1000", "1 000", "1000.0", "12 apples", "12", r"12\text{ cm}",
    "50", r"50\%", "50.0", "(1, 2)", r"\left(1,2\right)", r"\{1, 2\}", "yes", r"\text{Yes}", "(B)", r"\text{B}", "b",
    "x+1", "1+x", "x=5", "5", "1/0", "", "--5", "٣", "0", "-0", "0.0", "100,200", "1e3",
    "y=5", "5m", "5 m", "3m", "x=3", "3", r"5\text{ north}", r"5\text{ south}", r"5\text{ million}", "5000000",
    r"5\pmod{7}", r"5\pmod{9}", "5_8", "5_9", "(C) 5", "(D) 5", r"5\text{ or less}", "5 PM", "5 AM", r"\text{5 cm}",
    r"5^{th}", r"5\mathrm{i}", "5 squared", "25", r"\boxed{5}", "**5**", r"\frac{1}{2^{99}}", r"\frac{1}{2^{98}}",
    "1,00,000", "100000",
]  # fmt: skip


def compared(name, one, other):
    gold = Problem("p", "?", one, None, {})
    return verifier(name).compare(gold, other).status


@pytest.mark.parametrize("name", ["math", "paper-math", "boxed-exact"])
def test_answers_with_one_key_are_equal_to_their_verifier(name):
    same = [pair for pair in combinations(ANSWERS, 2) if answer_key(name, pair[0]) == answer_key(name, pair[1])]
    assert len(same) > 1
    assert {pair: compared(name, *pair) for pair in same} == dict.fromkeys(same, "correct")


@pytest.mark.parametrize("name", ["math", "paper-math"])
def test_a_number_has_one_key_however_it_is_written(name):
    for alike in (ANSWERS[:8], ANSWERS[8:11], ANSWERS[11:14], ANSWERS[14:18], ANSWERS[18:21], ["0", "-0", "0.0"]):
        assert len({answer_key(name, answer) for answer in alike}) == 1, alike
    assert len({answer_key(name, answer) for answer in ("1/2", "1/3", "2", "-1/2", "x+1", "1+x", "5x", "--5")}) == 8


@settings(max_examples=100, deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-1e9, max_value=1e9), st.integers(0, 5))
def test_numeric_answers_have_the_key_of_their_value(number, zeros):
    plain, longer = f"{number:f}", f"{number:f}" + "0" * zeros
    assert answer_key("numeric", plain) == answer_key("numeric", longer)
    assert answer_key("numeric", plain) != answer_key("numeric", f"{number + 1:f}")
    assert answer_key("numeric", "1e3") == answer_key("numeric", "1000") == answer_key("numeric", "1000.0")


@pytest.mark.parametrize("name", ["exact", "choice", "code", "reasoning-gym", "imported", "mine.py:judge"])
def test_other_verifiers_compare_text(name):
    assert [answer_key(name, answer) for answer in ANSWERS] == ANSWERS


@pytest.mark.parametrize(
    "part", ["_", "{", "1 ", "(", " ", r"\text{", "a ", "1^", "_{", "1,", ".1", "\\", "-", "12 ab"]
)
def test_hostile_answers_have_a_key_and_long_ones_are_their_own(part):
    for name in ("math", "paper-math", "numeric", "boxed-exact"):
        assert isinstance(answer_key(name, part * (200 // len(part))), str)
        assert answer_key(name, part * 200 + "x") == part * 200 + "x"

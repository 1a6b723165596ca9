"""exact and numeric: which answers they extract, and which they call equal."""

import pytest

from samples.errors import UsageError
from samples.problems.problems import Problem
from samples.verifiers import verifier


def problem(answer):
    return Problem("p", "?", answer, None, {})


NUMBERS = {
    "The answer is 42.": "42",
    "3,000": "3000",
    "x=-3": "-3",
    "10-3": "3",
    "1.5e3": "1.5e3",
    "no number": None,
    "": None,
    "1,2": "2",
    "$1,234.50 dollars": "1234.50",
    ".5": ".5",
    "-0.25": "-0.25",
    "2 + 3 = 5.": "5",
    "+7": "7",
    "\\boxed{12}": "12",
    "a. 7) -8": "-8",
    "\x00 9 \x00": "9",
    "1" * 50: "1" * 50,
}


@pytest.mark.parametrize("text", list(NUMBERS))
def test_numeric_takes_the_last_number(text):
    assert verifier("numeric").extract(text) == NUMBERS[text]


@pytest.mark.parametrize(
    ("gold", "answer", "status"),
    [
        ("42", "42", "correct"),
        ("42", "42.0", "correct"),
        ("2,125", "2125", "correct"),
        ("025", "25", "correct"),
        ("0.3", "0.30000001", "correct"),
        ("0.3", "0.301", "wrong"),
        ("0", "0", "correct"),
        ("0", "1e-9", "wrong"),
        ("-3", "3", "wrong"),
        ("1000000", "1000001", "correct"),  # within a millionth of the gold answer
        ("100000", "100001", "wrong"),
        ("1e400", "1e400", "correct"),
    ],
)
def test_numeric_compares_within_a_millionth_of_gold(gold, answer, status):
    assert verifier("numeric").compare(problem(gold), answer).status == status


@pytest.mark.parametrize("gold", ["x+1", "nan", "inf", "", "\\frac{1}{2}", None])
def test_numeric_refuses_a_gold_answer_that_is_not_a_number(gold):
    with pytest.raises(UsageError):
        verifier("numeric").gold(problem(gold))


@pytest.mark.parametrize(("answer", "status"), [("yes", "correct"), ("Yes", "wrong"), ("yes.", "wrong")])
def test_exact_requires_the_same_text(answer, status):
    assert verifier("exact").compare(problem(" yes "), answer).status == status


def test_exact_finds_no_answer_in_blanks():
    assert verifier("exact").extract(" \n") is None


def test_an_unknown_verifier_is_refused_with_the_known_ones():
    with pytest.raises(UsageError, match="exact, numeric"):
        verifier("vibes")

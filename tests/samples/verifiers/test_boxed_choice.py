r"""boxed-exact and choice (and numeric at its limit): which answers they extract, and which they call equal."""

import pytest

from samples.errors import UsageError
from samples.problems.problems import Problem
from samples.verifiers import verifier


def problem(answer):
    return Problem("p", "?", answer, None, {})


@pytest.mark.parametrize(
    ("gold", "answer", "status"),
    [
        ("5", "5", "correct"),
        ("5", " 5 ", "correct"),
        ("5", "$5$", "correct"),
        (r"\frac{1}{2}", r"\dfrac{1}{2}", "correct"),
        (r"\frac{1}{2}", r"\tfrac{1}{2}", "correct"),
        ("(1, 2)", r"\left(1,2\right)", "correct"),
        ("x+1", "x + 1", "correct"),
        (r"2\sqrt{3}", r"2\,\sqrt{3}", "correct"),
        (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", "correct"),
        ("18", r"\$18", "correct"),
        (r"\frac{1}{2}", "0.5", "wrong"),
        (r"\frac{1}{2}", r"\frac12", "wrong"),
        ("2125", "2,125", "wrong"),
        ("5", "5.0", "wrong"),
        ("5", "x=5", "wrong"),
        ("5", "5.", "wrong"),
        ("11", "1 1", "wrong"),
        ("x", "X", "wrong"),
        ("1,2", "2,1", "wrong"),
    ],
)
def test_boxed_exact_compares_texts_without_typesetting(gold, answer, status):
    assert verifier("boxed-exact").compare(problem(gold), answer).status == status


BOXES = {
    r"So \boxed{5}.": "5",
    r"\boxed{5} or rather \boxed{6}": "6",
    r"\boxed{\frac{1}{2}}": r"\frac{1}{2}",
    r"\boxed{\{1,2\}}": r"\{1,2\}",
    r"\boxed{5} and \boxed{6": "5",
    r"\boxed{6": None,
    r"\boxed{}": None,
    "The answer is 5.": None,
    "": None,
}


@pytest.mark.parametrize("completion", list(BOXES))
def test_boxed_exact_extracts_only_the_last_complete_box(completion):
    assert verifier("boxed-exact").extract(completion) == BOXES[completion]


CHOICES = {
    r"\boxed{B}": "B",
    r"\boxed{b}": "B",
    r"\boxed{(B)}": "B",
    r"\boxed{\text{B}}": "B",
    r"\boxed{\textbf{(B)}\ 12}": "B",
    r"\boxed{B. 12}": "B",
    r"The answer is (C). Sure: \boxed{D}": "D",
    "The answer is (B).": "B",
    "The answer is B.": "B",
    "Answer: C": "C",
    "**Answer:** C": "C",
    "Answer: **C**": "C",
    "The correct option is (d).": "D",
    "The answer is (A). No, the answer is (E).": "E",
    "Of (A) and (B), it must be (B)": "B",
    "We think.\nB": "B",
    "We think.\n**C.**": "C",
    "we think.\n(c)": "C",
    "The answer is a ratio.": None,
    "The answer is an angle, A' say": None,
    "Because A = 5 we are done": None,
    "The answer is 12.": None,
    "A pity": None,
    "F": "F",
    r"\boxed{J}": "J",
    "K": None,
    r"\boxed{K}": None,
    r"\boxed{A+B}": None,
    r"\boxed{12}": None,
    "": None,
}


@pytest.mark.parametrize("completion", list(CHOICES))
def test_choice_extracts_the_chosen_letter(completion):
    assert verifier("choice").extract(completion) == CHOICES[completion]


@pytest.mark.parametrize("gold", ["B", "(B)", "b", r"\text{B}", r"\textbf{(B)}\ 12", " B. "])
def test_choice_reads_a_gold_letter_in_any_of_these_forms(gold):
    assert verifier("choice").compare(problem(gold), "B").status == "correct"
    assert verifier("choice").compare(problem(gold), "C").status == "wrong"


@pytest.mark.parametrize("gold", ["K", "12", "", "Because", "A+B", None])
def test_choice_refuses_a_gold_answer_that_is_not_a_letter(gold):
    with pytest.raises(UsageError):
        verifier("choice").gold(problem(gold))


@pytest.mark.parametrize("name", ["boxed-exact", "choice", "exact", "numeric"])
@pytest.mark.parametrize("completion", ["\x00", "\\boxed{\x00}", "\ud800", "\\boxed{\udfff A}", r"\boxed{" * 1000])
def test_odd_characters_are_judged_like_any_text(name, completion):
    judge = verifier(name)
    answer = judge.extract(completion)
    assert answer is None or judge.compare(problem("A" if name == "choice" else "7"), answer).status in {
        "correct",
        "wrong",
    }


def test_numeric_cuts_an_endless_number_and_calls_it_wrong():
    numeric = verifier("numeric")
    answer = numeric.extract("It is " + "1" * 1_000_000)
    assert answer is not None
    assert len(answer) < 3000
    assert numeric.compare(problem("1"), answer).status == "wrong"

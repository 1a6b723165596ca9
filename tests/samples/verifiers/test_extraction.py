r"""The one rule that finds a final answer in a text, shown with `math`, and its own form in `numeric` and `choice`."""

# ruff: noqa: RUF001 - answers contain these signs

import time

import pytest

from samples.problems.problems import Problem
from samples.verifiers import verifier

ANSWERS = [
    # thinking, closed or not, never outranks what follows it
    ("4", r"<think>Perhaps \boxed{3}? No.</think> The answer is 4.", "correct"),
    ("4", r"<think>\boxed{3}</think>\nSo we get $4$.", "correct"),
    ("4", r"<think>\boxed{3}</think><answer>4</answer>", "correct"),
    ("4", r"<thinking>\boxed{3}</thinking> Answer: 4", "correct"),
    ("4", r"Perhaps \boxed{3}.</think> The answer is \boxed{4}.", "correct"),
    ("4", r"\boxed{4} <think>or is it \boxed{3}", "correct"),
    ("3", r"<think>It must be \boxed{3}.", "correct"),
    ("3", r"<think>It must be \boxed{3}.</think>", "correct"),
    (
        "4",
        "<|channel|>analysis<|message|>Maybe 3.<|end|><|channel|>final<|message|>The answer is 4.<|return|>",
        "correct",
    ),
    # boxes: empty, broken, doubled, signed, several
    ("5", r"The answer is \boxed{5}. I was asked for \boxed{}.", "correct"),
    ("5", r"\boxed{5} (in the form \boxed{ })", "correct"),
    ("5", r"It is \\boxed{5}.", "correct"),
    ("5", r"It is boxed{5}.", "correct"),
    ("5", r"It is $boxed{5}$.", "correct"),
    ("5", r"\boxed{\boxed{5}}", "correct"),
    ("5", r"\boxed {5}", "correct"),
    ("-5", r"$-\boxed{5}$", "correct"),
    ("-5", r"$x = -\boxed{5}$", "correct"),
    ("5", r"$x = -\boxed{5}$", "wrong"),
    ("5", r"$10 - \boxed{5}$ is five", "correct"),
    ("2,3", r"$x = \boxed{2}$ or $x = \boxed{3}$", "correct"),
    ("2,3", r"$\boxed{2}$ and $\boxed{3}$", "correct"),
    ("3", r"$x = \boxed{2}$ or $x = \boxed{3}$", "wrong"),
    # tags, JSON, marks
    ("x^2+1", "<answer>x^2+1</answer>", "correct"),
    ("12", "<answer>12</answer>\nI checked 3 cases.", "correct"),
    ("12", "<answer>\n12\n</answer>", "correct"),
    ("12", "<answer>12", "correct"),
    ("12", r"<answer>\boxed{12}</answer>", "correct"),
    ("12", "<Answer> The answer is 12 </Answer>", "correct"),
    ("3/4", '{"answer": "3/4"}', "correct"),
    ("12", '{"reasoning": "3 and 4", "answer": 12}', "correct"),
    ("12", '```json\n{"answer": "12"}\n```', "correct"),
    (r"\frac{1}{2}", r'{"final_answer": "\\frac{1}{2}"}', "correct"),
    ("18", "She sells 9 eggs for 2 dollars.\n#### 18", "correct"),
    ("18", "#### 18\n\nQuestion: next problem has 7 eggs.", "correct"),
    ("18", "#### 18\n\nQuestion: and then?\n#### 7", "correct"),
    ("1200", "#### $1,200", "correct"),
    # statements
    ("7", "**Answer:** 7", "correct"),
    ("7", "**Answer**: 7", "correct"),
    ("7", "**Final Answer**\n\n7", "correct"),
    ("7", "Final answer = 7", "correct"),
    ("7", "The final answer is $7$. I hope it is correct.", "correct"),
    ("7", "The answer is 7 because 3+4=7.", "correct"),
    ("7", "The answer is therefore 7.", "correct"),
    ("7", "The answer should be 7.", "correct"),
    ("7", "The answer to the problem is 7.", "correct"),
    ("7", "Thus the answer is \\[ 7 \\]", "correct"),
    ("7", "The answer is 3. No, the answer is 7.", "correct"),
    ("7", "The answer is 7 (see step 3).", "correct"),
    (r"\frac{3}{4}", r"**Answer:** \(\frac{3}{4}\)", "correct"),
    (r"2\sqrt{5}", r"Answer: 2\sqrt{5}", "correct"),
    ("2", r"Answer: 2\sqrt{5}", "wrong"),
    ("3\\pi", "The answer is 3π.", "correct"),
    ("3", "The answer is 3π.", "wrong"),
    ("(3, 7)", "The answer is (3, 7).", "correct"),
    ("7", "The answer is (3, 7).", "wrong"),
    ("2+5i", "The answer is 2 + 5i", "correct"),
    ("2", "The answer is 2 + 5i", "wrong"),
    ("5", "The answer is 5 or 6.", "wrong"),
    ("6", "The answer is 5 or 6.", "wrong"),
    ("5", "The answer is 5, not 6.", "correct"),
    ("even", "The answer is even.", "correct"),
    # languages
    ("5", "因此，答案是5。", "correct"),
    ("5", "答案：5", "correct"),
    ("5", "答えは5です。", "correct"),
    ("5", "정답은 5입니다.", "correct"),
    ("5", "La respuesta es 5.", "correct"),
    ("5", "La réponse est 5.", "correct"),
    ("5", "A resposta é 5.", "correct"),
    ("3.5", "Die Antwort ist 3,5.", "correct"),
    ("2.25", "Ответ: 2,25", "correct"),
    # no statement: the last formula, or the last typed mathematics, never cut
    ("7", "So $x = 3 + 4 = 7$.", "correct"),
    ("-3", "So **x = -3**.", "correct"),
    ("6\\pi", "The area is 6*pi", "correct"),
    ("6", "The area is 6*pi", "wrong"),
    ("3", "So x = 3 or x = -3", "wrong"),
    ("3,-3", "So x = 3 or x = -3", "correct"),
    ("x^2+1", "Thus f(x) = x^2 + 1.", "correct"),
    ("1", "Thus f(x) = x^2 + 1.", "wrong"),
    ("1/2", "The chance is 1/2.", "correct"),
    ("2", "The chance is 1/2.", "wrong"),
    ("50", "It is 50%", "correct"),
    # special tokens
    ("5", r"\boxed{5}<|im_end|>", "correct"),
    ("5", "The answer is 5<|eot_id|>", "correct"),
    ("5", "The answer is 5.</s>", "correct"),
    ("5", "The answer is 5<｜end▁of▁sentence｜>", "correct"),
]


@pytest.mark.parametrize(("gold", "completion", "expected"), ANSWERS)
def test_math_finds_the_final_answer(gold, completion, expected):
    math = verifier("math")
    answer = math.extract(completion)
    status = "no_answer" if answer is None else math.compare(Problem("p", "?", gold, None, {}), answer).status
    assert status == expected, answer


NUMBERS = {
    "It is 12,500,000.": "12500000",
    "There are 12 000 people": "12000",
    "The total is 1,00,000 rupees": "100000",
    "That makes 1'234'567.89": "1234567.89",
    "The value is 1_000_000": "1000000",
    "2.000.000 Euro": "2000000",
    r"\boxed{1{,}234}": "1234",
    r"\boxed{1\,234}": "1234",
    "x = −7": "-7",
    "The answer is - 3": "-3",
    "10 - 3": "3",
    "- 3 apples": "3",
    "So it is 10^6.": "1000000",
    "2⁵": "32",
    "3 × 10^5 m": "300000",
    "about 2.5 x 10^-3": "1/400",
    "1e5": "1e5",
    "The probability is 1/2.": "1/2",
    r"\boxed{-\frac{3}{4}}": "-3/4",
    "½": "1/2",
    "The area is 5 m2.": "5",
    "The area is 5 cm^2.": "5",
    "H2O": None,
    "x_1 = 4": "4",
    "The answer is 42 (see step 3).": "42",
    r"\boxed{42}. Check: 6*7 = 42, so all 3 conditions hold.": "42",
    "The answer is 3+4=7.": "7",
    "The answer is 5 or 6.": None,
    r"\boxed{5\sqrt{2}}": None,
    "答案是１，２３４": "1234",
    "Ответ: -2,75": "-2.75",
    "It costs 5 million dollars.": "5000000",
    "25%": "25",
    "<think>5?</think> 6": "6",
    '{"answer": 42}': "42",
    "#### 1,234": "1234",
}


@pytest.mark.parametrize("completion", list(NUMBERS))
def test_numeric_reads_every_usual_notation(completion):
    assert (verifier("numeric").extract(completion) or None) == NUMBERS[completion]


LETTERS = {
    "Answer: `B`": "B",
    'The answer is "C".': "C",
    "The answer is “B”.": "B",
    "Final answer: <C>": "C",
    "The answer is 'E'.": "E",
    "The answer is [D].": "D",
    "Answer: **(C)**": "C",
    "Answer: Option B": "B",
    "**Answer: (D) 4**": "D",
    "**Final Answer**\n\nB": "B",
    "Answer:\n\nB": "B",
    "Answer = C": "C",
    "ANSWER: b": "B",
    "<think>B or C?</think>\n<answer>B</answer>": "B",
    "<answer>(C) Paris</answer>": "C",
    '{"reasoning": "It boils at 100 C.", "answer": "C"}': "C",
    '```json\n{"answer": "D"}\n```': "D",
    "#### (C)": "C",
    "B. Paris": "B",
    "b. 4": "B",
    "A: because the pressure rises.": "A",
    "So we take\n\nB. 4": "B",
    "(B)": "B",
    "b)": "B",
    "Antwort: C": "C",
    "因此，正确答案是A。": "A",
    "La réponse est B.": "B",
    "정답: A": "A",
    "答案是（B）": "B",
    "La respuesta correcta es D.": "D",
    "Ответ: B": "B",
    "答えはCです。": "C",
    "Final answer: c) 12": "C",
    "The answer is b.": "B",
    "The correct option is (d).": "D",
    "Final Answer: (J).": "J",
    "It cannot be option A.": None,
    "The answer is not B.": None,
    "It is not option C.": None,
    "The answer is B. Option A ignores the sign.": "B",
    "The correct answer is (D). (A common slip is choice B.)": "D",
    "Option A is wrong. Option B is correct.": "B",
    "Answer: D. Options A, B and C are wrong.": "D",
    "Since B is not the correct answer, we choose A": "A",
    "The answer is B (not A).": "B",
    "The options are (A) 10 (B) 12 (C) 14 (D) 16.\nWe compute 2*7 = 14.": "C",
    # a computed number is a choice only where nothing else can be meant
    "The options are (A) 10 (B) 12 (C) 14 (D) 16.\nWe compute $2*7 = 14$.": "C",
    "The options are (A) 10 (B) 12 (C) 14 (D) 16.\nWe compute 2*7 = 14": None,
    "The options are (A) 10 (B) 12 (C) 14 (D) 16.\nIt is not 2*7 = 14.": None,
    "The options are (A) 10 (B) 12 (C) 14 (D) 16.\nFirst, 2*7 = 14.": None,
    "The options are (A) 10 (B) 12 (C) 14 (D) 16.\nIf x = 2, then 7x = 14.": None,
    "The options are (A) 10 (B) 12 (C) 14 (D) 16.\nBut 2*7 != 14.": None,
    "The options are (A) 10 (B) 14 (C) 14 (D) 16.\nWe compute 2*7 = 14.": None,
    "The options are (A) 10 (B) 12 (C) 13 (D) 16.\nWe compute 2*7 = 14.": None,
    "The options are (A) 1,400 (B) 120 (C) 14.5 (D) 16.\nWe compute 200*7 = 1400.": "A",
    "The options are (A) ten (B) twelve (C) 14 (D) 16.\nWe compute 2*7 = 14.": None,
    "The options are (A) 10 (B) 12 (C) 14 (D) 16.\nWe compute 2*7 = 14.\nNow we need the sum.": None,
    "A. 1\nB. 2\nC. 3\nD. 4": None,
    "(a) First we differentiate. (b) Then we set it to zero. So x = 3.": None,
    "\\boxed{A \\cap B}\n\nAnswer: D": "D",
    "Energy: \\boxed{E \\propto T^4}. The answer is B.": "B",
    "\\boxed{E=mc^2}": None,
    "\\boxed{A, C}": None,
    "\\boxed{AB}": None,
    "The answer is A or B.": None,
    "Answer: (A), (C)": None,
    "So B is correct.": "B",
    "I would choose B.": "B",
    "We select option (G).": "G",
    "It must be D.": "D",
    "Thus, option C.": "C",
    "Answer seems to be A.": "A",
    "The answer should be B": "B",
    "The best choice is E": "E",
    "I think the answer is B": "B",
    "\\boxed{\\mathsf{B}}": "B",
    "\\boxed{\\texttt{D}}": "D",
    "\\boxed{\\;B\\;}": "B",
    "\\boxed{\\textsf{B}}": "B",
    "\\boxed{\\text{C. }12}": "C",
    "\\boxed{C: 12}": "C",
    "\\boxed{C} — not \\boxed{}.": "C",
    "<think>Perhaps \\boxed{A}? No.</think> The answer is B.": "B",
    "The final answer is $\\boxed{B}$<|im_end|>": "B",
    "The answer is I think B": None,
    "The answer is a ratio.": None,
    "Let A be a set. A = 5. The answer is C": "C",
}


@pytest.mark.parametrize("completion", list(LETTERS))
def test_choice_reads_every_usual_dress_and_is_not_fooled_by_discussion(completion):
    assert (verifier("choice").extract(completion) or None) == LETTERS[completion]


PAPER = [
    (r"\frac{3}{4}", r"**Answer:** \(\frac{3}{4}\)", "correct"),
    ("42", r"Thus the answer is \[ 42 \]", "correct"),
    ("18", "#### 18\n\nQuestion: next problem has 7 eggs.", "correct"),
    (r"\frac{1}{2}", r"\boxed{\frac{1}{2}} Note: I used \boxed{} as instructed.", "correct"),
    ("7", "The final answer is $boxed{7}$.", "correct"),
    ("4", r"<think>Perhaps \boxed{3}?</think> The answer is 4.", "correct"),
    ("3", r"<think>Perhaps \boxed{3}?</think> The answer is 4.", "wrong"),
    ("293", "The answer is m+n = 256+37 = 293.", "correct"),
    ("7", "There are 3 and then 7 of them", "correct"),
]


@pytest.mark.parametrize(("gold", "completion", "expected"), PAPER)
def test_paper_math_finds_the_final_answer_by_the_same_rule(gold, completion, expected):
    paper = verifier("paper-math")
    assert paper.compare(Problem("p", "?", gold, None, {}), paper.extract(completion)).status == expected


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["math", "paper-math", "numeric", "choice", "boxed-exact"])
@pytest.mark.parametrize(
    "part",
    [
        "answer is ",
        "<think>",
        "</think>",
        "<answer>",
        "#### 5\n",
        r"\boxed{",
        '{"answer": ',
        "(A) ",
        "1,",
        "$x$",
        "5 or ",
    ],
)
def test_hostile_texts_are_searched_in_linear_time(name, part):
    completion = part * (1_000_000 // len(part))
    began = time.process_time()
    verifier(name).extract(completion)
    assert time.process_time() - began < 5

r"""math: how an answer is dressed never changes its verdict; equal values are equal; changed digits are not."""

from fractions import Fraction

from hypothesis import example, given, settings
from hypothesis import strategies as st

from samples.problems.problems import Problem
from samples.verifiers import answer_key
from samples.verifiers.math import Math
from samples.verifiers.notation.reading import read
from samples.verifiers.notation.tree import write

MATH = Math()
VALUES = [
    "17", "-3", r"\frac{3}{4}", "0.25", r"2\sqrt{3}", "x^2+1", "(1,2)", r"\{1,2,5\}", "[0,3)", r"3\pi", "2+3i", "x=5",
    r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"(-\infty,2)\cup(5,\infty)", r"\log_2 5", "1, 2, 3", r"e^{2}", r"\sin x",
]  # fmt: skip
DRESSES = [
    "${}$", r"\({}\)", r"\[{}\]", "{{{}}}", " {} ", r"\,{}\,", r"\displaystyle {}", r"\color{{red}}{{{}}}", "{}.",
    r"\textcolor{{blue}}{{{}}}", r"\boldsymbol{{{}}}", r"\underline{{{}}}", r"\Large {}", r"\boxed{{{}}}",
    r"\text{{Answer: }} {}", r"\text{{The answer is }}{}", "= {}", r"\mathbf{{{}}}", r"\bm{{{}}}",
]  # fmt: skip
PIECES = [
    "1", "2", "x", "i", "^", "_", "{", "}", "(", ")", "[", "]", r"\frac", r"\sqrt", r"\pm", r"\text{ cm}",
    r"\text{and}", "%", "=", "<", ",", " ", "-", "+", "/", "!", "|", r"\sin", r"\log", r"\infty", r"\cup", r"\in",
    r"\begin{pmatrix}", "&", r"\end{pmatrix}", r"\\", r"\pmod{7}", "a", "cm", "°", "½", "²", "**", r"\boxed{",
    "million", r"\binom", r"\mathrm",
]  # fmt: skip
UNICODE = {"-": "\u2212", r"\pi": "π", r"\infty": "∞", r"\cup": "\u222a", "^2": "²"}  # fmt: skip


def status(gold, answer):
    return MATH.compare(Problem("p", "?", gold, None, {}), answer).status


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(VALUES), st.sampled_from(VALUES), st.lists(st.sampled_from(DRESSES), max_size=3))
@example("17", "17", [r"\text{{Answer: }} {}", "{{{}}}", r"\text{{Answer: }} {}"])
def test_decorating_an_answer_never_changes_its_verdict(gold, answer, dresses):
    plain = status(gold, answer)
    for dress in dresses:
        answer = answer.removesuffix(".") if dress == "{}." else answer
        answer = dress.format(answer)
    assert status(gold, answer) == plain
    assert status(gold, f"**{answer.strip()}**") == plain


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(VALUES), st.sampled_from(VALUES), st.data())
def test_spaces_and_unicode_forms_never_change_a_verdict(gold, answer, data):
    plain = status(gold, answer)
    for latex, sign in UNICODE.items():
        if data.draw(st.booleans()):
            answer = answer.replace(latex, sign)
    for sign in "+,=":
        if data.draw(st.booleans()):
            answer = answer.replace(sign, f" {sign} ")
    assert status(gold, answer) == plain


@settings(max_examples=150, deadline=None)
@given(
    st.integers(-(10**6), 10**6),
    st.integers(1, 999),
    st.sampled_from(["{t}/{b}", r"\frac{{{t}}}{{{b}}}", r"\dfrac{{{t}}}{{{b}}}"]),
)
def test_equal_fractions_are_equal_and_others_are_not(top, bottom, form):
    gold = rf"\frac{{{top}}}{{{bottom}}}"
    assert status(gold, form.format(t=7 * top, b=7 * bottom)) == "correct"
    assert status(gold, form.format(t=top + 1, b=bottom)) == "wrong"


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 10**12),
    st.sampled_from(["{:,}", "{}", "{}.0", r"\text{{{}}}", r"{} \text{{ cm}}", r"\${:,}", "x = {}"]),
)
def test_an_integer_is_equal_in_every_notation_and_changed_digits_are_not(number, form):
    assert status(str(number), form.format(number)) == "correct"
    assert status(str(number + 1), form.format(number)) == "wrong"
    assert status(form.format(number), str(number + 1)) == "wrong"


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 50), st.integers(1, 30), st.integers(31, 60))
def test_a_mixed_number_is_its_fraction(whole, top, bottom):
    value = whole + Fraction(top, bottom)
    assert (
        status(rf"\frac{{{value.numerator}}}{{{value.denominator}}}", rf"{whole}\frac{{{top}}}{{{bottom}}}")
        == "correct"
    )
    assert status(rf"\frac{{{value.numerator + 1}}}{{{value.denominator}}}", f"{whole} {top}/{bottom}") == "wrong"


@settings(max_examples=150, deadline=None)
@given(st.integers(40, 300), st.integers(2, 9))
def test_small_exact_numbers_are_told_apart(power, base):
    small = rf"\frac{{1}}{{{base}^{{{power}}}}}"
    assert status(small, f"{base}^{{-{power}}}") == "correct"
    assert status(small, f"{base}^{{-{power + 1}}}") == "wrong"


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789abcdefghixyzABCE+-*/^_=<>(){}[]\\|,.;:!%$' \"~&√π²½×", max_size=40))  # noqa: RUF001
@example("\\√")  # a line break and a root without a body
def test_any_text_is_read_and_what_is_read_is_read_again_alike(text):
    reading = read(text)
    if reading is not None:
        write(reading.nodes)
    assert isinstance(answer_key("math", text), str)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(VALUES), st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join))
@example("x=3", "=")
@example("(1,2)", r"\begin{pmatrix}½\end{cases}expy")  # SymPy's evaluation never comes to an end
def test_any_answer_gets_a_verdict(gold, answer):
    assert status(gold, answer) in {"correct", "wrong", "error"}


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(VALUES), st.sampled_from(VALUES), st.sampled_from(DRESSES), st.sampled_from(DRESSES))
def test_answers_with_one_key_are_equal(one, other, dress, another):
    first, second = dress.format(one), another.format(other)
    if answer_key("math", first) == answer_key("math", second):
        assert status(first, second) == "correct"

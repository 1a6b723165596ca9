"""Gold answers: each is taken out of what surrounds it; a list holds alternatives, unless its values are one answer."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samples.problems.answers import belong_together, gold_answers, last_boxed


@pytest.mark.parametrize(
    ("value", "answers"),
    [
        ("$18$", ("18",)),
        ("$69$,$84$", ("$69$,$84$",)),  # no pair of dollars encloses the whole
        (r"so \boxed{\{1,2\}}", (r"\{1,2\}",)),
        ("#### 5 apples ", ("5 apples",)),
        ("# not\n#### the last line\nbut this", ("# not\n#### the last line\nbut this",)),
        (27.0, ("27",)),
        (4.25, ("4.25",)),
        (-3, ("-3",)),
        (True, ("yes",)),
        (False, ("no",)),
        ("true", ("true",)),
        (["$x=1$", 2.0], ("x=1", "2")),
        (["6630.65", "6630", "6630.65"], ("6630.65", "6630")),
        (["$2$"], ("2",)),
        ([["1", "2"], ["2", "1"]], ("1, 2", "2, 1")),  # a list in a list: values of one answer
        ([None, " "], ()),
        ({"value": "Rome", "aliases": ["Roma", "Rome"], "normalized_value": "rome"}, ("Rome", "Roma")),
        ({"aliases": ["Roma"], "value": ""}, ("Roma",)),
        ({"text": ["in 1066", "1066"], "answer_start": [3, 6]}, ("in 1066", "1066")),
        ({"spans": ["4", "four"], "types": ["number", "span"]}, ("4", "four")),
        ({"number": "4", "spans": [], "date": {"day": ""}}, ("4",)),
        ({"number": "", "spans": ["a", "b"], "date": {}}, ("a, b",)),
        ({"number": "", "spans": [], "date": {"day": "4", "month": "May", "year": ""}}, ("4 May",)),
        ({"x": 1}, ('{"x": 1}',)),
        ("so 9\n#### $18$", ("18",)),
        (r"\boxed{$5$}", ("5",)),
        ("$ $", ("$ $",)),
        (None, ()),
        ("  ", ()),
        ([], ()),
        (r"\boxed{}", (r"\boxed{}",)),
    ],
)
def test_a_gold_answer_is_taken_out_of_what_surrounds_it(value: Any, answers: tuple[str, ...]) -> None:
    assert gold_answers(value).answers == answers


@pytest.mark.parametrize(
    ("field", "row", "answers"),
    [
        ("answer", {}, ("2", "3")),
        ("answer", {"is_multiple_answer": True}, ("2, 3",)),
        ("answer", {"Is_Multiple_Answer": "True"}, ("2, 3",)),
        ("answer", {"is_multiple_answer": False}, ("2", "3")),
        ("final_answer", {}, ("2, 3",)),
        ("final_answer", {"is_multiple_answer": False}, ("2", "3")),
    ],
)
def test_the_row_says_whether_the_values_of_a_list_are_one_answer(
    field: str, row: dict[str, Any], answers: tuple[str, ...]
) -> None:
    assert gold_answers(["$2$", 3], together=belong_together(field, row)).answers == answers


@given(
    st.recursive(
        st.text("12 #$+=\n", max_size=8),
        lambda inner: st.builds(
            "{}{}{}".format, st.sampled_from(["$", "\n#### ", r"so \boxed{"]), inner, st.sampled_from("$}x")
        ),
        max_leaves=6,
    )
)
def test_what_was_extracted_once_is_extracted_as_itself(text: str) -> None:
    once = gold_answers(text).answers
    assert gold_answers(list(once)).answers == once


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        (r"\boxed{1} then \boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\fbox{3}", "3"),
        (r"\framebox{204}", "204"),
        (r"\boxed 5$", "5"),
        (r"\boxed {7}", "7"),
        (r"\boxed{\left\{ x \right.}", r"\left\{ x \right."),
        (r"\boxed{1} and \boxed{2", "1"),  # the last one that is complete
        (r"\boxed{a + \boxed{b}}", "b"),
        (r"\\boxed{1}", None),  # a line break in TeX, then a word
        ("boxed{1}", None),
        ("}} {", None),
    ],
)
def test_the_last_box_is_the_last_complete_one(text: str, inside: str | None) -> None:
    assert last_boxed(text) == inside


@given(st.recursive(st.text("ab12 +=$", max_size=5), lambda inner: inner.map(lambda t: f"{{{t}}}x"), max_leaves=6))
def test_a_box_holds_whatever_balances(content: str) -> None:
    assert last_boxed(rf"thus {{}} \boxed{{{content}}}.") == (content.strip() or None)


def test_a_box_is_found_in_one_pass_however_deep_the_braces() -> None:
    assert last_boxed(r"\boxed{1}" + r"\boxed{" * 100_000) == "1"

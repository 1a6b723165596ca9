"""Values from Python that no question can use are refused in one line, with what is expected."""

import numpy as np
import pytest

from samples.errors import UsageError

WRONG = {
    "runs a number": lambda lake: lake.query("pass_at_k", runs=5),
    "runs of numbers": lambda lake: lake.query("pass_at_k", runs=np.array([1, 2])),
    "runs of nothing": lambda lake: lake.query("pass_at_k", runs=[None]),
    "a run that is a list": lambda lake: lake.query("coverage", a=["a"], b="b"),
    "a run that is None": lambda lake: lake.query("coverage", a=None, b="b"),
    "a verifier that is a number": lambda lake: lake.query("pass_at_k", verifier=5),
    "a verifier that is an array": lambda lake: lake.query("pass_at_k", verifier=np.array(["v", "w"])),
    "ks of halves": lambda lake: lake.query("pass_at_k", ks=np.array([1.5])),
    "where as text": lambda lake: lake.query("pass_at_k", where="level=5"),
    "where as pairs": lambda lake: lake.query("pass_at_k", where=[("level", 5)]),
    "labels as a list": lambda lake: lake.query("pass_at_k", labels=["step"]),
    "problems a number": lambda lake: lake.query("pass_at_k", problems=5),
    "a guessable run without a rate": lambda lake: lake.query("pass_at_k", exclude_guessable=("a",)),
    "a guessable run as text": lambda lake: lake.query("pass_at_k", exclude_guessable="a:0.5"),
    "no text of SQL": lambda lake: lake.sql(5),
    "half a character": lambda lake: lake.sql("SELECT '\ud800'"),
    "no threads": lambda lake: lake.sql("SELECT 1", threads=-1),
    "memory of no amount": lambda lake: lake.sql("SELECT 1", memory=[2]),
    "an index that is no number": lambda lake: lake.show("a", "p1", "first"),
    "a label that is no text": lambda lake: lake.label("a", {5: 5}),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_value_that_cannot_be_used_is_refused_in_one_line(filled, case):
    with pytest.raises(UsageError) as error:
        WRONG[case](filled)
    assert "\n" not in str(error.value)


def test_numbers_of_numpy_are_numbers(filled):
    assert filled.show(np.str_("a"), "p1", np.int64(1)).facts["sample_index"] == 1
    assert filled.sql("SELECT 1 AS n", threads=np.int64(1)).dicts() == [{"n": 1}]
    rows = filled.query("pass_at_k", runs=["b"], exclude_guessable=("a", np.float32(0.25)), ks=[1])
    assert [row["problems"] for row in rows] == [3]

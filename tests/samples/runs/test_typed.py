"""Settings from Python: one value is one run, however it is written, and what fits no setting is refused."""

import numpy as np
import pytest

from samples.errors import UsageError
from samples.runs.request import prepare, request


def run_id(sums, **settings):
    given = {"problems": str(sums), "model": "toy", "engine": "toy", "k": 2, "lake": "unused", **settings}
    return prepare(request(**given)).run.run_id


EQUAL = {
    "temperature": (0.6, np.float64(0.6), np.float32(0.6), np.array(0.6)),
    "top_p": (0.5, np.float32(0.5), np.float16(0.5)),
    "presence_penalty": (2.0, 2, np.int64(2), np.uint8(2)),
    "max_tokens": (5, np.int64(5), 5.0, np.float32(5), np.array(5)),
    "seed": (7, np.int32(7), 7.0),
    "stop": (("end",), ["end"], "end", np.array(["end"]), np.str_("end"), (word for word in ["end"])),
    "stop_token_ids": ((3, 4), [3, 4], np.array([3, 4]), range(3, 5), [3.0, np.int64(4)]),
    "ignore_eos": (True, np.True_),
    "dtype": ("float32", np.str_("float32")),
}


@pytest.mark.parametrize("name", EQUAL)
def test_equal_values_are_one_run(sums, name):
    ids = {run_id(sums, **{name: value}) for value in EQUAL[name]}
    assert len(ids) == 1
    assert name == "dtype" or ids != {run_id(sums)}


WRONG = {
    "temperature": ("0.6", [0.6], np.array([0.6, 1]), True, {}),
    "max_tokens": ("5", 5.5, np.float64(5.5), True, float("inf"), float("nan"), [5]),
    "stop": (5, [5], [None]),
    "ignore_eos": (1, "yes", np.int64(1)),
    "model": (5, np.array(["toy"])),
    "name": (5,),
    "k": ("3", 2.5),
    "unit": ([5], "5"),
    "fields": (5, "id"),
    "labels": ([("a", 1)],),
    "replicas": ("1..2", (1, 2, 3), (), 1.5),
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_value_of_another_kind_is_refused_in_one_line(sums, name, value):
    with pytest.raises(UsageError, match=rf"^{name} ") as error:
        run_id(sums, **{name: value})
    assert "expected" in str(error.value)
    assert "\n" not in str(error.value)

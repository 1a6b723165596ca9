"""Calls get the units on offer, each once, and only those."""

from samples.pipeline.assignment import LATER, Assignment


def test_calls_get_the_units_on_offer_in_order_and_then_wait_for_more():
    assignment = Assignment()
    assert assignment.begin(0) == LATER
    assert assignment.offer([7, 3], more=True) == []
    assert [assignment.begin(call) for call in (5, 0, 1)] == [7, 3, LATER]
    assert assignment.offer([4], more=False) == [7, 3]
    assert [assignment.begin(call) for call in (1, 2)] == [4, None]
    assert assignment.begun == 3


def test_a_unit_that_was_begun_is_not_on_offer_again_and_the_driver_is_told():
    assignment = Assignment()
    assignment.offer([1, 2, 3], more=True)
    assert assignment.begin(0) == 1
    assert assignment.offer([1, 2], more=True) == [1]
    assert assignment.offer([1, 2], more=False, known=1) == []
    assert [assignment.begin(call) for call in (1, 2)] == [2, None]


def test_a_repeated_call_gets_its_unit_again():
    assignment = Assignment()
    assignment.offer([1, 2], more=False)
    assert [assignment.begin(9), assignment.begin(9), assignment.begin(8), assignment.begin(9)] == [1, 1, 2, 1]
    assert assignment.begun == 2

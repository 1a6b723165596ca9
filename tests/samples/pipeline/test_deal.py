"""Calls get the units on offer, each once, and only those."""

from samples.pipeline.deal import LATER, Deal


def test_calls_get_the_units_on_offer_in_order_and_then_wait_for_more():
    deal = Deal()
    assert deal.begin(0) == LATER
    assert deal.offer([7, 3], more=True) == []
    assert [deal.begin(call) for call in (5, 0, 1)] == [7, 3, LATER]
    assert deal.offer([4], more=False) == [7, 3]
    assert [deal.begin(call) for call in (1, 2)] == [4, None]
    assert deal.begun == 3


def test_a_unit_that_was_begun_is_not_on_offer_again_and_the_driver_is_told():
    deal = Deal()
    deal.offer([1, 2, 3], more=True)
    assert deal.begin(0) == 1
    assert deal.offer([1, 2], more=True) == [1]
    assert deal.offer([1, 2], more=False, known=1) == []
    assert [deal.begin(call) for call in (1, 2)] == [2, None]


def test_a_repeated_call_gets_its_unit_again():
    deal = Deal()
    deal.offer([1, 2], more=False)
    assert [deal.begin(9), deal.begin(9), deal.begin(8), deal.begin(9)] == [1, 1, 2, 1]
    assert deal.begun == 2

"""A unit that kills every engine is found among those that are done at the same time, and only it is given up."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samples.pipeline.admission import Company
from samples.pipeline.tries import TRIES, Tries, Try


def begun(tries: Tries, unit: int, replica: str) -> Try:
    """Begin a unit, and work on it at once."""
    tried = tries.begin(unit, replica)
    tries.works(unit, replica)
    return tried


def test_a_unit_that_no_replica_died_with_is_tried_beside_any_number_of_others():
    tries = Tries()
    first = tries.begin(7, "a")
    assert first.company > 1000
    assert not first.given_up
    assert tries.begin(7, "a") == first, "a repetition in the same replica is no new try"


def test_the_replica_of_a_machine_that_is_gone_accuses_nobody():
    tries = Tries()
    first = tries.begin(7, "a")
    tries.excuse("a")
    assert tries.begin(7, "b") == first


def test_a_unit_is_tried_in_smaller_company_then_alone_and_then_given_up_for_good():
    tries = Tries()
    found = [begun(tries, 7, replica) for replica in "abcd"]
    assert [one.company for one in found[1:TRIES]] == [8, 1]
    assert [one.given_up for one in found] == [False] * TRIES + [True]
    assert tries.begin(7, "e").given_up, "its error rows were not written, and must be"


def test_the_others_are_free_of_blame_once_the_culprit_is_found():
    tries = Tries()
    for replica in "ab":
        for unit in (1, 2, 7):
            begun(tries, unit, replica)
    begun(tries, 7, "c")
    assert tries.begin(2, "d").company == 1
    assert tries.begin(7, "d").given_up
    assert [tries.begin(unit, "d").company > 1000 for unit in (1, 2)] == [True, True]


def test_what_waits_for_its_turn_is_not_to_blame():
    tries = Tries()
    for replica in "ab":
        for unit in (1, 7):
            begun(tries, unit, replica)
    assert tries.begin(1, "c").company == 1
    begun(tries, 7, "c")
    assert tries.begin(1, "d").company == 1
    assert tries.begin(7, "d").given_up


@given(poison=st.integers(0, 30), units=st.integers(1, 30))
def test_whatever_was_begun_at_the_same_time_only_the_culprit_becomes_errors(poison, units):
    """One replica after another begins all that is left, and works on as many as their company allows."""
    tries, left, given_up, deaths = Tries(), set(range(units)), [], 0
    while left:
        found = {unit: tries.begin(unit, f"replica {deaths}") for unit in left}
        given_up += [unit for unit, tried in found.items() if tried.given_up]
        waiting = [(tried.company, unit) for unit, tried in found.items() if not tried.given_up]
        left = {unit for _, unit in waiting}
        while waiting:
            most = min(waiting)[0]
            waiting, together = sorted(waiting)[most:], [unit for _, unit in sorted(waiting)[:most]]
            for unit in together:
                tries.works(unit, f"replica {deaths}")
            if poison in together:
                deaths += 1
                break
            left -= set(together)
    assert given_up == ([poison] if poison < units else [])
    assert deaths == (TRIES if poison < units else 0)


@pytest.mark.parametrize("most", [1, 3])
def test_no_more_units_run_beside_a_suspect_than_it_allows(most):
    company, running, worst, lock = Company(), [], [], threading.Lock()

    def work(limit):
        with company.of(limit):
            with lock:
                running.append(limit)
                worst.append((len(running), min(running)))
            threading.Event().wait(0.005)
            with lock:
                running.remove(limit)

    threads = [threading.Thread(target=work, args=(limit,)) for limit in [100] * 20 + [most] * 6 + [100] * 20]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(worst) == 46
    assert all(count <= smallest for count, smallest in worst), worst
    assert max(count for count, _ in worst) > most

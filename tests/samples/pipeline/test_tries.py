"""A unit that kills every engine is found among those that are done at the same time, and only it is given up."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samples.pipeline.admission import Company
from samples.pipeline.telemetry import Telemetry
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


@pytest.mark.parametrize("finished", [False, True], ids=["it waited", "it had finished"])
def test_what_did_not_run_when_the_replica_died_is_not_to_blame(finished):
    tries = Tries()
    for replica in "ab":
        for unit in (1, 7):
            begun(tries, unit, replica)
    assert tries.begin(1, "c").company == 1
    if finished:  # and its receipt died with the replica
        tries.works(1, "c")
        tries.finish(1, "c")
    begun(tries, 7, "c")
    assert tries.begin(1, "d").company == 1
    assert tries.begin(7, "d").given_up


def test_a_replica_that_finishes_late_does_not_speak_for_the_one_that_has_the_unit_now():
    tries = Tries()
    for replica in "abc":
        begun(tries, 7, replica)
    tries.finish(7, "b")
    assert tries.begin(7, "d").given_up


def test_only_three_different_units_given_up_one_after_another_end_the_job():
    def give_up(unit):
        for replica in (f"{unit} {n}" for n in range(TRIES + 1)):
            assert telemetry.begin(unit, replica).unit == unit
            telemetry.works(unit, replica)

    telemetry = Telemetry()
    telemetry.offer(range(9), more=False, known=0)
    for unit in range(4):
        assert telemetry.begin(unit, "first").unit == unit
    give_up(0)
    for replica in "abc":  # each dies before the errors of the unit are written
        assert telemetry.begin(0, replica).given_up
    give_up(1)
    assert not telemetry.read().fatal
    telemetry.works(2, "first")
    telemetry.finish(2, "first")
    give_up(3)
    assert not telemetry.read().fatal
    for unit in (4, 5):
        give_up(unit)
    assert "die of every unit" in telemetry.read().fatal


@given(poison=st.integers(0, 30), units=st.integers(1, 30), lost=st.integers(0, 5))
def test_whatever_was_begun_at_the_same_time_only_the_culprit_becomes_errors(poison, units, lost):
    """One replica after another begins all that is left, and works on as many as their company allows.

    The receipts of the `lost` units that a replica finished last die with it.
    """
    tries, left, given_up, deaths = Tries(), set(range(units)), [], 0
    while left:
        found = {unit: tries.begin(unit, f"replica {deaths}") for unit in left}
        given_up += [unit for unit, tried in found.items() if tried.given_up]
        waiting = [(tried.company, unit) for unit, tried in found.items() if not tried.given_up]
        left, finished = {unit for _, unit in waiting}, []
        while waiting:
            most = min(waiting)[0]
            waiting, together = sorted(waiting)[most:], [unit for _, unit in sorted(waiting)[:most]]
            for unit in together:
                tries.works(unit, f"replica {deaths}")
            if poison in together:
                finished = finished[: max(0, len(finished) - lost)]
                deaths += 1
                break
            finished += together
            for unit in together:
                tries.finish(unit, f"replica {deaths}")
        left -= set(finished)
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

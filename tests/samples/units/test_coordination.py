"""Drivers of one run that look at the leases never draw one unit twice, and together draw all. No Ray is needed."""

import threading
from pathlib import Path

import pytest

from samples.ingest.segment import committer, target
from samples.lake.leases import FOLDER, Leases
from samples.pipeline.assignment import LATER, Assignment
from samples.units.coordination import Coordination

pytestmark = pytest.mark.heavy


class Driver:
    """A driver whose only replica is this object: it begins a unit, draws it and commits it."""

    def __init__(self, bench, unit: int = 2, batch: int = 3) -> None:
        self.bench, self.committer = bench, committer(bench.lake, bench.run)
        pinned = bench.lake.pin(["samples"])
        self.leases = Leases(bench.lake.place, bench.run.run_id)
        self.coordination = Coordination(
            bench.lake, target(bench.run), self.leases, bench.plan(32, unit), pinned.delta("samples"),
            own=self.committer.written, batch=batch,
        )  # fmt: skip
        self.assignment, self.calls, self.known, self.drew = Assignment(), 0, 0, 0
        self.coordination.begin(self.offer)

    def offer(self, units, more):
        begun = self.assignment.offer(units, more=more, known=self.known)
        self.known += len(begun)
        return begun

    def begin(self):
        unit = self.assignment.begin(self.calls)
        self.calls += unit is not None and unit != LATER
        return unit

    def finish(self, unit: int) -> None:
        receipt = self.bench.draw(self.coordination.units.plan[unit])
        self.coordination.units.done(receipt.unit)
        self.drew += receipt.facts.num_rows
        self.committer.commit([receipt])
        self.coordination.units.committed(receipt.unit)

    def run(self) -> None:
        while (unit := self.begin()) is not None:
            if unit != LATER:
                self.finish(unit)
            if unit == LATER or self.coordination.due(self.assignment.begun):
                self.coordination.look()
        self.coordination.leave()


def begun(driver) -> set[int]:
    units = set()
    while (unit := driver.begin()) not in {None, LATER}:
        units.add(unit)
    return units


def test_a_newcomer_gets_its_share_although_the_first_had_asked_for_all(bench, tmp_path):
    b = bench(tmp_path / "lake")
    one, two = Driver(b, batch=12), Driver(b, batch=3)
    one.coordination.look()
    two.coordination.look()
    assert begun(two) == set()
    first = {one.begin() for _ in range(2)}
    one.coordination.look()
    two.coordination.look()
    assert begun(two)
    assert not (first | begun(one)) & {*two.assignment.offer([], more=True)}


@pytest.mark.heavy
@pytest.mark.parametrize("units", [(2, 2, 2), (8, 4, 2)])
def test_many_drivers_at_once_draw_every_sample_once_and_nothing_for_nothing(bench, tmp_path, units):
    b = bench(tmp_path / "lake")
    drivers = [Driver(b, unit) for unit in units]
    failures: list[BaseException] = []

    def run(driver):
        try:
            driver.run()
        except BaseException as error:  # noqa: BLE001 - asserted on below, in the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=run, args=(driver,)) for driver in drivers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    there = b.keys()
    assert sum(driver.drew for driver in drivers) == len(there) == len(set(there)), "something was thrown away"
    assert len(there) <= 96 == sum(unit.stop - unit.start for unit in drivers[0].coordination.units.plan)
    assert b.lake.read("completions").num_rows == len(there)
    if len(set(units)) == 1:
        assert len(there) == 96


@pytest.mark.cases(1)
def test_units_of_a_driver_that_left_are_free_except_for_those_that_it_committed(bench, anywhere):
    b = bench(anywhere)
    one, two = Driver(b), Driver(b)
    one.coordination.look()
    done, begun_only = one.begin(), one.begin()
    two.coordination.look()
    one.finish(done)
    two.coordination.look()
    assert two.coordination.units.by_others == 2
    assert begun_only not in two.coordination.units.free
    one.coordination.leave()
    one.leases.release()
    two.run()
    assert len(b.keys()) == 96
    assert two.drew == 94


def test_one_that_stops_gives_up_what_it_has_not_begun(bench, tmp_path):
    b = bench(tmp_path / "lake")
    one, two = Driver(b, batch=48), Driver(b)
    one.coordination.look()
    kept = one.begin()
    one.coordination.look(asking=False)
    assert one.begin() is None
    two.coordination.look()
    two.run()
    assert two.drew == 94
    one.finish(kept)
    assert len(b.keys()) == 96


def test_leases_that_fail_for_a_moment_makes_nobody_take_what_another_draws(bench, tmp_path):
    b = bench(tmp_path / "lake")
    one, two = Driver(b), Driver(b)
    for driver in (one, two, one):
        driver.coordination.look()
    ours = begun(one)
    folder = Path(b.lake.uri, FOLDER)
    folder.rename(folder.with_name("away"))
    folder.write_text("")
    for _ in range(3):
        two.coordination.look()
        assert not ours & begun(two)
    folder.unlink()
    folder.with_name("away").rename(folder)
    one.coordination.look()
    two.coordination.look()
    assert begun(two)
    assert not ours & {*two.assignment.offer([], more=True)}


@pytest.mark.parametrize("spoilt", ["a file where the leases should be", "a lease that is none"])
def test_without_usable_leases_a_driver_draws_as_if_it_were_alone(bench, tmp_path, spoilt):
    b = bench(tmp_path / "lake")
    folder = Path(b.lake.uri, FOLDER)
    if "file" in spoilt:
        folder.write_text("")
    else:
        (folder / b.run.run_id).mkdir(parents=True)
        (folder / b.run.run_id / "machine-1-token.json").write_bytes(b"\xff{")
    driver = Driver(b)
    driver.run()
    assert len(b.keys()) == driver.drew == 96

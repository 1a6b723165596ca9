"""Units are committed whole, once and in order, whatever dies between two steps."""

import hashlib
import threading
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samples.ingest.segment import committer
from samples.units.plan import CELL, Unit


def everything(bench):
    return [(problem, index) for problem in bench.ids for index in range(8)]


def joined(bench):
    """Count the completions of each sample, joined by key and attempt."""
    samples, completions = (bench.lake.read(name, run_id=bench.run.run_id) for name in ("samples", "completions"))
    assert samples.num_rows or completions.num_rows is not None
    return duckdb.sql(
        "SELECT count(c.text) FROM samples s LEFT JOIN completions c USING (problem_id, sample_index, attempt) "
        "GROUP BY s.problem_id, s.sample_index"
    ).fetchall()


def test_committed_units_are_samples_with_one_completion_each(bench, anywhere):
    b = bench(anywhere)
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(8)])
    assert b.keys() == everything(b)
    assert set(joined(b)) == {(1,)}


def test_a_segment_that_no_commit_names_is_no_sample(bench, tmp_path):
    b = bench(tmp_path / "lake")
    for unit in b.plan(8):
        b.draw(unit)
    assert b.keys() == []
    assert b.plan(8).missing == 24


def test_of_two_attempts_at_a_unit_the_first_wins(bench, tmp_path):
    b = bench(tmp_path / "lake")
    first, second = (b.draw(Unit("sum-0", 0, 8)) for _ in range(2))
    assert committer(b.lake, b.run).commit([first, second]) == [first]
    assert committer(b.lake, b.run).commit([second]) == []
    assert set(b.lake.read("samples")["attempt"].to_pylist()) == {first.facts["attempt"][0].as_py()}


def test_a_second_driver_on_the_same_run_commits_nothing_twice(bench, anywhere):
    b = bench(anywhere)
    one, two = committer(b.lake, b.run), committer(b.lake, b.run)
    units = list(b.plan(8))
    one.commit([b.draw(units[0])])
    assert len(two.commit([b.draw(unit) for unit in units])) == 2
    assert one.commit([b.draw(unit) for unit in units]) == []
    assert b.keys() == everything(b)
    assert set(joined(b)) == {(1,)}


def test_an_overlapping_unit_is_dropped_whole_and_planned_again(bench, tmp_path):
    b = bench(tmp_path / "lake")
    committer(b.lake, b.run).commit([b.draw(Unit("sum-0", 2, 4))])
    assert committer(b.lake, b.run).commit([b.draw(Unit("sum-0", 0, 8))]) == []
    ranges = [(unit.start, unit.stop) for unit in b.plan(8) if unit.problem_id == "sum-0"]
    assert ranges == [(0, 2), (4, 8)]


@pytest.mark.heavy
def test_many_drivers_at_once_commit_every_key_once(bench, anywhere):
    b = bench(anywhere)
    drivers = 4
    receipts = [[b.draw(unit) for unit in b.plan(8, unit=4)] for _ in range(drivers)]
    failures: list[Exception] = []

    def drive(mine):
        ours = committer(b.lake, b.run)
        try:
            for receipt in mine:
                ours.commit([receipt])
        except Exception as error:  # noqa: BLE001 - asserted on below, in the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=drive, args=(mine,)) for mine in receipts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert b.keys() == everything(b)
    assert set(joined(b)) == {(1,)}


def test_segments_of_a_driver_that_died_before_committing_are_adopted_as_they_are(bench, anywhere):
    b = bench(anywhere)
    receipts = {receipt.facts["attempt"][0].as_py() for receipt in map(b.draw, b.plan(8))}
    adopted = committer(b.lake, b.run).adopt(b.plan(8))
    assert {receipt.facts["attempt"][0].as_py() for receipt in adopted} == receipts
    assert b.keys() == everything(b)
    assert set(joined(b)) == {(1,)}
    assert b.plan(8).missing == 0


def test_a_driver_that_died_between_the_two_commits_is_finished_by_the_next(bench, anywhere):
    b = bench(anywhere)
    receipts = [b.draw(unit) for unit in b.plan(8)]
    b.lake.commit("completions", [(receipt.file, b.run.partition) for receipt in receipts])
    assert b.keys() == []
    assert len(committer(b.lake, b.run).adopt(b.plan(8))) == 3
    assert b.keys() == everything(b)
    assert set(joined(b)) == {(1,)}
    assert b.lake.read("completions").num_rows == 24


def test_an_orphan_is_adopted_for_a_larger_k_too_but_not_where_a_part_of_it_is_there(bench, tmp_path):
    b = bench(tmp_path / "lake")
    b.draw(Unit("sum-0", 0, 8))
    b.draw(Unit("sum-1", 0, 8))
    committer(b.lake, b.run).commit([b.draw(Unit("sum-1", 0, 4))])
    adopted = committer(b.lake, b.run).adopt(b.plan(20))
    assert [receipt.unit for receipt in adopted] == [Unit("sum-0", 0, 8)]


def test_of_two_orphans_of_one_unit_one_is_adopted(bench, tmp_path):
    b = bench(tmp_path / "lake")
    b.draw(Unit("sum-0", 0, 8))
    b.draw(Unit("sum-0", 0, 8))
    assert len(committer(b.lake, b.run).adopt(b.plan(8))) == 1
    there = b.keys()
    assert [key for key in there if key[0] == "sum-0"] == [("sum-0", index) for index in range(8)]


def test_an_adopted_receipt_counts_what_the_lost_one_counted(bench, tmp_path):
    b = bench(tmp_path / "lake", model="toy?nan=0.5&inf=0.3")
    lost = [b.draw(unit) for unit in b.plan(8)]
    adopted = committer(b.lake, b.run).adopt(b.plan(8))
    assert sum(r.nonfinite for r in adopted) == sum(r.nonfinite for r in lost) > 0
    by_unit = {receipt.unit: receipt for receipt in adopted}
    assert all(repr(by_unit[r.unit].facts.to_pydict()) == repr(r.facts.to_pydict()) for r in lost)  # NaN is NaN


@pytest.mark.parametrize("k", [8, 80])
def test_a_complete_run_adopts_nothing(bench, tmp_path, k):
    b = bench(tmp_path / "lake")
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(k)])
    assert committer(b.lake, b.run).adopt(b.plan(k)) == []


def files_of(lake):
    paths = (path for path in Path(lake.uri).rglob("*") if path.is_file())
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def test_what_is_committed_is_never_touched_again(bench, tmp_path):
    b = bench(tmp_path / "lake")
    units = list(b.plan(8))
    committer(b.lake, b.run).commit([b.draw(unit) for unit in units[:2]])
    before = files_of(b.lake)
    b.draw(units[2])
    committer(b.lake, b.run).adopt(b.plan(8))
    committer(b.lake, b.run).commit([b.draw(unit) for unit in units])
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(80)])
    after = files_of(b.lake)
    assert {path: after.get(path) for path in before} == before
    assert len(b.keys()) == 240


@pytest.mark.parametrize("left", [0, 100])
def test_an_orphan_that_was_cut_short_is_drawn_again(bench, tmp_path, left):
    b = bench(tmp_path / "lake")
    for unit in b.plan(8):
        orphan = Path(b.lake.uri, "completions", b.draw(unit).file.path)
    orphan.write_bytes(orphan.read_bytes()[:left])
    assert len(committer(b.lake, b.run).adopt(b.plan(8))) == 2
    assert b.plan(8).missing == 8
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(8)])
    assert b.keys() == everything(b)


def test_two_drivers_that_adopt_the_same_orphans_commit_them_once(bench, anywhere):
    b = bench(anywhere)
    for unit in b.plan(8, unit=2):
        b.draw(unit)
    plan = b.plan(8)
    adopted: list[int] = []
    drivers = [
        threading.Thread(target=lambda: adopted.append(len(committer(b.lake, b.run).adopt(plan)))) for _ in range(3)
    ]
    for driver in drivers:
        driver.start()
    for driver in drivers:
        driver.join()
    assert sorted(adopted) == [0, 0, 12]
    assert b.keys() == everything(b)
    assert set(joined(b)) == {(1,)}
    assert b.lake.read("completions").num_rows == 24


def test_a_commit_that_another_driver_overtakes_looks_again_at_what_is_missing(bench, tmp_path):
    """The other driver commits after this one has read what is missing, and before this one commits."""
    b = bench(tmp_path / "lake")
    unit, other = Unit("sum-0", 0, 8), Unit("sum-1", 0, 8)
    mine, theirs = [b.draw(unit), b.draw(other)], [b.draw(unit)]
    overtaken: list[bool] = []

    class Overtaken(type(b.lake)):
        def put(self, name, *rest):
            if not overtaken:
                overtaken.append(True)
                assert committer(b.lake, b.run).commit(theirs) == theirs
            return super().put(name, *rest)

    assert committer(Overtaken(b.lake.uri), b.run).commit(mine) == [mine[1]]
    assert len(b.keys()) == len(set(b.keys())) == 16
    assert set(joined(b)) == {(1,)}


@pytest.mark.heavy
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    turns=st.lists(
        st.tuples(
            st.integers(0, 1),  # which driver
            st.sampled_from(["plan", "commit", "die"]),
            st.integers(1, 70),  # k
            st.integers(1, CELL),  # samples per unit
        ),
        max_size=12,
    )
)
def test_two_drivers_with_stale_plans_and_other_units_commit_every_key_once(bench, tmp_path_factory, turns):
    b = bench(tmp_path_factory.mktemp("lake"))
    drawn: list[list] = [[], []]
    committed: set[tuple[str, int]] = set()
    for driver, turn, k, unit in turns:
        if turn == "plan":
            drawn[driver] += [b.draw(u) for u in list(b.plan(k, unit))[:3]]
        elif turn == "die":  # no commit names its segments, and it starts again
            drawn[driver] = []
            for receipt in committer(b.lake, b.run).adopt(b.plan(k, unit)):
                committed |= {(receipt.unit.problem_id, i) for i in range(receipt.unit.start, receipt.unit.stop)}
        else:
            for receipt in committer(b.lake, b.run).commit(drawn[driver]):
                new = {(receipt.unit.problem_id, i) for i in range(receipt.unit.start, receipt.unit.stop)}
                assert not new & committed
                committed |= new
            drawn[driver] = []
    assert b.keys() == sorted(committed)
    assert set(joined(b)) <= {(1,)}
    wanted = {(problem, i) for problem in b.ids for i in range(70)}
    assert {(u.problem_id, i) for u in b.plan(70) for i in range(u.start, u.stop)} == wanted - committed

"""A plan is the wanted samples minus the committed ones, cut on the grid, whatever was committed before."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samples.ingest.segment import committer
from samples.units.plan import CELL


def ranges(plan, problem):
    return [(unit.start, unit.stop) for unit in plan if unit.problem_id == problem]


def test_an_empty_lake_plans_everything_in_whole_units_lowest_indices_first(bench, tmp_path):
    plan = bench(tmp_path / "lake").plan(130)
    assert ranges(plan, "sum-1") == [(0, 64), (64, 128), (128, 130)]
    assert [unit.start for unit in plan] == [0, 0, 0, 64, 64, 64, 128, 128, 128]
    assert (plan.wanted, plan.missing, plan.beyond) == (390, 390, 0)


def test_topping_up_from_8_to_80_adds_8_to_63_and_64_to_79(bench, tmp_path):
    b = bench(tmp_path / "lake")
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(8)])
    assert ranges(b.plan(80), "sum-0") == [(8, 64), (64, 80)]


def test_a_smaller_k_plans_nothing_and_counts_what_is_beyond(bench, tmp_path):
    b = bench(tmp_path / "lake")
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(20)])
    plan = b.plan(4)
    assert (len(plan), plan.missing, plan.beyond) == (0, 0, 48)


def test_another_run_in_the_same_lake_does_not_count(bench, tmp_path):
    one = bench(tmp_path / "lake")
    committer(one.lake, one.run).commit([one.draw(unit) for unit in one.plan(8)])
    assert one.plan(8).missing == 0
    from samples.ingest.plan import plan

    assert plan(one.lake, one.run.dataset, "r0000000000000000", one.ids, 8).missing == 24


@pytest.mark.heavy
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.integers(1, 200), st.integers(1, CELL), st.lists(st.booleans(), min_size=1, max_size=12)),
        min_size=1,
        max_size=4,
    ),
    k=st.integers(1, 200),
    unit=st.integers(1, CELL),
)
def test_a_plan_is_exactly_what_is_missing_after_any_interleaving_of_commits(bench, tmp_path_factory, steps, k, unit):
    b = bench(tmp_path_factory.mktemp("lake"))
    committed: set[tuple[str, int]] = set()
    for step_k, step_unit, chosen in steps:
        units = [u for u, take in zip(b.plan(step_k, step_unit), chosen, strict=False) if take]
        for receipt in committer(b.lake, b.run).commit([b.draw(u) for u in units]):
            committed |= {(receipt.unit.problem_id, i) for i in range(receipt.unit.start, receipt.unit.stop)}
    plan = b.plan(k, unit)
    planned = [(u.problem_id, i) for u in plan for i in range(u.start, u.stop)]
    wanted = {(problem, i) for problem in b.ids for i in range(k)}
    assert len(planned) == len(set(planned)) == plan.missing
    assert set(planned) == wanted - committed
    assert plan.beyond == len([key for key in committed if key[1] >= k])
    assert all(u.start // CELL == (u.stop - 1) // CELL and u.start // unit == (u.stop - 1) // unit for u in plan)
    assert list(b.plan(k, unit)) == list(plan)

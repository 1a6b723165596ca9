"""Which units are free, by what this driver and others claim and by what is committed."""

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samples.units.ownership import Ownership, read_claims
from samples.units.plan import CELL, Plan, Unit

IDS = ["a", "b", "c"]


def planned(units: list[tuple[int, int, int]]) -> Plan:
    problem, start, stop = (np.array(column, np.int32) for column in zip(*units, strict=True))
    return Plan(IDS, problem, start, stop, wanted=sum(stop - start), beyond=0)


def grid(k: int, unit: int) -> Plan:
    return planned([(p, i, min(i + unit, k)) for i in range(0, k, unit) for p in range(3)])


def with_gaps(cells: dict[tuple[int, int], set[int]]) -> Plan:
    """A plan of one unit for each (problem, cell), with these indices."""
    units = [(p, min(some), max(some) + 1) for (p, _), some in cells.items()]
    problem, start, stop = (np.array(column, np.int32) for column in zip(*units, strict=True))
    mask = np.array([sum(1 << index % CELL for index in some) for some in cells.values()], np.uint64)
    return Plan(IDS, problem, start, stop, wanted=sum(map(len, cells.values())), mask=mask)


def names(owned: Ownership, numbers) -> list[Unit]:
    return [owned.plan[int(number)] for number in numbers]


def test_the_lowest_indices_of_all_problems_are_asked_for_first():
    owned = Ownership(grid(24, 8))
    assert names(owned, owned.ask(4)) == [Unit("a", 0, 8), Unit("b", 0, 8), Unit("c", 0, 8), Unit("a", 8, 16)]
    assert names(owned, owned.ask(100))[0] == Unit("b", 8, 16)
    assert len(owned.free) == 0


def test_what_one_driver_asks_for_is_not_free_for_another_even_in_units_of_another_size():
    one, other = Ownership(grid(64, 8)), Ownership(grid(64, 32))
    one.ask(4)
    assert read_claims(one.claims()) == {"a": [(0, 16)], "b": [(0, 8)], "c": [(0, 8)]}
    other.see([read_claims(one.claims())])
    assert names(other, other.free) == [Unit("a", 32, 64), Unit("b", 32, 64), Unit("c", 32, 64)]
    assert other.samples_elsewhere == 3 * 32
    other.see([])
    assert len(other.free) == 6


def test_of_two_that_ask_for_the_same_the_loser_gives_it_up():
    owned = Ownership(grid(8, 8))
    asked = owned.ask(2)
    owned.see([{"b": [(4, 6)], "unknown": [(0, 64)]}])
    assert names(owned, owned.lost(asked)) == [Unit("b", 0, 8)]
    owned.give_up(owned.lost(asked))
    assert read_claims(owned.claims()) == {"a": [(0, 8)]}
    assert names(owned, owned.free) == [Unit("c", 0, 8)]


def test_samples_of_others_count_as_there_and_their_units_are_not_drawn():
    owned = Ownership(grid(16, 8))
    owned.committed_by_others(pa.array(["a"] * 8 + ["b", "zzz", "c"]), np.array([*range(8), 8, 0, 99]))
    assert (owned.by_others, owned.samples_left, owned.problems_left) == (9, 48 - 9, 3)
    assert names(owned, owned.free) == [Unit("b", 0, 8), Unit("c", 0, 8), Unit("a", 8, 16), Unit("c", 8, 16)]


def test_what_this_driver_drew_is_its_own_until_it_is_committed_and_never_counts_as_another_s():
    owned = Ownership(grid(8, 8))
    owned.ask(1)
    owned.done(Unit("a", 0, 8))
    assert (owned.samples_left, owned.problems_left) == (16, 2)
    assert read_claims(owned.claims()) == {"a": [(0, 8)]}
    owned.committed(Unit("a", 0, 8))
    owned.committed_by_others(pa.array(["a"] * 8), np.arange(8))
    assert read_claims(owned.claims()) == {}
    assert (owned.by_others, len(owned.free)) == (0, 2)


def test_samples_in_the_gaps_of_a_unit_are_not_its_own_whoever_claims_or_commits_them():
    owned = Ownership(with_gaps({(0, 0): {1, 3, 63}, (1, 0): {0, 2}, (0, 1): {64, 127}}))
    owned.committed_by_others(pa.array(["a", "a", "b", "a"]), np.array([2, 62, 1, 100]))
    assert (owned.by_others, owned.samples_left, len(owned.free)) == (0, 7, 3)
    owned.see([{"a": [(4, 63), (65, 127)], "b": [(1, 2)]}])
    assert (owned.samples_elsewhere, len(owned.free)) == (0, 3)
    owned.see([{"a": [(63, 65)]}])
    assert names(owned, owned.free) == [Unit("b", 0, 3)]
    owned.committed_by_others(pa.array(["a", "b"]), np.array([127, 2]))
    assert (owned.by_others, owned.samples_left) == (2, 5)


@pytest.mark.parametrize(
    "lease",
    [
        b"", b"\xff\xfe", b"[]", b"7", b"{}", b'{"claims": 3}', b'{"claims": {"a": 3}}', b'{"claims": {"a": [[1]]}}',
        b'{"claims": {"a": [[5, 2]]}}', b'{"claims": {"a": [[-1, 2]]}}', b'{"claims": {"a": [[0, 1e999]]}}',
        b'{"claims": {"a": [[0, 2000000000]]}}', b'{"claims": {"a": [[0, "x"]]}}', b"[" * 100_000,
    ],
)  # fmt: skip
def test_a_lease_that_is_not_one_claims_nothing(lease):
    assert read_claims(lease) == {}


RANGES = st.dictionaries(
    st.sampled_from([*IDS, "d"]),
    st.lists(st.tuples(st.integers(0, 90), st.integers(1, 40)).map(lambda at: (at[0], at[0] + at[1])), max_size=3),
)


@given(unit=st.integers(1, 64), k=st.integers(1, 100), gaps=st.sets(st.integers(0, 60)), notes=st.lists(RANGES))
def test_a_unit_is_free_exactly_if_no_sample_of_it_is_claimed(unit, k, gaps, notes):
    whole = grid(k, unit)
    kept = [number for number in range(len(whole)) if number not in gaps]
    if not kept:
        return
    owned = Ownership(planned([(int(whole.problem[n]), int(whole.start[n]), int(whole.stop[n])) for n in kept]))
    owned.see([read_claims(json.dumps({"claims": note}).encode()) for note in notes])
    ranges = [(problem, *pair) for note in notes for problem, pairs in note.items() for pair in pairs]
    claimed = {(problem, index) for problem, start, stop in ranges for index in range(start, stop)}
    free = [u for u in owned.plan if not any((u.problem_id, i) in claimed for i in range(u.start, u.stop))]
    assert names(owned, owned.free) == free


CELLS = st.dictionaries(
    st.tuples(st.integers(0, 2), st.integers(0, 1)), st.sets(st.integers(0, 63), min_size=1), min_size=1
)
SAMPLES = st.lists(st.tuples(st.sampled_from([*IDS, "d"]), st.integers(0, 130)), max_size=20, unique=True)


@given(cells=CELLS, samples=SAMPLES)
def test_of_a_unit_with_gaps_exactly_its_own_samples_count_when_others_commit_them(cells, samples):
    whole = {(p, cell): {64 * cell + index for index in some} for (p, cell), some in cells.items()}
    owned = Ownership(with_gaps(whole))
    wanted = {(IDS[p], index) for (p, _), some in whole.items() for index in some}
    owned.committed_by_others(
        pa.array([p for p, _ in samples], pa.string()), np.array([i for _, i in samples], np.int64)
    )
    assert owned.by_others == len(wanted & set(samples)) == len(wanted) - owned.samples_left
    untouched = [key for key, some in whole.items() if not {(IDS[key[0]], index) for index in some} & set(samples)]
    assert len(owned.free) == len(untouched)

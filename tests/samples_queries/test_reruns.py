"""Intervals of a rerun of the same problems, and bands over k: both hold the truth of simulated lakes."""

import numpy as np
import pytest

from samples_queries import Unanswerable
from samples_queries.bands import pointwise
from samples_queries.intervals import BAND, RERUN_METHOD

POPULATIONS = ((0.3, 0.7, 0.0), (0.5, 3.0, 0.3), (2.0, 2.0, 0.0))  # a and b of a Beta, share never solved
KS = [1, 4, 8, 16]
LAKES = 60  # of each population


def lakes(seed):
    """Chances of 60 problems, [problems], and the generator to draw samples with."""
    rng = np.random.default_rng(seed)
    for a, b, never in POPULATIONS:
        for _ in range(LAKES):
            yield rng.beta(a, b, 60) * (rng.random(60) >= never), rng


def counts(tallied, chances, rng, n=16):
    return tallied.of([(n, int(c)) for c in rng.binomial(n, chances)])


def mean_pass(chances, k):
    return np.mean(1 - (1 - chances) ** k)


def holds(rows, truth):
    return [row["low"] <= wanted <= row["high"] for row, wanted in zip(rows, truth, strict=True)]


@pytest.mark.nightly
@pytest.mark.parametrize("band", [False, True])
def test_a_rerun_of_the_same_problems_lies_in_the_interval(tallied, band):
    """Of 180 lakes 95 % hold the truth with a standard deviation of 1.6 %."""
    held = []
    for chances, rng in lakes(1):
        to = tallied.connection({"a": counts(tallied, chances, rng)})
        asked = {"runs": ["a"], "verifier": "v", "ks": KS, "interval": "these", "band": band}
        rows = tallied.answered("pass_at_k", to, **asked)
        assert {row["interval"] for row in rows} == {RERUN_METHOD + BAND * band}
        held.append(holds(rows, [mean_pass(chances, k) for k in KS]))
    shares = np.all(held, axis=1).mean() if band else np.mean(held, axis=0)
    assert np.all((shares >= 0.9) & (shares <= 0.995)), shares


@pytest.mark.nightly
def test_the_difference_and_the_gap_of_a_rerun_lie_in_the_interval(tallied):
    differences, gaps = [], []
    for chances, rng in lakes(2):
        better = 1 - (1 - chances) ** rng.uniform(1, 3, len(chances))
        to = tallied.connection({"a": counts(tallied, chances, rng), "b": counts(tallied, better, rng)})
        asked = {"verifier": "v", "ks": KS, "interval": "these"}
        rows = tallied.answered("compare", to, a="a", b="b", **asked)
        differences.append(holds(rows, [mean_pass(chances, k) - mean_pass(better, k) for k in KS]))
        rows = tallied.answered("efficiency_gap", to, base="a", runs=["b"], **asked)
        gaps.append(holds(rows, [mean_pass(chances, k) - better.mean() for k in KS]))
    for shares in (np.mean(differences, axis=0), np.mean(gaps, axis=0)):
        assert np.all((shares >= 0.9) & (shares <= 0.995)), shares


@pytest.mark.nightly
def test_a_band_of_the_population_holds_at_all_k_at_once(tallied):
    """The intervals at each k alone do so less often."""
    both = {False: [], True: []}
    rng = np.random.default_rng(3)
    truth = [mean_pass(rng.beta(0.3, 0.7, 1_000_000), k) for k in KS]
    for _ in range(200):
        to = tallied.connection({"a": counts(tallied, rng.beta(0.3, 0.7, 100), rng)})
        for band, found in both.items():
            rows = tallied.answered("pass_at_k", to, runs=["a"], verifier="v", ks=KS, band=band)
            found.append(all(holds(rows, truth)))
    assert np.mean(both[False]) < np.mean(both[True])
    assert 0.91 <= np.mean(both[True]) <= 0.99


def test_a_rerun_is_narrower_than_other_problems_and_a_band_is_wider_than_its_intervals(tallied):
    chances, rng = next(lakes(4))
    to = tallied.connection({"a": counts(tallied, chances, rng), "b": counts(tallied, chances / 2, rng)})
    for name, asked in (("pass_at_k", {"runs": ["a"]}), ("compare", {"a": "a", "b": "b"})):
        widths = {
            (interval, band): np.array([
                row["high"] - row["low"]
                for row in tallied.answered(name, to, verifier="v", ks=KS, interval=interval, band=band, **asked)
            ])
            for interval in ("population", "these")
            for band in (False, True)
        }  # fmt: skip
        for interval in ("population", "these"):
            assert (widths[interval, False] < widths[interval, True]).all()
        assert (widths["these", False] < widths["population", False]).all()


def test_more_samples_tell_the_same_problems_better(tallied):
    chances, rng = next(lakes(5))
    widths = []
    for n in (16, 64, 1024):
        to = tallied.connection({"a": counts(tallied, chances, rng, n)})
        (row,) = tallied.answered("pass_at_k", to, runs=["a"], verifier="v", ks=[1], interval="these")
        widths.append(row["high"] - row["low"])
    assert widths[0] / widths[1] == pytest.approx(2, rel=0.2)
    assert widths[1] / widths[2] == pytest.approx(4, rel=0.2)


@pytest.mark.parametrize("counts", [[(4, 4)] * 3, [(4, 0)] * 3, [(1, 1)], [(1, 0), (1, 1)], [(8, 3), (2, 1), (5, 0)]])
@pytest.mark.parametrize("band", [False, True])
def test_an_interval_of_little_has_a_width_and_the_estimate_in_it(tallied, counts, band):
    to = tallied.connection({"a": tallied.of(counts), "b": tallied.of(counts)})
    asked = {"verifier": "v", "ks": [], "interval": "these", "band": band}
    for row in tallied.answered("pass_at_k", to, runs=["a"], **asked):
        assert 0 <= row["low"] <= row["pass_at_k"] <= row["high"] <= 1
        assert row["low"] < row["high"]
    for row in tallied.answered("compare", to, a="a", b="b", **asked):
        assert row["low"] < row["difference"] == 0 < row["high"]


def test_errors_apart_need_sidaks_level_and_errors_alike_need_none():
    assert pointwise(np.eye(5)) == pytest.approx(0.95**0.2, abs=0.002)
    assert pointwise(np.ones((5, 5))) == pytest.approx(0.95, abs=0.004)
    assert pointwise(np.zeros((3, 3))) == 0.95
    scales = np.array([1.0, 1e-3, 40.0])
    assert pointwise(np.outer(scales, scales) * (0.5 + 0.5 * np.eye(3))) == pytest.approx(
        pointwise(0.5 + 0.5 * np.eye(3)), abs=1e-3
    )


def test_the_same_question_has_the_same_answer_to_the_last_bit(tallied):
    chances, rng = next(lakes(6))
    runs = {"a": counts(tallied, chances, rng), "b": counts(tallied, chances / 2, rng)}
    answers = [
        [
            tallied.answered(name, tallied.connection(runs), verifier="v", ks=[], interval=interval, band=True, **asked)
            for interval in ("population", "these")
            for name, asked in (("pass_at_k", {"runs": ["a", "b"]}), ("compare", {"a": "a", "b": "b"}))
        ]
        for _ in range(3)
    ]
    assert answers[0] == answers[1] == answers[2]


def test_an_interval_of_no_kind_is_refused(tallied):
    to = tallied.connection({"a": {"p": (2, 1)}, "b": {"p": (2, 1)}})
    for name, asked in (
        ("pass_at_k", {"runs": ["a"]}),
        ("compare", {"a": "a", "b": "b"}),
        ("efficiency_gap", {"base": "a", "runs": ["b"]}),
    ):
        with pytest.raises(Unanswerable, match='interval "those": choose one of population, these'):
            tallied.answered(name, to, verifier="v", ks=None, interval="those", **asked)

"""A scorer that does not find what its own model stored is refused."""

import numpy as np
import pytest

from samples.engines import Scored
from samples.errors import SamplesError
from samples.score.parity import Own, compare


def own(values, dtype="float32"):
    return Own("base", dtype, [1], np.arange(len(values), dtype=np.int32), np.array(values, np.float32))


def scored(values):
    return Scored(np.array(values, np.float32))


def test_the_numbers_are_those_of_their_definitions():
    found = compare("float32", [own([-1.0, -2.0]), own([-0.5])], [scored([-1.1, -2.0]), scored([-0.2])])
    gaps = np.array([np.float32(-1.1) - np.float32(-1), 0.0, np.float32(-0.2) + np.float32(0.5)], np.float64)
    assert (found.samples, found.tokens, found.failed) == (2, 3, 0)
    assert found.mean == pytest.approx(np.mean(np.abs(gaps)))
    assert found.worst == pytest.approx(0.3, rel=1e-5)
    assert found.kl == pytest.approx(np.mean(np.exp(gaps) - 1 - gaps))
    assert not found.within


@pytest.mark.parametrize(
    ("dtypes", "gap", "within"),
    [
        (("float32", "float32"), 0.0005, True),
        (("float32", "float32"), 0.03, False),  # what bfloat16 differs by
        (("float32", "bfloat16"), 0.03, True),
        (("bfloat16", "bfloat16"), 0.2, False),
    ],
)
def test_bounds_depend_on_the_precision(dtypes, gap, within):
    rng = np.random.default_rng(0)
    stored = -rng.exponential(size=500)
    noise = rng.normal(0, gap * np.sqrt(np.pi / 2), 500)
    assert compare(dtypes[0], [own(stored, dtypes[1])], [scored(stored + noise)]).within is within


def test_values_that_are_not_finite_in_the_store_are_left_out_and_missing_scores_are_not():
    assert compare("float32", [own([-1.0, np.nan, -np.inf])], [scored([-1.0, -3.0, -3.0])]).tokens == 1
    assert not compare("float32", [own([-1.0, -1.0])], [scored([-1.0, np.nan])]).within
    nothing = compare("float32", [own([-1.0])], [Scored.failed("too long")])
    assert (nothing.mean, nothing.within, nothing.failed, nothing.why) == (None, False, 1, "too long")


def test_a_shifted_scorer_is_refused_with_the_numbers_and_nothing_is_scored(drawn, score_of):
    made = drawn("base", model="toy?shift=0.1")
    scoring = score_of(made.lake, model="toy?shift=0.1", name="base")
    with pytest.raises(SamplesError, match=r"does not find what its own model stored.*mean \|difference\| 0\.1.*dtype"):
        scoring.run()
    assert scoring.rows() == []


def test_a_mismatch_that_is_allowed_is_kept_with_the_scorer(drawn, score_of):
    made = drawn("base", model="toy?shift=0.1")
    scoring = score_of(made.lake, model="toy?shift=0.1", name="base", allow_mismatch=True)
    scoring.run()
    assert len(scoring.rows()) == 24
    (row,) = made.lake.sql("SELECT * FROM scorers").dicts()
    assert (row["parity_run"], row["parity_samples"]) == ("base", 24)
    assert row["parity_mean"] == pytest.approx(0.1, rel=1e-5)
    assert row["parity_kl"] == pytest.approx(np.exp(0.1) - 1.1, rel=1e-4)


def test_parity_is_of_samples_of_the_scorer_s_own_weights_over_many_problems(drawn, score_of):
    made = drawn("base", k=20)
    drawn("rl", model="toy?taste=2")
    scoring = score_of(made.lake, name="base")
    worker = scoring.worker(scoring.plan())
    assert worker.parity is not None
    assert (worker.parity.run, worker.parity.samples, worker.parity.mean, worker.parity.kl) == ("base", 32, 0, 0)
    assert {one.run for one in worker.job.own} == {"base"}
    assert len({tuple(one.prompt_ids) for one in worker.job.own}) == 3


def test_where_the_model_drew_nothing_parity_is_not_checked_and_the_scorer_says_so(drawn, score_of):
    made = drawn("rl", model="toy?taste=2")
    scoring = score_of(made.lake, model="toy", name="base")
    assert scoring.worker(scoring.plan()).parity is None
    scoring.run()
    (row,) = made.lake.sql("SELECT * FROM scorers").dicts()
    assert (row["parity_samples"], row["parity_mean"]) == (0, None)

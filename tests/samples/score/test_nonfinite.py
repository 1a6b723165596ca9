"""NaN and infinite log-probs of a scorer are stored as they are, counted, and in no statistic."""

import math
from collections import Counter

import numpy as np
import pytest

from samples.units.progress import Total

SPOILED = "toy?taste=3&nan=0.3&inf=0.2"


@pytest.fixture
def spoiled(drawn, score_of):
    """A scorer of 60 samples that finds NaN in some of them and -inf in others, and its receipts."""
    scoring = score_of(drawn("base", k=20).lake, model=SPOILED, name="judge")
    return scoring, scoring.run()


def by_sample(scoring):
    """Return the token log-probs that a scorer stored, by problem and index."""
    rows = scoring.lake.read("score_logprobs", scorer_id=scoring.scorer.scorer_id).to_pylist()
    return {(row["problem_id"], row["sample_index"]): np.array(row["token_logprobs"]) for row in rows}


def test_they_are_stored_where_they_were_and_counted(spoiled, score_of):
    scoring, receipts = spoiled
    stored = by_sample(scoring)
    sound = score_of(scoring.lake, model="toy?taste=3", name="sound")
    sound.run()
    exact = by_sample(sound)
    values = np.concatenate(list(stored.values()))
    spoils = int((~np.isfinite(values)).sum())
    assert np.isnan(values).any()
    assert np.isneginf(values).any()
    total = Total()
    total.take(receipts)
    assert (total.nonfinite, total.samples, total.errors) == (spoils, 60, 0)
    assert stored.keys() == exact.keys()
    for key, whole in exact.items():
        finite = np.isfinite(stored[key])
        assert np.isfinite(whole).all()
        np.testing.assert_array_equal(stored[key][finite], whole[finite])


def test_the_sum_of_a_sample_is_what_its_tokens_make_it(spoiled):
    scoring, _ = spoiled
    stored = by_sample(scoring)
    for row in scoring.rows():
        expected = float(np.sum(stored[row["problem_id"], row["sample_index"]], dtype=np.float64))
        assert row["cumulative_logprob"] == pytest.approx(expected, nan_ok=True)
        assert row["error"] is None


def test_questions_leave_them_out_and_say_how_many(spoiled):
    scoring, _ = spoiled
    sums = {key: (math.fsum(values), values.size) for key, values in by_sample(scoring).items() if values.size}
    good = {key: -total / size for key, (total, size) in sums.items() if math.isfinite(total)}
    lost = 60 - len(good)
    assert 0 < lost < 60

    (listed,) = (row for row in scoring.lake.query("scorers").dicts() if row["scorer"] == "judge")
    assert (listed["samples"], listed["unknown"], listed["errors"]) == (60, lost, 0)

    rows = scoring.lake.query("perplexity", scorer="judge").dicts()
    for row in rows:
        key = row["problem_id"], row["sample_index"]
        assert row["perplexity"] == (pytest.approx(math.exp(good[key])) if key in good else None)
    assert len(rows) == 60

    (run,) = scoring.lake.query("perplexity_by_run", scorer="judge").dicts()
    assert (run["samples"], run["unknown"]) == (len(good), lost)
    counted = Counter(problem for problem, _ in good)
    spread = scoring.lake.query("perplexity_distribution", scorer="judge").dicts()
    assert {row["problem_id"]: (row["samples"], row["unknown"]) for row in spread if row["problem_id"]} == {
        problem: (count, 20 - count) for problem, count in counted.items()
    }

"""A scorer is known by what decides its numbers; its name belongs to it alone."""

import pytest

from samples.errors import UsageError
from samples.score.scorer import every_scorer


def test_a_scorer_is_recorded_once_with_its_first_labels(drawn, score_of):
    lake = drawn("base").lake
    first = score_of(lake, name="base", labels={"family": "toy"}).scorer
    again = score_of(lake, name="base", labels={"family": "other"}).scorer
    assert first.scorer_id == again.scorer_id
    assert again.labels == {"family": "toy"}
    assert [one.name for one in every_scorer(lake)] == ["base"]


@pytest.mark.parametrize(
    "asked", [{"model": "toy?taste=3"}, {"tokens": "text"}, {"prompt": "own"}, {"max_model_len": 99}]
)
def test_what_decides_a_score_is_part_of_the_scorer(drawn, asked, score_of):
    lake = drawn("base").lake
    score_of(lake, name="one")
    with pytest.raises(UsageError, match=r'name "one" is already scorer s[0-9a-f]{16}, which differs in'):
        score_of(lake, name="one", **asked)


@pytest.mark.parametrize(
    "asked", [{"runs": ("base",)}, {"limit_per_problem": 2}, {"unit": 8}, {"allow_mismatch": True}]
)
def test_what_is_scored_and_how_fast_is_not_part_of_the_scorer(drawn, asked, score_of):
    lake = drawn("base").lake
    assert score_of(lake, name="one").scorer == score_of(lake, name="one", **asked).scorer


def test_a_scorer_has_one_name(drawn, score_of):
    lake = drawn("base").lake
    score_of(lake, name="one")
    with pytest.raises(UsageError, match=r"these settings are scorer one .* already.*--name one"):
        score_of(lake, name="two")
    assert score_of(lake).scorer.name == "one"


def test_a_scorer_may_have_the_name_of_a_run_of_its_own_model_only(drawn, score_of):
    lake = drawn("base").lake
    drawn("rl", model="toy?taste=2")
    assert score_of(lake, model="toy", name="base").scorer.name == "base"
    with pytest.raises(UsageError, match=r'name "rl" is the name of a run of toy.taste=2.*choose another --name'):
        score_of(lake, model="toy?taste=5", name="rl")

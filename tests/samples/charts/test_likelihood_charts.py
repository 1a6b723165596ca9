"""Charts of likelihoods and verdicts: their numbers are those of their queries' rows."""

import json
import math

import pytest

from samples.charts.figures import perplexity_by_run, perplexity_distribution, verdict_transitions
from samples.charts.formats import encoded
from samples.errors import SamplesError


@pytest.fixture(scope="module")
def lake(scored, tmp_path_factory):
    """Two runs that scored each other's samples, and traces of nobody's, which the base scored as text."""
    lake = scored.lake(tmp_path_factory.mktemp("likelihoods"))

    def some(first):
        return {
            problem: [
                {"tokens": 4, "logprob": -(first + place + index), "status": "correct" if index % 2 else "wrong"}
                for index in range(3)
            ]
            for place, problem in enumerate("pqrs")
        }

    scored.add_run(lake, "base", some(1), labels={"step": "0"})
    scored.add_run(lake, "rl", some(2), labels={"step": "100"})
    scored.add_run(lake, "reference", {p: [{"tokens": None, "logprob": None}] for p in "pqrs"}, engine="imported")
    scored.add_scorer(lake, "base", samples=1, mean=0.0, kl=0.0)
    given = {p: {index: {"tokens": 4, "logprob": -3.0 - index} for index in range(3)} for p in "pqrs"}
    scored.add_scores(lake, "base", "rl", given)
    scored.add_scores(lake, "base", "reference", {p: {0: {"tokens": 4, "logprob": -2.0}} for p in "pqr"})
    return lake


def values(chart):
    (data,) = chart.to_dict(validate=True)["datasets"].values()
    return data


def subtitle(chart):
    return " ".join(chart.to_dict()["title"]["subtitle"])


def told(row, columns):
    return tuple(row[column] for column in columns)


def test_each_run_under_the_scorer_stands_beside_each_run_under_its_own_model(lake):
    chart = lake.plot("perplexity_by_run", scorer="base")
    boxes = {row["box"]: row for row in values(chart) if row["place"] == "box"}
    assert set(boxes) == {"base(base)", "base(rl)", "rl(rl)", "base(reference)"}
    columns = ("problems", "samples", "perplexity", "lowest", "q25", "q50", "q75", "highest")
    for scorer in ("base", None):
        for row in lake.query("perplexity_by_run", scorer=scorer):
            if row["status"] == "all":
                assert told(boxes[f"{row['scorer']}({row['run']})"], columns) == told(row, columns)
    assert "under base and their own models" in " ".join(chart.to_dict()["title"]["text"])


def test_each_problem_is_a_point_where_problems_are_few(lake):
    chart = lake.plot("perplexity_by_run", scorer="base")
    points = {(row["box"], row["problem_id"]): row["q50"] for row in values(chart)
              if row["place"] == "point"}  # fmt: skip
    expected = {
        (f"{row['scorer']}({row['run']})", row["problem_id"]): row["q50"]
        for scorer in ("base", None)
        for row in lake.query("perplexity_distribution", scorer=scorer)
        if row["status"] == "all" and row["q50"] is not None
    }
    assert points == expected
    assert len(points) == 15


def test_without_a_scorer_each_run_is_a_box_under_its_own_model(lake):
    chart = lake.plot("perplexity_by_run")
    assert {row["box"] for row in values(chart)} == {"base(base)", "rl(rl)"}
    assert "each run under its own model" in subtitle(chart)


def test_problems_have_no_points_where_they_are_many(scored, tmp_path):
    lake = scored.lake(tmp_path)
    many = perplexity_by_run._POINTS + 1
    scored.add_run(lake, "a", {f"p{n}": [{"tokens": 2, "logprob": -1.0 - n}] for n in range(many)})
    (row,) = values(lake.plot("perplexity_by_run"))  # the box
    assert row["problems"] == many


def test_thousands_of_problems_are_thinned_and_the_chart_says_so(scored, tmp_path):
    lake = scored.lake(tmp_path)
    several = {f"p{n:04}": [{"tokens": 2, "logprob": -1.0 - n / 1000}] for n in range(2500)}
    for run in "ab":
        scored.add_run(lake, run, several)
    chart = lake.plot("perplexity_distribution")
    rows = {(row["run"], row["problem_id"]): row["q50"] for row in lake.query("perplexity_distribution")
            if row["status"] == "all"}  # fmt: skip
    drawn = values(chart)
    assert all(row["q50"] == rows[row["run"], row["problem_id"]] for row in drawn)
    assert len(drawn) <= perplexity_distribution._POINTS
    assert len(drawn) > perplexity_distribution._POINTS // 2
    assert "2,500 problems; one of 17 is drawn" in subtitle(chart)
    assert len(encoded(chart, "html")) < 1_000_000


def test_steps_that_are_numbers_are_placed_as_numbers_and_joined(lake):
    chart = lake.plot("perplexity_by_step", runs=["base", "rl"])
    made = chart.to_dict()
    assert {row["value"]: row["place"] for row in values(chart)} == {"0": 0.0, "100": 100.0}
    assert any(layer["mark"]["type"] == "line" for layer in made["layer"])
    rows = {row["run"]: row for row in lake.query("perplexity_by_step", runs=["base", "rl"])}
    for row in values(chart):
        assert told(row, ("perplexity", "low", "high")) == told(rows[row["run"]], ("perplexity", "low", "high"))
        assert (row["from"], row["to"]) == (max(row["low"], 1.0), row["high"])
    assert "cut" not in subtitle(chart)


def test_an_interval_that_would_leave_the_picture_is_cut_and_told(scored, tmp_path):
    lake = scored.lake(tmp_path)
    several = {f"p{n}": [{"tokens": 1, "logprob": -n}] for n in (1, 5)}
    scored.add_run(lake, "a", several, labels={"step": "1"})
    chart = lake.plot("perplexity_by_step")
    (row,) = values(chart)
    assert row["high"] > row["to"] == 3 * row["perplexity"]
    assert "bars that would leave the picture are cut" in subtitle(chart)


def test_runs_with_the_same_value_of_the_label_are_points_without_a_line(scored, tmp_path):
    lake = scored.lake(tmp_path)
    for run in "ab":
        scored.add_run(lake, run, {"p": [{"tokens": 1, "logprob": -1.0}]}, labels={"step": "late"})
    made = lake.plot("perplexity_by_step").to_dict()
    assert {layer["mark"]["type"] for layer in made["layer"]} == {"rule", "point"}
    assert made["layer"][0]["encoding"]["x"]["field"] == "value"


@pytest.mark.parametrize("scorer", [None, "base"])
def test_differences_between_verdicts_are_those_of_the_query(lake, scorer):
    chart = lake.plot("perplexity_by_verdict", runs=["base", "rl"], scorer=scorer)
    rows = list(lake.query("perplexity_by_verdict", runs=["base", "rl"], scorer=scorer))
    correct = {row["run"]: row["perplexity"] for row in rows if row["status"] == "correct"}
    expected = {(row["run"], row["status"]): told(row, ("difference", "low", "high", "paired")) for row in rows
                if row["difference"] is not None}  # fmt: skip
    drawn = values(chart)
    assert {
        (row["run"], row["status"]): told(row, ("difference", "low", "high", "paired")) for row in drawn
    } == expected
    assert all(row["perplexity of correct"] == correct[row["run"]] for row in drawn)
    assert expected


def test_a_run_without_a_problem_that_has_correct_and_other_samples_is_not_said_to_have_no_logprobs(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    lakes.add_run(lake, "unsolved", {"p1": "wwww", "p2": "wwnw"})
    assert "not drawn: unsolved (no problem has correct and other samples" in subtitle(
        lake.plot("perplexity_by_verdict")
    )
    with pytest.raises(SamplesError, match="nothing to draw: no problem has correct and other samples"):
        lake.plot("perplexity_by_verdict", runs=["unsolved"])


def test_a_run_without_samples_of_the_problems_is_not_said_to_have_no_logprobs(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    lakes.add_problems(lake, "e", {"q": "{}"})
    lakes.add_run(lake, "other", {"q": "cw"}, dataset="e")
    assert "left out: no log-probs of other are known for these problems" in subtitle(
        lake.plot("perplexity_by_support", a="a", b="b")
    )


def test_perplexities_by_support_are_those_of_the_query_in_a_panel_for_each_status(lake):
    asked = {"a": "base", "b": "rl", "runs": ["base", "rl"], "scorer": "base"}
    chart = lake.plot("perplexity_by_support", **asked)
    columns = ("run", "outcome", "status", "perplexity", "low", "high", "problems")
    there = {told(row, columns) for row in values(chart)}
    assert there == {told(row, columns) for row in lake.query("perplexity_by_support", **asked)}
    assert chart.to_dict()["facet"]["sort"] == ["all samples", "correct samples", "wrong samples"]


def test_the_share_of_likely_samples_is_that_of_the_query(lake):
    chart = lake.plot("likelihood_ratio_by_run", runs="rl", scorer="base")
    columns = ("share_as_likely", "low", "high", "log_ratio", "compared")
    assert [told(row, columns) for row in values(chart)] == [
        told(row, columns) for row in lake.query("likelihood_ratio_by_run", runs="rl", scorer="base")
    ]


def test_entropy_is_drawn_per_token_and_that_per_completion_is_told(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    rows = {(row["run"], row["per"]): row for row in lake.query("entropy")}
    drawn = values(lake.plot("entropy"))
    columns = ("entropy", "low", "high", "entropy_least", "entropy_most", "samples")
    assert [row["run"] for row in drawn] == ["a", "b"]
    for row in drawn:
        assert told(row, columns) == told(rows[row["run"], "token"], columns)
        assert row["per_completion"] == rows[row["run"], "completion"]["entropy"]
    assert "grey: between the bounds" in subtitle(lake.plot("entropy"))


def test_a_chart_of_entropy_without_bounds_draws_none(lake):
    chart = lake.plot("entropy", runs=["base", "rl"])
    assert "grey" not in subtitle(chart)
    assert len(chart.to_dict()["layer"]) == 2


def test_surprising_tokens_are_in_the_order_of_their_gaps(scored, tmp_path):
    lake = scored.lake(tmp_path)
    tokens = {"p": [{"logprobs": [-1.0, -2.0, -3.0], "ids": [7, 8, 9]}]}
    scored.add_run(lake, "a", tokens)
    scored.add_scorer(lake, "s", samples=1, mean=0.0, kl=0.0)
    scored.add_scores(lake, "s", "a", {"p": {0: {"logprobs": [-4.0, -1.0, -3.5]}}})
    chart = lake.plot("surprising_tokens", runs="a", scorer="s", min_n=1)
    assert [(row["token_id"], row["gap"]) for row in values(chart)] == [(7, -3.0), (9, -0.5), (8, 1.0)]
    assert "Tokens of a: " in chart.to_dict()["title"]["text"]


@pytest.fixture(scope="module")
def judged(lakes, tmp_path_factory):
    """A lake with a second verifier, which differs on some samples and could not judge one."""
    lake = lakes.filled(tmp_path_factory.mktemp("judged") / "lake")
    run_id = next(row["run_id"] for row in lake.sql("SELECT run_id FROM runs WHERE run = 'a'"))
    rest = {"verifier_version": "1", "pass_id": 1, "reward": None, "answer": None, "seconds": 0.1}
    second = ["correct", "correct", "wrong", "timeout"]
    rows = [
        {"problem_id": "p1", "sample_index": index, "status": status, **rest} for index, status in enumerate(second)
    ]
    lakes.append(lake, "verdicts", rows, verifier="w", run_id=run_id)
    return lake


def test_a_matrix_of_agreement_has_the_counts_of_the_query(judged):
    asked = {"runs": "a", "first": "v", "second": "w"}
    (row,) = judged.query("verifier_agreement", **asked)
    chart = judged.plot("verifier_agreement", **asked)
    counts = {one["correct"]: one["count"] for one in values(chart) if "count" in one}
    names = {"both": "both_correct", "only v": "only_first", "only w": "only_second", "neither": "neither"}
    assert counts == {words: row[column] for words, column in names.items()}
    shown = {one["correct"]: one["shown"] for one in values(chart)}
    assert shown["agree"] == f"{row['share']:.2%}"
    assert math.isclose(float(shown["kappa"]), row["kappa"], abs_tol=5e-4)
    assert "a 1 sample" in subtitle(chart)


def test_transitions_have_the_counts_of_the_query_and_say_how_many_changed(judged):
    asked = {"runs": "a", "from": "v", "to": "w"}
    rows = list(judged.query("verdict_transitions", **asked))
    chart = judged.plot("verdict_transitions", **asked)
    drawn = {(one["earlier"], one["later"]): (one["samples"], one["problems"]) for one in values(chart)}
    assert drawn == {
        (row["from_status"] or "none", row["to_status"] or "none"): (row["samples"], row["problems"]) for row in rows
    }
    both = [row for row in rows if row["from_status"] and row["to_status"]]
    changed = sum(row["samples"] for row in both if row["from_status"] != row["to_status"])
    assert (changed, sum(row["samples"] for row in both)) == (3, 4)
    assert "a: 3 verdicts of 4 changed" in subtitle(chart)
    assert "no earlier or no later verdict: a 12 samples" in subtitle(chart)
    assert {one["kind"] for one in values(chart) if "none" in {one["earlier"], one["later"]}} == {
        "a verdict on one side only"
    }


def test_a_first_verdict_is_no_change(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    with pytest.raises(SamplesError, match="nothing to draw: no sample of a and b has both an earlier and a later ver"):
        lake.plot("verdict_transitions")
    again = [{"problem_id": "p1", "sample_index": 0, "status": "wrong", "verifier_version": "2", "pass_id": 2}]
    run_id = lake.sql("SELECT run_id FROM runs WHERE run = 'a'")[0]["run_id"]
    lakes.append(lake, "verdicts", again, verifier="v", run_id=run_id)
    chart = lake.plot("verdict_transitions", **{"from": "v@1", "to": "v@2"})
    assert "a: 1 verdict of 16 changed; b: 0 verdicts of 14 changed" in subtitle(chart)


def test_more_runs_than_matrices_fit_are_an_error(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    for place in range(verdict_transitions._PANELS):
        lakes.add_run(lake, f"r{place}", {"p1": "cw"})
    with pytest.raises(SamplesError, match=r"14 runs are more than the 12 matrices .* --runs A,B chooses some"):
        lake.plot("verdict_transitions")
    assert lake.plot("verdict_transitions", runs=["a", "b"], **{"from": "v@1", "to": "v"})


def test_a_power_law_has_the_numbers_of_its_query(tallied, tmp_path):
    counts = {f"p{n}": (16, n % 5) for n in range(12)}
    lake = tallied.lake(tmp_path, {"a": counts, "b": {**counts, "p0": (16, 9)}})
    chart = lake.plot("power_law")
    rows = {(row["run"], row["k"]): row for row in lake.query("power_law")}
    columns = ("minus_log", "fit", "exponent", "low", "high")
    drawn = values(chart)
    assert {(row["run"], row["k"]): told(row, columns) for row in drawn} == {
        key: told(row, columns) for key, row in rows.items()
    }
    assert f"a: k^-{rows['a', 1]['exponent']:.3g}" in subtitle(chart)


def test_k_at_which_all_is_solved_have_no_place_on_a_log_axis(tallied, tmp_path):
    lake = tallied.lake(tmp_path, {"a": {"p": (8, 2), "q": (8, 3)}})
    chart = lake.plot("power_law")
    whole = [row["k"] for row in lake.query("power_law") if row["minus_log"] == 0]
    assert whole
    assert not {row["k"] for row in values(chart)} & set(whole)
    assert f"not drawn: {len(whole)} point" in subtitle(chart)


def test_a_power_law_of_nothing_is_an_error_that_says_why(tallied, tmp_path):
    lake = tallied.lake(tmp_path, {"a": {"p": (8, 0)}})
    with pytest.raises(SamplesError, match="power_law: nothing to draw"):
        lake.plot("power_law")


@pytest.fixture(scope="module")
def levels(scored, tmp_path_factory):
    """A run with a problem of level 1 and two of level 2, whose numbers differ, and a scorer of its samples."""
    lake = scored.lake(tmp_path_factory.mktemp("levels"))
    problems = [
        {"problem_id": problem, "problem_hash": "h", "question": problem, "metadata": json.dumps({"level": level})}
        for problem, level in (("p", 1), ("q", 2), ("r", 2))
    ]
    scored.append(lake, "problems", problems, dataset="d")
    own = {"p": (1.0, 2.0), "q": (5.0, 9.0), "r": (6.0, 11.0)}
    samples = {
        problem: [
            {"tokens": 2 + place, "logprob": -nats, "status": ("correct", "wrong")[place]}
            for place, nats in enumerate(both)
        ]
        for problem, both in own.items()
    }
    scored.add_run(lake, "base", samples)
    scored.add_scorer(lake, "other")
    given = {
        p: {place: {"tokens": 2 + place, "logprob": -1.5 * nats - place} for place, nats in enumerate(both)}
        for p, both in own.items()
    }
    scored.add_scores(lake, "other", "base", given)
    return lake


@pytest.mark.parametrize(
    ("name", "beside", "there", "column"),
    [
        ("divergence", "per_token", {"per": "token"}, "divergence"),
        ("entropy", "per_completion", {"per": "completion"}, "entropy"),
        ("perplexity_by_verdict", "perplexity of correct", {"status": "correct"}, "perplexity"),
    ],
)
def test_a_number_from_another_row_is_that_of_the_same_group(levels, name, beside, there, column):
    parameters = {"scorer": "other"} if name == "divergence" else {}
    rows = levels.query(name, by="level", **parameters)
    expected = {row["level"]: row[column] for row in rows if there.items() <= row.items()}
    assert len(set(expected.values())) == 2
    drawn = values(levels.plot(name, by="level", **parameters))
    assert {row["level"]: row[beside] for row in drawn} == expected


def test_divergence_per_token_is_told_for_each_group(levels):
    rows = levels.query("divergence", by="level", scorer="other")
    each = [f"level {row['level']}, base {row['divergence']:.3g}" for row in rows if row["per"] == "token"]
    assert f"nats per token: {'; '.join(each)}" in subtitle(levels.plot("divergence", by="level", scorer="other"))


def test_samples_left_out_are_told_for_each_group(lakes, tmp_path):
    chart = lakes.filled(tmp_path / "lake").plot("pass_at_k", runs=["a", "b"], by="level")
    assert "left out: b (level 5) 1 timeout; a (no level) 1 error" in subtitle(chart)

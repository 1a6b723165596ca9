"""Perplexity under a scorer: which rows count, what they are compared with, and what a reader is told."""

import math
import re
import statistics
from random import Random

import pytest

from samples.errors import NotFound, SamplesError, UsageError

NAN, INF = math.nan, math.inf
OWN = {
    "p": [{"tokens": 4, "logprob": -2.0, "status": "correct"}, {"tokens": 2, "logprob": -3.0, "status": "wrong"}],
    "q": [{"tokens": 5, "logprob": -1.0, "status": "wrong"}, {"tokens": 0, "logprob": 0.0, "error": "broke"}],
}


def three(scored, path):
    """Run a with scores by s of all its samples, run b of a part, run c of none; a parity check of s that holds."""
    lake = scored.lake(path)
    scored.add_scorer(lake, "s", samples=32, mean=1e-5, kl=1e-8, run="z")
    for run in "abc":
        scored.add_run(lake, run, OWN)
    whole = {"p": {0: {"tokens": 4, "logprob": -4.0, "bytes": 8, "end": -1.0}, 1: {"tokens": 2, "logprob": NAN}}}
    whole["q"] = {0: {"tokens": 5, "logprob": -5.0, "bytes": 10}}
    scored.add_scores(lake, "s", "a", whole)
    scored.add_scores(lake, "s", "b", {"p": {0: {"tokens": 3, "logprob": -6.0, "bytes": 8, "mode": "text"}}})
    return lake


@pytest.fixture
def lake(scored, tmp_path):
    return three(scored, tmp_path)


def test_likelihoods_hold_each_sample_once_for_whoever_says_how_likely_it_is(lake):
    rows = lake.sql("SELECT scorer, run, problem_id, sample_index, own, bytes, token_mode FROM likelihoods")
    found = sorted(tuple(row.values()) for row in rows)
    own = [(run, run, *key, True, None, "ids") for run in "abc" for key in [("p", 0), ("p", 1), ("q", 0)]]
    other = [
        ("s", "a", "p", 0, False, 8, "ids"),
        ("s", "a", "p", 1, False, 0, "ids"),
        ("s", "a", "q", 0, False, 10, "ids"),
    ]
    assert found == sorted([*own, *other, ("s", "b", "p", 0, False, 8, "text")])


def test_scores_of_a_run_by_a_scorer_of_its_name_do_not_count_beside_its_own(scored, lake):
    scored.add_scorer(lake, "a")
    scored.add_scores(lake, "a", "a", {"p": {0: {"tokens": 4, "logprob": -9.0}}})
    scored.add_scores(lake, "a", "b", {"p": {0: {"tokens": 4, "logprob": -7.0}}})
    rows = lake.sql("SELECT run, own, cumulative_logprob FROM likelihoods WHERE scorer = 'a' ORDER BY ALL").dicts()
    assert [tuple(row.values()) for row in rows] == [
        ("a", True, -3.0), ("a", True, -2.0), ("a", True, -1.0), ("b", False, -7.0),
    ]  # fmt: skip


def test_scores_of_a_processed_run_by_a_scorer_of_its_name_count_because_it_has_no_own(scored, lake):
    scored.add_run(lake, "m", OWN, sampling={**scored.RAW, "logprobs_mode": "processed_logprobs"})
    with pytest.raises(NotFound, match=r"^run m does not score its own samples: its log-probs are processed"):
        lake.query("perplexity", scorer="m")
    scored.add_scorer(lake, "m", samples=1, mean=0.0, kl=0.0)
    scored.add_scores(lake, "m", "m", {"p": {0: {"tokens": 4, "logprob": -9.0}}})
    rows = lake.query("perplexity", runs=["m"], scorer="m")
    assert {row["cumulative_logprob"] for row in rows} == {-9.0, None}
    said = "m scored 1 of 3 samples of m, and the figures are of these alone; samples score --model models/m --run m"
    assert rows.notes == (f"{said} --name m scores the others",)


@pytest.mark.parametrize("order", [1, -1])
def test_a_sample_that_stands_twice_under_one_scorer_counts_once_and_its_score_before_a_failure(scored, lake, order):
    for one in [{"error": "too long"}, {"tokens": 5, "logprob": -1.0}][::order]:
        scored.add_scores(lake, "s", "c", {"q": {0: one}})
    rows = lake.sql("SELECT cumulative_logprob FROM likelihoods WHERE scorer = 's' AND run = 'c'").dicts()
    assert rows == [{"cumulative_logprob": -1.0}]
    assert not any("could not be scored" in note for note in lake.query("perplexity", runs="c", scorer="s").notes)


def test_failed_samples_and_those_without_log_probs_are_not_in_likelihoods(scored, tmp_path):
    lake = scored.lake(tmp_path)
    scored.add_run(
        lake, "o", {"p": [{"tokens": 3}, {"error": "broke", "logprob": 0.0}]}, engine="imported", sampling={}
    )
    assert len(lake.sql("FROM likelihoods")) == 0


def test_perplexity_under_a_scorer_has_its_tokens_log_probs_and_bits(lake):
    rows = {(row["problem_id"], row["sample_index"]): row for row in lake.query("perplexity", runs="a", scorer="s")}
    first, broken = rows["p", 0], rows["p", 1]
    assert (first["scorer"], first["token_mode"], first["tokens"], first["status"]) == ("s", "ids", 4, "correct")
    assert first["perplexity"] == pytest.approx(math.exp(4.0 / 4), rel=1e-15)
    assert first["bits_per_byte"] == pytest.approx((4.0 - 1.0) / math.log(2) / 8, rel=1e-15)
    assert (broken["perplexity"], broken["bits_per_byte"]) == (None, None)
    assert (rows["q", 1]["perplexity"], rows["q", 1]["tokens"], rows["q", 1]["token_mode"]) == (None, None, "ids")


def test_without_a_scorer_each_run_is_under_its_own_model_as_ever(lake):
    row, *_ = lake.query("perplexity", runs="a")
    assert (row["scorer"], row["token_mode"], row["bits_per_byte"]) == ("a", "ids", None)
    assert row["perplexity"] == math.exp(0.5)
    assert lake.query("perplexity", runs="a").notes == ()
    named = lake.query("perplexity_by_run", runs="a", scorer="a")
    assert named.dicts() == lake.query("perplexity_by_run", runs="a").dicts()


def test_a_scorer_named_like_a_run_is_both(scored, lake):
    """Base(Base) is the run's own log-probs, Base(RL) the scores."""
    scored.add_scorer(lake, "a", samples=1, mean=0.0, kl=0.0)
    scored.add_scores(lake, "a", "b", {"p": {0: {"tokens": 4, "logprob": -8.0}, 1: {"tokens": 2, "logprob": -8.0}}})
    rows = lake.query("perplexity_distribution", runs="a,b", scorer="a")
    middles = {(row["run"], row["problem_id"]): row["q50"] for row in rows if row["status"] == "all"}
    assert middles["a", "q"] == math.exp(0.2)
    assert middles["b", "p"] == pytest.approx((math.exp(2) + math.exp(4)) / 2)
    assert middles["b", "q"] is None


def test_two_models_under_one_name_are_told(scored, lake):
    scored.add_scorer(lake, "a", model="models/other", samples=1, mean=0.0, kl=0.0)
    scored.add_scores(lake, "a", "b", {"p": {0: {"tokens": 4, "logprob": -8.0}}})
    notes = lake.query("perplexity_by_run", runs="a,b", scorer="a").notes
    assert "scorer a is the model models/other, and run a is of models/a: one name stands for two models" in notes


# --- what is refused, and what is told


def test_an_unknown_scorer_is_answered_with_those_there_and_the_command(lake):
    with pytest.raises(NotFound) as caught:
        lake.query("perplexity", scorer="S")
    assert str(caught.value) == (
        'no scorer "S" (did you mean "s"?); scorers there: s; runs that score their own samples: a, b, c; add a '
        "scorer: samples score --model MODEL --run RUN --name S"
    )
    with pytest.raises(UsageError):
        lake.query("perplexity", scorer=3)


def test_a_scorer_is_found_by_the_beginning_of_its_id(lake):
    assert {row["scorer"] for row in lake.query("perplexity", runs="a", scorer="s-")} == {"s"}
    assert {row["scorer"] for row in lake.query("perplexity", runs="a", scorer="r-a")} == {"a"}


def test_a_scorer_of_none_of_the_runs_is_refused_with_the_command(lake):
    with pytest.raises(SamplesError) as caught:
        lake.query("perplexity_by_run", runs=["c"], scorer="s")
    assert str(caught.value) == (
        "perplexity_by_run: scorer s scored no sample of c; score them: samples score --model models/s --run c --name s"
    )
    with pytest.raises(
        SamplesError, match="scorer a scored no sample of b, c; score them: samples score --model models/a"
    ):
        lake.query("perplexity_by_run", runs=["b", "c"], scorer="a")


def test_runs_without_scores_and_parts_without_them_are_told(lake):
    rows = lake.query("perplexity_by_run", scorer="s")
    assert {row["run"] for row in rows} == {"a", "b"}
    one, two, three, four = rows.notes
    assert one == "left out: s scored no sample of c; samples score --model models/s --run c --name s scores them"
    assert two == "1 log-probs of a under s are no finite numbers: left out"
    command = "samples score --model models/s --run b --name s"
    assert three == f"s scored 1 of 3 samples of b, and the figures are of these alone; {command} scores the others"
    assert four.startswith(
        "s scored b as text, and the rest as token ids: perplexity per token does not compare between"
    )


def test_parts_without_scores_of_several_runs_are_one_note_with_one_command(scored, lake):
    scored.add_scores(lake, "s", "c", {"p": {0: {"tokens": 3, "logprob": -6.0}, 1: {"tokens": 3, "logprob": -6.0}}})
    said = "s scored 1 of 3 samples of b, 2 of 3 samples of c, and the figures are of these alone; "
    assert f"{said}samples score --model models/s --run b --run c --name s scores the others" in (
        lake.query("perplexity_by_run", scorer="s").notes
    )


def test_samples_that_could_not_be_scored_are_counted(scored, lake):
    scored.add_scores(lake, "s", "c", {"p": {0: {"error": "too long"}}})
    with pytest.raises(SamplesError, match=r"scored no sample of c: 1 of c failed \(too long\); score them"):
        lake.query("perplexity", runs="c", scorer="s")
    scored.add_scores(lake, "s", "c", {"q": {0: {"tokens": 5, "logprob": -1.0}}})
    notes = lake.query("perplexity", runs="c", scorer="s").notes
    assert "1 samples of c could not be scored by s: too long" in notes
    assert any(note.startswith("s scored 1 of 3 samples of c") for note in notes)


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ({}, "scorer t has no parity check: the lake had no raw log-probs that models/t stored itself"),
        (
            {"samples": 8, "mean": 0.2, "kl": 1e-9},
            r"scorer t differs from .*: mean \|difference\| 0.2, mismatch KL 1e-09",
        ),
        ({"samples": 8, "mean": 1e-6, "kl": NAN}, r"scorer t differs from .* mismatch KL nan; its scores may be wrong"),
        ({"samples": 8}, r"scorer t differs from .* mean \|difference\| unknown, mismatch KL unknown"),
        ({"samples": 8, "mean": 0.03, "kl": 1e-3}, None),
        (
            {"samples": 8, "mean": 0.03, "kl": 1e-3, "within": False},
            r"scorer t differs from .* 0.03, mismatch KL 0.001",
        ),
        ({"samples": 8, "mean": 0.9, "kl": 0.5, "within": True}, None),
    ],
)
def test_a_scorer_without_parity_or_beyond_its_bound_is_told(scored, lake, check, said):
    scored.add_scorer(lake, "t", **check)
    scored.add_scores(
        lake, "t", "a", {"p": {i: {"tokens": 4, "logprob": -1.0} for i in (0, 1)}, "q": {0: {"tokens": 1}}}
    )
    notes = lake.query("perplexity", runs="a", scorer="t").notes
    if said is None:
        assert notes == ()
    else:
        (note,) = notes
        assert re.match(said, note)


def test_where_the_model_of_a_scorer_is_not_known_the_command_says_what_to_fill_in(scored, lake):
    row = lake.sql("FROM scorers WHERE scorer = 's'").dicts()[0]
    about = {"scorer_id": "s-0", "number": 9, "name": "n n", "engine": "vllm", "created_at": row["created_at"]}
    more = {"specification": "{}", "labels": [], "versions": [], "scored_by": "{}", "parity_samples": 0}
    scored.append(lake, "scorers", [{**about, **more, "model": "unknown", "parity_tokens": 0}])
    told = (
        r"samples score --model MODEL --run a --name 'n n' \(MODEL is the model of n n, which the lake does not know\)$"
    )
    with pytest.raises(SamplesError, match=told):
        lake.query("perplexity", runs="a", scorer="n n")


def test_the_command_names_the_engine_that_scored(scored, lake):
    row = lake.sql("FROM scorers WHERE scorer = 's'").dicts()[0]
    about = {"scorer_id": "s-toy", "number": 9, "name": "t o y", "engine": "toy", "created_at": row["created_at"]}
    more = {"specification": "{}", "labels": [], "versions": [], "scored_by": "{}", "parity_samples": 0}
    scored.append(lake, "scorers", [{**about, **more, "model": "toy?p=1", "parity_tokens": 0}])
    with pytest.raises(SamplesError, match=r"samples score --model 'toy\?p=1' --engine toy --run a --name 't o y'$"):
        lake.query("perplexity", runs="a", scorer="t o y")


def test_processed_log_probs_are_told_wherever_they_stand_for_the_model(scored, lake):
    scored.add_run(lake, "m", OWN, sampling={**scored.RAW, "temperature": 0.6, "logprobs_mode": "processed_logprobs"})
    said = "the stored log-probs of m are processed: they are of the distribution that samples were drawn from, after"
    for name in ("perplexity", "perplexity_by_run", "perplexity_distribution", "perplexity_by_verdict"):
        assert any(note.startswith(said) for note in lake.query(name, runs=["m"]).notes)
        assert not any("processed" in note for note in lake.query(name, runs=["a"]).notes)
    assert not any("processed" in note for note in lake.query("lengths", runs=["m"]).notes)


def test_prompts_of_the_scorers_own_beside_those_of_a_run_are_told(scored, lake):
    scored.add_scores(lake, "s", "c", {"p": {0: {"tokens": 5, "logprob": -1.0, "prompt": "own"}}})
    notes = lake.query("perplexity_by_run", runs="a,c", scorer="s").notes
    assert "s scored c after prompts of its own, and the rest after the prompts of the run" in notes


# --- figures against an oracle

STATUSES = ["correct", "wrong", "no_answer", "timeout", None]


def ragged(seed, problems=6, runs=("a", "b", "x")):
    """Samples and scores of each run: all kinds of rows, in ragged numbers; nobody solves p0, everybody p1."""
    random = Random(seed)
    drawn, scores = {}, {}
    for run in runs:
        drawn[run], scores[run] = {}, {}
        for number in range(problems):
            drawn[run][f"p{number}"], scores[run][f"p{number}"] = [], {}
            for index in range(random.choice([1, 2, 3, 5, 8])):
                status = {0: "wrong", 1: "correct"}.get(number, random.choice(STATUSES))
                tokens = random.choice([0, 1, 3, 7, 20])
                one = {"tokens": tokens, "logprob": -random.random() * tokens, "status": status}
                one |= {"end": random.choice(["stop", "length"])}
                if random.random() < 0.1:
                    one = {"tokens": 0, "logprob": 0.0, "error": "broke"}
                drawn[run][f"p{number}"].append(one)
                score = {"tokens": tokens, "logprob": one["logprob"] - random.gauss(0.3, 1) * tokens**0.5}
                score |= {"bytes": random.choice([0, 3 * tokens]), "end": random.choice([None, -0.25])}
                score |= random.choice([{}, {}, {}, {"mode": "text", "tokens": tokens + 1}, {"logprob": NAN}])
                score |= random.choice([{}, {}, {}, {}, {"logprob": -INF}, {"error": "too long"}])
                if "error" not in one and random.random() < 0.85:
                    scores[run][f"p{number}"][index] = score
    return drawn, scores


def per_token(one):
    """Natural log of the perplexity of a sample or score; None when it has none."""
    if one.get("error") or not one["tokens"] or not math.isfinite(one["logprob"]):
        return None
    return -one["logprob"] / one["tokens"]


def bits(one):
    if one.get("error") or not one.get("bytes") or not math.isfinite(one["logprob"]):
        return None
    return -(one["logprob"] - (one.get("end") or 0.0)) / math.log(2) / one["bytes"]


def known(values):
    return [value for value in values if value is not None]


def mean(values):
    found = known(values)
    return math.fsum(found) / len(found) if found else None


def median(values):
    found = known(values)
    return statistics.median(found) if found else None


def near(value):
    return None if value is None else pytest.approx(value, rel=1e-12, abs=1e-12)


def by_mode(scores):
    """The scores without an error of one run, by token mode: problem to index to score."""
    modes = {}
    for problem, several in scores.items():
        for index, one in several.items():
            if not one.get("error"):
                modes.setdefault(one.get("mode", "ids"), {}).setdefault(problem, {})[index] = one
    return modes


def filled(scored, path, seed):
    drawn, scores = ragged(seed)
    lake = scored.lake(path)
    scored.add_scorer(lake, "s", samples=1, mean=0.0, kl=0.0)
    for number, run in enumerate(drawn):
        scored.add_run(lake, run, drawn[run], labels={"step": str(10 - number)} if run != "x" else {})
        scored.add_scores(lake, "s", run, scores[run])
    return lake, drawn, scores


@pytest.mark.parametrize("seed", range(3))
def test_perplexities_under_a_scorer_are_those_of_its_rows(scored, tmp_path, seed):
    lake, drawn, scores = filled(scored, tmp_path, seed)
    rows = lake.query("perplexity_by_run", scorer="s").dicts()
    spread = {
        (r["run"], r["problem_id"], r["token_mode"], r["status"]): r
        for r in lake.query("perplexity_distribution", scorer="s")
    }
    for run in drawn:
        for mode, found in by_mode(scores[run]).items():
            for status in ("all", "correct", "wrong"):
                wanted = {"all": STATUSES, "correct": ["correct"], "wrong": ["wrong", "no_answer"]}[status]
                chosen = {
                    problem: [
                        one for index, one in several.items() if drawn[run][problem][index].get("status") in wanted
                    ]
                    for problem, several in found.items()
                }
                values = {p: [per_token(one) for one in several] for p, several in chosen.items()}
                middles = {p: median(None if v is None else math.exp(v) for v in some) for p, some in values.items()}
                row = next((r for r in rows if (r["run"], r["token_mode"], r["status"]) == (run, mode, status)), None)
                if not known(middles.values()):
                    assert row is None
                    continue
                assert row["perplexity"] == near(mean(middles.values()))
                assert row["problems"] == len(known(middles.values()))
                assert row["samples"] == sum(len(known(some)) for some in values.values())
                assert row["mean_log"] == near(mean(mean(some) for some in values.values()))
                assert row["bits_per_byte"] == near(mean(median(map(bits, several)) for several in chosen.values()))
                for problem, several in chosen.items():
                    if several:
                        one = spread[run, problem, mode, status]
                        assert one["q50"] == near(middles[problem])
                        assert one["samples"] == len(known(values[problem]))
                        assert one["bits_per_byte"] == near(median(map(bits, several)))
    for status, run in (("all", "a"), ("correct", "b")):
        total = sum(r["samples"] + r["unknown"] for r in spread.values() if (r["run"], r["status"]) == (run, status))
        there = [one for several in drawn[run].values() for one in several]
        assert total == len([one for one in there if status == "all" or one.get("status") == status])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("scorer", [None, "s"])
def test_perplexity_by_step_is_over_the_problems_that_all_steps_have(scored, tmp_path, seed, scorer):
    lake, drawn, scores = filled(scored, tmp_path, seed)
    answered = lake.query("perplexity_by_step", scorer=scorer)
    assert [row["run"] for row in answered if row["token_mode"] == "ids"] == ["b", "a"], "9 before 10"
    assert any(note.startswith("left out, because they have no label step: x") for note in answered.notes)
    own = {run: {"ids": {p: dict(enumerate(several)) for p, several in drawn[run].items()}} for run in "ab"}
    modes = own if scorer is None else {run: by_mode(scores[run]) for run in "ab"}
    middles = {
        (run, mode): {
            p: value
            for p, several in found.items()
            if (value := median(None if (v := per_token(one)) is None else math.exp(v) for one in several.values()))
        }
        for run in "ab"
        for mode, found in modes[run].items()
    }
    for row in answered:
        some = middles[row["run"], row["token_mode"]]
        others = [set(of) for (_, mode), of in middles.items() if mode == row["token_mode"] and of]
        values = [value for p, value in some.items() if p in set.intersection(*others)]
        assert (row["problems"], row["left_out"]) == (len(values), len(some) - len(values))
        assert row["perplexity"] == near(mean(values))
        if len(values) > 1:
            reach = (row["high"] - row["low"]) / 2
            t = {2: 12.706204736, 3: 4.302652730, 4: 3.182446305, 5: 2.776445105, 6: 2.570581836}[len(values)]
            assert reach == pytest.approx(t * statistics.stdev(values) / len(values) ** 0.5, rel=1e-6)
        else:
            assert (row["low"], row["high"]) == (None, None)


def test_perplexity_by_step_needs_the_label_and_a_shared_problem(scored, lake):
    with pytest.raises(
        SamplesError, match='none of these runs has the label "step"; labels are none yet; samples label RUN'
    ):
        lake.query("perplexity_by_step")
    for run, problem in (("g", "p"), ("h", "q")):
        scored.add_run(lake, run, {problem: OWN[problem][:1]}, labels={"step": "1"})
    with pytest.raises(SamplesError, match="no problem has a known perplexity in every run"):
        lake.query("perplexity_by_step", runs=["g", "h"])


def test_perplexity_by_step_compares_a_problem_in_one_version_only(scored, tmp_path):
    lake = scored.lake(tmp_path)
    sample = {"p": [{"logprobs": [-1.0]}], "q": [{"logprobs": [-2.0]}]}
    for step, version in enumerate(["old", "old", "new"]):
        scored.add_run(lake, f"r{step}", sample, labels={"step": str(step)}, hashes={"q": version})
    answered = lake.query("perplexity_by_step")
    assert [(row["problems"], row["left_out"]) for row in answered] == [(1, 1)] * 3
    assert {row["perplexity"] for row in answered} == {math.exp(1.0)}
    why = "some run has no known perplexity of them, or saw another version"
    assert answered.notes == (f"problems left out, because {why}: 1 of r0, 1 of r1, 1 of r2",)
    assert [row["problems"] for row in lake.query("perplexity_by_step", runs=["r0", "r1"])] == [2, 2]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("scorer", [None, "s"])
def test_perplexity_by_verdict_pairs_the_samples_of_a_problem(scored, tmp_path, seed, scorer):
    lake, drawn, scores = filled(scored, tmp_path, seed)
    rows = {(r["run"], r["token_mode"], r["status"]): r for r in lake.query("perplexity_by_verdict", scorer=scorer)}
    for run in drawn:
        own = {"ids": {p: dict(enumerate(several)) for p, several in drawn[run].items()}}
        for mode, found in (own if scorer is None else by_mode(scores[run])).items():
            logs = {}
            for p, several in found.items():
                for index, one in several.items():
                    if not drawn[run][p][index].get("error"):
                        logs.setdefault(drawn[run][p][index].get("status") or "unjudged", {}).setdefault(p, []).append(
                            one
                        )
            for status, problems in logs.items():
                row = rows[run, mode, status]
                values = {p: [per_token(one) for one in several] for p, several in problems.items()}
                right = {p: mean(map(per_token, several)) for p, several in logs.get("correct", {}).items()}
                assert row["samples"] == sum(len(known(some)) for some in values.values())
                assert row["mean_log"] == near(mean(mean(some) for some in values.values()))
                pairs = {p: (mean(some), right.get(p)) for p, some in values.items() if status != "correct"}
                apart = [x - y for x, y in pairs.values() if x is not None and y is not None]
                assert row["paired"] == len(apart)
                assert row["difference"] == near(mean(apart))
    assert all(row["difference"] is None for key, row in rows.items() if key[2] == "correct")


@pytest.mark.parametrize("threshold", [1, 2])
@pytest.mark.parametrize("scorer", [None, "s"])
def test_perplexity_by_support_splits_by_who_solves_the_problem(scored, oracles, tmp_path, threshold, scorer):
    lake, drawn, scores = filled(scored, tmp_path, 1)
    counts = {}
    for run in "ab":
        counts[run] = {
            p: (len(some), some.count("correct"))
            for p, several in drawn[run].items()
            if (some := [one["status"] for one in several if one.get("status") in {"correct", "wrong", "no_answer"}])
        }
    classes = oracles.coverage(counts["a"], counts["b"], threshold)
    rows = lake.query("perplexity_by_support", a="a", b="b", threshold=threshold, scorer=scorer, runs=["b", "x"])
    found = {(row["run"], row["outcome"], row["token_mode"], row["status"]): row for row in rows}
    assert {row["run"] for row in rows} == {"b", "x"}
    for run in ("b", "x"):
        own = {"ids": {p: dict(enumerate(several)) for p, several in drawn[run].items()}}
        for mode, some in (own if scorer is None else by_mode(scores[run])).items():
            for outcome, problems in classes.items():
                values = [[per_token(one) for one in some[p].values()] for p in problems if some.get(p)]
                middles = [median(None if v is None else math.exp(v) for v in several) for several in values]
                row = found.get((run, outcome, mode, "all"), {"samples": 0})
                if not values:
                    assert row["samples"] == 0
                    continue
                assert row["problems"] == len(known(middles))
                assert row["perplexity"] == near(mean(middles))
                assert row["samples"] == sum(len(known(several)) for several in values)


def test_scorers_lists_who_scored_what_with_its_parity(scored, lake):
    scored.add_scorer(lake, "t")
    scored.add_scores(lake, "s", "c", {"p": {0: {"error": "too long"}}})
    rows = {(row["scorer"], row["run"]): row for row in lake.query("scorers")}
    assert set(rows) == {("a", "a"), ("b", "b"), ("c", "c"), ("s", "a"), ("s", "b"), ("s", "c"), ("t", None)}
    one = rows["s", "a"]
    assert (one["drawn"], one["samples"], one["unknown"], one["errors"], one["own"]) == (3, 3, 1, 0, False)
    assert (one["parity_samples"], one["parity_mean"], one["parity_kl"], one["parity_run"]) == (32, 1e-5, 1e-8, "z")
    assert (rows["s", "c"]["samples"], rows["s", "c"]["errors"], rows["s", "c"]["token_mode"]) == (0, 1, None)
    assert (rows["t", None]["samples"], rows["t", None]["parity_samples"]) == (0, 0)
    assert (rows["b", "b"]["own"], rows["b", "b"]["parity_samples"], rows["b", "b"]["engine"]) == (True, None, "vllm")


def test_by_a_key_of_problems_asks_about_the_scores_of_each_value(scored, lakes, tmp_path):
    lake = scored.lake(tmp_path)
    lakes.append(lake, "problems", [
        {"problem_id": p, "problem_hash": "h", "question": "?", "answer": "c", "metadata": f'{{"level": {n}}}'}
        for n, p in enumerate("pq")
    ], dataset="d")  # fmt: skip
    scored.add_run(lake, "a", OWN)
    scored.add_scorer(lake, "s", samples=1, mean=0.0, kl=0.0)
    scored.add_scores(
        lake, "s", "a", {"p": {0: {"tokens": 4, "logprob": -4.0}}, "q": {0: {"tokens": 5, "logprob": -20.0}}}
    )
    rows = lake.query("perplexity_distribution", scorer="s", by="level").dicts()
    middles = {row["level"]: row["q50"] for row in rows if row["status"] == "all"}
    assert middles == {"0": near(math.e), "1": near(math.exp(4))}

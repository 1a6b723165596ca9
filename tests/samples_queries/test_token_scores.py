"""Token log-probs under several scorers: one sample token by token, and the tokens with the largest gaps."""

import math
from collections import defaultdict
from random import Random

import pytest

from samples.errors import SamplesError
from samples_queries import surprising_tokens

NAN = math.nan
SAMPLES = {"p": [{"logprobs": [-0.5, -1.0, -0.25], "ids": [7, 8, 9]}, {"logprobs": [-2.0], "ids": [7]}]}


@pytest.fixture
def lake(scored, tmp_path):
    """Run a with ids; s scored both samples as ids, t the first one as text."""
    made = scored.lake(tmp_path)
    scored.add_run(made, "a", SAMPLES)
    for name in "st":
        scored.add_scorer(made, name, samples=1, mean=0.0, kl=0.0)
    scored.add_scores(made, "s", "a", {"p": {0: {"logprobs": [-1.5, -1.0, -4.25]}, 1: {"logprobs": [-1.0]}}})
    text = {"logprobs": [-3.0, -3.5], "ids": [70, 80], "mode": "text"}
    scored.add_scores(made, "t", "a", {"p": {0: text}})
    return made


def test_a_sample_is_shown_token_by_token_under_itself_and_each_scorer(lake):
    rows = lake.query("token_logprobs", run="a", problem_id="p", sample_index=0)
    found = [tuple(row[n] for n in ("scorer", "own", "token_mode", "position", "token_id", "logprob")) for row in rows]
    assert found == [
        ("a", True, "ids", 0, 7, -0.5),
        ("a", True, "ids", 1, 8, -1.0),
        ("a", True, "ids", 2, 9, -0.25),
        ("s", False, "ids", 0, 7, -1.5),
        ("s", False, "ids", 1, 8, -1.0),
        ("s", False, "ids", 2, 9, -4.25),
        ("t", False, "text", 0, 70, -3.0),
        ("t", False, "text", 1, 80, -3.5),
    ]
    assert {row["logprobs_mode"] for row in rows} == {"raw_logprobs"}
    assert rows.notes == ()


def test_one_scorer_of_a_sample_can_be_chosen(lake):
    rows = lake.query("token_logprobs", run="a", problem_id="p", sample_index=1, scorer="s")
    assert [(row["scorer"], row["logprob"]) for row in rows] == [("a", -2.0), ("s", -1.0)]
    assert rows.notes == ()


def test_processed_log_probs_say_that_they_are(scored, lake):
    scored.add_run(lake, "m", SAMPLES, sampling={**scored.RAW, "logprobs_mode": "processed_logprobs"})
    rows = lake.query("token_logprobs", run="m", problem_id="p", sample_index=0)
    assert {row["logprobs_mode"] for row in rows} == {"processed_logprobs"}


@pytest.mark.parametrize(("problem", "index"), [("p", 9), ("none", 0), ("p", -1)])
def test_a_sample_that_is_not_there_is_refused(lake, problem, index):
    with pytest.raises(
        SamplesError, match=rf"sample {index} of problem {problem} of run a is not there, or has no token"
    ):
        lake.query("token_logprobs", run="a", problem_id=problem, sample_index=index)


# --- gaps of tokens


def vocabulary(seed, runs="ab", problems=5):
    """Samples and scores of two runs over 12 token ids, by two scorers, with gaps, NaN, text and missing samples."""
    random = Random(seed)
    drawn, scores = {}, {"s": {}, "u": {}}
    for run in runs:
        drawn[run] = {}
        for of_runs in scores.values():
            of_runs[run] = {}
        for number in range(problems):
            problem = f"p{number}"
            drawn[run][problem] = []
            for of_runs in scores.values():
                of_runs[run][problem] = {}
            for index in range(random.randint(1, 6)):
                length = random.choice([0, 1, 5, 15])
                ids = [random.randrange(12) for _ in range(length)]
                drawn[run][problem].append({"logprobs": [-random.randrange(64) / 16 for _ in ids], "ids": ids})
                for of_runs in scores.values():
                    score = {"logprobs": [-random.randrange(64) / 16 for _ in ids]}
                    if ids and random.random() < 0.1:
                        score["logprobs"][0] = NAN
                    score |= {"mode": "text", "ids": ids} if random.random() < 0.1 else {}
                    score |= {"logprobs": [-1.0] * (length + 1)} if random.random() < 0.05 else {}
                    if random.random() < 0.9:
                        of_runs[run][problem][index] = score
    return drawn, scores


def gaps(drawn, one, other):
    """Per token id: (log-prob, other log-prob, problem) of each occurrence; `other` None is the run's own."""
    found = defaultdict(list)
    for run, problems in drawn.items():
        for problem, samples in problems.items():
            for index, sample in enumerate(samples):
                sides = [sample if side is None else side[run][problem].get(index) for side in (one, other)]
                if any(side is None or side.get("mode") == "text" for side in sides):
                    continue
                if all(len(side["logprobs"]) == len(sample["ids"]) for side in sides):
                    for token, x, y in zip(sample["ids"], *(side["logprobs"] for side in sides), strict=True):
                        if math.isfinite(x - y):
                            found[token].append((x, y, problem))
    return found


@pytest.mark.cases(6)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("against", [None, "u"])
@pytest.mark.parametrize("at_once", [1, 40, 10**9])
def test_gaps_are_means_over_all_occurrences_however_many_problems_are_read_at_once(
    scored, tmp_path, monkeypatch, seed, against, at_once
):
    monkeypatch.setattr(surprising_tokens, "_AT_ONCE", at_once)
    drawn, scores = vocabulary(seed)
    lake = scored.lake(tmp_path)
    for name, runs in scores.items():
        scored.add_scorer(lake, name, samples=1, mean=0.0, kl=0.0)
        for run in runs:
            if name == "s":
                scored.add_run(lake, run, drawn[run])
    for name, runs in scores.items():
        for run, several in runs.items():
            scored.add_scores(lake, name, run, several)
    expected = {
        token: some for token, some in gaps(drawn, scores["s"], against and scores[against]).items() if len(some) >= 5
    }
    rows = lake.query("surprising_tokens", scorer="s", against=against, min_n=5, most=7).dicts()
    order = sorted(expected, key=lambda t: (-abs(math.fsum(x - y for x, y, _ in expected[t]) / len(expected[t])),
                                            -len(expected[t]), t))  # fmt: skip
    assert [row["token_id"] for row in rows] == order[:7]
    for row in rows:
        some = expected[row["token_id"]]
        apart = [x - y for x, y, _ in some]
        assert row["n"] == len(some)
        assert row["problems"] == len({problem for *_, problem in some})
        assert row["gap"] == pytest.approx(math.fsum(apart) / len(some), abs=1e-12)
        assert row["total_gap"] == pytest.approx(math.fsum(apart), abs=1e-12)
        assert (row["lowest"], row["highest"]) == (min(apart), max(apart))
        assert row["logprob_scorer"] == pytest.approx(math.fsum(x for x, *_ in some) / len(some), abs=1e-12)
        assert row["logprob_against"] == pytest.approx(math.fsum(y for _, y, _ in some) / len(some), abs=1e-12)


def test_tokens_scored_as_text_alone_are_refused_and_those_without_numbers_told(scored, lake):
    with pytest.raises(
        SamplesError, match="no sample of a has token ids and token log-probs under t and under the run"
    ):
        lake.query("surprising_tokens", runs="a", scorer="t")
    with pytest.raises(SamplesError, match="most = 0: expected at least 1"):
        lake.query("surprising_tokens", runs="a", scorer="s", most=0)
    scored.add_scorer(lake, "w", samples=1, mean=0.0, kl=0.0)
    scored.add_scores(lake, "w", "a", {"p": {0: {"logprobs": [NAN, -1.0, -1.0]}, 1: {"logprobs": [-1.0]}}})
    assert (
        "1 tokens are left out: their log-probs are no finite numbers"
        in lake.query("surprising_tokens", runs="a", scorer="w", min_n=1).notes
    )


def test_a_run_named_as_the_other_scorer_stands_with_its_own_log_probs(lake):
    rows = {row["token_id"]: row for row in lake.query("surprising_tokens", runs="a", scorer="s", against="a", min_n=1)}
    assert {token: row["gap"] for token, row in rows.items()} == {7: 0.0, 8: 0.0, 9: -4.0}
    assert (rows[7]["n"], rows[7]["lowest"], rows[7]["highest"], rows[7]["problems"]) == (2, -1.0, 1.0, 1)


def test_processed_log_probs_of_a_run_never_stand_for_those_of_a_scorer_of_its_name(scored, lake):
    scored.add_run(lake, "m", SAMPLES, sampling={**scored.RAW, "logprobs_mode": "processed_logprobs"})
    for name in "ms":
        scored.add_scorer(lake, name, samples=1, mean=0.0, kl=0.0)
        scored.add_scores(lake, name, "m", {"p": {1: {"logprobs": [-2.5 if name == "m" else -1.0]}}})
    for asked, gap in [({"scorer": "m"}, -0.5), ({"scorer": "s"}, 1.0), ({"scorer": "s", "against": "m"}, 1.5)]:
        found = lake.query("surprising_tokens", runs="m", min_n=1, **asked)
        assert [(row["token_id"], row["n"], row["gap"]) for row in found] == [(7, 1, gap)], asked

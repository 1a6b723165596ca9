"""Ratios of likelihoods: divergence and entropy are those of known distributions, and say of which they are."""

import json
import math
import statistics
from random import Random

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from samples.engines import Placement, Sampling, load, toy_table
from samples.errors import SamplesError
from samples_queries.asking import ask

NAN, INF = math.nan, math.inf
T = {1: 12.706204736, 2: 4.302652730, 3: 3.182446305, 4: 2.776445105, 5: 2.570581836}  # 0.975 quantiles of Student's t


def checked(scored, path):
    """A lake with the scorer s, whose parity check holds."""
    lake = scored.lake(path)
    scored.add_scorer(lake, "s", samples=1, mean=0.0, kl=0.0)
    return lake


def ragged(seed):
    """Samples of five problems, and their scores: finite or not, of the same tokens or not."""
    random = Random(seed)
    samples, scores = {}, {}
    for problem in ("p0", "p1", "p2", "p3", "p4"):
        samples[problem], scores[problem] = [], {}
        for index in range(random.choice([1, 2, 5, 9])):
            tokens = random.choice([0, 1, 4, 12])
            one = {
                "tokens": tokens,
                "logprob": -0.6 * tokens * random.random(),
                "end": random.choice(["stop", "length"]),
            }
            one |= random.choice([{}] * 7 + [{"logprob": NAN}, {"logprob": None}, {"error": "broke", "logprob": 0.0}])
            other = {"tokens": tokens, "logprob": (one["logprob"] or 0.0) - random.gauss(0.2, 0.5) * tokens**0.5}
            other |= random.choice([{}] * 7 + [{"logprob": -INF}, {"mode": "text"}, {"error": "long"}, {"tokens": 99}])
            samples[problem].append(one)
            if random.random() < 0.9:
                scores[problem][index] = other
    return samples, scores


def pairs(samples, scores):
    """Each sample and score of which both log-probs are known and of the same tokens, by problem."""
    found = {}
    for problem, several in samples.items():
        for index, one in enumerate(several):
            other = scores[problem].get(index)
            if other is None or one.get("error") or other.get("error") or other.get("mode") == "text":
                continue
            if one["tokens"] == other["tokens"] and all(
                value is not None and math.isfinite(value) for value in (one["logprob"], other["logprob"])
            ):
                found.setdefault(problem, []).append((one, other))
    return found


def interval(values):
    """The mean over problems and the half-width of its interval."""
    count = len(values)
    return statistics.fmean(values), (T[count - 1] * statistics.stdev(values) / count**0.5 if count > 1 else None)


def assert_reach(row, name, reach):
    """The interval lies around the figure; there is none without a second problem."""
    if reach is None:
        assert (row["low"], row["high"]) == (None, None)
    else:
        assert row["high"] - row[name] == pytest.approx(reach, rel=1e-6)
        assert row[name] - row["low"] == pytest.approx(reach, rel=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_divergence_and_entropy_are_means_over_problems_with_a_t_interval(scored, tmp_path, seed):
    samples, scores = ragged(seed)
    lake = checked(scored, tmp_path)
    scored.add_run(lake, "a", samples)
    scored.add_scores(lake, "s", "a", scores)
    whole, token = lake.query("divergence", runs="a", scorer="s").dicts()
    both = pairs(samples, scores)
    divergences = {p: statistics.fmean(x["logprob"] - y["logprob"] for x, y in some) for p, some in both.items()}
    lengths = {p: statistics.fmean(x["tokens"] for x, _ in some) for p, some in both.items()}
    ratios = [[math.exp(y["logprob"] - x["logprob"]) for x, y in some] for some in both.values()]
    mean, reach = interval(list(divergences.values()))
    assert (whole["of"], whole["per"], token["per"]) == ("model", "completion", "token")
    assert (whole["problems"], whole["samples"]) == (len(both), sum(map(len, both.values())))
    assert whole["cut"] == sum(x["end"] == "length" for some in both.values() for x, _ in some)
    assert whole["divergence"] == pytest.approx(mean, rel=1e-12)
    assert_reach(whole, "divergence", reach)
    k3 = statistics.fmean(statistics.fmean(r - 1 - math.log(r) for r in some) for some in ratios)
    assert whole["k3"] == pytest.approx(k3, rel=1e-9)
    rate = sum(divergences.values()) / sum(lengths.values())
    rests = [divergences[p] - rate * lengths[p] for p in both]
    assert token["divergence"] == pytest.approx(rate, rel=1e-12)
    if reach is not None:
        assert_reach(token, "divergence", interval(rests)[1] / statistics.fmean(lengths.values()))
    assert token["k3"] is None
    own = {
        p: some
        for p, several in samples.items()
        if (
            some := [
                x for x in several if not x.get("error") and x["logprob"] is not None and math.isfinite(x["logprob"])
            ]
        )
    }
    entropies = {p: statistics.fmean(-x["logprob"] for x in some) for p, some in own.items()}
    mean, reach = interval(list(entropies.values()))
    whole, token = lake.query("entropy").dicts()
    assert whole["entropy"] == pytest.approx(mean, rel=1e-12)
    assert_reach(whole, "entropy", reach)
    assert whole["samples"] + whole["unknown"] == sum(map(len, samples.values()))
    tokens = statistics.fmean(statistics.fmean(x["tokens"] for x in some) for some in own.values())
    assert token["entropy"] == pytest.approx(statistics.fmean(entropies.values()) / tokens, rel=1e-12)


def test_small_ratios_keep_their_digits_in_k3(scored, tmp_path):
    lake = checked(scored, tmp_path)
    scored.add_run(lake, "a", {"p": [{"tokens": 1, "logprob": -1.0}]})
    for place, apart in enumerate((2.0**-30, 2.0**-11, 2.0**-9, 1.0, 12.0)):
        scored.add_scorer(lake, f"t{place}", samples=1, mean=0.0, kl=0.0)
        scored.add_scores(lake, f"t{place}", "a", {"p": {0: {"tokens": 1, "logprob": -1.0 + apart}}})
        whole, _ = lake.query("divergence", scorer=f"t{place}").dicts()
        exact = math.fsum(apart**n / math.factorial(n) for n in range(2, 80))
        assert whole["k3"] == pytest.approx(exact, rel=1e-11, abs=1e-19)
        assert (whole["low"], whole["high"]) == (None, None)


SETTINGS = {
    "plain": ({}, "model", True),
    "older runs record less": (
        {"temperature": None, "top_p": None, "top_k": None, "logprobs_mode": None},
        "model",
        True,
    ),
    "processed at 1 is raw": ({"logprobs_mode": "processed_logprobs"}, "model", True),
    "another way to say all tokens": ({"top_k": -1}, "model", True),
    "raw at 0.6": ({"temperature": 0.6}, "neither", False),
    "raw with top_p": ({"top_p": 0.95}, "neither", False),
    "raw with min_tokens": ({"min_tokens": 5}, "neither", False),
    "raw with a penalty": ({"repetition_penalty": 1.1}, "neither", False),
    "processed at 0.6": ({"temperature": 0.6, "logprobs_mode": "processed_logprobs"}, "sampling", True),
    "processed with top_k": ({"top_k": 5, "logprobs_mode": "processed_logprobs"}, "sampling", False),
    "greedy": ({"temperature": 0.0, "logprobs_mode": "processed_logprobs"}, "neither", False),
}


@pytest.mark.cases(5)
@pytest.mark.parametrize("case", [*SETTINGS, "imported"])
def test_of_says_which_distribution_it_is_and_k3_is_there_where_it_is_right(scored, tmp_path, case):
    changed, of, has_k3 = SETTINGS.get(case, ({}, "unknown", False))
    sampling = {name: value for name, value in {**scored.RAW, **changed}.items() if value is not None}
    lake = checked(scored, tmp_path)
    engine = "imported" if case == "imported" else "vllm"
    scored.add_run(lake, "a", {"p": [{"tokens": 2, "logprob": -1.0}]}, sampling=sampling, engine=engine)
    scored.add_scores(lake, "s", "a", {"p": {0: {"tokens": 2, "logprob": -1.5}}})
    answered = lake.query("divergence", scorer="s")
    whole, _ = answered.dicts()
    assert whole["of"] == of
    assert whole["divergence"] == 0.5
    assert (whole["k3"] is not None) == has_k3
    assert bool(answered.notes) == (of != "model")
    assert lake.query("entropy").dicts()[0]["of"] == of
    assert {row["of"] for row in lake.query("likelihood_ratio", run="a", scorer="s")} == {of}
    if of == "neither":
        assert "is no KL divergence; a run at temperature 1 without top_p" in answered.notes[-1]
        assert "is no entropy" in lake.query("entropy").notes[-1]


def test_scores_of_other_tokens_give_no_ratio(scored, tmp_path):
    lake = checked(scored, tmp_path)
    samples = {"p": [{"tokens": 2, "logprob": -1.0}, {"tokens": 2, "logprob": None}]}
    scored.add_run(lake, "a", samples, engine="imported", sampling={})
    text = {"tokens": 2, "logprob": -1.5, "mode": "text", "bytes": 3}
    scored.add_scores(lake, "s", "a", {"p": {0: text, 1: {"tokens": 2, "logprob": -1.0}}})
    with pytest.raises(SamplesError) as caught:
        lake.query("divergence", scorer="s")
    assert str(caught.value) == (
        "divergence: no log-ratio is known; 2 of 2 samples of a under s are left out: 1 were scored as text, so as "
        "other tokens (bits_per_byte of perplexity compares), 1 have no stored log-probs"
    )
    with pytest.raises(SamplesError, match="no log-ratio is known"):
        lake.query("likelihood_ratio", run="a", scorer="s")


def test_samples_cut_by_length_and_other_prompts_are_told(scored, tmp_path):
    lake = checked(scored, tmp_path)
    scored.add_run(lake, "a", {"p": [{"tokens": 2, "logprob": -1.0, "end": "length"}, {"tokens": 1, "logprob": -1.0}]})
    scores = {0: {"tokens": 2, "logprob": -2.0, "prompt": "own"}, 1: {"tokens": 1, "logprob": -2.0, "prompt": "own"}}
    scored.add_scores(lake, "s", "a", {"p": scores})
    notes = lake.query("divergence", scorer="s").notes
    assert "1 of 2 samples of a were cut at the length limit: they count up to the cut" in notes
    assert "s scored a after prompts of its own: the log-probs are of answers to different prompts" in notes


def test_samples_that_the_scorer_finds_impossible_are_told(scored, tmp_path):
    lake = checked(scored, tmp_path)
    scored.add_run(lake, "a", {"p": [{"tokens": 2, "logprob": -1.0}, {"tokens": 1, "logprob": -1.0}]})
    scored.add_scores(lake, "s", "a", {"p": {0: {"tokens": 2, "logprob": -INF}, 1: {"tokens": 1, "logprob": -2.0}}})
    answered = lake.query("divergence", scorer="s")
    assert answered.dicts()[0]["divergence"] == 1.0
    assert "1 are impossible for the scorer (log-prob -inf), which would make a mean infinite" in answered.notes[-1]


def test_a_run_does_not_diverge_from_itself(scored, tmp_path):
    lake = scored.lake(tmp_path)
    scored.add_run(lake, "a", {"p": [{"tokens": 2, "logprob": -1.0}], "q": [{"tokens": 0, "logprob": 0.0}]})
    whole, token = lake.query("divergence", runs="a", scorer="a").dicts()
    assert (whole["divergence"], whole["low"], whole["high"], whole["k3"]) == (0.0, 0.0, 0.0, 0.0)
    assert (token["divergence"], token["problems"]) == (0.0, 2)


# --- how likely answers are, beside the scorer's own


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("named", [True, False])
def test_answers_as_likely_as_the_scorers_own_are_counted(scored, tmp_path, seed, named):
    """With a run of the scorer's name its answers are the reference, else the run's own."""
    samples, scores = ragged(seed)
    base, _ = ragged(seed + 50)
    del base["p4"]
    lake = checked(scored, tmp_path)
    scored.add_run(lake, "a", samples)
    scored.add_scores(lake, "s", "a", scores)
    if named:
        scored.add_run(lake, "s", base, hashes={"p3": "edited"})
    of = base if named else samples
    reference = {
        p: statistics.median(some)
        for p, several in of.items()
        if p in samples
        and not (named and p == "p3")
        and (
            some := [
                x["logprob"] / x["tokens"]
                for x in several
                if not x.get("error") and x["logprob"] is not None and math.isfinite(x["logprob"]) and x["tokens"]
            ]
        )
    }
    expected = {
        p: [y["logprob"] / y["tokens"] >= reference[p] for _, y in some if y["tokens"]]
        for p, some in pairs(samples, scores).items()
        if p in reference
    }
    expected = {p: some for p, some in expected.items() if some}
    answered = lake.query("likelihood_ratio_by_run", runs="a", scorer="s")
    (row,) = answered.dicts()
    assert row["reference_run"] == ("s" if named else "a")
    assert ("compared with the run's own" in str(answered.notes)) is not named
    assert (row["compared"], row["as_likely"]) == (
        sum(map(len, expected.values())),
        sum(sum(some) for some in expected.values()),
    )
    shares = [sum(some) / len(some) for some in expected.values()]
    assert row["share_as_likely"] == (pytest.approx(statistics.fmean(shares)) if shares else None)
    ratios = {
        p: statistics.median(y["logprob"] - x["logprob"] for x, y in some) for p, some in pairs(samples, scores).items()
    }
    assert row["log_ratio"] == pytest.approx(statistics.fmean(ratios.values()), rel=1e-12)
    rows = (listed := lake.query("likelihood_ratio", run="a", scorer="s")).dicts()
    assert ("compared with the run's own" in str(listed.notes)) is not named
    assert sum(row["as_likely"] is True for row in rows) == row["as_likely"]
    for one in rows:
        own = samples[one["problem_id"]][one["sample_index"]]
        other = scores[one["problem_id"]][one["sample_index"]]
        if one["log_ratio"] is not None:
            assert one["log_ratio"] == pytest.approx(other["logprob"] - own["logprob"], abs=1e-12)
            per = one["log_ratio_per_token"]
            assert per == (pytest.approx(one["log_ratio"] / own["tokens"]) if own["tokens"] else None)
    assert any("are compared with nothing" in note for note in answered.notes) == (row["compared"] < row["samples"])


# --- known distributions

END, STATES = 0, 6
LIMIT = 12  # tokens


def bigrams(seed, sharp):
    """Chances of the next token (END ends) after each of the tokens 1 to 5, [state, next]."""
    logits = np.random.default_rng(seed).normal(0, sharp, (STATES, STATES))
    logits[:, END] += 0.5
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


RUN, SCORER = bigrams(1, 0.8), bigrams(2, 0.8)
STARTS = np.array([0, 0.4, 0.3, 0.1, 0.1, 0.1])  # how problems are distributed: a problem is a first state


def truths():
    """KL and entropy of a completion, and its expected tokens, over all problems: exactly, token by token."""
    value = {name: np.zeros(STATES) for name in ("kl", "entropy", "tokens")}
    step = {
        "kl": (RUN * np.log(RUN / SCORER)).sum(axis=1),
        "entropy": -(RUN * np.log(RUN)).sum(axis=1),
        "tokens": np.ones(STATES),
    }
    for _ in range(LIMIT):
        for name, of in value.items():
            rest = of.copy()
            rest[END] = 0.0
            value[name] = step[name] + RUN @ rest
    return {name: float(STARTS @ of) for name, of in value.items()}


def drawn(random, problems, samples):
    """A connection with the views that the queries read, over samples of the run: its settings are plain."""
    count = problems * samples
    state = np.repeat(random.choice(STATES, size=problems, p=STARTS), samples)
    own, other, tokens = np.zeros(count), np.zeros(count), np.zeros(count, np.int32)
    alive = np.ones(count, bool)
    for _ in range(LIMIT):
        following = (random.random(count)[:, None] > RUN[state].cumsum(axis=1)).sum(axis=1).clip(max=STATES - 1)
        own += np.where(alive, np.log(RUN[state, following]), 0)
        other += np.where(alive, np.log(SCORER[state, following]), 0)
        tokens += alive
        alive &= following != END
        state = following
    names = np.char.add("p", np.repeat(np.arange(problems), samples).astype(str))
    key = {"run": ["a"] * count, "run_id": ["r-a"] * count, "dataset": ["d"] * count, "problem_id": names}
    key |= {"sample_index": np.tile(np.arange(samples, dtype=np.int32), problems), "tokens": tokens}
    connection = duckdb.connect(config={"threads": 1})
    ends = np.where(alive, "length", "stop")
    nothing = pa.nulls(count, pa.string())
    rows = {**key, "cumulative_logprob": own, "finish_reason": ends, "error": nothing}
    connection.register("samples", pa.table(rows))
    more = {"scorer": ["s"] * count, "token_mode": ["ids"] * count, "prompt": ["run"] * count}
    connection.register("likelihoods", pa.table({**key, **more, "cumulative_logprob": other}))
    specification = json.dumps({"sampling": {"temperature": 1.0, "logprobs_mode": "raw_logprobs"}})
    connection.register("runs", pa.table({"run": ["a"], "engine": ["vllm"], "specification": [specification]}))
    names = [*key, "n", "positions", "top_entropy", "mass_left", "entropy_least", "entropy_most"]
    nothing = ", ".join(f"NULL AS {name}" for name in names)
    connection.execute(f"CREATE VIEW own_top_logprobs AS SELECT {nothing} WHERE false")
    return connection


def test_the_divergence_and_entropy_of_many_samples_are_the_known_ones():
    truth = truths()
    connection = drawn(np.random.default_rng(0), 2000, 20)
    whole, token = ask(connection, "divergence", {"runs": ["a"], "scorer": "s"}).rows.to_pylist()
    assert whole["divergence"] == pytest.approx(truth["kl"], rel=0.02)
    assert whole["k3"] == pytest.approx(truth["kl"], rel=0.03)
    assert token["divergence"] == pytest.approx(truth["kl"] / truth["tokens"], rel=0.02)
    whole, token = ask(connection, "entropy", {"runs": ["a"]}).rows.to_pylist()
    assert whole["entropy"] == pytest.approx(truth["entropy"], rel=0.02)
    assert token["entropy"] == pytest.approx(truth["entropy"] / truth["tokens"], rel=0.02)


def chain(table, other, starts, room):
    """KL(table || other) of a completion after each of these tokens, exactly; token 0 ends it, and so does the room."""
    shares = np.exp(table.astype(np.float64))
    known = shares > 0
    apart = np.zeros(shares.shape)
    apart[known] = table[known].astype(np.float64) - other[known]
    step, value = (shares * apart).sum(axis=1), np.zeros(len(shares))
    for _ in range(room):
        value[0] = 0.0
        value = step + np.where(known, shares, 0) @ value
    return value[starts]


def test_the_divergence_of_two_toy_models_is_that_of_their_tables(scored, tmp_path):
    """The engine draws and scores; a table of bigrams says what the KL is."""
    room, problems, samples = 12, 40, 150
    names = ["toy?bigram=4&tokens=6", "toy?bigram=4&tokens=6&taste=1"]
    own, other = (
        load("toy", name, None, "auto", Sampling(temperature=1.0, max_tokens=room), Placement(), scoring=scoring)
        for name, scoring in zip(names, (False, True), strict=True)
    )
    lake = checked(scored, tmp_path)
    drawn, scores = {}, {}
    prompts = {f"p{number}": [60 + number, ord("abcd"[number % 4])] for number in range(problems)}
    for problem, prompt in prompts.items():
        completions = own.sample(prompt, list(range(samples)))
        found = other.score(prompt, [one.token_ids for one in completions])
        drawn[problem] = [
            {"logprobs": one.token_logprobs.tolist(), "ids": one.token_ids.tolist(), "end": one.finish_reason}
            for one in completions
        ]
        scores[problem] = {index: {"logprobs": one.token_logprobs.tolist()} for index, one in enumerate(found)}
    scored.add_run(lake, "a", drawn)
    scored.add_scores(lake, "s", "a", scores)
    tables = [toy_table.for_drawing(taste, 4, 6) for taste in (0, 1)]
    truth = chain(*tables, [prompt[-1] for prompt in prompts.values()], room).mean()
    whole, _ = lake.query("divergence", scorer="s").dicts()
    assert whole["of"] == "model"
    assert whole["cut"] > 0
    assert whole["divergence"] == pytest.approx(truth, rel=0.05)
    assert whole["k3"] == pytest.approx(truth, rel=0.2)
    assert lake.query("divergence", runs="a", scorer="a").dicts()[0]["divergence"] == 0.0


@pytest.mark.nightly
def test_the_intervals_hold_the_truth_in_95_of_100_simulations():
    truth = truths()
    wanted = {("divergence", "completion"): truth["kl"], ("divergence", "token"): truth["kl"] / truth["tokens"]}
    wanted |= {("entropy", "completion"): truth["entropy"], ("entropy", "token"): truth["entropy"] / truth["tokens"]}
    held = dict.fromkeys(wanted, 0)
    random, times = np.random.default_rng(7), 1500
    for _ in range(times):
        connection = drawn(random, 60, 16)
        for name, given in (("divergence", {"runs": ["a"], "scorer": "s"}), ("entropy", {"runs": ["a"]})):
            for row in ask(connection, name, given).rows.to_pylist():
                held[name, row["per"]] += row["low"] <= wanted[name, row["per"]] <= row["high"]
        connection.close()
    assert all(0.93 <= count / times <= 0.97 for count in held.values()), held

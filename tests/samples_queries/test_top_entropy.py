"""The entropy of the next token, from the most likely ones that are stored: exact where all are, bounds elsewhere."""

import math

import numpy as np
import pyarrow as pa
import pytest

from samples.engines import Placement, Sampling, load, toy_table
from samples.units.companion import companion

MODEL, LETTERS, TOKENS, ROOM, SAMPLES = "toy?bigram=4&tokens=6", 4, 6, 12, 40
PROMPTS = {f"p{number}": [60, ord("abcd"[number % 4])] for number in range(12)}
TOP = ("entropy_top", "entropy_least", "entropy_most")


def add_tops(scored, lake, run, tops):
    """Add what runs store of the most likely tokens: problem to sample index to `Top`."""
    for problem, several in tops.items():
        key = {"problem_id": [problem] * len(several), "sample_index": list(several), "attempt": ["x"] * len(several)}
        rows = companion({name: pa.array(values) for name, values in key.items()}, [*several.values()], 256)
        scored.append(lake, "top_logprobs", rows.to_pylist(), scorer_id=f"r-{run}", run_id=f"r-{run}")


def add_drawn(scored, lake, run, n, kept=lambda _: True):
    """Draw a run of the toy; return its completions by problem."""
    settings = Sampling(temperature=1.0, max_tokens=ROOM)
    engine = load("toy", MODEL, None, "auto", settings, Placement(), top_logprobs=n)
    completions = {problem: engine.sample(prompt, list(range(SAMPLES))) for problem, prompt in PROMPTS.items()}
    rows = {
        problem: [{"logprobs": one.token_logprobs.tolist(), "end": one.finish_reason} for one in several]
        for problem, several in completions.items()
    }
    scored.add_run(lake, run, rows)
    if n:
        kept_tops = {
            problem: {index: one.top for index, one in enumerate(several) if kept(index)}
            for problem, several in completions.items()
        }
        add_tops(scored, lake, run, kept_tops)
    return completions


def row_entropies():
    """The entropy of the next token after each token, from the toy's table."""
    shares = np.exp(toy_table.for_drawing(0, LETTERS, TOKENS).astype(np.float64))
    return [-math.fsum(p * math.log(p) for p in row if p) for row in shares]


def exact(completions, kept=lambda _: True):
    """Sums over the positions of a sample, meaned over samples and then problems: entropy, and positions."""
    step = row_entropies()
    sums, counts = [], []
    for problem, several in completions.items():
        chosen = [one for index, one in enumerate(several) if kept(index)]
        sums.append(
            np.mean([math.fsum(step[at] for at in [PROMPTS[problem][-1], *one.token_ids[:-1]]) for one in chosen])
        )
        counts.append(np.mean([one.token_ids.size for one in chosen]))
    return np.mean(sums), np.mean(counts)


@pytest.mark.parametrize("n", [LETTERS + 1, 20])
def test_where_every_token_that_can_come_is_stored_the_entropy_is_exact(scored, tmp_path, n):
    lake = scored.lake(tmp_path)
    completions = add_drawn(scored, lake, "a", n)
    truth, tokens = exact(completions)
    whole, token = lake.query("entropy").dicts()
    for row, value in ((whole, truth), (token, truth / tokens)):
        assert [row[name] for name in TOP] == pytest.approx([value] * 3, rel=1e-5)
        assert row["mass_left"] == pytest.approx(0, abs=1e-6)
        assert (row["top_samples"], row["top_n"]) == (len(PROMPTS) * SAMPLES, n)
        assert row["low"] < value < row["high"], "what the samples' own log-probs estimate"


@pytest.mark.parametrize("n", [1, 2, 4])
def test_bounds_hold_the_exact_entropy_where_some_tokens_are_not_stored(scored, tmp_path, n):
    lake = scored.lake(tmp_path)
    completions = add_drawn(scored, lake, "a", n)
    truth, tokens = exact(completions)
    shares = -np.sort(-np.exp(toy_table.for_drawing(0, LETTERS, TOKENS).astype(np.float64)))
    left = [
        np.mean(
            [math.fsum(shares[at, n:].sum() for at in [PROMPTS[problem][-1], *one.token_ids[:-1]]) for one in several]
        )
        for problem, several in completions.items()
    ]
    whole, token = lake.query("entropy").dicts()
    assert whole["entropy_top"] < whole["entropy_least"] < truth + 1e-6 < whole["entropy_most"]
    assert whole["mass_left"] == token["mass_left"] == pytest.approx(np.mean(left) / tokens, rel=1e-5)
    for name in TOP:
        assert token[name] == pytest.approx(whole[name] / tokens, rel=1e-9)


def test_samples_without_stored_tokens_are_no_part_of_it_and_a_note_says_so(scored, tmp_path):
    lake = scored.lake(tmp_path)
    completions = add_drawn(scored, lake, "a", 20, kept=lambda index: index % 2)
    add_drawn(scored, lake, "b", 0)
    a, _, b, _ = lake.query("entropy").dicts()
    assert a["top_samples"] == len(PROMPTS) * SAMPLES / 2
    assert a["entropy_top"] == pytest.approx(exact(completions, lambda index: index % 2)[0], rel=1e-5)
    assert b["top_samples"] == 0
    assert [b[name] for name in ("top_n", *TOP, "mass_left")] == [None] * 5
    assert a["entropy"] == b["entropy"], "the same samples"
    (said,) = [note for note in lake.query("entropy").notes if "top log-probs" in note]
    assert said.startswith("240 of 480 samples of a have stored top log-probs")


def test_failed_samples_unknown_log_probs_and_other_attempts_do_not_count(scored, tmp_path):
    lake = scored.lake(tmp_path)
    good = {"tokens": 1, "logprob": -1.0}
    scored.add_run(lake, "a", {"p": [good, good, {**good, "error": "broke"}]})
    key = {"problem_id": "p", "n": 1, "positions": 1, "top_entropy": 0.25, "mass_left": 0.5, "entropy_least": 0.5}
    about = {**key, "top_ids": [3], "top_logprobs": [-0.7]}
    rows = [(0, "x", 2.0), (0, "lost", 7.0), (1, "x", math.nan), (2, "x", 9.0)]
    found = [
        {**about, "sample_index": index, "attempt": attempt, "entropy_most": most} for index, attempt, most in rows
    ]
    scored.append(lake, "top_logprobs", found, scorer_id="r-a", run_id="r-a")
    scored.append(lake, "top_logprobs", found, scorer_id="s-other", run_id="r-a")
    whole, _ = lake.query("entropy").dicts()
    assert (whole["top_samples"], whole["entropy_top"], whole["entropy_most"]) == (1, 0.25, 2.0)
    assert len(lake.sql("FROM top_logprobs").dicts()) == 2, "nobody scored them"

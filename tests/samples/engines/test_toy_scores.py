"""Scores of the toy engine. Single tokens show its table; everything else is computed from that by hand."""

import math
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from samples import engines
from samples.engines import Engine, EngineDead, Placement, Sampling, Scored

PROMPT = list(b"What is 17 + 25?")


def toy(options: str = "", **sampling: int) -> Engine:
    settings = Sampling(**{"max_tokens": 400, **sampling})
    return engines.load("toy", f"toy{options}", None, "auto", settings, Placement(), scoring=True)


def ids(text: bytes) -> npt.NDArray[np.int32]:
    return np.array(list(text), np.int32)


def chance(engine: Engine, before: int, token: int) -> float:
    (scored,) = engine.score([before], [ids(bytes([token]))])
    return math.exp(float(scored.token_logprobs[0]))


def by_hand(engine: Engine, prompt: list[int], completion: bytes) -> list[float]:
    """Return the log-prob of each token of the completion, from the chances of single pairs."""
    return [math.log(chance(engine, before, token)) for before, token in pairwise(bytes([prompt[-1]]) + completion)]


@pytest.mark.parametrize("options", ["", "?taste=3", "?bigram=5", "?bigram=26&tokens=2&taste=9"])
def test_the_chances_of_all_next_tokens_sum_to_one(options: str) -> None:
    engine = toy(options)
    for before in (0, 63, 97, 101, 255):
        assert sum(chance(engine, before, token) for token in range(256)) == pytest.approx(1, abs=1e-5)


def test_a_score_is_the_chance_of_each_token_after_the_one_before() -> None:
    engine = toy()
    texts = [b"the answer", b"42\0", b"x", "h\u00e9 \u2603".encode()]
    scores = engine.score(PROMPT, [ids(text) for text in texts])
    for text, scored in zip(texts, scores, strict=True):
        assert scored.token_logprobs.dtype == np.float32
        np.testing.assert_allclose(scored.token_logprobs, by_hand(engine, PROMPT, text), rtol=1e-5)


@pytest.mark.parametrize("options", ["", "?tokens=300&taste=2", "?bigram=4", "?bigram=4&shift=0&nan=0"])
@pytest.mark.parametrize("sampling", [{}, {"max_tokens": 1}, {"max_tokens": 30}, {"max_model_len": 40}])
def test_what_was_stored_when_a_sample_was_drawn_is_its_score(options: str, sampling: dict[str, int]) -> None:
    engine = toy(options, **sampling)
    drawn = engine.sample(PROMPT, list(range(30)))
    for one, scored in zip(drawn, engine.score(PROMPT, [one.token_ids for one in drawn]), strict=True):
        np.testing.assert_array_equal(scored.token_logprobs, one.token_logprobs)


def test_scores_depend_on_taste_and_on_nothing_else() -> None:
    drawn = [one.token_ids for one in toy().sample(PROMPT, list(range(20)))]
    scores = toy().score(PROMPT, drawn)
    again = toy("?tokens=9&p=1").score(PROMPT, drawn[::-1] + drawn)
    for one, back, forth in zip(scores, again[19::-1], again[20:], strict=True):
        np.testing.assert_array_equal(one.token_logprobs, back.token_logprobs)
        np.testing.assert_array_equal(one.token_logprobs, forth.token_logprobs)
    other = toy("?taste=1").score(PROMPT, drawn)
    assert not any(
        np.array_equal(one.token_logprobs, two.token_logprobs) for one, two in zip(scores, other, strict=True)
    )


def test_bigrams_are_drawn_with_the_chances_that_score_them() -> None:
    engine = toy("?bigram=3&tokens=20")
    drawn = [bytes(one.token_ids.tolist()) for one in engine.sample(PROMPT, list(range(2000)))]
    seen = Counter(pair for one in drawn for pair in pairwise(one))
    assert set(b"".join(drawn)) == set(b"abc\0")
    for before in b"abc":
        after = {token: seen[before, token] for token in b"abc\0"}
        for token, count in after.items():
            share, all_of_them = chance(engine, before, token), sum(after.values())
            assert abs(count - share * all_of_them) < 4 * math.sqrt(all_of_them * share * (1 - share))


def test_bigrams_end_by_the_end_token_or_by_length() -> None:
    drawn = toy("?bigram=3&tokens=20", max_tokens=25).sample(PROMPT, list(range(1000)))
    assert {(one.finish_reason, int(one.token_ids[-1]) == 0) for one in drawn} == {("stop", True), ("length", False)}
    assert {one.token_ids.size for one in drawn if one.finish_reason == "length"} == {25}
    lengths = [one.token_ids.size for one in toy("?bigram=3&tokens=20").sample(PROMPT, list(range(2000)))]
    assert abs(np.mean(lengths) - 20) < 4 * 20 / math.sqrt(2000)


def test_the_divergence_of_two_bigram_models_is_their_closed_form() -> None:
    one, other = toy("?bigram=4&tokens=10", max_tokens=10_000), toy("?bigram=4&tokens=12&taste=1", max_tokens=10_000)
    letters = b"abcd"
    # Expected gap of a completion that goes on after x: g(x) = sum over y of p(y|x) (log p(y|x) / q(y|x) + g(y)).
    p = np.array([[chance(one, x, y) for y in letters] for x in letters])
    step = np.array(
        [
            sum(chance(one, x, y) * math.log(chance(one, x, y) / chance(other, x, y)) for y in b"abcd\0")
            for x in [*letters, PROMPT[-1]]
        ]
    )
    after = np.linalg.solve(np.eye(4) - p, step[:4])
    exact = step[4] + sum(chance(one, PROMPT[-1], y) * g for y, g in zip(letters, after, strict=True))

    drawn = one.sample(PROMPT, list(range(4000)))
    scores = other.score(PROMPT, [c.token_ids for c in drawn])
    gaps = [
        float((c.token_logprobs.astype(np.float64) - scored.token_logprobs).sum())
        for c, scored in zip(drawn, scores, strict=True)
    ]
    assert abs(np.mean(gaps) - exact) < 4 * np.std(gaps) / math.sqrt(len(gaps))


def test_a_shifted_toy_stores_right_values_and_scores_wrong_ones() -> None:
    right, wrong = toy(), toy("?shift=0.25")
    (stored,) = wrong.sample(PROMPT, [1])
    np.testing.assert_array_equal(stored.token_logprobs, right.sample(PROMPT, [1])[0].token_logprobs)
    (scored,) = wrong.score(PROMPT, [stored.token_ids])
    np.testing.assert_allclose(scored.token_logprobs, stored.token_logprobs + 0.25, atol=1e-6)


def test_asked_for_shares_of_scores_fail_or_carry_nan_or_infinity() -> None:
    drawn = [one.token_ids for one in toy("?tokens=100").sample(PROMPT, list(range(1000)))]
    faulty = toy("?fail=0.2&nan=0.3&inf=0.1")
    scores = faulty.score(PROMPT, drawn)
    fine = [one for one in scores if not one.error]
    assert 750 < len(fine) < 850
    assert {(one.error, one.token_logprobs.size) for one in scores if one.error} == {
        ("toy engine: this request fails, as the model's name asks", 0)
    }
    assert 0.25 < np.mean([np.isnan(one.token_logprobs).any() for one in fine]) < 0.35
    assert 0.06 < np.mean([np.isneginf(one.token_logprobs).any() for one in fine]) < 0.14
    assert [one.error for one in scores] == [one.error for one in faulty.score(PROMPT, drawn)]


def test_what_cannot_be_scored_gives_error_rows_in_place(tmp_path: Path) -> None:
    engine = toy(max_model_len=20)
    seen: list[Scored] = []
    scores = engine.score(
        PROMPT, [ids(b"abcd"), ids(b"abcde"), ids(b""), np.array([97, 256, -1], np.int32)], seen.append
    )
    assert [one.error for one in scores] == [
        None,
        "prompt of 16 and completion of 5 tokens are longer than max_model_len 20",
        None,
        "token id 256 is not one of the model's 256 tokens",
    ]
    assert [one.token_logprobs.size for one in scores] == [4, 0, 0, 0]
    assert seen == scores
    (negative,), (of_prompt,), (no_prompt,) = (
        engine.score(PROMPT, [np.array([-1], np.int32)]),
        engine.score([97, 300], [ids(b"a")]),
        engine.score([], [ids(b"a")]),
    )
    assert negative.error == "token id -1 is not one of the model's 256 tokens"
    assert of_prompt.error == "token id 300 is not one of the model's 256 tokens"
    assert no_prompt.error is not None
    dead = toy(f"?dead={tmp_path / 'died'}")
    with pytest.raises(EngineDead):
        dead.score(PROMPT, [ids(b"a")])
    assert dead.score(PROMPT, [ids(b"a")])[0].error is None


def test_the_tokenizer_of_every_toy_is_the_same() -> None:
    one, other = engines.tokenizer("toy", "toy"), engines.tokenizer("toy", "toy?taste=4&bigram=2")
    assert one.digest == other.digest
    assert len(bytes.fromhex(one.digest)) == 8
    assert one.end_ids == {0}
    assert toy().vocabulary == 256


@pytest.mark.parametrize("scoring", [False, True])
@pytest.mark.parametrize("options", ["", "?bigram=5&tokens=9"])
def test_the_most_likely_tokens_are_those_of_largest_chance(options: str, *, scoring: bool) -> None:
    how = {"scoring": scoring, "top_logprobs": 8}
    engine = engines.load("toy", f"toy{options}", None, "auto", Sampling(max_tokens=20), Placement(), **how)
    one = engine.sample(PROMPT, [7])[0]
    text = one.token_ids
    scored = engine.score(PROMPT, [text, text[:0]])
    assert scored[1].top is None
    known = {before: sorted((-chance(engine, before, token), token) for token in range(256)) for before in set(text)}
    for top in (one.top, scored[0].top):
        assert top
        assert top.token_ids.shape == top.logprobs.shape == (text.size, 8)
        for before, ids, logprobs in zip(text[:-1].tolist(), top.token_ids[1:], top.logprobs[1:], strict=True):
            np.testing.assert_allclose(np.exp(logprobs), [-share for share, _ in known[before][:8]], rtol=1e-5)
            assert ids.tolist() == [token for _, token in known[before][:8]]

"""The toy engine. Tests of everything else rely on it."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from samples import engines
from samples.engines import Completion, EngineDead, Placement, Sampling
from samples.errors import ModelError


def draw(model: str, seeds: list[int], prompt: str = "What is 17 + 25?", **sampling: object) -> list[Completion]:
    settings = Sampling(**{"max_tokens": 100, **sampling})
    engine = engines.load("toy", model, None, "auto", settings, Placement())
    return engine.sample(list(prompt.encode()), seeds)


def same(one: Completion, other: Completion) -> bool:
    return (one.text, one.finish_reason, one.error) == (other.text, other.finish_reason, other.error) and (
        np.array_equal(one.token_ids, other.token_ids)
        and np.array_equal(one.token_logprobs, other.token_logprobs, equal_nan=True)
    )


def test_a_completion_depends_on_prompt_and_seed_alone() -> None:
    together = draw("toy", [3, 2**62, 5])
    assert [same(one, draw("toy", [seed])[0]) for one, seed in zip(together, [3, 2**62, 5], strict=True)] == [True] * 3
    assert not same(together[0], together[2])
    assert not same(together[0], draw("toy", [3], prompt="What is 17 + 26?")[0])


def test_threads_get_what_one_caller_gets() -> None:
    engine = engines.load("toy", "toy", None, "auto", Sampling(), Placement())
    with ThreadPoolExecutor(8) as pool:
        units = list(pool.map(lambda first: engine.sample([65], [first, first + 1]), range(100)))
    assert all(same(unit[1], engine.sample([65], [first + 1])[0]) for first, unit in enumerate(units))


def test_every_token_has_a_logprob_and_the_end_token_is_kept() -> None:
    completions = draw("toy?tokens=60", list(range(200)))
    assert {c.finish_reason for c in completions} == {"stop"}
    for c in completions:
        assert (c.token_ids.dtype, c.token_logprobs.dtype) == (np.int32, np.float32)
        assert c.token_ids.size == c.token_logprobs.size
        assert c.token_ids[-1] == 0
        assert bytes(c.token_ids[:-1].tolist()).decode() == c.text
    assert 54 < np.mean([c.token_ids.size for c in completions]) < 66


def test_max_tokens_and_max_model_len_cut_completions() -> None:
    assert {(c.finish_reason, c.token_ids.size) for c in draw("toy?tokens=500", [1, 2], max_tokens=50)} == {
        ("length", 50)
    }
    assert draw("toy?tokens=500", [1], max_model_len=30)[0].token_ids.size == 30 - len("What is 17 + 25?")


def test_a_stop_string_ends_the_text_before_it() -> None:
    (plain,), (cut,) = draw("toy", [1]), draw("toy", [1], stop=("boxed", "answer"))
    assert cut.finish_reason == "stop"
    assert cut.stop_reason == "answer"
    assert cut.text == plain.text[: plain.text.index("answer")]
    assert cut.token_ids.size == cut.token_logprobs.size == len(cut.text) + len("answer")


def test_sums_are_answered_right_with_chance_p() -> None:
    right = [c.text.endswith("\\boxed{42}.") for c in draw("toy?p=0.4", list(range(2000)))]
    assert 0.36 < np.mean(right) < 0.44
    assert not any("{42}" in c.text for c in draw("toy?p=0", list(range(100))))


def test_a_prompt_longer_than_max_model_len_gives_error_rows() -> None:
    completions = draw("toy", [1, 2], max_model_len=16)
    assert [c.error for c in completions] == [
        "prompt of 16 tokens leaves no room for a completion in max_model_len 16"
    ] * 2
    assert all(c.text == "" and c.token_ids.size == c.token_logprobs.size == 0 for c in completions)


def test_asked_for_shares_of_requests_fail_or_carry_nan_or_infinity() -> None:
    completions = draw("toy?fail=0.2&nan=0.3&inf=0.1", list(range(1000)))
    failed = [c for c in completions if c.error]
    assert 150 < len(failed) < 250
    fine = [c for c in completions if not c.error]
    assert 0.25 < np.mean([np.isnan(c.token_logprobs).any() for c in fine]) < 0.35
    assert 0.06 < np.mean([np.isneginf(c.token_logprobs).any() for c in fine]) < 0.14
    assert [c.error for c in completions] == [c.error for c in draw("toy?fail=0.2", list(range(1000)))]


def test_a_dead_engine_is_dead_once(tmp_path: Path) -> None:
    model = f"toy?dead={tmp_path / 'died'}"
    with pytest.raises(EngineDead):
        draw(model, [1])
    assert draw(model, [1])[0].error is None


def test_delay_is_per_call() -> None:
    start = time.monotonic()
    draw("toy?delay=0.1", list(range(64)))
    assert 0.1 <= time.monotonic() - start < 0.3


def test_a_unit_of_64_long_samples_costs_milliseconds() -> None:
    draw("toy?tokens=2000", [0])
    start = time.process_time()
    assert sum(c.token_ids.size for c in draw("toy?tokens=2000", list(range(64)), max_tokens=4000)) > 100_000
    assert time.process_time() - start < 0.05


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("toy?speed=3", 'option "speed" is not known: choose from tokens, p, taste, bigram, delay, fail'),
        ("toy?tokens=many", "many"),
        ("toy?fail=2", "between 0 and 1"),
        ("toy?tokens", 'model "toy?tokens"'),
        ("toy?bigram=27", "bigram between 0 and 26"),
        ("toy?taste=-1", "taste must be at least 0"),
        ("gpt", 'the toy engine has one model, "toy"'),
    ],
)
def test_a_name_that_is_no_toy_is_refused_in_one_line(model: str, says: str) -> None:
    for refuse in (lambda: draw(model, [1]), lambda: engines.tokenizer("toy", model)):
        with pytest.raises(ModelError) as error:
            refuse()
        assert says in str(error.value)
        assert "\n" not in str(error.value)


def test_tokens_are_bytes() -> None:
    tokenizer = engines.tokenizer("toy", "toy")
    assert tokenizer.encode("aé", special_tokens=True) == [97, 195, 169]
    assert tokenizer.decode([97, 98, 195]) == ["a", "b", "�"]
    assert tokenizer.render_chat([{"role": "user", "content": "hi"}]) == "<user>hi\n<assistant>"
    assert engines.versions("toy")["toy"] == "2"

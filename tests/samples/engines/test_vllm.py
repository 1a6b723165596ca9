"""A real vLLM: its completions are complete and exact, and follow the distribution that the parameters define.

All tests of this module share one engine. Its batches hold 256 tokens, so that prompts wait for each other. A test that
needs other sampling parameters replaces those of the engine.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import psutil
import pytest

from samples import engines
from samples.engines import Completion, EngineDead, Placement, Sampling, vllm_pulse
from samples.engines.transformers import TransformersEngine
from samples.engines.vllm import VllmEngine
from samples.errors import ModelError, UsageError

pytestmark = pytest.mark.vllm

PROMPT = "what is 3 + 5?"
GIVEN = Sampling(temperature=0.9, max_tokens=24, max_model_len=128)


@pytest.fixture(scope="module")
def engine(tiny_model: str, placed: Callable[..., Placement]) -> Iterator[VllmEngine]:
    placement = placed(max_num_seqs=64, max_num_batched_tokens=256, extra={"seed": 7})
    loaded = engines.load("vllm", tiny_model, None, "float32", GIVEN, placement)
    assert isinstance(loaded, VllmEngine)
    yield loaded
    loaded.close()


@pytest.fixture
def oracle(tiny_model: str) -> TransformersEngine:
    loaded = engines.load("transformers", tiny_model, None, "float32", GIVEN, Placement())
    assert isinstance(loaded, TransformersEngine)
    return loaded


@pytest.fixture(scope="module")
def prompt(tiny_model: str) -> list[int]:
    return engines.tokenizer("vllm", tiny_model).encode(PROMPT, special_tokens=False)


def core_of(_: VllmEngine) -> psutil.Process:
    """Return vLLM's engine process."""
    children = psutil.Process().children(recursive=True)
    (core,) = [process for process in children if "EngineCore" in " ".join(process.cmdline())]
    return core


@contextlib.contextmanager
def sampling(engine: Any, settings: Sampling) -> Iterator[None]:
    before, engine._sampling = engine._sampling, settings
    yield
    engine._sampling = before


def test_logprobs_are_complete_and_sum_to_vllms_cumulative(engine: VllmEngine, prompt: list[int]) -> None:
    for seed in range(20):
        raw = asyncio.run_coroutine_threadsafe(engine._draw(prompt, seed), engine._loop).result()
        (stored,) = engine.sample(prompt, [seed])
        assert stored.token_ids.dtype == np.int32
        assert stored.token_logprobs.dtype == np.float32
        assert stored.token_ids.tolist() == list(raw.token_ids)
        assert stored.token_logprobs.size == stored.token_ids.size
        assert stored.token_logprobs.astype(np.float64).sum() == pytest.approx(raw.cumulative_logprob, abs=1e-4)


def test_what_vllm_settled_on_while_it_loaded_is_known(engine: VllmEngine) -> None:
    assert engine.settled["dtype"] == "float32"
    assert engine.settled["max_model_len"] == GIVEN.max_model_len
    assert engine.settled["attention"] != []
    second = engine._llm.vllm_config.use_v2_model_runner  # as the driver derives it; the worker told what it has
    assert engine.settled["model_runner"] == ("V2" if second else "V1")
    assert engine.settled["device"]


def test_the_same_tokens_get_the_same_logprobs_from_transformers(
    engine: VllmEngine, oracle: TransformersEngine, prompt: list[int], tolerance: Mapping[str, float]
) -> None:
    drawn = engine.sample(prompt, list(range(40)))
    scored = oracle.score(prompt, [one.token_ids for one in drawn])
    worst = max(np.abs(one.token_logprobs - by.token_logprobs).max() for one, by in zip(drawn, scored, strict=True))
    assert worst < tolerance["float32"]


def test_completions_end_by_length_and_by_the_end_token(engine: VllmEngine, prompt: list[int]) -> None:
    completions = engine.sample(prompt, list(range(200)))
    assert {c.finish_reason for c in completions} == {"length", "stop"}
    for c in completions:
        assert (c.finish_reason == "stop") == (c.token_ids[-1] == 0)
        assert c.stop_reason is None
        assert "<end>" not in c.text


def test_completions_have_the_text_that_vllm_gives_when_it_decodes_itself(
    engine: VllmEngine, prompt: list[int]
) -> None:
    ours = engine.sample(prompt, list(range(60)))
    with sampling(engine, replace(GIVEN, stop=("no such string",))):
        theirs = engine.sample(prompt, list(range(60)))
    assert [c.text for c in ours] == [c.text for c in theirs]
    assert all(c.text for c in ours)


def test_a_completion_that_has_just_ended_gets_the_text_of_the_answer(engine: VllmEngine, prompt: list[int]) -> None:
    ended: dict[int, Completion] = {}
    drawn = engine.sample(prompt, list(range(20)), ended.__setitem__)
    assert sorted(ended) == list(range(20))
    assert [engine.with_text(prompt, ended[number]).text for number in range(20)] == [c.text for c in drawn]
    assert [engine.with_text(prompt, c).text for c in drawn] == [c.text for c in drawn]


def test_seeds_of_63_bits_repeat_and_keep_their_order(engine: VllmEngine, prompt: list[int]) -> None:
    seeds = [2**63 - 1 - number * 10**15 for number in range(30)]
    forward, backward = engine.sample(prompt, seeds), engine.sample(prompt, seeds[::-1])
    assert [c.text for c in forward] == [c.text for c in backward[::-1]]
    assert len({c.text for c in forward}) > 25


def test_a_stop_string_ends_the_text_and_keeps_the_tokens(
    engine: VllmEngine, prompt: list[int], tiny_model: str
) -> None:
    settings = replace(GIVEN, ignore_eos=True)
    with sampling(engine, settings):
        (plain,) = engine.sample(prompt, [1])
    third = plain.text[2]
    with sampling(engine, replace(settings, stop=("no such", third))):
        (cut,) = engine.sample(prompt, [1])
    assert (cut.finish_reason, cut.stop_reason) == ("stop", third)
    assert cut.text == plain.text[: plain.text.index(third)]
    assert cut.token_ids.tolist() == plain.token_ids[: cut.token_logprobs.size].tolist()
    assert engines.tokenizer("vllm", tiny_model).decode(cut.token_ids.tolist())[-1] == third
    with sampling(engine, replace(settings, stop_token_ids=(int(plain.token_ids[2]),), min_tokens=1)):
        (cut,) = engine.sample(prompt, [1])
    assert (cut.finish_reason, cut.stop_reason) == ("stop", str(plain.token_ids[2]))


def test_greedy_tokens_with_every_penalty_are_those_of_transformers(
    engine: VllmEngine, oracle: TransformersEngine, prompt: list[int], tolerance: Mapping[str, float]
) -> None:
    for penalties in (
        {},
        {"repetition_penalty": 1.4},
        {"frequency_penalty": 0.6, "presence_penalty": 0.3, "min_tokens": 20},
    ):
        settings = replace(GIVEN, temperature=0.0, **penalties)
        with sampling(engine, settings), sampling(oracle, settings):
            (ours,), (theirs,) = oracle.sample(prompt, [1]), engine.sample(prompt, [1])
        assert ours.token_ids.tolist() == theirs.token_ids.tolist()
        assert (ours.text, ours.finish_reason, ours.stop_reason) == (
            theirs.text,
            theirs.finish_reason,
            theirs.stop_reason,
        )
        np.testing.assert_allclose(ours.token_logprobs, theirs.token_logprobs, rtol=0, atol=tolerance["float32"])


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(Sampling(temperature=0.7), marks=pytest.mark.nightly),
        pytest.param(Sampling(temperature=1.3, top_p=0.8), marks=pytest.mark.nightly),
        Sampling(temperature=1.5, min_p=0.1, repetition_penalty=1.3),
        Sampling(temperature=1.2, top_k=12, top_p=0.9, min_p=0.02),
    ],
)
def test_first_tokens_are_drawn_with_their_exact_probabilities(
    engine: VllmEngine,
    prompt: list[int],
    settings: Sampling,
    first_token_shares: Callable[..., Any],
    fits: Callable[..., Any],
) -> None:
    with sampling(engine, replace(settings, max_tokens=1, ignore_eos=True)):
        drawn = [int(c.token_ids[0]) for c in engine.sample(prompt, list(range(3000)))]
    shares = first_token_shares(prompt, settings)
    assert fits(np.bincount(drawn, minlength=len(shares)), shares)


def test_a_prompt_too_long_gives_error_rows_while_others_continue(engine: VllmEngine, prompt: list[int]) -> None:
    with ThreadPoolExecutor(8) as pool:
        units = list(pool.map(lambda n: engine.sample([5] * 128 if n % 2 else prompt, [n, n + 100]), range(16)))
    for number, unit in enumerate(units):
        for c in unit:
            if number % 2:
                assert c.error == "prompt of 128 tokens leaves no room for a completion in max_model_len 128"
                assert c.token_ids.size == c.token_logprobs.size == 0
            else:
                assert c.error is None


def test_a_request_that_vllm_refuses_gives_an_error_row(engine: VllmEngine) -> None:
    unknown, empty = engine.sample([10**6], [1]), engine.sample([], [1])
    assert unknown[0].error
    assert empty[0].error
    assert "\n" not in unknown[0].error + empty[0].error


def test_an_engine_that_was_loaded_to_sample_does_not_score(engine: VllmEngine, prompt: list[int]) -> None:
    assert "scoring" not in engine.settled
    with pytest.raises(RuntimeError, match="load it with scoring=True"):
        engine.score(prompt, [np.array([5], np.int32)])


def test_waves_of_long_prompts_do_not_end_the_engine(engine: VllmEngine) -> None:
    # Together the prompts have 50 times the tokens of a batch. With chunked prefill, the first seeded request would
    # kill the engine of the CPU build.
    with sampling(engine, replace(GIVEN, ignore_eos=True)), ThreadPoolExecutor(16) as pool:
        prompts = [[3 + (number + at) % 40 for at in range(100)] for number in range(64)]
        units = list(pool.map(lambda ids: engine.sample(ids, [ids[0], 2**62 + ids[1]]), prompts))
    assert {(c.error, c.token_ids.size) for unit in units for c in unit} == {(None, 24)}


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        ({"no_such_argument": 1}, 'has no engine argument "no_such_argument"'),
        ({"max_model_len": 5}, 'engine argument "max_model_len" is set by --max-model-len'),
        pytest.param(
            {"long_prefill_token_threshold": 5},
            'engine argument "long_prefill_token_threshold" is set by the CPU engine',
            marks=pytest.mark.cpu_build,
        ),
    ],
)
def test_engine_arguments_that_vllm_lacks_or_that_we_set_are_refused(
    tiny_model: str, extra: dict[str, Any], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        engines.load("vllm", tiny_model, None, "auto", GIVEN, Placement(extra=extra))


@pytest.mark.parametrize(
    ("dtype", "given", "placement", "error"),
    [
        ("float33", GIVEN, Placement(), ModelError),
        ("auto", replace(GIVEN, max_model_len=10_000), Placement(), ModelError),
        # Where prompts are prefilled in chunks, a batch may be smaller than a prompt.
        pytest.param("auto", GIVEN, Placement(max_num_batched_tokens=64), ModelError, marks=pytest.mark.cpu_build),
        ("auto", replace(GIVEN, top_p=3.0), Placement(), UsageError),
    ],
)
def test_settings_that_vllm_refuses_give_a_one_line_error(
    tiny_model: str, dtype: str, given: Sampling, placement: Placement, error: type[Exception]
) -> None:
    with pytest.raises(error) as refused:
        engines.load("vllm", tiny_model, None, dtype, given, placement)
    assert "\n" not in str(refused.value)


def test_an_engine_that_hangs_is_noticed(
    engine: VllmEngine, prompt: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vllm_pulse, "SILENCE_SECONDS", 30.0)
    monkeypatch.setattr(vllm_pulse, "ASK_SECONDS", 0.1)
    core = core_of(engine)
    long = sampling(engine, replace(GIVEN, max_tokens=100, ignore_eos=True))
    with long, ThreadPoolExecutor(1) as pool:
        watch = asyncio.run_coroutine_threadsafe(engine._watch(), engine._loop)
        assert len(pool.submit(engine.sample, prompt, list(range(100))).result(timeout=120)) == 100  # it answers
        unit = pool.submit(engine.sample, prompt, list(range(2000)))
        time.sleep(0.3)
        core.suspend()
        try:
            with pytest.raises(EngineDead, match="hangs: no answer for 30 s"):
                unit.result(timeout=90)
        finally:
            core.resume()
    assert watch.done()
    engine._silent = False
    assert engine.sample(prompt, [1])[0].error is None


def test_a_killed_engine_is_dead_and_closes_quietly(engine: VllmEngine, prompt: list[int]) -> None:
    # This test must be the last: it kills the shared engine.
    before = psutil.Process().children(recursive=True)
    core = core_of(engine)
    with sampling(engine, replace(GIVEN, max_tokens=100, ignore_eos=True)), ThreadPoolExecutor(1) as pool:
        unit = pool.submit(engine.sample, prompt, list(range(2000)))
        time.sleep(0.5)
        core.kill()
        with pytest.raises(EngineDead):
            unit.result(timeout=60)
    with pytest.raises(EngineDead):
        engine.sample(prompt, [1])
    engine.close()
    engine.close()
    _, alive = psutil.wait_procs([p for p in before if "VLLM" in " ".join(p.cmdline() if p.is_running() else [])], 15)
    assert alive == []

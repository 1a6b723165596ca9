"""The reference engine, and the requests that every engine refuses."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from samples import engines
from samples.engines import Placement, Sampling
from samples.engines.distribution import processed_logits
from samples.engines.transformers import TransformersEngine
from samples.errors import ModelError, TemplateError, UsageError

pytestmark = pytest.mark.heavy

PROMPT = "what is 3 + 5?"
GIVEN = Sampling(temperature=0.9, max_tokens=24)


def load(model: str, sampling: Sampling) -> TransformersEngine:
    engine = engines.load("transformers", model, None, "float32", sampling, Placement())
    assert isinstance(engine, TransformersEngine)
    return engine


@pytest.fixture(scope="module")
def prompt(tiny_model: str) -> list[int]:
    return engines.tokenizer("transformers", tiny_model).encode(PROMPT, special_tokens=False)


def test_a_completion_depends_on_its_own_seed_only(tiny_model: str, prompt: list[int]) -> None:
    engine = load(tiny_model, GIVEN)
    seeds = [11, 2**62 + 1, 12, 13]
    together = engine.sample(prompt, seeds)
    for seed, one in zip(seeds, together, strict=True):
        (alone,) = engine.sample(prompt, [seed])
        assert alone.text == one.text
        np.testing.assert_array_equal(alone.token_ids, one.token_ids)
        np.testing.assert_allclose(alone.token_logprobs, one.token_logprobs, atol=1e-5)
    assert len({one.text for one in together}) == 4


def test_completions_end_by_length_and_by_the_end_token(tiny_model: str, prompt: list[int]) -> None:
    completions = load(tiny_model, GIVEN).sample(prompt, list(range(100)))
    assert {c.finish_reason for c in completions} == {"length", "stop"}
    for c in completions:
        assert c.token_ids.size == c.token_logprobs.size
        assert (c.finish_reason == "stop") == (c.token_ids[-1] == 0) == (c.token_ids.size < 24 or c.token_ids[-1] == 0)
        assert "<end>" not in c.text


def test_stored_logprobs_equal_those_of_one_forward_pass(tiny_model: str, prompt: list[int]) -> None:
    engine = load(tiny_model, replace(GIVEN, top_p=0.8, repetition_penalty=1.2))
    for c in engine.sample(prompt, list(range(20))):
        (scored,) = engine.score(prompt, [c.token_ids])
        np.testing.assert_allclose(c.token_logprobs, scored.token_logprobs, atol=1e-4)


def test_processed_logprobs_are_those_of_the_distribution_drawn_from(
    tiny_model: str, prompt: list[int], first_token_shares: Callable[..., Any]
) -> None:
    sampling = Sampling(temperature=0.7, top_p=0.9, top_k=20, max_tokens=1, logprobs_mode="processed_logprobs")
    shares = first_token_shares(prompt, sampling)
    for c in load(tiny_model, sampling).sample(prompt, list(range(30))):
        assert c.token_logprobs[0] == pytest.approx(np.log(shares[c.token_ids[0]]), abs=1e-4)


@pytest.mark.cases(2)
@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(temperature=0.7),
        Sampling(temperature=1.3, top_p=0.8),
        Sampling(top_k=5),
        Sampling(temperature=1.5, min_p=0.1, repetition_penalty=1.3),
        Sampling(temperature=1.2, top_k=12, top_p=0.9, min_p=0.02),
    ],
)
def test_first_tokens_are_drawn_with_their_exact_probabilities(
    tiny_model: str,
    prompt: list[int],
    sampling: Sampling,
    first_token_shares: Callable[..., Any],
    fits: Callable[..., Any],
) -> None:
    engine = load(tiny_model, replace(sampling, max_tokens=1, ignore_eos=True))
    drawn = [int(c.token_ids[0]) for c in engine.sample(prompt, list(range(3000)))]
    shares = first_token_shares(prompt, sampling)
    assert fits(np.bincount(drawn, minlength=len(shares)), shares)


def test_penalties_follow_their_definitions() -> None:
    import torch

    logits = torch.tensor([[2.0, -2.0, 1.0, -1.0, 0.5]])
    sampling = Sampling(repetition_penalty=2.0, frequency_penalty=0.1, presence_penalty=0.01)
    # Tokens 0 and 1 are in the prompt. Token 1 was drawn twice, token 2 once.
    got = processed_logits(logits, torch.tensor([0, 1]), torch.tensor([[1, 2, 1]]), sampling, [4])
    np.testing.assert_allclose(got[0], [1.0, -4.0 - 0.2 - 0.01, 0.5 - 0.1 - 0.01, -1.0, -np.inf], rtol=1e-6)


def test_stop_strings_and_tokens_end_a_completion_after_min_tokens(tiny_model: str, prompt: list[int]) -> None:
    (plain,) = load(tiny_model, replace(GIVEN, ignore_eos=True)).sample(prompt, [1])
    assert plain.token_ids.size == 24
    third = plain.text[2]
    (cut,) = load(tiny_model, replace(GIVEN, ignore_eos=True, stop=("no such", third))).sample(prompt, [1])
    assert (cut.finish_reason, cut.stop_reason) == ("stop", third)
    assert cut.text == plain.text[: plain.text.index(third)]
    token = int(plain.token_ids[2])
    (cut,) = load(tiny_model, replace(GIVEN, ignore_eos=True, stop_token_ids=(token,))).sample(prompt, [1])
    assert (cut.finish_reason, cut.stop_reason, int(cut.token_ids[-1])) == ("stop", str(token), token)
    completions = load(tiny_model, replace(GIVEN, min_tokens=10)).sample(prompt, list(range(100)))
    assert min(c.token_ids.size for c in completions) == 11


def test_a_prompt_longer_than_the_model_gives_error_rows(tiny_model: str) -> None:
    completions = load(tiny_model, GIVEN).sample([5] * 256, [1, 2])
    assert [c.error for c in completions] == [
        "prompt of 256 tokens leaves no room for a completion in max_model_len 256"
    ] * 2


def test_a_token_that_the_model_does_not_have_is_an_error_row(tiny_model: str) -> None:
    assert load(tiny_model, GIVEN).sample([10**6], [1])[0].error


@pytest.mark.parametrize("engine", ["transformers", "vllm"])
@pytest.mark.parametrize(
    "model", ["/nowhere/model", "no-such-user-0/no-such-model-0", "~/no-such-model", "not a model"]
)
def test_an_unknown_model_is_refused_in_one_line_within_seconds(engine: str, model: str) -> None:
    start = time.monotonic()
    for refuse in (
        lambda: engines.tokenizer(engine, model),
        lambda: engines.load(engine, model, None, "auto", Sampling(), Placement()),
    ):
        with pytest.raises(ModelError) as error:
            refuse()
        assert str(error.value).startswith(f'model "{model}"')
        assert "\n" not in str(error.value)
    assert time.monotonic() - start < 40


def test_a_bad_dtype_is_refused_in_one_line(tiny_model: str) -> None:
    with pytest.raises(ModelError, match='dtype "float33" is not known'):
        engines.load("transformers", tiny_model, None, "float33", Sampling(), Placement())


def test_the_tokenizer_is_the_one_that_auto_tokenizer_gives(tiny_model: str) -> None:
    from transformers import AutoTokenizer

    ours, auto = engines.tokenizer("vllm", tiny_model), AutoTokenizer.from_pretrained(tiny_model)
    text = "what is 3 + 5? é\n"
    assert ours.encode(text, special_tokens=True) == auto.encode(text)
    assert ours.decode(ours.encode("a+b", special_tokens=False)) == ["a", "+", "b"]
    assert ours.render_chat([{"role": "user", "content": "hi"}]) == "user: hi\nassistant:"
    assert ours.chat_template == auto.chat_template


def test_a_model_without_chat_template_says_so(tiny_model: str) -> None:
    tokenizer = engines.tokenizer("transformers", tiny_model)
    tokenizer.inner.chat_template = None  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(TemplateError, match="has no chat template"):
        tokenizer.render_chat([])


@pytest.mark.parametrize(("date", "shown"), [("2024-07-26", "26 Jul 2024"), ("2026-02-01", "01 Feb 2026")])
def test_a_template_that_writes_the_date_is_rendered_with_the_runs_own(tiny_model: str, date: str, shown: str) -> None:
    tokenizer = engines.tokenizer("transformers", tiny_model)
    tokenizer.inner.chat_template = "{% set d = strftime_now('%d %b %Y') %}{{ d }}|{{ messages[0].content }}"
    assert tokenizer.render_chat([{"role": "user", "content": "hi"}], date) == f"{shown}|hi"


def test_engine_arguments_are_vllms_alone(tiny_model: str) -> None:
    with pytest.raises(UsageError, match="engine transformers has no engine arguments: leave out --engine-arg"):
        engines.load("transformers", tiny_model, None, "auto", GIVEN, Placement(extra={"quantization": "fp8"}))


@pytest.mark.parametrize(("dtype", "used"), [("auto", "float32"), ("half", "float16"), ("bfloat16", "bfloat16")])
def test_the_model_computes_in_the_dtype_that_was_asked_for(tiny_model: str, dtype: str, used: str) -> None:
    engine = engines.load("transformers", tiny_model, None, dtype, GIVEN, Placement())
    assert isinstance(engine, TransformersEngine)
    assert str(engine._model.dtype) == f"torch.{used}"


def test_a_float32_head_gives_logits_without_the_steps_of_bfloat16(tiny_model: str, prompt: list[int]) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    given = replace(GIVEN, max_tokens=8)
    placement = Placement(head_dtype="float32")
    engine = engines.load("transformers", tiny_model, None, "bfloat16", given, placement)
    assert (engine.settled["dtype"], engine.settled["head_dtype"]) == ("bfloat16", "float32")
    assert isinstance(engine, TransformersEngine)
    device = engine._model.device
    model = AutoModelForCausalLM.from_pretrained(tiny_model, dtype="bfloat16").to(device)
    for drawn in engine.sample(prompt, list(range(4))):
        ids = drawn.token_ids.tolist()
        with torch.no_grad():
            hidden = model.model(torch.tensor([prompt + ids], device=device)).last_hidden_state[0]
            logits = hidden.float() @ model.lm_head.weight.float().T
        rows = torch.log_softmax(logits, -1)[len(prompt) - 1 : -1]
        exact = rows[torch.arange(len(ids)), torch.tensor(ids)].cpu().numpy()
        # The cache of earlier tokens makes hidden states differ in their last bit of bfloat16.
        np.testing.assert_allclose(drawn.token_logprobs, exact, atol=0.05)
    with torch.no_grad():
        plain = model(torch.tensor([prompt], device=device)).logits
    assert torch.equal(plain, plain.bfloat16().float()), "without it, logits have the steps of bfloat16"

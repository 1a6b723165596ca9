"""Scores of the reference engine: equal to what it stored when it drew, whatever the order, length and architecture."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from samples import engines
from samples.engines import Placement, Sampling, forward
from samples.engines.transformers import TransformersEngine

pytestmark = pytest.mark.heavy

PROMPT = "what is 3 + 5?"
GIVEN = Sampling(max_tokens=24)
# Drawing uses a cache of earlier tokens, scoring one forward pass: float32 rounds differently. Measured: 1e-5.
TOLERANCE = 1e-4


def load(model: str, sampling: Sampling = GIVEN, **more: Any) -> TransformersEngine:
    engine = engines.load("transformers", model, None, "auto", sampling, Placement(**more), scoring=True)
    assert isinstance(engine, TransformersEngine)
    return engine


@pytest.fixture(scope="module")
def prompt(tiny_model: str) -> list[int]:
    return engines.tokenizer("transformers", tiny_model).encode(PROMPT, special_tokens=False)


def plain(model: Any, prompt: list[int], completion: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
    """Return the log-probs from the logits of all positions at once."""
    import torch

    with torch.no_grad():
        rows = torch.log_softmax(model(torch.tensor([[*prompt, *completion.tolist()]])).logits[0].float(), -1)
    return np.array(
        [rows[len(prompt) - 1 + at, token].item() for at, token in enumerate(completion.tolist())], np.float32
    )


@pytest.mark.parametrize("temperature", [0.6, 1.0])
def test_scores_of_its_own_samples_are_their_stored_logprobs(
    tiny_model: str, prompt: list[int], temperature: float
) -> None:
    drawn = load(tiny_model, replace(GIVEN, temperature=temperature)).sample(prompt, list(range(16)))
    drawn += load(tiny_model, replace(GIVEN, temperature=temperature, max_tokens=1)).sample(prompt, list(range(4)))
    drawn += load(tiny_model, replace(GIVEN, temperature=temperature, max_tokens=240, ignore_eos=True)).sample(
        prompt, [1]
    )
    assert {one.finish_reason for one in drawn} == {"stop", "length"}
    engine = load(tiny_model)
    scores = engine.score(prompt, [one.token_ids for one in drawn])
    for one, scored in zip(drawn, scores, strict=True):
        assert (scored.error, scored.token_logprobs.dtype) == (None, np.float32)
        np.testing.assert_allclose(scored.token_logprobs, one.token_logprobs, rtol=0, atol=TOLERANCE)
    again = engine.score(prompt, [one.token_ids for one in drawn[::-1]])
    for scored, other in zip(scores, again[::-1], strict=True):
        np.testing.assert_array_equal(scored.token_logprobs, other.token_logprobs)


def test_a_full_context_is_scored_and_what_cannot_be_is_an_error_row(tiny_model: str, prompt: list[int]) -> None:
    engine = load(tiny_model)
    full = np.arange(256 - len(prompt), dtype=np.int32) % 40 + 3
    seen: list[engines.Scored] = []
    given = [full, np.append(full, 5).astype(np.int32), full[:0], np.array([5, 45], np.int32), np.array([-1], np.int32)]
    scores = engine.score(prompt, given, seen.append)
    assert seen == scores
    assert [one.error for one in scores] == [
        None,
        f"prompt of {len(prompt)} and completion of {full.size + 1} tokens are longer than max_model_len 256",
        None,
        "token id 45 is not one of the model's 45 tokens",
        "token id -1 is not one of the model's 45 tokens",
    ]
    assert [one.token_logprobs.size for one in scores] == [full.size, 0, 0, 0, 0]
    np.testing.assert_allclose(scores[0].token_logprobs, plain(engine._model, prompt, full), atol=TOLERANCE)


def test_a_nan_of_the_model_stays(tiny_model: str, prompt: list[int]) -> None:
    engine = load(tiny_model)
    engine._model.get_input_embeddings().weight.data[7] = float("nan")
    (scored,) = engine.score(prompt, [np.array([5, 7, 6], np.int32)])
    assert scored.error is None
    assert np.isnan(scored.token_logprobs).tolist() == [True] * 3, "attention spreads it, with weight 0 too"


def random_model(kind: str, **more: Any) -> Any:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1}
    config = AutoConfig.for_model(
        kind, vocab_size=97, intermediate_size=48, head_dim=16, initializer_range=0.3, pad_token_id=0, **sizes, **more
    )
    return AutoModelForCausalLM.from_config(config, dtype="float32").eval()


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("qwen3", {}),
        ("gemma2", {"final_logit_softcapping": 3.0, "sliding_window": 8}),
        ("cohere", {"logit_scale": 0.25}),
        ("granite", {"logits_scaling": 4.0}),
        ("gpt2", {"n_embd": 32, "n_layer": 2, "n_head": 2}),
        ("mamba", {"state_size": 4}),
    ],
)
def test_slices_give_what_the_whole_gives_on_every_kind_of_head(kind: str, more: dict[str, Any]) -> None:
    model = random_model(kind, **more)
    prompt, completion = [5, 6, 7], np.random.default_rng(0).integers(0, 97, 40).astype(np.int32)
    exact = plain(model, prompt, completion)
    for values in (1, 97 * 7, 97 * 40, 1 << 25):
        np.testing.assert_allclose(forward.scored(model, prompt, completion, values).token_logprobs, exact, atol=2e-5)
    np.testing.assert_allclose(plain(model, prompt, completion), exact, atol=0, err_msg="the model is as it was")


def test_a_head_in_float32_scores_in_float32(tiny_model: str, prompt: list[int]) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    engine = engines.load(
        "transformers", tiny_model, None, "bfloat16", GIVEN, Placement(head_dtype="float32"), scoring=True
    )
    completion = np.arange(3, 33, dtype=np.int32)
    (scored,) = engine.score(prompt, [completion])
    model = AutoModelForCausalLM.from_pretrained(tiny_model, dtype="bfloat16")
    with torch.no_grad():
        hidden = model.model(torch.tensor([prompt + completion.tolist()])).last_hidden_state[0]
        rows = torch.log_softmax(hidden.float() @ model.lm_head.weight.float().T, -1)[len(prompt) - 1 : -1]
    exact = rows[torch.arange(30), torch.tensor(completion).long()].numpy()
    np.testing.assert_allclose(scored.token_logprobs, exact, atol=1e-5)


def peak_bytes(work: Callable[[], object]) -> int:
    """Return by how much this process grew at most while it worked."""

    def status(name: str) -> int:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))

    before = status("VmRSS")
    try:
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    except OSError as error:
        pytest.skip(f"the kernel does not forget this process's peak of memory: {error}")
    work()
    return status("VmHWM") - before


def test_memory_stays_bounded_for_long_completions_and_large_vocabularies() -> None:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    sizes = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=1 << 17, **sizes)).eval()  # pyright: ignore[reportArgumentType]
    completion = np.arange(2000, dtype=np.int32)
    forward.scored(model, [1], completion[:2])
    whole = completion.size * (1 << 17) * 4  # bytes: 1 GiB
    assert peak_bytes(lambda: forward.scored(model, [1], completion)) < whole / 2
    assert peak_bytes(lambda: forward.scored(model, [1], completion, 1 << 40)) > whole, "it would show"


@pytest.mark.parametrize("mode", ["raw_logprobs", "processed_logprobs"])
def test_the_most_likely_tokens_are_those_of_the_log_softmax_of_each_position(
    tiny_model: str, prompt: list[int], mode: str
) -> None:
    import torch

    settings = Sampling(temperature=0.5, max_tokens=25, logprobs_mode=mode)
    engine = engines.load("transformers", tiny_model, None, "float32", settings, Placement(), top_logprobs=4)
    assert isinstance(engine, TransformersEngine)
    completions = engine.sample(prompt, [1, 2, 3])
    scores = engine.score(prompt, [one.token_ids for one in completions])
    for one, scored in zip(completions, scores, strict=True):
        with torch.inference_mode():
            logits = engine._model(torch.tensor([[*prompt, *one.token_ids.tolist()]])).logits[0, len(prompt) - 1 : -1]
        for divisor, top in ((1 if mode == "raw_logprobs" else 0.5, one.top), (1, scored.top)):
            exact = (logits.double() / divisor).log_softmax(-1).numpy()
            assert top
            np.testing.assert_allclose(top.logprobs, -np.sort(-exact)[:, :4], atol=2e-5)
            np.testing.assert_allclose(np.take_along_axis(exact, top.token_ids, 1), top.logprobs, atol=2e-5)

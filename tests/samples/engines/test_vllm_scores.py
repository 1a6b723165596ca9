"""A real vLLM scores what it drew, and what transformers scores. All tests of this module share one engine.

Its batches hold 64 tokens, so that a request of 128 is prefilled in chunks beside others. The engine also draws, at
most four completions at a time: they fit one batch, and seeded requests must not be prefilled in chunks on a CPU.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
import pytest

from samples import engines
from samples.engines import Completion, EngineDead, Placement, Sampling, Scored, vllm_scores, vllm_settings
from samples.engines.top import Top
from samples.engines.vllm import VllmEngine
from samples.errors import UsageError

pytestmark = pytest.mark.vllm

PROMPT = "what is 3 + 5?"
LIMIT = 128
TOP = 20
GIVEN = Sampling(max_model_len=LIMIT, logprobs_mode="processed_logprobs")  # scores are raw all the same

RequireEqual = Callable[[list[Scored], list[npt.NDArray[np.float32]]], None]


@pytest.fixture(scope="module")
def engine(tiny_model: str, placed: Callable[..., Placement]) -> Iterator[VllmEngine]:
    placement = placed(max_num_seqs=16, max_num_batched_tokens=64)
    loaded = engines.load("vllm", tiny_model, None, "float32", GIVEN, placement, scoring=True)
    assert isinstance(loaded, VllmEngine)
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def prompt(tiny_model: str) -> list[int]:
    return engines.tokenizer("vllm", tiny_model).encode(PROMPT, special_tokens=False)


@pytest.fixture(scope="module")
def drawn(engine: VllmEngine, prompt: list[int]) -> list[Completion]:
    """Completions that the engine drew: at two temperatures, of one token, ended, cut, and up to the whole context."""
    kinds = [
        Sampling(temperature=0.6, max_tokens=40),
        Sampling(temperature=1.0, max_tokens=40),
        Sampling(temperature=1.0, max_tokens=1),
        Sampling(temperature=0.6, max_tokens=LIMIT, ignore_eos=True),
    ]
    before, found = engine._sampling, list[Completion]()
    for number, kind in enumerate(kinds):
        engine._sampling = replace(kind, max_model_len=LIMIT)
        for first in (0, 4, 8):
            found += engine.sample(prompt, [100 * number + first + at for at in range(4)])
    engine._sampling = before
    sizes = {one.token_ids.size for one in found}
    assert {1, LIMIT - len(prompt)} <= sizes
    assert {one.finish_reason for one in found} == {"stop", "length"}
    return found


@pytest.fixture(scope="module")
def demo_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of the demo's model, which is made if it is not there."""
    root = Path(__file__).parents[3]
    there = root / ".demo" / "SmolLM2-135M-Instruct"
    if not (there / "config.json").is_file():
        there = tmp_path_factory.mktemp("models") / "demo"
        subprocess.run([sys.executable, root / "deploy" / "demo_model.py", there], check=True)
    return str(there)


@pytest.fixture
def topped(engine: VllmEngine) -> Iterator[VllmEngine]:
    """The engine as it is where it is loaded with `top_logprobs`."""
    before = engine._top_logprobs, engine._scoring
    engine._top_logprobs, engine._scoring = TOP, vllm_scores.PROMPT
    yield engine
    engine._top_logprobs, engine._scoring = before


def ids_of(completions: list[Completion]) -> list[npt.NDArray[np.int32]]:
    return [one.token_ids for one in completions]


@pytest.fixture(scope="module")
def require_equal(tolerance: Mapping[str, float]) -> RequireEqual:
    """Return a check that scores are these log-probs. Measured on a CPU: 1e-5 here, 6e-5 on SmolLM2-135M."""

    def check(scores: list[Scored], expected: list[npt.NDArray[np.float32]]) -> None:
        for scored, values in zip(scores, expected, strict=True):
            assert (scored.error, scored.token_logprobs.dtype) == (None, np.float32)
            np.testing.assert_allclose(scored.token_logprobs, values, rtol=0, atol=tolerance["float32"])

    return check


def test_what_scores_is_known(engine: VllmEngine) -> None:
    assert engine.settled["scoring"] == vllm_scores.way_of(engine._llm.vllm_config)
    assert engine.vocabulary == 45


def test_scores_of_its_own_samples_are_their_stored_logprobs(
    engine: VllmEngine, prompt: list[int], drawn: list[Completion], require_equal: RequireEqual
) -> None:
    seen: list[Scored] = []
    scores = engine.score(prompt, ids_of(drawn), seen.append)
    # The run's mode was raw while it drew, because scoring engines are raw whatever the run's settings say.
    require_equal(scores, [one.token_logprobs for one in drawn])
    assert {id(one) for one in seen} == {id(one) for one in scores}


def test_transformers_gives_the_same_scores(
    engine: VllmEngine, prompt: list[int], drawn: list[Completion], tiny_model: str, require_equal: RequireEqual
) -> None:
    oracle = engines.load("transformers", tiny_model, None, "float32", GIVEN, Placement(), scoring=True)
    given = ids_of(drawn)
    require_equal(engine.score(prompt, given), [one.token_logprobs for one in oracle.score(prompt, given)])


def test_order_repeats_and_other_callers_change_no_score(
    engine: VllmEngine, prompt: list[int], drawn: list[Completion], require_equal: RequireEqual
) -> None:
    orders = [np.random.default_rng(number).permutation(len(drawn)) for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        units = list(pool.map(lambda order: engine.score(prompt, [drawn[at].token_ids for at in order]), orders))
    for order, scores in zip(orders, units, strict=True):
        require_equal(scores, [drawn[at].token_logprobs for at in order])


def test_every_length_up_to_the_full_context_is_scored(
    engine: VllmEngine, prompt: list[int], drawn: list[Completion], require_equal: RequireEqual
) -> None:
    whole = max(drawn, key=lambda one: one.token_ids.size)
    assert whole.token_ids.size == LIMIT - len(prompt)
    lengths = range(1, whole.token_ids.size + 1)
    scores = engine.score(prompt, [whole.token_ids[:length] for length in lengths])
    require_equal(scores, [whole.token_logprobs[:length] for length in lengths])
    # A prompt that leaves room for one token only, which is asked for on its own.
    (alone,) = engine.score([*prompt, *whole.token_ids[:-1].tolist()], [whole.token_ids[-1:]])
    require_equal([alone], [whole.token_logprobs[-1:]])


def test_what_cannot_be_scored_gives_error_rows_in_place(engine: VllmEngine, prompt: list[int]) -> None:
    full = np.full(LIMIT - len(prompt), 5, np.int32)
    given = [np.append(full, full[:1]), full[:3], full[:0], np.array([5, 45], np.int32), np.array([-1, 5], np.int32)]
    scores = engine.score(prompt, given)
    assert [one.error for one in scores] == [
        f"prompt of {len(prompt)} and completion of {full.size + 1} tokens are longer than max_model_len {LIMIT}",
        None,
        None,
        "token id 45 is not one of the model's 45 tokens",
        "token id -1 is not one of the model's 45 tokens",
    ]
    assert [one.token_logprobs.size for one in scores] == [0, 3, 0, 0, 0]


def answer(**given: Any) -> Any:
    """Return what vLLM returns for a request, with these fields."""
    from vllm.outputs import CompletionOutput, RequestOutput

    last = CompletionOutput(0, "", [9], None, given.pop("last", None))
    fields: dict[str, Any] = {"request_id": "1", "prompt": None, "prompt_token_ids": None, "prompt_logprobs": None}
    return RequestOutput(**(fields | given), outputs=[last], finished=True)


def flat(token_ids: list[int], logprobs: list[float], *, first: bool = True) -> Any:
    from vllm.logprobs import FlatLogprobs

    found = FlatLogprobs()
    if first:
        found.append(None)  # the first token of a prompt has no log-prob
    for token, value in zip(token_ids, logprobs, strict=True):
        found.append_fast([token], [value], iter([1]), [None])  # pyright: ignore[reportArgumentType]
    return found


COMPLETION = np.array([7, 8, 6], np.int32)


def test_arrays_of_given_ids_are_read_and_what_is_missing_is_an_error() -> None:
    question = vllm_scores.Question(vllm_scores.GIVEN_IDS, [3, 4], COMPLETION, LIMIT)
    assert question.token_ids == [3, 4, 7, 8, 6]
    assert question.params.prompt_logprob_token_ids.tolist() == [[7], [8], [6]]
    assert question.params.prompt_logprob_start == 1, "that of the prompt's last token"
    values = np.array([[-1.5], [np.nan], [-0.25]], np.float32)
    scored = question.read(answer(prompt_token_id_logprobs=values))
    np.testing.assert_array_equal(scored.token_logprobs, values[:, 0])
    assert question.read(answer()).error == "vLLM gave no log-probs"
    short = question.read(answer(prompt_token_id_logprobs=values[:2]))
    assert (short.error, short.token_logprobs.size) == ("vLLM gave 2 log-probs for 3 tokens", 0)

    full = vllm_scores.Question(vllm_scores.GIVEN_IDS, [3, 4], COMPLETION, 5)
    assert full.token_ids == [3, 4, 7, 8]
    assert full.params.prompt_logprob_token_ids.tolist() == [[7], [8]]
    assert full.params.logprob_token_ids == [6]
    whole = full.read(answer(prompt_token_id_logprobs=values[:2], last=flat([9, 6], [-3.0, -0.5], first=False)))
    np.testing.assert_array_equal(whole.token_logprobs, np.array([-1.5, np.nan, -0.5], np.float32))
    without = full.read(answer(prompt_token_id_logprobs=values[:2], last=flat([9], [-3.0], first=False)))
    assert without.error == "vLLM gave no log-prob of the last token"


def test_prompt_logprobs_are_read_and_what_is_missing_or_of_others_is_an_error() -> None:
    question = vllm_scores.Question(vllm_scores.PROMPT, [3, 4], COMPLETION, LIMIT)
    scored = question.read(answer(prompt_logprobs=flat([4, 7, 8, 6], [-9.0, -1.5, np.nan, -0.25])))
    np.testing.assert_array_equal(scored.token_logprobs, np.array([-1.5, np.nan, -0.25], np.float32))
    for wrong, says in [
        (None, "no log-probs"),
        (flat([], []), "log-probs of 0 tokens, not of 4"),
        (flat([7, 8, 6], [-1.5, -2.0, -0.25]), "log-probs of 3 tokens, not of 4"),
        (flat([7, 8, 6, 5], [-1.5, -2.0, -0.25, -1.0]), "log-probs of other tokens"),
    ]:
        failed = question.read(answer(prompt_logprobs=wrong))
        assert (failed.error, failed.token_logprobs.size) == (f"vLLM gave {says}", 0)


def require_top(top: Top | None, scored: Scored, expected: Top | None, atol: float, missing: int = 0) -> None:
    """Check the most likely tokens against other ones, and against the log-probs of the completion itself."""
    assert top
    assert expected
    size = scored.token_logprobs.size - missing
    assert top.token_ids.shape == top.logprobs.shape == (size, TOP)
    assert (top.token_ids.dtype, top.logprobs.dtype) == (np.int32, np.float32)
    np.testing.assert_allclose(top.logprobs, expected.logprobs[:size], rtol=0, atol=atol)
    assert all(len(set(row)) == TOP for row in top.token_ids.tolist())
    assert (np.diff(top.logprobs, axis=1) <= 0).all()


def test_the_most_likely_tokens_are_those_of_transformers_and_change_no_score(
    topped: VllmEngine,
    prompt: list[int],
    drawn: list[Completion],
    tiny_model: str,
    require_equal: RequireEqual,
    tolerance: Mapping[str, float],
) -> None:
    given = ids_of(drawn)
    scores = topped.score(prompt, given)
    require_equal(scores, [one.token_logprobs for one in drawn])
    how = {"scoring": True, "top_logprobs": TOP}
    oracle = engines.load("transformers", tiny_model, None, "float32", GIVEN, Placement(), **how)
    for completion, scored, exact in zip(given, scores, oracle.score(prompt, given), strict=True):
        full = len(prompt) + completion.size == LIMIT  # the last position is missing
        require_top(scored.top, scored, exact.top, tolerance["float32"], missing=int(full))
        assert scored.top
        for token, value, ids, values in zip(
            completion, scored.token_logprobs, scored.top.token_ids, scored.top.logprobs, strict=False
        ):
            (at,) = np.nonzero(ids == token)
            assert values[at].tolist() == [value] * at.size, "a token has one log-prob"
    (alone,) = topped.score([5] * (LIMIT - 1), [np.array([6], np.int32)])
    assert alone.top
    assert alone.top.token_ids.shape == (0, TOP)


def test_the_most_likely_tokens_come_with_what_is_drawn(
    topped: VllmEngine, prompt: list[int], tolerance: Mapping[str, float]
) -> None:
    before = topped._sampling
    topped._sampling = Sampling(max_tokens=30, max_model_len=LIMIT)
    completions = topped.sample(prompt, [1, 2, 3, 4])
    topped._sampling = before
    scores = topped.score(prompt, ids_of(completions))
    for completion, scored in zip(completions, scores, strict=True):
        np.testing.assert_allclose(completion.token_logprobs, scored.token_logprobs, rtol=0, atol=tolerance["float32"])
        require_top(completion.top, scored, scored.top, tolerance["float32"])


def test_the_most_likely_tokens_are_read_after_the_token_itself() -> None:
    from vllm.logprobs import FlatLogprobs

    question = vllm_scores.Question(vllm_scores.PROMPT, [3, 4], COMPLETION[:2], LIMIT, 2)
    assert question.params.prompt_logprobs == 2
    found = FlatLogprobs()
    found.append(None)
    for ids, values in (([4, 1, 2], [-9.0, -1.0, -2.0]), ([7, 7, 2], [-0.5, -0.5, -3.0]), ([8, 1, 2], [-4.0, -1, -2])):
        found.append_fast(ids, values, iter([9, 1, 2]), [None] * 3)  # pyright: ignore[reportArgumentType]
    scored = question.read(answer(prompt_logprobs=found))
    assert scored.token_logprobs.tolist() == [-0.5, -4.0]
    assert scored.top
    assert scored.top.token_ids.tolist() == [[7, 2], [1, 2]]
    assert scored.top.logprobs.tolist() == [[-0.5, -3.0], [-1.0, -2.0]]
    short = question.read(answer(prompt_logprobs=flat([4, 7, 8], [-9.0, -0.5, -4.0])))
    assert short.error == "vLLM gave log-probs of 3 tokens, not of 9"


@pytest.mark.parametrize("way", [vllm_scores.GIVEN_IDS, vllm_scores.PROMPT])
@pytest.mark.parametrize("limit", [LIMIT, 5])
@pytest.mark.parametrize("size", [1, 3])
def test_vllm_accepts_the_parameters_of_both_ways(engine: VllmEngine, way: str, limit: int, size: int) -> None:
    question = vllm_scores.Question(way, [3, 4, 3, 4][: limit - size], COMPLETION[:size], limit)
    question.params._validate_logprobs(engine._llm.model_config)


def test_prefix_caching_is_refused_for_scoring(tiny_model: str) -> None:
    placement = Placement(extra={"enable_prefix_caching": True})
    with pytest.raises(UsageError, match='"enable_prefix_caching" is set by scoring, which needs it off'):
        engines.load("vllm", tiny_model, None, "float32", GIVEN, placement, scoring=True)


def test_vllm_is_told_how_many_tokens_a_request_may_ask_for(tiny_model: str) -> None:
    given = tiny_model, None, "float32", GIVEN
    assert vllm_settings.engine_args(*given, Placement(), top_logprobs=7).max_logprobs == 7
    extra = Placement(extra={"max_logprobs": 5})
    assert vllm_settings.engine_args(*given, extra).max_logprobs == 5
    with pytest.raises(UsageError, match='"max_logprobs" is set by --top-logprobs'):
        vllm_settings.engine_args(*given, extra, top_logprobs=7)


@pytest.mark.parametrize(("second", "n", "way"), [(True, 0, "GIVEN_IDS"), (True, 1, "PROMPT"), (False, 0, "PROMPT")])
def test_only_whole_prompts_have_most_likely_tokens(way: str, n: int, *, second: bool) -> None:
    assert vllm_scores.way_of(SimpleNamespace(use_v2_model_runner=second), n) == getattr(vllm_scores, way)


@pytest.mark.nightly
def test_the_demos_model_scores_as_in_transformers(demo_model: str, require_equal: RequireEqual) -> None:
    tokenizer = engines.tokenizer("vllm", demo_model)
    prompt = tokenizer.encode(tokenizer.render_chat([{"role": "user", "content": PROMPT}]), special_tokens=False)
    texts = [
        "3 + 5 is 8.<|im_end|>",
        "8",
        "Nothing but h\u00e9llo w\u00f6rld \u2603! " * 30,
        "\n\n\n def f(x): return x",
    ]
    given = [np.array(tokenizer.encode(text, special_tokens=False), np.int32) for text in texts]
    sampling = Sampling(max_model_len=1024)
    placement = Placement(max_num_batched_tokens=200)
    vllm = engines.load("vllm", demo_model, None, "float32", sampling, placement, scoring=True)
    try:
        scores = vllm.score(prompt, given)
    finally:
        vllm.close()
    oracle = engines.load("transformers", demo_model, None, "float32", sampling, Placement(), scoring=True)
    require_equal(scores, [one.token_logprobs for one in oracle.score(prompt, given)])


def test_a_killed_engine_is_dead_for_scores_too(engine: VllmEngine, prompt: list[int]) -> None:
    # This test must be the last: it kills the shared engine.
    children = psutil.Process().children(recursive=True)
    (core,) = [process for process in children if "EngineCore" in " ".join(process.cmdline())]
    core.kill()
    with pytest.raises(EngineDead):
        engine.score(prompt, [np.full(100, 5, np.int32)] * 200)
    engine.close()
    with pytest.raises(EngineDead):
        engine.score(prompt, [np.full(1, 5, np.int32)])

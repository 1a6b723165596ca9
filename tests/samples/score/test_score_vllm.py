"""A real vLLM scores what it drew itself, and what others drew. All tests of this module share one engine and one lake.

The engine also draws, four completions at a time: they fit one batch, and seeded requests must not be prefilled in
chunks on a CPU.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from samples import engines
from samples.api import Lake
from samples.engines import Completion, Placement, Sampling
from samples.engines.vllm import VllmEngine
from samples.ingest import segment
from samples.ingest.plan import plan
from samples.ingest.segment import committer
from samples.runs.record import record
from samples.runs.request import Request, prepare
from samples.runs.run import seed_of
from samples.score.progress import read_back

# Two minutes of engines. make test scores with vLLM in tests/samples/engines/test_vllm_scores.py.
pytestmark = [pytest.mark.vllm, pytest.mark.heavy, pytest.mark.nightly]

LIMIT = 128
QUESTIONS = ("what is 3 + 5?", "tom has 12 sheep and buys 7. how many now?", "2 + 2 =")
TINY_TOKENS = 45

Draw = Callable[[list[int], list[int]], list[Completion]]


@pytest.fixture(scope="module")
def engine(tiny_model: str, placed: Callable[..., Placement]) -> Iterator[VllmEngine]:
    placement = placed(max_num_seqs=16, max_num_batched_tokens=512)
    loaded = engines.load("vllm", tiny_model, None, "float32", Sampling(max_model_len=LIMIT), placement, scoring=True)
    assert isinstance(loaded, VllmEngine)
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def problems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("problems") / "sums.jsonl"
    rows = [{"id": f"q{n}", "question": question, "answer": "8"} for n, question in enumerate(QUESTIONS)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def drawn(uri: str, given: Request, draw: Draw) -> Lake:
    """Record a run, draw it unit by unit, and commit it."""
    prepared = prepare(given)
    lake = Lake(uri, create=True)
    run = record(lake, prepared)
    prompts = dict(zip(*(prepared.prompts[name].to_pylist() for name in ("problem_id", "token_ids")), strict=True))
    receipts: list[Any] = []
    for unit in plan(lake, run.dataset, run.run_id, list(prompts), given.k):
        seeds = [seed_of(run.run_id, unit.problem_id, index) for index in range(unit.start, unit.stop)]
        completions = [
            one for first in range(0, len(seeds), 4) for one in draw(prompts[unit.problem_id], seeds[first : first + 4])
        ]
        receipts.append(segment.write(lake, run, unit, seeds, completions))
    committer(lake, run).commit(receipts)
    return lake


RUNS = {  # name: its sampling, and samples per problem
    "cool": (Sampling(temperature=0.6, max_tokens=24), 8),
    "warm": (Sampling(temperature=1.0, max_tokens=24), 8),
    "short": (Sampling(temperature=1.0, max_tokens=1), 4),
    "full": (Sampling(temperature=1.0, max_tokens=LIMIT, ignore_eos=True), 2),
}


@pytest.fixture(scope="module")
def lake(engine: VllmEngine, tiny_model: str, problems: Path, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake of the runs that the engine drew. Tests add scorers of their own to it."""
    uri = str(tmp_path_factory.mktemp("lakes") / "lake")
    before, made = engine._sampling, Lake(uri, create=True)
    for name, (sampling, k) in RUNS.items():
        engine._sampling = replace(sampling, max_model_len=LIMIT)
        given = Request(str(problems), tiny_model, k, uri, name=name, dtype="float32", sampling=engine._sampling)
        made = drawn(uri, given, engine.sample)
    engine._sampling = before
    return made


def stored(lake: Lake) -> dict[tuple[str, str, int], dict[str, Any]]:
    """Return what the lake holds of each sample: text, token ids, log-probs and finish reason."""
    names = {row["run_id"]: row["name"] for row in lake.read("runs").to_pylist()}
    reasons = {_key(row): row["finish_reason"] for row in lake.read("samples").to_pylist()}
    return {
        (names[row["run_id"]], row["problem_id"], row["sample_index"]): {**row, "finish_reason": reasons[_key(row)]}
        for row in lake.read("completions").to_pylist()
    }


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["run_id"], row["problem_id"], row["sample_index"]


def logprobs(scoring: Any) -> dict[tuple[str, str, int], npt.NDArray[np.float64]]:
    """Return the log-probs that a scorer stored, by run, problem and index."""
    names = {row["run_id"]: row["name"] for row in scoring.lake.read("runs").to_pylist()}
    rows = scoring.lake.read("score_logprobs", scorer_id=scoring.scorer.scorer_id).to_pylist()
    return {
        (names[row["run_id"]], row["problem_id"], row["sample_index"]): np.array(row["token_logprobs"], np.float64)
        for row in rows
    }


def encode(model: str, text: str) -> list[int]:
    """Encode with the tokenizer's own file, without the library."""
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(Path(model, "tokenizer.json"))).encode(text, add_special_tokens=False).ids


def exact(model: str, prompt: Sequence[int], completion: Sequence[int]) -> npt.NDArray[np.float64]:
    """Return the log-probs from transformers' float64 logits of all positions, in one pass."""
    import torch

    with torch.no_grad():
        rows = _exact_model(model)(torch.tensor([[*prompt, *completion]])).logits[0].log_softmax(-1)
    return np.array([rows[len(prompt) - 1 + at, token].item() for at, token in enumerate(completion)])


@cache
def _exact_model(model: str) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(model, dtype="float64")


def test_the_engine_s_own_samples_have_their_stored_log_probs_as_scores(
    engine: VllmEngine, lake: Lake, tiny_model: str, score_of: Callable[..., Any], tolerance: Mapping[str, float]
) -> None:
    scoring = score_of(
        lake, tiny_model, "itself", "vllm", engine, dtype="float32", max_model_len=LIMIT, runs=tuple(RUNS)
    )
    scoring.run()
    samples, found = stored(lake), logprobs(scoring)
    asked = {key for key in samples if key[0] in RUNS}
    assert set(found) == asked
    assert {samples[key]["finish_reason"] for key in asked} == {"stop", "length"}
    for key in asked:
        np.testing.assert_allclose(found[key], samples[key]["token_logprobs"], rtol=0, atol=tolerance["float32"])
    assert {found[key].size for key in asked if key[0] == "short"} == {1}
    prompts = {row["problem_id"]: len(row["token_ids"]) for row in lake.read("prompts").to_pylist()}
    assert {found[key].size + prompts[key[1]] for key in asked if key[0] == "full"} == {LIMIT}
    for row in scoring.rows():
        sample = samples[row["run"], row["problem_id"], row["sample_index"]]
        ended = sample["finish_reason"] == "stop"
        assert row["cumulative_logprob"] == pytest.approx(sum(sample["token_logprobs"]), abs=1e-2)
        assert row["end_logprob"] == (
            pytest.approx(sample["token_logprobs"][-1], abs=tolerance["float32"]) if ended else None
        )
        assert (row["token_mode"], row["prompt"], row["error"]) == ("ids", "run", None)
        assert row["bytes"] == len(sample["text"].encode())


def test_parity_is_of_own_samples_and_within_its_bound(
    engine: VllmEngine, lake: Lake, tiny_model: str, score_of: Callable[..., Any], tolerance: Mapping[str, float]
) -> None:
    scoring = score_of(
        lake, tiny_model, "checked", "vllm", engine, dtype="float32", max_model_len=LIMIT, system="be brief"
    )
    parity = scoring.worker(scoring.plan()).parity
    assert parity.within
    assert (parity.run, parity.failed) in {(name, 0) for name in RUNS}
    assert parity.samples in {3 * k for _, k in RUNS.values()}
    assert 0 <= parity.mean <= parity.worst < tolerance["float32"]
    assert 0 <= parity.kl < 1e-6


def test_texts_differ_from_ids_only_where_they_become_other_tokens(
    engine: VllmEngine, lake: Lake, tiny_model: str, score_of: Callable[..., Any], tolerance: Mapping[str, float]
) -> None:
    how = {"dtype": "float32", "max_model_len": LIMIT, "runs": ("cool", "warm")}
    scoring = score_of(lake, tiny_model, "by-text", "vllm", engine, tokens="text", prompt="run", **how)
    scoring.run()
    samples, found = stored(lake), logprobs(scoring)
    prompts = {row["problem_id"]: row["token_ids"] for row in lake.read("prompts").to_pylist()}
    changed = 0
    for row in scoring.rows():
        key = row["run"], row["problem_id"], row["sample_index"]
        sample, ids = samples[key], encode(tiny_model, samples[key]["text"])
        kept = sample["token_ids"][:-1] if sample["finish_reason"] == "stop" else sample["token_ids"]
        changed += ids != kept
        assert (row["same_tokens"], row["tokens"], row["end_logprob"]) == (ids == kept, len(ids), None)
        expected = sample["token_logprobs"][: len(ids)] if ids == kept else exact(tiny_model, prompts[key[1]], ids)
        np.testing.assert_allclose(found[key], expected, rtol=0, atol=tolerance["float32"])
    said = read_back(lake, scoring.scorer, [one.run for one in scoring.prepared.how])
    assert (said["retokenized"], said["text"], said["ids"]) == (changed, 48, 0)
    assert 0 < changed < 48, "the model draws unknown and begin tokens, which are no part of a text"


def test_a_run_of_another_tokenizer_is_scored_by_its_text(
    engine: VllmEngine,
    tiny_model: str,
    bench: Callable[..., Any],
    tmp_path: Path,
    score_of: Callable[..., Any],
    tolerance: Mapping[str, float],
) -> None:
    texts = ("na\u00efve: \u00bd = 0.5 \u2713", "", "the answer is 5.", "\U0001f411\U0001f411 2 sheep")
    made = bench(tmp_path / "lake", k=4)
    (first, *_) = made.plan(4)
    committer(made.lake, made.run).commit([made.draw(first, texts)])
    scoring = score_of(made.lake, tiny_model, "tiny", "vllm", engine, dtype="float32", max_model_len=LIMIT)
    assert any("its tokenizer has another vocabulary" in note for note in scoring.prepared.notes)
    assert scoring.worker(scoring.plan()).parity is None
    scoring.run()
    (question,) = (
        row["question"] for row in made.lake.read("problems").to_pylist() if row["problem_id"] == first.problem_id
    )
    prompt = encode(tiny_model, f"user: {question}\nassistant:")
    found = logprobs(scoring)
    for row, text in zip(scoring.rows(), texts, strict=True):
        ids = encode(tiny_model, text)
        assert (row["token_mode"], row["prompt"], row["end_logprob"]) == ("text", "own", None)
        assert (row["tokens"], row["bytes"], row["error"]) == (len(ids), len(text.encode()), None)
        expected = exact(tiny_model, prompt, ids) if ids else []
        np.testing.assert_allclose(
            found["toys", row["problem_id"], row["sample_index"]], expected, rtol=0, atol=tolerance["float32"]
        )


@pytest.fixture(scope="module")
def padded_model(tiny_model: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The tiny model with its tokenizer files and 64 embeddings: 19 ids that no text has, each as likely as others."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = str(tmp_path_factory.mktemp("models") / "padded")
    model: Any = AutoModelForCausalLM.from_pretrained(tiny_model, dtype="float32")
    torch.manual_seed(1)
    model.resize_token_embeddings(64)
    torch.nn.init.normal_(model.get_output_embeddings().weight[TINY_TOKENS:], std=0.2)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(tiny_model).save_pretrained(folder)
    return folder


def test_ids_beyond_the_scorer_s_vocabulary_are_error_rows_and_the_others_are_right(
    engine: VllmEngine,
    lake: Lake,
    problems: Path,
    tiny_model: str,
    padded_model: str,
    score_of: Callable[..., Any],
    tolerance: Mapping[str, float],
) -> None:
    sampling = Sampling(max_tokens=6, max_model_len=LIMIT)
    drawing = engines.load("transformers", padded_model, None, "float32", sampling, Placement())
    asked = {"name": "padded", "engine": "transformers", "dtype": "float32", "sampling": sampling}
    drawn(lake.uri, Request(str(problems), padded_model, 8, lake.uri, **asked), drawing.sample)
    how = {"dtype": "float32", "max_model_len": LIMIT, "runs": ("padded",)}
    scoring = score_of(lake, tiny_model, "unpadded", "vllm", engine, template="plain", **how)
    assert [one.token_mode for one in scoring.prepared.how] == ["ids"], "the tokenizer files are the same"
    scoring.run()
    samples, found = stored(lake), logprobs(scoring)
    prompts = {row["problem_id"]: row["token_ids"] for row in lake.read("prompts").to_pylist()}
    rows = scoring.rows()
    for row in rows:
        key = "padded", row["problem_id"], row["sample_index"]
        ids = samples[key]["token_ids"]
        beyond = [token for token in ids if token >= TINY_TOKENS]
        assert row["error"] == (f"token id {beyond[0]} is not one of the model's 45 tokens" if beyond else None)
        expected = [] if beyond else exact(tiny_model, prompts[key[1]], ids)
        np.testing.assert_allclose(found[key], expected, rtol=0, atol=tolerance["float32"])
    said = read_back(lake, scoring.scorer, [one.run for one in scoring.prepared.how])
    assert 0 < said["errors"] < len(rows) == 24


def test_a_scorer_with_padded_embeddings_counts_the_padding_among_its_tokens(
    lake: Lake, padded_model: str, score_of: Callable[..., Any], tolerance: Mapping[str, float]
) -> None:
    how = {"dtype": "float32", "max_model_len": LIMIT, "runs": ("short",)}
    scoring = score_of(lake, padded_model, "with-padding", "transformers", **how)
    assert [one.token_mode for one in scoring.prepared.how] == ["ids"]
    scoring.run()
    _require_exact(scoring, lake, padded_model, tolerance)


def test_vllm_with_padded_embeddings_counts_the_padding_among_its_tokens(
    lake: Lake,
    padded_model: str,
    placed: Callable[..., Placement],
    score_of: Callable[..., Any],
    tolerance: Mapping[str, float],
) -> None:
    how = {"dtype": "float32", "max_model_len": LIMIT, "runs": ("short", "warm", "full")}
    scoring = score_of(lake, padded_model, "padded-vllm", "vllm", placement=placed(max_num_seqs=16), **how)
    scoring.run()
    _require_exact(scoring, lake, padded_model, tolerance)


def _require_exact(scoring: Any, lake: Lake, model: str, tolerance: Mapping[str, float]) -> None:
    samples = stored(lake)
    prompts = {row["problem_id"]: row["token_ids"] for row in lake.read("prompts").to_pylist()}
    assert not any(row["error"] for row in scoring.rows())
    for key, values in logprobs(scoring).items():
        expected = exact(model, prompts[key[1]], samples[key]["token_ids"])
        np.testing.assert_allclose(values, expected, rtol=0, atol=tolerance["float32"])


def test_transformers_as_scorer_finds_what_vllm_drew(
    lake: Lake, tiny_model: str, score_of: Callable[..., Any], tolerance: Mapping[str, float]
) -> None:
    how = {"dtype": "float32", "max_model_len": LIMIT, "runs": tuple(RUNS)}
    scoring = score_of(lake, tiny_model, "reference", "transformers", **how)
    worker = scoring.worker(scoring.plan())
    assert worker.parity.within, "parity is of samples that another engine drew with the same weights"
    scoring.loaded = worker.engine
    scoring.run()
    worker.engine.close()
    samples, found = stored(lake), logprobs(scoring)
    for key, values in found.items():
        np.testing.assert_allclose(values, samples[key]["token_logprobs"], rtol=0, atol=tolerance["float32"])
    assert len(found) == sum(3 * k for _, k in RUNS.values())

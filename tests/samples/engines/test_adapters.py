"""LoRA adapters: a run of base and adapter is another run, and engines draw from the two together."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samples import engines
from samples.engines import Placement, Sampling
from samples.engines.adapters import Adapter, find_adapter
from samples.engines.vllm_settings import require_adapter_dtype
from samples.errors import ModelError, UsageError
from samples.runs.request import Request, prepare

GIVEN = Sampling(temperature=0.9, max_tokens=24, max_model_len=128)


@pytest.fixture(scope="module")
def adapter(tiny_model: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a random adapter of the tiny model, saved by peft."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    folder = tmp_path_factory.mktemp("adapters") / "step-400"
    torch.manual_seed(1)
    base = AutoModelForCausalLM.from_pretrained(tiny_model)
    settings = LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj", "o_proj"], init_lora_weights=False)
    made = get_peft_model(base, settings)
    with torch.no_grad():
        for name, weights in made.named_parameters():
            if "lora_B" in name:
                weights.mul_(4)  # large enough to change what is drawn
    made.save_pretrained(folder)
    return folder


@pytest.fixture
def asked(tiny_model: str, tmp_path: Path) -> Request:
    problems = tmp_path / "sums.jsonl"
    problems.write_text(json.dumps({"id": "a", "question": "what is 3 + 5?", "answer": "8"}) + "\n")
    return Request(str(problems), tiny_model, 1, str(tmp_path / "lake"), engine="transformers")


@pytest.mark.heavy
def test_base_and_adapter_are_a_run_of_their_own_and_the_base_keeps_its_id(
    asked: Request, adapter: Path, tmp_path: Path
):
    base, both = prepare(asked).run, prepare(replace(asked, adapter=str(adapter))).run
    moved = tmp_path / "step-400"
    shutil.copytree(adapter, moved)
    assert base.run_id != both.run_id
    assert prepare(replace(asked, adapter=str(moved))).run.run_id == both.run_id, "where it lies does not count"
    assert "adapter" not in base.specification
    assert both.model_name == "tiny+step-400"
    settings = json.loads((moved / "adapter_config.json").read_text())
    (moved / "adapter_config.json").write_text(json.dumps(settings | {"lora_alpha": 16}))
    assert prepare(replace(asked, adapter=str(moved))).run.run_id != both.run_id, "every byte counts"


@pytest.mark.heavy
def test_a_folder_that_is_an_adapter_is_no_model_and_is_named_with_its_base(
    asked: Request, adapter: Path, tiny_model: str
):
    with pytest.raises(
        ModelError, match=f"is an adapter of {tiny_model}: give --model {tiny_model} --adapter {adapter}"
    ):
        prepare(replace(asked, model=str(adapter)))


def test_what_is_no_adapter_is_one_line(tmp_path: Path):
    (tmp_path / "adapter_config.json").write_text('{"peft_type": "IA3"}')
    with pytest.raises(ModelError, match="says IA3; only LORA adapters can be applied"):
        find_adapter("vllm", str(tmp_path))
    (tmp_path / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 0}')
    with pytest.raises(ModelError, match='has no rank "r" above 0'):
        find_adapter("vllm", str(tmp_path))
    (tmp_path / "adapter_config.json").write_text("[]")
    with pytest.raises(ModelError, match="is no JSON object"):
        find_adapter("vllm", str(tmp_path))
    with pytest.raises(ModelError, match="there is no such folder"):
        find_adapter("vllm", str(tmp_path / "none"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"has no adapter_config.json; name the folder that peft saved"):
        find_adapter("vllm", str(tmp_path / "empty"))
    with pytest.raises(UsageError, match="engine toy has no weights: leave out --adapter"):
        find_adapter("toy", str(tmp_path))


def test_the_largest_rank_counts(tmp_path: Path):
    config = {"peft_type": "LORA", "r": 8, "rank_pattern": {"q_proj": 32}}
    (tmp_path / "adapter_config.json").write_text(json.dumps(config))
    assert find_adapter("vllm", str(tmp_path)).rank == 32


def test_an_adapter_whose_files_change_under_a_run_is_refused(tmp_path: Path):
    (tmp_path / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 8}')
    found = find_adapter("vllm", str(tmp_path))
    found.require_unchanged()
    (tmp_path / "adapter_model.safetensors").write_bytes(b"another step")
    with pytest.raises(ModelError, match="has other files than the run was planned with"):
        found.require_unchanged()


@pytest.fixture(scope="module")
def prompt(tiny_model: str) -> list[int]:
    return engines.tokenizer("transformers", tiny_model).encode("what is 3 + 5?", special_tokens=False)


@pytest.fixture(scope="module")
def exact(tiny_model: str, adapter: Path) -> Any:
    """The log-probs of the base with the adapter's product added to its weights, by numpy: an oracle."""
    import torch
    from safetensors.torch import load_file
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(tiny_model, dtype="float64")
    found = load_file(adapter / "adapter_model.safetensors")
    weights = dict(model.named_parameters())
    for name, down in found.items():
        if "lora_A" in name:
            up = found[name.replace("lora_A", "lora_B")]
            target = weights[name.removeprefix("base_model.model.").replace(".lora_A.weight", ".weight")]
            target.data += 8 / 4 * up.double() @ down.double()

    def of(prompt: list[int], completion: list[int]) -> np.ndarray:
        with torch.no_grad():
            logits = model(torch.tensor([prompt + completion])).logits[0]
        rows = torch.log_softmax(logits, -1)[len(prompt) - 1 : -1]
        return rows[torch.arange(len(completion)), torch.tensor(completion)].numpy()

    return of


def require_right(engine: Any, prompt: list[int], exact: Any, tolerance: float) -> None:
    completions = engine.sample(prompt, list(range(8)))
    scores = engine.score(prompt, [drawn.token_ids for drawn in completions])
    for drawn, scored in zip(completions, scores, strict=True):
        assert (drawn.error, scored.error) == (None, None)
        np.testing.assert_allclose(drawn.token_logprobs, exact(prompt, drawn.token_ids.tolist()), atol=tolerance)
        np.testing.assert_allclose(scored.token_logprobs, drawn.token_logprobs, atol=tolerance)


@pytest.mark.heavy
def test_transformers_draws_and_scores_with_base_and_adapter(
    tiny_model: str, adapter: Path, prompt: list[int], exact: Any
):
    found = find_adapter("transformers", str(adapter))
    both = engines.load("transformers", tiny_model, None, "float32", GIVEN, Placement(), found)
    require_right(both, prompt, exact, 1e-4)
    base = engines.load("transformers", tiny_model, None, "float32", GIVEN, Placement())
    assert [c.text for c in base.sample(prompt, [1, 2, 3])] != [c.text for c in both.sample(prompt, [1, 2, 3])]


@pytest.fixture
def vllm_engine(
    tiny_model: str, adapter: Path, placed: Callable[..., Placement], tolerance: Mapping[str, float]
) -> Iterator[Any]:
    found: Adapter = find_adapter("vllm", str(adapter))
    dtype = min(tolerance)  # on a GPU, vLLM applies adapters in float16 and bfloat16 only
    placement = placed(max_num_seqs=16, max_num_batched_tokens=256)
    # All prompts of one unit fit a batch, so an engine for scoring can draw them: it may not prefill them in chunks.
    loaded = engines.load("vllm", tiny_model, None, dtype, GIVEN, placement, found, scoring=True)
    yield loaded
    loaded.close()


@pytest.mark.vllm
@pytest.mark.nightly  # two engines of a minute; make test draws and scores with the transformers engine
def test_vllm_draws_and_scores_with_base_and_adapter(
    vllm_engine: Any, prompt: list[int], exact: Any, tolerance: Mapping[str, float]
):
    require_right(vllm_engine, prompt, exact, tolerance[vllm_engine.dtype])


@pytest.mark.vllm
def test_an_adapter_in_float32_is_refused_on_a_gpu():
    from vllm.platforms.interface import Platform, PlatformEnum

    def machine(kind: Any) -> Any:
        return type("Machine", (Platform,), {"_enum": kind})()

    require_adapter_dtype("float32", machine(PlatformEnum.CPU))
    require_adapter_dtype("float16", machine(PlatformEnum.CUDA))
    with pytest.raises(ModelError, match=r"adapter in float32 on a GPU, .* begin a run with --dtype bfloat16"):
        require_adapter_dtype("float32", machine(PlatformEnum.CUDA))


@pytest.mark.vllm
@pytest.mark.parametrize(
    ("modules", "says"),
    [(["q_proj", "model.lm_head"], "changes lm_head"), (".*_proj", "names the layers .* by a pattern")],
)
def test_vllm_refuses_to_score_with_an_adapter_of_the_head(
    tiny_model: str, tmp_path: Path, modules: list[str] | str, says: str
):
    (tmp_path / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 8, "target_modules": modules}))
    with pytest.raises(ModelError, match=f"{says}: vLLM cannot score with it; use --engine transformers"):
        engines.load(
            "vllm", tiny_model, None, "auto", GIVEN, Placement(), find_adapter("vllm", str(tmp_path)), scoring=True
        )

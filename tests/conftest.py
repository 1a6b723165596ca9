"""Fixtures for many test files: small lakes, a real model that fits any machine, and its exact distribution."""

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from samples import engines
from samples.api import Lake
from samples.engines import Placement, Sampling

_CHROMIUM = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip

CUDA_BUILD = engines.gpus("vllm", Placement(), there=False) > 0


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave some cases of the tests that are marked `cases` to `make nightly`."""
    found: dict[tuple[Path, str], list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("cases") and not item.get_closest_marker("nightly"):
            found.setdefault((item.path, item.name.split("[")[0]), []).append(item)
    for cases in found.values():
        marker = cases[0].get_closest_marker("cases")
        assert marker is not None
        (most,) = marker.args
        kept = {round(place * (len(cases) - 1) / max(most - 1, 1)) for place in range(min(most, len(cases)))}
        for place, item in enumerate(cases):
            if place not in kept:
                item.add_marker(pytest.mark.nightly)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests of vLLM's CPU build where its CUDA build is installed, and tests of that one without a GPU."""
    if not CUDA_BUILD:
        return
    if item.get_closest_marker("cpu_build"):
        pytest.skip("this is about vLLM's CPU build, and the CUDA build is installed")
    if item.get_closest_marker("vllm"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("vLLM's CUDA build is installed, and this machine has no GPU")


@pytest.fixture(scope="session")
def cuda_build() -> bool:
    """Whether vLLM's CUDA build is installed."""
    return CUDA_BUILD


@pytest.fixture(scope="session")
def module_from() -> Callable[[Path], ModuleType]:
    """Return a function that loads a Python file as a module. Test folders are no packages, so nothing imports them."""

    def load(path: Path) -> ModuleType:
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="session")
def lakes(module_from: Callable[[Path], ModuleType]) -> ModuleType:
    """Return the module lakes.py, which makes small lakes: `lakes.filled(path)`, `lakes.add_run(lake, "c", …)`."""
    return module_from(Path(__file__).with_name("lakes.py"))


@pytest.fixture(scope="session")
def filled(lakes: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake of two runs, a and b, over the same four problems. Tests must not write to it."""
    return lakes.filled(tmp_path_factory.mktemp("lakes") / "lake")


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a random Llama of 70,000 float32 parameters. A token is a character; token 0 is the end token."""
    import torch
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("models") / "tiny"
    characters = ["<end>", "<begin>", "<unknown>", *"abcdefghijklmnopqrstuvwxyz0123456789 .:+=\n"]
    inner = Tokenizer(models.WordLevel({c: i for i, c in enumerate(characters)}, unk_token="<unknown>"))
    inner.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    inner.decoder = decoders.Fuse()
    PreTrainedTokenizerFast(
        tokenizer_object=inner,
        eos_token="<end>",
        bos_token="<begin>",
        unk_token="<unknown>",
        chat_template="{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:",
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(characters),
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=256,
        initializer_range=0.2,  # far from uniform, so that top_k, top_p and min_p matter
        eos_token_id=0,
        bos_token_id=1,
        tie_word_embeddings=False,
        dtype="float32",
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def first_token_shares(tiny_model: str) -> Callable[[list[int], Sampling], npt.NDArray[np.float64]]:
    """Return a function that gives the exact probability of each first token after a prompt.

    It applies the definitions of the sampling parameters token by token, in float64.
    """
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(tiny_model, dtype="float64")

    def shares(prompt_ids: list[int], sampling: Sampling) -> npt.NDArray[np.float64]:
        scores = model(model.dummy_inputs["input_ids"].new_tensor([prompt_ids])).logits[0, -1].detach().numpy()
        for token in set(prompt_ids):
            scores[token] *= sampling.repetition_penalty ** (-1 if scores[token] > 0 else 1)
        chances = np.exp(scores / sampling.temperature)
        chances[chances < sampling.min_p * chances.max()] = 0
        likeliest = np.argsort(-chances)
        chances[likeliest[sampling.top_k or len(scores) :]] = 0
        chances /= chances.sum()
        before = 0.0
        for token in likeliest:
            before, chances[token] = before + chances[token], chances[token] if before < sampling.top_p else 0
        return chances / chances.sum()

    return shares


@pytest.fixture(scope="session")
def fits() -> Callable[[npt.NDArray[np.int64], npt.NDArray[np.float64]], bool]:
    """Return a check that counts are a plausible draw from shares: chi-square within four standard deviations."""

    def check(counts: npt.NDArray[np.int64], shares: npt.NDArray[np.float64]) -> bool:
        assert not counts[shares == 0].any(), "a token of probability 0 was drawn"
        expected = shares * counts.sum()
        common = expected >= 5
        seen = np.append(counts[common], counts[~common].sum())
        due = np.append(expected[common], expected[~common].sum())
        seen, due = seen[due > 0], due[due > 0]
        degrees = len(due) - 1
        # Wilson and Hilferty's cube root makes chi-square nearly normal.
        z = ((((seen - due) ** 2 / due).sum() / degrees) ** (1 / 3) - (1 - 2 / (9 * degrees))) / (
            2 / (9 * degrees)
        ) ** 0.5
        return bool(z < 4)

    return check


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A real Chromium without a window, as Playwright's Browser; deploy/browser.sh installs it."""
    where = shutil.which("chromium")
    if where is None:
        missing = "Chromium is missing: sh deploy/browser.sh installs it"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=where, args=list(_CHROMIUM))
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    """A page of Chromium. `page.errors` holds what went wrong on it: errors of the console and of scripts."""
    opened = chromium.new_page()
    opened.errors = []
    opened.on("console", lambda message: opened.errors.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: opened.errors.append(str(error)))
    yield opened
    opened.close()

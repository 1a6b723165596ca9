"""A template that ends an answer where the engine does not stop is told before anything is drawn."""

import json
import shutil
from pathlib import Path

import pytest

from samples import engines
from samples.engines import Sampling
from samples.engines.end_tokens import note

pytestmark = pytest.mark.heavy  # transformers is imported

CHAT = "{% for m in messages %}<begin>{{ m.content }}<turn>\n{% endfor %}"


@pytest.fixture
def chatty(tiny_model: str, tmp_path: Path) -> Path:
    """The tiny model with a chat template that ends each turn with the special token <turn>."""
    from transformers import AutoTokenizer

    folder = tmp_path / "chatty"
    shutil.copytree(tiny_model, folder)
    words = AutoTokenizer.from_pretrained(folder)
    words.add_special_tokens({"additional_special_tokens": ["<turn>"]})
    words.chat_template = CHAT
    words.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    return folder


def told(folder: Path | str, **sampling: object) -> str | None:
    return note(engines.tokenizer("transformers", str(folder)), Sampling(**sampling))  # pyright: ignore[reportArgumentType]


def test_a_turn_that_ends_with_a_token_that_nobody_stops_at_is_told_with_the_option_that_stops(chatty: Path):
    said = told(chatty)
    assert said is not None
    assert "ends an answer with <turn>" in said
    end = engines.tokenizer("transformers", str(chatty)).encode("<turn>", special_tokens=False)[0]
    assert f"--stop-token-id {end} stops there" in said


def test_nothing_is_told_where_the_engine_stops_there(chatty: Path, tiny_model: str):
    end = engines.tokenizer("transformers", str(chatty)).encode("<turn>", special_tokens=False)[0]
    assert told(chatty, stop_token_ids=(end,)) is None
    assert told(chatty, ignore_eos=True) is None
    (chatty / "generation_config.json").write_text(json.dumps({"eos_token_id": [0, end]}))
    assert told(chatty) is None
    assert told(tiny_model) is None, "plain text follows its answers"


def test_the_toy_and_a_model_without_chat_template_are_told_nothing(chatty: Path):
    assert note(engines.tokenizer("toy", "toy"), Sampling()) is None
    for file in chatty.glob("chat_template*"):
        file.unlink()
    settings = json.loads((chatty / "tokenizer_config.json").read_text())
    settings.pop("chat_template", None)
    (chatty / "tokenizer_config.json").write_text(json.dumps(settings))
    assert told(chatty) is None

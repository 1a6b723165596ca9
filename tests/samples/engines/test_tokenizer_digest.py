"""The digest of a tokenizer says whether a token id stands for the same text."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers

from samples import engines

pytestmark = pytest.mark.heavy

VOCABULARY = {"<end>": 0, "a": 1, "b": 2, "c": 3, "ab": 4, "bc": 5}
MERGES = [("a", "b"), ("b", "c")]

Make = Callable[..., str]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a function that saves a model's folder with a tokenizer and no weights."""
    from transformers import PreTrainedTokenizerFast

    def save(
        name: str,
        vocabulary: dict[str, int] = VOCABULARY,
        merges: list[tuple[str, str]] = MERGES,
        added: tuple[str, ...] = (),
        **more: Any,
    ) -> str:
        inner = Tokenizer(models.BPE(vocabulary, merges))
        inner.pre_tokenizer = pre_tokenizers.Whitespace()
        inner.add_tokens([AddedToken(text, special=False) for text in added])
        PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<end>", **more).save_pretrained(tmp_path / name)
        (tmp_path / name / "config.json").write_text(json.dumps({"model_type": "llama"}))
        return str(tmp_path / name)

    return save


def digest(folder: str) -> str:
    return engines.tokenizer("transformers", folder).digest


def test_chat_templates_and_settings_leave_it_as_it_is(make: Make) -> None:
    base = digest(make("base"))
    assert len(bytes.fromhex(base)) == 8
    assert digest(make("chat", chat_template="{{ messages }}", model_max_length=77, padding_side="left")) == base
    folder = Path(make("old"))
    saved = json.loads((folder / "tokenizer.json").read_text())
    saved["model"]["merges"] = [" ".join(merge) for merge in MERGES]  # as older versions write them
    saved["model"]["vocab"] = dict(sorted(VOCABULARY.items(), key=lambda item: -item[1]))
    (folder / "tokenizer.json").write_text(json.dumps(saved))
    assert digest(str(folder)) == base
    assert engines.tokenizer("vllm", str(folder)).digest == base


@pytest.mark.parametrize(
    "other",
    [
        {"vocabulary": VOCABULARY | {"d": 6}},
        {"vocabulary": VOCABULARY | {"a": 2, "b": 1}},
        {"merges": MERGES[::-1]},
        {"merges": MERGES[:1]},
        {"added": ("<think>",)},
        {"pad_token": "<pad>"},
    ],
)
def test_another_vocabulary_other_merges_or_an_added_token_change_it(make: Make, other: dict[str, Any]) -> None:
    assert digest(make("other", **other)) != digest(make("base"))


def test_end_ids_are_those_of_special_tokens(make: Make) -> None:
    tokenizer = engines.tokenizer("transformers", make("more", pad_token="<pad>", added=("<think>",)))
    assert tokenizer.end_ids == {0, *tokenizer.encode("<pad>", special_tokens=False)}

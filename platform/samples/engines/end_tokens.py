"""Warn when a chat template ends an answer with a token at which the engine does not stop.

Engines stop at the end token of the tokenizer, and at those of generation_config.json. Exports without that file often
name the end of a text there, while their chat template ends an answer with <|im_end|> or the like: then completions
run on to max_tokens.
"""

import json
from pathlib import Path
from typing import Any

from samples.engines import Sampling, Tokenizer
from samples.engines.huggingface import ModelTokenizer

_ANSWER = "forty-two"


def note(tokenizer: Tokenizer, sampling: Sampling) -> str | None:
    """Return what a person should know of the ends of answers; None if the engine stops where the template ends."""
    if not isinstance(tokenizer, ModelTokenizer) or tokenizer.chat_template is None or sampling.ignore_eos:
        return None
    end = _template_end(tokenizer.inner)
    if end is None or end in _ends(tokenizer.inner) | set(sampling.stop_token_ids):
        return None
    word = tokenizer.inner.convert_ids_to_tokens(end)
    return (
        f"the chat template ends an answer with {word}, at which the model's files do not stop: completions may run on "
        f"to max_tokens; --stop-token-id {end} stops there"
    )


def _template_end(inner: Any) -> int | None:
    """Return the special token that follows an answer in the chat template; None if plain text follows."""
    messages = [{"role": "user", "content": "?"}, {"role": "assistant", "content": _ANSWER}]
    try:
        text: str = inner.apply_chat_template(messages, tokenize=False)
    except Exception:  # noqa: BLE001 - a template may raise anything; then it cannot be rendered for a problem either
        return None
    after = inner.encode(text.rpartition(_ANSWER)[2], add_special_tokens=False)
    special: set[int] = set(inner.all_special_ids) | set(inner.added_tokens_decoder)
    return after[0] if after and after[0] in special else None


def _ends(inner: Any) -> set[int]:
    """Return the tokens at which engines stop."""
    found = {inner.eos_token_id}
    try:
        given = json.loads(Path(inner.name_or_path, "generation_config.json").read_text("utf-8")).get("eos_token_id")
    except (OSError, ValueError, AttributeError):
        given = _of_hub(inner.name_or_path)
    return found | set(given if isinstance(given, list) else [given])


def _of_hub(name: str) -> Any:
    """Return the end tokens of a model on the hub, as far as its files are in the cache."""
    from huggingface_hub import try_to_load_from_cache

    try:
        path = try_to_load_from_cache(name, "generation_config.json")
        return json.loads(Path(str(path)).read_text("utf-8")).get("eos_token_id")
    except (OSError, ValueError, AttributeError):
        return None

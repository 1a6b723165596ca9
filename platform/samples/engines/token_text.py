"""The text of tokens one by one, for people who read samples: without transformers where the model's folder is here."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from samples import engines
from samples.errors import MissingExtra, ModelError

_KEPT = 4  # tokenizers: reading one takes up to a second


def token_texts(model: str, revision: str | None, token_ids: list[int]) -> list[str]:
    """Return the text of each token on its own, special tokens included.

    A folder's tokenizer.json is read by the package tokenizers. Anything else needs transformers. Python of the model's
    repository never runs.

    Raises:
        ModelError: The model's tokenizer cannot be loaded; the message says what is missing.
        MissingExtra: A package is not installed.
    """
    file = Path(model).expanduser() / "tokenizer.json"
    if not file.is_file():
        if model.startswith(("/", "~", ".")) and not Path(model).expanduser().is_dir():
            raise ModelError(f"cannot decode tokens: the model's folder {model} is not on this machine")
        return _loaded(model, revision).decode(token_ids)
    try:
        decode = _read(file, file.stat().st_mtime_ns).decode
        return [decode([token], skip_special_tokens=False) for token in token_ids]
    except MissingExtra:
        raise
    except Exception as error:  # the package raises bare Exceptions
        raise ModelError(f"cannot decode tokens: {file} cannot be read: {error}") from error


@lru_cache(maxsize=_KEPT)
def _loaded(model: str, revision: str | None) -> engines.Tokenizer:
    return engines.tokenizer("transformers", model, revision)


@lru_cache(maxsize=_KEPT)
def _read(file: Path, changed: int) -> Any:  # noqa: ARG001 - a file that changed is read again
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise MissingExtra(
            "cannot decode tokens: the package tokenizers is not installed (pip install tokenizers)"
        ) from error
    return Tokenizer.from_file(str(file))

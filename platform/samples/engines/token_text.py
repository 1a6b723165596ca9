"""The text of tokens one by one, for people who read samples: without transformers where the model's folder is here."""

from pathlib import Path

from samples import engines
from samples.errors import MissingExtra, ModelError


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
        return engines.tokenizer("transformers", model, revision).decode(token_ids)
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise MissingExtra(
            "cannot decode tokens: the package tokenizers is not installed (pip install tokenizers)"
        ) from error
    try:
        decode = Tokenizer.from_file(str(file)).decode
        return [decode([token], skip_special_tokens=False) for token in token_ids]
    except Exception as error:  # the package raises bare Exceptions
        raise ModelError(f"cannot decode tokens: {file} cannot be read: {error}") from error

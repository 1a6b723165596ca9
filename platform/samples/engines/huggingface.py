"""What the vllm and transformers engines share: finding a model, its tokenizer, and errors in one line.

A model is a folder or a Hugging Face Hub id. One that does not exist, or that cannot be looked for, is refused within
seconds and before anything heavy is imported. Nothing here imports torch unless a model's tokenizer needs it.
"""

import json
import logging
import os
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from samples.errors import ModelError, TemplateError

_HUB_SECONDS = 10.0
# What AutoTokenizer would choose for (model_type, tokenizer_class), without the ten seconds that importing it takes
# (it imports torch). Any other pair goes to AutoTokenizer.
_LIGHT = {
    ("llama", "TokenizersBackend"): "TokenizersBackend",
    ("qwen2", "Qwen2Tokenizer"): "Qwen2Tokenizer",
    ("qwen3", "Qwen2Tokenizer"): "Qwen2Tokenizer",
}


def quiet() -> None:
    """Keep Hugging Face's progress bars, advice and warnings off the screen, in this process and its children."""
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()


def one_line(error: BaseException) -> str:
    """Return the line of an error that says what went wrong."""
    if type(error).__name__ == "ValidationError" and hasattr(error, "errors"):
        # pydantic's: the first problem, without its frame of type and URL
        problems: Any = error
        return str(problems.errors()[0]["msg"]).removeprefix("Value error, ").split("\n", 1)[0]
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:500] if lines else type(error).__name__


def find(model: str, revision: str | None) -> str:
    """Make sure that there is such a model; return the folder or the hub id to load.

    Raises:
        ModelError: There is none, or the hub could not be asked and nothing is cached.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise ModelError(f'model "{model}": the folder has no config.json')
        return str(folder)
    if model.startswith((".", "/", "~")) or not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", model):
        raise ModelError(f'model "{model}": there is no such folder')
    quiet()
    import huggingface_hub
    from huggingface_hub import errors

    if isinstance(huggingface_hub.try_to_load_from_cache(model, "config.json", revision=revision), str):
        return model
    try:
        huggingface_hub.HfApi().model_info(model, revision=revision, timeout=_HUB_SECONDS)
    except errors.RevisionNotFoundError as error:
        raise ModelError(f'model "{model}" has no revision "{revision}" on the Hugging Face Hub') from error
    except errors.RepositoryNotFoundError as error:
        raise ModelError(
            f'model "{model}": no such folder here, and no such model on the Hugging Face Hub (or it is private: '
            "hf auth login)"
        ) from error
    except Exception as error:
        raise ModelError(
            f'model "{model}": no such folder here, not in the cache, and the Hugging Face Hub did not answer '
            f"({one_line(error)})"
        ) from error
    return model


class ModelTokenizer:
    """A model's own tokenizer, by transformers."""

    def __init__(self, inner: Any, model: str) -> None:
        self.inner = inner
        self._model = model

    @property
    def chat_template(self) -> str | None:
        """The model's chat template; of several, the one for plain chats."""
        template = self.inner.chat_template
        return template.get("default") if isinstance(template, dict) else template

    def render_chat(self, messages: list[dict[str, str]]) -> str:
        """Render messages with the chat template, ready for the assistant's turn.

        Raises:
            TemplateError: The model has no chat template, or it refuses these messages.
        """
        if self.chat_template is None:
            raise TemplateError(f'model "{self._model}" has no chat template: use --template plain or a file')
        try:
            return self.inner.apply_chat_template(
                messages, chat_template=self.chat_template, tokenize=False, add_generation_prompt=True
            )
        except Exception as error:
            raise TemplateError(f'the chat template of model "{self._model}": {one_line(error)}') from error

    def encode(self, text: str, *, special_tokens: bool) -> list[int]:
        """Token ids of `text`; `special_tokens` adds what the model puts around a plain text."""
        return self.inner.encode(text, add_special_tokens=special_tokens)

    def decode(self, token_ids: list[int]) -> list[str]:
        """Text of each token on its own, special tokens included."""
        return [self.inner.decode([token], clean_up_tokenization_spaces=False) for token in token_ids]


def tokenizer(model: str, revision: str | None) -> ModelTokenizer:
    """Load the tokenizer of `model`: three seconds, of which most is importing transformers.

    Raises:
        ModelError: The model cannot be found or has no tokenizer.
    """
    path = find(model, revision)
    quiet()
    try:
        import transformers

        kind = (
            _entry(path, revision, "config.json", "model_type"),
            _entry(path, revision, "tokenizer_config.json", "tokenizer_class"),
        )
        maker = getattr(transformers, _LIGHT.get(kind, "AutoTokenizer"))
        return ModelTokenizer(maker.from_pretrained(path, revision=revision), model)
    except ImportError:
        raise
    except Exception as error:
        raise ModelError(f'model "{model}": its tokenizer cannot be loaded: {one_line(error)}') from error


def _entry(model: str, revision: str | None, file: str, key: str) -> str:
    """Return one entry of one of the model's JSON files, or nothing."""
    try:
        if not (path := Path(model, file)).is_file():
            from huggingface_hub import hf_hub_download

            path = Path(hf_hub_download(model, file, revision=revision, etag_timeout=_HUB_SECONDS))
        return str(json.loads(path.read_text("utf-8")).get(key))
    except (OSError, ValueError):
        return ""


def installed(*packages: str) -> dict[str, str]:
    """Versions of those of `packages` that are installed."""
    found: dict[str, str] = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found

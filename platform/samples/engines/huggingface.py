"""Find a Hugging Face model and load its tokenizer. The vllm and transformers engines share this code.

A model is a folder or an id on the Hugging Face Hub. If the model does not exist, or the hub does not answer, the error
comes within seconds, before anything heavy is imported. This module imports torch only if a model's tokenizer needs it.
"""

import functools
import json
import logging
import os
import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from samples.engines.adapters import require_model
from samples.errors import ModelError, TemplateError

_HUB_TIMEOUT = 10.0  # seconds
# The class that AutoTokenizer chooses for (model_type, tokenizer_class). Importing AutoTokenizer takes ten seconds,
# because it imports torch. It loads the tokenizer of any other pair.
_TOKENIZER_CLASSES = {
    ("llama", "TokenizersBackend"): "TokenizersBackend",
    ("qwen2", "Qwen2Tokenizer"): "Qwen2Tokenizer",
    ("qwen3", "Qwen2Tokenizer"): "Qwen2Tokenizer",
}
_TOKENIZER_FILES = ("tokenizer*", "vocab*", "merges.txt", "*.model", "*.tiktoken")


def silence_huggingface() -> None:
    """Turn off Hugging Face's progress bars, advice and warnings, in this process and its children."""
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()


def one_line(error: BaseException) -> str:
    """Return the line of an error's message that says what went wrong."""
    if type(error).__name__ == "ValidationError" and hasattr(error, "errors"):
        # An error of pydantic: take its first problem, without the type and URL around it.
        problems: Any = error
        return str(problems.errors()[0]["msg"]).removeprefix("Value error, ").split("\n", 1)[0]
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:500] if lines else type(error).__name__


def require_trust(model: str, error: BaseException) -> None:
    """Say what to do if loading a model failed because its repository has Python of its own.

    Raises:
        ModelError: It failed for this reason.
    """
    if "trust_remote_code" in str(error):
        raise ModelError(
            f'model "{model}" needs Python files of its own repository, which do not run unless you trust them: read '
            "them, then give --trust-remote-code"
        ) from error


def find_model(model: str, revision: str | None) -> str:
    """Check that the model exists; return the folder or the hub id to load.

    Raises:
        ModelError: There is no such model, or the hub does not answer and the model is not in the cache.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        require_model(folder)
        if not (folder / "config.json").is_file():
            raise ModelError(f'model "{model}": the folder has no config.json; name the folder of a saved checkpoint')
        return str(folder)
    if model.startswith((".", "/", "~")) or not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", model):
        raise ModelError(f'model "{model}": there is no such folder; name a folder or a Hugging Face Hub id')
    silence_huggingface()
    import huggingface_hub
    from huggingface_hub import errors

    if isinstance(huggingface_hub.try_to_load_from_cache(model, "config.json", revision=revision), str):
        return model
    try:
        huggingface_hub.HfApi().model_info(model, revision=revision, timeout=_HUB_TIMEOUT)
    except errors.RevisionNotFoundError as error:
        raise ModelError(f'model "{model}" has no revision "{revision}" on the Hugging Face Hub') from error
    except errors.RepositoryNotFoundError as error:
        raise ModelError(
            f'model "{model}": there is no such folder, and no such model on the Hugging Face Hub; if the model is '
            "private, log in: hf auth login"
        ) from error
    except Exception as error:
        raise ModelError(
            f'model "{model}": there is no such folder, the model is not in the cache, and the Hugging Face Hub did '
            f"not answer ({one_line(error)}); check the name and the network"
        ) from error
    return model


class ModelTokenizer:
    """A model's own tokenizer, loaded by transformers."""

    def __init__(self, inner: Any, model: str) -> None:
        self.inner = inner
        self._model = model

    @functools.cached_property
    def digest(self) -> str:
        """The hash of the vocabulary with its added tokens, and of the merges: 16 hex digits."""
        vocabulary = sorted((token_id, token) for token, token_id in self.inner.get_vocab().items())
        backend = getattr(self.inner, "backend_tokenizer", None)  # a tokenizer in plain Python has none, and no merges
        merges = [] if backend is None else json.loads(backend.to_str())["model"].get("merges") or []
        # Older versions of the package tokenizers write a merge as one string.
        pairs = [merge.split(" ", 1) if isinstance(merge, str) else merge for merge in merges]
        return sha256(json.dumps([vocabulary, pairs], ensure_ascii=True).encode()).hexdigest()[:16]

    @property
    def end_ids(self) -> frozenset[int]:
        """The ids of the special tokens."""
        return frozenset(self.inner.all_special_ids)

    @property
    def chat_template(self) -> str | None:
        """The model's chat template. If the model has several, the default one."""
        template = self.inner.chat_template
        return template.get("default") if isinstance(template, dict) else template

    def render_chat(
        self, messages: list[dict[str, str]], date: str | None = None, options: Mapping[str, Any] | None = None
    ) -> str:
        """Render messages with the chat template, up to the start of the assistant's turn.

        A template that asks for today's date by `strftime_now` gets `date` (YYYY-MM-DD), at midnight. `options` are
        variables of the template, such as enable_thinking.

        Raises:
            TemplateError: The model has no chat template, or the template refuses these messages.
        """
        if self.chat_template is None:
            raise TemplateError(f'model "{self._model}" has no chat template: use --template plain or a file')
        # A variable of this name comes before transformers' own function, which looks at the clock.
        clock = {} if date is None else {"strftime_now": datetime.fromisoformat(date).strftime}
        try:
            return self.inner.apply_chat_template(
                messages,
                chat_template=self.chat_template,
                tokenize=False,
                add_generation_prompt=True,
                **(options or {}),
                **clock,
            )
        except Exception as error:
            raise TemplateError(
                f'the chat template of model "{self._model}" cannot render the messages: {one_line(error)}'
            ) from error

    def encode(self, text: str, *, special_tokens: bool) -> list[int]:
        """Return the token ids of `text`. `special_tokens` adds those that the model puts around a plain text."""
        return self.inner.encode(text, add_special_tokens=special_tokens)

    def decode(self, token_ids: list[int]) -> list[str]:
        """Return the text of each token on its own, special tokens included."""
        return [self.inner.decode([token], clean_up_tokenization_spaces=False) for token in token_ids]


def tokenizer(model: str, revision: str | None, *, trust_remote_code: bool = False) -> ModelTokenizer:
    """Load the tokenizer of `model`. This takes three seconds, most of them to import transformers.

    Python of the model's repository runs only with `trust_remote_code`. Nobody is asked.

    Raises:
        ModelError: The model cannot be found, has no tokenizer, or needs its own Python and is not trusted.
    """
    path = find_model(model, revision)
    silence_huggingface()
    try:
        import transformers

        kind = (
            _json_value(path, revision, "config.json", "model_type"),
            _json_value(path, revision, "tokenizer_config.json", "tokenizer_class"),
        )
        name = "AutoTokenizer" if trust_remote_code else _TOKENIZER_CLASSES.get(kind, "AutoTokenizer")
        maker = getattr(transformers, name)
        loaded = maker.from_pretrained(path, revision=revision, trust_remote_code=trust_remote_code)
        return ModelTokenizer(loaded, model)
    except ImportError:
        raise
    except Exception as error:
        require_trust(model, error)
        _require_tokenizer(model)
        raise ModelError(f'model "{model}": cannot load its tokenizer: {one_line(error)}') from error


def _require_tokenizer(model: str) -> None:
    """Say what to do if a folder holds no file of a tokenizer, as trainers may save a checkpoint."""
    folder = Path(model).expanduser()
    if folder.is_dir() and not any(file for pattern in _TOKENIZER_FILES for file in folder.glob(pattern)):
        raise ModelError(
            f'model "{model}": the folder has no tokenizer (tokenizer.json and others); copy the tokenizer files of '
            "the model that it was trained from into it"
        )


def _json_value(model: str, revision: str | None, file: str, key: str) -> str:
    """Return the value of `key` in one of the model's JSON files, as text; "" if the file cannot be read."""
    try:
        if not (path := Path(model, file)).is_file():
            from huggingface_hub import hf_hub_download

            path = Path(hf_hub_download(model, file, revision=revision, etag_timeout=_HUB_TIMEOUT))
        return str(json.loads(path.read_text("utf-8")).get(key))
    except (OSError, ValueError):
        return ""


def installed_versions(*packages: str) -> dict[str, str]:
    """Return the version of each of `packages` that is installed."""
    found: dict[str, str] = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found

"""LoRA adapters: small changes to a base model's weights, as peft saves them.

A run of an adapter is identified by the base and the adapter together. An engine loads the base, and applies the
adapter to every request.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samples.engines import has_weights
from samples.engines.fingerprint import fingerprint
from samples.errors import ModelError, UsageError, first_line

CONFIG = "adapter_config.json"


@dataclass(frozen=True)
class Adapter:
    """An adapter by `name` and `revision` (a hub's commit, or a folder's fingerprint); an engine loads it from `path`.

    `rank` is the largest of its matrices. `local` says that `path` is the user's folder, whose files can change.
    """

    name: str
    revision: str
    path: str
    rank: int
    local: bool

    def modules(self) -> list[str] | None:
        """Return the names of the layers that it changes, such as q_proj; None if its config names them by a pattern.

        Raises:
            ModelError: Its config cannot be read.
        """
        found = _config(Path(self.path), self.name).get("target_modules")
        return sorted(found) if isinstance(found, list) else None

    def require_unchanged(self) -> None:
        """Check that the adapter's folder still holds the files that the run was specified for.

        Raises:
            ModelError: It holds others.
        """
        if self.local and (found := fingerprint(Path(self.path))) != self.revision:
            raise ModelError(
                f"adapter folder {self.path} has other files than the run was planned with (fingerprint {found}, "
                f"expected {self.revision}): give each checkpoint a folder of its own, then repeat the command"
            )


def find_adapter(engine: str, name: str) -> Adapter:
    """Return the adapter of a folder, or of a name on the Hugging Face Hub, which is downloaded.

    Raises:
        ModelError: There is no such adapter, or it is no LoRA adapter.
        UsageError: The engine has no weights that an adapter could change.
    """
    if not has_weights(engine):
        raise UsageError(f"engine {engine} has no weights: leave out --adapter")
    folder = Path(name).expanduser()
    if folder.is_dir():
        rank = _rank(folder, name)
        return Adapter(folder.resolve().name, fingerprint(folder), str(folder.absolute()), rank, local=True)
    if name.startswith((".", "/", "~")):
        raise ModelError(f'adapter "{name}": there is no such folder')
    from huggingface_hub import snapshot_download

    try:
        there = Path(snapshot_download(name))
    except Exception as error:
        raise ModelError(
            f'adapter "{name}": there is no such folder, and the Hugging Face Hub gave none: {first_line(error)}'
        ) from error
    return Adapter(name, there.name, str(there), _rank(there, name), local=False)  # the hub's cache names it by commit


def require_model(folder: Path) -> None:
    """Check that a model's folder is not an adapter, which needs its base.

    Raises:
        ModelError: It is one. The message names the base.
    """
    if (folder / CONFIG).is_file() and not (folder / "config.json").is_file():
        base = _config(folder, str(folder)).get("base_model_name_or_path") or "BASE"
        raise ModelError(f'model "{folder}": is an adapter of {base}: give --model {base} --adapter {folder}')


def _rank(folder: Path, name: str) -> int:
    config = _config(folder, name)
    if (kind := config.get("peft_type")) != "LORA":
        raise ModelError(f'adapter "{name}": its {CONFIG} says {kind}; only LORA adapters can be applied')
    ranks: list[Any] = [config.get("r"), *(config.get("rank_pattern") or {}).values()]
    if not all(isinstance(rank, int) and rank > 0 for rank in ranks):
        raise ModelError(f'adapter "{name}": its {CONFIG} has no rank "r" above 0')
    return max(ranks)


def _config(folder: Path, name: str) -> dict[str, Any]:
    try:
        found = json.loads((folder / CONFIG).read_text("utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f'adapter "{name}": has no {CONFIG}; name the folder that peft saved') from error
    except (OSError, ValueError) as error:
        raise ModelError(f'adapter "{name}": {CONFIG} cannot be read: {first_line(error)}') from error
    if not isinstance(found, dict):
        raise ModelError(f'adapter "{name}": {CONFIG} is no JSON object')
    return found

"""Say which weights a model's name stands for.

A run's identity uses this: it stays the same when a model's folder moves, and changes when the weights change.
"""

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from samples.engines import has_weights

_HASHED_BYTES = 1 << 20  # read at each end of a file: fast, and enough to distinguish checkpoints


@dataclass(frozen=True)
class Identity:
    """Identify the weights by `name` and `revision`; an engine loads them by `path` and `load_revision`."""

    name: str
    revision: str | None
    path: str
    load_revision: str | None


def identify(engine: str, model: str, revision: str | None) -> Identity:
    """Return the identity of the weights that `model` stands for at this moment.

    A local folder is identified by its name and a fingerprint of its files. A model on the hub is identified by its
    name and the commit that `revision` (a branch, by default main) points to. A model without weights
    is identified by its name.
    """
    if not has_weights(engine):
        return Identity(model, revision, model, revision)
    folder = Path(model).expanduser()
    if folder.is_dir():
        return Identity(folder.resolve().name, fingerprint(folder), str(folder.absolute()), None)
    from huggingface_hub import hf_hub_download

    # The hub's cache keeps files in a folder named by their commit.
    commit = Path(hf_hub_download(model, "config.json", revision=revision)).parent.name
    return Identity(model, commit, model, commit)


def fingerprint(folder: Path) -> str:
    """Hash a checkpoint's files to 16 hex digits: the name, size, first MiB and last MiB of each."""
    state = blake2b(digest_size=8)
    for file in sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")):
        size = file.stat().st_size
        state.update(f"{file.name}\0{size}\0".encode())
        with file.open("rb") as stream:
            state.update(stream.read(_HASHED_BYTES))
            stream.seek(max(size - _HASHED_BYTES, 0))
            state.update(stream.read(_HASHED_BYTES))
    return state.hexdigest()

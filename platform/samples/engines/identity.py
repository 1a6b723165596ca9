"""Which weights a model's name means, so that a run's identity survives a moved folder and notices changed weights."""

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from samples.engines import has_weights

_END_BYTES = 1 << 20  # of each end of a weights file: enough to tell checkpoints apart, and read in no time


@dataclass(frozen=True)
class Identity:
    """The name and revision that stand for the weights; the path and revision by which an engine loads just these."""

    name: str
    revision: str | None
    path: str
    load: str | None


def identify(engine: str, model: str, revision: str | None) -> Identity:
    """Say which weights `model` means now.

    A local folder is its own name and a fingerprint of its files; a hub's model is its name and the commit that
    `revision` (a branch, by default main) stands for now; a toy is its name.
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
    """Hash a checkpoint's files to 16 hex digits: names, sizes, and the first and last MiB of each."""
    state = blake2b(digest_size=8)
    for file in sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")):
        size = file.stat().st_size
        state.update(f"{file.name}\0{size}\0".encode())
        with file.open("rb") as stream:
            state.update(stream.read(_END_BYTES))
            stream.seek(max(size - _END_BYTES, 0))
            state.update(stream.read(_END_BYTES))
    return state.hexdigest()

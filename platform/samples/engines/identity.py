"""Say which weights a model's name stands for.

A run's identity uses this: it stays the same when a model's folder moves, and changes when the weights change.
"""

from dataclasses import dataclass
from pathlib import Path

from samples.engines import has_weights
from samples.engines.dtypes import dtype_used
from samples.engines.fingerprint import fingerprint
from samples.errors import ModelError


@dataclass(frozen=True)
class Identity:
    """Identify the weights by `name` and `revision`; an engine loads them by `path` and `load_revision`.

    `dtype` is the one that the engine computes in.
    """

    name: str
    revision: str | None
    path: str
    load_revision: str | None
    dtype: str


def identify(engine: str, model: str, revision: str | None, dtype: str = "auto") -> Identity:
    """Return the identity of the weights that `model` stands for at this moment.

    A local folder is identified by its name and a fingerprint of its files. A model on the hub is identified by its
    name and the commit that `revision` (a branch, by default main) points to. A model without weights
    is identified by its name; it has no dtype, so the one that was asked for stays.

    Raises:
        ModelError: The folder cannot be read, or the dtype cannot be used.
    """
    if not has_weights(engine):
        return Identity(model, revision, model, revision, dtype)
    folder = Path(model).expanduser()
    if folder.is_dir():
        own = dtype_used(str(folder), None, dtype)
        return Identity(folder.resolve().name, fingerprint(folder), str(folder.absolute()), None, own)
    from huggingface_hub import hf_hub_download

    # The hub's cache keeps files in a folder named by their commit.
    commit = Path(hf_hub_download(model, "config.json", revision=revision)).parent.name
    return Identity(model, commit, model, commit, dtype_used(model, commit, dtype))


def require_unchanged(engine: str, path: str, load_revision: str | None, revision: str | None) -> None:
    """Check that a model's folder still holds the files that a run was specified for: those of this fingerprint.

    A hub's commit and a model without weights cannot change.

    Raises:
        ModelError: The folder holds other files.
    """
    folder = Path(path)
    if load_revision is not None or not has_weights(engine) or not folder.is_dir():
        return
    if (found := fingerprint(folder)) != revision:
        raise ModelError(
            f"model folder {path} has other files than the run was planned with (fingerprint {found}, expected "
            f"{revision}): they changed since the command began, or differ between machines; give each checkpoint a "
            "folder of its own, then repeat the command"
        )

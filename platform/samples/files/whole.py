"""Write a file that appears whole or not at all."""

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from samples.errors import UsageError


@contextmanager
def whole_file(name: str) -> Generator[IO[bytes]]:
    """Open a local file that appears when the context ends without an error. A device or a pipe is written directly.

    Raises:
        UsageError: It cannot be written, or it is a folder, or in a folder that does not exist.
    """
    part = None
    try:
        if is_device(path := Path(name)):
            with path.open("wb") as sink:
                yield sink
            return
        path = path.resolve()  # the file that a link names, not the link, is replaced
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        with part.open("wb") as sink:
            yield sink
        part.replace(path)
    except (OSError, RuntimeError) as error:  # RuntimeError: a link that leads to itself
        raise cannot_be_written(name, error) from error
    finally:
        if part is not None:
            with suppress(OSError):  # on a file system that can only be read, even this fails
                part.unlink(missing_ok=True)


def is_device(path: Path) -> bool:
    """Return whether a path names a device or a pipe.

    Raises:
        UsageError: It is a folder, or in a folder that does not exist or may not be entered.
    """
    try:
        if path.is_dir():
            raise UsageError(f"{path} is a folder: name a file in it")
        if not path.parent.is_dir():
            raise UsageError(f"{path}: there is no folder {path.parent}: make it first, or choose another")
        return path.exists() and not path.is_file()
    except OSError as error:
        raise cannot_be_written(path, error) from error


def cannot_be_written(name: str | Path, error: Exception) -> UsageError:
    """Return the error of a user whose file cannot be written."""
    why = error.strerror if isinstance(error, OSError) else None
    return UsageError(f"{name}: cannot be written: {why or error}")

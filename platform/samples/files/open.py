"""Open a file by its path or its URI.

Any fsspec filesystem serves. Whatever a filesystem raises becomes one line that names the file. Retries over a network
are bounded.
"""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from samples.errors import FileError, MissingExtra, SamplesError, first_line

_EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs", "az": "azure", "abfs": "azure", "abfss": "azure"}
# s3fs tries five times, and botocore retries within each try. Two botocore attempts report a dead endpoint soon.
# No instance is cached, because the environment may name another endpoint next time.
_S3: dict[str, Any] = {"config_kwargs": {"retries": {"total_max_attempts": 2}}, "skip_instance_cache": True}


def _s3() -> dict[str, Any]:
    """Return the settings of s3fs, with those that Rust's libraries take from the environment and botocore does not."""
    there = os.environ.get
    endpoint = None if there("AWS_ENDPOINT_URL_S3") or there("AWS_ENDPOINT_URL") else there("AWS_ENDPOINT")
    region = there("AWS_REGION")
    return (
        _S3
        | ({"endpoint_url": endpoint} if endpoint else {})
        | ({"client_kwargs": {"region_name": region}} if region else {})
    )


def filesystem_of(uri: str) -> tuple[Any, str]:
    """Return the fsspec filesystem of a URI, and the path in it. Errors are the filesystem's own: see `reading`."""
    import fsspec.core  # every command would wait 25 ms for it

    scheme = uri.partition("://")[0]
    return fsspec.core.url_to_fs(uri, **(_s3() if scheme in {"s3", "s3a"} else {}))


def _of_filesystem(uri: str) -> IO[bytes]:
    filesystem, inside = filesystem_of(uri)
    return filesystem.open(inside, "rb")


@contextmanager
def open_file(path: str) -> Generator[IO[bytes]]:
    """Open a path or a URI of any fsspec filesystem, and read bytes from it within the context.

    Raises:
        FileError: The file cannot be read.
        MissingExtra: The package that reads this kind of URI is not installed.
    """
    with reading(path), _of_filesystem(path) if "://" in path else Path(path).open("rb") as file:
        yield file


@contextmanager
def reading(path: str) -> Generator[None]:
    """Turn whatever a filesystem raises within the context into one line that names the path.

    Raises:
        FileError: The file cannot be read.
        MissingExtra: The package that reads this kind of URI is not installed.
    """
    scheme = path.partition("://")[0] if "://" in path else "file"
    try:
        yield
    except SamplesError:
        raise
    except FileNotFoundError as error:
        raise FileError(f"{path}: there is no such file; check the path") from error
    except IsADirectoryError as error:
        raise FileError(f"{path}: is a folder; name the file in it") from error
    except PermissionError as error:
        raise FileError(f"{path}: no permission to read it") from error
    except ImportError as error:
        install = f"; pip install 'samples[{_EXTRAS[scheme]}]'" if scheme in _EXTRAS else ""
        raise MissingExtra(f"{path}: {first_line(error)}{install}") from error
    except Exception as error:  # each filesystem has errors of its own: botocore, aiohttp, google …
        if isinstance(error, ValueError) and "Protocol not known" in str(error):
            raise FileError(f"{path}: unknown scheme {scheme}://; use a path, s3://, gs:// or az://") from error
        raise FileError(f"{path}: cannot be read: {first_line(error)}") from error

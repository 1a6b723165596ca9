"""Samples: draw completions once, keep every token and log-prob, ask questions for months."""

from typing import TYPE_CHECKING

from samples.errors import SamplesError

if TYPE_CHECKING:  # pyarrow and deltalake take half a second, which `samples --help` need not wait for
    from datetime import datetime

    from samples.api import Lake


def open(uri: str, *, version: "str | datetime | None" = None) -> "Lake":  # noqa: A001 - what a reader expects to type
    """Open the lake at `uri`: a local folder, s3://, gs:// or az://.

    With a `version` it is the lake as it was, and cannot be written: a text that `Lake.version` gave ("problems:3,
    runs:2,samples:14"), or a time (ISO 8601, UTC where it names no zone).

    Raises:
        NotFound: There is no lake.
        UsageError: `version` is neither, or no version of this lake.
        LakeError: The place cannot be reached, or the lake's format is newer.
    """
    from samples.api import Lake

    return Lake(uri, version=version)


__all__ = ["SamplesError", "open"]

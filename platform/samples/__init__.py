"""Samples: draw completions once, keep every token and log-prob, ask questions for months."""

from samples.errors import SamplesError
from samples.lake import Lake


def open(uri: str) -> Lake:  # noqa: A001 - samples.open is what a reader expects to type
    """Open the lake at `uri`: a local folder, s3://, gs:// or az://.

    Raises:
        NotFound: There is no lake.
        LakeError: The place cannot be reached, or the lake's format is newer.
    """
    return Lake(uri)


__all__ = ["Lake", "SamplesError", "open"]

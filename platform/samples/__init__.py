"""Samples: draw completions once, keep every token and log-prob, ask questions for months."""

from typing import TYPE_CHECKING

from samples.errors import SamplesError

if TYPE_CHECKING:  # pyarrow and deltalake take half a second, which `samples --help` need not wait for
    from samples.lake import Lake


def open(uri: str) -> "Lake":  # noqa: A001 - samples.open is what a reader expects to type
    """Open the lake at `uri`: a local folder, s3://, gs:// or az://.

    Raises:
        NotFound: There is no lake.
        LakeError: The place cannot be reached, or the lake's format is newer.
    """
    from samples.lake import Lake

    return Lake(uri)


__all__ = ["SamplesError", "open"]

"""Serve a lake's samples to a web browser on this machine."""

from typing import TYPE_CHECKING

from samples.errors import MissingExtra
from samples.lake.tables import Tables

if TYPE_CHECKING:
    from samples.browse.serve import Served


def browse(
    lake: Tables, *, port: int | None = None, tokenizer: str | None = None, reviewer: str | None = None
) -> "Served":
    """Start a server on loopback, and return it. Its `url` opens the pages; `close()` or the program's end stops it.

    `port` is a free one when None. `tokenizer` decodes the tokens, as in `samples.query.show.show`. `reviewer` is the
    name that reviews are stored under; the page asks for it when None.

    Raises:
        MissingExtra: A package of the extra `browse` is not installed.
        UsageError: The port is taken, or the reviewer's name cannot be used.
        LakeError: The lake cannot be read.
    """
    try:
        from samples.browse.serve import serve
    except ImportError as error:
        package = (error.name or "").partition(".")[0]
        raise MissingExtra(f"browse: the package {package} is not installed: pip install 'samples[browse]'") from error
    return serve(lake, port=port, tokenizer=tokenizer, reviewer=reviewer)

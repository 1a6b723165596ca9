"""Say of a run that a question names and that is not there that it was dropped, by whom, and how it comes back."""

from collections.abc import Generator
from contextlib import contextmanager

from samples.errors import NotFound
from samples.lake import hidden
from samples.lake.tables import Tables
from samples.query.filters import NoRun


@contextmanager
def said(lake: Tables) -> Generator[None]:
    """Let an error about a run that is not there say that it is hidden, if it is."""
    try:
        yield
    except NoRun as error:
        if (note := hidden.named(lake.place, error.name)) is None:
            raise
        raise NotFound(f"{note}; {note.way_out}") from error

"""A lake as its users hold it: everything that can be asked of it or added to it, from Python."""

from typing import Any

from samples.lake.tables import Tables
from samples.query.query import query, sql
from samples.query.rows import Rows


class Lake(Tables):
    """The lake at one URI; `samples.open` opens one."""

    def query(self, name: str, **parameters: Any) -> Rows:
        """Answer a named question; see `samples.query.query`."""
        return query(self, name, **parameters)

    def sql(self, text: str, **limits: Any) -> Rows:
        """Answer an analyst's own SELECT over the views; see `samples.query.query`."""
        return sql(self, text, **limits)

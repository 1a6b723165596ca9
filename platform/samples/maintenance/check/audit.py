"""One audit: a query that must return nothing."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Audit:
    """What a query finds in a table, and the way out.

    The query returns a row for each run in which it finds something: run_id, samples (how many, or NULL), first (one);
    and, if it wants, `tbl` and `level` in place of the audit's. It reads the tables `reads` as lake.TABLE, and as
    lake.TABLE_cells (see `relations`). A `deep` audit reads what `pages` measured of each row: lake.TABLE_measured.
    """

    table: str
    found: str
    way_out: str
    reads: tuple[str, ...]
    sql: str
    deep: bool = False

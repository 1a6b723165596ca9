"""How the numbers of a query are worked out: in words, and in SQL where the query is a SELECT."""

import samples_queries


def explanation(name: str) -> tuple[str, str | None]:
    """Return how a named query is worked out in words, and its SELECT if it is one."""
    select = None
    if samples_queries.is_sql(name):
        lines = samples_queries.text(name).splitlines()
        first = next(place for place, line in enumerate(lines) if not line.startswith("--"))
        select = "\n".join(lines[first:])
    return samples_queries.reference(name, width=100), select

"""Run a named query in a connection that has the views. No query."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import duckdb

from samples_queries import Answer
from samples_queries.files import is_sql, text
from samples_queries.headers import header
from samples_queries.problem_sets import settle


def ask(connection: duckdb.DuckDBPyConnection, name: str, bound: Mapping[str, Any]) -> Answer:
    """Return the rows of a query, and what their reader must know.

    `bound` has a value for each of the query's parameters. A SQL query that has the parameter problem_set is run after
    the problems are settled, and reads them from the tables `compared` and `judged_problems`. A query whose header has
    the key `scored` reads the perplexities under the scorer that is bound, if one is.

    Raises:
        Unanswerable: The lake does not hold what the query needs.
    """
    if header(name).scored and bound["scorer"]:
        _name_scorer(connection, bound["scorer"])
        connection.execute("CREATE OR REPLACE VIEW perplexities AS FROM scored_perplexities")
    if not is_sql(name):
        found = import_module(f"samples_queries.{name}").answer(connection, **bound)
        return found if isinstance(found, Answer) else Answer(found)
    notes: list[str] = []
    if mode := bound.get("problem_set"):
        notes = settle(connection, bound["runs"], bound["verifier"], mode, counted=False).notes
        bound = {key: value for key, value in bound.items() if f"${key}" in text(name)}
    return Answer(connection.sql(text(name), params=dict(bound) or None).to_arrow_table(), notes)


def _name_scorer(connection: duckdb.DuckDBPyConnection, scorer: str) -> None:
    """Set what the view `scored_perplexities` reads: two variables, and the view `scored_problems` as a table."""
    connection.execute("SET VARIABLE scorer = $scorer", {"scorer": scorer})
    own = "SELECT min(run_id) FROM own_likelihoods WHERE scorer = getvariable('scorer')"
    connection.execute(f"SET VARIABLE scorer_run = ({own})")
    connection.execute(f"CREATE OR REPLACE TABLE lake.scored_problems AS {text('views/scored_problems')}")
    connection.execute("CREATE OR REPLACE VIEW scored_problems AS FROM lake.scored_problems")

"""Apply a query's filters to the views.

Runs are left out as whole files, problems row by row. A problem is the version of it that the run was drawn for.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import floor
from typing import Any

import duckdb

from samples.errors import NotFound
from samples.lake.files import Selection
from samples.query.filters import Filters, Guessable, Known, find, listed, texts
from samples.query.verifiers import choose_verifier
from samples.query.views import Views

_SHOWN = 12  # problems in a message


def needed(filters: Filters) -> set[str]:
    """Return the views that filters read."""
    return {
        *(["runs"] if filters != Filters() else ()),
        *(["problems"] if filters.of_problems else ()),
        *(["tallies"] if filters.exclude_guessable else ()),
    }


def apply_filters(
    views: Views,
    there: Sequence[Known],
    left: Sequence[Known],
    filters: Filters,
    verifier: str | None = None,
    *,
    by_problem: bool = False,
) -> Selection:
    """Return the selection of rows that stay in the views. `there` are all runs, `left` those that pass the filters.

    The verdicts of `verifier` say which problems are guessable, unless the filter names a verifier. With `by_problem`,
    the problems that stay are in the tables `passed`, `kept` and `kept_problems`, even if all of them stay.

    Raises:
        NotFound: A filter names something that is not there, or no problem passes all filters.
    """
    if filters.exclude_guessable:
        _guess(views, there, left, filters.exclude_guessable, verifier)
    if filters.of_problems or by_problem:
        views.create(["runs", "problems"])
        return _keep_problems(views.connection, left, filters)
    ids = frozenset(run.run_id for run in left) if len(left) < len(there) else None
    return Selection(ids, dataset=filters.dataset)


def _guess(
    views: Views, there: Sequence[Known], left: Sequence[Known], guesses: Guessable, verifier: str | None
) -> None:
    """Make the table `guessed` of the problems that a run answers right at a rate in (0, threshold].

    Raises:
        NotFound: There is no such run, or it has another dataset than all runs that stay.
    """
    run = find(there, guesses.run)
    if left and run.dataset not in {other.dataset for other in left}:
        raise NotFound(
            f"exclude_guessable: {run.run} has no problem of {listed(other.dataset for other in left)}, it is of "
            f"{run.dataset}; name a run of the same problems"
        )
    where = "the third part of exclude_guessable"
    judge = choose_verifier(views.lake, [run], guesses.verifier or verifier, where)
    views.create(["tallies"], Selection(frozenset({run.run_id})))
    numbers = [n for (n,) in views.connection.execute("SELECT DISTINCT n FROM tallies").fetchall()]
    most = [floor(Fraction(str(guesses.threshold)) * n) for n in numbers]
    views.connection.execute(_GUESSED, {"verifier": judge, "numbers": numbers, "most": most})


# The most guesses are reckoned in fractions, for each n: as a float, 0.29 * 100 is below 29.
_GUESSED = """
CREATE TEMP TABLE guessed AS
WITH bounds AS (SELECT unnest($numbers) AS n, unnest($most) AS most)
SELECT dataset, problem_id FROM tallies JOIN bounds USING (n) WHERE verifier = $verifier AND c BETWEEN 1 AND most
"""


def _keep_problems(connection: duckdb.DuckDBPyConnection, runs: Sequence[Known], filters: Filters) -> Selection:
    """Make the tables `kept` and `kept_problems`, of the problems that pass the filters, and select them.

    The views problems and runs must exist, and the table `guessed` if guessable problems are left out.

    Raises:
        NotFound: A filter names a problem, key or value that is not there, or no problem passes all filters.
    """
    ids = [run.run_id for run in runs]
    connection.execute(_ASKED, {"runs": ids})
    for problem in _missing(connection, filters.problems):
        there = connection.execute("SELECT DISTINCT problem_id FROM asked ORDER BY ALL LIMIT $n", {"n": _SHOWN + 1})
        raise NotFound(
            f'no problem "{problem}" in the chosen runs; there are {listed(row[0] for row in there.fetchall())}'
        )
    conditions, values = ["true"], dict[str, Any]()
    if filters.problems:
        conditions.append("list_contains($problems, problem_id)")
        values["problems"] = list(filters.problems)
    for number, (key, value) in enumerate((filters.where or {}).items()):
        wanted = texts(value)
        _require(connection, key, wanted)
        values |= {f"key{number}": pointer([key]), f"path{number}": pointer(key.split(".")), f"values{number}": wanted}
        conditions.append(f"list_contains($values{number}, {field(f'$key{number}', f'$path{number}')})")
    if filters.exclude_guessable:
        conditions.append("(dataset, problem_id) NOT IN (SELECT (dataset, problem_id) FROM guessed)")
    passed = f"CREATE TEMP TABLE passed AS SELECT * FROM asked WHERE {' AND '.join(conditions)}"  # noqa: S608 - values are bound
    connection.execute(passed, values)
    connection.execute(_KEPT)
    if connection.execute("SELECT count(*) FROM kept").fetchall() == [(0,)]:
        raise NotFound("no problem passes all of these filters together; leave one out")
    return Selection(frozenset(ids), problems=True)


# If a problem was edited, this is the version that the run was drawn for.
_ASKED = """
CREATE TEMP TABLE asked AS
SELECT run_id, dataset, problem_id, problem_hash, metadata
FROM (
    SELECT run_id, dataset, unnest(map_entries(problem_hashes), recursive := true)
    FROM runs
    WHERE list_contains($runs, run_id)
) AS drawn(run_id, dataset, problem_id, problem_hash)
LEFT JOIN problems USING (dataset, problem_id, problem_hash)
"""
_KEPT = """
CREATE TEMP TABLE kept AS SELECT DISTINCT run_id, problem_id FROM passed;
CREATE TEMP TABLE kept_problems AS SELECT DISTINCT dataset, problem_id, problem_hash FROM passed;
"""


def _missing(connection: duckdb.DuckDBPyConnection, problems: Sequence[str]) -> list[str]:
    if not problems:
        return []
    rows = connection.execute(
        "SELECT problem FROM unnest($problems) AS named(problem) WHERE problem NOT IN (SELECT problem_id FROM asked)",
        {"problems": list(problems)},
    )
    return [problem for (problem,) in rows.fetchall()]


def _require(connection: duckdb.DuckDBPyConnection, key: str, wanted: list[str]) -> None:
    """Raise NotFound unless some problem has this key with one of these values."""
    rows = connection.execute(
        f"SELECT DISTINCT {field('$key', '$path')} AS value FROM asked WHERE value IS NOT NULL ORDER BY ALL",  # noqa: S608 - its values are bound
        {"key": pointer([key]), "path": pointer(key.split("."))},
    )
    there = [value for (value,) in rows.fetchall()]
    if not there:
        rows = connection.execute("SELECT DISTINCT unnest(json_keys(metadata)) AS key FROM asked ORDER BY ALL")
        raise NotFound(f'no problem has the metadata key "{key}"; keys are {listed(k for (k,) in rows.fetchall())}')
    if not set(wanted) & set(there):
        raise NotFound(f"no problem has {key}={' or '.join(wanted)}; there are {listed(there)}")


def field(key: str, path: str) -> str:
    """Return SQL for a value of metadata as text. It is found under the key as it is, else along the path."""
    return f"coalesce(json_extract_string(metadata, {key}), json_extract_string(metadata, {path}))"


def pointer(keys: Sequence[str]) -> str:
    """Return the JSON pointer (RFC 6901) to a value within objects. Unlike a path of DuckDB's, it can name any key."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)

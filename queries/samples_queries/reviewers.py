"""Who labelled samples of some runs, and the error where nobody did. No query."""

from collections.abc import Sequence

import duckdb

from samples_queries import Unanswerable

_SQL = """
SELECT reviewer, count(*) AS labels
FROM reviews
WHERE list_contains($runs, run)
GROUP BY reviewer
ORDER BY reviewer
"""


def reviewers(connection: duckdb.DuckDBPyConnection, runs: Sequence[str]) -> dict[str, int]:
    """Return the reviewers of samples of these runs, each with how many samples they labelled.

    The connection has the view `reviews`.

    Raises:
        Unanswerable: Nobody labelled a sample of these runs.
    """
    found = dict(connection.execute(_SQL, {"runs": list(runs)}).fetchall())
    if not found:
        raise Unanswerable(
            f"nobody has labelled a sample of {', '.join(runs)} yet: samples query review_queue lists what to read, "
            "samples review RUN PROBLEM INDEX --label valid labels it"
        )
    return found


def require_reviewer(there: Sequence[str], name: str, runs: Sequence[str]) -> None:
    """Refuse the name of a reviewer who labelled no sample of these runs.

    Raises:
        Unanswerable: They did not; the message says who did.
    """
    if name not in there:
        raise Unanswerable(f'reviewer "{name}" labelled no sample of {", ".join(runs)}; who did: {", ".join(there)}')

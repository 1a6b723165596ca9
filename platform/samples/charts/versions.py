"""Leave out of a chart the problems that runs saw in different versions: they have one id, but are not the same."""

from typing import Any

from samples.charts.captions import counted


def same_problems(rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the rows of problems that all their runs saw in one version, and a note about the others for each dataset.

    Rows have dataset, problem_id and problem_hash. A version that is not known is like any other, as in queries.
    """
    versions: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        versions.setdefault((row["dataset"], row["problem_id"]), set()).update({row["problem_hash"]} - {None})
    edited = [key for key, hashes in versions.items() if len(hashes) > 1]
    left = {dataset: sum(1 for key in edited if key[0] == dataset) for dataset, _ in edited}
    notes = [
        f"{dataset}: left out: {counted(n, 'problem')} that runs saw in different versions"
        for dataset, n in left.items()
    ]
    apart = set(edited)
    return [row for row in rows if (row["dataset"], row["problem_id"]) not in apart], notes

"""The different answers to each problem: those that are one are merged. No query.

With merge = verifier, the answers that were judged correct are one answer, whatever their text is: a vote for 1/2 is a
vote for 0.5. Wrong answers are one where the view `given_answers` has one key for them. With merge = none, each text is
an answer of its own.

A text that was judged both ways, as by two versions of a verifier, counts as correct when at least half of its samples
were judged so.
"""

from samples_queries import Unanswerable

_SELECTS = {
    "none": """
        SELECT run, dataset, problem_id, answer IS NOT NULL AS is_given, samples, correct, unknown, answer AS text
        FROM given_answers
        WHERE list_contains($runs, run) AND verifier = $verifier
    """,
    "verifier": """
        SELECT
            run, dataset, problem_id, answer IS NOT NULL AS is_given,
            sum(samples)::BIGINT AS samples, sum(correct)::BIGINT AS correct, sum(unknown)::BIGINT AS unknown,
            min((-samples, answer))[2] AS text
        FROM given_answers
        WHERE list_contains($runs, run) AND verifier = $verifier
        GROUP BY run, dataset, problem_id, is_given, 2 * correct >= samples, key
    """,
}


def merged(merge: str) -> str:
    """Return SQL of one row for each answer to a problem.

    Its columns are run, dataset, problem_id, is_given, samples, correct, unknown and text. Samples without an answer
    are one row, where `is_given` is false. `text` is the most frequent text of the answer, the first of several. The
    SQL reads `given_answers`, and needs the parameters runs and verifier.

    Raises:
        Unanswerable: `merge` is neither verifier nor none.
    """
    if merge not in _SELECTS:
        raise Unanswerable(f'merge "{merge}": choose one of verifier, none')
    return _SELECTS[merge]

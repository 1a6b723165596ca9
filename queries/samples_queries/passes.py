"""Which verdicts a text such as "math@2" means, and those of two such texts side by side; no query.

VERIFIER alone means its current verdicts. VERIFIER@PASS, a whole number, means them as of that pass: of each sample the
verdict of the highest pass up to it, as a pass judges again only what it must. VERIFIER@VERSION, a version or the
beginning of only one, means what that version last said of each sample, whichever others judged it since.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import duckdb

from samples_queries import Unanswerable
from samples_queries.groups import rows

_EVERY = 2**63 - 1  # no pass is higher

# Ends with the table `joined`: one row per sample that either side judged.
JOINED = """
WITH sides(side, verifier, last, version) AS (
    VALUES ('from', $from_verifier, $from_last, $from_version), ('to', $to_verifier, $to_last, $to_version)
), judged AS (
    SELECT * FROM verdicts WHERE list_contains($runs, run) AND verifier IN ($from_verifier, $to_verifier)
), meant AS (
    SELECT side, judged.*
    FROM judged JOIN sides USING (verifier)
    WHERE pass_id <= last AND verifier_version = coalesce(version, verifier_version)
    QUALIFY pass_id = max(pass_id) OVER (PARTITION BY side, run_id, problem_id, sample_index)
), before AS (
    SELECT * FROM meant WHERE side = 'from'
), after AS (
    SELECT * FROM meant WHERE side = 'to'
), joined AS (
    SELECT
        run, dataset, problem_id, sample_index,
        before.status AS from_status, after.status AS to_status,
        before.answer AS from_answer, after.answer AS to_answer,
        before.reward AS from_reward, after.reward AS to_reward,
        before.detail AS from_detail, after.detail AS to_detail,
        before.pass_id AS from_pass, after.pass_id AS to_pass
    FROM before FULL JOIN after USING (run, dataset, problem_id, sample_index)
)
"""


class _Pass(NamedTuple):
    verifier: str
    number: int
    version: str


class _Meant(NamedTuple):
    """The verdicts of a verifier's passes from `first` to `last`, of one version or of any."""

    verifier: str
    first: int
    last: int
    version: str | None


def sides(
    connection: duckdb.DuckDBPyConnection, runs: list[str], before: str | None, after: str | None
) -> dict[str, Any]:
    """Return the parameters of JOINED for two texts.

    Without `after` it is the current verdicts of the verifier of `before`, or of the only one there is; without
    `before` it is the verdicts there were before the passes that `after` means.

    Raises:
        Unanswerable: A text names no verifier, pass or version there is, or several.
    """
    said = (
        "SELECT DISTINCT verifier, pass_id, verifier_version FROM verdicts WHERE list_contains($runs, run) ORDER BY ALL"
    )
    there = [_Pass(*row.values()) for row in rows(connection, said, runs=runs)]
    if after is None:
        after = before.partition("@")[0] if before else _only(there)
    second = _meant(after, there)
    first = _meant(before, there) if before else second._replace(last=second.first - 1, version=None)
    return {
        "runs": runs,
        **{f"from_{name}": getattr(first, name) for name in ("verifier", "last", "version")},
        **{f"to_{name}": getattr(second, name) for name in ("verifier", "last", "version")},
    }


def _only(there: Sequence[_Pass]) -> str:
    verifiers = list(dict.fromkeys(one.verifier for one in there))
    if not verifiers:
        raise Unanswerable("there are no verdicts on these runs: samples rescore --verifier math adds them")
    if len(verifiers) > 1:
        raise Unanswerable(f"several verifiers judged these runs; name one with from= or to=: {', '.join(verifiers)}")
    return verifiers[0]


def _meant(text: str, there: Sequence[_Pass]) -> _Meant:
    verifier, at, which = text.partition("@")
    passes = [one for one in there if one.verifier == verifier]
    if not passes:
        known = ", ".join(dict.fromkeys(one.verifier for one in there)) or "none yet"
        raise Unanswerable(f'verifier "{verifier}" judged none of these runs; those that did: {known}')
    numbers = [one.number for one in passes]
    if not at:
        return _Meant(verifier, max(numbers), _EVERY, None)
    if which.isdecimal() and min(numbers) <= int(which) <= max(numbers):
        return _Meant(verifier, int(which), int(which), None)
    versions = list(dict.fromkeys(one.version for one in passes))
    fitting = [version for version in versions if version == which]
    fitting = fitting or [version for version in versions if which and version.startswith(which)]
    if len(fitting) == 1:
        return _Meant(verifier, min(one.number for one in passes if one.version == fitting[0]), _EVERY, fitting[0])
    said = f"fits the versions {' and '.join(fitting)}" if fitting else "is no pass or version"
    known = ", ".join(f"{one.number} (version {one.version})" for one in passes)
    raise Unanswerable(f'"{which}" {said} of {verifier}; its passes on these runs are {known}')

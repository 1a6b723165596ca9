"""Find the verdicts that a text such as "math@2" means, and join those of two such texts. No query.

- VERIFIER means its current verdicts.
- VERIFIER@PASS means the verdicts that were current after that pass, a whole number: of each sample the verdict of the
  highest pass up to it, because a pass judges only samples that need it.
- VERIFIER@VERSION means the last verdict that this version gave each sample, even when others judged it since. The
  beginning of a version is enough when only one version begins so.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import duckdb

from samples_queries import Unanswerable
from samples_queries.groups import rows

_EVERY = 2**63 - 1  # as the last pass, it means all passes

_JOINED = """
WITH before AS ({before}), after AS ({after}), joined AS (
    SELECT
        coalesce(before.run, after.run) AS run, coalesce(before.dataset, after.dataset) AS dataset, problem_id,
        sample_index,
        before.status AS from_status, after.status AS to_status,
        before.answer AS from_answer, after.answer AS to_answer,
        before.reward AS from_reward, after.reward AS to_reward,
        before.detail AS from_detail, after.detail AS to_detail,
        before.pass_id AS from_pass, after.pass_id AS to_pass
    FROM before FULL JOIN after USING (run_id, problem_id, sample_index)
)
"""
_SIDE = """
    FROM verdicts
    WHERE
        list_contains($runs, run) AND verifier = ${side}_verifier AND pass_id <= ${side}_last
        AND verifier_version = coalesce(${side}_version, verifier_version)
"""
_LAST = "QUALIFY pass_id = max(pass_id) OVER (PARTITION BY run_id, problem_id, sample_index)"


class _Pass(NamedTuple):
    run: str
    verifier: str
    number: int
    version: str


class _Meant(NamedTuple):
    """Verdicts of a verifier: those current after the pass `last`, of one version or of any (None).

    `first` is the first pass that the text names. The verdicts before it are the default of the other side.
    """

    verifier: str
    first: int
    last: int
    version: str | None

    def holds(self, one: _Pass) -> bool:
        """Return whether verdicts of a pass are meant, unless a later one judged the sample, too."""
        return one.verifier == self.verifier and one.number <= self.last and self.version in {None, one.version}


def joined(
    connection: duckdb.DuckDBPyConnection, runs: list[str], before: str | None, after: str | None
) -> tuple[str, dict[str, Any]]:
    """Return SQL that ends with the table `joined`, for two texts, and its parameters.

    The table has a row for each sample with a verdict on either side.

    Without `after`, the current verdicts are meant: of the verifier of `before`, or of the only one there is. Without
    `before`, the verdicts before the passes that `after` names are meant.

    Raises:
        Unanswerable: A text names a verifier, pass or version that is not there, or several versions.
    """
    there = [_Pass(*row.values()) for row in rows(connection, _PASSES, runs=runs)]
    if after is None:
        after = before.partition("@")[0] if before else _only(there)
    second = _meant(after, there)
    first = _meant(before, there) if before else second._replace(last=second.first - 1, version=None)
    sides, parameters = {"from": first, "to": second}, dict[str, Any](runs=runs)
    for side, meant in sides.items():
        parameters |= {f"{side}_{name}": getattr(meant, name) for name in ("verifier", "last", "version")}
    chosen = {side: _SIDE.format(side=side) + _several(meant, there) for side, meant in sides.items()}
    return _JOINED.format(before=chosen["from"], after=chosen["to"]), parameters


_PASSES = """
SELECT DISTINCT run, verifier, pass_id, verifier_version
FROM verdicts
WHERE list_contains($runs, run)
ORDER BY verifier, pass_id, verifier_version, run
"""


def _several(meant: _Meant, there: Sequence[_Pass]) -> str:
    """Return the SQL that keeps the last verdict of each sample, if several passes over one run are meant.

    One pass judges a sample once, and the SQL takes longer than all else.
    """
    passes = {(one.run, one.number) for one in there if meant.holds(one)}
    return _LAST if len(passes) > len({run for run, _ in passes}) else ""


def _only(there: Sequence[_Pass]) -> str:
    verifiers = list(dict.fromkeys(one.verifier for one in there))
    if not verifiers:
        raise Unanswerable("these runs have no verdicts yet; add them: samples rescore --verifier math")
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
    known = ", ".join(dict.fromkeys(f"{one.number} (version {one.version})" for one in passes))
    raise Unanswerable(f'"{which}" {said} of {verifier}; its passes on these runs are {known}')

"""Which problems runs are compared on, and at which ks. No query.

A curve that changes its problems from k to k, or that stands beside a curve of other problems, shows differences that
are none. Therefore the problems are settled first, for each team of runs:

- common: the runs of a dataset are one team. Its problems are those of which every run has at least as many verified
  samples as the largest k. Problems that the runs saw in different versions are left out.
- own: each run is a team of its own.
- each: every run keeps, at every k, all of its problems with at least k verified samples.

Without ks, a team's largest k is the fewest verified samples that one of its problems has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import duckdb
import numpy as np

from samples_queries import Unanswerable
from samples_queries.chances import Integers
from samples_queries.groups import doubling, rows, without_verified
from samples_queries.problem_notes import beyond, capped, different, left_out, no_common

MODES = ("common", "own", "each")

# `met` counts the runs of the team with verified samples of the problem, of `members` runs. `reach` is the fewest
# verified samples that one of them has of it.
_TOGETHER = """
CREATE OR REPLACE TEMP TABLE judged_problems AS
WITH sides AS (
    SELECT unnest($runs) AS name, unnest($verifiers) AS verifier, unnest($sides) AS side, unnest($once) AS once
), judged AS (
    SELECT
        side AS run, dataset, problem_id, n, c, version,
        CASE WHEN once THEN 9223372036854775807 ELSE n END AS reach
    FROM verified JOIN sides ON run = name AND verified.verifier = sides.verifier
), teams AS (
    SELECT dataset, coalesce($members, count(DISTINCT run)) AS members FROM judged GROUP BY dataset
)
SELECT
    run, dataset, problem_id, n, c, dataset AS team, members,
    count(*) OVER problem AS met,
    min(reach) OVER problem AS reach,
    coalesce(min(version) OVER problem <> max(version) OVER problem, false) AS edited,
    met = members AND NOT edited AS shared
FROM judged JOIN teams USING (dataset)
WINDOW problem AS (PARTITION BY dataset, problem_id)
"""
# The same where each run is a team. Versions do not matter, and reading them takes long.
_ALONE = """
CREATE OR REPLACE TEMP TABLE judged_problems AS
SELECT
    run, dataset, problem_id, n, c, run AS team, 1 AS members, 1 AS met, n AS reach, false AS edited, true AS shared
FROM tallies
WHERE list_contains($runs, run) AND verifier = $verifier AND n > 0
"""
_COUNTS = """
SELECT team, dataset, run, members, met < members AS absent, edited, shared, reach, count(*) AS problems
FROM judged_problems
GROUP BY ALL
ORDER BY team, run
"""
_COMPARED = """
CREATE OR REPLACE TEMP VIEW compared AS
SELECT run, dataset, problem_id, n, c
FROM judged_problems
WHERE shared AND reach >= getvariable('compared_least')[list_position(getvariable('compared_teams'), team)]
"""
_DIFFERENT = """
WITH sets AS (
    SELECT dataset, run, list(problem_id ORDER BY problem_id) AS problems FROM compared GROUP BY dataset, run
)
SELECT dataset, list(run || ' ' || len(problems) ORDER BY run) AS counts
FROM sets
GROUP BY dataset
HAVING count(DISTINCT problems) > 1
ORDER BY dataset
"""


class Choice(NamedTuple):
    """The ks that stay, those that no problem reaches, and how many samples a problem needs to stay."""

    ks: Integers
    beyond: list[int]
    least: int


def choice(least: int, most: int, ks: Sequence[int] | None, *, each: bool = False, usual: int | None = None) -> Choice:
    """Choose the ks of a team of runs, and what a problem needs to be in its set.

    Args:
        least: the k that all problems reach. A problem reaches k when every run has k verified samples of it.
        most: the largest k that a problem reaches.
        ks: the values asked for; None means 1, 2, 4, … and `least`; an empty list means 1 to `least`.
        each: whether every k keeps the problems that reach it. Then `most` takes the place of `least`.
        usual: with it, None means this k, or `least` if that is smaller.

    Raises:
        Unanswerable: A k is below 1.
    """
    largest = most if each else least
    usually = doubling(largest) if usual is None else [min(usual, largest)]
    wanted = usually if ks is None else sorted(set(ks)) or range(1, largest + 1)
    if wanted[0] < 1:
        raise Unanswerable(f"k = {wanted[0]}: expected at least 1")
    kept = np.array([k for k in wanted if k <= most], dtype=np.int64)
    return Choice(kept, [k for k in wanted if k > most], 1 if each or not len(kept) else int(kept[-1]))


@dataclass
class Settled:
    """The ks of each run, and what a reader must know. The problems are in the table `compared`."""

    ks: dict[str, Integers] = field(default_factory=dict[str, Integers])
    notes: list[str] = field(default_factory=list[str])

    @property
    def every_k(self) -> Integers:
        """All ks of all runs, ascending."""
        return np.array(sorted({k for ks in self.ks.values() for k in ks.tolist()}), dtype=np.int64)


def settle(
    connection: duckdb.DuckDBPyConnection,
    runs: Sequence[str],
    verifier: str | Sequence[str],
    problem_set: str,
    *,
    ks: Sequence[int] | None = None,
    usual: int | None = None,
    once: Sequence[str] = (),
    counted: bool = True,
    paired: bool = False,
) -> Settled:
    """Make the table `compared` of the problems that runs are compared on; return the ks of each run, and notes.

    It has the columns run, dataset, problem_id, n and c. It is made from the views `tallies` and `verified`.

    Args:
        connection: where the views are.
        runs: names of runs.
        verifier: whose verdicts count: one for all runs, or one for each. Runs under several verifiers have the names
            that `sides` gives.
        problem_set: one of MODES.
        ks: as in `choice`. A k that no problem reaches is left out, with a note.
        usual: as in `choice`.
        once: runs of which one verified sample of a problem is enough.
        counted: whether the question has ks at all. Otherwise one verified sample of every run is enough.
        paired: whether the question is about pairs of problems, so that every run must have a problem in any mode.

    Raises:
        Unanswerable: A run has no verdicts, runs share no problem, no k is reached, or problem_set is no mode.
    """
    if problem_set not in MODES:
        raise Unanswerable(f'problem_set "{problem_set}": choose one of {", ".join(MODES)}')
    verifiers = [verifier] * len(runs) if isinstance(verifier, str) else list(verifier)
    named, together, each = sides(runs, verifiers), paired or problem_set == "common", problem_set == "each"
    unique = {side: (run, judge, run in once) for side, run, judge in zip(named, runs, verifiers, strict=True)}
    alone = not paired and (problem_set != "common" or len(unique) == 1)
    if alone:
        connection.execute(_ALONE, {"runs": list(runs), "verifier": verifiers[0]})
    else:
        given = dict(zip(("runs", "verifiers", "once"), map(list, zip(*unique.values(), strict=True)), strict=True))
        given |= {"sides": list(unique), "members": len(unique) if paired else None}
        connection.execute(_TOGETHER, given)
    counts = rows(connection, _COUNTS)
    settled, teams = Settled(), _teams(counts)
    judged = {row["run"] for row in counts}
    for judge in dict.fromkeys(verifiers):
        if missing := [run for side, (run, by, _) in unique.items() if by == judge and side not in judged]:
            why = without_verified(connection, judge, missing)
            if together or not judged:
                raise why
            settled.notes.append(f"left out: {why}")
    if apart := [team for team in teams if team["most"] is None]:
        raise Unanswerable(no_common(apart[0], list(unique) if paired else apart[0]["runs"]))
    least = _choose(settled, teams, ks, usual, each=each) if counted else {team["team"]: 1 for team in teams}
    connection.execute("SET VARIABLE compared_teams = $teams", {"teams": list(least)})
    connection.execute("SET VARIABLE compared_least = $least", {"least": list(least.values())})
    connection.execute(_COMPARED)
    settled.notes += _left_out(counts, least)
    if not together and len({team["dataset"] for team in teams}) < len(teams):
        settled.notes += map(different, rows(connection, _DIFFERENT))
    return settled


def _teams(counts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what `problem_notes` calls a team, for each team of these counts."""
    teams: list[dict[str, Any]] = []
    for name, group in groupby(counts, itemgetter("team")):
        here = list(group)
        reaches = [row["reach"] for row in here if row["shared"]]
        runs = list(dict.fromkeys(row["run"] for row in here))
        edited = sum(row["problems"] for row in here if row["edited"] and row["run"] == runs[0])
        bounds = {"least": min(reaches, default=None), "most": max(reaches, default=None)}
        teams.append({"team": name, "dataset": here[0]["dataset"], "runs": runs, "edited": edited, **bounds})
    return teams


def _left_out(counts: Sequence[dict[str, Any]], least: Mapping[str, int]) -> list[str]:
    """Return a note for each run of which problems are left out."""
    notes: list[str] = []
    for (team, run), group in groupby(counts, itemgetter("team", "run")):
        here = list(group)
        about = {"dataset": here[0]["dataset"], "run": run, "members": here[0]["members"]}
        totals = dict.fromkeys(("kept", "absent", "edited", "few"), 0)
        for row in here:
            few = "few" if row["reach"] < least[team] else "kept"
            totals["absent" if row["absent"] else "edited" if row["edited"] else few] += row["problems"]
        notes += left_out({**about, **totals}, least[team])
    return notes


def _choose(
    settled: Settled, teams: Sequence[dict[str, Any]], ks: Sequence[int] | None, usual: int | None, *, each: bool
) -> dict[str, int]:
    """Choose the ks of each team; return how many samples its problems need.

    Raises:
        Unanswerable: No team reaches any k.
    """
    least: dict[str, int] = {}
    missed: list[str] = []
    for team in teams:
        chosen = choice(team["least"], team["most"], ks, each=each, usual=usual)
        least[team["team"]] = chosen.least
        settled.ks |= dict.fromkeys(team["runs"], chosen.ks)
        if chosen.beyond:
            missed.append(beyond(team, chosen.beyond))
        elif ks is None and usual is None and chosen.ks[-1] < team["most"]:
            settled.notes.append(capped(team, int(chosen.ks[-1])))
    if not len(settled.every_k):
        raise Unanswerable("; ".join(missed))
    settled.notes += missed
    return least


def sides(runs: Sequence[str], verifiers: Sequence[str]) -> list[str]:
    """Return the names under which runs appear: their own, or with the verifier where verifiers differ."""
    if len(set(verifiers)) == 1:
        return list(runs)
    return [f"{run} by {verifier}" for run, verifier in zip(runs, verifiers, strict=True)]

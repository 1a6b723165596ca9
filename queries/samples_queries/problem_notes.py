"""What an answer says about the problems that it leaves out: one sentence for each fact. No query.

A team is a row about the runs that are compared on one set of problems (see `problem_sets`): team, dataset, runs, and
over the problems that they share, `least` and `most`: the k that all reach, and the largest k that one reaches.
"""

from collections.abc import Mapping, Sequence
from typing import Any

_SHOWN = 8  # ks in a note


def no_common(team: Mapping[str, Any], runs: Sequence[str]) -> str:
    """Say that these runs share no problem of a team's dataset."""
    edited = f" ({team['edited']} are there in different versions)" if team["edited"] else ""
    named = ", ".join(runs)
    return f"no problem of {team['dataset']} is verified in each of {named}{edited}; name runs of the same problems"


def beyond(team: Mapping[str, Any], ks: Sequence[int]) -> str:
    """Say which ks no problem reaches."""
    named = ", ".join(map(str, ks[:_SHOWN])) + " …" * (len(ks) > _SHOWN)
    return (
        f"{team['dataset']}: k = {named} is left out: the most verified samples of a problem are {team['most']} "
        f"({_who(team)}); samples ingest … -k {ks[-1]} adds the missing ones"
    )


def capped(team: Mapping[str, Any], largest: int) -> str:
    """Say why the largest k is no larger."""
    return (
        f"{team['dataset']}: the largest k is {largest}, the fewest verified samples of a problem ({_who(team)}); "
        f"--ks {team['most']} asks about the problems that have {team['most']}"
    )


def left_out(row: Mapping[str, Any], least: int) -> list[str]:
    """Say how many problems of a run are left out, and why; nothing when none are.

    `row` has dataset, run, members (runs of its team), kept, and the reasons: absent, edited and few.
    """
    reasons = {
        "without a verified sample of every run": row["absent"],
        "seen in different versions": row["edited"],
        f"with fewer than {least} verified samples" + " of some run" * (row["members"] > 1): row["few"],
    }
    total = sum(reasons.values())
    if not total:
        return []
    said = ", ".join(f"{count} {reason}" for reason, count in reasons.items() if count)
    left = f"{row['dataset']}: {total} of {total + row['kept']} problems of {row['run']} are left out: {said}"
    return [f"{left}; --problem-set each lets every run and every k keep its own problems"]


def different(row: Mapping[str, Any]) -> str:
    """Say that runs of a dataset, which nobody named, have different problems."""
    return (
        f"{row['dataset']}: the runs have different problems ({', '.join(row['counts'])}); name runs with --runs to "
        "compare them on the same ones"
    )


def _who(team: Mapping[str, Any]) -> str:
    return team["runs"][0] if len(team["runs"]) == 1 else f"over {', '.join(team['runs'])}"

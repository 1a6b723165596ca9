"""What a report is about: which runs, compared in which pairs, judged by which verifier, on which problems."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from samples.errors import NotFound, UsageError
from samples.lake.tables import Tables
from samples.query import dropped
from samples.query import filters as filtering
from samples.query.connect import connect
from samples.query.filters import Known, known
from samples.query.query import sql
from samples.query.verifiers import choose_verifier, verifiers
from samples.runs.run import Run, every, no_runs

_MOST = 12  # runs that nobody named


@dataclass(frozen=True)
class Subject:
    """The runs of a report in their order, the verifier whose verdicts count, and the filters of all its questions.

    `judges` are all verifiers that judged any of these runs. `verifier` is None if there are none.
    """

    runs: tuple[Run, ...]
    verifier: str | None
    judges: tuple[str, ...]
    filters: Mapping[str, Any]

    @property
    def names(self) -> list[str]:
        """The names of the runs."""
        return [run.name for run in self.runs]

    @property
    def datasets(self) -> list[str]:
        """The problem sets of the runs."""
        return list(dict.fromkeys(run.dataset for run in self.runs))

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The pairs that are compared: the first run of each dataset with each later run of it."""
        first: dict[str, str] = {}
        found: list[tuple[str, str]] = []
        for run in self.runs:
            if run.dataset in first:
                found.append((first[run.dataset], run.name))
            else:
                first[run.dataset] = run.name
        return found


def choose(
    lake: Tables,
    runs: Sequence[str],
    verifier: str | None,
    filters: Mapping[str, Any],
    *,
    skip_unreadable: bool = False,
) -> Subject:
    """Choose what a report is about. Without `runs`, it is about all runs that pass the filters.

    Raises:
        NotFound: A run, a verifier, a dataset, a label, a problem or a value of metadata is not there, or there are no
            runs.
        UsageError: Nobody named the runs or the verifier, and there are many.
    """
    asked = filtering.read(**filters)
    with connect(lake, ["runs"]) as connection:
        there = known(connection)
    if not there:
        raise NotFound(no_runs(lake))
    with dropped.said(lake):
        left = filtering.chosen(there, asked)
        named = list({run.run_id: run for run in (filtering.find(there, name) for name in runs)}.values())
    if apart := [run.run for run in named if run not in left]:
        raise NotFound(f"run {apart[0]} does not pass the filters: leave out --dataset or --label, or the run")
    chosen = named or left
    if not named and len(chosen) > _MOST:
        raise UsageError(
            f"{len(chosen)} runs are too many for one report: choose some with --run, such as {_two(chosen)}"
        )
    judges = tuple(verifiers(lake, chosen))
    by = None if verifier is None and not judges else choose_verifier(lake, chosen, verifier, "--verifier")
    if asked.of_problems:
        limits: dict[str, Any] = {"seconds": None, "skip_unreadable": skip_unreadable, **filters}
        if guesses := asked.exclude_guessable:
            limits["exclude_guessable"] = (guesses.run, guesses.threshold, guesses.verifier or by)
        limits["runs"] = [run.run_id for run in chosen]
        sql(lake, "SELECT run FROM runs", **limits)  # refused where a filter fits no problem
    recorded = {run.run_id: run for run in every(lake)}
    return Subject(tuple(recorded[run.run_id] for run in chosen), by, judges, dict(filters))


def _two(runs: Sequence[Known]) -> str:
    return " ".join(f"--run {run.run}" for run in runs[:2])

"""Whether all samples that were asked for are there, and whether the problems of a run have equally many."""

from datetime import UTC, datetime

from samples.query.overview import age
from samples.query.status import commits
from samples.report.asking import Asker
from samples.report.parts import Sentence
from samples.report.words import counted
from samples.runs.record import wanted


def sentences(ask: Asker) -> list[Sentence]:
    """Return what a reader must know."""
    return [*_missing(ask), *_ragged(ask)]


def verified(ask: Asker) -> dict[str, list[int]]:
    """Return how many verified samples the problems of each run have, the fewest first."""
    found: dict[str, list[int]] = {}
    for row in ask.ask("pass_at_k_by_problem", "", chart=False, ks=[1]).dicts:
        found.setdefault(row["run"], []).append(row["n"])
    return {run: sorted(counts) for run, counts in found.items()}


def _missing(ask: Asker) -> list[Sentence]:
    """Say which runs lack samples that were asked for, and which still grow."""
    asked = wanted(ask.lake)
    there = {row["run_id"]: row for row in ask.ask("runs", "", filtered=False).dicts}
    found: list[Sentence] = []
    for run in ask.subject.runs:
        row = there[run.run_id]
        samples, problems = row["samples"], row["problems"]
        if run.run_id not in asked:
            continue
        k = asked[run.run_id]
        if samples >= k * problems:
            continue
        last, per_second = commits(ask.lake, run.run_id)
        part = f"{samples:,} of the {k * problems:,} samples that were asked for are there ({k:,} of each problem)"
        if per_second is not None and last is not None:
            ago = age(datetime.now(UTC) - last)
            found.append(
                Sentence(f"{run.name} still grows: {part}, the last came {ago} ago. Its numbers will change.", "wrong")
            )
        else:
            found.append(
                Sentence(f"{run.name}: {part}. The same samples ingest command again draws the rest.", "wrong")
            )
    return found


def _ragged(ask: Asker) -> list[Sentence]:
    """Say which runs have more verified samples of some problems than of others, and whether runs differ."""
    counts = verified(ask)
    found = [
        Sentence(
            f"{run}: problems have between {some[0]:,} and {counted(some[-1], 'verified sample')}. A comparison of "
            "problems or runs by what is solved favours those with more.",
            "care",
        )
        for run, some in counts.items()
        if some[0] < some[-1]
    ]
    datasets: dict[str, list[str]] = {}
    for run in ask.subject.runs:
        if run.name in counts:
            datasets.setdefault(run.dataset, []).append(run.name)
    for dataset, runs in datasets.items():
        if len({counts[run][-1] for run in runs}) == 1:
            continue
        most = ", ".join(f"{run} {counts[run][-1]:,}" for run in runs)
        found.append(
            Sentence(
                f"{dataset}: the runs have different numbers of verified samples of a problem (at most {most}). A run "
                "that was sampled more often solves more problems by chance: coverage and support with --at-n "
                f"{min(counts[run][0] for run in runs)} compare equal numbers on all of their problems.",
                "care",
            )
        )
    return found

"""What an address chooses: runs, a verifier, a sample."""

from samples.browse.address import Address
from samples.browse.desk import Desk
from samples.browse.problem_rows import judges
from samples.errors import NotFound, UsageError, meant
from samples.runs.run import Run

SIDES = ("run", "other")


def runs_of(desk: Desk, address: Address) -> list[Run]:
    """Return the one or two runs that an address names.

    Raises:
        UsageError: It names none.
        NotFound: There is no such run.
    """
    found = [run_of(desk, name) for side in SIDES if (name := address.one(side))]
    if not found or not address.one("run"):
        raise UsageError("no run is chosen: choose one on the page of runs")
    return found[:1] if len(found) == 2 and found[0] == found[1] else found  # noqa: PLR2004 - the same run twice


def run_of(desk: Desk, name: str) -> Run:
    """Return the run of this name or id.

    Raises:
        NotFound: There is none.
    """
    there = desk.reading.runs()
    for run in there:
        if name in {run.name, run.run_id}:
            return run
    names = [run.name for run in there]
    raise NotFound(f'no run "{name}"{meant(name, names)}')


def others_of(desk: Desk, runs: list[Run]) -> list[Run]:
    """Return the runs that may stand beside the first of these: the others of its problem set, and who stands there."""
    return [run for run in desk.reading.runs() if run != runs[0] and (run.dataset == runs[0].dataset or run in runs)]


def judge_of(desk: Desk, address: Address, runs: list[Run]) -> tuple[str | None, list[str]]:
    """Return the verifier whose verdicts are shown, and all that judged these runs. None if there are none."""
    there = judges(desk.reading, runs)
    asked = address.one("verifier")
    return (asked if asked in there else there[0] if there else None), there

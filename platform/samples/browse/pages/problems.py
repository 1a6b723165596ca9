"""The problems of one run, or of two: sorted, filtered, searched; and the set of problems that only one run solves."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.responses import Response

from samples.browse.address import PROBLEM_FILTERS, Address
from samples.browse.chosen import judge_of, others_of, runs_of
from samples.browse.desk import Desk
from samples.browse.problem_rows import OUTCOMES, ProblemRow, coverage, problem_rows, with_word
from samples.errors import SamplesError
from samples.runs.run import Run

PER_PAGE = 100
SORTS = {"id": "id", "accuracy": "accuracy", "length": "length", "perplexity": "perplexity", "difference": "difference"}
FILTERS = (*PROBLEM_FILTERS, "only", "find")  # parameters that leave problems out of the list
_NUMBERS = {"accuracy": "accuracy", "length": "tokens", "perplexity": "perplexity"}


def page(desk: Desk, address: Address) -> Response:
    """List the problems of one run or two."""
    runs = runs_of(desk, address)
    verifier, judges = judge_of(desk, address, runs)
    with ThreadPoolExecutor(1) as beside:  # both read many small files
        asked = beside.submit(_outcomes, desk, address, runs, verifier)
        rows = listed(desk, address)
        outcomes, why = asked.result()
    start = address.start(len(rows), PER_PAGE)
    return desk.render(
        "problems",
        address,
        runs=runs,
        others=others_of(desk, runs),
        verifier=verifier,
        judges=judges,
        rows=rows[start : start + PER_PAGE],
        total=len(rows),
        start=start,
        per_page=PER_PAGE,
        outcomes=outcomes,
        why=why,
        sort=_sort(address),
        sorts=[name for name in SORTS if name != "difference" or len(runs) > 1],
    )


def listed(desk: Desk, address: Address) -> list[ProblemRow]:
    """Return the problems that an address lists, in its order."""
    runs = runs_of(desk, address)
    verifier, _ = judge_of(desk, address, runs)
    filters = address.filters()
    rows = problem_rows(desk.reading, runs, verifier, filters)
    if (only := address.one("only")) in OUTCOMES and len(runs) > 1 and verifier:
        found, _ = coverage(desk.reading, runs[0], runs[1], verifier, filters)
        ids = {name for row in found if row["outcome"] == only for name in row["problem_ids"] or ()}
        rows = [row for row in rows if row.problem_id in ids]
    if word := address.one("find"):
        there = with_word(desk.reading, runs, word)
        rows = [row for row in rows if word.casefold() in row.problem_id.casefold() or there & row.contents]
    return _sorted(rows, _sort(address), runs)


def _sort(address: Address) -> str:
    given = address.one("sort", "id")
    return given if given.lstrip("-") in SORTS else "id"


def _sorted(rows: list[ProblemRow], sort: str, runs: list[Run]) -> list[ProblemRow]:
    """Sort by a column of the first run, or by the difference. What is not known comes last, in both directions."""
    name, down = sort.lstrip("-"), sort.startswith("-")
    if name == "id":
        return sorted(rows, key=lambda row: row.problem_id, reverse=down)

    def value(row: ProblemRow) -> float | None:
        if name == "difference":
            return row.difference(runs[0].name, runs[1].name) if len(runs) > 1 else None
        return row.number(runs[0].name, _NUMBERS[name])

    known = [(found, row) for row in rows if (found := value(row)) is not None]
    known.sort(key=lambda pair: (-pair[0] if down else pair[0], pair[1].problem_id))
    return [*(row for _, row in known), *(row for row in rows if value(row) is None)]


def _outcomes(desk: Desk, address: Address, runs: list[Run], verifier: str | None) -> tuple[list[dict[str, Any]], str]:
    """Return the four outcomes of two runs, or why there are none."""
    if len(runs) == 1:
        return [], ""
    if verifier is None:
        return [], "These runs have no verdicts, so it is not known which problems each solves."
    try:
        rows, notes = coverage(desk.reading, runs[0], runs[1], verifier, address.filters())
    except SamplesError as error:
        return [], str(error)
    said = {name: text.format(a=runs[0].name, b=runs[1].name) for name, text in OUTCOMES.items()}
    return [{**row, "said": said[row["outcome"]]} for row in rows], " ".join(notes)

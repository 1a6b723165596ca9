"""One sample up close, or two of the same problem side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.responses import Response

from samples.browse import commands, shading
from samples.browse.address import Address
from samples.browse.asked import apart, asked_of
from samples.browse.at_once import at_once
from samples.browse.body import SHADES, Body, Section, body, sections
from samples.browse.chosen import SIDES, judge_of, runs_of
from samples.browse.decoded import decoded
from samples.browse.desk import Desk
from samples.browse.neighbours import Neighbours, neighbours
from samples.browse.reviews import KEYS
from samples.browse.sample_rows import ORDERS, STATUSES, ordered, sample_rows
from samples.browse.scorers import scorers_of
from samples.browse.texts import matches
from samples.errors import NotFound
from samples.query.show import Shown
from samples.runs.run import Run
from samples_schemas import REVIEW_LABELS


@dataclass(frozen=True)
class Pane:
    """One sample of a run, and where a reader may go from it."""

    side: str
    run: Run
    index: int
    shown: Shown
    body: Body
    parts: list[Section]
    start: int
    more: int | None
    status: str
    verdict: dict[str, Any] | None
    around: Neighbours
    scorers: list[str]
    command: str


def page(desk: Desk, address: Address) -> Response:
    """Show one sample, or two."""
    runs = runs_of(desk, address)
    verifier, judges = judge_of(desk, address, runs)
    problem_id = address.one("problem")
    asked = asked_of(desk, runs, problem_id)
    tested = any(one.problem is not None and one.problem.tests for one in asked)
    sides = _sides(desk, address, runs)
    panes = at_once(lambda one: _pane(desk, address, *one, verifier, program=tested), sides)
    return desk.render(
        "sample",
        address,
        runs=runs,
        panes=panes,
        problem_id=problem_id,
        asked=asked,
        apart=apart(asked),
        beside=_beside(desk, runs, panes, problem_id),
        verifier=verifier,
        judges=judges,
        orders=ORDERS,
        order=address.choice("order", ORDERS),
        statuses=STATUSES,
        shades=SHADES,
        legends={"own": shading.PROBABILITY, "scorer": shading.PROBABILITY, "difference": shading.DIFFERENCE},
        labels=REVIEW_LABELS,
        keys=KEYS,
    )


def _sides(desk: Desk, address: Address, runs: list[Run]) -> Sequence[tuple[Run, str]]:
    """Return the runs that are shown, with their sides. A second one stands alone if the first has no sample of it."""
    first, *others = zip(runs, SIDES, strict=False)
    if not others or not address.one("other_index"):
        return [first]
    alone = not address.one("index") and not sample_rows(desk.reading, runs[0], address.one("problem"), None)
    return others if alone else [first, *others]


def _beside(desk: Desk, runs: list[Run], panes: list[Pane], problem_id: str) -> int | None:
    """Return the sample of the second run that may be put beside the one that is shown, if there is one."""
    if len(runs) == len(panes) or panes[0].side != SIDES[0]:
        return None
    return next((row.index for row in sample_rows(desk.reading, runs[1], problem_id, None)), None)


def _pane(desk: Desk, address: Address, run: Run, side: str, verifier: str | None, *, program: bool) -> Pane:
    problem_id = address.one("problem")
    rows = ordered(sample_rows(desk.reading, run, problem_id, verifier), address.choice("order", ORDERS))
    index = address.whole("index" if side == "run" else "other_index", rows[0].index if rows else 0)
    row = next((row for row in rows if row.index == index), None)
    if row is None:
        raise NotFound(f'run {run.name} has no sample {index} of problem "{problem_id[:200]}"; it has {len(rows)}')
    scorers = scorers_of(desk, run)
    scorer = address.one("scorer")
    scorer = scorer if scorer in scorers else None
    shown, why = decoded(desk, run, problem_id, index, scorer)
    verdict = next((one for one in shown.verdicts if one["verifier"] == verifier and one["current"]), None)
    shade = address.choice("shade", SHADES)
    found = matches(shown.text or "", address)
    made = body(shown, shade, verdict, found, program=program)
    if why:
        made = replace(made, notes=(why, *made.notes))
    start = min(address.whole("at" if side == "run" else "other_at"), max(len(made.text) - 1, 0))
    parts, more = sections(made, start)
    return Pane(
        side=side,
        run=run,
        index=index,
        shown=shown,
        body=made,
        parts=parts,
        start=start,
        more=more,
        status=row.status,
        verdict=verdict,
        around=neighbours(rows, index, address.one("status")),
        scorers=scorers,
        command=commands.show(desk.reading, run, problem_id, index, scorer, desk.tokenizer),
    )

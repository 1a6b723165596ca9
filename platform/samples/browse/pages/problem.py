"""One problem: its question and gold answer, and its samples grouped by verdict, of one run or of two side by side."""

from dataclasses import dataclass

from starlette.responses import Response

from samples.browse.address import Address
from samples.browse.asked import apart, asked_of
from samples.browse.at_once import at_once
from samples.browse.chosen import SIDES, judge_of, others_of, runs_of
from samples.browse.desk import Desk
from samples.browse.reviews import labels_by_sample
from samples.browse.sample_rows import ORDERS, STATUSES, SampleRow, ordered, previews, sample_rows
from samples.runs.run import Run

_FEW, _MANY = 8, 50  # samples of a group on the page of all groups, and of the page of one group


@dataclass(frozen=True)
class Group:
    """Samples with one verdict: how many, those on this page, and where the page begins."""

    status: str
    said: str
    count: int
    rows: list[SampleRow]


@dataclass(frozen=True)
class Column:
    """The samples of one run."""

    side: str
    run: Run
    total: int
    groups: list[Group]
    texts: dict[int, str]


def page(desk: Desk, address: Address) -> Response:
    """Show one problem with its samples."""
    runs = runs_of(desk, address)
    verifier, judges = judge_of(desk, address, runs)
    problem_id = address.one("problem")
    asked = asked_of(desk, runs, problem_id)
    status, order = address.choice("status", ["", *STATUSES]), address.choice("order", ORDERS)
    rows = at_once(lambda run: ordered(sample_rows(desk.reading, run, problem_id, verifier), order), runs)
    most = max(sum(row.status == status for row in some) for some in rows)
    start = address.start(most, _MANY) if status else 0
    sides = zip(runs, SIDES, rows, strict=False)
    columns = at_once(lambda one: _column(desk, *one, problem_id, (status, start)), sides)
    labels = at_once(lambda run: labels_by_sample(desk.reading, run, problem_id), runs)
    shown = {column.side: [row for group in column.groups for row in group.rows] for column in columns}
    return desk.render(
        "problem",
        address,
        runs=runs,
        first={side: rows[0].index for side, rows in shown.items() if rows},
        labels=dict(zip(SIDES, labels, strict=False)),
        others=[run for run in others_of(desk, runs) if problem_id in run.problem_hashes or run in runs],
        verifier=verifier,
        judges=judges,
        problem_id=problem_id,
        asked=asked,
        apart=apart(asked),
        columns=columns,
        most=most,
        status=status,
        statuses=STATUSES,
        order=order,
        orders=ORDERS,
        start=start,
        per_page=_MANY,
    )


def _column(desk: Desk, run: Run, side: str, rows: list[SampleRow], problem_id: str, asked: tuple[str, int]) -> Column:
    status, start = asked
    groups: list[Group] = []
    for name, said in STATUSES.items():
        some = [row for row in rows if row.status == name]
        if some and status in {"", name}:
            shown = some[start : start + _MANY] if status else some[:_FEW]
            groups.append(Group(name, said, len(some), shown))
    shown = [row for group in groups for row in group.rows]
    return Column(side, run, len(rows), groups, previews(desk.reading, run, problem_id, shown))

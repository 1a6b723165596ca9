"""The samples of one problem as text: by verdict, the likeliest and the least likely ones of each."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from samples.lines import printable
from samples.query.samples_of import STATUSES
from samples_cli.side_by_side import Sections

if TYPE_CHECKING:
    from samples.query.samples_of import Listed

OTHER = "other"
_FEW = 5  # samples at each end of a group
_ANSWER = 30  # characters
_VERIFIED = ("correct", "wrong", "no_answer")


def said(listed: "Listed") -> dict[str, Any]:
    """Return everything about the samples of a problem as JSON values."""
    rest = {name: value for name, value in vars(listed).items() if name != "run"}
    return {"run": listed.run.name, **rest}


def written(listed: "Listed", *, every: bool = False) -> Sections:
    """Return the sections of a problem: what was asked, then a group for each status, and one for unknown statuses."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in listed.samples:
        groups.setdefault(row["status"] if row["status"] in STATUSES else OTHER, []).append(row)
    shown = [_group(status, groups[status], every=every) if status in groups else None for status in (*STATUSES, OTHER)]
    return [Text("\n").join(_head(listed)), *shown]


def _head(listed: "Listed") -> Iterator[Text]:
    title = f"run {listed.run.name} ({listed.run.run_id}), problem {listed.problem_id}"
    yield Text(printable(title, lines=False), "bold")
    verified = [row for row in listed.samples if row["status"] in _VERIFIED]
    correct = sum(row["status"] == "correct" for row in verified)
    count = len(listed.samples)
    judged = f"{correct:,} of {len(verified):,} verified ones correct, by {listed.verifier}"
    yield Text(printable(f"{count:,} sample{'s' * (count != 1)}" + (f"; {judged}" if listed.verifier else "")))
    if listed.golds:
        yield Text(printable(f"gold answer{'s' * (len(listed.golds) > 1)}: {' or '.join(listed.golds)}"))
    if listed.question:
        yield Text(printable(listed.question))


def _group(status: str, rows: Sequence[dict[str, Any]], *, every: bool) -> Text:
    between = len(rows) - 2 * _FEW
    shown = [Text(printable(f"{status}: {len(rows):,}", lines=False), "bold"), Text(_NAMES, "dim")]
    if every or between <= 1:
        shown += map(_row, rows)
    else:
        shown += [*map(_row, rows[:_FEW]), Text(f"{'…':>6} {between:,} between: --all lists them", "dim")]
        shown += map(_row, rows[-_FEW:])
    return Text("\n").join(shown)


_NAMES = f"{'sample':>6} {'tokens':>7} {'ended':<7} {'perplexity':>10}  answer, reviews"


def _row(row: dict[str, Any]) -> Text:
    perplexity = "-" if row["perplexity"] is None else f"{row['perplexity']:.4g}"
    facts = f"{row['sample_index']:>6} {_known(row['tokens']):>7} {_known(row['finish_reason']):<7} {perplexity:>10}"
    answer = row["error"] or row["answer"] or ""
    answer = answer if len(answer) <= _ANSWER else f"{answer[: _ANSWER - 1]}…"
    labels = ", ".join(f"{reviewer} {label}" for reviewer, label in row["reviews"].items())
    return Text(printable(f"{facts}  {answer}" + (f"  [{labels}]" if labels else ""), lines=False))


def _known(value: Any) -> str:
    return "-" if value is None else str(value)

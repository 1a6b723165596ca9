"""The title and the subtitle of a chart: what is compared, on what, what is left out, and the notes of the answer."""

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import Any

import samples_queries
from samples.charts.asked import OF_RUNS, Asked, distinct
from samples.charts.nothing import NOTHING
from samples.charts.shorten import few, shortened
from samples.errors import SamplesError
from samples.lines import printable
from samples.query.notes import says_left_out

PANEL = "panel"  # the column of the panel that a row stands in
PART = "part"  # of a figure that has panels of its own: the words that stand above the panel
_WIDTH = 108  # characters of a line of the subtitle
_TITLE_WIDTH = 78  # characters of a line of the title
_NOTE_LINES = 6
_NAMED = 4  # runs in a title
SHARED = ("dataset", "verifier", "scorer", "of", "problems", "interval")
_LEFT_OUT = {"unjudged": "not judged", "errors": "error", "timeouts": "timeout", "unknown": "unknown"}


def named(names: Sequence[str]) -> str:
    """Return names of runs for a title: "base, rl and 3 more"."""
    shown = [_short(name) for name in names[:_NAMED]]
    if len(names) > _NAMED:
        shown.append(f"{len(names) - _NAMED} more")
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def heading(title: str) -> str | list[str]:
    """Return a title, in several lines if one would make the chart wider: names of runs may be long."""
    lines = wrap(title, _TITLE_WIDTH, break_on_hyphens=False)
    return lines if len(lines) > 1 else title


def subtitle(
    asked: Asked, values: list[dict[str, Any]], more: Iterable[str] = (), shared: Sequence[str] = SHARED
) -> list[str]:
    """Return the lines under the title.

    The first says what all rows share in the columns `shared`, and the verifier that was chosen. Then come the samples
    that are in no figure, `more`, and the notes of the answer.
    """
    said = [words for column in shared if (words := _shared(values, column))]
    if (judge := asked.parameters.get("verifier")) and not distinct(values, "verifier") and _of_verdicts(asked):
        said.insert(1, f"verifier {judge}")
    lines = _wrapped(" · ".join(said))
    if lost := _lost(values) or _lost(_without_verdict(asked, values)):
        lines += _wrapped(f"left out: {lost}")
    if undrawn := _undrawn(asked, values):
        lines += _wrapped(undrawn)
    for line in more:
        lines += _wrapped(line)
    notes = [line for note in asked.rows.notes for line in _wrapped(note)]
    if len(notes) > _NOTE_LINES:
        notes = [*notes[:_NOTE_LINES], f"… more notes: samples query {asked.name}"]
    return lines + notes


def counted(number: float, word: str) -> str:
    """Return a number and a word: "1 error", "2 errors"; words that do not change stay."""
    plural = "" if number == 1 or word in {"not judged", "unknown"} else "s"
    return f"{number:,.7g} {word}{plural}"


def _shared(values: list[dict[str, Any]], column: str) -> str:
    found = distinct(values, column)
    if not found:
        return ""
    if column == "problems":
        low, high = min(found), max(found)
        return counted(low, "problem") if low == high else f"{low:,} to {high:,} problems"
    if column == "scorer" and all(row.get("run") == row["scorer"] for row in values):
        return "each run under its own model"
    if len(found) > 1:
        return ""
    if column == "of":
        return {"model": "of the model", "sampling": "of the sampling distribution"}.get(found[0], "")
    words = {"verifier": f"verifier {found[0]}", "interval": f"95 % interval: {found[0]}"}
    words |= {"scorer": f"under {found[0]}"}
    return words.get(column, str(found[0]))


def _lost(values: list[dict[str, Any]]) -> str:
    """Say how many samples of each run are in no figure: once where the panels show the same samples."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in values:
        counts = [counted(row[column], word) for column, word in _LEFT_OUT.items() if row.get(column)]
        if counts and "run" in row and row.get("status") in {None, "all"}:
            panel = row.get(PANEL) or ""
            same_samples = ", ".join(words for words in panel.split(", ") if words != row.get(PART))
            found.setdefault((row["run"], same_samples), {})[panel] = ", ".join(counts)
    said: dict[str, None] = {}
    for (run, same_samples), counts in found.items():
        one = len(set(counts.values())) == 1
        for panel, words in counts.items():
            where = same_samples if one else panel
            said[f"{run}{f' ({where})' if where else ''} {words}"] = None
    return few(list(said))


def _without_verdict(asked: Asked, values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the samples without a verdict of each run, if the rows of a chart do not have them.

    They are asked for where a query is about the verdicts of runs.
    """
    if asked.ask is None or not _of_verdicts(asked) or any("errors" in row for row in values):
        return []
    by, pool = asked.parameters.get("by"), asked.parameters.get("pool")
    drawn = [run for column in OF_RUNS for run in distinct(values, column)]
    runs = asked.parameters.get("runs") if pool else asked.palette.order([*asked.runs, *drawn])
    try:
        found = asked.ask("pass_at_k", runs=runs, ks=[1], problem_set="each", by=by, pool=pool).dicts()
    except SamplesError:
        return []  # each of them was judged by another verifier
    if by:
        key = asked.rows.columns[0]
        shown = {row[key]: row.get(PANEL) for row in values}
        found = [{**row, PANEL: shown[row[key]]} for row in found if row[key] in shown]
    return [row for row in found if row["run"] in drawn or not pool]


def _of_verdicts(asked: Asked) -> bool:
    """Return whether the query is about the verdicts of one verifier."""
    about = samples_queries.header(asked.name)
    return about.group != "likelihood" and bool({"verified", "given_answers"} & {*about.reads})


def _undrawn(asked: Asked, values: list[dict[str, Any]]) -> str | None:
    """Say which runs a chart of runs does not show, if no note of the answer names them."""
    drawn = {name for column in OF_RUNS for name in distinct(values, column)}
    if not (asked.rows and distinct(values, "run")) or asked.parameters.get("pool"):
        return None
    left = [name for name in asked.runs if name not in drawn and not says_left_out(asked.rows.notes, name)]
    why = NOTHING.get(asked.name, "the answer has no number of theirs")
    return f"not drawn: {named(left)} ({why})" if left else None


def _wrapped(text: str) -> list[str]:
    return wrap(printable(text), _WIDTH, break_on_hyphens=False)


def _short(name: str) -> str:
    return shortened(printable(name), 40)

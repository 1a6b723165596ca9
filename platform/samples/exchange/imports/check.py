"""Read files for the first time: check that all of them can be imported, and count what they hold.

Nothing is written. Every row is checked by itself and against the others: no sample stands twice, a problem has one
question and one gold answer, and it has samples or counts, never both. Memory grows with the number of problems, and by
about one bit per sample.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from samples.errors import UsageError
from samples.exchange.imports import Reader
from samples.exchange.imports.fields import UnclearScore
from samples.exchange.imports.progress import Progress, Watch
from samples.exchange.imports.reading import Sources, read_values
from samples.exchange.imports.row import VERIFIER, Row, check_row
from samples.files.errors import BadRow
from samples.files.values import short_json
from samples.problems.answers import gold_answers

_SHOWN = 10  # bad rows that get a line each
_CELL = 1024  # sample indices in one integer


class BadRowsError(UsageError):
    """Rows of a file are bad, so nothing is imported. The message has a line for each of the first ten."""


@dataclass
class SeenProblem:
    """What the rows so far say about one problem, and where they say it."""

    place: str
    question: str | None = None
    question_place: str = ""
    gold: str | list[Any] | None = None
    gold_place: str = ""
    problem_hash: str | None = None
    tests: str | None = None
    metadata: dict[str, Any] | None = None
    rows: int = 0
    counted: bool = False
    indices: dict[int, int] = field(default_factory=dict[int, int])  # cell -> its sample indices as bits


@dataclass
class Contents:
    """What a file holds. `problems` keeps the order of the file; `verdicts` counts each status, by verifier."""

    problems: dict[str, SeenProblem] = field(default_factory=dict[str, SeenProblem])
    samples: int = 0
    completions: int = 0
    counts: int = 0
    verdicts: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])
    model: str | None = None


class Numbering:
    """Numbers the rows that have no sample index: each problem's rows in their order, from file to file.

    Rows that are numbered from 0 in each file are numbered on: behind the last sample of the files before.
    """

    def __init__(self) -> None:
        self._next: Counter[str] = Counter()
        self._ends: dict[str, int] = {}
        self._before: dict[str, int] = {}  # the ends at the end of the files before

    def next_file(self) -> None:
        """Begin with another file."""
        self._before = dict(self._ends)

    def number(self, row: Row) -> Row:
        """Return the row with its sample index."""
        index = self._next[row.problem_id]
        self._next[row.problem_id] += 1
        if row.sample_index is not None:
            index = row.sample_index + (self._before.get(row.problem_id, 0) if row.restarts else 0)
        self._ends[row.problem_id] = max(self._ends.get(row.problem_id, 0), index + 1)
        return row if row.sample_index == index else replace(row, sample_index=index)


def read_rows(
    sources: Sources, reader: Reader, score: str | None, verifier: str = VERIFIER
) -> Iterator[tuple[str, Row | BadRow]]:
    """Yield every row of the files with its place: a numbered row that was checked by itself, or what is wrong there.

    `verifier` is the name of the verifier that the file does not name.

    Raises:
        UsageError: A file cannot be read, or it is unclear which of its scores counts.
    """
    numbering = Numbering()
    for source in sources.files:
        numbering.next_file()
        for inside, value in read_values(source):
            place = sources.place(source, inside)
            if isinstance(value, BadRow):
                yield place, value
                continue
            try:
                for row in reader(value, score):
                    yield place, numbering.number(check_row(replace(row, verifier=verifier)))
            except UnclearScore as error:
                raise UnclearScore(f"{source.name} {inside}: {error}") from error
            except RecursionError:
                yield place, BadRow("is nested too deep")
            except BadRow as error:
                yield place, error


def check_files(
    sources: Sources, reader: Reader, score: str | None, watch: Watch, verifier: str = VERIFIER
) -> Contents:
    """Read files to their end, check all rows, and return what it holds.

    Raises:
        BadRowsError: Rows are bad. The message names them with their lines.
        UsageError: A file cannot be read, or they hold no samples.
    """
    found = Contents()
    bad: list[tuple[str, str, tuple[str, int] | None]] = []
    count, last = 0, ""
    same: tuple[str, str] | None = None
    progress = Progress(watch, f"reading {sources.base}")
    for number, (place, row) in enumerate(read_rows(sources, reader, score, verifier), 1):
        wrong, twice = (row, None) if isinstance(row, BadRow) else _take(found, place, row)
        if isinstance(row, Row) and row.same is not None:
            if same is not None and row.same != same:
                raise UsageError(
                    f'{sources.where(place)}: {row.same[0]} is "{row.same[1]}", but "{same[1]}" in the rows before; '
                    + _OTHER.get(same[0], "import each from a file of its own")
                )
            same = row.same
        if wrong is not None and place != last:  # a row of many samples is one bad row
            last = place
            count += 1
            if len(bad) < _SHOWN:
                bad.append((place, str(wrong), twice))
        progress.update(number)
    if bad:
        raise BadRowsError(_message(sources, reader, score, bad, count))
    if not found.problems:
        raise UsageError(f"{sources.name}: holds no samples" + (f' with a score "{score}"' if score else ""))
    return found


_OTHER = {
    "filter": "choose one with --score",
    "evaluation_result_id": "choose one with --score",
    "run": "samples export --run writes one run to a file",
}


def _take(found: Contents, place: str, row: Row) -> tuple[BadRow | None, tuple[str, int] | None]:
    """Count a row. Return what contradicts the rows before it, and the key of a sample that stands twice."""
    known = found.problems.setdefault(row.problem_id, SeenProblem(place))
    index = row.sample_index or 0
    wrong = _disagreement(known, place, row)
    if row.counts is not None:
        if known.rows:
            what = "has other counts" if known.counted else "has samples"
            wrong = BadRow(f'"{row.problem_id}" has counts here and {what} on {known.place}; leave out one of them')
        found.counts += 1
    elif known.counted:
        wrong = BadRow(f'"{row.problem_id}" has a sample here and counts on {known.place}; leave out one of them')
    else:
        cell, bit = index // _CELL, 1 << index % _CELL
        if known.indices.get(cell, 0) & bit:
            return BadRow(f'sample {index} of problem "{row.problem_id}" appears twice'), (row.problem_id, index)
        known.indices[cell] = known.indices.get(cell, 0) | bit
        found.samples += 1
        found.completions += row.completion is not None
    known.rows += 1
    known.counted |= row.counts is not None
    for one in row.verdicts:
        found.verdicts.setdefault(one.verifier, Counter())[one.verdict.status] += 1
    found.model = found.model or row.model
    return wrong, None


def _disagreement(known: SeenProblem, place: str, row: Row) -> BadRow | None:
    if known.question is None:
        known.question, known.question_place = row.question, place
    elif row.question not in {None, known.question}:
        return BadRow(
            f'problem "{row.problem_id}" has another question than on {known.question_place}; '
            "give each problem its own id"
        )
    if known.gold is None:
        known.gold, known.gold_place = row.gold, place
    elif row.gold not in (None, known.gold) and gold_answers(row.gold).answers != gold_answers(known.gold).answers:
        here, there = (value if isinstance(value, str) else short_json(value) for value in (row.gold, known.gold))
        return BadRow(
            f'problem "{row.problem_id}" has the gold answer "{here}" here and "{there}" on {known.gold_place}'
        )
    for name in ("problem_hash", "tests", "metadata"):
        before, here = getattr(known, name), getattr(row, name)
        if before is None:
            setattr(known, name, here)
        elif here not in (None, before):
            return BadRow(f'problem "{row.problem_id}" has another "{name}" than in the rows before')
    return None


def _message(
    sources: Sources, reader: Reader, score: str | None, bad: list[tuple[str, str, tuple[str, int] | None]], count: int
) -> str:
    """Return a line for each of the first bad rows. The first place of a repeated sample takes another reading."""
    firsts: dict[tuple[str, int], str] = {}
    wanted = {key for _, _, key in bad if key}
    for place, row in read_rows(sources, reader, score) if wanted else ():
        if isinstance(row, Row) and (key := (row.problem_id, row.sample_index or 0)) in wanted - firsts.keys():
            firsts[key] = place
            if len(firsts) == len(wanted):
                break
    lines = [f"{sources.where(place)}: {text}{f' (first on {firsts[key]})' if key else ''}" for place, text, key in bad]
    if count > len(lines):
        lines.append(f"… and {count - len(lines):,} more")
    lines.append("nothing was imported")
    return "\n".join(lines)

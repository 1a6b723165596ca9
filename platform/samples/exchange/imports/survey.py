"""The first reading of a file: what is in it, and whether all of it can be imported.

Nothing is written. Every row is checked, and so are the rows against each other: no sample twice, one question and
one gold answer per problem, samples or counts of a problem and never both. Memory grows with the problems, and by
about a bit per sample.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from samples.errors import UsageError
from samples.exchange.imports import Reader
from samples.exchange.imports.fields import BadRow, UnclearScore
from samples.exchange.imports.reading import Source, values
from samples.exchange.imports.row import Row, settled

Watch = Callable[[str, int], None]  # what is being done, and how many rows of it are done

_SHOWN = 10  # bad rows that are told one by one
_CELL = 1024  # sample indices in one integer
_TELL_SECONDS = 0.5


class BadRowsError(UsageError):
    """Rows of a file cannot be imported; nothing of it is. The message has a line for each of the first ten."""


@dataclass
class Known:
    """What the rows so far say of one problem, and where they said it."""

    place: str
    question: str | None = None
    question_place: str = ""
    gold: str | None = None
    gold_place: str = ""
    rows: int = 0
    counted: bool = False
    seen: dict[int, int] = field(default_factory=dict[int, int])  # cell -> its indices as bits


@dataclass
class Survey:
    """What a file holds. `problems` are in the order of the file; `verdicts` counts statuses."""

    problems: dict[str, Known] = field(default_factory=dict[str, Known])
    samples: int = 0
    completions: int = 0
    counts: int = 0
    verdicts: Counter[str] = field(default_factory=Counter[str])
    model: str | None = None


class Numbering:
    """Numbers the rows that have no sample index: by their order, for each problem apart."""

    def __init__(self) -> None:
        self._next: Counter[str] = Counter()

    def numbered(self, row: Row) -> Row:
        """Return the row with its sample index."""
        number = self._next[row.problem_id]
        self._next[row.problem_id] += 1
        return replace(row, sample_index=number) if row.sample_index is None else row


def rows(source: Source, reader: Reader, score: str | None) -> Iterator[tuple[str, Row | BadRow]]:
    """Yield every row of a file with its place, numbered and checked against itself, or what is wrong there.

    Raises:
        UsageError: The file cannot be read, or which of its scores counts is not clear.
    """
    numbering = Numbering()
    for place, value in values(source):
        if isinstance(value, BadRow):
            yield place, value
            continue
        try:
            for row in reader(value, score):
                yield place, numbering.numbered(settled(row))
        except UnclearScore as error:
            raise UnclearScore(f"{source.name} {place}: {error}") from error
        except BadRow as error:
            yield place, error


def survey(source: Source, reader: Reader, score: str | None, watch: Watch) -> Survey:
    """Read a file through and say what is in it.

    Raises:
        BadRowsError: Rows are bad; says which, with their lines.
        UsageError: The file cannot be read, or holds no samples.
    """
    found = Survey()
    bad: list[tuple[str, str, tuple[str, int] | None]] = []
    count, last = 0, ""
    same: tuple[str, str] | None = None
    told = time.monotonic()
    watch(f"reading {source.base}", 0)
    for number, (place, row) in enumerate(rows(source, reader, score), 1):
        wrong, twice = (row, None) if isinstance(row, BadRow) else _take(found, place, row)
        if isinstance(row, Row) and row.same is not None:
            if same is not None and row.same != same:
                raise UsageError(
                    f'{source.name} {place}: {row.same[0]} is "{row.same[1]}", in the rows before it is "{same[1]}"; '
                    + _OTHER.get(same[0], "import each from a file of its own")
                )
            same = row.same
        if wrong is not None and place != last:  # a row of many samples is one bad row
            last = place
            count += 1
            if len(bad) < _SHOWN:
                bad.append((place, str(wrong), twice))
        if time.monotonic() - told > _TELL_SECONDS:
            told = time.monotonic()
            watch(f"reading {source.base}", number)
    if bad:
        raise BadRowsError(_told(source, reader, score, bad, count))
    if not found.problems:
        raise UsageError(f"{source.name}: holds no samples" + (f' with a score "{score}"' if score else ""))
    return found


_OTHER = {"filter": "choose one with --score", "run": "samples export --run writes one run to a file"}


def _take(found: Survey, place: str, row: Row) -> tuple[BadRow | None, tuple[str, int] | None]:
    """Count a row in; returns what is wrong with it beside the rows before, and the sample that is there twice."""
    known = found.problems.setdefault(row.problem_id, Known(place))
    index = row.sample_index or 0
    wrong = _disagreement(known, place, row)
    if row.counts is not None:
        if known.rows:
            what = "its counts are" if known.counted else "its samples begin"
            wrong = BadRow(f'"{row.problem_id}" has counts here, and {what} on {known.place}; leave out one of them')
        found.counts += 1
    elif known.counted:
        wrong = BadRow(f'"{row.problem_id}" has a sample here, and its counts are on {known.place}; leave out one')
    else:
        cell, bit = index // _CELL, 1 << index % _CELL
        if known.seen.get(cell, 0) & bit:
            return BadRow(f'sample {index} of problem "{row.problem_id}" is there twice'), (row.problem_id, index)
        known.seen[cell] = known.seen.get(cell, 0) | bit
        found.samples += 1
        found.completions += row.completion is not None
    known.rows += 1
    known.counted |= row.counts is not None
    if row.verdict is not None:
        found.verdicts[row.verdict.status] += 1
    found.model = found.model or row.model
    return wrong, None


def _disagreement(known: Known, place: str, row: Row) -> BadRow | None:
    if known.question is None:
        known.question, known.question_place = row.question, place
    elif row.question not in {None, known.question}:
        return BadRow(
            f'problem "{row.problem_id}" has another question than on {known.question_place}; '
            "give each problem its own id"
        )
    if known.gold is None:
        known.gold, known.gold_place = row.gold, place
    elif row.gold not in {None, known.gold}:
        return BadRow(
            f'problem "{row.problem_id}" has the gold answer "{row.gold}", on {known.gold_place} it is "{known.gold}"'
        )
    return None


def _told(
    source: Source, reader: Reader, score: str | None, bad: list[tuple[str, str, tuple[str, int] | None]], count: int
) -> str:
    """Tell of the first bad rows; of a sample that is there twice, where it is first, which takes another reading."""
    firsts: dict[tuple[str, int], str] = {}
    wanted = {key for _, _, key in bad if key}
    for place, row in rows(source, reader, score) if wanted else ():
        if isinstance(row, Row) and (key := (row.problem_id, row.sample_index or 0)) in wanted - firsts.keys():
            firsts[key] = place
            if len(firsts) == len(wanted):
                break
    lines = [f"{source.name} {place}: {text}{f' (first on {firsts[key]})' if key else ''}" for place, text, key in bad]
    if count > len(lines):
        lines.append(f"… and {count - len(lines):,} more")
    lines.append("nothing was imported")
    return "\n".join(lines)

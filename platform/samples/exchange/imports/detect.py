"""Find the format of files: the one that somebody named, the one whose marks the rows have, or the general reader.

Only the first rows are looked at, some of each file. Of the files of a folder, those that have not the format are left
out, and said so; a file that somebody named must have it.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import count, islice
from typing import Any

from samples.errors import UsageError
from samples.exchange.imports import AUTO, FORMATS, ROWS, Reader, lm_eval
from samples.exchange.imports.fields import UnclearScore
from samples.exchange.imports.marks import MARKS, format_of, nearest
from samples.exchange.imports.plan import Plan, UnknownShape, make_plan
from samples.exchange.imports.reading import Source, Sources, read_values
from samples.exchange.imports.rows import reader
from samples.exchange.shapes.dotted import lookup
from samples.exchange.shapes.names import ERRORS
from samples.files.errors import BadRow
from samples.files.values import short_json

_ROWS, _LEAST, _BYTES = 256, 8, 16 << 20  # rows that are looked at, in all and of each file; their size as text


@dataclass(frozen=True)
class Detected:
    """The format of files, what reads it, and what a reader should know."""

    form: str
    read: Reader
    sources: Sources
    said: str
    notes: tuple[str, ...] = ()


def detect(sources: Sources, form: str, named: Mapping[str, str], score: str | None) -> Detected:
    """Return the format of files. `named` gives fields of the general reader, which is then meant.

    Raises:
        UsageError: No format is known by the rows, or a field or score is not there.
    """
    try:
        return _detected(sources, form, named, score)
    except RecursionError as error:
        raise UsageError(f"{sources.name}: its rows are nested too deep") from error


def _detected(sources: Sources, form: str, named: Mapping[str, str], score: str | None) -> Detected:
    if named and form not in {AUTO, ROWS}:
        raise UsageError(f"--field {next(iter(named))}=… goes with --format rows; the fields of {form} are known")
    if form in FORMATS:
        return _named(sources, form, score)
    firsts = {source: _first(source) for source in sources.files}
    forms = [format_of(row) for row in firsts.values() if row is not None]
    known = next((one for one in forms if one is not None), None)
    if form == AUTO and not named and known is not None:
        return _named(sources, known, score)
    return _general(sources, firsts, named, score)


def _named(sources: Sources, form: str, score: str | None) -> Detected:
    kept, notes = _of_format(sources, form) if any(source.found for source in sources.files) else (sources, ())
    read = FORMATS[form]
    if form == "lm-eval" and score is None:
        with suppress(BadRow, StopIteration):
            only = lm_eval.one_filter(next(_windows(kept)))
            return Detected(form, lambda value, _: read(value, only), kept, form, notes)
    return Detected(form, read, kept, form, notes)


def _general(
    sources: Sources, firsts: Mapping[Source, dict[str, Any] | None], named: Mapping[str, str], score: str | None
) -> Detected:
    plan = _plan(sources, named, score, firsts)
    kept = [
        source
        for source in sources.files
        if not source.found or _is_unreadable(source) or ((first := firsts[source]) is not None and _fits(plan, first))
    ]
    if len(kept) < len(sources.files):  # a field of what is left out must not count
        sources, notes = Sources(tuple(kept)), _left_out(sources, kept, ROWS)
        plan = _plan(sources, named, score, firsts)
    else:
        notes = ()
    return Detected(ROWS, reader(plan), sources, f"{ROWS} ({plan})", notes)


def _plan(
    sources: Sources, named: Mapping[str, str], score: str | None, firsts: Mapping[Source, dict[str, Any] | None]
) -> Plan:
    name = sources.name
    unknown: UnknownShape | None = None
    for rows in _windows(sources):
        try:
            return make_plan(rows, named, score)
        except UnknownShape as error:
            unknown = unknown or error
            if not all(_failed(row) for row in rows):
                break
        except UnclearScore as error:
            raise UnclearScore(f"{name}: {error}") from error
        except UsageError as error:
            raise UsageError(f"{name}: {error}") from error
    if unknown is None:
        raise UsageError(f"{name}: holds no samples{_what_else(sources)}")
    first = next(row for row in firsts.values() if row is not None)
    raise UnknownShape(f"{name}: {unknown}; {nearest(first)}")


def _what_else(sources: Sources) -> str:
    """Say what the first value of a file is, if there is one and it is no object."""
    for source in sources.files:
        for place, value in read_values(source):
            if isinstance(value, Exception):
                return f": {place} {value}"
            return f": {place} is {short_json(value)}; an object {{…}} with fields is expected"
    return ""


def _objects(source: Source) -> Generator[dict[str, Any]]:
    with closing(read_values(source)) as values:
        yield from (value for _, value in values if isinstance(value, dict))


def _is_unreadable(source: Source) -> bool:
    """Return whether a file's first row is a bad one: the file is named as bad, and not left out."""
    with closing(read_values(source)) as values:
        return any(isinstance(value, BadRow) for _, value in islice(values, 1))


def _first(source: Source) -> dict[str, Any] | None:
    with closing(_objects(source)) as objects:
        return next(objects, None)


def _windows(sources: Sources) -> Iterator[Sequence[dict[str, Any]]]:
    """Yield the first rows of all files, then the next ones, and so on."""
    each = max(_LEAST, _ROWS // len(sources.files))
    for start in count(step=each):
        rows: list[dict[str, Any]] = []
        size = 0
        for source in sources.files:
            with closing(_objects(source)) as objects:
                for row in islice(objects, start, start + each):
                    rows.append(row)
                    size += _size(row)
                    if size > _BYTES:
                        break
        if not rows:
            return
        yield rows


def _size(row: dict[str, Any]) -> int:
    try:
        return len(str(row))
    except RecursionError:
        return _BYTES


def _failed(row: Mapping[str, Any]) -> bool:
    return any(lookup(row, name) for name in ERRORS)


def _fits(plan: Plan, row: dict[str, Any]) -> bool:
    name = plan.samples or plan.fields["completion"]
    return lookup(row, name) is not None or any(lookup(row, error) for error in plan.errors)


def _of_format(sources: Sources, form: str) -> tuple[Sources, tuple[str, ...]]:
    """Leave out the files of a folder that are of another format."""
    kept = [
        source
        for source in sources.files
        if not source.found
        or _is_unreadable(source)
        or ((first := _first(source)) is not None and MARKS.get(form, bool)(first))
    ]
    if not kept:
        raise UsageError(f"{sources.name}: no file has the format {form}")
    return Sources(tuple(kept)), _left_out(sources, kept, form)


def _left_out(sources: Sources, kept: Sequence[Source], form: str) -> tuple[str, ...]:
    names = [source.name for source in sources.files if source not in kept]
    return (f"{', '.join(names)}: left out, not of format {form}",) if names else ()

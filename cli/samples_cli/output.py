"""Write rows to stdout or a file, in the format that --format or the file's ending names.

A table is for people. On a terminal it fits the width and says once what all rows share. On a pipe it has all columns
and whole cells. It shows at most 40 rows, unless --all or --limit is given, and stderr says what is left out. The other
formats (see `samples.query.formats`), and all files, hold every row unless --limit is given. On a terminal, control
characters are spelled out; files and pipes get exact text.

A file appears whole or not at all. Notes of an answer follow its rows, on stderr.
"""

import os
import shutil
import sys
from collections.abc import Generator, Iterable, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from samples.errors import SamplesError, UsageError
from samples.lines import printable_json
from samples_cli import terminal

if TYPE_CHECKING:  # imported where rows are written: --help waits for none of it
    from samples.query.rows import Rows

FORMS = ("table", "csv", "json", "jsonl", "parquet", "markdown", "latex")
ENDINGS = {
    ".csv": "csv", ".json": "json", ".jsonl": "jsonl", ".parquet": "parquet",
    ".md": "markdown", ".tex": "latex", ".txt": "table",
}  # fmt: skip

_MOST = 40  # rows of a table, unless more are asked for
_NAMED = 8  # columns in a message about those that do not fit


@contextmanager
def interruptible() -> Generator[None]:
    """Let Ctrl-C, or a limit, end the process if the question that runs cannot be stopped otherwise."""
    try:
        yield
    except KeyboardInterrupt:
        from samples.query.interrupts import left_behind

        if left_behind():
            terminal.say("samples: interrupted")
            os._exit(130)
        raise
    except SamplesError as error:
        from samples.query.interrupts import left_behind

        if left_behind():
            terminal.say(f"samples: {error}")
            os._exit(error.exit_code)
        raise


def write(rows: "Rows", form: str | None, file: str | None, *, every: bool = False, limit: int | None = None) -> None:
    """Write rows to a file, or to stdout where it is None or "-", and their notes to stderr.

    `form` is one of FORMS; None takes the file's ending, or a table. `limit` is the most rows to write, in any format;
    `every` asks for all rows of a table.

    Raises:
        UsageError: The format is unclear, --all and --limit are both given, or the file cannot be written.
    """
    form, to = _form(form, file, every=every, limit=limit)
    most = _MOST if limit is None and form == "table" and not (every or to) else limit
    there = rows if most is None else rows[:most]
    left_out: list[str] = []
    with _file(to) if to else _stdout() as sink:
        left_out = _write(there, rows, form, sink, to)
    if form == "table":
        if len(there) < len(rows):
            more = "--all or a larger --limit shows more" if limit is not None else "--all or --limit N shows more"
            left_out.append(f"{len(there):,} of {len(rows):,} rows are shown: {more}")
        elif not rows and not to:
            left_out.append("no rows")
    for line in (*left_out, *(f"note: {note}" for note in rows.notes)):
        terminal.say(line)


def require(form: str | None, file: str | None, *, every: bool = False, limit: int | None = None) -> None:
    """Check that `write` could write rows so, before the work that makes them.

    Raises:
        UsageError: As `write`; or the folder of the file does not exist.
    """
    _, to = _form(form, file, every=every, limit=limit)
    if to:
        require_folder(to)


def _form(form: str | None, file: str | None, *, every: bool, limit: int | None) -> tuple[str, str | None]:
    """Return the format, and the file, None for stdout."""
    if every and limit is not None:
        raise UsageError("--all and --limit contradict each other: give one of them")
    to = None if file in {None, "-", "/dev/stdout"} else file
    form = form or (_form_of(to) if to else "table")
    if form == "parquet" and not to and sys.stdout.isatty():
        raise UsageError("--format parquet writes bytes: name a file, as in -o rows.parquet, or send them to a pipe")
    return form, to


def write_file(file: str, content: bytes) -> None:
    """Write a file that appears whole or not at all.

    Raises:
        UsageError: It cannot be written.
    """
    with _file(file) as sink:
        sink.write(content)


def _file(name: str) -> AbstractContextManager[IO[bytes]]:
    from samples.files.whole import whole_file

    return whole_file(name)


def require_folder(file: str) -> None:
    """Check that a file can be made here, before the work that fills it.

    Raises:
        UsageError: Its folder does not exist, or it is a folder itself.
    """
    from samples.files.whole import is_device

    is_device(Path(file))


def _write(rows: "Rows", whole: "Rows", form: str, sink: IO[bytes], file: str | None) -> list[str]:
    """Write rows, which are the first of the whole. Return lines about what is left out of them."""
    if form == "parquet":
        from samples.query.formats import parquet

        parquet(rows, sink)
        return []
    if form == "table":
        return _table(rows, whole, sink, file)
    from samples.query.formats import TEXTS

    sink = terminal.inert(sink)
    spell = printable_json if form in {"json", "jsonl"} and file is None else str
    for text in TEXTS[form](rows):
        sink.write(spell(text).encode())
    return []


def _table(rows: "Rows", whole: "Rows", sink: IO[bytes], file: str | None) -> list[str]:
    """Write a table. Return lines about what does not fit."""
    from samples.query.table import laid_out

    drawn = file is None and sys.stdout.isatty()
    code = "utf-8" if file else sys.stdout.encoding
    table = laid_out(rows.table, whole.table, shutil.get_terminal_size().columns if drawn else None)

    def put(lines: Iterable[str]) -> None:
        sink.write("".join(f"{line}\n" for line in lines).encode(code, "backslashreplace"))

    bold = drawn and os.environ.get("TERM") != "dumb"
    put([*table.above, f"\x1b[1m{table.heading}\x1b[0m" if bold else table.heading])
    for lines in table.blocks():
        put(lines)
    return [*_hidden(table.left_out), *(["texts that end in … are cut: --format csv writes them whole"] * table.cut)]


def _hidden(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    some = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
    what = "1 column does" if len(names) == 1 else f"{len(names)} columns do"
    return [f"{what} not fit ({some}): --format csv or a wider terminal shows them"]


def _form_of(file: str) -> str:
    form = ENDINGS.get(Path(file).suffix.lower())
    if form is None:
        raise UsageError(f"{file}: its ending names no format: end it in {', '.join(ENDINGS)}, or give --format")
    return form


@contextmanager
def _stdout() -> Generator[IO[bytes]]:
    """Give stdout. Writing ends quietly when the reader, such as head, has read enough."""
    sys.stdout.flush()
    try:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # for what Python still wants to write when it ends
        os.close(nowhere)

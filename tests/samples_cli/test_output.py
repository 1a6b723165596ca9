"""What commands print of rows: on a terminal, on a pipe, into files; and what they say of it on stderr."""

import csv
import io
import json
import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest
from rich.cells import cell_len
from rich.text import Text

from samples.errors import UsageError
from samples.query.rows import Rows
from samples_cli import output

CURVE = "SELECT 'base' AS run, range AS k, range / 100 AS pass_at_k FROM range({})"
HOSTILE = "\x1b[2J\x1b]0;gone\x07\u202egnp.exe\u200b\x9b31m\r\n\t数学" + "x" * 10_000
PRINT = """
import sys, duckdb
from samples.errors import SamplesError
from samples.query.rows import Rows
from samples_cli import output
sql, form, every, limit, *notes = sys.argv[1:]
limit = int(limit) if limit else None
try:
    rows = Rows(duckdb.sql(sql).to_arrow_table(), tuple(notes))
    output.write(rows, form or None, None, every=bool(every), limit=limit)
except SamplesError as error:
    sys.exit(str(error))
"""


def command(sql: str, form: str = "", *notes: str, every: bool = False, limit: int | None = None) -> list[str]:
    given = (sql, form, "yes" if every else "", "" if limit is None else str(limit), *notes)
    return [sys.executable, "-c", PRINT, *given]


def rows(sql: str, *notes: str) -> Rows:
    return Rows(duckdb.sql(sql).to_arrow_table(), notes)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def on_a_terminal(arguments: list[str], width: int) -> tuple[str, str]:
    """What a command writes to a terminal as stdout, and to a pipe as stderr."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(width), "TERM": "xterm"}
    with subprocess.Popen(arguments, stdout=follower, stderr=subprocess.PIPE, env=environment) as process:
        os.close(follower)
        shown = b""
        while select.select([leader], [], [], 60)[0]:
            try:
                shown += os.read(leader, 65536)
            except OSError:  # the other side is closed
                break
        assert process.stderr is not None
        said = process.stderr.read().decode()
    os.close(leader)
    return shown.decode().replace("\r\n", "\n"), said


def test_a_terminal_shows_forty_rows_under_what_they_share_and_stderr_says_how_to_see_more():
    shown, said = on_a_terminal(command(CURVE.format(100), "", "n differs"), 80)
    lines = Text.from_ansi(shown).plain.splitlines()
    assert lines[:3] == ["run: base", " k  pass_at_k", " 0     0.0000"]
    assert len(lines) == 42
    assert said.splitlines() == [
        "40 of 100 rows are shown: --all or --limit N shows more",
        "note: n differs",
    ]
    assert shown.splitlines()[1] == "\x1b[1m k  pass_at_k\x1b[0m"


@pytest.mark.parametrize(("asked", "count"), [({"every": True}, 100), ({"limit": 7}, 7), ({"limit": 1000}, 100)])
def test_all_rows_or_a_limit_of_them_are_shown(asked, count):
    shown, said = on_a_terminal(command(CURVE.format(100), **asked), 80)
    assert len(shown.splitlines()) == count + 2
    assert said == ("7 of 100 rows are shown: --all or a larger --limit shows more\n" if count < 100 else "")


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_table_fits_the_terminal_and_what_does_not_fit_is_said(width):
    columns = ", ".join(f"range + {10 ** (n + 6)} AS column_{n}" for n in range(9))
    shown, said = on_a_terminal(
        command(f"SELECT 'p' || range AS id, repeat('数学 ', 40) AS t, {columns} FROM range(3)"), width
    )
    lines = Text.from_ansi(shown).plain.splitlines()
    assert max(map(cell_len, lines)) <= width
    left_out = [name for name in ("id", *(f"column_{n}" for n in range(9))) if name not in shown]
    if left_out:
        which = f"{len(left_out)} columns do not fit ({', '.join(left_out)})"
        assert said == f"{which}: --format csv or a wider terminal shows them\n"
    else:
        assert said == ""
    assert bool(left_out) is (width < 200)


def test_texts_that_are_cut_are_said():
    sql = "SELECT range AS k, 'row ' || range || repeat(' word', 40) AS t FROM range(2)"
    shown, said = on_a_terminal(command(sql), 40)
    assert [line[-1] for line in shown.splitlines()[1:]] == ["…", "…"]
    assert said == "texts that end in … are cut: --format csv writes them whole\n"
    many = ", ".join(f"{10**20 + n}::HUGEINT + range AS column_{n}" for n in range(20))
    assert (
        "17 columns do not fit (column_3, column_4, column_5, column_6, column_7, column_8, column_9, column_10, …)"
        in (on_a_terminal(command(f"SELECT {many} FROM range(2)"), 80)[1])
    )


@pytest.mark.parametrize("form", ["", "csv", "json", "jsonl", "markdown", "latex"])
def test_nothing_that_reaches_a_terminal_is_obeyed_by_it(form):
    quoted = HOSTILE.replace("'", "''")
    sql = f"""SELECT '{quoted}' AS a, ['{quoted}'] AS b, range AS "{HOSTILE[:40].replace('"', '""')}" FROM range(2)"""
    shown, said = on_a_terminal(command(sql, form, HOSTILE), 80)
    if form == "":
        shown = shown.replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert [c for c in shown + said if not c.isprintable() and c not in "\n\t"] == []
    assert re.search(r"\\(x1b|u001b|textbackslash\{\}x1b)", shown)


def test_parquet_on_a_terminal_is_refused_in_one_line():
    shown, said = on_a_terminal(command("SELECT 1 AS a", "parquet"), 80)
    assert shown == ""
    assert said == "--format parquet writes bytes: name a file, as in -o rows.parquet, or send them to a pipe\n"


def test_a_pipe_gets_all_columns_and_whole_cells_and_the_same_forty_rows(capfd):
    columns = ", ".join(f"range AS a_long_name_{n}" for n in range(40))
    output.write(rows(f"SELECT repeat('x ', 500) || range AS t, {columns} FROM range(41)", "n differs"), None, None)
    out, err = capfd.readouterr()
    lines = out.splitlines()
    assert len(lines) == 41
    assert lines[0].split() == ["t", *(f"a_long_name_{n}" for n in range(40))]
    assert lines[40].startswith("x " * 500 + "39")
    assert "\x1b" not in out
    assert err == "40 of 41 rows are shown: --all or --limit N shows more\nnote: n differs\n"


def test_other_formats_have_all_rows_unless_a_limit_is_given(capfd):
    for form, count in (("csv", 101), ("jsonl", 100), ("markdown", 102), ("latex", 106), ("json", 102)):
        output.write(rows(CURVE.format(100)), form, None)
        assert len(capfd.readouterr().out.splitlines()) == count
    output.write(rows(CURVE.format(100)), "jsonl", "-", limit=3)
    assert [json.loads(line)["k"] for line in capfd.readouterr().out.splitlines()] == [0, 1, 2]
    output.write(rows(CURVE.format(100)), "csv", None, limit=0)
    assert capfd.readouterr() == ("run,k,pass_at_k\n", "")


def test_no_rows_are_a_heading_and_a_word_on_stderr(capfd):
    output.write(rows("SELECT 1 AS a WHERE false"), None, None)
    assert capfd.readouterr() == ("a\n", "no rows\n")
    output.write(rows("SELECT 1 AS a WHERE false"), "json", None)
    assert capfd.readouterr() == ("[]\n", "")


def test_notes_follow_on_stderr_in_every_format(capfdbinary):
    for form in output.FORMS:
        output.write(rows("SELECT 1 AS a", "one", "two\x1b[2J"), form, None)
        assert capfdbinary.readouterr().err == b"note: one\nnote: two\\x1b[2J\n"


def test_all_and_a_limit_at_once_are_refused():
    with pytest.raises(UsageError, match="--all and --limit contradict each other"):
        output.write(rows("SELECT 1"), None, None, every=True, limit=3)


# Files


READERS = {
    ".csv": lambda path: list(csv.DictReader(io.StringIO(path.read_text()))),
    ".json": lambda path: json.loads(path.read_text()),
    ".jsonl": lambda path: pl.read_ndjson(path).to_dicts(),
    ".parquet": lambda path: pq.read_table(path).to_pylist(),
    ".md": lambda path: path.read_text().splitlines()[2:],
    ".tex": lambda path: path.read_text().splitlines()[4:-2],
    ".txt": lambda path: path.read_text().splitlines()[2:],
}


@pytest.mark.parametrize("ending", list(output.ENDINGS))
def test_a_files_ending_is_its_format_and_it_holds_every_row(tmp_path, capfd, ending):
    path = tmp_path / f"rows{ending.upper()}"
    output.write(rows(CURVE.format(100)), None, str(path))
    assert len(READERS[ending](path)) == 100
    assert capfd.readouterr() == ("", "")
    output.write(rows(CURVE.format(100)), None, str(path), limit=2)
    assert len(READERS[ending](path)) == 2
    assert names(tmp_path) == [path.name]


def test_a_format_that_is_given_wins_over_the_ending(tmp_path):
    output.write(rows("SELECT 1 AS a"), "json", str(tmp_path / "rows.txt"))
    assert json.loads((tmp_path / "rows.txt").read_text()) == [{"a": 1}]


def test_notes_are_kept_in_parquet_markdown_and_latex(tmp_path, capfd):
    noted = rows("SELECT 1 AS a", "n differs", "日本")
    for name in ("x.parquet", "x.md", "x.tex"):
        output.write(noted, None, str(tmp_path / name))
    assert json.loads(pq.read_schema(tmp_path / "x.parquet").metadata[b"samples.notes"]) == ["n differs", "日本"]
    assert (tmp_path / "x.md").read_text().endswith("\nnote: n differs\n\nnote: 日本\n")
    assert (tmp_path / "x.tex").read_text().endswith("% note: n differs\n% note: 日本\n")
    assert capfd.readouterr().err == "note: n differs\nnote: 日本\n" * 3


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("rows.xlsx", r"rows\.xlsx: its ending names no format: end it in \.csv, .*, or give --format"),
        ("rows", "its ending names no format"),
        ("no/such/rows.csv", "no/such/rows.csv: there is no folder .*no/such: make it first, or choose another"),
        ("folder.csv", "folder.csv is a folder: name a file in it"),
        ("file.csv/rows.csv", "there is no folder"),
        (f"{'x' * 300}.csv", "cannot be written: File name too long"),
        (f"{'x' * 300}/rows.csv", "cannot be written: File name too long"),
        ("loop.csv", "loop.csv: cannot be written: Symlink loop"),
    ],
    ids=["ending", "no ending", "missing folder", "folder", "file as folder", "long name", "long folder", "loop"],
)
def test_a_file_that_cannot_be_written_is_one_line(tmp_path, name, said):
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file.csv").write_text("kept")
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    with pytest.raises(UsageError, match=said) as error:
        output.write(rows("SELECT 1 AS a"), None, str(tmp_path / name))
    assert "\n" not in str(error.value)
    assert names(tmp_path) == ["file.csv", "folder.csv", "loop.csv"]
    assert (tmp_path / "file.csv").read_text() == "kept"


def test_a_file_is_there_whole_or_not_at_all(tmp_path, monkeypatch):
    from samples.query import formats

    def broken(_rows: Rows):
        yield "half"
        raise MemoryError

    path = tmp_path / "rows.csv"
    path.write_text("before")
    monkeypatch.setitem(formats.TEXTS, "csv", broken)
    with pytest.raises(MemoryError):
        output.write(rows("SELECT 1 AS a"), None, str(path))
    assert path.read_text() == "before"
    assert names(tmp_path) == ["rows.csv"]


def test_a_link_stays_a_link_and_a_device_is_written_as_it_is(tmp_path, capfd):
    (tmp_path / "data").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "data" / "rows.csv")
    output.write(rows("SELECT 1 AS a"), None, str(tmp_path / "link.csv"))
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "data" / "rows.csv").read_text() == "a\n1\n"
    output.write(rows("SELECT 1 AS a"), "csv", "/dev/stdout")
    assert capfd.readouterr().out == "a\n1\n"
    output.write(rows("SELECT 1 AS a"), "csv", "/dev/null")


def test_a_new_file_has_the_rights_that_the_umask_leaves(tmp_path):
    before = os.umask(0o027)
    try:
        output.write(rows("SELECT 1 AS a"), None, str(tmp_path / "rows.csv"))
    finally:
        os.umask(before)
    assert (tmp_path / "rows.csv").stat().st_mode & 0o777 == 0o640


# Many rows


MILLION = """
    SELECT 'base' AS run, 'p' || range AS problem_id, range AS k, range / 7 AS x, 'n ' || range AS t FROM range(1000000)
"""


@pytest.mark.cases(3)
@pytest.mark.heavy
@pytest.mark.parametrize("form", output.FORMS)
def test_head_ends_a_million_rows_at_once_and_without_a_word(form):
    asked = command(MILLION, form, every=form == "table")
    with subprocess.Popen(asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert len(process.stdout.read(1000)) == 1000
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(120) == 0


def test_a_million_rows_are_all_printed(tmp_path):
    with (tmp_path / "out").open("wb") as file:
        subprocess.run(command(MILLION, every=True), stdout=file, check=True, timeout=300)
    with (tmp_path / "out").open() as file:
        lines = sum(1 for _ in file)
    assert lines == 1_000_002


def test_help_waits_for_no_library_that_writes_rows():
    program = (
        "import sys; from samples_cli import output; sys.exit(bool({'polars', 'pyarrow', 'rich'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_table_needs_neither_polars_nor_pandas():
    program = f"{PRINT}\nsys.exit(bool({{'polars', 'pandas'}} & set(sys.modules)))"
    asked = command(CURVE.format(10))
    asked[2] = program
    assert subprocess.run(asked, stdout=subprocess.DEVNULL, check=False).returncode == 0


def test_a_table_on_an_ascii_terminal_is_no_error(tmp_path):
    done = subprocess.run(
        command("SELECT '数' AS run, 'é' || range AS x FROM range(2)"),
        capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}, check=True,
    )  # fmt: skip
    assert done.stdout.decode("ascii").splitlines()[0] == "run: \\u6570"

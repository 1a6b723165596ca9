"""Each format is read back by a library that did not write it."""

import csv
import io
import json
import math
import re
from decimal import Decimal
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samples.query import formats
from samples.query.rows import Rows

HOSTILE = [
    "", " lead", 'q"uo"te', "a,b", "a;b", "line\nbreak", "cr\rhere", "both\r\n", "\x1b[2J", "\u202erev", "数学",
    "x" * 10_000, "\x00", "\u2028", "null", "NaN", "-", "|a|b|", "\\", "\\\\|", "&<b>$x$", "#1", "=1+1", "{}", "😀",
    "\ufeff",
    "_a_b_", "*[x](y)*", "`", "~", "^", "%",
]  # fmt: skip


def written(rows: Rows, form: str) -> str:
    return "".join(formats.TEXTS[form](rows))


def rows(sql: str, *notes: str) -> Rows:
    return Rows(duckdb.sql(sql).to_arrow_table(), notes)


TEXTS = st.one_of(st.none(), st.sampled_from(HOSTILE), st.text(max_size=20))
FLOATS = st.one_of(st.none(), st.floats())
INTEGERS = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))
KINDS = {
    "text": (pa.string(), TEXTS),
    "float": (pa.float64(), FLOATS),
    "half": (pa.float32(), st.one_of(st.none(), st.floats(width=32))),
    "integer": (pa.int64(), INTEGERS),
    "boolean": (pa.bool_(), st.one_of(st.none(), st.booleans())),
    "texts": (pa.list_(pa.string()), st.one_of(st.none(), st.lists(TEXTS, max_size=4))),
    "floats": (pa.list_(pa.float64()), st.one_of(st.none(), st.lists(FLOATS, max_size=4))),
    "map": (pa.map_(pa.string(), pa.int64()), st.one_of(st.none(), st.dictionaries(st.text(), INTEGERS, max_size=3))),
    "struct": (pa.struct({"a": pa.string(), "b": pa.float64()}), st.fixed_dictionaries({"a": TEXTS, "b": FLOATS})),
    "decimal": (pa.decimal128(38, 3), st.one_of(st.none(), st.integers(-(10**9), 10**9).map(lambda n: Decimal(n) / 8))),
}


@st.composite
def tables(draw: st.DrawFn) -> Rows:
    count = draw(st.integers(0, 5))
    names = draw(
        st.lists(st.one_of(st.text(max_size=8), st.sampled_from(HOSTILE)), min_size=1, max_size=6, unique=True)
    )
    columns = {}
    for name in names:
        kind, of = KINDS[draw(st.sampled_from(list(KINDS)))]
        values = draw(st.lists(of, min_size=count, max_size=count))
        if pa.types.is_map(kind):
            values = [value if value is None else list(value.items()) for value in values]
        columns[name] = pa.array(values, kind)
    return Rows(pa.table(columns))


def in_json(value: Any, kind: pa.DataType) -> Any:
    """A value as JSON must give it back: this is the rule, written by itself."""
    if isinstance(value, dict):
        return {key: in_json(inner, kind) for key, inner in value.items()}
    if isinstance(value, list):
        return [in_json(inner, kind) for inner in value]
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    return value


def same(read: Any, value: Any, kind: pa.DataType) -> bool:
    wanted = in_json(value, kind)
    if pa.types.is_float32(kind) and isinstance(read, float):
        return pa.scalar(read, pa.float32()) == pa.scalar(wanted, pa.float32())
    return read == wanted and (type(read) is type(wanted) or not isinstance(read, bool))


@settings(max_examples=150, deadline=None)
@given(tables())
def test_json_holds_every_value_and_has_no_words_of_its_own(given_rows):
    def refuse(word: str) -> None:
        raise ValueError(word)

    array = json.loads(written(given_rows, "json"), parse_constant=refuse)
    lines = written(given_rows, "jsonl")
    assert lines == "" or lines.endswith("\n")
    assert array == [json.loads(line, parse_constant=refuse) for line in lines.split("\n")[:-1]]
    assert len(array) == len(given_rows)
    for read, row in zip(array, given_rows, strict=True):
        assert list(read) == given_rows.columns
        for field in given_rows.arrow().schema:
            assert same(read[field.name], row[field.name], field.type), field


@settings(max_examples=150, deadline=None)
@given(tables())
def test_csv_holds_every_value_and_lines_end_with_a_newline_alone(given_rows):
    text = written(given_rows, "csv")
    assert text.endswith("\n")
    head, *body = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert head == given_rows.columns
    assert len(body) == len(given_rows)
    for cells, row in zip(body, given_rows, strict=True):
        for cell, field in zip(cells, given_rows.arrow().schema, strict=True):
            value = row[field.name]
            if value is None:
                assert cell == ""
            elif pa.types.is_nested(field.type):
                assert same(json.loads(cell), value, field.type)
            elif isinstance(value, bool):
                assert cell == str(value).lower()
            elif isinstance(value, str):
                assert cell == value
            elif isinstance(value, float) and math.isnan(value):
                assert cell == "NaN"
            elif pa.types.is_float32(field.type):
                assert pa.scalar(float(cell), pa.float32()) == pa.scalar(value, pa.float32())
            else:
                assert type(value)(cell) == value
    blank = Rows(pa.table({"a": ["x"], "b": ["y"]}))
    assert written(blank, "csv") == "a,b\nx,y\n"


@settings(max_examples=100, deadline=None)
@given(tables())
def test_parquet_is_the_same_table_with_the_notes(given_rows):
    file = io.BytesIO()
    formats.parquet(Rows(given_rows.arrow(), ("one", "zw\u00f6lf\n")), file)
    read = pq.read_table(file)
    assert read.schema.equals(given_rows.arrow().schema)
    assert repr(read.to_pylist()) == repr(given_rows.arrow().to_pylist())  # NaN is NaN
    assert json.loads(read.schema.metadata[b"samples.notes"]) == ["one", "zw\u00f6lf\n"]
    assert len(pl.read_parquet(file.getvalue())) == len(given_rows)


LATEX = {
    r"\textbackslash{}": "\\", r"\textasciitilde{}": "~", r"\textasciicircum{}": "^", r"\textless{}": "<",
    r"\textgreater{}": ">", r"\textbar{}": "|", "{[}": "[", "{*}": "*",
} | {f"\\{letter}": letter for letter in "{}$&#%_"}  # fmt: skip


def typeset(cell: str) -> str:
    """What LaTeX sets for a cell; anything that it would obey fails."""
    pieces = re.findall(r"\\text[a-z]+\{\}|\\.|\{\[\}|\{\*\}|[^\\{}$&#%_^~<>|\[*]", cell)
    assert "".join(pieces) == cell, cell
    return "".join(LATEX.get(piece, piece) for piece in pieces)


@pytest.mark.parametrize("text", HOSTILE)
def test_latex_and_markdown_show_text_as_it_is_in_one_line_and_one_cell(text):
    table = Rows(pa.table({"x": [text, "b"], f"y{text}": [1, 2], "z": [[text], ["b"]]}), (text,))
    from samples.query.cells import cell

    latex = written(table, "latex").split("\n")
    assert latex[:2] == [r"\begin{tabular}{lrl}", r"\toprule"]
    assert [latex[n] for n in (3, 6, 7)] == [r"\midrule", r"\bottomrule", r"\end{tabular}"]
    assert latex[8].startswith("% note: ")
    assert len(latex) == 10
    for line, row in ((latex[2], ["x", f"y{text}", "z"]), (latex[4], [text, 1, [text]]), (latex[5], ["b", 2, ["b"]])):
        assert line.endswith(r" \\")
        cells = line.removesuffix(r" \\").split(" & ") if "&" not in text else re.split(r"(?<!\\) & ", line[:-3])
        assert [typeset(read) for read in cells] == [cell(value) for value in row]

    markdown = written(table, "markdown").split("\n")
    assert markdown[1] == "| --- | ---: | --- |"
    assert (markdown[4], markdown[5][:6], markdown[6:]) == ("", "note: ", [""])
    for line, row in ((markdown[0], ["x", f"y{text}", "z"]), (markdown[2], [text, 1, [text]])):
        cells = re.findall(r"((?:\\.|[^\\|])*)\|", line.removeprefix("|"))
        assert len(cells) == 3
        shown = [re.sub(r"\\([\\`*\[\]<>|~$_])", r"\1", read[1:-1]).replace("&amp;", "&") for read in cells]
        assert shown == [cell(value) for value in row]
        assert not re.search(r"(?<!\\)(?:\\\\)*[<>`*\[$]", line)


def test_markdown_and_latex_have_four_decimals_and_a_dash_for_nothing():
    table = rows("SELECT unnest(['a_b', '_c']) AS name, unnest([0.123456e0, NULL]) AS share", "n differs")
    assert written(table, "markdown") == (
        "| name | share |\n| --- | ---: |\n| a_b | 0.1235 |\n| \\_c | - |\n\nnote: n differs\n"
    )
    assert written(table, "latex") == (
        "\\begin{tabular}{lr}\n\\toprule\nname & share \\\\\n\\midrule\n"
        "a\\_b & 0.1235 \\\\\n\\_c & - \\\\\n\\bottomrule\n\\end{tabular}\n% note: n differs\n"
    )


EVERYTHING = """
    SELECT TIMESTAMP '2026-01-01 12:00:00.5' AS naive, TIMESTAMPTZ '2026-01-01 12:00+02' AS zoned,
        TIMESTAMP_NS '2026-01-01 00:00:00.123456789' AS nanos, DATE '2026-01-01' AS day, TIME '12:00:01' AS clock,
        INTERVAL '1 month' AS span, 'ab'::BLOB AS bytes, 'x'::ENUM('x', 'y') AS choice, union_value(num := 2) AS either,
        sum(3) AS total, 0.50 AS half, 170141183460469231731687303715884105727::HUGEINT AS huge, NULL AS nothing,
        'infinity'::TIMESTAMP AS forever, [TIMESTAMPTZ '2026-01-01 12:00+02'] AS times, [0.5, 1.0] AS halves,
        MAP {1: 'a'} AS numbered, MAP {'a': [1, NULL]} AS lists, [1, 2]::INT[2] AS pair, ['ab'::BLOB] AS blobs
"""
SAID = {
    "naive": "2026-01-01T12:00:00.500000", "zoned": "2026-01-01T10:00:00Z", "nanos": "2026-01-01T00:00:00.123456789",
    "day": "2026-01-01", "clock": "12:00:01", "span": "P1M", "bytes": "6162", "choice": "x", "either": "2", "total": 3,
    "half": 0.5, "huge": 2**127 - 1, "nothing": None, "forever": "infinity", "times": ["2026-01-01T10:00:00Z"],
    "halves": [0.5, 1], "numbered": {"1": "a"}, "lists": {"a": [1, None]}, "pair": [1, 2], "blobs": ["6162"],
}  # fmt: skip


def test_every_type_that_duckdb_gives_is_written_in_every_format():
    everything = rows(EVERYTHING)
    assert json.loads(written(everything, "json")) == [SAID]
    assert json.loads(written(everything, "jsonl")) == SAID
    (read,) = csv.DictReader(io.StringIO(written(everything, "csv")))
    for name, value in SAID.items():
        cell = read[name]
        assert cell == ("" if value is None else value if isinstance(value, str) else cell)
        if isinstance(value, (list, dict, int, float)):
            assert json.loads(cell) == value
    for form in ("markdown", "latex"):
        assert "2026-01-01T12:00:00.500000" in written(everything, form)
    formats.parquet(everything, file := io.BytesIO())
    assert set(pq.read_table(file).column_names) == set(SAID)


def test_zero_rows_are_a_heading_or_an_empty_array():
    nothing = rows("SELECT 1 AS a, ['x'] AS b WHERE false")
    assert {form: written(nothing, form) for form in formats.TEXTS} == {
        "csv": "a,b\n",
        "json": "[]\n",
        "jsonl": "",
        "markdown": "| a | b |\n| ---: | --- |\n",
        "latex": "\\begin{tabular}{rl}\n\\toprule\na & b \\\\\n\\midrule\n\\bottomrule\n\\end{tabular}\n",
    }
    formats.parquet(nothing, file := io.BytesIO())
    assert pq.read_table(file).num_rows == 0


def test_a_missing_value_alone_on_its_line_is_no_blank_line():
    for sql in ("unnest([NULL, 1])", "unnest([NULL, 'x'])", "unnest([NULL, ['x']])", "unnest([NULL, 0.5e0])"):
        text = written(rows(f"SELECT {sql} AS x"), "csv")
        assert len(list(csv.DictReader(io.StringIO(text)))) == 2


def test_other_libraries_read_ids_with_blanks_and_commas_from_csv_and_json(tmp_path):
    ids = ["p 1", "p,2", 'p"3"', "p\n4", "数"]
    table = Rows(
        pa.table(
            {
                "outcome": ["both"],
                "problem_ids": [ids],
                "labels": pa.array([[("step", "4 0")]], pa.map_(pa.string(), pa.string())),
            }
        )
    )
    path = tmp_path / "rows.csv"
    path.write_text(written(table, "csv"), newline="")
    for read in (
        pd.read_csv(path)["problem_ids"][0],
        pl.read_csv(path)["problem_ids"][0],
        pyarrow.csv.read_csv(path, parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True))["problem_ids"][
            0
        ].as_py(),
        duckdb.sql(f"SELECT problem_ids FROM read_csv('{path}', all_varchar=true)").fetchall()[0][0],
    ):
        assert json.loads(read) == ids
    path = tmp_path / "rows.jsonl"
    path.write_text(written(table, "jsonl"))
    assert pl.read_ndjson(path)["problem_ids"][0].to_list() == ids
    assert duckdb.sql(f"SELECT problem_ids FROM read_json('{path}')").fetchall()[0][0] == ids
    assert pd.read_json(path, lines=True)["labels"][0] == {"step": "4 0"}


def test_many_rows_are_written_in_blocks_that_join():
    many = rows("SELECT range AS k, 'p' || range AS id FROM range(50001)")
    assert len(json.loads(written(many, "json"))) == 50_001
    assert written(many, "csv").count("k,id") == 1
    assert written(many, "jsonl").count("\n") == 50_001
    assert max(len(chunk) for chunk in formats.json(many)) < 2_000_000

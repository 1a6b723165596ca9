"""Tables of text: what fits a width, what is cut or left out, and that it is said."""

import re

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from samples.query.cells import cell
from samples.query.table import Table, laid_out, shared

WIDTHS = (40, 80, 200)


def table(sql: str) -> pa.Table:
    return duckdb.sql(sql).to_arrow_table()


def lines(laid: Table) -> list[str]:
    return [*laid.above, laid.heading, *(line for block in laid.blocks() for line in block)]


def shown(rows: pa.Table, room: int | None) -> list[str]:
    return lines(laid_out(rows, rows, room))


def test_numbers_stand_right_texts_left_under_their_names():
    rows = table("SELECT * FROM (VALUES ('p1', 1, 0.5e0), ('p 22', 1000, 12e0)) t(problem, n, share)")
    assert shown(rows, 80) == shown(rows, None) == [
        "problem     n    share",
        "p1          1   0.5000",
        "p 22     1000  12.0000",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ("1, 1, 1", "1"), ("'a b', 'a b', 'a b'", "a b"), ("NULL, NULL, NULL", "-"),
        ("['p', 'q'], ['p', 'q'], ['p', 'q']", "p, q"),
        ("MAP {'a': 1}, MAP {'a': 1}, MAP {'a': 1}", "a=1"), ("1, 1, 2", None), ("NULL, 1, 1", None),
        ("'a', 'a', NULL", None),
        ("['p'], ['p'], ['q']", None), ("'nan'::DOUBLE, 'nan', 'nan'", None),
    ],
    ids=str,
)  # fmt: skip
def test_a_column_is_shared_when_all_rows_hold_its_value(values, said):
    rows = table(f"SELECT unnest([{values}]) AS x, unnest([1, 2, 3]) AS k")
    assert shared(rows).get("x") == said
    chunked = pa.concat_tables([rows.slice(0, 1), rows.slice(1)])
    assert shared(chunked).get("x") == said


def test_nothing_is_shared_by_one_row_or_where_every_column_would_be():
    assert shared(table("SELECT 1 AS a, 2 AS b")) == {}
    assert shared(table("SELECT 1 AS a, 2 AS b FROM range(3)")) == {}
    assert shared(table("SELECT 1 AS a WHERE false")) == {}


def test_what_is_shared_wraps_between_its_parts_and_is_cut_where_a_part_is_too_long():
    rows = table(
        "SELECT 'base-7b' AS run, 'math500' AS dataset, repeat('x', 10000) AS prompt, 1 AS n, range AS k FROM range(2)"
    )
    assert shown(rows, 40)[:3] == ["run: base-7b · dataset: math500", f"prompt: {'x' * 31}…", "n: 1"]
    assert shown(rows, None)[0] == f"run: base-7b · dataset: math500 · prompt: {'x' * 10000} · n: 1"


def test_ids_and_numbers_stand_whole_and_long_texts_give_way():
    rows = table(
        "SELECT 'test/intermediate_algebra/' || range || '.json' AS problem_id, "
        "'What is the greatest integer less than ' || range || '?' AS question, 123456789012 + range AS seed "
        "FROM range(3)"
    )
    for line, n in zip(shown(rows, 80)[1:], range(3), strict=True):
        assert line.startswith(f"test/intermediate_algebra/{n}.json  What is the great")
        assert re.search(rf"…  {123456789012 + n}$", line)
    assert laid_out(rows, rows, 80).cut
    assert not laid_out(rows, rows, 200).cut


def test_a_long_word_is_cut_where_it_would_take_most_of_the_width():
    rows = table("SELECT sha256(range::VARCHAR) AS problem_hash, range AS k FROM range(2)")
    assert [len(line) for line in shown(rows, 60)] == [60, 60, 60]
    assert "…" in shown(rows, 60)[1]
    assert "…" not in shown(rows, 80)[1]


def test_columns_that_do_not_fit_are_left_out_from_the_end_and_named():
    rows = table(f"SELECT {', '.join(f'1000000000{n}::BIGINT + range AS c{n}' for n in range(10))} FROM range(2)")
    laid = laid_out(rows, rows, 40)
    assert laid.heading.split() == ["c0", "c1", "c2"]
    assert laid.left_out == tuple(f"c{n}" for n in range(3, 10))
    assert laid_out(rows, rows, None).left_out == ()


def test_a_narrow_column_behind_a_wide_one_still_fits():
    rows = table(
        "SELECT range + ('1' || repeat('0', 36))::HUGEINT AS wide, "
        "range + ('2' || repeat('0', 36))::HUGEINT AS wide_too, range AS k FROM range(2)"
    )
    laid = laid_out(rows, rows, 45)
    assert (laid.heading.split(), laid.left_out) == (["wide", "k"], ("wide_too",))


def test_a_single_row_that_does_not_fit_is_turned():
    rows = table("SELECT 'base' AS run, repeat('word ', 100) AS prompt, 7 AS k, ['p1', 'p 2'] AS ids")
    assert shown(rows, 40) == [
        "column  value",
        "run     base",
        f"prompt  {'word ' * 6}w…",
        "k       7",
        "ids     p1, p 2",
    ]
    assert shown(rows.select(["run", "k"]), 40) == ["run   k", "base  7"]
    assert len(shown(rows, None)) == 2


def test_a_long_heading_is_cut_where_there_is_a_width():
    rows = table('SELECT range AS "avg(CAST(tokens AS DOUBLE)) FILTER (WHERE finish_reason)" FROM range(2)')
    assert shown(rows, 80)[0] == "avg(CAST(tokens AS DOUB…"
    assert shown(rows, None)[0] == "avg(CAST(tokens AS DOUBLE)) FILTER (WHERE finish_reason)"


def test_without_a_width_cells_are_whole_and_padding_is_bounded():
    rows = table("SELECT repeat('x', range * 10000) || '!' AS text, range AS k FROM range(2)")
    assert [len(line) for line in shown(rows, None)] == [103, 103, 10001 + 3]


def test_no_rows_and_no_columns_are_laid_out():
    assert shown(table("SELECT 1 AS a, 'x' AS b WHERE false"), 80) == ["a  b"]
    assert shown(pa.table({}), 80) == [""]


def test_later_rows_are_as_wide_as_the_first():
    rows = table(
        "SELECT CASE WHEN range = 9999 THEN -1e-300 ELSE range / 7 END AS x, 'p' || range AS id FROM range(10000)"
    )
    assert {len(line) for line in shown(rows, 80) if line.split()[0] != "x"} <= set(range(13, 19))
    starts = {line.index("p") for line in shown(rows, 80)[1:]}
    assert len(starts) == 1


NUMBERS = st.one_of(st.none(), st.floats(), st.integers(-(2**63), 2**63 - 1).map(float))
TEXTS = st.one_of(
    st.none(), st.text(max_size=60), st.text("ab \x1b\u202e数😀\u0301", max_size=300), st.just("x" * 10_000)
)


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    count = draw(st.integers(0, 6))

    def several(of: st.SearchStrategy[object]) -> list[object]:
        return draw(st.lists(of, min_size=count, max_size=count))

    kinds = draw(st.lists(st.sampled_from("fitl"), min_size=1, max_size=8))
    columns = {
        f"{draw(st.text(max_size=30))}{place}": pa.array(several(NUMBERS), pa.float64()) if kind == "f"
        else pa.array(several(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))), pa.int64()) if kind == "i"
        else pa.array(several(st.one_of(st.none(), st.lists(TEXTS, max_size=4))), pa.list_(pa.string())) if kind == "l"
        else pa.array(several(TEXTS), pa.string())
        for place, kind in enumerate(kinds)
    }  # fmt: skip
    return pa.table(columns)


@settings(max_examples=150, deadline=None)
@given(tables(), st.sampled_from(WIDTHS))
def test_whatever_rows_hold_lines_fit_are_inert_and_numbers_are_whole(rows, room):
    laid = laid_out(rows, rows, room)
    printed = lines(laid)
    assert all(cell_len(line) <= room for line in printed)
    assert all(c.isprintable() or c.isspace() for line in printed for c in line)
    assert not set("".join(printed)) & set("\x1b\u202e\n\t")
    once = shared(rows, room)
    turned = laid.heading.startswith("column") and rows.num_rows == 1
    for name in set(rows.column_names) - set(once) - set(laid.left_out):
        if pa.types.is_list(rows[name].type) or pa.types.is_string(rows[name].type) or turned:
            continue
        for value, line in zip(rows[name].to_pylist(), printed[len(printed) - rows.num_rows :], strict=True):
            assert cell(value) in line


@settings(max_examples=100, deadline=None)
@given(tables())
def test_without_a_width_every_value_is_there_whole(rows):
    laid = laid_out(rows, rows, None)
    assert laid.left_out == ()
    assert not laid.cut
    everything = "\n".join(lines(laid))
    assert all(cell(value).rstrip() in everything for column in rows.columns for value in column.to_pylist())

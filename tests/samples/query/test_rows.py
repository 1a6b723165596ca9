"""Rows: columns, rows and slices of them, and how they show themselves in Python."""

import datetime as dt
import subprocess
import sys
from decimal import Decimal
from html.parser import HTMLParser

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from samples.errors import MissingExtra, NotFound
from samples.query.cells import printable, texts, width
from samples.query.rows import Rows

HOSTILE = "\x1b[2J\x1b]0;gone\x07 \u202egnp.exe\u202c zero\u200bwidth \x9b31m\r\n\t<b>&amp;$x$|</b>\ufe0f\u3164"


def rows(sql: str, *notes: str) -> Rows:
    return Rows(duckdb.sql(sql).to_arrow_table(), notes)


@pytest.fixture
def curve() -> Rows:
    return rows(
        "SELECT 'base' AS run, 2**range AS k, range / 10 AS pass_at_k, ['p1', 'p 2'] AS ids FROM range(5)", "n differs"
    )


def test_rows_are_as_long_as_their_table_and_iterate_over_dicts(curve):
    assert len(curve) == 5
    assert list(curve) == curve.dicts() == curve.arrow().to_pylist()
    assert curve.columns == ["run", "k", "pass_at_k", "ids"]
    assert not Rows(pa.table({"a": pa.array([], pa.int64())}))


def test_a_column_is_an_array_a_number_gives_a_row_and_a_slice_gives_rows_with_the_notes(curve):
    assert curve["pass_at_k"].tolist() == [0, 0.1, 0.2, 0.3, 0.4]
    assert curve[0] == {"run": "base", "k": 1.0, "pass_at_k": 0.0, "ids": ["p1", "p 2"]}
    assert curve[-1] == curve[np.int64(4)] == curve.dicts()[4]
    for part in (slice(1, 3), slice(None, None, 2), slice(None, None, -1), slice(4, 1), slice(-2, None), slice(9, 12)):
        assert curve[part].dicts() == curve.dicts()[part]
        assert curve[part].notes == ("n differs",)
    for place in (5, -6):
        with pytest.raises(IndexError):
            curve[place]
    with pytest.raises(TypeError):
        curve[0.5]


def test_a_column_that_is_not_there_is_told_with_the_nearest(curve):
    with pytest.raises(NotFound, match=r'no column "pass@k" \(did you mean "pass_at_k"\?\): the columns are run, k'):
        curve["pass@k"]


@pytest.mark.parametrize(
    ("sql", "kind", "expected"),
    [
        ("unnest([1, 2])", "i", [1, 2]),
        ("unnest([1, NULL])", "f", [1, np.nan]),
        ("unnest([9223372036854775807, NULL])", "O", [9223372036854775807, None]),
        ("unnest([NULL::INT])", "f", [np.nan]),
        ("sum(x) FROM (SELECT unnest([1, 2]) AS x)", "i", [3]),
        ("unnest([170141183460469231731687303715884105727::HUGEINT])", "O", [2**127 - 1]),
        ("unnest([0.5, 0.25])", "f", [0.5, 0.25]),
        ("unnest(['nan'::DOUBLE, NULL, 1])", "f", [np.nan, np.nan, 1]),
        ("unnest([true, false])", "b", [True, False]),
        ("unnest([true, NULL])", "O", [True, None]),
        ("unnest(['a', NULL])", "O", ["a", None]),
        ("unnest([[1, 2], [3, 4]])", "O", [[1, 2], [3, 4]]),
        ("MAP {'a': 1}", "O", [{"a": 1}]),
        ("unnest([TIMESTAMP '2026-01-01', NULL])", "M", [np.datetime64("2026-01-01"), np.datetime64("NaT")]),
        ("TIMESTAMPTZ '2026-01-01 12:00+02'", "M", [np.datetime64("2026-01-01T10:00")]),
    ],
)
def test_a_columns_array_holds_numbers_as_numbers_and_rounds_none(sql, kind, expected):
    column = rows(f"SELECT {sql}" if "FROM" in sql else f"SELECT {sql} AS x").table
    array = Rows(column.rename_columns(["x"]))["x"]
    assert array.dtype.kind == kind
    if kind in "fM":
        np.testing.assert_array_equal(array, np.array(expected, dtype=array.dtype))
    else:
        assert array.tolist() == expected


def test_columns_of_one_name_are_told_apart_as_duckdb_does():
    both = rows("SELECT 1 AS run, 2 AS run, 3 AS run_1, 4 AS run")
    assert both.columns == ["run", "run_2", "run_1", "run_3"]
    assert both.dicts() == [{"run": 1, "run_2": 2, "run_1": 3, "run_3": 4}]
    assert rows("SELECT 1 AS a, 2 AS a").columns == list(duckdb.sql("SELECT 1 AS a, 2 AS a").df().columns)


def test_frames_hold_what_the_dicts_hold(curve):
    assert curve.pl().to_dicts() == curve.dicts()
    assert [{**row, "ids": list(row["ids"])} for row in curve.df().to_dict("records")] == curve.dicts()
    assert pa.table(curve).equals(curve.arrow())
    assert isinstance(rows("SELECT MAP {'a': 1} AS m").df()["m"][0], dict)
    assert isinstance(curve.df(), pd.DataFrame)


WITHOUT_PANDAS = """
import sys
class Nowhere:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "pandas":
            raise ModuleNotFoundError("No module named 'pandas'")
sys.meta_path.insert(0, Nowhere())
import pyarrow as pa
from samples.query.rows import Rows
rows = Rows(pa.table({"a": [1.5, None]}))
print(rows, rows["a"], rows[0], rows.pl())
rows.df()
"""


def test_without_pandas_df_alone_fails_and_says_what_to_install():
    done = subprocess.run([sys.executable, "-c", WITHOUT_PANDAS], capture_output=True, text=True, check=False)
    assert "(2 rows)" in done.stdout
    last = done.stderr.splitlines()[-1]
    assert last.endswith("MissingExtra: df() needs pandas, which is not installed: pip install pandas")
    assert issubclass(MissingExtra, ImportError)


# Showing


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.usefixtures("wide")
def test_what_rows_share_is_said_once_above_them_and_notes_beneath(curve):
    assert repr(curve).splitlines() == [
        "run: base · ids: p1, p 2",
        "      k  pass_at_k",
        " 1.0000     0.0000",
        " 2.0000     0.1000",
        " 4.0000     0.2000",
        " 8.0000     0.3000",
        "16.0000     0.4000",
        "(5 rows)",
        "note: n differs",
    ]


@pytest.mark.usefixtures("wide")
def test_of_many_rows_the_ends_are_shown():
    lines = repr(rows("SELECT range AS k FROM range(1000)")).splitlines()
    assert lines == ["  k", *(f"{k:>3}" for k in range(10)), "…", *(f"{k}" for k in range(990, 1000)), "(1,000 rows)"]
    assert len(repr(rows("SELECT range AS k FROM range(20)")).splitlines()) == 22


@pytest.mark.usefixtures("wide")
def test_columns_without_room_are_named_and_a_single_row_is_turned():
    names = [f"a_rather_long_name_{n}" for n in range(8)]
    many = rows(f"SELECT {', '.join(f'range + {n}.5 AS {name}' for n, name in enumerate(names))} FROM range(3)")
    assert repr(many).splitlines()[-1] == f"(3 rows; no room for {', '.join(names[3:])})"
    assert repr(many[:1]).splitlines()[1:] == [*(f"{name}  {n}.5" for n, name in enumerate(names)), "(1 row)"]


@pytest.mark.usefixtures("wide")
def test_no_rows_and_no_columns_show_themselves():
    assert repr(rows("SELECT 1 AS a, 'x' AS b WHERE false")) == "a  b\n(0 rows)"
    assert repr(Rows(pa.table({}))).endswith("(0 rows)")
    assert "(2 rows)" in repr(rows("SELECT 1 AS a FROM range(2)"))


@pytest.mark.usefixtures("wide")
def test_hostile_values_names_and_notes_are_inert_wherever_rows_show_themselves():
    for table in (
        {HOSTILE: [HOSTILE, "x"]},
        {"a": [[HOSTILE], ["x"]]},
        {"a": [HOSTILE, HOSTILE], HOSTILE: ["1", "2"]},
        {"a": [{HOSTILE: HOSTILE}]},
    ):
        hostile = Rows(pa.table(table), (HOSTILE,))
        for text in (repr(hostile), hostile._repr_html_()):
            assert [c for c in text if not c.isprintable() and c not in "\n\t"] == []
            assert not set(text) & set("\x1b\x9b\u202e\u200b\ufe0f\u3164")
        assert "<b>" not in hostile._repr_html_()


class Cells(HTMLParser):
    """The cells and paragraphs of a page, as a browser reads them."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[tuple[str, str]] = []
        self._tag = ""

    def handle_starttag(self, tag, attrs):
        self._tag = tag

    def handle_data(self, data):
        self.read.append((self._tag, data))


def test_a_notebook_shows_cells_as_they_are_what_is_shared_and_notes():
    page = Cells()
    page.feed(rows("SELECT 'a<b' AS run, range AS k, '$x$ & |' || range AS t FROM range(2)", "a & b")._repr_html_())
    assert page.read == [
        ("p", "run: a<b"),
        ("th", "k"), ("th", "t"),
        ("td", "0"), ("td", "$x$ & |0"),
        ("td", "1"), ("td", "$x$ & |1"),
        ("p", "2 rows"), ("p", "note: a & b"),
    ]  # fmt: skip


def test_a_notebook_shows_the_ends_of_many_rows_and_cuts_long_cells():
    page = rows("SELECT range AS k, repeat('x', 5000) || range AS t FROM range(100000)")._repr_html_()
    assert page.count("<tr>") == 22
    assert f"{'x' * 200}…" in page
    assert len(page) < 20_000


def test_showing_a_million_rows_reads_only_their_ends():
    many = rows("SELECT range AS k, 'p' || range AS problem_id FROM range(1000000)")
    assert repr(many).splitlines()[-2].split() == ["999999", "p999999"]


# Text


@pytest.mark.parametrize(
    "fine", ["fine\n\tétoile 数", "e\u0301", "a\u00a0b", "\u3000全角", "😀", "", "C:\\x1b"], ids=ascii
)
def test_ordinary_text_stays_as_it_is(fine):
    assert printable(fine) == fine


@pytest.mark.parametrize(
    ("hostile", "spelled"),
    [
        ("\x1b[2J", "\\x1b[2J"), ("\r", "\\r"), ("\x7f", "\\x7f"), ("\x9b31m", "\\x9b31m"), ("\u202e", "\\u202e"),
        ("\u2066", "\\u2066"), ("\u200b", "\\u200b"), ("\u200d", "\\u200d"), ("\ufeff", "\\ufeff"),
        ("\u2028", "\\u2028"),
        ("\u3164", "\\u3164"), ("\u034f", "\\u034f"), ("\ufe0f", "\\ufe0f"), ("\U000e0041", "\\U000e0041"),
        ("\U000e0100", "\\U000e0100"), ("\x00", "\\x00"), ("\u00ad", "\\xad"),
    ],
    ids=ascii,
)  # fmt: skip
def test_what_a_terminal_obeys_or_hides_is_spelled_out(hostile, spelled):
    assert printable(f"a{hostile}b") == f"a{spelled}b"
    assert printable("\n\t", lines=False) == "\\n\\t"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("0.12345e0", "0.1235"), ("0e0", "0.0000"), ("-0.0::DOUBLE", "0.0000"), ("3.21e-9", "3.210e-09"),
        ("1.5e20", "1.500e+20"), ("'nan'::DOUBLE", "NaN"), ("'-inf'::DOUBLE", "-inf"), ("1e9", "1000000000.0000"),
        ("NULL::INT", "-"), ("true", "true"), ("0.50", "0.50"),
        ("12345678901234567890::HUGEINT", "12345678901234567890"),
        ("TIMESTAMP '2026-01-01 12:00:00'", "2026-01-01T12:00:00"), ("DATE '2026-01-01'", "2026-01-01"),
        ("TIMESTAMPTZ '2026-01-01 12:00:00.25+02'", "2026-01-01T10:00:00.250000Z"),
        ("'infinity'::TIMESTAMP", "infinity"), ("'-infinity'::TIMESTAMPTZ", "-infinity"),
        ("'infinity'::DATE", "infinity"),
        ("TIME '12:00:01'", "12:00:01"), ("INTERVAL '14 months 3 days 1.5 seconds'", "P14M3DT1.5S"),
        ("INTERVAL '0 days'", "PT0S"), ("'ab'::BLOB", "6162"), ("'x'::ENUM('x', 'y')", "x"),
        ("union_value(num := 2)", "2"), ("['a b', 'c,d', ' e', NULL]", 'a b, "c,d", " e", -'), ("[]", ""),
        ("[1.5::DOUBLE, 'nan']", "1.5000, NaN"), ("[true, NULL]", "true, -"),
        ("MAP {'family': 'qwen', 'step': '4'}", "family=qwen step=4"),
        ("{'a': 1, 'b': [2]}", "a=1 b=2"), ("'line\nbreak'", "line\\nbreak"), ("'\"q\"'", '"q"'),
        ("[TIMESTAMP '2026-01-01']", "2026-01-01T00:00:00"),
        ("[TIMESTAMPTZ '2026-01-01 12:00+02']", "2026-01-01T10:00:00Z"),
    ],
    ids=ascii,
)  # fmt: skip
def test_each_kind_of_value_is_one_line_of_text(sql, expected):
    assert texts(rows(f"SELECT {sql} AS x").table["x"]) == [expected]


def test_wide_letters_take_two_columns():
    assert [width(text) for text in ("ab", "数学", "é", "e\u0301", "😀")] == [2, 4, 1, 1, 2]


def test_times_of_python_are_written_like_those_of_arrow():
    moment = dt.datetime(2026, 1, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    nested = pa.table({"x": [[moment]], "y": [[dt.timedelta(days=1, seconds=2)]], "z": [[Decimal("0.5")]]})
    assert [texts(column)[0] for column in nested.columns] == ["2026-01-01T10:00:00Z", "P1DT2S", "0.5"]

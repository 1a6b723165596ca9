"""Rows of files: every format gives the same rows, each under its place, and one row is in memory at a time."""

import gzip
import io
import json
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from samples.errors import FileError
from samples.files.errors import BadRow
from samples.files.rows import FORMATS, reader_of
from samples.files.values import as_text, short_json


def read(name, data, longest=sys.maxsize):
    return [(place, str(value) if isinstance(value, BadRow) else value) for place, value in stream(name, data, longest)]


def stream(name, data, longest=sys.maxsize):
    return reader_of(name, FORMATS, longest)(io.BytesIO(data))


def parquet(rows):
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


ROWS = [{"a": "x\u2028y", "b": "1"}, {"a": "é", "b": "2"}]
FILES = {
    "f.jsonl": "".join(json.dumps(row) + "\n\n" for row in ROWS).encode(),
    "f.json": json.dumps(ROWS, indent=1).encode(),
    "of-an-object.json": json.dumps({"version": {"n": [1]}, "data": ROWS, "note": "x"}).encode(),
    "f.csv": 'a,b\n"x\u2028y",1\n\né,2\n'.encode(),
    "f.parquet": parquet(ROWS),
}


@pytest.mark.parametrize("name", list(FILES))
def test_every_format_gives_the_same_rows(name):
    for file, data in ((name, FILES[name]), (f"s3://bucket/{name.upper()}.GZ", gzip.compress(FILES[name]))):
        assert [value for _, value in read(file, data)] == ROWS


@pytest.mark.parametrize("name", ["f.jsonl", "f.json", "f.csv"])
def test_a_byte_order_mark_is_no_part_of_the_first_row(name):
    assert [value for _, value in read(name, b"\xef\xbb\xbf" + FILES[name])] == ROWS


def test_blanks_of_any_alphabet_are_blank():
    blanks = "\u00a0", "\u3000\u2003 \r", "\u2028", "\x1c\t", "\x85"
    data = "".join(f"{blank}\n{blank}[{number}]{blank}\n" for number, blank in enumerate(blanks))
    rows = [(f"line {2 * number + 2}", [number]) for number in range(len(blanks))]
    assert read("f.jsonl", data.encode()) == read("f.jsonl", b"\xef\xbb\xbf" + data.encode()) == rows
    assert read("f.jsonl", "\u00a0{oops\n".encode()) == [
        ("line 1", "is not JSON: Expecting property name enclosed in double quotes at column 3")
    ]


def test_a_place_is_the_line_of_a_text_file_and_else_the_row():
    assert [place for place, _ in read("f.jsonl", FILES["f.jsonl"])] == ["line 1", "line 3"]
    assert [place for place, _ in read("f.csv", FILES["f.csv"])] == ["line 2", "line 4"]
    assert [place for place, _ in read("f.json", FILES["f.json"])] == ["row 1", "row 2"]
    assert [place for place, _ in read("f.parquet", FILES["f.parquet"])] == ["row 1", "row 2"]


def test_a_line_may_end_as_on_any_system():
    for end in ("\n", "\r\n", "\r"):
        assert [value for _, value in read("f.csv", f"a,b{end}1,2{end}".encode())] == [{"a": "1", "b": "2"}]


def test_a_bad_line_does_not_end_the_reading():
    data = b'{"a": 1}\n{oops\n"\xff"\n' + b'"%b"\n' % (b"x" * 5000) + b"[2]\n"
    assert read("f.jsonl", data, longest=1000) == [
        ("line 1", {"a": 1}),
        ("line 2", "is not JSON: Expecting property name enclosed in double quotes at column 2"),
        ("line 3", "is not UTF-8 (invalid start byte); save the file as UTF-8"),
        ("line 4", "is longer than 0 MB"),
        ("line 5", [2]),
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'[{"a": 1},\n {"b": 2}\n {"c": 3}]', 'line 3 column 2, after row 2: is not JSON: "," is expected, found "{"'),
        (b"[1, 2]\n\n [3]", "line 3 column 2, after row 2: is not JSON: text follows its end; name a file of one"),
        (b'{"a": [1], "b": [2]}', "after row 1: is an object; exactly one list in it is expected, found a, b"),
        (b'{"a": 1}', "f.json: is an object; exactly one list in it is expected, found none"),
        (b'{"a": [1],}', 'line 1 column 11, after row 1: is not JSON: "\\"" is expected, found "}"'),
        (b"{1: [1]}", 'line 1 column 2: is not JSON: "\\"" is expected, found "1"'),
        (b"[1,]", "line 1 column 4, after row 1: is not JSON: Expecting value"),
    ],
)
def test_a_broken_document_is_named_with_line_column_and_row(data, message):
    with pytest.raises(FileError) as caught:
        read("f.json", data)
    assert message.replace('\\"', '"') in str(caught.value)
    assert str(caught.value).startswith("f.json")


def test_a_line_and_a_column_are_right_beyond_the_part_in_memory():
    data = b"[\n" + b'{"a": "%b"},\n' % (b"x" * 400_000) * 9 + b"  oops]"
    with pytest.raises(FileError, match="line 11 column 3, after row 9: is not JSON: Expecting value"):
        read("f.json", data)


@pytest.mark.parametrize("name", ["f.jsonl", "f.json", "f.csv"])
def test_text_is_read_a_part_at_a_time(name):
    rows = {"f.jsonl": b'{"a": "%b"}\n', "f.json": b'[{"a": "%b"},', "f.csv": b"a\n%b\n"}
    file = io.BytesIO(rows[name] % (b"x" * 1000) + b" " * (4 << 20))
    assert next(reader_of(name, FORMATS)(file)).value == {"a": "x" * 1000}
    assert file.tell() <= 1 << 20


def test_values_are_written_as_text():
    assert [as_text(value) for value in ("x", 3, 27.0, 2.5, True, None, [1, "é"])] == [
        "x", "3", "27", "2.5", "true", "null", '[1, "é"]',
    ]  # fmt: skip
    assert short_json("\ud800é" * 3) == '"' + "\\ud800é" * 3 + '"'
    assert short_json(list(range(100)), 20) == "[0, 1, 2, 3, 4, 5…"

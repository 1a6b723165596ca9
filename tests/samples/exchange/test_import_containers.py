"""Files of every kind hold the same rows: lists, objects by key, YAML, CSV, Arrow, zips; compressed or not."""

import gzip
import io
import json
import struct
import zipfile
import zlib

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samples.errors import FileError
from samples.exchange.imports.reading import local_copy, read_values
from samples.files.errors import BadFile, BadRow
from samples.files.json_shape import json_rows
from samples.files.rows import FORMATS, reader_of
from samples.files.unpack import zip_entry

ROWS = [
    {"id": f"p{n}", "question": f"{n} + {n}?", "completion": f"so {2 * n}", "correct": n % 2 == 0} for n in range(3)
]


def values(path):
    with local_copy(str(path)) as source:
        return [row.value for row in read_values(source)]


def zstd_bytes(data):
    return pa.Codec("zstd").compress(data, asbytes=True)


# --- JSON documents


SHAPES = {
    "a list": (ROWS, ROWS),
    "one list of rows among the fields": ({"config": {"k": 1}, "names": ["a"], "results": ROWS}, ROWS),
    "objects by key": (
        {row["id"]: {"completion": row["completion"]} for row in ROWS},
        [{"_key": row["id"], "completion": row["completion"]} for row in ROWS],
    ),
    "one object by key": ({"p0": {"completion": "a"}}, [{"_key": "p0", "completion": "a"}]),
    "objects by key in a field": (
        {"accuracy": 50.0, "details": {"type": "GEN", **{str(n): row for n, row in enumerate(ROWS)}}},
        [{"_key": str(n), **row} for n, row in enumerate(ROWS)],
    ),
    "lists of objects by key": (
        {"date": "today", "eval": {"T/0": ROWS[:2], "T/1": ROWS[2:]}},
        [{"_key": key, **row} for key, row in zip(("T/0", "T/0", "T/1"), ROWS, strict=True)],
    ),
    "lists of texts by key": (
        {"q1": ["a", "b"], "q2": ["c"]},
        [{"_key": "q1", "_texts": ["a", "b"]}, {"_key": "q2", "_texts": ["c"]}],
    ),
    "lists of texts": ([["a", "b"], ["c"]], [{"_key": 0, "_texts": ["a", "b"]}, {"_key": 1, "_texts": ["c"]}]),
    "one row": ({"question": "?", "samples": ["a", "b"], "is_corrects": [True, False]}, None),
    "one row with objects in it": ({"custom_id": "a", "response": {"body": {"choices": [{"message": {}}]}}}, None),
    "one row with samples in objects": ({"question": "?", "outputs": [{"text": "a", "reward": 1}]}, None),
    "one conversation": ({"messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": "a"}]}, None),
    "conversations": ([[{"role": "user", "content": "?"}]], [{"messages": [{"role": "user", "content": "?"}]}]),
    "lists side by side": ({"score": 1, "convos": [[{"role": "user", "content": "?"}]], "htmls": ["x"]}, None),
    "an Inspect log": ({"version": 2, "eval": {"scorers": [{"name": "m"}]}, "samples": ROWS, "reductions": [{}]}, ROWS),
}  # fmt: skip


@pytest.mark.parametrize("kind", [".json", ".json.gz", ".json.zst", ".yaml"])
@pytest.mark.parametrize("shape", list(SHAPES))
def test_the_rows_of_a_document_of_any_shape_are_found(tmp_path, shape, kind):
    document, expected = SHAPES[shape]
    data = json.dumps(document, indent=1).encode()
    path = tmp_path / f"file{kind}"
    path.write_bytes(
        gzip.compress(data) if kind.endswith(".gz") else zstd_bytes(data) if kind.endswith(".zst") else data
    )
    assert values(path) == ([document] if expected is None else expected)


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=12,
    )
)
def test_a_document_of_any_shape_is_read_to_its_end_or_refused(document):
    file = io.BytesIO(json.dumps(document).encode())
    if isinstance(document, dict | list):
        rows = [row.value for row in json_rows(file, 1 << 20)]
        assert rows or document in ([], {}) or isinstance(document, dict)
    else:
        with pytest.raises(BadFile, match="a list or an object is expected"):
            list(json_rows(file, 1 << 20))


def test_a_place_in_an_object_by_key_names_the_key(tmp_path):
    (tmp_path / "file.json").write_text(json.dumps({"eval": {"T/0": [{"a": 1}, {"a": 2}]}}))
    with local_copy(str(tmp_path / "file.json")) as source:
        assert [row.place for row in read_values(source)] == ['entry "T/0" row 1', 'entry "T/0" row 2']


# --- YAML


def test_yaml_is_read_as_its_writers_meant_it(tmp_path):
    text = (
        "question: |\n  What is\n  2 + 2?\nsamples:\n- 'so 4'\n- \"so\\n5\"\n"
        "gt_answer: '4'\nis_corrects: [true, false]\nday: 2025-01-02\n"
    )
    (tmp_path / "0.yaml").write_text(text)
    assert values(tmp_path / "0.yaml") == [
        {
            "question": "What is\n2 + 2?\n", "samples": ["so 4", "so\n5"], "gt_answer": "4",
            "is_corrects": [True, False], "day": "2025-01-02",
        }
    ]  # fmt: skip


def test_several_yaml_documents_are_rows(tmp_path):
    (tmp_path / "all.yml").write_text("id: 1\nsamples: [a]\n---\nid: 2\nsamples: [b]\n")
    assert values(tmp_path / "all.yml") == [{"id": 1, "samples": ["a"]}, {"id": 2, "samples": ["b"]}]


LAUGHS = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9) if n else 'lol'}]\n" for n in range(10))
MERGES = "".join(
    f"a{n}: &a{n}\n  <<: [{', '.join([f'*a{n - 1}'] * 9)}]\n" if n else "a0: &a0 {k: v}\n" for n in range(10)
)
BAD_YAML = {
    "a billion laughs": (LAUGHS, "repeats its values to more than 4 times its size"),
    "a billion merged keys": (MERGES, "is not YAML"),
    "a list that holds itself": ("a: &a [*a]\n", "cannot be read as rows: Circular reference"),
    "code": ("a: !!python/object/apply:os.system ['true']\n", "line 1: is not YAML: could not determine a constructor"),
    "no YAML": ("a: [1,\nb: }\n", "is not YAML"),
    "nesting": ("[" * 5000, "cannot be read as YAML|is not YAML"),
    "a day that is none": ("a: 2025-99-99\n", "cannot be read as YAML"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(BAD_YAML))
def test_hostile_yaml_is_refused_in_one_line(tmp_path, case):
    text, expected = BAD_YAML[case]
    (tmp_path / "file.yaml").write_text(text)
    with pytest.raises(FileError, match=expected) as refusal:
        values(tmp_path / "file.yaml")
    assert "\n" not in str(refusal.value)


def test_values_that_yaml_repeats_a_little_are_read(tmp_path):
    (tmp_path / "file.yaml").write_text("a: &a [x, y]\nb: *a\nquestion: q\n")
    assert values(tmp_path / "file.yaml") == [{"a": ["x", "y"], "b": ["x", "y"], "question": "q"}]


# --- CSV


def test_csv_cells_are_texts_lists_or_nothing(tmp_path):
    (tmp_path / "file.csv").write_text('id,completion,ids,none\n1,"a, b","[1, 2]",\n2,[x],[],y\n')
    assert values(tmp_path / "file.csv") == [
        {"id": "1", "completion": "a, b", "ids": [1, 2], "none": None},
        {"id": "2", "completion": "[x]", "ids": [], "none": "y"},
    ]


# --- Arrow


def arrow(rows, kind, **how):
    table = pa.Table.from_pylist(rows)
    made = io.BytesIO()
    maker = pa.ipc.new_stream if kind == "stream" else pa.ipc.new_file
    with maker(made, table.schema, options=pa.ipc.IpcWriteOptions(**how)) as writer:
        writer.write_table(table, max_chunksize=2)
    return made.getvalue()


@pytest.mark.parametrize("kind", ["stream", "file"])
@pytest.mark.parametrize("how", [{}, {"compression": "zstd"}, {"compression": "lz4"}])
def test_arrow_files_are_read_in_both_forms(tmp_path, kind, how):
    rows = [{**row, "messages": [{"role": "user", "content": "?"}]} for row in ROWS]
    (tmp_path / "data.arrow").write_bytes(arrow(rows, kind, **how))
    assert values(tmp_path / "data.arrow") == rows
    (tmp_path / "data.arrow.zst").write_bytes(zstd_bytes(arrow(rows, kind, **how)))
    assert values(tmp_path / "data.arrow.zst") == rows


def test_an_arrow_file_that_is_cut_short_or_none_is_refused(tmp_path):
    data = arrow(ROWS, "stream")
    for number, part in enumerate((data[: len(data) // 2], b"", b"nonsense" * 9, data[:100])):
        path = tmp_path / f"{number}.arrow"
        path.write_bytes(part)
        with pytest.raises(FileError, match=r"\.arrow.*: is (not a complete|no) Arrow file"):
            values(path)


def test_damage_anywhere_in_an_arrow_file_is_an_error_or_other_rows_and_never_worse(tmp_path):
    data = arrow([{"id": n, "text": "x" * n, "list": [1] * n} for n in range(40)], "stream")
    path = tmp_path / "data.arrow"
    for at in range(0, len(data), max(len(data) // 150, 1)):
        damaged = bytearray(data)
        damaged[at] ^= 0xFF
        path.write_bytes(bytes(damaged))
        try:
            values(path)
        except FileError as error:
            assert "data.arrow" in str(error)  # noqa: PT017 - some damage is in a text, and some is not


def test_an_arrow_batch_that_unpacks_to_far_more_than_its_size_is_refused(tmp_path):
    table = pa.table({"text": ["x" * (300 << 20)]})
    with pa.ipc.new_stream(
        tmp_path / "data.arrow", table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")
    ) as to:
        to.write_table(table)
    with pytest.raises(FileError, match="unpacks to more than 200 times its size"):
        values(tmp_path / "data.arrow")


def test_columns_of_codes_are_refused_with_what_to_do(tmp_path):
    column = pa.DictionaryArray.from_arrays(pa.array([0, 0], pa.int32()), ["a"])
    table = pa.table({"id": column})
    with pa.ipc.new_stream(tmp_path / "data.arrow", table.schema) as to:
        to.write_table(table)
    with pytest.raises(FileError, match="save its columns as plain ones"):
        values(tmp_path / "data.arrow")


# --- zstd, alone and in zips


def zstd_zip(path, entries, *, size=None, crc=None, cut=0):
    """Write a zip with entries of method 93, as Inspect does; headers may lie."""
    made, directory = io.BytesIO(), []
    for name, data in entries.items():
        packed = zstd_bytes(data)[: -cut or None]
        about = (zlib.crc32(data) if crc is None else crc, len(packed), len(data) if size is None else size, len(name))
        directory.append((name, about, made.tell()))
        made.write(struct.pack("<4s5H3I2H", b"PK\3\4", 63, 0, 93, 0, 0, *about, 0) + name.encode() + packed)
    start = made.tell()
    for name, about, offset in directory:
        made.write(
            struct.pack("<4s6H3I5H2I", b"PK\1\2", 63, 63, 0, 93, 0, 0, *about, 0, 0, 0, 0, 0, offset) + name.encode()
        )
    made.write(struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, len(directory), len(directory), made.tell() - start, start, 0))
    path.write_bytes(made.getvalue())


def test_zstd_entries_of_a_zip_are_unpacked(tmp_path):
    zstd_zip(
        tmp_path / "log.eval",
        {"header.json": b"{}", **{f"samples/{n}.json": json.dumps(row).encode() for n, row in enumerate(ROWS)}},
    )
    assert values(tmp_path / "log.eval") == ROWS


@pytest.mark.parametrize(
    ("lie", "expected"),
    [
        ({"size": 10}, "but the directory of the file says 10"),
        ({"crc": 1}, "its checksum is another"),
        ({"cut": 5}, "is damaged"),
    ],
)
def test_a_zstd_entry_that_lies_or_is_damaged_is_a_bad_row(tmp_path, lie, expected):
    zstd_zip(tmp_path / "log.eval", {"samples/1.json": json.dumps(ROWS[0]).encode() * 5}, **lie)
    (found,) = values(tmp_path / "log.eval")
    assert isinstance(found, BadRow)
    assert expected in str(found)


def test_a_zstd_entry_that_says_it_is_small_is_unpacked_in_bounds(tmp_path):
    zstd_zip(tmp_path / "log.eval", {"samples/1.json": b"x" * (8 << 20)}, size=100)
    with zipfile.ZipFile(tmp_path / "log.eval") as archive, pytest.raises(BadRow, match="is longer than 1 MB"):
        zip_entry(archive, archive.infolist()[0], 1 << 20)


def test_a_zip_whose_entry_is_elsewhere_is_a_bad_row(tmp_path):
    zstd_zip(tmp_path / "log.eval", {"samples/1.json": b"{}"})
    data = (tmp_path / "log.eval").read_bytes()
    (tmp_path / "log.eval").write_bytes(data.replace(b"PK\3\4", b"PK\3\5", 1))
    (found,) = values(tmp_path / "log.eval")
    assert isinstance(found, BadRow)


def test_a_zstd_file_that_is_cut_short_or_none_is_refused():
    data = zstd_bytes(b'{"id": "a"}\n' * 1000)
    for part in (data[:-3], b"x" * 20):
        with pytest.raises(FileError, match=r"a\.jsonl\.zst: is not a complete zstd file"):
            list(reader_of("a.jsonl.zst", FORMATS, 1 << 20)(io.BytesIO(part)))


@pytest.mark.heavy
def test_a_zstd_file_that_unpacks_to_far_more_than_its_size_is_refused():
    data = zstd_bytes(b'{"question": "%s"}\n' % (b"a" * 2000) * (160 << 10))
    with pytest.raises(FileError, match=r"a\.jsonl\.zst: unpacks to more than 200 times its size"):
        for _ in reader_of("a.jsonl.zst", FORMATS, 1 << 20)(io.BytesIO(data)):
            pass

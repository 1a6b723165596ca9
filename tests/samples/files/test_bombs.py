"""A small compressed file may hold gigabytes. Reading it ends with one line, within the memory of the process."""

import gzip
import io
import json
import resource
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from samples.errors import FileError
from samples.exchange.imports.reading import local_copy, read_values
from samples.files.errors import BadRow
from samples.files.rows import FORMATS, parquet_rows, reader_of
from samples.files.unpack import parquet_batch

MOST = 1200 << 20  # bytes of address space
LONG = b"x" * (1 << 20)
BOMBS = {
    "long.jsonl.gz": (b'{"id": "a", "question": "', LONG, b'", "answer": "1"}\n'),
    "long.json.gz": (b'[{"id": "a", "question": "', LONG, b'"}]'),
    "long.csv.gz": (b"id,question,answer\n1,", LONG, b",1\n"),
    "zeros.parquet.gz": (b"PAR1", b"\0" * (1 << 20), b"PAR1"),
}


@pytest.mark.cases(3)
@pytest.mark.heavy
@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("command", ["ingest", "import"])
def test_a_bomb_is_refused_in_one_line(tmp_path, name, command):
    first, middle, last = BOMBS[name]
    with gzip.open(tmp_path / name, "wb", compresslevel=1) as file:
        file.write(first)
        for _ in range(1000):
            file.write(middle)
        file.write(last)
    more = {
        "ingest": ["--model", "toy", "--engine", "toy", "-k", "1", "--dry-run"],
        "import": ["--format", "samples", "--name", "bomb"],
    }[command]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "samples",
            command,
            tmp_path / name,
            "--dataset",
            "d",
            "--lake",
            tmp_path / "lake",
            *more,
        ],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MOST, MOST)),
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert name in done.stderr.splitlines()[-1]
    assert not (tmp_path / "lake").exists()


def values(path: Path) -> list[object]:
    """The values that an import reads from a file."""
    with local_copy(str(path)) as source:
        return [row.value for row in read_values(source)]


@pytest.mark.nightly
@pytest.mark.heavy
def test_many_short_rows_that_unpack_to_far_more_than_the_file_end_the_reading(tmp_path):
    with gzip.open(tmp_path / "many.jsonl.gz", "wb") as file:
        block = b'{"question":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}\n' * 16384
        for _ in range(300):
            file.write(block)
    read = reader_of("many.jsonl.gz", FORMATS, 1 << 28)
    with (
        (tmp_path / "many.jsonl.gz").open("rb") as file,
        pytest.raises(FileError, match=r"many\.jsonl\.gz: unpack"),
    ):
        for _ in read(file):
            pass


def test_rows_that_repeat_much_are_no_bomb(tmp_path):
    rows = [{"id": str(n), "question": f"{n} of many " * 500, "answer": "1"} for n in range(2000)]
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    assert len(data) < 1 << 28
    packed = io.BytesIO(gzip.compress(data))
    assert len(list(reader_of("a.jsonl.gz", FORMATS, 1 << 28)(packed))) == 2000


def lying(path: Path, text: bytes, said: int) -> None:
    """Write a log of one entry whose headers give it another size."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("samples/1.json", text)
    data = bytearray(made.getvalue())
    for signature, at in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        start = data.index(signature)
        data[start + at : start + at + 4] = struct.pack("<I", said)
    path.write_bytes(data)


def test_a_zip_entry_whose_header_lies_is_a_bad_row(tmp_path):
    honest = json.dumps({"id": "a", "text": "x" * 1000}).encode()
    lying(tmp_path / "same.eval", honest, len(honest))
    assert values(tmp_path / "same.eval") == [json.loads(honest)]
    for said in (10, 5000):
        lying(tmp_path / "log.eval", honest, said)
        (found,) = values(tmp_path / "log.eval")
        assert isinstance(found, BadRow), said


@pytest.mark.heavy
def test_a_zip_entry_that_says_it_is_small_is_unpacked_in_bounds(tmp_path):
    lying(tmp_path / "log.eval", b"x" * (600 << 20), 100)
    text = "import resource\nfrom test_bombs import values\nfrom pathlib import Path\nimport sys\n"
    text += "size = int(open('/proc/self/statm').read().split()[0]) * 4096 + (200 << 20)\n"
    text += "resource.setrlimit(resource.RLIMIT_AS, (size, size))\nprint(values(Path(sys.argv[1])))"
    done = subprocess.run(
        [sys.executable, "-c", text, tmp_path / "log.eval"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    )
    assert done.stdout.startswith("[BadRow("), done.stderr


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_that_can_only_be_unpacked_whole_is_refused(tmp_path, kind):
    with zipfile.ZipFile(tmp_path / "log.eval", "w", kind) as archive:
        archive.writestr("samples/1.json", b"{}")
    with pytest.raises(FileError, match=r"samples/1\.json is compressed with (bzip2|lzma)"):
        values(tmp_path / "log.eval")


def parquet(table: pa.Table, **how: object) -> io.BytesIO:
    made = io.BytesIO()
    pq.write_table(table, made, compression="zstd", **how)
    return made


@pytest.mark.heavy
@pytest.mark.parametrize("kind", ["one long text", "one long list of nothing"])
def test_a_parquet_column_that_unpacks_to_far_more_than_the_file_is_refused(kind):
    size = 300 << 20
    nothing = pa.ListArray.from_arrays([0, size], pa.nulls(size, pa.int8()))
    made = parquet(pa.table({"question": ["x" * size] if kind == "one long text" else nothing}))
    assert made.getbuffer().nbytes < 1 << 20
    with pytest.raises(FileError, match=r'a\.parquet: column "question.*" unpacks to more than 200 times its size'):
        list(reader_of("a.parquet", FORMATS, 1 << 28)(made))


@pytest.mark.heavy
def test_a_long_value_that_many_parquet_rows_share_is_read_a_few_rows_at_a_time():
    shared = pa.DictionaryArray.from_arrays(pa.array([0] * 64, pa.int32()), ["x" * (40 << 20)])
    made = parquet(pa.table({"question": shared}), dictionary_pagesize_limit=1 << 30)
    table = pq.ParquetFile(made)
    assert table.metadata.row_group(0).column(0).total_uncompressed_size < 80 << 20  # it is there once
    assert parquet_batch(table, made.getbuffer().nbytes, 64) <= 12
    assert len(next(parquet_rows(made, 0)).value["question"]) == 40 << 20

"""A lake on an object store gives the same answers as one in a folder. DuckDB reads its files by byte ranges."""

import pytest

import samples_queries
from samples.errors import LakeError
from samples.lake.filesystem import SnapshotFileSystem
from samples_queries import header
from samples_schemas import VIEWS

NEEDED = {"run": "b", "int": 1, "float": 0.5, "text": "p1", "scorer": "s"}


@pytest.mark.heavy
def test_every_question_has_the_same_answer_on_s3_as_in_a_folder(lakes, filled, s3):
    remote = lakes.filled(s3)
    for name in samples_queries.NAMES:
        wanted = [p for p in header(name).params if p.required]
        given = {p.name: "a" if p is wanted[0] and p.kind == "run" else NEEDED[p.kind] for p in wanted}
        there, here = remote.query(name, **given), filled.query(name, **given)
        assert there.columns == here.columns
        assert [list(row.values()) for row in there] == [
            [pytest.approx(value, nan_ok=True) if isinstance(value, float) else value for value in row.values()]
            for row in here
        ], name
    for view in VIEWS:
        text = f"SELECT * FROM {view} ORDER BY ALL"
        assert remote.sql(text, threads=1).dicts() == filled.sql(text, threads=1).dicts(), view


def test_a_file_that_is_gone_from_the_store_is_named(lakes, s3):
    import boto3

    lake = lakes.filled(s3)
    bucket = s3.removeprefix("s3://").partition("/")[0]
    client = boto3.client("s3")
    listed = client.list_objects_v2(Bucket=bucket, Prefix="lake/samples/")["Contents"]
    gone = next(item["Key"] for item in listed if item["Key"].endswith(".parquet"))
    client.delete_object(Bucket=bucket, Key=gone)
    with pytest.raises(LakeError, match=gone.rpartition("/")[2]):
        lake.sql("SELECT sum(tokens) FROM samples")


class Store:
    """Holds one object, and records every read."""

    def __init__(self, data: bytes) -> None:
        self.data, self.reads = data, list[tuple[str, int, int]]()

    def read(self, path: str, start: int, stop: int) -> bytes:
        self.reads.append((path, start, stop))
        if path != "samples/x":
            raise OSError("gone")
        return self.data[start:stop]


@pytest.fixture
def store():
    return Store(bytes(range(200)))


@pytest.fixture
def files(store):
    made = SnapshotFileSystem(store.read)
    made.add([("lake://samples/x", 200), ("lake://samples/y", 10)])
    return made


def test_a_files_end_is_read_once_however_often_its_footer_is_asked_for(files, store):
    for _ in range(3):
        file = files.open("lake://samples/x")
        file.seek(-8, 2)
        assert file.read(8) == store.data[192:]
        file.seek(150)
        assert file.read(50) == store.data[150:]
        file.seek(160)
        assert file.read(10) == store.data[160:170]
        file.close()
    assert store.reads == [("samples/x", 192, 200), ("samples/x", 150, 200)]


def test_a_read_ends_at_the_end_of_the_file(files, store):
    file = files.open("lake://samples/x")
    file.seek(190)
    assert file.read(100) == store.data[190:]
    assert file.read(1) == file.read() == b""
    assert file.tell() == 200


def test_no_other_file_is_there_and_none_is_written(files):
    for path in ("lake://samples/z", "lake://samples/../x", "/etc/passwd", "s3://other/x"):
        with pytest.raises(FileNotFoundError):
            files.open(path)
        with pytest.raises(FileNotFoundError):
            files.glob(path)
    assert files.glob("lake://samples/x") == ["samples/x"]
    with pytest.raises(PermissionError):
        files.open("lake://samples/x", "wb")


def test_why_a_read_failed_is_kept(files):
    with pytest.raises(OSError, match="gone"):
        files.open("lake://samples/y").read(5)
    assert str(files.failure) == "gone"

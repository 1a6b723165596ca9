"""Storage: what a URI means, and the error, in bounded time, for a place that cannot be used."""

import os
import socket
import stat
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import pytest

import samples
from samples.api import Lake
from samples.errors import LakeError, UsageError
from samples.lake import storage
from samples.lake.storage import locate


def line_of(error):
    text = str(error.value)
    assert "\n" not in text
    assert "\x1b" not in text
    assert len(text) < 700
    return text


@pytest.mark.parametrize(
    ("uri", "normal"),
    [
        ("/a/b/", "/a/b"),
        ("file:///a/b/", "/a/b"),
        ("file:///a/with%20blank", "/a/with blank"),
        ("s3://bucket/lake/", "s3://bucket/lake"),
        ("s3://bucket", "s3://bucket"),
        ("gs://bucket/a b", "gs://bucket/a b"),
    ],
)
def test_a_uri_has_one_normal_form(uri, normal):
    assert locate(uri).uri == normal


def test_a_relative_path_and_the_home_folder_become_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/somebody")
    assert locate("lake").uri == f"{tmp_path}/lake"
    assert locate("~/lake").uri == "/home/somebody/lake"


@pytest.mark.parametrize(
    "uri", ["ftp://host/lake", "http://host/lake", "S3X://b/l", "s3://", "s3:///lake", "s3://b/a#b", "gs://b/a%20b"]
)
def test_a_uri_that_no_lake_can_have_is_refused_and_nothing_is_made(uri, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as error:
        Lake(uri, create=True)
    assert uri in line_of(error)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a b", "a#b", "a?b", "100%", "ü", "it's", "[x]{y}*", "a&b=c"])
def test_a_folder_may_have_an_odd_name(bench, tmp_path, name):
    b = bench(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [name]
    assert b.lake.read("runs").num_rows == 1
    assert b.plan(8).missing == 24


def test_a_folder_whose_name_deltalake_would_decode_is_refused(tmp_path):
    with pytest.raises(UsageError) as error:
        Lake(str(tmp_path / "a%20b"), create=True)
    assert "%" in line_of(error)


def test_an_object_is_made_once(anywhere):
    place = locate(anywhere)
    assert place.put("one", b"first", create=True)
    assert not place.put("one", b"second", create=True)
    assert place.get("one") == b"first"
    assert place.put("one", b"third")
    assert place.get("one") == b"third"
    assert place.get("two") is None


def test_objects_are_listed_under_a_folder_with_their_sizes(anywhere):
    place = locate(anywhere)
    for name, size in {"a/x": 1, "a/y": 2, "ab/z": 3}.items():
        place.put(name, bytes(size))
    assert sorted(place.list("a/")) == [("a/x", 1), ("a/y", 2)]
    assert list(place.list("none/")) == []


@pytest.fixture
def readonly():
    """A folder that this process cannot write to, with a folder in it that this process cannot read."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "dark").mkdir(mode=0o700)
        folder.chmod(0o555)
        root = os.geteuid() == 0
        try:
            if root:
                os.seteuid(65534)
            else:
                (folder / "dark").chmod(0)
            yield folder
        finally:
            if root:
                os.seteuid(0)
            folder.chmod(0o755)
            (folder / "dark").chmod(0o700)


def test_no_permission_is_one_line_that_names_the_place(readonly):
    with pytest.raises(LakeError) as error:
        Lake(str(readonly / "lake"), create=True)
    assert f"{readonly}/lake: no permission" in line_of(error)


def test_a_folder_that_may_not_be_looked_into_is_no_missing_lake(readonly):
    with pytest.raises(LakeError) as error:
        samples.open(str(readonly / "dark" / "lake"))
    assert "no permission" in line_of(error)


def test_a_path_below_a_file_is_no_place(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LakeError) as error:
        Lake(str(tmp_path / "file" / "lake"), create=True)
    assert "is a file" in line_of(error)
    with pytest.raises(LakeError, match="is a file, and a lake is a folder"):
        samples.open(str(tmp_path / "file"))


def test_a_bucket_that_does_not_exist_is_no_missing_lake(s3):
    with pytest.raises(LakeError) as error:
        samples.open("s3://no-such-bucket/lake")
    assert "bucket does not exist" in line_of(error)


def test_wrong_credentials_are_said_to_be_wrong_by_reads_and_commits(bench, s3, s3_endpoint):
    def demand_credentials(after: str) -> None:
        headers = {"Content-Type": "text/plain"}
        url = f"{s3_endpoint}/moto-api/reset-auth"
        urllib.request.urlopen(urllib.request.Request(url, after.encode(), headers, method="POST")).close()

    b = bench(s3)
    demand_credentials("0")
    try:
        for attempt in (
            lambda: Lake(s3),
            lambda: Lake(s3, create=True),
            lambda: b.lake.read("runs"),
            lambda: b.draw(b.plan(8)[0]),
        ):
            with pytest.raises(LakeError) as error:
                attempt()
            assert "credentials are not accepted" in line_of(error)
    finally:
        demand_credentials("inf")


def test_credentials_of_a_profile_serve_both_libraries(bench, s3, monkeypatch, tmp_path):
    (tmp_path / "credentials").write_text("[lab]\naws_access_key_id = test\naws_secret_access_key = test\n")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_PROFILE", "lab")
    assert bench(s3).lake.read("runs").num_rows == 1


@pytest.mark.heavy
def test_a_store_that_never_answers_is_given_up(s3, monkeypatch):
    monkeypatch.setattr(storage, "_ANSWER_SECONDS", 1)
    monkeypatch.setenv("SAMPLES_RETRY_SECONDS", "1")
    lake = Lake(s3, create=True)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{mute.getsockname()[1]}")
        lake.place = locate(s3)
        for attempt in (lambda: Lake(s3), lambda: lake.delta("samples"), lambda: lake.claim("samples", "app")):
            began = time.monotonic()
            with pytest.raises(LakeError) as error:
                attempt()
            assert "does not answer" in line_of(error)
            assert time.monotonic() - began < 8


READS = """
import sys, samples
lake = samples.open(sys.argv[1])
for _ in range(3):
    print(lake.read("samples").num_rows)
"""


@pytest.mark.cases(1)
@pytest.mark.heavy
def test_a_process_that_read_a_lake_ends_in_good_order(bench, anywhere):
    """If pyarrow's threads still hold Python's buffers when Python ends, they abort the process."""
    from samples.ingest.segment import committer

    b = bench(anywhere)
    for unit in b.plan(8, unit=2):
        committer(b.lake, b.run).commit([b.draw(unit)])
    for _ in range(4):
        done = subprocess.run([sys.executable, "-c", READS, anywhere], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "24\n" * 3, "")


def test_files_of_a_lake_may_be_read_by_others_as_the_umask_says(bench, tmp_path):
    b = bench(tmp_path / "lake")
    (file,) = Path(b.lake.uri, "runs").glob("*.parquet")
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(file.stat().st_mode) == 0o666 & ~mask

"""The lake: any batch of samples comes back as it was; what is wrong with a place is one line."""

import json
import math
import struct
import subprocess
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from deltalake import DeltaTable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import samples
from samples import segment
from samples.commit import Committer
from samples.engines import Completion
from samples.errors import LakeError, NotFound, UsageError
from samples.lake import Lake
from samples.plan import Unit
from samples.run import Run
from samples_schemas import TABLES

TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40)
LOGPROB = st.floats(width=32, allow_nan=True, allow_infinity=True)


@st.composite
def completions(draw):
    if draw(st.integers(0, 5)) == 0:
        return Completion.failed(draw(TEXT.filter(bool)))
    logprobs = draw(st.lists(LOGPROB, max_size=20))
    ids = draw(st.lists(st.integers(0, 2**31 - 1), min_size=len(logprobs), max_size=len(logprobs)))
    reason = draw(st.sampled_from(["stop", "length"]))
    stop = draw(st.none() | TEXT)
    return Completion(draw(TEXT), np.array(ids, np.int32), np.array(logprobs, np.float32), reason, stop)


def bits(values):
    return [struct.pack("f", value) for value in values]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    problem=TEXT.filter(bool),
    start=st.integers(0, 40),
    batch=st.lists(completions(), min_size=1, max_size=20),
    seed=st.integers(0, 2**63 - 1),
)
def test_any_batch_of_samples_comes_back_bit_by_bit(tmp_path_factory, problem, start, batch, seed):
    lake = Lake(str(tmp_path_factory.mktemp("lakes") / "lake"), create=True)
    run = Run("any", "set", "toy", "toy", {"sampling": {}}, {})
    receipt = segment.write(lake, run, Unit(problem, start, start + len(batch)), [seed] * len(batch), batch)
    Committer(lake, run).commit([receipt])
    facts = lake.read("samples").sort_by("sample_index").to_pylist()
    payload = lake.read("completions").sort_by("sample_index").to_pylist()
    assert [row["sample_index"] for row in facts] == list(range(start, start + len(batch)))
    for given_, fact, row in zip(batch, facts, payload, strict=True):
        assert fact["problem_id"] == row["problem_id"] == problem
        assert (fact["attempt"], fact["seed"]) == (row["attempt"], seed)
        assert (row["text"], row["token_ids"]) == (given_.text, given_.token_ids.tolist())
        assert bits(row["token_logprobs"]) == bits(given_.token_logprobs)
        assert (fact["finish_reason"], fact["stop_reason"], fact["error"]) == (
            given_.finish_reason,
            given_.stop_reason,
            given_.error,
        )
        assert fact["tokens"] == len(given_.token_ids)
        total = math.fsum(float(x) for x in given_.token_logprobs) if np.isfinite(given_.token_logprobs).all() else None
        if total is not None:
            assert fact["cumulative_logprob"] == pytest.approx(total, rel=1e-12, abs=1e-9)
        else:
            assert not math.isfinite(fact["cumulative_logprob"])


def test_a_lone_surrogate_in_a_text_is_replaced_and_its_tokens_are_kept(bench, tmp_path):
    b = bench(tmp_path / "lake")
    odd = Completion("a\ud800b", np.array([1], np.int32), np.array([-1], np.float32), "stop")
    Committer(b.lake, b.run).commit([segment.write(b.lake, b.run, Unit("sum-0", 0, 1), [1], [odd])])
    assert b.lake.read("completions")["text"].to_pylist() == ["a?b"]


@pytest.fixture
def filled(bench, anywhere):
    b = bench(anywhere, model="toy?fail=0.3")
    Committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(8)])
    return b


@pytest.mark.parametrize("column", ["attempt", "text", "sample_index", "run_id"])
def test_deltalake_alone_finds_every_row_by_any_column(bench, tmp_path, column):
    b = bench(tmp_path / "lake")
    Committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(8)])
    table = DeltaTable(f"{tmp_path}/lake/completions").to_pyarrow_dataset()
    wanted = table.to_table()[column][5].as_py()
    expected = sum(value == wanted for value in table.to_table()[column].to_pylist())
    assert table.to_table(filter=ds.field(column) == wanted).num_rows == expected > 0


def test_rows_without_an_error_are_found_by_the_column_that_is_empty(filled):
    table = filled.lake.dataset("samples")
    failed = table.to_table(filter=ds.field("error").is_valid()).num_rows
    assert 0 < failed < 24
    assert table.to_table(filter=ds.field("error").is_null()).num_rows == 24 - failed


def test_a_table_nothing_was_committed_to_is_empty_with_its_columns(filled):
    for name, table in TABLES.items():
        assert filled.lake.read(name).schema.names == table.schema.names


def test_a_lake_may_be_opened_again_and_again(filled):
    assert samples.open(filled.lake.uri).read("samples").num_rows == 24
    assert Lake(filled.lake.uri, create=True).read("samples").num_rows == 24


def line_of(error):
    text = str(error.value)
    assert "\n" not in text
    assert len(text) < 700
    return text


def test_a_place_without_a_lake_is_said_to_be_one(tmp_path):
    with pytest.raises(NotFound) as error:
        samples.open(str(tmp_path / "none"))
    assert "samples ingest" in line_of(error)


def test_an_unknown_scheme_is_refused_with_the_known_ones():
    with pytest.raises(UsageError) as error:
        Lake("ftp://host/lake", create=True)
    assert "s3" in line_of(error)


def test_a_newer_format_is_refused(tmp_path):
    lake = Lake(str(tmp_path / "lake"), create=True)
    Path(lake.uri, "lake.json").write_text(json.dumps({"format": 2}))
    with pytest.raises(LakeError) as error:
        Lake(lake.uri, create=True)
    assert "format 2" in line_of(error)


@pytest.mark.parametrize("mark", ["", "{", "[]", '{"format": "x"}'])
def test_a_damaged_mark_says_what_was_expected(tmp_path, mark):
    lake = Lake(str(tmp_path / "lake"), create=True)
    Path(lake.uri, "lake.json").write_text(mark)
    with pytest.raises(LakeError) as error:
        samples.open(lake.uri)
    assert 'expected {"format": 1}' in line_of(error)


def test_a_corrupted_log_names_its_table(bench, tmp_path):
    b = bench(tmp_path / "lake")
    Committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(8)])
    Path(b.lake.uri, "samples/_delta_log/00000000000000000001.json").write_text("garbage{")
    with pytest.raises(LakeError) as error:
        b.lake.read("samples")
    assert f"{b.lake.uri}/samples" in line_of(error)


@pytest.mark.parametrize("place", ["/proc/lake", "/dev/null/lake"])
def test_a_place_that_cannot_hold_a_lake_is_named(place):
    with pytest.raises(LakeError) as error:
        Lake(place, create=True)
    assert place in line_of(error)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 256 KiB; making one needs root."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small file system")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_no_space_left_names_the_place_and_keeps_what_was_committed(bench, small_disk):
    b = bench(small_disk / "lake", model="toy?tokens=60")
    committer = Committer(b.lake, b.run)

    def fill():
        for unit in b.plan(2000):
            committer.commit([b.draw(unit)])

    with pytest.raises(LakeError) as error:
        fill()
    assert "no space left" in line_of(error)
    assert str(small_disk) in str(error.value)
    there = b.keys()
    assert there
    assert len(there) == len(set(there))


def test_a_bucket_that_does_not_exist_is_named(s3):
    with pytest.raises(LakeError) as error:
        Lake("s3://no-such-bucket/lake", create=True)
    assert "s3://no-such-bucket/lake" in line_of(error)


def test_a_dead_endpoint_is_one_line_in_bounded_time(monkeypatch, s3):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(LakeError) as error:
        Lake("s3://lab/lake", create=True)
    assert "does not answer" in line_of(error)


def test_every_file_is_sorted_and_carries_no_partition_column(filled):
    snapshot = filled.lake.delta("completions")
    assert snapshot is not None
    names = set(TABLES["completions"].file_schema.names)
    for fragment in snapshot.to_pyarrow_dataset().get_fragments():
        rows: pa.Table = fragment.to_table(columns=sorted(names))
        order = list(zip(rows["problem_id"].to_pylist(), rows["sample_index"].to_pylist(), strict=True))
        assert order == sorted(order)
        assert set(fragment.physical_schema.names) == names

"""Lakes: any batch of samples comes back unchanged, and every error is one line that names the place."""

import json
import math
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from deltalake import DeltaTable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import samples
from samples.api import Lake
from samples.engines import Completion
from samples.errors import LakeError, NotFound, UsageError
from samples.ingest import segment
from samples.ingest.segment import committer
from samples.query.query import query
from samples.rescore.rescore import rescore
from samples.runs.run import Run
from samples.units.plan import Unit
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
    return np.asarray(values, np.float32).view(np.uint32).tolist()


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
    committer(lake, run).commit([receipt])
    facts = lake.read("samples").sort_by("sample_index").to_pylist()
    payload = lake.read("completions").sort_by("sample_index")
    logprobs = [list_.values.to_numpy(zero_copy_only=False) for list_ in payload["token_logprobs"]]
    payload = payload.drop_columns("token_logprobs").to_pylist()
    assert [row["sample_index"] for row in facts] == list(range(start, start + len(batch)))
    for given_, fact, row, logprob in zip(batch, facts, payload, logprobs, strict=True):
        assert fact["problem_id"] == row["problem_id"] == problem
        assert (fact["attempt"], fact["seed"]) == (row["attempt"], seed)
        assert (row["text"], row["token_ids"]) == (given_.text, given_.token_ids.tolist())
        assert bits(logprob) == bits(given_.token_logprobs)
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
    committer(b.lake, b.run).commit([segment.write(b.lake, b.run, Unit("sum-0", 0, 1), [1], [odd])])
    assert b.lake.read("completions")["text"].to_pylist() == ["a?b"]


@pytest.fixture
def filled(bench, anywhere):
    b = bench(anywhere, model="toy?fail=0.3")
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(8)])
    return b


def value(kind, row):
    if pa.types.is_list(kind):
        return [value(kind.value_type, row)] * (row % 3)
    if pa.types.is_map(kind):
        return [("key", f"value {row}")]
    if pa.types.is_timestamp(kind):
        return datetime(2026, 1, 1, 0, 0, row, 7, tzinfo=UTC)
    if pa.types.is_boolean(kind):
        return row % 3 == 0
    return f"it's {row:02d}" if pa.types.is_string(kind) else row


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A lake with two commits of two files in every table."""
    lake = Lake(str(tmp_path_factory.mktemp("lakes") / "lake"), create=True)
    for name, table in TABLES.items():
        for commit in range(2):
            files = []
            for part in range(2):
                rows = [
                    {c.name: None if c.nullable and row % 2 else value(c.type, row) for c in table.columns}
                    for row in range(10 * (2 * commit + part), 10 * (2 * commit + part) + 10)
                ]
                partition = {column: f"{column}-{part}" for column in table.partition_by}
                files.append(
                    (lake.put(name, pa.Table.from_pylist(rows, schema=table.file_schema), partition), partition)
                )
            lake.commit(name, files)
    return lake


SCALARS = [
    (name, column.name)
    for name, table in TABLES.items()
    for column in table.columns
    if not pa.types.is_nested(column.type)
]


@pytest.mark.parametrize(("name", "column"), SCALARS)
def test_deltalake_alone_finds_every_row_by_any_column(full, name, column):
    files = DeltaTable(f"{full.uri}/{name}").to_pyarrow_dataset()
    values = files.to_table()[column].to_pylist()
    assert len(values) == 40
    for wanted in (values[4], values[34]):
        found = files.to_table(filter=ds.field(column) == wanted)
        assert found.num_rows == values.count(wanted) > 0
        assert set(found[column].to_pylist()) == {wanted}
    assert files.to_table(filter=ds.field(column).is_null()).num_rows == values.count(None)


@pytest.mark.parametrize("name", list(TABLES))
def test_duckdb_reads_a_snapshots_files_without_any_extension(full, name):
    """Read the files as another tool does, with partition values from the paths."""
    paths = DeltaTable(f"{full.uri}/{name}").file_uris()
    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT * FROM read_parquet($paths, hive_partitioning = true, hive_types_autocast = false)",
            {"paths": paths},
        ).to_arrow_table()
    assert rows.num_rows == 40
    assert set(rows.schema.names) == set(TABLES[name].schema.names)


@pytest.mark.parametrize(("name", "table"), TABLES.items())
def test_a_part_of_a_table_is_read_by_its_partition(full, name, table):
    whole = full.read(name)
    assert whole.schema.equals(table.schema, check_metadata=False)
    for column in table.partition_by:
        part = full.read(name, **{column: f"{column}-1"})
        assert part.num_rows == 20
        assert set(part[column].to_pylist()) == {f"{column}-1"}
        assert full.read(name, **{column: "none"}).num_rows == 0


def test_a_lookup_opens_only_files_whose_range_holds_the_key(full):
    dataset = full.dataset("samples")
    here = (ds.field("problem_id") == "it's 12") & (ds.field("sample_index") == 12)
    assert len(list(dataset.get_fragments(filter=here))) == 1


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


DAMAGES = {
    "garbage": lambda log: (log / f"{1:020}.json").write_text("garbage{"),
    "cut short": lambda log: (log / f"{1:020}.json").write_bytes((log / f"{1:020}.json").read_bytes()[:-40]),
    "first gone": lambda log: (log / f"{0:020}.json").unlink(),
    "middle gone": lambda log: (log / f"{1:020}.json").unlink(),
}


@pytest.mark.parametrize("damage", list(DAMAGES))
def test_a_corrupted_log_names_its_table(bench, tmp_path, damage):
    b = bench(tmp_path / "lake")
    for unit in b.plan(8):
        committer(b.lake, b.run).commit([b.draw(unit)])
    late = b.draw(Unit("sum-0", 64, 65))
    DAMAGES[damage](Path(b.lake.uri, "samples/_delta_log"))
    for attempt in (
        lambda: b.lake.read("samples"),
        lambda: b.plan(8),
        lambda: committer(b.lake, b.run).commit([late]),
        lambda: query(b.lake, "runs"),
    ):
        with pytest.raises(LakeError) as error:
            attempt()
        assert f"{b.lake.uri}/samples" in line_of(error)


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:50])])
def test_a_damaged_or_missing_data_file_is_named(bench, tmp_path, damage):
    b = bench(tmp_path / "lake")
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(8)])
    late = b.draw(Unit("sum-0", 0, 1))
    (file,) = Path(b.lake.uri, "samples").rglob("*.parquet")
    damage(file)
    for attempt in (
        lambda: b.lake.read("samples"),
        lambda: b.plan(8),
        lambda: committer(b.lake, b.run).commit([late]),
        lambda: rescore(b.lake, "numeric", [b.run.run_id], workers=1),
        lambda: query(b.lake, "runs"),
    ):
        with pytest.raises(LakeError) as error:
            attempt()
        assert file.name in line_of(error)


def test_appends_of_one_app_at_once_see_each_other(anywhere):
    """Eight threads append at once. Each adds the rows that it does not find."""
    lake = Lake(anywhere, create=True)

    def add(number):
        here = Lake(anywhere)
        row = {column.name: value(column.type, 1) for column in TABLES["reviews"].columns}

        def choose():
            there = here.read("reviews")["sample_index"].to_pylist()
            rows = [{**row, "sample_index": index} for index in (number, 100) if index not in there]
            return [(pa.Table.from_pylist(rows, schema=TABLES["reviews"].schema), {})]

        here.append("reviews", "app", choose)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(8)))
    assert sorted(lake.read("reviews")["sample_index"].to_pylist()) == [*range(8), 100]


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
    ours = committer(b.lake, b.run)

    def fill():
        for unit in b.plan(2000):
            ours.commit([b.draw(unit)])

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


@pytest.mark.nightly
@pytest.mark.heavy
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

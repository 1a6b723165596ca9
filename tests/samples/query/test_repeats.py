"""No view counts a key twice, whoever appended its row again; where commits state it, nobody looks."""

from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

import samples
from samples.api import Lake
from samples.lake.files import repeating, snapshot_files
from samples.query.query import query
from samples.query.show import show
from samples.rescore.pending import Pending
from samples.runs.run import every
from samples_schemas import TABLES, VERDICTS

pytestmark = pytest.mark.heavy

QUERIES = {
    "pass_at_k": {},
    "coverage": {"a": "a", "b": "b"},
    "lengths": {},
    "perplexity": {},
    "tokens_by_run": {},
    "majority": {},
    "duplicates": {},
}
VIEWS = ("samples", "completions", "verdicts", "current_verdicts", "tallies", "scores", "reviews", "runs", "prompts")


def answers(lake: Lake) -> dict[str, object]:
    """The answers of some queries, the rows of all views, and what else reads tables."""
    said: dict[str, object] = {}
    for name, given in QUERIES.items():
        said[name] = query(lake, name, **given).dicts()
    for view in VIEWS:
        said[f"view {view}"] = lake.sql(f"SELECT * FROM {view} ORDER BY ALL").dicts()
    overview = lake.runs().table.drop_columns("age").sort_by("run").to_pylist()
    return said | {"runs": overview, "show": show(lake, "a", "p1", 0), "status": lake.status("a").samples}


def append_again(lake: Lake, name: str) -> None:
    """Append every row of a table once more, as another tool does."""
    table = DeltaTable(f"{lake.uri}/{name}")
    write_deltalake(table, table.to_pyarrow_table(), mode="append")


@pytest.fixture(scope="module")
def before(filled):
    return answers(filled)


@pytest.mark.cases(4)
@pytest.mark.parametrize("name", sorted(set(TABLES) - {"score_logprobs", "counts", "labels", "ingests"}))
def test_a_table_that_was_appended_twice_changes_no_answer(lakes, tmp_path, before, name):
    lake = lakes.filled(tmp_path / "lake")
    append_again(lake, name)
    assert DeltaTable(f"{lake.uri}/{name}").to_pyarrow_table().num_rows > 0
    assert answers(samples.open(lake.uri)) == before


@pytest.mark.nightly
def test_a_file_that_was_copied_under_a_name_like_ours_changes_no_answer(lakes, tmp_path, before):
    """The copy's name even states that it repeats nothing."""
    for name in ("samples", "verdicts"):
        lake = lakes.filled(tmp_path / name)
        snapshot = lake.delta(name)
        for file in [Path(path) for path in snapshot.file_uris()]:
            rows = pq.ParquetFile(file).read()
            partition = dict(part.split("=") for part in file.parts if "=" in part)
            lake.commit(name, [(lake.put(name, rows, partition, after=rows.num_rows + 1), partition)])
        assert answers(lake) == before


def test_half_a_table_appended_again_in_another_order_changes_no_answer(lakes, tmp_path, before):
    lake = lakes.filled(tmp_path / "lake")
    for name in ("samples", "completions", "verdicts"):
        rows = DeltaTable(f"{lake.uri}/{name}").to_pyarrow_table()
        some = list(range(rows.num_rows))
        Random(1).shuffle(some)
        write_deltalake(f"{lake.uri}/{name}", rows.take(some[: len(some) // 2]), mode="append")
    assert answers(lake) == before


def test_a_compacted_table_changes_no_answer(lakes, tmp_path, before):
    lake = lakes.filled(tmp_path / "lake")
    for name in ("samples", "verdicts"):
        append_again(lake, name)
        DeltaTable(f"{lake.uri}/{name}").optimize.compact()
    assert answers(lake) == before


def test_pass_at_64_of_48_samples_is_refused_however_often_their_verdicts_stand_there(lakes, tmp_path):
    lake = Lake(str(tmp_path / "lake"), create=True)
    lakes.add_problems(lake, "d", {"p1": "{}"})
    lakes.add_run(lake, "r", {"p1": "c" * 12 + "w" * 36})
    append_again(lake, "verdicts")
    (row,) = lake.query("pass_at_k", ks=[1])
    assert row["pass_at_k"] == pytest.approx(0.25, abs=1e-12)
    assert lake.sql("SELECT n, c FROM tallies").dicts() == [{"n": 48, "c": 12}]
    with pytest.raises(samples.SamplesError, match="48"):
        lake.query("pass_at_k", ks=[64])


@pytest.mark.cases(3)
@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize("name", ["samples", "verdicts", "scores", "completions"])
def test_one_row_that_is_there_again_changes_no_answer(lakes, tmp_path, before, name, index):
    """Beside problems of as many samples: DuckDB's hash of 0 is 0, so that sample 0 adds nothing to a sum of hashes."""
    lake = lakes.filled(tmp_path / "lake")
    rows = DeltaTable(f"{lake.uri}/{name}").to_pyarrow_table()
    of_one = rows.filter(pc.equal(rows["sample_index"], index)).slice(0, 1)
    for _ in range(3):
        write_deltalake(f"{lake.uri}/{name}", of_one, mode="append")
    assert answers(lake) == before


@pytest.mark.nightly
def test_samples_appended_again_to_another_dataset_change_no_answer(lakes, tmp_path, before):
    """The dataset is no part of a sample's key, but tables are partitioned by it."""
    lake = lakes.filled(tmp_path / "lake")
    for name in ("samples", "completions"):
        rows = DeltaTable(f"{lake.uri}/{name}").to_pyarrow_table()
        place, values = rows.schema.get_field_index("dataset"), pa.array(["another"] * rows.num_rows)
        write_deltalake(f"{lake.uri}/{name}", rows.set_column(place, "dataset", values), mode="append")
    assert answers(lake) == before


def test_of_two_verdicts_of_one_pass_the_one_that_decides_counts_everywhere(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    rows = DeltaTable(f"{lake.uri}/verdicts").to_pyarrow_table()
    late = rows.set_column(rows.schema.get_field_index("status"), "status", pa.array(["timeout"] * rows.num_rows))
    write_deltalake(f"{lake.uri}/verdicts", late, mode="append")
    tallies = lake.sql("SELECT sum(n), sum(c) FROM tallies").dicts()
    assert tallies == lakes.filled(tmp_path / "other").sql("SELECT sum(n), sum(c) FROM tallies").dicts()
    assert lake.sql("SELECT count(*) AS n FROM current_verdicts WHERE status = 'timeout'")[0]["n"] == 1  # b's own
    assert [verdict["status"] for verdict in show(lake, "a", "p1", 0).verdicts] == ["correct"]


def test_counts_labels_and_ingests_that_were_appended_twice_count_once(lakes, tmp_path):
    lake = Lake(str(tmp_path / "lake"), create=True)
    lakes.add_problems(lake, "d", {"p1": "{}"})
    lakes.add_run(lake, "r", {"p1": ""} | {})
    (run,) = every(lake)
    counts = {"problem_id": "p1", "n": 40, "c": 10, "errors": 2, "timeouts": 1}
    lakes.append(lake, "counts", [counts], verifier="imported", run_id=run.run_id)
    lake.label("r", step=3)
    for name in ("counts", "labels"):
        append_again(lake, name)
    assert lake.sql("SELECT n, c, errors, timeouts FROM tallies").dicts() == [
        {"n": 40, "c": 10, "errors": 2, "timeouts": 1}
    ]
    assert lake.runs()[0]["labels"] == {"step": "3"}


@pytest.mark.parametrize("name", ["samples", "completions", "verdicts", "problems"])
def test_an_export_has_each_sample_once(lakes, filled, tmp_path, name):
    lake = lakes.filled(tmp_path / "lake")
    append_again(lake, name)
    for number, one in enumerate((filled, lake)):
        one.export(tmp_path / f"{number}.parquet", verifiers=["v"])
    key = [("run", "ascending"), ("problem_id", "ascending"), ("sample_index", "ascending")]
    first, second = (pq.read_table(tmp_path / f"{number}.parquet").sort_by(key) for number in (0, 1))
    assert second.equals(first)


def test_a_sample_that_stands_twice_is_judged_once(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    append_again(lake, "samples")
    append_again(lake, "completions")
    with Pending(lake, every(lake), "numeric", "1", again=False) as pending:
        assert len(pending) == sum(map(len, [*lakes.STATUSES["a"].values(), *lakes.STATUSES["b"].values()]))


def test_files_written_by_ourselves_state_that_they_repeat_nothing(bench, tmp_path):
    from samples.ingest.segment import committer
    from samples.rescore.rescore import rescore

    b = bench(tmp_path / "lake")
    for k in (8, 80, 100):
        for unit in b.plan(k, 16):
            committer(b.lake, b.run).commit([b.draw(unit)])
        rescore(b.lake, "numeric", workers=1)
    for name in ("samples", "completions", "verdicts", "problems", "prompts"):
        files = snapshot_files(b.lake, TABLES[name])
        assert files
        assert repeating(files) == [], name
    append_again(b.lake, "verdicts")
    assert repeating(snapshot_files(b.lake, VERDICTS))
    assert pc.sum(b.lake.sql("SELECT n FROM tallies").arrow()["n"]).as_py() == 300

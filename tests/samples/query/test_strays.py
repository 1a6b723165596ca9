"""No view counts a verdict, score or review of a sample that nobody drew, whoever wrote it and whatever was merged."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable, write_deltalake

import samples
from samples.api import Lake
from samples.ingest.segment import committer
from samples.maintenance.compact import compact
from samples.query.connect import connect
from samples.query.query import query
from samples.query.scan import scan
from samples.rescore.rescore import rescore
from samples.runs.run import every

pytestmark = pytest.mark.heavy

VIEWS = {
    "verdicts": ("verdicts", "current_verdicts", "tallies"),
    "scores": ("scores", "likelihoods"),
    "reviews": ("reviews", "review_history"),
}


def seen(lake: Lake, table: str) -> dict[str, object]:
    """The rows of the views over a table, and answers of queries."""
    said: dict[str, object] = {view: lake.sql(f"SELECT * FROM {view} ORDER BY ALL").dicts() for view in VIEWS[table]}
    said["pass_at_k"] = query(lake, "pass_at_k").dicts()
    return said


def append_beyond(lake: Lake, name: str, by: int = 10_000, only: int | None = None, **changed: str) -> int:
    """Append the rows of a table (of sample `only`) as if they were of samples `by` further on; return how many."""
    table = DeltaTable(f"{lake.uri}/{name}")
    rows = table.to_pyarrow_table()
    if only is not None:
        rows = rows.filter(pc.field("sample_index") == only)
    index = rows.schema.get_field_index("sample_index")
    rows = rows.set_column(index, rows.schema.field(index), pc.add(rows["sample_index"], pa.scalar(by, pa.int32())))
    for column, value in changed.items():
        place = rows.schema.get_field_index(column)
        rows = rows.set_column(place, rows.schema.field(place), pa.array([value] * len(rows), rows.schema.types[place]))
    write_deltalake(table, rows, mode="append")
    return rows.num_rows


@pytest.fixture(scope="module")
def before(filled):
    return {table: seen(filled, table) for table in VIEWS}


@pytest.mark.parametrize("table", VIEWS)
def test_rows_of_samples_that_nobody_drew_change_no_answer(lakes, tmp_path, before, table):
    lake = lakes.filled(tmp_path / "lake")
    assert append_beyond(lake, table) > 0
    assert seen(samples.open(lake.uri), table) == before[table]


NOTE = (
    "left out: {} of {} samples of {} that table samples does not have: another program added them, or deleted the "
    "samples; samples check tells more"
)


def test_an_answer_says_what_it_leaves_out(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    assert not any("samples check" in note for note in query(lake, "pass_at_k").notes)
    append_beyond(lake, "verdicts", only=1)  # of four problems of each run
    DeltaTable(f"{lake.uri}/samples").delete("sample_index = 0 AND problem_id = 'p1'")
    lake = samples.open(lake.uri)
    said = [NOTE.format("verdicts", 5, "a"), NOTE.format("verdicts", 5, "b")]
    for notes in (query(lake, "pass_at_k").notes, lake.sql("SELECT count(*) FROM tallies").notes):
        assert [note for note in notes if "samples check" in note] == said
    of_one = query(lake, "lengths", runs="b", problems=["p1"]).notes
    assert [note for note in of_one if "samples check" in note] == [NOTE.format("verdicts", 2, "b")]
    assert lake.sql("FROM reviews").notes == tuple(NOTE.format("reviews", 1, run) for run in "ab")
    assert lake.sql("FROM samples").notes == ()


@pytest.mark.cases(1)
@pytest.mark.parametrize("table", ["verdicts", "scores"])
def test_what_compaction_merges_of_them_is_left_out_still(lakes, tmp_path, before, table):
    lake = lakes.filled(tmp_path / "lake")
    for _ in range(2):  # what was merged once is merged again
        append_beyond(lake, table)
        lake = samples.open(lake.uri)
        compact(lake)
        assert seen(samples.open(lake.uri), table) == before[table]
    assert f"{table} of samples that nobody drew" in {row["found"] for row in lake.check()}


def test_a_verifier_that_judged_nothing_that_was_drawn_is_no_second_verifier(lakes, tmp_path, filled):
    lake = lakes.filled(tmp_path / "lake")
    (verifier,) = {row["verifier"] for row in lake.sql("SELECT DISTINCT verifier FROM verdicts")}
    append_beyond(lake, "verdicts", verifier="foreign")
    lake = samples.open(lake.uri)
    asked = "SELECT run, status, count(*) AS rows FROM judged_perplexities GROUP BY ALL ORDER BY ALL"
    found = []
    for one in (lake, filled):
        with connect(one, ["only_verifier", "judged_perplexities"]) as connection:
            assert connection.execute("FROM only_verifier").fetchall() == [(verifier,)]
            found.append(connection.execute(asked).fetchall())
    assert found[0] == found[1]


def test_verdicts_of_samples_that_another_program_deleted_count_no_more(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    DeltaTable(f"{lake.uri}/samples").delete("sample_index = 0")
    DeltaTable(f"{lake.uri}/completions").delete("sample_index = 0")
    lake = samples.open(lake.uri)
    kept = "SELECT run, problem_id, sum(n + errors + timeouts) AS n FROM tallies GROUP BY ALL ORDER BY ALL"
    drawn = "SELECT run, problem_id, count(*) AS n FROM samples GROUP BY ALL ORDER BY ALL"
    assert lake.sql(kept).dicts() == lake.sql(drawn).dicts()
    assert lake.read("reviews")["sample_index"].unique().to_pylist() == [0]
    assert lake.sql("FROM reviews").dicts() == []


def test_verdicts_of_deleted_samples_count_no_more_after_a_compaction_of_samples(lakes, tmp_path):
    """The gap is within all ranges, and fewer samples were judged than are left: only the files' names tell of it."""
    lake = Lake(str(tmp_path / "lake"), create=True)
    lakes.add_problems(lake, "d", lakes.METADATA)
    lakes.add_scorer(lake, "s")
    lakes.add_run(lake, "c", {"p1": "cccc", "p2": ""})
    lakes.draw(lake, "c", [("p2", index) for index in range(4)])
    for table in ("samples", "completions"):
        DeltaTable(f"{lake.uri}/{table}").delete("problem_id = 'p1' AND sample_index = 1")
    for _ in range(2):
        assert samples.open(lake.uri).sql("SELECT problem_id, n FROM tallies").dicts() == [{"problem_id": "p1", "n": 3}]
        compact(lake)


@pytest.mark.parametrize("gone", ["sample_index >= 2", "sample_index < 2", "problem_id = 'sum-1'"])
def test_whole_files_of_samples_that_are_gone_are_noticed(bench, tmp_path, gone):
    """Each pass judged what was drawn before it, no more than the samples that are left; and all files are ours."""
    b = bench(tmp_path / "lake")
    for k in (2, 4):
        committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(k)])
        rescore(b.lake, "numeric", workers=1)
    b.lake.review("toys", "sum-1", 1, "valid", reviewer="ann")
    b.lake.review("toys", "sum-1", 3, "valid", reviewer="ann")
    for table in ("samples", "completions"):
        DeltaTable(f"{b.lake.uri}/{table}").delete(gone)
    lake = samples.open(b.lake.uri)
    left = lake.sql("SELECT problem_id, count(*) AS n FROM samples GROUP BY ALL ORDER BY ALL").dicts()
    assert lake.sql("SELECT problem_id, n + errors + timeouts AS n FROM tallies ORDER BY ALL").dicts() == left
    assert lake.sql("SELECT problem_id, count(*) AS n FROM verdicts GROUP BY ALL ORDER BY ALL").dicts() == left
    reviewed = {row["sample_index"] for row in lake.sql("FROM reviews")}
    assert reviewed == {"sample_index >= 2": {1}, "sample_index < 2": {3}, "problem_id = 'sum-1'": set()}[gone]


def test_a_filter_and_a_pool_and_a_scan_leave_them_out_too(lakes, tmp_path, filled):
    lake = lakes.filled(tmp_path / "lake")
    append_beyond(lake, "verdicts")
    lake = samples.open(lake.uri)
    for given in ({"problems": ["p1"]}, {"runs": ["a"]}, {"by": "level"}, {"problems": ["p1"], "runs": ["b"]}):
        assert query(lake, "pass_at_k", **given).dicts() == query(filled, "pass_at_k", **given).dicts()
    assert scan(lake, "verdicts").read_all().num_rows == scan(filled, "verdicts").read_all().num_rows
    assert len(every(lake)) == len(every(filled))


@pytest.mark.parametrize("beyond", [66, 127, 128, 1000])
def test_cells_of_64_samples_are_compared_to_the_last_bit(lakes, tmp_path, beyond):
    lake = Lake(str(tmp_path / "lake"), create=True)
    lakes.add_problems(lake, "d", lakes.METADATA)
    lakes.add_scorer(lake, "s")
    lakes.add_run(lake, "c", {"p1": "cw" * 33})
    before = seen(lake, "verdicts")
    append_beyond(lake, "verdicts", by=beyond - 65, only=65)
    assert lake.read("verdicts")["sample_index"].to_pylist().count(beyond) == 1
    assert seen(samples.open(lake.uri), "verdicts") == before

"""A run of which a file cannot be read blocks no other; what a log no longer names is noticed from other tables."""

from pathlib import Path

import pytest

import samples
from samples.errors import LakeError, NotFound
from samples.ingest.segment import committer
from samples.query.query import query, sql
from samples.rescore.rescore import rescore
from samples.runs.run import every

DAMAGES = {
    "gone": Path.unlink,
    "cut short": lambda file: file.write_bytes(file.read_bytes()[:100]),
    "empty": lambda file: file.write_bytes(b""),
    "rotten": lambda file: file.write_bytes(file.read_bytes()[:60] + b"\x07" + file.read_bytes()[61:]),
    "foreign": lambda file: file.write_bytes(b"a" * file.stat().st_size),
}


def file_of(lake, table, run):
    (run_id,) = (one.run_id for one in every(lake) if one.name == run)
    (file,) = Path(lake.uri, table).rglob(f"*run_id={run_id}/*.parquet")
    return file


@pytest.mark.cases(4)
@pytest.mark.heavy
@pytest.mark.parametrize("table", ["samples", "verdicts"])
@pytest.mark.parametrize("damage", list(DAMAGES))
def test_an_unreadable_file_is_named_and_its_run_can_be_left_out(lakes, filled, tmp_path, damage, table):
    lake = lakes.filled(tmp_path / "lake")
    file = file_of(lake, table, "b")
    DAMAGES[damage](file)
    for ask in (lambda: query(lake, "pass_at_k"), lambda: sql(lake, "SELECT avg(n) FROM tallies"), lake.runs):
        with pytest.raises(LakeError) as error:
            ask()
        assert file.name in str(error.value)
    rows = query(lake, "pass_at_k", skip_unreadable=True)
    assert rows.dicts() == query(filled, "pass_at_k", runs=["a"]).dicts()
    assert len([note for note in rows.notes if note.startswith("run b is left out") and file.name in note]) == 1
    assert sql(lake, "SELECT DISTINCT run FROM tallies", skip_unreadable=True).dicts() == [{"run": "a"}]
    assert [row["run"] for row in lake.runs(skip_unreadable=True)] == ["a"]


def test_a_named_run_that_is_left_out_is_said_to_be_unreadable(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    file = file_of(lake, "samples", "b")
    file.unlink()
    for ask in (
        lambda: query(lake, "pass_at_k", runs=["a", "b"], skip_unreadable=True),
        lambda: sql(lake, "SELECT count(*) FROM samples", runs=["b"], skip_unreadable=True),
        lambda: lake.rescore("numeric", runs=["b"], skip_unreadable=True),
    ):
        with pytest.raises(NotFound, match=rf'no run "b".*; runs there: a; run b is left out: .*{file.name}'):
            ask()


def test_a_lake_of_which_no_run_can_be_read_says_why(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    for run in ("a", "b"):
        file_of(lake, "samples", run).unlink()
    with pytest.raises(LakeError, match=r"no run can be read: .*rows-"):
        query(lake, "lengths", skip_unreadable=True)


@pytest.mark.heavy
@pytest.mark.parametrize("table", ["samples", "completions", "verdicts"])
def test_rescoring_goes_on_without_a_run_that_cannot_be_read(bench, tmp_path, table):
    first = bench(tmp_path / "lake", name="one")
    second = bench(tmp_path / "lake", name="two", model="toy?tokens=30")
    for b in (first, second):
        committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(4)])
    rescore(first.lake, "numeric", workers=1)
    file = next(Path(first.lake.uri, table).rglob(f"*run_id={second.run.run_id}/*.parquet"))
    file.write_bytes(file.read_bytes()[:-30] + bytes(30))
    with pytest.raises(LakeError, match=file.name):
        rescore(first.lake, "boxed-exact" if table != "verdicts" else "numeric", workers=1)
    done = rescore(first.lake, "boxed-exact", workers=1, skip_unreadable=True)
    assert (done.verified, done.runs) == (12, ("one",))
    assert any(line.startswith("run two is left out") and file.name in line for line in done.left_out)


@pytest.mark.parametrize("damage", [Path.unlink, lambda entry: entry.write_bytes(b"")])
@pytest.mark.parametrize("table", ["samples", "completions", "runs"])
def test_a_log_whose_last_entry_is_gone_or_empty_is_noticed(lakes, tmp_path, table, damage):
    lake = lakes.filled(tmp_path / "lake")
    damage(max(Path(lake.uri, table, "_delta_log").glob("*.json")))
    view = {"samples": "tallies"}.get(table, "completions")
    with pytest.raises(LakeError, match=table):
        sql(samples.open(lake.uri), f"SELECT count(*) FROM {view}")


def test_a_run_whose_samples_a_log_lost_can_be_left_out(lakes, filled, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    max(Path(lake.uri, "samples", "_delta_log").glob("*.json")).unlink()
    with pytest.raises(LakeError, match="samples repair"):
        query(lake, "pass_at_k")
    rows = query(lake, "pass_at_k", skip_unreadable=True)
    assert rows.dicts() == query(filled, "pass_at_k", runs=["a"]).dicts()
    assert "table samples names 0 samples" in rows.notes[0]


def view(lake, name, where="true"):
    return sql(lake, f"SELECT count(*) AS rows FROM {name} WHERE {where}")[0]["rows"]


def test_verdicts_that_another_tool_appended_on_samples_of_its_own_are_left_out(lakes, filled, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    (run,) = (one for one in every(lake) if one.name == "a")
    said = {"verifier_version": "1", "pass_id": 1, "status": "correct", "seconds": 0.0, "sample_index": 0}
    rows = [{"problem_id": f"q{n}", **said} for n in range(100)]
    lakes.append(lake, "verdicts", rows, verifier="other", run_id=run.run_id)
    for name in ("tallies", "verdicts", "current_verdicts"):
        assert view(lake, name, "verifier = 'other'") == 0
        assert view(lake, name) == view(filled, name) > 0


@pytest.fixture
def drawn(bench, tmp_path):
    """Two drawn and judged runs, one and two, of 12 samples each."""
    for name, model in (("one", "toy"), ("two", "toy?tokens=30")):
        b = bench(tmp_path / "lake", name=name, model=model)
        committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(4)])
    rescore(b.lake, "numeric", workers=1)
    return b.lake


def lose(lake, table):
    """Take the last entry of a table's log away, and return the lake as it is then."""
    max(Path(lake.uri, table, "_delta_log").glob("*.json")).unlink()
    return samples.open(lake.uri)


@pytest.mark.parametrize("table", ["samples", "completions"])
def test_export_show_and_rescore_refuse_a_run_of_which_a_log_lost_entries(drawn, tmp_path, table):
    lake, file = lose(drawn, table), tmp_path / "all.jsonl"
    for ask in (
        lambda: lake.export(str(file)),
        lambda: lake.export(str(file), runs=["two"]),
        lambda: lake.show("two", "sum-0", 0),
        lambda: rescore(lake, "boxed-exact", workers=1),
        lambda: rescore(lake, "numeric", ["two"], workers=1),
    ):
        with pytest.raises(LakeError, match=rf"table {table} names 0 samples .*samples repair"):
            ask()
    assert not file.exists()
    assert lake.export(str(file), runs=["one"]).rows == 12
    assert lake.show("one", "sum-0", 0).text
    done = rescore(lake, "boxed-exact", workers=1, skip_unreadable=True)
    assert (done.runs, done.verified) == (("one",), 12)
    assert [line for line in done.left_out if line.startswith("run two is left out") and table in line]


def test_a_list_of_samples_and_questions_over_samples_alone_notice_what_verdicts_know(drawn):
    lake = lose(drawn, "samples")
    for ask in (
        lambda: lake.samples_of("two", "sum-0"),
        lambda: sql(lake, "SELECT run, count(*) FROM samples GROUP BY ALL"),
        lambda: query(lake, "lengths"),
        lambda: lake.scan("samples").read_all(),
        lake.runs,
    ):
        with pytest.raises(LakeError, match=r"table samples names 0 samples .*verdicts judged 12"):
            ask()
    rows = sql(lake, "SELECT run, count(*) AS n FROM samples GROUP BY ALL", skip_unreadable=True)
    assert rows.dicts() == [{"run": "one", "n": 12}]
    assert len(lake.samples_of("one", "sum-0").samples) == 4
    assert sql(lake, "SELECT count(*) AS n FROM samples", runs=["one"]).dicts() == [{"n": 12}]


def test_questions_over_samples_do_without_verdicts_that_cannot_be_read(drawn):
    max(Path(drawn.uri, "verdicts", "_delta_log").glob("*.json")).write_text("garbage{")
    assert sql(samples.open(drawn.uri), "SELECT count(*) AS n FROM samples").dicts() == [{"n": 24}]


def test_runs_that_the_log_of_runs_lost_are_not_left_out_in_silence(drawn, tmp_path):
    lake, file = lose(drawn, "runs"), tmp_path / "all.jsonl"
    for ask in (lambda: lake.export(str(file)), lambda: rescore(lake, "boxed-exact", workers=1)):
        with pytest.raises(LakeError, match="table runs does not have: the log of runs lost its last entries"):
            ask()
    assert rescore(lake, "boxed-exact", workers=1, skip_unreadable=True).verified == 12
    assert lake.export(str(file), runs=["one"]).rows == 12
    rows = query(lake, "pass_at_k", verifier="numeric", skip_unreadable=True)
    assert {row["run"] for row in rows} == {"one"}

"""A copy has every row of its runs, is seen when it is whole, and is finished by the same command."""

import shutil
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import write_deltalake

import samples
from samples.errors import LakeError, NotFound, UsageError
from samples.ingest.segment import committer
from samples.lake import hidden, leases
from samples.maintenance import copy as module
from samples.maintenance import copy_files
from samples.maintenance.check.check import check
from samples.maintenance.copy import copy
from samples.maintenance.drop import drop
from samples.maintenance.vacuum import vacuum
from samples.rescore.rescore import rescore
from samples_cli.main import main
from samples_schemas import TABLES

pytestmark = pytest.mark.heavy

QUESTIONS = ["pass_at_k", "lengths", "perplexity", "reviews", "duplicates", "errors", "scorers"]


def everything(lake, *runs):
    """The rows of every table, or those of some runs."""
    rows = {name: lake.read(name).to_pylist() for name in TABLES}
    kept = {
        name: [row for row in some if not runs or row.get("run_id", runs[0]) in runs] for name, some in rows.items()
    }
    return {name: sorted(map(repr, some)) for name, some in kept.items()}


def answers(lake):
    return {name: sorted(map(repr, lake.query(name).dicts())) for name in QUESTIONS}


def ids(lake):
    return {row["name"]: row["run_id"] for row in lake.read("runs").to_pylist()}


@pytest.fixture
def lake(lakes, tmp_path):
    found = lakes.filled(tmp_path / "from")
    found.label("a", note="kept")
    return found


@pytest.mark.cases(1)
def test_a_whole_lake_is_the_same_elsewhere(lake, anywhere):
    done = copy(lake, anywhere, by="ann")
    other = samples.open(anywhere)
    assert everything(other) == everything(lake)
    assert answers(other) == answers(lake)
    assert {row["does"] for row in done.rows} == {"copied"}
    assert sum(row["samples"] for row in done.rows) == 30
    assert done.files == 16
    assert dict(hidden.every(other.place)) == {}
    again = copy(lake, anywhere, by="ann")
    assert ({row["does"] for row in again.rows}, again.files) == ({"was there"}, 0)


def test_some_runs_come_with_all_that_is_theirs_and_nothing_else(lake, tmp_path, lakes):
    lakes.add_problems(lake, "other", {"q": "{}"})
    copy(lake, str(tmp_path / "to"), ["a"], by="ann")
    other = samples.open(tmp_path / "to")
    mine = everything(lake, ids(lake)["a"])
    mine["problems"] = [row for row in mine["problems"] if "'dataset': 'd'" in row]
    assert everything(other) == mine
    copy(lake, str(tmp_path / "to"), ["b"], by="ann")
    assert answers(other) == answers(lake)


def test_a_copy_from_a_store_to_a_folder_and_back(s3, lakes, tmp_path):
    lake = lakes.filled(s3)
    copy(lake, str(tmp_path / "to"), by="ann")
    copy(samples.open(tmp_path / "to"), f"{s3}-2", by="ann")
    assert everything(samples.open(f"{s3}-2")) == everything(lake)


@pytest.mark.cases(2)
@pytest.mark.parametrize("at", [1, 4, 7, "runs"])
def test_a_killed_copy_is_seen_by_nobody_and_the_same_command_finishes_it(lake, lakes, tmp_path, monkeypatch, at):
    to = str(tmp_path / "to")
    there = lakes.filled(to)
    drop(there, "a", by="ann")
    vacuum(there, older_than=timedelta(0), write=True)
    before = answers(there)
    files, append, left = module.copy_files, module.append, iter([*range(at if at != "runs" else 99)])

    def killed(source, target, table, *rest):
        if next(left, None) is None:
            raise KeyboardInterrupt
        files(source, target, table, *rest)

    def killed_at_last(source, target, table, *rest, **more):
        if table.name == "runs" and at == "runs":
            raise KeyboardInterrupt
        append(source, target, table, *rest, **more)

    monkeypatch.setattr(module, "copy_files", killed)
    monkeypatch.setattr(module, "append", killed_at_last)
    with pytest.raises(KeyboardInterrupt):
        copy(lake, to, ["a"], by="ann")
    monkeypatch.undo()
    assert answers(there) == before
    with pytest.raises(
        UsageError, match=r"run a .* was being copied by ann .*; the same `samples copy` again finishes it"
    ):
        hidden.require_shown(there.place, ids(lake)["a"])
    (found,) = (row for row in check(there) if row["level"] == "wrong")
    assert (found["run"], found["found"]) == ("a", "a copy that is not complete: the run is hidden")
    assert found["way_out"] == "the same `samples copy` again finishes it"
    done = copy(lake, to, by="ann")
    assert [row["does"] for row in done.rows] in (["copied", "was there"], ["was there", "copied"])
    assert done.files < 8
    assert everything(there) == everything(lake)
    assert "wrong" not in {row["level"] for row in check(there)}


def test_a_table_of_the_target_that_cannot_be_opened_stops_a_copy_before_it_begins(lake, tmp_path):
    copy(lake, str(tmp_path / "to"), ["a"], by="ann")
    shutil.rmtree(tmp_path / "to" / "counts", ignore_errors=True)
    write_deltalake(str(tmp_path / "to" / "counts"), pa.table({"other": [1]}))
    with pytest.raises(LakeError, match="counts"):
        copy(lake, str(tmp_path / "to"), by="ann")
    assert dict(hidden.every(samples.open(str(tmp_path / "to")).place)) == {}


def test_a_copy_that_was_broken_off_can_be_dropped(lake, tmp_path, monkeypatch):
    to = str(tmp_path / "to")

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(copy_files, "_commit", killed)
    with pytest.raises(KeyboardInterrupt):
        copy(lake, to, ["a"], by="ann")
    monkeypatch.undo()
    there = samples.open(to)
    drop(there, "a", by="ann")
    vacuum(there, older_than=timedelta(0), nobody_writes=True, write=True)
    assert dict(hidden.every(there.place)) == {}
    assert [path for path, _ in there.place.list("completions/") if path.endswith(".parquet")] == []


def test_rows_that_came_to_the_source_after_a_broken_copy_are_not_there_twice(bench, tmp_path, monkeypatch):
    b = bench(tmp_path / "from")
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(8)])
    to, append = str(tmp_path / "to"), module.append

    def killed(source, target, table, *rest, **more):
        if table.name == "runs":
            raise KeyboardInterrupt
        append(source, target, table, *rest, **more)

    monkeypatch.setattr(module, "append", killed)
    with pytest.raises(KeyboardInterrupt):
        copy(b.lake, to, by="ann")
    monkeypatch.undo()
    rows = b.lake.read("samples").select(TABLES["samples"].file_schema.names)  # as a compaction does
    files = [(file, b.run.partition) for file in _files(b.lake, "samples")]
    new = b.lake.put("samples", rows, b.run.partition)
    b.lake.swap("samples", files, [(new, b.run.partition)], b.lake.claim("samples", b.run.run_id))
    rescore(b.lake, "numeric", workers=1)
    copy(b.lake, to, by="ann")
    assert everything(samples.open(to)) == everything(b.lake)


def _files(lake, name):
    from samples.lake.log import named_files

    return [file for file, _ in named_files(TABLES[name], lake.delta(name))]


def test_the_copy_goes_on_where_the_run_stopped(bench, tmp_path):
    b = bench(tmp_path / "from")
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(8)])
    copy(b.lake, str(tmp_path / "to"), by="ann")
    there = bench(tmp_path / "to")
    assert there.plan(8).missing == 0
    committer(there.lake, there.run).commit([there.draw(unit) for unit in there.plan(16)])
    assert len(there.keys()) == 48
    with pytest.raises(
        UsageError, match=r"run toys is there already and differs: table samples has 24 rows, and 48 at"
    ):
        copy(b.lake, str(tmp_path / "to"), by="ann")


def test_the_same_rows_in_other_files_are_the_same_run(lake, tmp_path):
    to = str(tmp_path / "to")
    copy(lake, to, by="ann")
    there = samples.open(to)
    partition = {"dataset": "d", "run_id": ids(lake)["a"]}
    rows = there.read("samples", **partition).select(TABLES["samples"].file_schema.names)
    files = [(f, partition) for f in _files(there, "samples") if partition["run_id"] in f.path]
    new = [(there.put("samples", rows.slice(start, 8), partition), partition) for start in (0, 8)]
    there.swap("samples", files, new, there.claim("samples", "x"))
    assert {row["does"] for row in copy(lake, to, by="ann").rows} == {"was there"}


def test_a_run_of_the_same_name_is_refused_before_anything_is_copied(lake, lakes, tmp_path):
    there = samples.open(tmp_path / "to", create=True)
    lakes.add_problems(there, "e", {"p1": "{}"})
    lakes.add_run(there, "a", {"p1": "c"}, dataset="e")
    before = everything(there)
    with pytest.raises(
        UsageError, match=r'name "a" is run r\w+ there, which differs in dataset .*: copy to another lake'
    ):
        copy(lake, there.uri, by="ann")
    assert everything(there) == before


def test_a_run_that_was_dropped_at_the_target_is_refused(lake, lakes, tmp_path):
    there = lakes.filled(tmp_path / "to")
    drop(there, "a", by="bob")
    with pytest.raises(UsageError, match=r"run a .* was dropped by bob"):
        copy(lake, there.uri, by="ann")


def test_a_damaged_file_is_named_and_not_copied(lake, tmp_path):
    file = max(Path(lake.uri, "completions").rglob(f"*{ids(lake)['a']}/*.parquet"))
    whole = bytearray(file.read_bytes())
    whole[50] ^= 4
    file.write_bytes(whole)
    with pytest.raises(LakeError, match=f"{file.name}: its bytes have changed"):
        copy(lake, str(tmp_path / "to"), by="ann")
    assert file.name not in {path.name for path in (tmp_path / "to").rglob("*.parquet")}
    assert "a" not in ids(samples.open(tmp_path / "to"))


def flip(file):
    whole = bytearray(file.read_bytes())
    whole[50] ^= 4
    file.write_bytes(whole)


@pytest.mark.cases(2)
@pytest.mark.parametrize("damage", [flip, Path.unlink, lambda file: file.write_bytes(b"")])
@pytest.mark.parametrize("table", ["completions", "verdicts"])
def test_a_damaged_file_at_the_target_is_named_with_the_one_to_put_there(lake, tmp_path, table, damage):
    to = tmp_path / "to"
    copy(lake, str(to), by="ann")
    file = max((to / table).rglob(f"*{ids(lake)['a']}/*.parquet"))
    damage(file)
    here = Path(lake.uri, file.relative_to(to))
    with pytest.raises(LakeError, match=f"{file}: is gone or damaged: put {here} in its place"):
        copy(lake, str(to), by="ann")
    shutil.copyfile(here, file)
    assert {row["does"] for row in copy(lake, str(to), by="ann").rows} == {"was there"}


@pytest.mark.parametrize("damage", [flip, Path.unlink, lambda file: file.write_bytes(b"")])
def test_a_copy_that_goes_on_writes_what_was_damaged_meanwhile_again(lake, tmp_path, monkeypatch, damage):
    to = tmp_path / "to"

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(copy_files, "_commit", killed)
    with pytest.raises(KeyboardInterrupt):
        copy(lake, str(to), ["a"], by="ann")
    monkeypatch.undo()
    damage(max(to.rglob("*.parquet")))
    copy(lake, str(to), by="ann")
    assert everything(samples.open(to)) == everything(lake)
    for file in to.rglob("run_id=*/*.parquet"):
        assert file.read_bytes() == Path(lake.uri, file.relative_to(to)).read_bytes()


def test_a_lake_is_not_copied_onto_itself(lake, tmp_path, monkeypatch):
    (tmp_path / "link").symlink_to(lake.uri)
    monkeypatch.chdir(tmp_path)
    for target in (lake.uri, "from", str(tmp_path / "link"), f"file://{lake.uri}"):
        with pytest.raises(UsageError, match="is the lake itself"):
            copy(lake, target, by="ann")
    with pytest.raises(UsageError, match="is within the lake"):
        copy(lake, f"{lake.uri}/copy", by="ann")
    with pytest.raises(UsageError, match="is around the lake"):
        copy(lake, str(tmp_path), by="ann")
    assert not Path(lake.uri, "copy").exists()
    assert not (tmp_path / "lake.json").exists()


def test_what_is_not_there_is_said_and_makes_no_lake(lake, tmp_path, capsys):
    with pytest.raises(NotFound, match=r'no run "c" in lake .*; runs there: a, b'):
        copy(lake, str(tmp_path / "to"), ["c"], by="ann")
    with pytest.raises(SystemExit):
        main(["copy", str(tmp_path / "none"), str(tmp_path / "to")])
    assert f"no lake at {tmp_path / 'none'}" in capsys.readouterr().err
    assert not (tmp_path / "to").exists()


def test_the_command_says_what_it_copied_and_what_it_did_not(lake, tmp_path, capsys):
    main(["copy", lake.uri, str(tmp_path / "to"), "--run", "a", "--format", "csv"])
    out, err = capsys.readouterr()
    assert out.splitlines()[0].replace('"', "") == "run,does,samples,files,bytes"
    assert "1 run is at" in err
    assert "8 files copied" in err
    assert "the history of versions was not copied" in err


def test_a_lake_in_a_read_only_folder_is_copied(lake, tmp_path):
    before = sorted((path, path.stat().st_mtime_ns) for path in Path(lake.uri).rglob("*"))
    copy(lake, str(tmp_path / "to"), by="ann")
    assert sorted((path, path.stat().st_mtime_ns) for path in Path(lake.uri).rglob("*")) == before
    shutil.rmtree(tmp_path / "to")


def test_a_run_that_was_begun_at_the_target_meanwhile_is_left_alone(lake, tmp_path, monkeypatch):
    other = samples.open(str(tmp_path / "to"), create=True)
    begun: list[str] = []
    copy_run = module._copy_run

    def slow(source, target, run, *given):
        copy_run(source, target, run, *given)
        if not begun:  # while the first run is copied, somebody begins the second
            begun.append(run.name)
            rows = lake.read("runs").filter(pc.field("name") != run.name).select(TABLES["runs"].file_schema.names)
            target.append("runs", "runs", lambda: [(rows, {})])

    monkeypatch.setattr(module, "_copy_run", slow)
    with pytest.raises(UsageError, match="was begun there during this copy"):
        copy(lake, other.uri, by="ann")
    assert dict(hidden.every(other.place)) == {}
    assert set(ids(samples.open(other.uri))) == {"a", "b"}


def last_entry(lake, table):
    return max(Path(lake.uri, table, "_delta_log").glob("*.json"))


@pytest.mark.cases(2)
@pytest.mark.parametrize("table", ["completions", "samples", "score_logprobs", "prompts", "scores", "problems"])
def test_a_run_of_which_a_log_lost_its_last_entry_is_refused_before_anything_is_copied(lake, lakes, tmp_path, table):
    lakes.add_problems(lake, "e", {"p1": "{}"})
    lakes.add_run(lake, "c", {"p1": "cw"}, dataset="e")
    whole = everything(lake)
    entry = last_entry(lake, table)
    data = entry.read_bytes()
    entry.unlink()
    for runs in ([], ["c"], ["a", "c"]):
        with pytest.raises(LakeError, match=rf"nothing is copied, because run c .*{table}.*") as error:
            copy(samples.open(lake.uri), str(tmp_path / "to"), runs, by="ann")
        assert "\n" not in str(error.value)
        assert not (tmp_path / "to").exists()
    copy(samples.open(lake.uri), str(tmp_path / "some"), ["a", "b"], by="ann")
    entry.write_bytes(data)
    copy(samples.open(lake.uri), str(tmp_path / "to"), by="ann")
    assert everything(samples.open(tmp_path / "to")) == whole


def test_runs_that_the_log_of_runs_lost_are_not_left_behind(lake, tmp_path):
    last_entry(lake, "runs").unlink()
    with pytest.raises(LakeError, match="table runs does not have: the log of runs lost its last entries"):
        copy(samples.open(lake.uri), str(tmp_path / "to"), by="ann")
    assert not (tmp_path / "to").exists()


def test_completions_that_samples_does_not_name_are_refused_unless_a_driver_is_at_work(bench, tmp_path):
    b = bench(tmp_path / "from")
    for unit in b.plan(16):
        committer(b.lake, b.run).commit([b.draw(unit)])
    last_entry(b.lake, "samples").unlink()
    with pytest.raises(LakeError, match="table completions has 16 samples of it that table samples does not name"):
        copy(samples.open(b.lake.uri), str(tmp_path / "to"), by="ann")
    with leases.held(b.lake.place, b.run.run_id, "drawing"):
        copy(samples.open(b.lake.uri), str(tmp_path / "to"), by="ann")
    assert len(samples.open(tmp_path / "to").read("samples")) == 32
    b.lake.repair(write=True)
    copy(samples.open(b.lake.uri), str(tmp_path / "other"), by="ann")
    assert len(samples.open(tmp_path / "other").read("samples")) == 48


def test_a_second_completion_of_a_sample_is_no_loss(lake, lakes, tmp_path):
    extra = {"problem_id": "p1", "sample_index": 0, "attempt": "z", "text": "", "token_ids": [], "token_logprobs": []}
    lakes.append(lake, "completions", [extra], dataset="d", run_id=ids(lake)["a"])
    copy(lake, str(tmp_path / "to"), by="ann")
    assert everything(samples.open(tmp_path / "to")) == everything(lake)

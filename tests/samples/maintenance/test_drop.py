"""A wrong run leaves every answer, and comes back as it was until a vacuum deletes its files."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from datetime import timedelta

import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from deltalake import DeltaTable, write_deltalake

import samples
from samples.errors import LakeError, NotFound, SamplesError, UsageError
from samples.ingest.segment import committer
from samples.lake import hidden
from samples.lake.leases import MAINTENANCE, Leases, held
from samples.lake.log import named_files
from samples.maintenance import drop as module
from samples.maintenance.check.check import check
from samples.maintenance.drop import drop, undo
from samples.maintenance.of_run import ORDER
from samples.maintenance.vacuum import vacuum
from samples.runs.record import record
from samples.runs.run import every, run_id
from samples.score.scorer import every_scorer as scorers
from samples_cli.main import main
from samples_schemas import TABLES

pytestmark = pytest.mark.heavy

OTHER = {"model": "models/other", "sampling": {}}
QUESTIONS = ["pass_at_k", "lengths", "perplexity", "reviews", "duplicates", "errors"]
ASKED = "SELECT run, count(*) AS n, sum(tokens) AS tokens FROM samples GROUP BY run ORDER BY run"


def everything(lake):
    return {name: sorted(map(repr, lake.read(name).to_pylist())) for name in TABLES}


def answers(lake):
    return {name: lake.query(name).dicts() for name in QUESTIONS} | {"runs": lake.sql(ASKED).dicts()}


def raw_runs(lake):
    """The runs that each table has for a reader that knows Delta alone."""
    found = {}
    for table in ORDER:
        uri = lake.place.table_uri(table.name)
        if lake.delta(table.name) is not None:
            snapshot = DeltaTable(uri, storage_options=lake.place.options or None)
            rows = snapshot.to_pyarrow_table(columns=["run_id"])
            found[table.name] = set(rows["run_id"].to_pylist())
    return found


@pytest.fixture
def two(anywhere, lakes):
    """A lake of runs a and b, each with every kind of row, where one file holds rows of both."""
    lake = lakes.filled(anywhere)
    ids = {run.name: run.run_id for run in every(lake)}
    rows = [
        {"run_id": ids[name], "key": "note", "value": name, "number": n, "created_at": lakes._NOW}
        for n, name in enumerate("ab", 1)
    ]
    lake.append("labels", "labels", lambda: [(pa.Table.from_pylist(rows, schema=TABLES["labels"].schema), {})])
    return lake, ids


def test_a_dropped_run_leaves_every_table_and_the_others_stay(two):
    lake, ids = two
    drop(lake, "a", reason="wrong template", by="ann")
    assert all(found <= {ids["b"]} for found in raw_runs(lake).values())
    assert [row["run"] for row in lake.runs()] == ["b"]
    assert {row["run"] for name in QUESTIONS for row in lake.query(name) if "run" in row} == {"b"}
    assert lake.sql("SELECT DISTINCT run FROM completions").dicts() == [{"run": "b"}]
    for ask in (lambda: lake.status("a"), lambda: lake.query("pass_at_k", runs=["a"])):
        with pytest.raises(
            NotFound, match=r"run a \(r\w+\) was dropped by ann at .*: wrong template; `samples drop a --undo`"
        ):
            ask()
    assert len(scorers(lake)) == 1
    assert lake.read("problems").num_rows == 4


@pytest.mark.cases(1)
def test_it_comes_back_as_it_was(two):
    lake, _ = two
    before, answered = everything(lake), answers(lake)
    dropped = drop(lake, "a", by="ann")
    assert undo(lake, "a")[1:] == dropped[1:]
    assert everything(lake) == before
    assert answers(lake) == answered
    assert dict(hidden.every(lake.place)) == {}
    drop(lake, "a", by="ann")
    undo(lake, dropped.note.run_id[:6])
    assert everything(lake) == before


def test_versions_of_before_show_it(two):
    lake, _ = two
    version, answered = lake.version, answers(lake)
    drop(lake, "a", by="ann")
    assert answers(samples.open(lake.uri, version=version)) == answered


@pytest.mark.cases(2)
@pytest.mark.parametrize("tables", range(1, len(ORDER), 3))
def test_a_killed_drop_is_seen_by_nobody_and_the_same_command_finishes_it(lakes, tmp_path, monkeypatch, tables):
    lake = lakes.filled(tmp_path / "lake")
    before = everything(lake)
    remove, left = module._remove, iter([*range(tables)])

    def killed(*given):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return remove(*given)

    monkeypatch.setattr(module, "_remove", killed)
    with pytest.raises(KeyboardInterrupt):
        drop(lake, "a", by="ann")
    monkeypatch.undo()
    assert {row["run"] for name in QUESTIONS for row in lake.query(name) if "run" in row} == {"b"}
    assert [row["run"] for row in lake.sql(ASKED)] == ["b"]
    assert vacuum(lake, older_than=timedelta(0)).files <= tables
    (found,) = (row for row in check(lake) if row["level"] == "wrong")
    assert (found["run"], found["found"]) == ("a", "a drop that is not complete: the run is hidden")
    assert found["way_out"].startswith("`samples drop a` again finishes it")
    with held(lake.place, MAINTENANCE, "samples drop a"):
        assert [row["level"] for row in check(lake) if "not complete" in row["found"]] == ["note"]
    drop(lake, "a", by="bob")
    assert "wrong" not in {row["level"] for row in check(lake)}
    assert [note.by for note, _ in hidden.every(lake.place).values()] == ["ann"]
    assert drop(lake, "a", by="ann").files == 0
    undo(lake, "a")
    assert everything(lake) == before


def test_a_table_that_cannot_be_opened_stops_a_drop_and_an_undo_before_they_change_any(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    before = answers(lake)
    away, there = tmp_path / "away", tmp_path / "lake" / ORDER[-1].name
    if there.exists():
        there.rename(away)
    write_deltalake(str(there), pa.table({"other": [1]}))
    with pytest.raises(LakeError, match=f"{there.name}"):
        drop(lake, "a", by="ann")
    assert dict(hidden.every(lake.place)) == {}
    there.rename(tmp_path / "foreign")
    if away.exists():
        away.rename(there)
    assert answers(lake) == before
    drop(lake, "a", by="ann")
    dropped = raw_runs(lake)
    if there.exists():
        there.rename(away)
    (tmp_path / "foreign").rename(there)
    with pytest.raises(LakeError, match=f"{there.name}"):
        undo(lake, "a")
    there.rename(tmp_path / "foreign")
    if away.exists():
        away.rename(there)
    assert raw_runs(lake) == dropped
    undo(lake, "a")
    assert answers(lake) == before


def test_a_drop_without_the_right_to_write_says_how_to_go_on(lakes, tmp_path):
    limited = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
    if limited and shutil.which("setpriv") is None:
        pytest.skip("needs setpriv, without which root may write everywhere")
    lake = lakes.filled(tmp_path / "lake")
    ids = {run.name: run.run_id for run in every(lake)}
    shut = tmp_path / "lake" / "samples" / "_delta_log"
    shut.chmod(0o555)
    done = subprocess.run(
        [*limited, sys.executable, "-m", "samples", "drop", "a", "--lake", lake.uri],
        capture_output=True,
        text=True,
        check=False,
    )
    shut.chmod(0o755)
    said = done.stderr.splitlines()[-1]
    assert done.returncode == 1
    assert "no permission to write there" in said
    assert said.endswith("run a is hidden, and some tables still name it: `samples drop a` again finishes the drop")
    drop(lake, "a", by="ann")
    assert all(ids["a"] not in found for found in raw_runs(lake).values())


@pytest.mark.parametrize("tables", range(1, len(ORDER), 4))
def test_a_killed_undo_is_finished_by_the_same_command(lakes, tmp_path, monkeypatch, tables):
    lake = lakes.filled(tmp_path / "lake")
    before = everything(lake)
    drop(lake, "a", by="ann")
    restore, left = module._restore, iter([*range(tables)])

    def killed(*given):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return restore(*given)

    monkeypatch.setattr(module, "_restore", killed)
    with pytest.raises(KeyboardInterrupt):
        undo(lake, "a")
    monkeypatch.undo()
    assert [row["run"] for row in lake.sql(ASKED)] == ["b"]
    undo(lake, "a")
    assert everything(lake) == before


@pytest.mark.parametrize("again", [False, True])
def test_files_of_a_broken_off_undo_that_were_merged_meanwhile_do_not_come_back_twice(
    lakes, tmp_path, monkeypatch, again
):
    lake = lakes.filled(tmp_path / "lake")
    lakes.append(lake, "verdicts", [], verifier="v", run_id="x")
    before = everything(lake)
    drop(lake, "a", by="ann")
    monkeypatch.setattr(module, "end", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        undo(lake, "a")
    monkeypatch.undo()
    lake.compact()
    if again:
        drop(lake, "a", by="ann")
    undo(lake, "a")
    assert everything(samples.open(lake.uri)) == before


def test_nothing_is_dropped_where_a_log_names_a_file_outside_of_its_table(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    entry = max((tmp_path / "lake" / "samples" / "_delta_log").glob("*.json"))
    entry.write_text(entry.read_text().replace('"path":"', '"path":"../../'))
    version = lake.version
    with pytest.raises(LakeError, match=r"lies outside of the table's folder.*restore the log from a copy$"):
        drop(lake, "a", by="ann")
    assert (lake.version, dict(hidden.every(lake.place))) == (version, {})


def test_a_list_of_files_whose_commit_never_came_does_not_count(lakes, tmp_path, monkeypatch):
    lake = lakes.filled(tmp_path / "lake")
    before = everything(lake)

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(type(lake), "swap", killed)
    with pytest.raises(KeyboardInterrupt):
        drop(lake, "a", by="ann")
    monkeypatch.undo()
    assert len(list(lake.place.list(f"{hidden.FOLDER}/"))) == 2
    assert undo(lake, "a").files == 0
    assert everything(lake) == before
    assert list(lake.place.list(f"{hidden.FOLDER}/")) == []


def test_nor_does_it_after_an_undo_that_was_broken_off_and_a_compaction(lakes, tmp_path, monkeypatch):
    lake = lakes.filled(tmp_path / "lake")
    before = everything(lake)
    swap, left = type(lake).swap, iter("1")

    def killed(self, *given, **more):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return swap(self, *given, **more)

    monkeypatch.setattr(type(lake), "swap", killed)
    with pytest.raises(KeyboardInterrupt):
        drop(lake, "a", by="ann")  # one table is dropped, and the next one's list has no commit
    monkeypatch.undo()
    monkeypatch.setattr(module, "end", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        undo(lake, "a")
    monkeypatch.undo()
    lake.compact()
    undo(lake, "a")
    assert everything(samples.open(lake.uri)) == before


def test_the_same_ingest_again_is_refused_until_a_vacuum_and_finds_no_old_segment_then(bench, anywhere):
    b = bench(anywhere)
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(8)])
    for unit in b.plan(16):
        b.draw(unit)  # a driver died before it committed them
    drop(b.lake, "toys", reason="wrong engine", by="ann")
    with pytest.raises(
        UsageError, match=r"was dropped by ann .*wrong engine; .*vacuum --older-than 0d --yes.* removes it"
    ):
        record(b.lake, b.prepared)
    done = vacuum(b.lake, older_than=timedelta(0), write=True)
    assert {row["why"] for row in done.rows if row["table"] == "completions"} == {"of a dropped run"}
    record(b.lake, b.prepared)
    assert b.plan(16).missing == 48
    assert committer(b.lake, b.run).adopt(b.plan(16)) == []
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(8)])
    assert len(b.keys()) == 24
    assert not len(b.lake.repair())


def test_it_cannot_come_back_after_a_vacuum(two):
    lake, _ = two
    drop(lake, "a", by="ann")
    vacuum(lake, older_than=timedelta(0), write=True)
    with pytest.raises(NotFound, match='run "a" was not dropped; dropped runs: none'):
        undo(lake, "a")


def test_it_cannot_come_back_when_some_of_its_files_are_gone(two):
    lake, ids = two
    drop(lake, "a", by="ann")
    (path,) = [path for path, _ in lake.place.list(f"samples/dataset=d/run_id={ids['a']}/")]
    lake.place.delete(path)
    with pytest.raises(UsageError, match="run a cannot come back: a vacuum deleted 1 of its 11 files"):
        undo(lake, "a")


def test_another_run_may_take_the_name_and_then_the_first_cannot_come_back(two):
    lake, _ = two
    drop(lake, "a", by="ann")
    rows = lake.read("runs").to_pylist()
    taken = {**rows[0], "run_id": run_id(OTHER), "specification": json.dumps(OTHER), "name": "a"}
    lake.append("runs", "runs", lambda: [(pa.Table.from_pylist([taken], schema=TABLES["runs"].schema), {})])
    with pytest.raises(UsageError, match=f"run a cannot come back: its name is run {run_id(OTHER)} now"):
        undo(lake, "a")


@pytest.mark.cases(2)
@pytest.mark.parametrize("claims", [b"{}", None])
def test_a_run_on_which_a_program_is_at_work_is_not_dropped(two, claims):
    lake, ids = two
    before = everything(lake)
    lease = Leases(lake.place, ids["a"] if claims else "s0123456789abcdef")
    lease.renew(claims or f'{{"claims": {{"{ids["a"]} p1": [[0, 4]]}}}}'.encode())
    with pytest.raises(UsageError, match=r"run a: a program is at work on it .*: end it with Ctrl-C"):
        drop(lake, "a", by="ann")
    assert everything(lake) == before
    assert dict(hidden.every(lake.place)) == {}
    lease.release()
    drop(lake, "a", by="ann")


def test_a_driver_that_began_before_the_drop_ends_before_it_draws(bench, tmp_path):
    from threading import Event

    from samples.ingest.ingest import _work
    from samples.units.driver import Driver

    b = bench(tmp_path / "lake")
    driver = Driver(b.lake, _work(b.prepared, b.lake, b.run), lambda _: None, Event())
    drop(b.lake, "toys", by="ann")
    with pytest.raises(UsageError, match="was dropped by ann"):
        driver.run()
    assert list(b.lake.place.list("completions/")) == []


def test_rows_that_a_rescoring_added_meanwhile_are_dropped_by_the_same_command(two):
    lake, ids = two
    rows = lake.read("verdicts", run_id=ids["a"]).select(TABLES["verdicts"].file_schema.names)
    drop(lake, "a", by="ann")
    lake.append("verdicts", "w", lambda: [(rows, {"verifier": "w", "run_id": ids["a"]})])
    assert {row["run"] for row in lake.query("pass_at_k", verifier="v")} == {"b"}
    done = vacuum(lake, older_than=timedelta(0), write=True)
    assert "tables still name files of run a, which was dropped: `samples drop a` finishes that" in done.kept
    assert len(hidden.every(lake.place)) == 1
    taken = {"run_id": run_id(OTHER), "specification": json.dumps(OTHER), "name": "a"}
    other = {**lake.read("runs").to_pylist()[0], **taken}
    lake.append("runs", "runs", lambda: [(pa.Table.from_pylist([other], schema=TABLES["runs"].schema), {})])
    (said,) = [line for line in vacuum(lake).kept if line.startswith("tables")]
    assert said.endswith(f"which was dropped: `samples drop {ids['a']}` finishes that")  # the name is another run's
    assert drop(lake, ids["a"], by="ann").files == 1
    vacuum(lake, older_than=timedelta(0), write=True)
    assert dict(hidden.every(lake.place)) == {}


def test_a_compaction_at_the_same_moment_is_not_lost_and_nothing_of_the_run_stays(lakes, tmp_path, monkeypatch):
    lake = lakes.filled(tmp_path / "lake")
    before = everything(lake)
    run_id = next(run.run_id for run in every(lake) if run.name == "a")
    partition = {"dataset": "d", "run_id": run_id}
    put, compacted = type(lake.place).put, []

    def compact_first(place, path, *rest, **more):
        if path.startswith(f"{hidden.FOLDER}/{run_id}/samples-") and not compacted:
            compacted.append(path)
            rows = lake.read("samples", **partition).select(TABLES["samples"].file_schema.names)
            claim = lake.claim("samples", "other")
            files = [one for one in named_files(TABLES["samples"], claim.snapshot) if one[1] == partition]
            lake.swap("samples", files, [(lake.put("samples", rows, partition), partition)], claim)
        return put(place, path, *rest, **more)

    monkeypatch.setattr(type(lake.place), "put", compact_first)
    drop(lake, "a", by="ann")
    monkeypatch.undo()
    assert compacted
    assert all(run_id not in found for found in raw_runs(lake).values())
    undo(lake, "a")
    assert everything(lake) == before


def test_unknown_runs_are_said_with_those_that_are_there(two):
    lake, _ = two
    with pytest.raises(NotFound, match=r'no run "c" in lake .*; runs there: a, b'):
        drop(lake, "c", by="ann")
    with pytest.raises(NotFound, match='run "a" was not dropped; dropped runs: none'):
        undo(lake, "a")
    assert dict(hidden.every(lake.place)) == {}


@pytest.mark.parametrize("by_id", [False, True])
def test_a_question_about_a_dropped_run_says_who_dropped_it_and_how_it_comes_back(lakes, tmp_path, by_id):
    lake = lakes.filled(tmp_path / "lake")
    lakes.add_run(lake, "wrong", {"p1": "cw"})
    name = next(run.run_id[:9] if by_id else run.name for run in every(lake) if run.name == "wrong")
    drop(lake, "wrong", by="ann", reason="a wrong template")
    for ask in (
        lambda: lake.query("pass_at_k", runs=[name]),
        lambda: lake.query("coverage", a="a", b=name),
        lambda: lake.sql("SELECT count(*) FROM samples", runs=[name]),
        lambda: lake.scan("samples", runs=[name]),
        lambda: lake.report([name]),
        lambda: lake.plot("compare", a=name, x="step"),
    ):
        with pytest.raises(NotFound, match=r"was dropped by ann at .*: a wrong template; `samples drop wrong --undo`"):
            ask()
    with pytest.raises(NotFound, match=r'no run "wrung".*; runs there: a, b'):
        lake.query("pass_at_k", runs=["wrung"])


def test_the_command_says_what_it_did_and_how_to_undo_it(lakes, tmp_path, capsys):
    lake = lakes.filled(tmp_path / "lake")
    main(["drop", "a", "--reason", "wrong", "--by", "ann", "--lake", lake.uri])
    err = capsys.readouterr().err
    assert "run a was dropped: 10 files of 10 tables" in err
    assert "`samples drop a --undo` brings it back until a vacuum deletes its files" in err
    main(["drop", "a", "--by", "ann", "--lake", lake.uri])
    assert "run a was dropped before" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["drop", "a", "--undo", "--reason", "x", "--lake", lake.uri])
    main(["drop", "a", "--undo", "--lake", lake.uri])
    assert "run a is back: 10 files of 10 tables" in capsys.readouterr().err
    assert sorted(row["run"] for row in lake.runs()) == ["a", "b"]


@pytest.mark.parametrize("name", ["base 7b", "it's", "$HOME `x`", "-q", "--undo"])
def test_what_it_says_brings_a_run_of_any_name_back(lakes, tmp_path, capsys, name):
    lake = lakes.filled(tmp_path / "lake")
    lakes.add_run(lake, name, {"p1": "cw"}, reviewed=False)
    main(["drop", "--by", "ann", "--lake", lake.uri, "--", name])
    says = [capsys.readouterr().err.splitlines()[-1]]
    (note,) = [note for note, _ in hidden.every(lake.place).values()]
    says.append(note.way_out)
    for said in says:
        command = said.removeprefix("`").partition(" --undo` brings it back")[0]
        main([*shlex.split(command)[1:], "--undo", "--lake", lake.uri])
        assert sorted(row["run"] for row in lake.runs()) == sorted(["a", "b", name])
        drop(lake, name, by="ann")


def test_the_second_dropped_run_of_a_name_is_brought_back_by_its_id(lakes, tmp_path, capsys):
    lake = lakes.filled(tmp_path / "lake")
    first = next(run.run_id for run in every(lake) if run.name == "a")
    hidden.write(lake.place, hidden.Hidden("r0", "a", hidden.DROPPED, "ann", "2026-01-01 00:00:00+00:00"))
    main(["drop", "a", "--by", "ann", "--lake", lake.uri])
    assert f"`samples drop {first} --undo` brings it back" in capsys.readouterr().err
    main(["drop", first, "--undo", "--lake", lake.uri])
    assert "run a is back" in capsys.readouterr().err


def test_maintenance_is_one_at_a_time(two):
    from samples.lake import leases

    lake, _ = two
    with (
        leases.held(lake.place, leases.MAINTENANCE, "samples vacuum"),
        pytest.raises(LakeError, match="samples vacuum"),
    ):
        drop(lake, "a", by="ann")


def test_other_runs_of_a_shared_file_stay_in_it(two):
    lake, ids = two
    drop(lake, "a", by="ann")
    snapshot = lake.delta("labels")
    rows = snapshot.to_pyarrow_dataset().to_table() if lake.place.is_local else lake.read("labels")
    assert rows.filter(ds.field("run_id") == ids["b"])["value"].to_pylist() == ["b"]
    assert rows.num_rows == 1


def test_a_lake_without_runs_says_whether_they_were_dropped_or_are_not_there_yet(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    for run in every(lake):
        drop(lake, run.name, by="ada")
    dropped = r"shows no runs: run [ab] \(.*\) was dropped by ada at .*; `samples drop [ab] --undo` brings it back"
    for ask in (lambda some: some.query("pass_at_k"), lambda some: some.report()):
        with pytest.raises(SamplesError, match=dropped):
            ask(lake)
        with pytest.raises(SamplesError, match="had no runs at this version: name a later one with --at"):
            ask(samples.open(lake.uri, version="2020-01-01"))

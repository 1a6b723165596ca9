"""A vacuum deletes what nobody can want any more, and never what a driver may still commit."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import samples
from samples.errors import LakeError, UsageError
from samples.ingest.segment import committer
from samples.lake import leases
from samples.lake.leases import FOLDER, Leases
from samples.lake.storage import locate
from samples.maintenance import vacuum as module
from samples.maintenance.check.check import check
from samples.maintenance.compact import compact
from samples.maintenance.drop import drop
from samples.maintenance.vacuum import age, vacuum
from samples_cli.main import main
from samples_schemas import TABLES

pytestmark = pytest.mark.heavy

NOW = timedelta(0)
DAY = 86_400.0


def everything(lake):
    return {name: sorted(map(repr, lake.read(name).to_pylist())) for name in TABLES}


def stored(lake):
    """The paths of all Parquet files of the lake's tables."""
    return {path for name in TABLES for path, _ in lake.place.list(f"{name}/") if path.endswith(".parquet")}


def grow_older(lake, days):
    """Let every file of a local lake be older."""
    for path in Path(lake.uri).rglob("*"):
        if path.is_file():
            os.utime(path, (time.time() - days * DAY,) * 2)


def why(done):
    return {row["why"] for row in done.rows}


@pytest.fixture
def dropped(anywhere, lakes):
    """A lake of two runs, of which one was dropped, and what it holds without it."""
    lake = lakes.filled(anywhere)
    drop(lake, "a", by="ann")
    return lake


def test_a_lake_of_which_nothing_was_removed_loses_nothing(anywhere, lakes):
    lake = lakes.filled(anywhere)
    before, files, version = everything(lake), stored(lake), lake.version
    done = vacuum(lake, older_than=NOW, nobody_writes=True, write=True)
    assert (done.files, done.loses, list(done)) == (0, {}, ["nothing to delete"])
    assert (everything(lake), stored(lake)) == (before, files)
    assert samples.open(lake.uri, version=version).query("pass_at_k").dicts() == lake.query("pass_at_k").dicts()


def test_removed_files_go_and_every_answer_stays(dropped):
    before, files = everything(dropped), stored(dropped)
    dry = vacuum(dropped, older_than=NOW)
    assert stored(dropped) == files
    done = vacuum(dropped, older_than=NOW, write=True)
    assert done.rows.dicts() == dry.rows.dicts()
    assert done.files == len(files - stored(dropped)) == 10
    assert everything(dropped) == before
    assert vacuum(dropped, older_than=NOW, write=True).files == 0


def test_what_was_removed_this_week_stays_by_default(dropped):
    done = vacuum(dropped, write=True)
    assert done.files == 0
    assert any("removed by a commit, not long ago" in line for line in done)
    assert len(stored(dropped)) == 22


def test_versions_that_lost_files_are_named_and_refused(dropped, lakes):
    old = {
        name: dropped.delta(name).version() - 1
        for name in TABLES
        if name not in {"problems", "scorers"} and dropped.delta(name)
    }
    before = ",".join(f"{name}:{version}" for name, version in old.items()) + ",problems:1,scorers:1"
    assert {row["run"] for row in samples.open(dropped.uri, version=before).runs().dicts()} == {"a", "b"}
    done = vacuum(dropped, older_than=NOW, write=True)
    assert done.loses == {name: version + 1 for name, version in old.items()}
    (line,) = (line for line in done if "--at" in line)
    assert "samples:3" in line
    with pytest.raises(
        UsageError, match=r"version 2 of table \w+ can no longer be read.*the oldest version that can is 3"
    ):
        samples.open(dropped.uri, version=before).runs()
    told = line.partition("before ")[2].partition(", and")[0]
    assert samples.open(dropped.uri, version=f"{told},problems:1,scorers:1").query("pass_at_k").dicts()
    lakes.add_run(dropped, "c", {"p1": "c"})
    assert len(samples.open(dropped.uri, version=dropped.version).runs()) == 2


def test_a_time_before_is_refused_too(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    time.sleep(0.1)
    then = datetime.now(UTC)
    time.sleep(0.1)
    drop(lake, "a", by="ann")
    assert len(samples.open(lake.uri, version=then).runs()) == 2
    done = vacuum(lake, older_than=NOW, write=True)
    assert done.until
    assert done.until > then
    with pytest.raises(UsageError, match="can no longer be read"):
        samples.open(lake.uri, version=then).runs()
    assert len(samples.open(lake.uri, version=datetime.now(UTC)).runs()) == 1


@pytest.fixture
def drawn(bench, tmp_path):
    """A run of which half of the segments are committed, and the others wait for a driver."""
    b = bench(tmp_path / "lake")
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(8)])
    for unit in b.plan(16):
        b.draw(unit)
    return b


def test_a_segment_that_a_driver_may_still_commit_stays_however_short_the_time(drawn):
    grow_older(drawn.lake, 6.9)
    done = vacuum(drawn.lake, older_than=NOW, write=True)
    assert done.files == 0
    assert any("a driver may still commit what is younger than 7 days" in line for line in done)
    assert len(list(drawn.lake.place.list("completions/dataset=sums"))) == 6


def test_an_orphan_of_a_week_goes(drawn):
    before = everything(drawn.lake)
    grow_older(drawn.lake, 7.1)
    done = vacuum(drawn.lake, write=True)
    assert [(row["table"], row["run"], row["why"], row["files"]) for row in done.rows] == [
        ("completions", "toys", "named by no log", 3)
    ]
    assert done.loses == {}
    assert everything(drawn.lake) == before
    assert drawn.plan(16).missing == 24


def test_an_orphan_goes_at_once_if_the_caller_vouches_that_nobody_writes(drawn):
    assert vacuum(drawn.lake, older_than=NOW, nobody_writes=True, write=True).files == 3


def test_a_driver_at_work_keeps_its_segments_and_nobody_can_vouch_for_it(drawn):
    grow_older(drawn.lake, 8)
    at_work = Leases(drawn.lake.place, drawn.run.run_id)
    at_work.renew(b"{}")
    done = vacuum(drawn.lake, write=True)
    assert done.files == 0
    assert any("of a run that a driver works on" in line for line in done)
    with pytest.raises(UsageError, match=f"a program is at work on {drawn.run.run_id}"):
        vacuum(drawn.lake, nobody_writes=True)
    at_work.release()
    assert vacuum(drawn.lake, write=True).files == 3


def test_a_driver_leaves_the_segments_alone_that_a_vacuum_may_delete(drawn):
    grow_older(drawn.lake, 6.1)
    assert committer(drawn.lake, drawn.run).adopt(drawn.plan(16)) == []
    grow_older(drawn.lake, 5.9)
    assert len(committer(drawn.lake, drawn.run).adopt(drawn.plan(16))) == 3


def test_segments_that_samples_need_stay_for_repair(drawn):
    lake = drawn.lake
    committer(lake, drawn.run).adopt(drawn.plan(16))
    before = everything(lake)
    max(Path(lake.uri, "completions", "_delta_log").glob("*.json")).unlink()
    grow_older(lake, 30)
    done = vacuum(lake, write=True)
    assert done.files == 0
    assert any("needed by samples: `samples repair` names them again" in line for line in done)
    lake.repair(write=True)
    assert everything(lake) == before


def test_what_is_not_ours_is_left_alone(dropped):
    place = dropped.place
    foreign = [
        "mine/_delta_log/00000000000000000000.json",
        "mine/rows-0123456789abcdef.parquet",
        "notes.txt",
        "samples/README.md",
        "samples/dataset=d/part-0.parquet",
        "samples/dataset=d/run_id=r1/part-00000-1-c000.snappy.parquet",
        "samples/rows-0123456789abcdef.parquet",
        "samples/backup/run_id=r1/rows-0123456789abcdef.parquet",
    ]
    for path in foreign:
        place.put(path, b"x")
    vacuum(dropped, older_than=NOW, nobody_writes=True, write=True)
    assert all(place.get(path) == b"x" for path in foreign)


def test_a_foreign_table_in_the_place_of_one_of_ours_is_said_and_nothing_is_deleted(dropped, tmp_path):
    import pyarrow as pa
    from deltalake import write_deltalake

    uri, options = dropped.place.table_uri("counts"), dropped.place.options
    write_deltalake(uri, pa.table({"x": [1]}), storage_options=options or None)
    files = stored(dropped)
    with pytest.raises(LakeError, match="counts: is another table than Samples writes"):
        vacuum(dropped, older_than=NOW, write=True)
    assert stored(dropped) == files


def test_a_table_without_a_log_keeps_its_files(dropped, tmp_path):
    file = "counts/verifier=v/run_id=r1/rows-0123456789abcdef.parquet"
    dropped.place.put(file, b"x")
    vacuum(dropped, older_than=NOW, nobody_writes=True, write=True)
    assert dropped.place.get(file) == b"x"


def test_an_interrupted_vacuum_goes_on(dropped, monkeypatch):
    before = everything(dropped)
    monkeypatch.setattr(module, "_AT_ONCE", 5)

    def interrupted(said):
        if said.startswith("deleted 5"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        vacuum(dropped, older_than=NOW, write=True, watch=interrupted)
    assert vacuum(dropped, older_than=NOW, write=True).files == 5
    assert everything(dropped) == before


def logs(lake):
    """The versions of the entries of each table's log."""
    found = {name: [path for path, _ in lake.place.list(f"{name}/_delta_log/")] for name in TABLES}
    return {
        name: sorted(int(path[-25:-5]) for path in paths if path.endswith(".json")) for name, paths in found.items()
    }


@pytest.fixture
def grown(anywhere, lakes):
    """A lake of whose four runs the second was dropped."""
    lake = lakes.filled(anywhere)
    time.sleep(0.2)
    drop(lake, "b", by="ann")
    lakes.add_problems(lake, "e-1", {"p1": "{}"})
    lakes.add_run(lake, "c", {"p1": "cw"}, dataset="e-1")
    lakes.add_run(lake, "d", {"p1": "ww"})
    return lake


def test_entries_of_logs_go_that_only_versions_of_before_need(grown, lakes):
    before, entries, found = everything(grown), logs(grown), check(grown, deep=True).dicts()
    time.sleep(0.01)
    then = datetime.now(UTC)
    told = grown.version
    done = vacuum(grown, older_than=NOW, nobody_writes=True, write=True)
    assert "log entries of versions that can no longer be read" in why(done)
    left = logs(grown)
    for name in TABLES:
        assert left[name] == [version for version in entries[name] if version >= done.loses.get(name, 0)], name
    assert left["samples"] == [3, 4, 5]
    lake = samples.open(grown.uri)
    assert (everything(lake), check(lake, deep=True).dicts()) == (before, found)
    first = ",".join(f"{name}:{version}" for name, version in done.loses.items())
    assert samples.open(grown.uri, version=f"{first},problems:2,scorers:1").runs().dicts()
    for version in (told, then):
        assert everything(samples.open(grown.uri, version=version)) == before
    for version in (f"{first},samples:2".replace("samples:3,", ""), done.until - timedelta(milliseconds=100)):
        with pytest.raises(
            UsageError, match=r"version \d of table \w+ can no longer be read, because `samples vacuum`"
        ):
            everything(samples.open(grown.uri, version=version))
    lakes.add_run(lake, "e", {"p1": "cw"})
    compact(lake)
    assert [row["run"] for row in lake.query("pass_at_k", ks=1)] == ["a", "c", "d", "e"]
    assert vacuum(lake, older_than=timedelta(days=7), write=True).files == 0


def test_entries_of_this_week_stay_for_whoever_may_be_committing(grown):
    before = logs(grown)
    assert "log entries of versions that can no longer be read" not in why(vacuum(grown, older_than=NOW, write=True))
    assert logs(grown) == before


def test_a_log_with_an_empty_entry_is_left_as_it_is(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    drop(lake, "b", by="ann")
    entries = logs(lake)
    (tmp_path / "lake" / "samples" / "_delta_log" / f"{1:020}.json").write_bytes(b"")
    vacuum(samples.open(lake.uri), older_than=NOW, nobody_writes=True, write=True)
    left = logs(lake)
    assert (left["samples"], left["verdicts"]) == (entries["samples"], entries["verdicts"][3:])


def test_entries_go_a_week_later_too(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    drop(lake, "b", by="ann")
    vacuum(lake, older_than=NOW, write=True)
    grow_older(lake, days=8)
    before = everything(lake)
    lakes.add_run(lake, "c", {"p1": "cw"})
    assert why(vacuum(lake)) == {"log entries of versions that can no longer be read"}
    vacuum(lake, write=True)
    assert (logs(lake)["samples"], logs(lake)["problems"]) == ([3, 4], [0, 1])
    assert everything(lake)["problems"] == before["problems"]
    assert vacuum(lake, write=True).files == 0


def test_more_files_than_one_request_deletes(s3):
    place = locate(s3)
    for n in range(1100):
        place.put(f"x/{n}", b"")
    place.delete_all([f"x/{n}" for n in range(1101)])
    assert list(place.list("x/")) == []


def test_notes_of_ended_programs_go_after_a_day(drawn):
    lake = drawn.lake
    Leases(lake.place, "r0").renew(b"{}")
    lake.place.put("_probes/x", b"")
    assert vacuum(lake).files == 0
    grow_older(lake, 2)
    Leases(lake.place, "r1").renew(b"{}")
    done = vacuum(lake, write=True)
    assert [(row["table"], row["files"]) for row in done.rows] == [(f"{FOLDER}/", 2)]
    assert list(leases.at_work(lake.place)) == ["r1"]


def test_parts_of_units_go_after_a_week_and_with_a_dropped_run_but_not_while_a_driver_works(drawn):
    place, run_id = drawn.lake.place, drawn.run.run_id
    paths = [f"_unfinished/{writer}/0/0-8-1.parquet" for writer in (run_id, "s1", "s2")]
    for path in paths:
        place.put(path, b"x")
    assert vacuum(drawn.lake, older_than=NOW, write=True).files == 0
    drop(drawn.lake, "toys", by="ann")
    at_work = Leases(place, "s2")
    at_work.renew(b"{}")
    vacuum(drawn.lake, older_than=NOW, write=True)
    assert [place.get(path) for path in paths] == [None, None, b"x"]
    at_work.release()
    grow_older(drawn.lake, 8)
    vacuum(drawn.lake, write=True)
    assert place.get(paths[2]) is None


def test_one_vacuum_at_a_time(dropped):
    with (
        leases.held(dropped.place, leases.MAINTENANCE, "samples drop x"),
        pytest.raises(LakeError, match="samples drop x"),
    ):
        vacuum(dropped, write=True)


@pytest.mark.parametrize(("text", "found"), [("7d", timedelta(7)), ("12h", timedelta(hours=12)), ("0d", NOW)])
def test_a_time_is_read(text, found):
    assert age(text) == found


@pytest.mark.parametrize("text", ["", "7", "-1d", "seven days", "7 d", "1e9d", "999999d"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(UsageError, match="expected days, hours or minutes, such as 7d"):
        age(text)


def test_the_command_deletes_nothing_until_it_is_told_to(lakes, tmp_path, capsys):
    lake = lakes.filled(tmp_path / "lake")
    drop(lake, "a", by="ann")
    files = stored(lake)
    for options in ([], ["--dry-run"]):
        main(["vacuum", "--older-than", "0d", *options, "--lake", lake.uri, "--format", "csv"])
        out, err = capsys.readouterr()
        assert out.splitlines()[0].replace('"', "") == "table,run,why,files,bytes"
        assert "would delete 10 files" in err
        assert "--yes does it" in err
        assert stored(lake) == files
    with pytest.raises(SystemExit):
        main(["vacuum", "--yes", "--dry-run", "--lake", lake.uri])
    main(["vacuum", "--older-than", "0d", "--yes", "--lake", lake.uri])
    assert "deleted 10 files" in capsys.readouterr().err
    assert len(stored(lake)) == 12


def test_a_lake_that_is_not_there_is_said_to_be(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["vacuum", "--lake", str(tmp_path / "none")])
    assert "no lake at" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()

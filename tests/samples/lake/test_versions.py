"""Open a lake as it was, by the versions of its tables or by a time."""

import json
import os
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import samples
from samples.api import Lake
from samples.errors import UsageError
from samples.lake.tables import Tables


def names(lake):
    return [row["run"] for row in lake.sql("SELECT run FROM runs ORDER BY run")]


def test_a_time_is_the_lake_as_it_was_then(lakes, anywhere):
    lake = lakes.filled(anywhere)
    time.sleep(0.01)
    then = datetime.now(UTC)
    time.sleep(0.01)
    lakes.add_run(lake, "c", {"p1": "cw"})
    assert names(lake) == ["a", "b", "c"]
    for version in (then, then.isoformat(), then.replace(tzinfo=None).isoformat()):
        assert names(samples.open(lake.uri, version=version)) == ["a", "b"]
    assert names(samples.open(lake.uri, version=datetime.now(UTC) + timedelta(days=1))) == ["a", "b", "c"]
    before = samples.open(lake.uri, version="2020-01-01")
    assert len(before.sql("SELECT * FROM samples")) == 0
    assert before.version == ""


def entries(lake, table):
    return sorted(Path(lake.uri, table, "_delta_log").glob("*.json"))


def between(lake, table, entry):
    """A time after this entry of a table's log, and before the next one."""
    (line,) = (line for line in entries(lake, table)[entry].read_text().splitlines() if "commitInfo" in line)
    time.sleep(0.01)
    return datetime.fromtimestamp((json.loads(line)["commitInfo"]["timestamp"] + 1) / 1000, UTC)


def test_a_time_means_the_same_in_a_copy_whose_files_are_all_of_today(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    time.sleep(0.01)
    then = datetime.now(UTC)
    time.sleep(0.01)
    lakes.add_run(lake, "c", {"p1": "cw"})
    shutil.copytree(lake.uri, tmp_path / "copy", copy_function=shutil.copyfile)
    for entry in (tmp_path / "lake").rglob("*.json"):
        os.utime(entry, (1, 1))  # nor do older files make it later
    for uri in (lake.uri, str(tmp_path / "copy")):
        assert names(samples.open(uri, version=then)) == ["a", "b"]
        assert names(samples.open(uri, version=datetime.now(UTC))) == ["a", "b", "c"]
        assert samples.open(uri, version="2020-01-01").version == ""


def five_versions(lakes, folder):
    """A lake to which a problem was added five times, and a time after each."""
    lake = Lake(str(folder / "lake"), create=True)
    times = []
    for number in range(5):
        lakes.add_problems(lake, "d", {f"p{number}": "{}"})
        times.append(between(lake, "problems", -1))
    return lake, times


def test_every_commit_is_found_by_its_time(lakes, tmp_path):
    lake, times = five_versions(lakes, tmp_path)
    for number, then in enumerate(times):
        assert len(samples.open(lake.uri, version=then).read("problems")) == number + 1


def test_a_time_is_refused_where_a_commit_does_not_say_its_own(lakes, tmp_path):
    lake, times = five_versions(lakes, tmp_path)
    third = entries(lake, "problems")[3]
    whole = third.read_text()
    third.write_text("\n".join(line for line in whole.splitlines() if "commitInfo" not in line))
    for number in (0, 3, 4):
        assert len(samples.open(lake.uri, version=times[number]).read("problems")) == number + 1
    for then in times[1:3]:
        with pytest.raises(UsageError, match=r"version 3 of table problems does not say when .*such as problems:3"):
            samples.open(lake.uri, version=then).read("problems")


def test_a_time_before_the_last_entry_that_is_empty_is_answered(lakes, tmp_path):
    lake, times = five_versions(lakes, tmp_path)
    entries(lake, "problems")[-1].write_text("")
    assert len(samples.open(lake.uri, version=times[3]).read("problems")) == 4


def test_a_time_is_refused_where_old_entries_of_the_log_are_gone(lakes, tmp_path):
    lake, times = five_versions(lakes, tmp_path)
    Tables(lake.uri).checkpoint("problems")
    for entry in entries(lake, "problems")[:3]:
        entry.unlink()  # as other tools do with old entries once there is a checkpoint
    lakes.add_problems(lake, "d", {"p5": "{}"})
    assert len(samples.open(lake.uri, version=times[4]).read("problems")) == 5
    assert samples.open(lake.uri, version="2020-01-01").version == ""
    with pytest.raises(UsageError, match="table problems has no entries of its log from before version 3"):
        samples.open(lake.uri, version=times[0]).read("problems")


def test_a_reader_sees_one_version_whatever_is_committed_meanwhile(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    pinned = lake.pin()
    version = pinned.version
    lakes.add_run(lake, "c", {"p1": "cw"})
    assert names(pinned) == ["a", "b"]
    assert pinned.version == version != lake.version
    assert [row["run"] for row in pinned.query("runs")] == ["a", "b"]


def test_a_pinned_reader_can_renew_one_table_and_keep_the_others(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    pinned = lake.pin()
    lakes.add_run(lake, "c", {"p1": "cw"})
    renewed = pinned.renewed(["runs"])
    assert names(renewed) == ["a", "b", "c"]
    assert names(pinned) == ["a", "b"]
    assert len(renewed.sql("SELECT * FROM samples WHERE run = 'c'")) == 0
    old = samples.open(lake.uri, version=pinned.version)
    assert names(old.renewed(["runs"])) == ["a", "b"]


def test_a_table_that_a_version_does_not_name_is_empty(filled):
    old = samples.open(filled.uri, version="runs:2")
    assert names(old) == ["a", "b"]
    assert len(old.sql("SELECT * FROM samples")) == 0


def test_a_lake_opens_as_it_was_months_ago_after_checkpoints(lakes, tmp_path):
    lake = Lake(str(tmp_path / "lake"), create=True)
    lakes.add_problems(lake, "d", {"first": "{}"})
    then = lake.version
    for number in range(120):  # the log's checkpoint comes with every hundredth commit
        lakes.add_problems(lake, "d", {f"p{number}": "{}"})
        if number == 90:
            months_ago = time.time() - 90 * 24 * 3600
            for entry in Path(lake.uri, "problems", "_delta_log").glob("*.json"):
                os.utime(entry, (months_ago, months_ago))
    log = Path(lake.uri, "problems", "_delta_log")
    assert list(log.glob("*.checkpoint.parquet"))
    assert len(list(log.glob("*.json"))) == 122
    old = samples.open(lake.uri, version=then)
    assert [row["problem_id"] for row in old.read("problems").to_pylist()] == ["first"]


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("yesterday", '"yesterday": expected a time'),
        ("samples", "expected a time"),
        ("samples:-1", "expected a time"),
        ("answers:1", "tables are"),
    ],
)
def test_what_names_no_version_is_refused(filled, version, said):
    with pytest.raises(UsageError, match=said):
        Lake(filled.uri, version=version)


def test_a_version_that_never_was_is_refused_with_the_newest(filled):
    with pytest.raises(UsageError, match="table samples has no version 99: it is at version 2"):
        samples.open(filled.uri, version="samples:99").sql("SELECT * FROM samples")

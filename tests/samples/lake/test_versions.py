"""Open a lake as it was, by the versions of its tables or by a time."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import samples
from samples.api import Lake
from samples.errors import UsageError


def names(lake):
    return [row["run"] for row in lake.sql("SELECT run FROM runs ORDER BY run")]


def test_a_time_is_the_lake_as_it_was_then(lakes, anywhere):
    lake = lakes.filled(anywhere)
    time.sleep(1.1)  # an object store's times are whole seconds
    then = datetime.now(UTC)
    time.sleep(1.1)
    lakes.add_run(lake, "c", {"p1": "cw"})
    assert names(lake) == ["a", "b", "c"]
    for version in (then, then.isoformat(), then.replace(tzinfo=None).isoformat()):
        assert names(samples.open(lake.uri, version=version)) == ["a", "b"]
    assert names(samples.open(lake.uri, version=datetime.now(UTC) + timedelta(days=1))) == ["a", "b", "c"]
    before = samples.open(lake.uri, version="2020-01-01")
    assert len(before.sql("SELECT * FROM samples")) == 0
    assert before.version == ""


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

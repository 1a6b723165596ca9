"""Small files become large ones, and every row stays as it is."""

import tempfile
import threading
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from deltalake.exceptions import CommitFailedError

import samples
from samples.errors import LakeError
from samples.ingest.segment import committer
from samples.lake.files import path_within, repeating, snapshot_files
from samples.lake.leases import Leases, at_work
from samples.lake.parquet import File
from samples.maintenance import compact
from samples.maintenance.compact_merge import Merging
from samples_schemas import COMPLETIONS, SAMPLES, TABLES

pytestmark = pytest.mark.heavy


def everything(lake):
    return {name: sorted(map(repr, lake.read(name).to_pylist())) for name in TABLES}


def files(lake, table):
    return [path_within(lake, table.name, file) for file in snapshot_files(lake, table)]


@pytest.fixture
def drawn(bench, tmp_path):
    """A run of 48 samples in three commits, some of them failed."""
    b = bench(tmp_path / "lake", model="toy?fail=0.1", top_logprobs=2)
    for unit in b.plan(16):
        committer(b.lake, b.run).commit([b.draw(unit)])
    return b


@pytest.mark.parametrize("damaged", ["samples", "top_logprobs"])
def test_a_damaged_file_leaves_its_partition_as_it_is_and_all_others_are_merged(drawn, damaged):
    lake = drawn.lake
    run = drawn.run.run_id
    for index in range(3):
        lake.label("toys", **{f"key{index}": "x"})
    file = max(Path(lake.uri, damaged).rglob(f"*run_id={run}/*.parquet"))
    whole = bytearray(file.read_bytes())
    whole[30] ^= 4
    file.write_bytes(whole)
    before = {name: files(lake, TABLES[name]) for name in TABLES}
    would = lake.compact(dry_run=True)
    assert bool(would.notes) == (damaged == "samples")  # others are not opened for it
    assert all(file.name in note for note in would.notes)
    assert "labels" in {row["table"] for row in would.dicts()}
    with pytest.raises(LakeError, match=f"{file.name}.* were left as they are, and all others were merged"):
        lake.compact()
    assert files(lake, TABLES[damaged]) == before[damaged]
    assert len(files(lake, TABLES["labels"])) == 1 < len(before["labels"])


def test_every_row_stays_and_the_same_command_finds_nothing_more(drawn):
    lake, before, version = drawn.lake, everything(drawn.lake), drawn.lake.version
    assert {row["table"] for row in lake.compact(dry_run=True).dicts()} == {"samples", "completions", "top_logprobs"}
    assert lake.version == version
    assert all((row["files"], row["after"]) == (3, 1) for row in lake.compact().dicts())
    assert everything(lake) == everything(samples.open(lake.uri, version=version)) == before
    assert not len(lake.compact())
    assert not any(repeating(snapshot_files(lake, table)) for table in (SAMPLES, COMPLETIONS))


def test_a_driver_that_slept_names_no_segment_that_another_adopted_and_merged(drawn, monkeypatch):
    """It sleeps between its look at the lake and its first commit."""
    late = committer(drawn.lake, drawn.run)
    receipts = [drawn.draw(unit) for unit in drawn.plan(32)]
    look = type(late)._uncommitted

    def asleep(self, *given):
        found = look(self, *given)
        monkeypatch.setattr(type(late), "_uncommitted", look)
        assert len(committer(drawn.lake, drawn.run).adopt(drawn.plan(32))) == len(receipts)
        assert drawn.lake.compact()
        return found

    monkeypatch.setattr(type(late), "_uncommitted", asleep)
    assert late.commit(receipts) == []
    keys = [(row["problem_id"], row["sample_index"]) for row in drawn.lake.read("completions").to_pylist()]
    assert len(keys) == len(set(keys)) == 96


def test_segments_on_the_disk_are_not_taken_for_lost_ones(drawn):
    lake = drawn.lake
    lake.compact()
    before = everything(lake)
    assert drawn.plan(16).missing == 0
    assert not len(lake.repair(write=True))
    more = drawn.plan(32)
    assert committer(lake, drawn.run).adopt(more) == []
    assert everything(lake) == before
    for unit in more:
        committer(lake, drawn.run).commit([drawn.draw(unit)])
    lake.compact()
    assert len(drawn.keys()) == len(set(drawn.keys())) == 96


@pytest.mark.parametrize("vacuumed", [False, True])
def test_lost_rows_of_samples_are_rebuilt_from_the_facts_that_merged_files_keep(drawn, vacuumed):
    lake, before = drawn.lake, everything(drawn.lake)
    lake.compact()
    if vacuumed:
        for old in Path(lake.uri, "completions").rglob("unit-*.parquet"):
            old.unlink()
    Path(lake.uri, "samples", files(lake, SAMPLES)[0]).unlink()
    assert [row["does"] for row in lake.repair(write=True).dicts()][-1] == "rebuilds them from segments"
    assert everything(lake) == before
    assert not len(lake.repair())


def test_a_segment_whose_samples_are_not_committed_is_left_to_its_driver(drawn):
    lake = drawn.lake
    waiting = drawn.draw(next(iter(drawn.plan(32))))
    lake.commit("completions", [(waiting.file, drawn.run.partition)])  # the driver died before the second commit
    lake.compact()
    assert waiting.file.path in files(lake, COMPLETIONS)
    assert len(committer(lake, drawn.run).adopt(drawn.plan(32))) == 1
    assert lake.read("completions").num_rows == lake.read("samples").num_rows == 64


def test_files_have_our_encodings_sums_and_statistics(drawn):
    drawn.lake.compact()
    (path,) = files(drawn.lake, COMPLETIONS)
    file = pq.ParquetFile(Path(drawn.lake.uri, "completions", path), page_checksum_verification=True)
    group = file.metadata.row_group(0)
    columns = {group.column(n).path_in_schema: group.column(n) for n in range(group.num_columns)}
    assert "BYTE_STREAM_SPLIT" in columns["token_logprobs.list.element"].encodings
    assert not columns["token_ids.list.element"].has_dictionary_page
    assert columns["problem_id"].statistics.min == "sum-0"
    assert columns["text"].statistics is None
    rows = file.read()
    assert rows.equals(rows.sort_by([("problem_id", "ascending"), ("sample_index", "ascending")]))


def test_of_two_commits_that_replace_the_same_files_the_second_is_refused(drawn):
    lake, before, partition = drawn.lake, everything(drawn.lake), drawn.run.partition
    stale = lake.delta("samples")
    old = [File(path, 1, 16, "") for path in files(lake, SAMPLES)]
    ours = lake.put("samples", lake.read("samples"), partition)
    lake.compact()
    with pytest.raises(CommitFailedError):
        lake.swap("samples", [(file, partition) for file in old], [(ours, partition)], stale, same_rows=True)
    with pytest.raises(CommitFailedError):
        lake.swap("samples", [(file, partition) for file in old], [], stale, same_rows=True)
    assert everything(lake) == before


def test_an_append_from_before_the_compaction_is_committed_after_it(drawn):
    lake = drawn.lake
    late, claim = drawn.draw(next(iter(drawn.plan(32)))), lake.claim("samples", drawn.run.run_id)
    lake.compact()
    lake.commit("samples", [(lake.put("samples", late.facts, drawn.run.partition), drawn.run.partition)], claim)
    assert len(drawn.keys()) == len(set(drawn.keys())) == 64


def test_a_second_compaction_says_that_another_is_at_work(drawn):
    other = Leases(drawn.lake.place, "compact")
    other.renew(b"{}")
    with pytest.raises(LakeError, match="another compaction is at work"):
        drawn.lake.compact()


def test_a_machine_without_room_for_temporary_files_is_told_so(drawn, monkeypatch, tmp_path):
    before = everything(drawn.lake)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(LakeError, match="set TMPDIR to a folder with room"):
        drawn.lake.compact()
    said: list[str] = []
    monkeypatch.setattr(compact, "_MANY", 2)
    compact.tidy(drawn.lake, drawn.run.run_id, [drawn.run.run_id], lambda _: None, threading.Event(), said.append)
    assert "small files were not merged" in said[0]
    assert everything(drawn.lake) == before


def test_who_merges_holds_a_lease_all_the_time(drawn, monkeypatch):
    seen: list[bool] = []
    commit = Merging._commit

    def watched(self, files):
        seen.append("compact" in at_work(drawn.lake.place))
        yield from commit(self, files)

    monkeypatch.setattr(Merging, "_commit", watched)
    drawn.lake.compact()
    assert seen
    assert all(seen)
    assert "compact" not in at_work(drawn.lake.place)

"""What is damaged is said first, and rebuilt when asked: bit by bit as it was."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from deltalake import DeltaTable

import samples
from samples.errors import LakeError
from samples.ingest.segment import committer
from samples.query.query import query
from samples.rescore.rescore import rescore
from samples_cli.main import main
from samples_schemas import TABLES

pytestmark = pytest.mark.heavy


def everything(lake):
    return {name: sorted(map(repr, lake.read(name).to_pylist())) for name in TABLES}


@pytest.fixture
def drawn(bench, tmp_path):
    """A run of 48 samples in three commits, judged."""
    b = bench(tmp_path / "lake", model="toy?fail=0.1")
    for unit in b.plan(16):
        committer(b.lake, b.run).commit([b.draw(unit)])
    rescore(b.lake, "numeric", workers=1)
    return b


def last_entry(lake, table):
    return max(Path(lake.uri, table, "_delta_log").glob("*.json"))


def rot(lake, table):
    file = max(Path(lake.uri, table).rglob("*.parquet"))
    whole = bytearray(file.read_bytes())
    whole[50] ^= 4
    file.write_bytes(whole)


DAMAGES = {
    "last entry of samples gone": lambda lake: last_entry(lake, "samples").unlink(),
    "last entry of samples empty": lambda lake: last_entry(lake, "samples").write_bytes(b""),
    "an entry of samples empty": lambda lake: sorted(last_entry(lake, "samples").parent.glob("*.json"))[-2].write_bytes(
        b""
    ),
    "last entry of completions empty": lambda lake: last_entry(lake, "completions").write_bytes(b""),
    "last two entries of samples gone": lambda lake: [last_entry(lake, "samples").unlink() for _ in range(2)],
    "last entry of completions gone": lambda lake: last_entry(lake, "completions").unlink(),
    "a file of samples rotten": lambda lake: rot(lake, "samples"),
    "a file of samples gone": lambda lake: max(Path(lake.uri, "samples").rglob("*.parquet")).unlink(),
    "a file of samples empty": lambda lake: max(Path(lake.uri, "samples").rglob("*.parquet")).write_bytes(b""),
}


@pytest.mark.cases(4)
@pytest.mark.parametrize("damage", list(DAMAGES))
def test_rows_are_rebuilt_as_they_were_once_that_is_asked_for(drawn, damage):
    lake = drawn.lake
    before, answer = everything(lake), query(lake, "pass_at_k").dicts()
    DAMAGES[damage](lake)
    with pytest.raises(LakeError):
        query(samples.open(lake.uri), "duplicates" if "completions" in damage else "pass_at_k")
    versions = lake.version
    found = lake.repair().dicts()
    assert found == lake.repair().dicts()
    assert lake.version == versions  # nothing changed
    assert sum(row["samples"] for row in found if row["does"].startswith(("rebuilds", "names"))) in {16, 32}
    assert lake.repair(write=True).dicts() == found
    assert everything(lake) == before
    assert query(lake, "pass_at_k").dicts() == answer
    assert not len(lake.repair())
    assert drawn.plan(16).missing == 0


@pytest.mark.cases(2)
@pytest.mark.parametrize(
    ("rows", "count"), [("sample_index = 3", 3), ("sample_index IN (0, 5, 7, 15)", 12), ("sample_index > 9", 18)]
)
@pytest.mark.parametrize("merged", [False, True])
def test_rows_that_another_program_deleted_from_units_are_rebuilt(drawn, rows, count, merged):
    lake = drawn.lake
    if merged:
        lake.compact()
    before, answer = everything(lake), query(lake, "pass_at_k").dicts()
    DeltaTable(f"{lake.uri}/samples").delete(rows)
    (row,) = lake.repair(write=True)
    assert (row["does"], row["samples"]) == ("rebuilds them from segments", count)
    assert everything(lake) == before
    assert query(lake, "pass_at_k").dicts() == answer
    assert not len(lake.repair())


@pytest.mark.parametrize("top_logprobs", [0, 2])
def test_segments_whose_rows_are_rebuilt_are_not_named_a_second_time(bench, tmp_path, top_logprobs):
    b = bench(tmp_path / "lake", top_logprobs=top_logprobs)
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(16)])
    versions = {name: b.lake.delta(name).version() for name in ["completions", *["top_logprobs"] * (top_logprobs > 0)]}
    last_entry(b.lake, "samples").unlink()
    assert [row["does"] for row in b.lake.repair(write=True)] == ["rebuilds them from segments"]
    assert len(b.keys()) == 48
    assert {name: b.lake.delta(name).version() for name in versions} == versions


def test_nothing_is_found_in_a_whole_lake_nor_where_segments_wait_for_ingest(drawn):
    for unit in drawn.plan(32):
        drawn.draw(unit)  # a driver died before it committed them
    before = everything(drawn.lake)
    assert not len(drawn.lake.repair(write=True))
    assert everything(drawn.lake) == before


def test_what_cannot_be_rebuilt_is_said(drawn):
    for table in ("completions", "verdicts"):
        rot(drawn.lake, table)
    found = {row["table"]: row for row in drawn.lake.repair(write=True)}
    assert found["completions"]["found"] == found["verdicts"]["found"] == "unreadable files"
    assert (found["completions"]["samples"], found["verdicts"]["samples"]) == (16, 48 - errors(drawn.lake))
    assert len(drawn.lake.repair()) == 2


@pytest.mark.parametrize("table", ["verdicts", "problems", "runs"])
def test_an_empty_entry_whose_content_nothing_brings_back_stays_empty(drawn, table):
    entry = last_entry(drawn.lake, table)
    kept, before, version = entry.read_bytes(), everything(drawn.lake), drawn.lake.version
    entry.write_bytes(b"")
    (row,) = [row for row in drawn.lake.repair(write=True) if row["table"] == table]
    path = entry.relative_to(drawn.lake.uri)
    assert row["found"] == f"an entry of the log is empty: {path}"
    assert row["does"] == f"restore {path} from a copy: nothing else says what it named"
    assert (entry.read_bytes(), drawn.lake.version) == (b"", version)
    entry.write_bytes(kept)
    assert everything(drawn.lake) == before


def test_an_empty_entry_that_named_samples_of_an_import_stays_empty(drawn, tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"problem_id": "p", "sample_index": 0, "completion": "4", "question": "?"}\n')
    drawn.lake.import_file(tmp_path / "rows.jsonl", "rows", name="some", dataset="d")
    before = everything(drawn.lake)
    for table in ("samples", "completions"):
        entry = last_entry(drawn.lake, table)
        kept = entry.read_bytes()
        entry.write_bytes(b"")
        (row,) = drawn.lake.repair(write=True)
        assert row["does"].startswith(f"restore {entry.relative_to(drawn.lake.uri)} from a copy: it may have named ")
        assert row["does"].endswith(".parquet, of an import")
        entry.write_bytes(kept)
    assert everything(drawn.lake) == before


def test_a_lake_has_nothing_wrong_once_an_empty_entry_is_repaired(drawn):
    last_entry(drawn.lake, "samples").write_bytes(b"")
    assert [row["level"] for row in drawn.lake.check()].count("wrong")
    drawn.lake.repair(write=True)
    assert {row["level"] for row in drawn.lake.check(deep=True)} <= {"note"}


def errors(lake):
    return sum(row["error"] is not None for row in lake.read("samples").to_pylist())


def test_the_command_changes_nothing_until_it_is_told_to(drawn, capsys):
    last_entry(drawn.lake, "samples").unlink()
    main(["repair", "--lake", drawn.lake.uri, "--format", "csv"])
    out, err = capsys.readouterr()
    assert "rebuilds them from segments" in out
    assert "nothing was changed: --write does it" in err
    assert drawn.plan(16).missing == 16
    main(["repair", "--lake", drawn.lake.uri, "--write"])
    assert drawn.plan(16).missing == 0


def merge_with_another_tool(lake, table):
    """Merge a table's files as plain deltalake does: the footers' copies of narrow rows are lost, and the names."""
    DeltaTable(f"{lake.uri}/{table}").optimize.compact()


def delete_segments(lake):
    for file in Path(lake.uri, "completions").rglob("unit-*.parquet"):
        file.unlink()


@pytest.mark.parametrize("top_logprobs", [0, 2])
def test_nothing_is_found_and_nothing_doubled_where_another_tool_merged_segments(bench, tmp_path, top_logprobs):
    b = bench(tmp_path / "lake", top_logprobs=top_logprobs)
    for unit in b.plan(16):
        committer(b.lake, b.run).commit([b.draw(unit)])
    for table in ("completions", *["top_logprobs"] * (top_logprobs > 0)):
        merge_with_another_tool(b.lake, table)
    before = everything(b.lake)
    assert b.lake.repair(write=True).dicts() == []
    assert everything(b.lake) == before
    last_entry(b.lake, "samples").unlink()
    assert [row["does"] for row in b.lake.repair(write=True)] == ["rebuilds them from segments"]
    assert everything(b.lake) == before


RESTORABLE = {
    "rotten": lambda lake: rot(lake, "samples"),
    "gone": lambda lake: max(Path(lake.uri, "samples").rglob("*.parquet")).unlink(),
    "empty": lambda lake: max(Path(lake.uri, "samples").rglob("*.parquet")).write_bytes(b""),
}


@pytest.mark.parametrize("damage", list(RESTORABLE))
def test_a_file_that_nothing_rebuilds_stays_named_and_counts_again_once_it_is_restored(drawn, damage):
    lake = drawn.lake
    merge_with_another_tool(lake, "completions")
    delete_segments(lake)
    before, answer = everything(lake), query(lake, "pass_at_k").dicts()
    file = max(Path(lake.uri, "samples").rglob("*.parquet"))
    kept, version = file.read_bytes(), lake.version
    RESTORABLE[damage](lake)
    (row,) = lake.repair(write=True)
    assert (row["table"], row["found"]) == ("samples", "unreadable files")
    until = "until then query --skip-unreadable, or samples drop, leaves the run out"
    assert row["does"] == f"restore {file.relative_to(lake.uri)} from a copy; {until}"
    assert lake.version == version
    file.write_bytes(kept)
    assert everything(lake) == before
    assert query(lake, "pass_at_k").dicts() == answer
    assert lake.repair().dicts() == []


def test_a_file_of_which_a_part_is_rebuilt_stays_named(drawn):
    lake = drawn.lake
    for file in Path(lake.uri, "samples").rglob("*.parquet"):
        file.unlink()
    max(Path(lake.uri, "completions").rglob("unit-*.parquet")).unlink()
    version = lake.version
    found = {(row["table"], row["found"]): row["does"] for row in lake.repair(write=True)}
    assert found["samples", "rows are missing"] == "nothing, until the unreadable files of samples are restored"
    assert found["samples", "unreadable files"].startswith("restore samples/")
    assert " and 2 more from a copy" in found["samples", "unreadable files"]
    assert lake.version == version


def test_a_file_that_may_not_be_read_is_no_damage(drawn):
    lake = drawn.lake
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"] if os.geteuid() == 0 else []
    if drop and shutil.which("setpriv") is None:
        pytest.skip("needs setpriv, without which root may read everything")
    before, version = everything(lake), lake.version
    for table in ("samples", "completions", "verdicts"):
        file = max(Path(lake.uri, table).rglob("*.parquet"))
        file.chmod(0)
        try:
            command = [*drop, sys.executable, "-m", "samples", "repair", "--write", "--lake", lake.uri]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        finally:
            file.chmod(0o644)
        assert done.returncode == 1, done.stderr
        assert "nothing is repaired; ask whoever keeps the lake for permission to read" in done.stderr
        assert file.name in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert (everything(lake), lake.version) == (before, version)

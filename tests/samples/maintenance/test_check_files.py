"""Files and logs that are gone, changed, foreign or unreadable are found, and a check goes on with what can be read."""

import json
import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake
from deltalake.transaction import AddAction, RemoveAction

import samples
from samples.api import Lake
from samples.errors import LakeError, NotFound
from samples.ingest.segment import committer
from samples.maintenance.check import footers
from samples.rescore.rescore import rescore


@pytest.fixture(scope="module")
def kept() -> list[Path]:
    """The lake that tests get copies of, once it is made."""
    return []


@pytest.fixture
def lake(kept, bench, tmp_path, tmp_path_factory) -> Lake:
    """A run of 48 samples in three commits, judged."""
    if not kept:
        b = bench(tmp_path_factory.mktemp("check") / "lake")
        for unit in b.plan(16):
            committer(b.lake, b.run).commit([b.draw(unit)])
        rescore(b.lake, "numeric", workers=1)
        kept.append(Path(b.lake.uri))
    shutil.copytree(kept[0], tmp_path / "copy")
    return samples.open(tmp_path / "copy")


def last(lake: Lake, table: str) -> Path:
    return max(Path(lake.uri, table).rglob("*.parquet"))


def entries(lake: Lake, table: str) -> list[Path]:
    return sorted(Path(lake.uri, table, "_delta_log").glob("*.json"))


def found(lake: Lake, *, deep: bool = False, level: str = "wrong") -> set[tuple[str, str]]:
    return {(row["table"], row["found"]) for row in lake.check(deep=deep) if row["level"] == level}


def flip(file: Path, at: int) -> None:
    whole = bytearray(file.read_bytes())
    whole[at] ^= 4
    file.write_bytes(whole)


GONE, SIZE = "files that are gone", "files of another size"
ROWS = "no number of rows in the log: questions open all"
UNREADABLE = "files that cannot be read"

DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "gone": (lambda file: file.unlink(), GONE),
    "empty": (lambda file: file.write_bytes(b""), SIZE),
    "cut": (lambda file: file.write_bytes(file.read_bytes()[:-100]), SIZE),
    "text": (lambda file: file.write_bytes(b"x" * file.stat().st_size), UNREADABLE),
    "changed in its footer": (lambda file: flip(file, file.stat().st_size - 60), UNREADABLE),
    "changed in a page": (lambda file: flip(file, 50), UNREADABLE),
}


@pytest.mark.parametrize("table", ["samples", "completions", "verdicts", "runs"])
@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_file_is_found_and_named(lake, table, name):
    damage, expected = DAMAGES[name]
    file = last(lake, table)
    damage(file)
    rows = lake.check()
    named = [(row["table"], row["found"]) for row in rows if row["level"] == "wrong"]
    assert (table, expected) in named
    assert {one for one, _ in named} == {table}
    assert file.name in rows[0]["first"]
    assert "not audited, because it cannot be read: " in rows.notes[0]


@pytest.mark.parametrize("table", ["completions", "prompts"])
def test_a_page_that_changed_in_a_large_file_is_found_where_every_byte_is_read(lake, table, monkeypatch):
    monkeypatch.setattr(footers, "_WHOLE", 100)
    monkeypatch.setattr(footers, "_END", 100)
    flip(last(lake, table), 50)
    assert found(lake, deep=True) == {(table, UNREADABLE)}
    if table == "completions":
        assert found(lake) == set()


@pytest.mark.parametrize("table", ["verdicts", "prompts", "ingests", "problems", "runs"])
def test_a_run_is_said_to_be_left_out_only_where_a_question_can_do_without_it(lake, table):
    file = last(lake, table)
    flip(file, 30)
    (row,) = (row for row in lake.check() if row["level"] == "wrong")
    skips = table in {"verdicts", "prompts"}
    assert ("--skip-unreadable" in row["way_out"], "--skip-unreadable" in row["first"]) == (skips, skips)


def test_runs_are_listed_without_what_only_ingests_tell(lake):
    before = lake.runs().dicts()
    assert before[0]["wanted"]
    flip(last(lake, "ingests"), 30)
    found = lake.runs()
    assert [row | {"age": ""} for row in found.dicts()] == [row | {"age": "", "wanted": None} for row in before]
    assert "wanted is not known" in found.notes[-1]
    assert last(lake, "ingests").name in found.notes[-1]


def test_files_that_plain_maintenance_rewrote_are_found(lake):
    for table in ("completions", "samples"):
        DeltaTable(f"{lake.uri}/{table}").optimize.compact()
    assert found(lake) == {("completions", footers.ENCODING)}
    sums = {(name, footers.SUMS) for name in ("completions", "samples")}
    assert found(lake, level="note") == {("completions", footers.FACTS), *sums}


def test_statistics_and_row_groups_that_are_not_ours_are_found(lake, monkeypatch):
    monkeypatch.setattr(footers, "_LARGEST_GROUP", 100)
    file = last(lake, "samples")
    mine = file.with_name("mine.parquet")
    pq.write_table(pq.ParquetFile(file).read(), mine, compression="zstd", write_statistics=False)
    partition = dict(part.split("=") for part in file.parts if "=" in part)
    at = [str(path.relative_to(f"{lake.uri}/samples")) for path in (file, mine)]
    actions = [
        RemoveAction(at[0], True, 0, file.stat().st_size, partition),
        AddAction(at[1], mine.stat().st_size, partition, 0, True, "{}"),
    ]
    snapshot = DeltaTable(f"{lake.uri}/samples")
    snapshot.create_write_transaction(actions, "append", lake.dataset("samples").schema, list(partition))
    grouped = {(name, footers.GROUPS) for name in ("completions", "prompts")}
    assert found(lake) == {("samples", footers.STATISTICS), ("samples", ROWS), *grouped}


def test_files_that_no_log_names_are_noted_with_age_and_size(lake, bench):
    copy = last(lake, "completions")
    orphan = copy.with_name("unit-0000000000000000-64-128-0123456789abcdef.parquet")
    orphan.write_bytes(b"x" * 1234)
    (row,) = lake.check()
    assert (row["level"], row["table"], row["first"]) == ("note", "completions", str(orphan.relative_to(lake.uri)))
    assert row["found"] == "a file that no log names: 1,234 bytes, 0 days old"
    assert row["way_out"] == "a driver may still commit it, for 7 days"
    os.utime(orphan, (time.time() - 9 * 86_400,) * 2)
    (row,) = lake.check()
    assert row["found"] == "a file that no log names: 1,234 bytes, 9 days old"
    assert "samples vacuum" in row["way_out"]


def test_a_file_of_another_program_is_not_said_to_be_removed_by_a_vacuum(lake):
    mine = last(lake, "completions").with_name("backup.parquet")
    mine.write_bytes(b"x")
    os.utime(mine, (time.time() - 9 * 86_400,) * 2)
    lake.vacuum(older_than="0d", write=True, nobody_writes=True)
    (row,) = lake.check()
    assert (row["first"], row["level"]) == (str(mine.relative_to(lake.uri)), "note")
    assert row["way_out"].startswith("samples vacuum leaves it, because another program wrote it")


def test_merged_files_are_not_noted_once_a_checkpoint_has_forgotten_their_removal(lake):
    lake.compact()
    weeks_ago = time.time() - 20 * 86_400
    for entry in entries(lake, "completions"):
        said = re.sub(r'(?<="deletionTimestamp":)\d+', str(int(weeks_ago * 1000)), entry.read_text())
        entry.write_text(said)
    for file in Path(lake.uri, "completions").rglob("*.parquet"):
        os.utime(file, (weeks_ago,) * 2)
    for file in Path(lake.uri, "completions", "_delta_log").glob("*checkpoint*"):
        file.unlink()
    lake.checkpoint("completions")
    assert DeltaTable(f"{lake.uri}/completions").vacuum(0, enforce_retention_duration=False) == []
    assert lake.check().dicts() == []


def test_files_that_the_log_named_once_are_not_noted(lake):
    old = max(Path(lake.uri, "runs").glob("*.parquet"))
    DeltaTable(f"{lake.uri}/labels") if Path(lake.uri, "labels").exists() else lake.label("toys", role="base")
    lake.label("toys", role="rl")
    DeltaTable(f"{lake.uri}/labels").optimize.compact()
    assert found(lake, level="note") == {("labels", footers.SUMS)}
    assert old.exists()


def test_what_is_somebody_elses_in_the_folder_is_left_alone(lake):
    write_deltalake(f"{lake.uri}/results", pa.table({"a": [1]}))
    write_deltalake(f"{lake.uri}/samples/mine", pa.table({"a": [1]}))
    Path(lake.uri, "notes").mkdir()
    Path(lake.uri, "notes", "x.parquet").write_bytes(b"x")
    Path(lake.uri, "samples", "x.txt").write_bytes(b"x")
    assert lake.check(deep=True).dicts() == []


# --- logs

LOGS: dict[str, Callable[[Path, Path], None]] = {
    "garbage": lambda last, _: last.write_text("garbage{"),
    "cut": lambda last, _: last.write_bytes(last.read_bytes()[: last.stat().st_size // 2]),
    "binary": lambda last, _: last.write_bytes(bytes(range(256))),
    "an entry before the last missing": lambda _, before: before.unlink(),
}


@pytest.mark.parametrize("name", LOGS)
def test_a_damaged_log_is_named_and_the_version_before_it_can_be_read(lake, name):
    *_, before, end = entries(lake, "samples")
    LOGS[name](end, before)
    row = lake.check()[0]
    bad = before if "missing" in name else end
    assert (row["table"], row["level"]) == ("samples", "wrong")
    assert row["first"] == str(bad)
    version = row["way_out"].partition("--at ")[2].split()[0]
    assert f"samples:{int(bad.stem) - 1}" in version
    then = samples.open(lake.uri, version=version)
    assert then.read("samples").num_rows == (32 if bad == end else 16)
    with pytest.raises(LakeError):
        lake.read("samples")


@pytest.mark.parametrize("line", ["[]", "5", "null", '{"add":5}', '{"add":{"path":"x.parquet"}}'])
def test_an_entry_of_json_that_is_no_action_is_named(lake, line):
    end = entries(lake, "samples")[-1]
    end.write_text(f"{end.read_text()}\n{line}\n")
    row = lake.check()[0]
    assert row["found"] == f"the log is damaged: {end.relative_to(lake.uri)} holds what is no action of a log"
    assert row["first"] == str(end)
    assert f"samples:{int(end.stem) - 1}" in row["way_out"]


CHECKPOINTS: dict[str, Callable[[Path], None]] = {
    "cut": lambda file: file.write_bytes(file.read_bytes()[:500]),
    "empty": lambda file: file.write_bytes(b""),
    "missing": lambda file: file.unlink(),
}


@pytest.mark.parametrize("name", CHECKPOINTS)
@pytest.mark.parametrize("table", ["samples", "runs"])
def test_a_damaged_checkpoint_is_named_and_the_way_out_gives_a_whole_lake(lake, table, name):
    lake.checkpoint(table)
    log = Path(lake.uri, table, "_delta_log")
    (file,) = log.glob("*.checkpoint.parquet")
    CHECKPOINTS[name](file)
    with pytest.raises(LakeError):
        lake.read(table)
    (row,) = lake.check()
    assert (row["table"], row["level"], row["first"]) == (table, "wrong", str(file))
    assert "restore" not in row["way_out"]
    named = row["way_out"].removeprefix("delete ").partition(":")[0].split(" and ")
    assert {Path(lake.uri, path) for path in named} == {log / "_last_checkpoint", *[file] * (name != "missing")}
    for path in named:
        Path(lake.uri, path).unlink()
    assert lake.check(deep=True).dicts() == []


def test_a_damaged_checkpoint_whose_entries_are_gone_must_be_restored(lake):
    lake.checkpoint("samples")
    (file,) = Path(lake.uri, "samples", "_delta_log").glob("*.checkpoint.parquet")
    whole = file.read_bytes()
    for entry in entries(lake, "samples"):
        entry.unlink()
    file.write_bytes(whole[:500])
    (row,) = lake.check()
    assert (row["first"], row["way_out"]) == (str(file), "restore it from a copy: entries before it are gone")
    file.write_bytes(whole)
    assert lake.check(deep=True).dicts() == []


@pytest.mark.parametrize("table", ["runs", "problems", "samples", "completions", "verdicts", "prompts"])
def test_files_without_a_log_are_found(lake, table):
    kept = Path(lake.uri).with_name("log")
    shutil.move(Path(lake.uri, table, "_delta_log"), kept)
    (row,) = lake.check()
    assert (row["table"], row["level"]) == (table, "wrong")
    assert row["found"] == f"files and no log: {table}/_delta_log is gone, and the table reads as empty"
    assert row["files"] == len(list(Path(lake.uri, table).rglob("*.parquet")))
    shutil.move(kept, Path(lake.uri, table, "_delta_log"))
    assert lake.check(deep=True).dicts() == []


@pytest.mark.parametrize("top_logprobs", [0, 2])
def test_segments_before_the_first_commit_are_nothing_wrong(bench, tmp_path, top_logprobs):
    b = bench(tmp_path / "lake", top_logprobs=top_logprobs)
    receipts = [b.draw(unit) for unit in b.plan(16)]
    assert b.lake.check(deep=True).dicts() == []
    committer(b.lake, b.run).commit(receipts)
    if top_logprobs:
        shutil.rmtree(Path(b.lake.uri, "top_logprobs", "_delta_log"))
        assert {(row["table"], row["level"]) for row in b.lake.check()} == {("top_logprobs", "wrong")}


def test_a_log_without_its_beginning_is_no_empty_table(lake):
    entries(lake, "verdicts")[0].unlink()
    (row,) = lake.check()
    assert (row["table"], row["first"]) == ("verdicts", f"{lake.uri}/verdicts/_delta_log/{0:020}.json")


def test_a_log_whose_last_entry_is_empty_is_found(lake):
    end = entries(lake, "verdicts")[-1]
    end.write_bytes(b"")
    row = lake.check()[0]
    assert row["table"] == "verdicts"
    assert str(end.relative_to(lake.uri)) in row["found"]


@pytest.mark.parametrize("table", ["samples", "completions", "verdicts"])
@pytest.mark.parametrize("which", [1, 2])
def test_an_empty_entry_within_a_log_is_found(lake, table, which):
    if table == "verdicts":
        for verifier in ("exact", "boxed-exact"):
            rescore(lake, verifier, workers=1)
    entry = entries(lake, table)[which]
    entry.write_bytes(b"")
    path = str(entry.relative_to(lake.uri))
    (row,) = [row for row in lake.check() if row["first"] == path]
    assert row["found"] == f"an entry of the log is empty ({path}): what it named is lost"
    assert row["way_out"] == "restore it from a copy; samples repair shows what can be rebuilt without one"


@pytest.mark.parametrize("table", ["samples", "verdicts", "problems"])
def test_nothing_is_written_after_an_empty_entry_nor_copied_nor_deleted(lake, tmp_path, table):
    end = entries(lake, table)[-1]
    kept, before = end.read_bytes(), {name: lake.read(name).num_rows for name in ("samples", "verdicts")}
    claim = lake.claim(table, "test")
    end.write_bytes(b"")
    version = lake.version
    writes: list[Callable[[], object]] = [
        lambda: lake.commit(table, []), lambda: lake.commit(table, [], claim), lambda: lake.claim(table, "test"),
        lambda: lake.swap(table, [], [], claim), lambda: lake.swap(table, [], [], claim.snapshot),
        lambda: lake.checkpoint(table), lambda: lake.drop("toys"), lambda: lake.vacuum(write=True), lake.vacuum,
        lambda: lake.copy(tmp_path / "there"), lake.compact,
    ]  # fmt: skip
    for write in writes:
        with pytest.raises(LakeError, match=f"the last entry of the log of table {table} is empty"):
            write()
    assert lake.version == version
    assert not (tmp_path / "there").exists()
    end.write_bytes(kept)
    assert {name: lake.read(name).num_rows for name in before} == before
    assert lake.check().dicts() == []


def test_a_file_that_an_empty_entry_may_have_named_is_not_deleted(lake):
    rescore(lake, "exact", workers=1)
    named = {file.name for file in Path(lake.uri, "verdicts").rglob("*.parquet")}
    entries(lake, "verdicts")[1].write_bytes(b"")
    for file in Path(lake.uri).rglob("*.parquet"):
        os.utime(file, (time.time() - 9 * 86_400,) * 2)
    done = lake.vacuum(write=True)
    assert {file.name for file in Path(lake.uri, "verdicts").rglob("*.parquet")} == named
    assert "perhaps named by an entry of the log that is empty" in str(done)


def test_another_table_in_place_of_one_of_ours_is_found_and_the_others_are_checked(lake):
    shutil.rmtree(Path(lake.uri, "verdicts"))
    write_deltalake(f"{lake.uri}/verdicts", pa.table({"a": [1]}))
    last(lake, "completions").unlink()
    assert {row["table"] for row in lake.check()} == {"verdicts", "completions"}


OUTSIDE = ["../completions/x.parquet", "a/../../x.parquet", "/etc/passwd", "file:///etc/passwd", "s3://other/x.parquet",
           "%2e%2e/x.parquet", "..%2fx.parquet", "%252e%252e/x.parquet"]  # fmt: skip


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_log_that_names_files_outside_of_its_table_is_refused_by_everything(lake, path):
    end = entries(lake, "samples")[-1]
    lines = [json.loads(line) for line in end.read_text().splitlines()]
    for line in lines:
        if "add" in line:
            line["add"]["path"] = path
    end.write_text("\n".join(map(json.dumps, lines)))
    said = "lies outside of the table's folder"
    assert any(said in row["found"] and row["table"] == "samples" for row in lake.check())
    reads: list[Callable[[], object]] = [
        lake.runs, lake.repair, lambda: lake.query("lengths"), lambda: lake.sql("FROM samples"),
        lambda: lake.read("samples"), lambda: lake.rows_at("samples", problem_id="sum-0"), lambda: lake.status("toys"),
        lambda: lake.show("toys", "sum-0", 0), lambda: lake.export(Path(lake.uri).with_name("all.jsonl")),
        lambda: lake.rescore("exact", workers=1), lambda: lake.query("lengths", skip_unreadable=True),
    ]  # fmt: skip
    for read in reads:
        with pytest.raises(LakeError, match=said):
            read()


def test_a_lake_that_is_not_there_or_of_a_newer_format_is_refused(lake, tmp_path):
    with pytest.raises(NotFound, match="no lake at"):
        samples.open(tmp_path / "nowhere").check()
    Path(lake.uri, "lake.json").write_text('{"format": 2}')
    with pytest.raises(LakeError, match="has format 2, this version of Samples reads up to 1: upgrade samples"):
        samples.open(lake.uri)


def test_a_lake_that_lost_the_file_that_makes_it_one_is_not_said_to_be_missing(lake):
    mark = Path(lake.uri, "lake.json")
    mark.unlink()
    with pytest.raises(NotFound, match=r"a table runs is there, but the file lake\.json is gone") as said:
        samples.open(lake.uri).runs()
    (written,) = re.findall(r"or write (.*) to it", str(said.value))
    mark.write_text(written)
    assert lake.check().dicts() == []

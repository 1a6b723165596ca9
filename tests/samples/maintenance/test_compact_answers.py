"""A compacted lake answers all questions as before: verdicts of several passes, scores, reviews, imported runs."""

import json
from itertools import pairwise

import pytest

import samples
import samples_queries
from samples.ingest.segment import committer
from samples.lake import parquet
from samples.lake.files import snapshot_files
from samples.maintenance import compact_jobs
from samples_queries import header
from samples_schemas import COMPLETIONS, SAMPLES, TABLES, VERDICTS, VIEWS

pytestmark = pytest.mark.heavy

_NEEDED = {"run": "b", "int": 1, "float": 0.5, "text": "p1", "scorer": "s"}
_GIVEN = {"verdict_changes": {"from": "v@1"}, "verdict_transitions": {"from": "v@1"}}
_PIECE = 2  # rows of a file


def everything(lake):
    return {name: sorted(map(repr, lake.read(name).to_pylist())) for name in TABLES}


@pytest.fixture
def pieces(filled, lakes, tmp_path):
    """The lake `filled` in files of two rows, with a second pass on some samples and a second verifier on others."""
    lake = samples.open(str(tmp_path / "pieces"), create=True)
    for name, table in TABLES.items():
        rows = filled.read(name).to_pylist()
        for place in range(0, len(rows), _PIECE):
            for row in rows[place : place + _PIECE]:
                partition = {column: row.pop(column) for column in table.partition_by}
                lakes.append(lake, name, [row], **partition)
    for row in filled.read("verdicts").to_pylist():
        run, _ = row.pop("run_id"), row.pop("verifier")
        if row["sample_index"] == 2:
            again = {**row, "pass_id": 2, "verifier_version": "2", "status": "correct", "answer": "c"}
            lakes.append(lake, "verdicts", [again], verifier="v", run_id=run)
        if row["problem_id"] != "p4":
            lakes.append(lake, "verdicts", [{**row, "status": "wrong"}], verifier="w", run_id=run)
    return lake


def answers(lake):
    """Answer every named query and view, show a sample, and list a problem's samples."""
    found = {}
    for name in samples_queries.NAMES:
        params = header(name).params
        wanted = [p for p in params if p.required]
        given = {p.name: "a" if p is wanted[0] and p.kind == "run" else _NEEDED[p.kind] for p in wanted}
        given |= {p.name: "v" for p in params if p.kind == "verifier"} | _GIVEN.get(name, {})
        if name == "verifier_agreement":
            given = {"first": "v", "second": "w"}
        found[name] = [list(row.values()) for row in lake.query(name, **given)]
    for view in VIEWS:
        found[view] = lake.sql(f"SELECT * FROM {view} ORDER BY ALL", threads=1).dicts()
    found["one"] = lake.show("b", "p3", 2, scorer="s")
    found["list"] = lake.samples_of("a", "p1", verifier="v")
    return found


def test_every_question_has_the_same_answer_before_and_after(pieces):
    before, rows = answers(pieces), everything(pieces)
    done = pieces.compact().dicts()
    assert {row["table"] for row in done} >= {"samples", "completions", "verdicts", "scores", "score_logprobs"}
    after = samples.open(pieces.uri)
    assert everything(after) == rows
    for name, found in answers(after).items():
        assert repr(found) == repr(before[name]), name
    assert all(len(list(snapshot_files(after, table))) <= 6 for table in TABLES.values())
    assert not len(after.compact())


@pytest.mark.nightly
def test_passes_of_a_verifier_stay_apart_and_a_further_pass_counts(pieces, lakes):
    pieces.compact()
    (run,) = pieces.sql("SELECT run_id FROM runs WHERE run = 'b'").dicts()
    key = {"problem_id": "p3", "sample_index": 2, "verifier_version": "3", "pass_id": 3, "status": "wrong"}
    row = {**key, "reward": None, "answer": None, "detail": None, "seconds": 0.0}
    lakes.append(pieces, "verdicts", [row], verifier="v", run_id=run["run_id"])
    asked = (
        "SELECT pass_id, status FROM {} WHERE run = 'b' AND problem_id = 'p3' AND sample_index = 2 AND verifier = 'v'"
    )
    passes = [(1, "timeout"), (2, "correct"), (3, "wrong")]
    for _ in range(2):
        assert sorted(map(tuple, (one.values() for one in pieces.sql(asked.format("verdicts"))))) == passes
        assert [tuple(one.values()) for one in pieces.sql(asked.format("current_verdicts"))] == [(3, "wrong")]
        pieces.compact()


def test_an_imported_run_grows_by_what_a_longer_file_has_more_after_a_compaction(tmp_path):
    lake = samples.open(str(tmp_path / "lake"), create=True)
    rows = [{"problem_id": f"p{n % 3}", "sample_index": n // 3, "question": "?", "gold": "1", "completion": f"{n}",
             "verifier": "theirs", "status": "correct" if n % 2 else "wrong"} for n in range(24)]  # fmt: skip
    file = tmp_path / "theirs.jsonl"
    for count in (9, 15, 24):
        file.write_text("".join(json.dumps(row) + "\n" for row in rows[:count]))
        lake.import_file(file, "samples", name="theirs", dataset="sums")
        lake.compact()
        assert lake.read("samples").num_rows == lake.read("completions").num_rows == count
        assert [row for row in lake.check(deep=True).dicts() if row["level"] == "wrong"] == []
    for table in (SAMPLES, COMPLETIONS, VERDICTS):
        assert len(list(snapshot_files(lake, table))) == 1
    assert sorted(lake.read("completions")["text"].to_pylist(), key=int) == [row["completion"] for row in rows]


def test_what_is_larger_than_a_file_should_be_becomes_several_in_order(bench, tmp_path, monkeypatch):
    b = bench(tmp_path / "lake", top_logprobs=2)
    for unit in b.plan(128, 16):
        committer(b.lake, b.run).commit([b.draw(unit)])
    before = everything(b.lake)
    monkeypatch.setattr(compact_jobs, "_HEAVY_GOAL", 10_000)
    monkeypatch.setattr(compact_jobs, "_NARROW_GOAL", 4_000)
    monkeypatch.setattr(parquet, "group_size", lambda _table: 100)
    b.lake.compact()
    assert everything(b.lake) == before
    files = list(snapshot_files(b.lake, COMPLETIONS))
    assert len(files) > 2, [file.size for file in files]
    problems = sorted(file.ranges[0] for file in files)
    assert all(first[1] <= second[0] for first, second in pairwise(problems))
    assert [row for row in b.lake.check(deep=True).dicts() if row["level"] == "wrong"] == []
    assert b.plan(128).missing == 0

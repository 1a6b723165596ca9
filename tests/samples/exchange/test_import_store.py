"""An import leaves all of a file in the lake, once, whatever happens meanwhile."""

import json
import threading
from pathlib import Path

import pytest

from samples.api import Lake
from samples.errors import LakeError, UsageError
from samples.exchange.imports import store
from samples.exchange.imports.load import load
from samples.exchange.imports.store import Store
from samples.rescore.rescore import rescore
from samples.runs.run import find

ROWS = [
    {"problem_id": f"p{p}", "sample_index": n, "completion": f"{p}/{n}", "correct": n % 2 == 0}
    for p in range(3)
    for n in range(4)
] + [{"problem_id": "only-counts", "n": 10, "c": 3}]
TABLES = ("completions", "samples", "verdicts", "counts")


def written(tmp_path, rows=ROWS, name="file.jsonl"):
    path = tmp_path / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def held(uri):
    """Return the rows of every table that an import writes, without the columns that join or number them."""
    lake = Lake(str(uri))
    rows = {
        name: sorted(
            lake.read(name, columns=["problem_id"] + (["sample_index"] if name != "counts" else [])).to_pylist(),
            key=str,
        )
        for name in TABLES
    }
    return {
        **rows,
        "problems": sorted(lake.read("problems")["problem_id"].to_pylist()),
        "runs": lake.read("runs").num_rows,
    }


def test_everything_of_a_file_is_there_once(anywhere, tmp_path):
    summary = load(anywhere, written(tmp_path), "samples", name="a", dataset="d")
    assert (summary.problems, summary.samples, summary.completions, summary.counts) == (4, 12, 12, 1)
    assert summary.verdicts == {"correct": 6, "wrong": 6}
    assert summary.added == ("completions", "samples", "verdicts", "counts")
    found = held(anywhere)
    keys = [{"problem_id": f"p{p}", "sample_index": n} for p in range(3) for n in range(4)]
    assert found["completions"] == found["samples"] == found["verdicts"] == keys
    assert found["counts"] == [{"problem_id": "only-counts"}]
    assert found["problems"] == ["only-counts", "p0", "p1", "p2"]


def test_samples_are_joined_to_their_completions(anywhere, tmp_path):
    load(anywhere, written(tmp_path), "samples", name="a", dataset="d")
    rows = Lake(anywhere).sql("SELECT problem_id, sample_index, text FROM completions ORDER BY ALL").arrow().to_pylist()
    assert [row["text"] for row in rows] == [f"{p}/{n}" for p in range(3) for n in range(4)]


@pytest.mark.parametrize("more", [False, True])
@pytest.mark.parametrize("table", TABLES)
def test_an_import_over_a_damaged_lake_names_the_file(tmp_path, table, more):
    load(str(tmp_path / "lake"), written(tmp_path), "samples", name="a", dataset="d")
    for lost in (tmp_path / "lake" / table).rglob("*.parquet"):
        lost.unlink()
    rows = [*ROWS, {"problem_id": "p0", "sample_index": 4, "completion": "0/4", "correct": True}] if more else ROWS
    with pytest.raises(LakeError, match=rf"{table}/.*\.parquet, which is gone; restore it"):
        load(str(tmp_path / "lake"), written(tmp_path, rows), "samples", name="a", dataset="d")


def test_the_same_file_again_adds_nothing(anywhere, tmp_path):
    file = written(tmp_path)
    first = load(anywhere, file, "samples", name="a", dataset="d")
    before = held(anywhere)
    again = load(anywhere, file, "samples", name="a", dataset="d")
    assert (again.added, again.run.name, again.run.run_id) == ((), "a", first.run.run_id)
    assert (again.samples, again.verdicts) == (first.samples, first.verdicts)
    with pytest.raises(UsageError, match=r"are run a .* already, .* repeat the command with --name a"):
        load(anywhere, file, "samples", name="another", dataset="d")
    assert held(anywhere) == before


def longer(samples=8, problems=5, **change):
    """Return the rows of a file that goes on with ROWS: more samples of its problems, and more problems."""
    return [
        {"problem_id": f"p{p}", "sample_index": n, "completion": f"{p}/{n}", "correct": n % 2 == 0, **change}
        for p in range(problems)
        for n in range(samples)
    ] + [{"problem_id": "only-counts", "n": 10, "c": 3}, {"problem_id": "also-counts", "n": 10, "c": 1}]


def test_a_longer_file_of_a_run_adds_what_it_has_more(anywhere, tmp_path):
    first = load(anywhere, written(tmp_path), "samples", name="a", dataset="d")
    grown = load(anywhere, written(tmp_path, longer(), "longer.jsonl"), "samples", name="a", dataset="d")
    assert grown.run.run_id == first.run.run_id
    assert grown.added == ("completions", "samples", "verdicts", "counts")
    lake, found = Lake(anywhere), held(anywhere)
    keys = [{"problem_id": f"p{p}", "sample_index": n} for p in range(5) for n in range(8)]
    assert found["completions"] == found["samples"] == found["verdicts"] == keys
    assert found["problems"] == ["also-counts", "only-counts", "p0", "p1", "p2", "p3", "p4"]
    assert len(set(lake.read("verdicts")["verifier_version"].to_pylist())) == 1
    assert len(find(lake, "a").problem_hashes) == 7
    # Every way to the run sees one run with all of it.
    assert [(row["run"], row["problems"], row["samples"]) for row in lake.query("runs").dicts()] == [("a", 7, 40)]
    assert lake.sql("SELECT count(*) AS n FROM completions").dicts() == [{"n": 40}]
    assert [row["problems"] for row in lake.queries.pass_at_k(ks=[1]).dicts()] == [7]
    before = held(anywhere)
    for rows in (longer(), ROWS, ROWS[::-1], longer()[::-1], ROWS[:3]):
        again = load(anywhere, written(tmp_path, rows, "again.jsonl"), "samples", name="a", dataset="d")
        assert (again.added, again.run.run_id) == ((), first.run.run_id)
    assert held(anywhere) == before


OTHER = {
    "another completion": (longer(completion="x"), r'sample 0 of problem "p0" is not that of run a'),
    "another verdict": (longer(correct=True), 'the verdict correct of sample 1 of problem "p0" is not'),
    "another question": (longer(question="?"), r'problem "p0" \(its question, answer or tests\) is not'),
    "other counts": ([{"problem_id": "only-counts", "n": 9, "c": 3}], 'number of samples of problem "only-counts" is'),
    "fewer samples and others": (longer(samples=2), "has 7 of the 13 samples of run a, .* and 5 others"),
    "none of its samples": ([{"problem_id": "new", "completion": "x"}], "has 0 of the 13 samples of run a"),
}


@pytest.mark.parametrize("what", list(OTHER))
def test_a_file_that_does_not_go_on_with_the_run_of_its_name_is_refused(tmp_path, what):
    rows, expected = OTHER[what]
    lake = str(tmp_path / "lake")
    load(lake, written(tmp_path), "samples", name="a", dataset="d")
    before = held(lake)
    with pytest.raises(UsageError, match=expected) as refused:
        load(lake, written(tmp_path, rows, "other.jsonl"), "samples", name="a", dataset="d")
    assert "another --name" in str(refused.value)
    assert held(lake) == before


def test_two_longer_files_at_once_add_every_row_once(tmp_path):
    lake = str(tmp_path / "lake")
    load(lake, written(tmp_path), "samples", name="a", dataset="d")
    failures = []

    def run(samples):
        try:
            load(lake, written(tmp_path, longer(samples), f"{samples}.jsonl"), "samples", name="a", dataset="d")
        except UsageError:
            pass  # the shorter one came second: the run has more by then
        except Exception as error:  # noqa: BLE001 - asserted on below, in the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=run, args=[samples]) for samples in (6, 7, 9, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    keys = [{"problem_id": f"p{p}", "sample_index": n} for p in range(5) for n in range(9)]
    found = held(lake)
    assert found["completions"] == found["samples"] == found["verdicts"] == keys


class Killed(Store):
    """A store that dies before it commits one of the tables."""

    at = ""

    def commit(self, name, files, claim):
        if name == self.at:
            raise KeyboardInterrupt
        return super().commit(name, files, claim)


@pytest.mark.parametrize("table", TABLES)
def test_an_import_that_was_killed_is_finished_by_the_next(anywhere, tmp_path, table):
    file = written(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Killed, "at", table)
        patch.setattr("samples.exchange.imports.load.Store", Killed)
        with pytest.raises(KeyboardInterrupt):
            load(anywhere, file, "samples", name="a", dataset="d")
    lake = Lake(anywhere)
    after = TABLES[TABLES.index(table) :]
    assert all(lake.read(name).num_rows == 0 for name in after)
    again = load(anywhere, file, "samples", name="a", dataset="d")
    assert again.added == after
    found = held(anywhere)
    assert len(found["completions"]) == len(found["samples"]) == len(found["verdicts"]) == 12


def test_a_longer_file_whose_import_was_killed_is_finished_by_the_next(tmp_path):
    lake = str(tmp_path / "lake")
    load(lake, written(tmp_path), "samples", name="a", dataset="d")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Killed, "at", "samples")
        patch.setattr("samples.exchange.imports.load.Store", Killed)
        with pytest.raises(KeyboardInterrupt):
            load(lake, written(tmp_path, longer(), "longer.jsonl"), "samples", name="a", dataset="d")
    again = load(lake, written(tmp_path, longer(), "longer.jsonl"), "samples", name="a", dataset="d")
    assert again.added == ("samples", "verdicts", "counts")
    assert len(held(lake)["completions"]) == len(held(lake)["samples"]) == 40


def test_two_imports_at_once_add_every_row_once(anywhere, tmp_path):
    file = written(tmp_path)
    failures = []

    def run():
        try:
            load(anywhere, file, "samples", name="a", dataset="d")
        except Exception as error:  # noqa: BLE001 - asserted on below, in the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    found = held(anywhere)
    assert len(found["completions"]) == len(found["samples"]) == len(found["verdicts"]) == 12
    assert (len(found["counts"]), found["runs"]) == (1, 1)


def test_a_file_that_changes_between_its_readings_is_not_imported(tmp_path):
    file = written(tmp_path)

    def watch(doing, rows):
        if doing.startswith("writing"):
            Path(file).write_text("{oops\n")

    with pytest.raises(UsageError, match="line 1: changed while it was read"):
        load(str(tmp_path / "lake"), file, "samples", name="a", dataset="d", watch=watch)
    assert all(not rows for name, rows in held(tmp_path / "lake").items() if name in TABLES)


def test_a_file_whose_rows_change_between_its_readings_is_not_imported(tmp_path):
    file = written(tmp_path)

    def watch(doing, rows):
        if doing.startswith("writing"):
            written(tmp_path, ROWS[:5])

    with pytest.raises(UsageError, match="was written to while it was read"):
        load(str(tmp_path / "lake"), file, "samples", name="a", dataset="d", watch=watch)
    assert all(not rows for name, rows in held(tmp_path / "lake").items() if name in TABLES)


def test_many_rows_become_files_of_bounded_size(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "_COMPLETIONS", 5)
    load(str(tmp_path / "lake"), written(tmp_path), "samples", name="a", dataset="d")
    files = list((tmp_path / "lake/completions").rglob("*.parquet"))
    assert len(files) == 3
    assert len(held(tmp_path / "lake")["completions"]) == 12


def test_a_lake_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "lake").write_text("a file")
    with pytest.raises(LakeError, match="lake"):
        load(str(tmp_path / "lake"), written(tmp_path), "samples", name="a", dataset="d")


def test_the_run_says_that_it_was_imported_and_from_what(tmp_path):
    file = written(tmp_path)
    labels = {"role": "base", "model": "Qwen/Qwen2.5-7B"}
    summary = load(str(tmp_path / "lake"), file, "samples", name="a", dataset="d", labels=labels)
    run = find(Lake(str(tmp_path / "lake")), "a")
    assert (run.engine, run.model, run.labels) == ("imported", "Qwen/Qwen2.5-7B", labels)
    assert {run.specification[key] for key in ("format", "file", "dataset")} == {"samples", "file.jsonl", "d"}
    (version,) = set(Lake(str(tmp_path / "lake")).read("verdicts")["verifier_version"].to_pylist())
    assert version == f"samples-{run.specification['content'][:12]}"
    assert (summary.run.run_id, summary.run.name) == (run.run_id, "a")


@pytest.mark.parametrize(
    ("change", "expected"),
    [({"dataset": "3d"}, '"3d" cannot name a dataset'), ({"form": "other"}, 'unknown format "other"')],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_read(tmp_path, change, expected):
    given = {"form": "samples", "dataset": "d", "name": "a", **change}
    with pytest.raises(UsageError, match=expected):
        load(str(tmp_path / "lake"), "absent.jsonl", given.pop("form"), **given)


@pytest.fixture
def sourced(sums, tmp_path):
    """Import a file of answers to the three sums beside their problem file."""

    def run(rows, **more):
        return load(
            str(tmp_path / "lake"),
            written(tmp_path, rows),
            "samples",
            name="a",
            dataset="sums",
            problems=str(sums),
            **more,
        )

    return run


def test_problems_come_from_their_own_file_by_id_or_by_question(sourced, tmp_path):
    rows = [
        {"problem_id": "sum-1", "completion": "#### 3"},
        {"problem_id": "7", "question": "What is 2 + 3? ", "completion": "#### 6"},
    ]
    sourced(rows)
    lake = Lake(str(tmp_path / "lake"))
    assert lake.read("problems")["answer"].to_pylist() == ["3", "5"]
    assert sorted(lake.read("samples")["problem_id"].to_pylist()) == ["sum-1", "sum-2"]
    judged = rescore(lake, "numeric", ["a"], workers=1)
    assert judged.statuses == {"correct": 1, "wrong": 1}


def test_samples_of_no_problem_of_the_file_are_named(sourced, tmp_path):
    with pytest.raises(UsageError, match=r"has no problem for sum-9 \(line 1\), neither by id nor by question"):
        sourced([{"problem_id": "sum-9", "completion": "x"}])
    assert not (tmp_path / "lake").exists()


def test_two_ids_of_one_problem_are_refused(sourced):
    rows = [
        {"problem_id": "sum-2", "completion": "x"},
        {"problem_id": "7", "question": "What is 2 + 3?", "completion": "y"},
    ]
    with pytest.raises(UsageError, match='"sum-2" and "7" are both problem "sum-2"'):
        sourced(rows)


def test_a_file_on_s3_is_imported(s3, tmp_path):
    import boto3

    bucket = s3.removeprefix("s3://").partition("/")[0]
    boto3.client("s3").upload_file(written(tmp_path), bucket, "in/file.jsonl")
    summary = load(s3, f"s3://{bucket}/in/file.jsonl", "samples", name="a", dataset="d")
    assert (summary.samples, summary.run.specification["file"]) == (12, "file.jsonl")


# The published sets of AIME24 (Yue et al. 2025): of 1024 samples a problem, who solved it at least once.
AIME24 = {
    "base": "0 1 4 6 7 8 9 11 12 14 15 16 17 18 19 22 23 24 25 26 27 28 29",
    "rl": "0 1 6 7 8 9 12 14 15 16 18 22 23 24 25 26 27 28 29",
}


def test_published_counts_become_tallies_and_give_the_published_sets(anywhere, tmp_path):
    for name, solved in AIME24.items():
        rows = [{"problem_id": str(p), "n": 1024, "c": int(str(p) in solved.split())} for p in range(30)]
        summary = load(anywhere, written(tmp_path, rows, f"{name}.jsonl"), "samples", name=name, dataset="aime24")
        assert (summary.samples, summary.counts, summary.added) == (0, 30, ("counts",))
    lake = Lake(anywhere)
    tallies = lake.sql("SELECT run, problem_id, verifier, n, c, errors, timeouts FROM tallies").arrow().to_pylist()
    assert {(row["verifier"], row["n"], row["errors"], row["timeouts"]) for row in tallies} == {
        ("imported", 1024, 0, 0)
    }
    solved = {run: {row["problem_id"] for row in tallies if row["run"] == run and row["c"]} for run in ("base", "rl")}
    assert {run: " ".join(sorted(ids, key=int)) for run, ids in solved.items()} == AIME24
    assert (len(solved["base"] & solved["rl"]), len(solved["rl"] - solved["base"])) == (19, 0)
    assert sorted(solved["base"] - solved["rl"], key=int) == ["4", "11", "17", "19"]


def test_failed_samples_of_a_run_of_counts_are_errors_of_pass_at_k(tmp_path):
    counts = [
        {"problem_id": "p", "n": 10, "c": 4, "errors": 3, "timeouts": 2},
        {"problem_id": "q", "n": 0, "c": 0, "errors": 12},
    ]
    failed = [{"problem_id": "r", "sample_index": index, "error": "out of memory"} for index in range(5)]
    unjudged = [{"problem_id": "s", "sample_index": index, "completion": "7"} for index in range(4)]
    load(str(tmp_path / "lake"), written(tmp_path, [*counts, *failed, *unjudged]), "samples", name="a", dataset="d")
    answer = Lake(str(tmp_path / "lake")).query("pass_at_k", ks=1)
    (row,) = answer.dicts()
    found = {name: row[name] for name in ("problems", "pass_at_k", "errors", "timeouts", "unjudged")}
    assert found == {"problems": 1, "pass_at_k": pytest.approx(0.4), "errors": 20, "timeouts": 2, "unjudged": 4}
    assert any(note.startswith("4 of a: samples without a verdict of imported") for note in answer.notes)

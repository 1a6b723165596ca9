"""What a check names as the way out of a loss gives back what was lost: each test goes that way."""

import json

import pytest
from deltalake import DeltaTable

import samples
from samples.api import Lake
from samples.errors import UsageError
from samples.ingest.segment import committer
from samples.lake import leases
from samples.rescore.rescore import rescore
from samples.runs.record import record


@pytest.fixture
def counted(tmp_path):
    """A lake with an import of counts of two problems, and what imports them again."""
    rows = [{"problem_id": name, "question": f"{name}?", "n": 8, "c": c} for name, c in (("p", 3), ("q", 8))]
    (tmp_path / "counts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    lake = samples.open(tmp_path / "lake", create=True)

    def add():
        return lake.import_file(tmp_path / "counts.jsonl", name="counts", dataset="d").added

    assert add() == ("counts",)
    return lake, add


@pytest.fixture
def drawn(bench, tmp_path):
    """A run of three problems, with eight samples of each."""
    b = bench(tmp_path / "lake")
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(8)])
    return b


def delete(lake: Lake, table: str, rows: str) -> None:
    """Delete rows as another tool does."""
    DeltaTable(f"{lake.uri}/{table}").delete(rows)


def found(lake: Lake) -> list[tuple[str, str, str]]:
    """Return what is wrong with the rows of a lake; that another tool rewrote its files is not looked at."""
    rows = [row for row in samples.open(lake.uri).check() if row["files"] is None]
    return [(row["level"], row["found"], row["way_out"]) for row in rows]


AGAIN = "the ingest or import that began the run adds them"


def test_the_same_ingest_adds_the_prompts_that_were_lost(drawn):
    whole = drawn.lake.read("prompts").sort_by("problem_id")
    delete(drawn.lake, "prompts", "problem_id = 'sum-1'")
    assert found(drawn.lake) == [("wrong", "samples of problems without a prompt", AGAIN)]
    record(drawn.lake, drawn.prepared)
    assert found(drawn.lake) == []
    assert drawn.lake.read("prompts").sort_by("problem_id") == whole


def test_prompts_that_are_there_are_compared_while_others_are_lost(drawn):
    delete(drawn.lake, "prompts", "problem_id = 'sum-1'")
    delete(drawn.lake, "prompts", "problem_id = 'sum-2'")
    rows = DeltaTable(f"{drawn.lake.uri}/prompts")
    rows.update(updates={"text": "'other'"})
    with pytest.raises(UsageError, match='the prompt of problem "sum-0" is not the one that its samples were drawn'):
        record(drawn.lake, drawn.prepared)
    assert drawn.lake.read("prompts")["problem_id"].to_pylist() == ["sum-0"]


def test_the_same_import_adds_the_problem_of_counts_that_was_lost(counted):
    lake, add = counted
    whole = lake.read("problems").sort_by("problem_id")
    delete(lake, "problems", "problem_id = 'p'")
    assert found(lake) == [("wrong", "samples of problems that table problems does not know", AGAIN)]
    assert [row["samples"] for row in lake.check() if row["level"] == "wrong"] == [8]
    assert add() == ()
    assert found(lake) == []
    assert lake.read("problems").sort_by("problem_id") == whole


@pytest.mark.parametrize("lost", ["true", "problem_id = 'p'"])
def test_the_same_import_adds_the_counts_that_were_lost(counted, lost):
    lake, add = counted
    whole = lake.read("counts").sort_by("problem_id")
    delete(lake, "counts", lost)
    said = ("problems of an import without samples or counts", "the same import again adds them")
    assert found(lake) == [("wrong", *said)]
    (run,) = lake.read("runs")["run_id"].to_pylist()
    with leases.held(lake.place, run, "samples import", alone=False):
        assert found(lake) == [("note", *said)]
    assert add() == ("counts",)
    assert found(lake) == []
    assert lake.read("counts").sort_by("problem_id") == whole


@pytest.mark.parametrize("lost", ["sample_index = 3", "sample_index IN (1, 3, 7)"])
def test_the_same_ingest_draws_what_is_missing_of_units(drawn, lost):
    delete(drawn.lake, "samples", lost)
    assert {what for _, what, _ in found(drawn.lake)} == {"units with gaps", "units of which only a part is named"}
    committer(drawn.lake, drawn.run).commit([drawn.draw(unit) for unit in drawn.plan(8)])
    assert found(drawn.lake) == []


def test_verdicts_of_an_unknown_status_are_judged_anew(drawn):
    rescore(drawn.lake, "numeric", workers=1)
    whole = drawn.lake.query("pass_at_k").dicts()
    DeltaTable(f"{drawn.lake.uri}/verdicts").update(updates={"status": "'bogus'"}, predicate="sample_index < 3")
    ((level, what, way_out),) = found(drawn.lake)
    assert (level, what) == ("wrong", "verdicts of an unknown status")
    assert "samples rescore --again" in way_out
    assert drawn.lake.query("pass_at_k").dicts() != whole
    assert rescore(drawn.lake, "numeric", workers=1, again=True).verified == 9
    assert found(drawn.lake) == []
    assert drawn.lake.query("pass_at_k").dicts() == whole

"""What a check names as the way out of a loss gives back what was lost: each test goes that way."""

import pytest
from deltalake import DeltaTable

import samples
from samples.api import Lake
from samples.errors import UsageError
from samples.ingest.segment import committer
from samples.runs.record import record


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
    rows = [row for row in samples.open(lake.uri).check() if row["samples"] is not None and row["files"] is None]
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
    rows.update({"text": "'other'"})
    with pytest.raises(UsageError, match='the prompt of problem "sum-0" is not the one that its samples were drawn'):
        record(drawn.lake, drawn.prepared)
    assert drawn.lake.read("prompts")["problem_id"].to_pylist() == ["sum-0"]

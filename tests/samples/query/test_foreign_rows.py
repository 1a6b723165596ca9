"""Rows of another program that say what cannot be: no answer counts them, or it is refused in one line."""

import pytest
from deltalake import DeltaTable

from samples.api import Lake
from samples.errors import LakeError

FIRST = "problem_id = 'p1' and sample_index = 0"


@pytest.fixture
def lake(lakes, tmp_path) -> Lake:
    return lakes.filled(tmp_path / "lake")


def update(lake: Lake, table: str, values: dict[str, str], rows: str | None = None) -> None:
    """Change rows as another tool does."""
    DeltaTable(f"{lake.uri}/{table}").update(updates=values, predicate=rows)


def tallies(lake: Lake, run: str = "a") -> dict[str, tuple[int, ...]]:
    rows = lake.sql(f"SELECT * FROM tallies WHERE run = '{run}'").dicts()
    return {row["problem_id"]: tuple(row[name] for name in ("n", "c", "errors", "timeouts")) for row in rows}


def test_a_verdict_of_an_unknown_status_counts_as_an_error(lake, lakes, tmp_path):
    other = lakes.filled(tmp_path / "other")
    update(lake, "verdicts", {"status": "'bogus'"}, FIRST)
    update(other, "verdicts", {"status": "'error'"}, FIRST)
    assert tallies(lake)["p1"] == tallies(other)["p1"] == (3, 2, 1, 0)
    for query in ("pass_at_k", "majority"):
        assert lake.query(query).dicts() == other.query(query).dicts()
    (row,) = [row for row in lake.query("errors", runs="a") if row["error"] == "unknown status bogus"]
    assert (row["kind"], row["samples"], row["example_problem_id"]) == ("verdict error", 1, "p1")


def test_a_verdict_of_an_unknown_status_counts_as_an_error_where_passes_overlap(lake, lakes):
    (run,) = lake.sql("SELECT run_id FROM runs WHERE run = 'a'")["run_id"]
    again = {"problem_id": "p1", "verifier_version": "2", "pass_id": 2, "reward": None, "answer": None, "detail": None}
    rows = [{**again, "sample_index": n, "status": s, "seconds": 0} for n, s in ((0, "bogus"), (1, "correct"))]
    lakes.append(lake, "verdicts", rows, verifier="v", run_id=run)
    assert tallies(lake)["p1"] == (3, 3, 1, 0)


def test_the_last_number_that_a_sample_can_have_is_counted_where_a_verifier_judged_twice(lake, lakes):
    (run,) = lake.sql("SELECT run_id FROM runs WHERE run = 'a'")["run_id"]
    lakes.draw(lake, "a", [("p1", 2**31 - 1)])
    about = {"problem_id": "p1", "verifier_version": "2", "pass_id": 2, "reward": None, "answer": None, "detail": None}
    rows = [{**about, "sample_index": n, "status": "correct", "seconds": 0} for n in (0, 2**31 - 1)]
    lakes.append(lake, "verdicts", rows, verifier="v", run_id=run)
    assert tallies(lake)["p1"] == (5, 4, 0, 0)


@pytest.mark.parametrize("asked", ["pass_at_k", "of one run", "sql", "sql of other runs"])
def test_runs_of_one_name_are_refused_with_their_ids(lake, asked):
    ids = sorted(lake.read("runs")["run_id"].to_pylist())
    update(lake, "runs", {"name": "'a'"}, "name = 'b'")
    with pytest.raises(LakeError, match='2 runs named "a"') as error:
        {
            "pass_at_k": lambda: lake.query("pass_at_k"),
            "of one run": lambda: lake.query("pass_at_k", runs=ids[0]),
            "sql": lambda: lake.sql("SELECT run, sum(c) FROM tallies GROUP BY run"),
            "sql of other runs": lambda: lake.sql("SELECT * FROM samples", runs="c"),
        }[asked]()
    assert all(one in str(error.value) for one in ids)
    assert "\n" not in str(error.value)


def test_of_runs_of_one_name_one_can_be_dropped_by_its_id(lake, lakes, tmp_path):
    other = lakes.filled(tmp_path / "other")
    (run,) = lake.sql("SELECT run_id FROM runs WHERE run = 'b'")["run_id"]
    update(lake, "runs", {"name": "'a'"}, "name = 'b'")
    assert lake.runs().table.num_rows == 2  # who chooses one sees both
    lake.drop(run)
    assert lake.query("pass_at_k").dicts() == other.query("pass_at_k", runs="a").dicts()


def test_scorers_of_one_name_are_refused_with_their_ids(lake, lakes):
    lakes.SCORER, before = "s" + "f" * 16, lakes.SCORER
    try:
        lakes.add_scorer(lake, "t")
    finally:
        lakes.SCORER = before
    update(lake, "scorers", {"name": "'s'"}, "name = 't'")
    with pytest.raises(LakeError, match=f'2 scorers named "s" .*{before}'):
        lake.query("perplexity", scorer="s")

"""Searches count samples, each once."""

from samples.browse.texts import Sought, search
from samples.runs.run import find

WRONG = Sought("wrong", "s")


def found(lake, **where):
    return search(lake, [find(lake, "a")], where.get("problem"), WRONG, "v")


def test_a_search_counts_samples_by_status_and_lists_those_with_a_match(filled):
    expected = filled.sql(
        "SELECT coalesce(v.status, 'unjudged') AS status, countif(c.text LIKE '%wrong%') AS hit, count(*) AS looked "
        "FROM completions c JOIN samples s USING (run_id, problem_id, sample_index) "
        "LEFT JOIN verdicts v USING (run_id, problem_id, sample_index) WHERE c.run = 'a' GROUP BY ALL"
    )
    here = found(filled)
    assert {row[1:] for row in here.counts} == {(row["status"], row["hit"], row["looked"]) for row in expected}
    assert {hit.match for hit in here.hits} == {"wrong"}
    assert len(here.hits) == sum(row["hit"] for row in expected) > 0


def test_a_sample_whose_rows_are_there_twice_counts_once(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    before = found(lake)
    run = find(lake, "a")
    for table in ("samples", "completions", "verdicts"):
        here = {"verifier": "v", "run_id": run.run_id} if table == "verdicts" else run.partition
        rows = lake.read(table, run_id=run.run_id).drop_columns(list(here))
        lake.append(table, "test", lambda rows=rows, here=here: [(rows, here)])
    after = found(lake)
    assert after.counts == before.counts
    assert after.hits == before.hits

"""Searches count samples, each once."""

from urllib.parse import urlencode

import pytest

from samples.browse.address import Address
from samples.browse.texts import Sought, matches, search
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


def test_a_match_is_marked_at_its_place_and_not_where_its_text_stands_first(served, add_texts, tmp_path):
    client = served(add_texts(tmp_path / "lake", ["concatenate the cat", "-"]))
    page = client.ask("sample?run=r&problem=p&index=0&regex=1&text=%5Cbcat")
    assert "concatenate the </span><span" in page.text
    assert 'found" title="answer that v took">cat</span></div>' in page.text


@pytest.mark.parametrize(
    ("text", "sought", "places"),
    [
        ("na\u00efve\0 cat \U0001f389 cat", "cat", [7, 13]), ("ab\nab", "(?m)^ab$", [0, 3]), ("baaac", "a*", [1]),
        ("abab ab", "ab$", [5]), ("abc", "(b)c", [1]), ("ab", "\\b", []),
    ],
)  # fmt: skip
def test_matches_have_their_places(text, sought, places):
    asked = Address("sample", urlencode({"text": sought, "regex": 1}))
    assert [place for place, _ in matches(text, asked)] == places

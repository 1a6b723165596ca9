"""Which verifier is the only one, as the log says it, is what the rows say."""

import pytest

import samples
import samples_queries
from samples.lake.files import EVERYTHING, Selection
from samples.query.connection import engine
from samples.query.views import Views


def only(lake, kept=EVERYTHING):
    """Return the rows of the view, which the log gave. The verdicts themselves give the same."""
    with engine() as connection:
        views = Views(connection, lake, ["runs", "only_verifier"])
        views.create(["runs"])
        views.create(["only_verifier"], kept)
        made = "SELECT sql FROM duckdb_views() WHERE view_name = 'only_verifier'"
        assert "verdicts" not in str(connection.execute(made).fetchall())
        found = connection.execute("FROM only_verifier").fetchall()
        assert found == connection.execute(samples_queries.text("views/only_verifier")).fetchall()
    return found


@pytest.fixture
def lake(lakes, tmp_path):
    return lakes.filled(tmp_path / "lake")


def judge(lakes, lake, run_id, verifier):
    row = {"problem_id": "p1", "sample_index": 0, "verifier_version": "1", "pass_id": 1, "status": "wrong", "reward": 0}
    lakes.append(
        lake, "verdicts", [{**row, "answer": None, "detail": None, "seconds": 0}], verifier=verifier, run_id=run_id
    )


def test_one_verifier_several_and_none(lakes, lake):
    ids = {row["name"]: row["run_id"] for row in lake.read("runs").to_pylist()}
    assert only(lake) == [("v",)]
    judge(lakes, lake, ids["b"], "w")
    assert only(lake) == []
    assert only(lake, Selection(frozenset({ids["a"]}))) == [("v",)]
    assert only(lake, Selection(verifiers=frozenset({"w"}))) == [("w",)]
    assert only(lake, Selection(frozenset())) == []


def test_verdicts_of_a_dropped_run_do_not_count(lakes, lake):
    judge(lakes, lake, {row["name"]: row["run_id"] for row in lake.read("runs").to_pylist()}["b"], "w")
    lake.drop("b")
    assert only(samples.open(lake.uri)) == [("v",)]

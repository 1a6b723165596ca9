"""Queries: what a header says is what comes back, and statistics agree with exact fractions."""

import re
from fractions import Fraction
from math import comb

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import samples_queries
from samples_schemas import TABLES


def header(name: str) -> dict[str, list[str]]:
    found = re.findall(
        r"^-- (params|reads|grain|columns) +(.*)$|^-- (params)$", samples_queries.text(name), re.MULTILINE
    )
    return {key or bare: [item.strip() for item in value.split(",") if item.strip()] for key, value, bare in found}


def empty() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for name, table in TABLES.items():
        connection.register(name, table.schema.empty_table())
    connection.execute(f"CREATE TEMP VIEW tallies AS {samples_queries.text('tallies')}")
    return connection


EXAMPLES = {"runs": [], "verifier": None, "ks": [1, 2], "dataset": None}


@pytest.mark.parametrize("name", samples_queries.NAMES)
def test_a_query_binds_against_empty_tables_and_gives_its_headers_columns_in_order(name):
    said = header(name)
    assert said.keys() == {"params", "reads", "grain", "columns"}
    params = {param.removeprefix("$"): EXAMPLES[param.removeprefix("$")] for param in said["params"]}
    rows = empty().sql(samples_queries.text(name), params=params or None).to_arrow_table()
    assert rows.column_names == said["columns"]
    assert rows.num_rows == 0
    assert set(said["grain"]) <= set(said["columns"])


@pytest.mark.parametrize("name", samples_queries.NAMES)
def test_a_query_uses_the_parameters_and_tables_that_its_header_names(name):
    said, text = header(name), re.sub(r"^--.*$", "", samples_queries.text(name), flags=re.MULTILINE)
    assert set(re.findall(r"\$\w+", text)) == set(said["params"])
    known = {*TABLES, "tallies"}
    used = {word for word in re.findall(r"(?:FROM|JOIN)\s+(\w+)", text) if word in known}
    assert used == set(said["reads"])


def curve(counts: list[tuple[int, int]], ks: list[int]) -> dict[int, tuple[int, float]]:
    """pass@k by the query, from one run's (n, c) per problem: k to (problems used, mean)."""
    tallies = pa.table(
        {
            "run": ["a"] * len(counts),
            "dataset": ["d"] * len(counts),
            "problem_id": [str(index) for index in range(len(counts))],
            "verifier": ["v"] * len(counts),
            "n": pa.array([n for n, _ in counts], pa.int64()),
            "c": pa.array([c for _, c in counts], pa.int64()),
            "errors": pa.array([0] * len(counts), pa.int64()),
            "timeouts": pa.array([0] * len(counts), pa.int64()),
        }
    )
    with duckdb.connect() as connection:
        connection.register("tallies", tallies)
        params = {"runs": [], "verifier": None, "ks": ks}
        rows = connection.sql(samples_queries.text("pass_at_k"), params=params).fetchall()
    return {row[3]: (row[4], row[5]) for row in rows}


def exactly(counts: list[tuple[int, int]], k: int) -> tuple[int, float] | None:
    """The same by counting subsets, in fractions."""
    used = [(n, c) for n, c in counts if n >= k]
    total = sum((1 - Fraction(comb(n - c, k), comb(n, k)) for n, c in used), Fraction(0))
    return (len(used), float(total / len(used))) if used else None


@settings(max_examples=200, deadline=None)
@given(
    counts=st.lists(st.integers(1, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=1),
    ks=st.lists(st.integers(1, 60), min_size=1, unique=True),
)
def test_pass_at_k_is_the_exact_chance_for_any_counts(counts, ks):
    found = curve(counts, ks)
    expected = {k: value for k in ks if (value := exactly(counts, k))}
    assert found.keys() == expected.keys()
    for k, (problems, mean) in expected.items():
        assert found[k][0] == problems
        assert found[k][1] == pytest.approx(mean, abs=1e-13)


@pytest.mark.parametrize(
    ("counts", "ks"),
    [
        ([(4, 0), (4, 0)], [1, 4]),  # nobody solved any
        ([(4, 4), (4, 4)], [1, 4]),  # everybody solved all
        ([(4, 0), (4, 4), (4, 1)], [1, 2, 3, 4]),
        ([(1, 1)], [1]),  # one sample
        ([(8, 3), (2, 1)], [1, 2, 8]),  # ragged
        ([(10_000, 1), (10_000, 9_999), (10_000, 0), (10_000, 37)], [1, 100, 5_000, 9_999, 10_000]),
    ],
)
def test_pass_at_k_at_its_edges(counts, ks):
    assert curve(counts, ks) == {k: pytest.approx(exactly(counts, k), abs=1e-12) for k in ks}


def test_a_matrix_with_known_values_has_them():
    """R = [[0,1,1,0,1],[1,1,0,1,1]]: pass@1 0.7, pass@2 0.95."""
    assert curve([(5, 3), (5, 4)], [1, 2]) == {1: (2, pytest.approx(0.7)), 2: (2, pytest.approx(0.95))}


def lake_of(judged: list[tuple[str, int, int, str]], failed: list[tuple[str, int]]) -> duckdb.DuckDBPyConnection:
    """One run: (problem, sample_index, pass_id, status) of its verdicts, (problem, sample_index) of failed samples."""
    connection = empty()
    run = {"run_id": "r1", "name": "a", "dataset": "d", "model": "m", "engine": "toy", "specification": "{}"}
    more = {"problem_hashes": [("p", "h")], "labels": [], "versions": [], "created_at": 0}
    connection.register("runs", pa.Table.from_pylist([{**run, **more}], schema=TABLES["runs"].schema))
    verdict = {"run_id": "r1", "verifier": "v", "verifier_version": "1", "seconds": 0.0}
    verdicts = [
        {**verdict, "problem_id": problem, "sample_index": i, "pass_id": p, "status": s} for problem, i, p, s in judged
    ]
    connection.register("verdicts", pa.Table.from_pylist(verdicts, schema=TABLES["verdicts"].schema))
    sample = {"run_id": "r1", "dataset": "d", "tokens": 0, "cumulative_logprob": 0.0, "seed": 0, "attempt": "x"}
    samples = [{**sample, "problem_id": problem, "sample_index": i, "error": "broke"} for problem, i in failed]
    connection.register("samples", pa.Table.from_pylist(samples, schema=TABLES["samples"].schema))
    return connection


def tally(statuses: list[tuple[int, int, str]], errors: int = 0) -> dict[str, tuple[int, int, int, int]]:
    """(n, c, errors, timeouts) per verifier from (sample_index, pass_id, status) rows of one problem."""
    connection = lake_of([("p", *status) for status in statuses], [("p", 100 + i) for i in range(errors)])
    return {row[3]: row[4:] for row in connection.sql("SELECT * FROM tallies").fetchall()}


def test_errors_and_timeouts_are_in_no_n_and_counted_apart():
    statuses = ["correct", "wrong", "no_answer", "timeout", "error"]
    assert tally([(i, 1, s) for i, s in enumerate(statuses)], errors=2) == {"v": (3, 1, 3, 1)}


def test_the_samples_of_a_problem_that_all_failed_are_counted():
    """Nothing of it was judged, but another problem of its run was."""
    connection = lake_of([("p", 0, 1, "correct")], [("p", 100), ("q", 101), ("q", 102)])
    assert connection.sql("SELECT problem_id, n, c, errors, timeouts FROM tallies").fetchall() == [
        ("p", 1, 1, 1, 0),
        ("q", 0, 0, 2, 0),
    ]
    params = {"runs": [], "verifier": None, "ks": [1]}
    assert connection.sql(samples_queries.text("pass_at_k"), params=params).fetchall() == [
        ("a", "d", "v", 1, 1, 1.0, 3, 0)
    ]


def test_a_run_that_nobody_judged_is_in_no_tally():
    assert lake_of([], [("p", 0)]).sql("SELECT * FROM tallies").fetchall() == []


@pytest.mark.parametrize("name", samples_queries.NAMES)
def test_the_parameters_of_a_query_are_those_of_its_header(name):
    assert [f"${parameter}" for parameter in samples_queries.parameters(name)] == header(name)["params"]


def test_the_verdict_of_the_highest_pass_is_the_current_one():
    assert tally([(0, 1, "wrong"), (0, 3, "correct"), (0, 2, "timeout")]) == {"v": (1, 1, 0, 0)}

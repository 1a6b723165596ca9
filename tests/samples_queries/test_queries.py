"""Queries: what a header says is what comes back, and statistics agree with exact fractions."""

import inspect
import json
import keyword
import re
import shlex
from fractions import Fraction
from importlib import import_module
from importlib.resources import files
from math import comb

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import samples_queries
from samples.lake.files import Selection
from samples.query import parameters
from samples.query.connect import connect
from samples.query.filters import NAMES, Known
from samples.query.relations import relate
from samples.query.views import beneath, define, in_order
from samples_queries import GROUPS, KINDS, TAKES, Unanswerable, header, is_sql, listing, reference
from samples_queries.asking import ask
from samples_queries.glossary import GLOSSARY
from samples_schemas import TABLES, VIEWS

# What an analyst reads is declared in VIEWS; queries share other views too, and views stand on one another.
VIEW_FILES = {file.name.removesuffix(".sql") for file in (files("samples_queries") / "views").iterdir()}
RUNS = [Known("a", "r-a", "d", {}), Known("b", "r-b", "d", {})]
NEEDED = {"int": 1, "float": 0.5, "text": "p1", "bool": True, "ints": [1, 2], "floats": [0.5], "scorer": "s"}
MORE = {"review_queue": {"max_accuracy": 1}}  # problems of few samples have no accuracy as low as the default
SQL = [name for name in samples_queries.NAMES if is_sql(name)]
PYTHON = [name for name in samples_queries.NAMES if not is_sql(name)]


def empty() -> duckdb.DuckDBPyConnection:
    """A connection in which every view is, over no rows."""
    connection = duckdb.connect()
    connection.execute("CREATE SCHEMA lake")
    for table in TABLES.values():
        relate(connection, table, [], Selection())
    define(connection, in_order(sorted(VIEW_FILES)))
    return connection


def tables_in(text: str) -> set[str]:
    """Names of the tables and views that SQL reads, by DuckDB's own parser."""
    (row,) = duckdb.connect().execute("SELECT json_serialize_sql($text::VARCHAR)", {"text": text}).fetchall()
    found: set[str] = set()
    given: set[str] = set()

    def look(node):
        for part in node if isinstance(node, list) else node.values() if isinstance(node, dict) else ():
            look(part)
        if isinstance(node, dict) and node.get("type") == "BASE_TABLE":
            found.add(f"{node['schema_name']}.{node['table_name']}".removeprefix("."))
        if isinstance(node, dict):
            given.update(entry["key"] for entry in node.get("cte_map", {}).get("map", ()))

    look(json.loads(row[0]))
    return found - given


def examples(name: str) -> dict[str, object]:
    """A value for every parameter that has no default."""
    wanted = [p for p in header(name).params if p.default is None and p.kind not in {"runs", "verifier", "problems"}]
    runs = iter(("a", "b"))
    return {p.name: next(runs) if p.kind == "run" else NEEDED[p.kind] for p in wanted}


@pytest.mark.parametrize("name", samples_queries.NAMES)
def test_a_header_is_whole(name):
    said = header(name)
    assert said.name == name
    assert said.answers
    assert said.reads
    assert set(said.reads + said.scored) <= VIEW_FILES
    assert said.columns
    assert said.group in GROUPS
    assert said.example
    assert set(said.grain) <= set(said.columns)
    assert {p.kind for p in said.params} <= set(KINDS)
    reserved = {*NAMES, "memory", "threads"} - {"runs"}
    assert not {p.name for p in said.options} & reserved, "a common filter has this name"


@pytest.mark.parametrize("name", samples_queries.NAMES)
def test_a_query_that_takes_pool_reads_counts_alone(name):
    said = header(name)
    assert set(said.takes) <= set(TAKES.values())
    assert not set(TAKES) & {p.name for p in said.params}
    if TAKES["pool"] in said.takes:  # samples of several runs have the same indices
        assert set(said.reads) <= {"tallies", "verified", "pairs", "drawn"}
    else:
        assert not said.pooled


@pytest.mark.parametrize("name", samples_queries.NAMES)
def test_every_parameter_and_column_has_one_meaning_and_nothing_else_has(name):
    said = header(name)
    assert said.meanings.keys() == {*(p.name for p in said.options), *said.columns, *said.pooled}
    for meaning in said.meanings.values():
        assert meaning.strip() == meaning != ""
        assert not meaning.endswith("."), "a phrase, not a sentence"


def test_every_meaning_of_the_glossary_is_one_of_several_queries():
    used = [word for name in samples_queries.NAMES for word, said in header(name).meanings.items() if word in GLOSSARY]
    shared = [word for word in GLOSSARY if used.count(word) > 1]
    assert shared == list(GLOSSARY)


def asked(example: str) -> tuple[str, dict[str, str]]:
    """The query and the parameters of a command such as `samples query coverage --a base --b rl --verifier math`."""
    program, command, name, *words = shlex.split(example)
    assert (program, command) == ("samples", "query")
    options = {option: p for p in header(name).params for option in p.option.split("/")}
    given: dict[str, str] = {}
    while words:
        option = words.pop(0)
        parameter = options[option]
        given[parameter.name] = str(not option.startswith("--no-")) if parameter.kind == "bool" else words.pop(0)
    return name, given


@pytest.mark.parametrize("name", samples_queries.NAMES)
def test_the_example_of_a_query_can_be_asked_as_it_stands(name):
    said = header(name)
    found, given = asked(said.example)
    assert found == name
    parameters.check(said, given)
    names = [word for p in said.params if p.kind in {"run", "runs"} for word in given.get(p.name, "").split(",")]
    runs = [Known(run, f"r-{run}", "d", {}) for run in dict.fromkeys(filter(None, names))]
    bound = parameters.bind(said, given, runs, runs, lambda judge, _: judge or "v")
    assert bound.keys() == {p.name for p in said.params}


def test_an_option_has_dashes_and_a_flag_has_two_names():
    assert samples_queries.Parameter("min_n", "int", "4").option == "--min-n"
    assert samples_queries.Parameter("all_runs", "bool", "false").option == "--all-runs/--no-all-runs"


@pytest.mark.parametrize("name", samples_queries.NAMES)
def test_the_reference_of_a_query_says_all_of_its_header_in_80_columns(name):
    said, text = header(name), reference(name)
    assert max(map(len, text.splitlines())) <= 80
    assert not any(line.endswith(" ") for line in text.splitlines())
    words = " ".join(text.split())
    for part in (said.answers, *said.meanings.values(), *filter(None, said.about.splitlines()), said.example):
        assert " ".join(part.split()) in words
    for p in said.options:
        assert re.search(rf"^  {p.name} +{KINDS[p.kind]}, ", text, re.MULTILINE)
    for column in said.columns + said.pooled:
        assert re.search(rf"^  {column} +\S", text, re.MULTILINE)


def test_the_list_has_every_query_once_in_its_group():
    groups = listing()
    assert tuple(groups) == GROUPS
    assert sorted(name for queries in groups.values() for name in queries) == list(samples_queries.NAMES)
    assert all(header(name).answers == said for queries in groups.values() for name, said in queries.items())


def test_a_header_keeps_paragraphs_and_list_items_apart():
    about = header("forecast").about.splitlines()
    assert about[0].startswith("What is forecast: ")
    assert about[1] == ""
    assert [line.partition(":")[0] for line in about if line.startswith("- ")][:4] == [
        "- base, n = 8", "- base, n = 16", "- base, n = 32", "- base, n = 64",
    ]  # fmt: skip


def test_a_header_has_its_own_meaning_or_that_of_the_glossary():
    assert header("pass_at_k").meanings["ks"] == GLOSSARY["ks"]
    assert header("efficiency_gap").meanings["ks"] != GLOSSARY["ks"]
    continued = header("reliability").meanings["g_pass_at_k"]
    assert continued.startswith("G-Pass@k: ")
    assert continued.endswith(" averaged over problems, in [0, 1]")


@pytest.mark.parametrize("name", SQL)
def test_a_query_binds_against_empty_tables_and_gives_its_headers_columns_in_order(name):
    said = header(name)
    bound = parameters.bind(said, examples(name), RUNS, RUNS, lambda judge, _: judge or "v")
    try:
        rows = ask(empty(), name, bound).rows
    except Unanswerable:
        assert "problem_set" in bound
        return
    assert tuple(rows.column_names) == said.columns


@pytest.mark.parametrize("name", PYTHON)
def test_a_function_gives_its_headers_columns_on_empty_tables_or_says_that_it_cannot(name):
    bound = parameters.bind(header(name), examples(name), RUNS, RUNS, lambda judge, _: judge or "v")
    try:
        rows = ask(empty(), name, bound).rows
    except Unanswerable:
        return
    assert tuple(rows.column_names) == header(name).columns


@pytest.mark.parametrize("name", PYTHON)
def test_a_function_takes_the_parameters_of_its_header(name):
    taken = inspect.signature(import_module(f"samples_queries.{name}").answer).parameters.values()
    named, wanted = [p.name for p in taken if p.kind is p.KEYWORD_ONLY], [p.name for p in header(name).params]
    if any(p.kind is p.VAR_KEYWORD for p in taken):  # it takes names that are words of Python's own, such as from
        assert any(map(keyword.iskeyword, wanted[len(named) :]))
        wanted = wanted[: len(named)]
    assert named == wanted


@pytest.mark.parametrize("name", samples_queries.NAMES)
def test_a_query_of_a_lake_gives_its_headers_columns_and_one_row_per_grain(name, filled):
    rows = filled.query(name, **examples(name), **MORE.get(name, {}))
    assert tuple(rows.columns) == header(name).columns
    keys = [tuple(str(row[column]) for column in header(name).grain) for row in rows.dicts()]
    assert keys
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("name", SQL)
def test_a_query_uses_the_parameters_and_views_that_its_header_names(name):
    said, text = header(name), re.sub(r"--.*$", "", samples_queries.text(name), flags=re.MULTILINE)
    read, bound = tables_in(text), set(re.findall(r"\$(\w+)", text))
    if said.params and any(p.kind == "problems" for p in said.params):  # runs, and their problems, are settled before
        assert "compared" in read
        read = read - {"compared", "judged_problems"} | {"verified"}
        bound |= {"runs", "verifier", "problem_set"}
    assert bound == {p.name for p in said.params}
    assert read == set(said.reads)


@pytest.mark.parametrize("name", list(in_order(VIEWS)))
def test_a_view_reads_what_its_header_names(name):
    said, text = header(f"views/{name}"), samples_queries.text(f"views/{name}")
    assert said.name == name
    assert said.made in {(), ("once",)}
    places = set(re.findall(r"{(\w+)}", text)) if said.each else set()
    assert set(said.each) <= places, "what it is once for each of is filled in"
    assert tables_in(text.format(**dict.fromkeys(places, "0"))) == set(said.reads)
    assert beneath(name) <= set(TABLES)


def test_no_view_is_there_that_nothing_reads():
    read = {view for name in samples_queries.NAMES for view in header(name).reads + header(name).scored}
    assert set(in_order(sorted({*VIEWS, *read}))) == VIEW_FILES


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_has_the_columns_and_types_of_its_declaration(name, filled):
    declared = duckdb.connect().register("declared", VIEWS[name].schema.empty_table()).sql("DESCRIBE declared")
    expected = [row[:2] for row in declared.fetchall()]
    assert [row[:2] for row in empty().sql(f"DESCRIBE {name}").fetchall()] == expected
    with connect(filled) as connection:
        assert [row[:2] for row in connection.sql(f"DESCRIBE {name}").fetchall()] == expected
        assert connection.sql(f"FROM {name}").to_arrow_table().num_rows


def test_every_view_and_column_says_what_it_means():
    for view in VIEWS.values():
        assert view.meaning
        assert all(column.meaning for column in view.columns)
        assert len({column.name for column in view.columns}) == len(view.columns)


def curve(tallied, counts: list[tuple[int, int]], ks: list[int]) -> dict[int, tuple[int, float]]:
    """pass@k by the query, from one run's (n, c) per problem: k to (problems used, mean)."""
    to = tallied.connection({"a": tallied.of(counts)})
    rows = tallied.answered("pass_at_k", to, runs=["a"], verifier="v", ks=ks)
    return {row["k"]: (row["problems"], row["pass_at_k"]) for row in rows}


def exactly(counts: list[tuple[int, int]], k: int) -> tuple[int, float] | None:
    """The same by counting subsets, in fractions."""
    used = [(n, c) for n, c in counts if n >= k]
    total = sum((1 - Fraction(comb(n - c, k), comb(n, k)) for n, c in used), Fraction(0))
    return (len(used), float(total / len(used))) if used else None


@pytest.mark.heavy
@settings(max_examples=200, deadline=None)
@given(
    counts=st.lists(st.integers(1, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=1),
    ks=st.lists(st.integers(1, 60), min_size=1, unique=True),
)
def test_pass_at_k_is_the_exact_chance_for_any_counts(tallied, counts, ks):
    ks = [k for k in ks if k <= max(n for n, _ in counts)] or [1]
    found = curve(tallied, counts, ks)
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
def test_pass_at_k_at_its_edges(tallied, counts, ks):
    assert curve(tallied, counts, ks) == {k: pytest.approx(exactly(counts, k), abs=1e-12) for k in ks}


def test_a_matrix_with_known_values_has_them(tallied):
    """R = [[0,1,1,0,1],[1,1,0,1,1]]: pass@1 0.7, pass@2 0.95."""
    assert curve(tallied, [(5, 3), (5, 4)], [1, 2]) == {1: (2, pytest.approx(0.7)), 2: (2, pytest.approx(0.95))}


def lake_of(judged: list[tuple[str, int, int, str]], failed: list[tuple[str, int]]) -> duckdb.DuckDBPyConnection:
    """One run: (problem, sample_index, pass_id, status) of its verdicts, (problem, sample_index) of failed samples."""
    connection = duckdb.connect()
    connection.execute("CREATE SCHEMA lake")
    run = {"run_id": "r1", "name": "a", "dataset": "d", "model": "m", "engine": "toy", "specification": "{}"}
    more = {"problem_hashes": [("p", "h")], "labels": [], "versions": [], "created_at": 0}
    tables = {"runs": [{**run, **more}]}
    verdict = {"run_id": "r1", "verifier": "v", "verifier_version": "1", "seconds": 0.0}
    tables["verdicts"] = [
        {**verdict, "problem_id": problem, "sample_index": i, "pass_id": p, "status": s} for problem, i, p, s in judged
    ]
    sample = {"run_id": "r1", "dataset": "d", "tokens": 0, "cumulative_logprob": 0.0, "seed": 0, "attempt": "x"}
    tables["samples"] = [
        {**sample, "problem_id": problem, "sample_index": i, "error": "broke"} for problem, i in failed
    ]
    for name, table in TABLES.items():
        connection.register(f"rows_of_{name}", pa.Table.from_pylist(tables.get(name, []), schema=table.schema))
        connection.execute(f"CREATE VIEW lake.{name} AS FROM rows_of_{name}")
    define(connection, in_order(VIEWS))
    return connection


def tally(statuses: list[tuple[int, int, str]], errors: int = 0) -> dict[str, tuple[int, int, int, int]]:
    """(n, c, errors, timeouts) per verifier from (sample_index, pass_id, status) rows of one problem."""
    connection = lake_of([("p", *status) for status in statuses], [("p", 100 + i) for i in range(errors)])
    rows = connection.sql("SELECT verifier, n, c, errors, timeouts FROM tallies").fetchall()
    return {row[0]: row[1:] for row in rows}


def test_errors_and_timeouts_are_in_no_n_and_counted_apart():
    statuses = ["correct", "wrong", "no_answer", "timeout", "error"]
    assert tally([(i, 1, s) for i, s in enumerate(statuses)], errors=2) == {"v": (3, 1, 3, 1)}


def test_the_samples_of_a_problem_that_all_failed_are_counted():
    """Nothing of it was judged, but another problem of its run was."""
    connection = lake_of([("p", 0, 1, "correct")], [("p", 100), ("q", 101), ("q", 102)])
    assert connection.sql("SELECT problem_id, n, c, errors, timeouts FROM tallies ORDER BY ALL").fetchall() == [
        ("p", 1, 1, 1, 0),
        ("q", 0, 0, 2, 0),
    ]


def test_a_run_that_nobody_judged_is_in_no_tally():
    assert lake_of([], [("p", 0)]).sql("SELECT * FROM tallies").fetchall() == []


def test_the_verdict_of_the_highest_pass_is_the_current_one():
    assert tally([(0, 1, "wrong"), (0, 3, "correct"), (0, 2, "timeout")]) == {"v": (1, 1, 0, 0)}

"""A report shows the rows of queries, says what is wrong, and goes on where a question has no answer."""

import json
import math
import re
import shlex
from datetime import UTC, datetime

import pytest

import samples
import samples_queries
from samples.charts.registry import CHARTS
from samples.errors import LakeError, NotFound, UsageError
from samples.report.page import MOST_ROWS
from samples.report.sections import accuracy, curves, health, judged, lengths, sampled, two
from samples.runs.run import run_id as id_of

SECTIONS = {
    "sampled", "health", "pass-at-k", "compare", "coverage", "by-problem", "accuracy-histogram", "efficiency-gap",
    "support", "reliability", "selection", "forecast", "cost", "perplexity", "divergence", "verdicts", "lengths",
}  # fmt: skip


@pytest.fixture(scope="module")
def lake(lakes, tmp_path_factory):
    return lakes.filled(tmp_path_factory.mktemp("report") / "lake")


@pytest.fixture(scope="module")
def made(lake):
    return lake.report(["a", "b"])


def written(value):
    """Write a value as `samples query` prints it: by other code than the report's."""
    match value:
        case None | bool():
            return "-" if value is None else str(value).lower()
        case float():
            plain = value == 0 or 0.00005 <= abs(value) < 1e15
            return f"{value:.4f}" if plain else "NaN" if math.isnan(value) else f"{value:.3e}"
        case list():
            return ", ".join(map(written, value))
        case dict():
            return " ".join(f"{key}={written(inner)}" for key, inner in value.items())
        case datetime():
            return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    return str(value)


def asked(command):
    """Read a command as a query's name and parameters, and the version of the lake."""
    _, kind, name, *words = shlex.split(command)
    given = {
        word.removeprefix("--").replace("-", "_"): value for word, value in zip(words[::2], words[1::2], strict=True)
    }
    at = given.pop("at")
    where = {"where": dict([given.pop("where").split("=")])} if "where" in given else {}
    if kind == "sql":
        return kind, name, given | where, at
    kinds = {parameter.name: parameter.kind for parameter in samples_queries.header(name).params}
    read = {"ints": lambda text: [int(part) for part in text.split(",")], "float": float}
    return kind, name, {key: read.get(kinds.get(key, ""), str)(value) for key, value in given.items()} | where, at


def rows_of(lake, command):
    kind, name, given, at = asked(command)
    then = samples.open(lake.uri, version=at)
    return then.sql(name, **given) if kind == "sql" else then.query(name, **given)


def check(lake, tables):
    """Compare every table with the rows that its command gives."""
    for table in tables:
        if table.refused and not table.dicts():
            continue
        rows = rows_of(lake, table.command)
        expected = [{name: written(value) for name, value in row.items()} for row in rows][:MOST_ROWS]
        assert table.dicts() == expected, table.command
        assert table.notes == list(rows.notes)


def test_every_section_is_there_and_every_number_is_a_row_of_its_query(lake, made, read_page):
    shown = read_page(made)
    assert set(shown.sections) == SECTIONS | {"short", "how"}
    check(lake, shown.tables)
    numbers = sum(len(row) for table in shown.tables for row in table.dicts())
    assert numbers > 500


def test_every_query_that_has_a_chart_and_rows_is_drawn(made, read_page):
    drawn = {table.query for table in read_page(made).tables if table.charts}
    assert (
        {"pass_at_k", "compare", "coverage", "lengths", "truncation", "divergence", "majority"} <= drawn <= set(CHARTS)
    )


def test_the_markdown_has_the_same_tables_as_the_query_prints(lake, made, tmp_path):
    *pictures, text = made.save(tmp_path / "report.md")
    content = text.read_text()
    assert pictures
    for section in made.sections:
        for answer in section.answers:
            if answer.rows is None:
                continue
            rows = rows_of(lake, answer.command)
            lines = [
                f"| {' | '.join(written(value).replace('|', chr(92) + '|') for value in row.values())} |"
                for row in rows
            ]
            for line in lines[:MOST_ROWS]:
                assert line.replace("*", "\\*").replace("[", "\\[").replace("]", "\\]") in content, answer.command
    linked = re.findall(r"!\[[^]]*\]\(report_files/([\w-]+\.svg)\)", content)
    assert sorted(linked) == sorted(path.name for path in pictures)
    assert all(path.read_bytes().startswith(b"<svg") for path in pictures)


def test_the_markdown_explains_each_query_as_the_page_does(made, tmp_path):
    *_, text = made.save(tmp_path / "report.md")
    content = text.read_text()
    asked = {answer.name for section in made.sections for answer in section.answers} - {"sql"}
    assert set(re.findall(r"<summary>How (\w+) is worked out</summary>", content)) == asked
    selects = [name for name in asked if samples_queries.is_sql(name)]
    assert selects
    for name in selects:
        assert content.count(samples_queries.text(name).rpartition("\n--")[2].partition("\n")[2].strip()) == 1
    assert f'version="{made.version}")\nlake.query("pass_at_k", runs=["a", "b"])' in content


def test_the_commands_read_the_version_of_the_report_whatever_is_added(lakes, part, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    shown = part(lake, ["a", "b"], curves.pass_at_k, sampled.section)
    lakes.append(lake, "verdicts", [verdict("wrong")], verifier="v", run_id=lake.query("runs")[0]["run_id"])
    check(lake, shown.tables)


def verdict(status):
    key = {"problem_id": "p1", "sample_index": 0, "verifier_version": "2", "pass_id": 9}
    return {**key, "status": status, "reward": 0.0, "answer": "x", "seconds": 0.1}


def test_one_run_has_a_report_that_says_what_a_second_one_would_add(lake, part):
    missing = curves.compare, two.by_problem, two.efficiency, two.support
    shown = part(lake, ["a"], curves.pass_at_k, two.coverage, *missing, health.section)
    check(lake, shown.tables)
    for key in ("compare", "by-problem", "efficiency-gap", "support"):
        assert shown.said[key] == [("missing", "This compares two runs of one problem set: name another with --run.")]
    assert {table.query for table in shown.sections["pass-at-k"]} == {"pass_at_k"}


@pytest.mark.nightly
def test_of_three_runs_the_first_is_compared_with_each_other_one(lakes, part, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    lakes.add_run(lake, "c", {"p1": "cwcw", "p2": "wwww", "p3": "cccc", "p4": "cc"})
    shown = part(lake, ["b", "a", "c"], curves.compare, two.coverage, two.efficiency)
    check(lake, shown.tables)
    pairs = {(row["a"], row["b"]) for table in shown.sections["compare"] for row in table.dicts()}
    assert pairs == {("b", "a"), ("b", "c")}
    assert "coverage_many" in {table.query for table in shown.sections["coverage"]}
    gaps = [(row["base"], row["run"]) for table in shown.sections["efficiency-gap"] for row in table.dicts()]
    assert sorted(gaps) == [("b", "a"), ("b", "c")]


def test_runs_of_two_problem_sets_are_compared_within_each(lakes, part, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    lakes.add_problems(lake, "e", {"p1": "{}"})
    lakes.add_run(lake, "x", {"p1": "cw"}, dataset="e")
    lakes.add_run(lake, "y", {"p1": "cc"}, dataset="e")
    shown = part(lake, ["a", "x", "b", "y"], curves.compare)
    compared = {(row["a"], row["b"]) for table in shown.sections["compare"] for row in table.dicts()}
    assert compared == {("a", "b"), ("x", "y")}


def test_a_filter_holds_for_every_number(lake, part):
    shown = part(lake, ["a", "b"], curves.pass_at_k, judged.verdicts, lengths.lengths, where={"level": 5})
    check(lake, shown.tables)
    (curve,) = (table for table in shown.tables if table.query == "pass_at_k")
    assert "--where level=5" in curve.command
    assert curve.shared["problems"] == "2"
    assert "--where level=5" in shown.text


def test_problems_that_cannot_be_guessed_are_those_of_the_reports_verifier(lakes, part, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    run_id = {row["run"]: row["run_id"] for row in lake.query("runs")}["b"]
    lakes.append(lake, "verdicts", [verdict("correct")], verifier="w", run_id=run_id)
    shown = part(lake, ["a", "b"], curves.pass_at_k, verifier="v", exclude_guessable=("b", 0.5))
    (curve,) = (table for table in shown.tables if table.query == "pass_at_k")
    assert not curve.refused


def test_nobody_solved_anything(counted, part):
    lake = counted({"a": {"p": (4, 0), "q": (4, 0)}, "b": {"p": (4, 0), "q": (4, 0)}})
    shown = part(lake, ["a", "b"], curves.pass_at_k, two.coverage, accuracy.forecast, accuracy.selection)
    check(lake, shown.tables)
    assert ("plain", "a and b have the same pass@k at every k up to 4.") in shown.said["pass-at-k"]
    assert any("neither 2" in text for _, text in shown.said["coverage"])
    assert any("only counts were imported" in table.refused for table in shown.sections["selection"])


def test_runs_without_verdicts_have_a_report_that_says_how_to_judge_them(lakes, part, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    specification = {"model": "m", "dataset": "d", "sampling": {}}
    bare = {"run_id": id_of(specification), "name": "bare", "dataset": "d", "model": "m", "engine": "toy"}
    bare |= {"specification": json.dumps(specification)}
    bare |= {"problem_hashes": [("p1", "h-p1")], "labels": [], "versions": [], "created_at": datetime.now(UTC)}
    lakes.append(lake, "runs", [bare])
    shown = part(lake, ["bare"], health.section, curves.pass_at_k, judged.verdicts)
    wrong = [text for kind, text in shown.said["health"] if kind == "wrong"]
    assert any("samples rescore --verifier NAME --run bare" in text for text in wrong)
    (table,) = shown.sections["pass-at-k"]
    said = "run bare has no verdicts yet; add them: samples rescore --verifier numeric --run bare"
    assert table.refused == f"Not answered: {said}"


def test_several_verifiers_and_none_named_is_an_error_of_one_line(lakes, part, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    run_id = {row["run"]: row["run_id"] for row in lake.query("runs")}["a"]
    lakes.append(lake, "verdicts", [verdict("wrong")], verifier="strict", run_id=run_id)
    with pytest.raises(UsageError, match="several verifiers judged these runs: strict, v; choose one with --verifier"):
        lake.report(["a", "b"])
    shown = part(lake, ["a", "b"], judged.verdicts, verifier="v")
    check(lake, shown.tables)
    (agreement,) = (table for table in shown.tables if table.query == "verifier_agreement")
    assert agreement.dicts()[0]["agree"] == "0"


@pytest.mark.parametrize(
    "wrong",
    [
        {"runs": "nope"},
        {"runs": "a", "verifier": "nope"},
        {"runs": "a", "dataset": "nope"},
        {"runs": "a", "problems": ["p1", "nope"]},
        {"runs": "a", "where": {"level": 6}},
        {"runs": "a", "where": {"nope": 5}},
        {"runs": "a", "where": {"level": 1}, "problems": ["p2"]},
        {"runs": "a", "exclude_guessable": ("nope", 0.5)},
    ],
)
def test_what_is_not_there_is_an_error(lake, wrong):
    with pytest.raises(NotFound):
        lake.report(**wrong)


def test_a_file_that_cannot_be_read_is_an_error(lakes, part, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    run_id = lake.query("runs")[0]["run_id"]
    (file,) = (tmp_path / "lake" / "verdicts" / "verifier=v" / f"run_id={run_id}").glob("*.parquet")
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(LakeError):
        part(lake, ["a", "b"], curves.pass_at_k)


def test_a_long_table_is_cut_and_says_so(counted, part):
    runs = {
        name: {f"p{number:04}": (2, number % most) for number in range(250)} for name, most in {"a": 3, "b": 2}.items()
    }
    lake = counted(runs)
    shown = part(lake, ["a", "b"], two.by_problem)
    check(lake, shown.tables)
    assert "400 of 500 rows are shown; the command prints all." in shown.text

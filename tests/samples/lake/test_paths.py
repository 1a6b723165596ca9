"""A lake or a file whose name looks like a pattern is that one lake or file, and never what the pattern would match."""

import json
import shutil
from pathlib import Path

import pytest

import samples
from samples.api import Lake
from samples.errors import LakeError, UsageError
from samples.problems.problems import load
from samples.query.connection import engine
from samples.query.views import Views

PATTERNS = ["lake*", "lake?", "lake[12]", "lake**", "lake{1,2}", "lake[!x]", "la'ke", 'la"ke', "la ke#", "**"]
SAMPLES = 30  # in the lake of the fixture `filled`


@pytest.fixture
def among(filled, tmp_path):
    """Return a function that makes a lake of this name beside others with the same files."""

    def make(name: str) -> Lake:
        for other in {"lake1", "lake2", "lakex", name}:
            shutil.copytree(filled.uri, tmp_path / other)
        return samples.open(tmp_path / name)

    return make


@pytest.mark.cases(4)
@pytest.mark.heavy
@pytest.mark.parametrize("name", PATTERNS)
def test_a_lake_whose_name_is_a_pattern_is_read_alone(among, filled, name, tmp_path):
    lake = among(name)
    assert lake.sql("SELECT count(*) AS n FROM samples").dicts() == [{"n": SAMPLES}]
    assert lake.query("pass_at_k").dicts() == filled.query("pass_at_k").dicts()
    assert lake.query("pass_at_k", where={"level": 5}).dicts() == filled.query("pass_at_k", where={"level": 5}).dicts()
    assert lake.runs().arrow().drop(["age"]) == filled.runs().arrow().drop(["age"])
    assert lake.read("verdicts").num_rows == filled.read("verdicts").num_rows
    assert lake.show("a", "p1", 0).text == "p1 correct"
    assert lake.export(tmp_path / "[a]*.jsonl").rows == SAMPLES
    assert len((tmp_path / "[a]*.jsonl").read_text().splitlines()) == SAMPLES


@pytest.mark.parametrize("name", ["lake*", "lake[12]"])
def test_what_is_added_to_a_lake_whose_name_is_a_pattern_is_added_to_it_alone(among, name, tmp_path):
    lake = among(name)
    row = {"problem_id": "q", "completion": "4", "question": "2 + 2?", "gold": "4"}
    for file in ("q[12]*.jsonl", "q1x.jsonl"):
        (tmp_path / file).write_text(json.dumps(row) + "\n")
    added = lake.import_file(tmp_path / "q[12]*.jsonl", "samples", name="q", dataset="q")
    assert added.samples == 1
    assert lake.sql("SELECT count(*) AS n FROM samples").dicts() == [{"n": SAMPLES + 1}]
    assert samples.open(tmp_path / "lake1").sql("SELECT count(*) AS n FROM samples").dicts() == [{"n": SAMPLES}]


@pytest.mark.parametrize("name", ["part-*.parquet", "part-[1].parquet", "part ?.parquet", "part%20 #.parquet"])
def test_a_committed_file_whose_name_is_a_pattern_is_read_alone(among, name):
    """The log of a Delta table holds names as parts of a URL."""
    lake = among("lake")
    log = max(Path(lake.uri, "samples/_delta_log").glob("*.json"))
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    add = next(line["add"] for line in lines if "add" in line)
    file = Path(lake.uri, "samples", add["path"])
    shutil.copy(file, file.with_name("part-1.parquet"))
    file.rename(file.with_name(name))
    quoted = file.with_name(name).as_uri().rpartition("/")[2]
    add["path"] = f"{add['path'].rpartition('/')[0]}/{quoted}"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert lake.sql("SELECT count(*) AS n FROM samples").dicts() == [{"n": SAMPLES}]
    assert lake.read("samples").num_rows == SAMPLES
    assert sorted(row["samples"] for row in lake.runs()) == [14, 16]


@pytest.mark.parametrize("name", ["p[1].jsonl", "p*.jsonl", "p?.jsonl", "p{1}.jsonl", "p::1.jsonl"])
def test_a_problem_file_whose_name_is_a_pattern_is_read_alone(tmp_path, name):
    for file in {"p1.jsonl", "p2.jsonl", name}:
        (tmp_path / file).write_text(json.dumps({"id": file, "question": "?", "answer": "1"}) + "\n")
    assert [problem.problem_id for problem in load(str(tmp_path / name), dataset="p").problems] == [name]


@pytest.mark.parametrize(
    "name", ["la\\ke", "la\nke", "la\x00ke", "la%2Ake", "file:///tmp/lake?", "file:///tmp/lake#x", "file://lake/x"]
)
def test_a_path_that_a_library_would_read_otherwise_is_refused(tmp_path, name):
    with pytest.raises(UsageError, match="lake ") as error:
        Lake(name if "://" in name else str(tmp_path / name), create=True)
    assert "\n" not in str(error.value).replace(name, "")
    assert not list(tmp_path.iterdir())


def test_a_file_uri_may_hold_any_character_in_its_escaped_form(among):
    lake = among("lake*")
    assert samples.open("file://" + lake.uri.replace("*", "%2A")).uri == lake.uri


def test_the_connection_is_locked_before_anything_is_read(filled, tmp_path):
    (tmp_path / "x.csv").write_text("a\n1\n")
    with engine() as connection:
        Views(connection, filled.pin())
        for text in ("SET memory_limit = '8GB'", f"FROM read_csv('{tmp_path}/x.csv')", "INSTALL httpfs"):
            with pytest.raises(Exception, match=r"locked|disabled"):
                connection.execute(text).fetchall()


@pytest.mark.parametrize("name", ["lake", "lake*"])
def test_a_file_that_is_gone_is_named(among, name):
    lake = among(name)
    file = next(Path(lake.uri, "samples").rglob("*.parquet"))
    file.unlink()
    with pytest.raises(LakeError) as error:
        lake.sql("FROM samples")
    assert str(file) in str(error.value)
    assert "\n" not in str(error.value)
    assert "Traceback" not in str(error.value)

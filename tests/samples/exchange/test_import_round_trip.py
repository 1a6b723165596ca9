"""Import reads back what export writes: the same samples, completions, verdicts and problems."""

import io
import json
import math
import struct

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samples.api import Lake
from samples.errors import LakeError, NotFound, UsageError
from samples.exchange.export import export
from samples.exchange.imports.load import load
from samples.ingest.segment import committer
from samples.rescore.rescore import rescore

pytestmark = pytest.mark.heavy

NOT_COMPARED = ("run_id", "attempt", "pass_id")


def content(lake, name, verifier=None):
    """Return every row of a table, without the columns that an import makes anew, and with floats as their bits."""
    partition = {"verifier": verifier} if verifier else {}
    rows = lake.read(name, **partition).drop_columns([c for c in NOT_COMPARED if c in lake.read(name).column_names])
    return sorted(map(repr, (exact(row) for row in rows.to_pylist())))


def exact(value):
    match value:
        case dict():
            return {key: exact(item) for key, item in value.items()}
        case list():
            return [exact(item) for item in value]
        case float():
            return "nan" if math.isnan(value) else struct.pack("<d", value).hex()
        case _:
            return value


@pytest.fixture
def judged(bench, tmp_path):
    b = bench(tmp_path / "lake", model="toy?fail=0.2")
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(8)])
    rescore(b.lake, "numeric", workers=1)
    return b.lake


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_a_sampled_run_comes_back_as_it_was(judged, tmp_path, kind):
    summary = export(judged, str(tmp_path / f"x.{kind}"), io.BytesIO())
    assert (summary.rows, summary.runs, summary.verifiers) == (24, ("toys",), ("numeric",))
    load(str(tmp_path / "copy"), str(tmp_path / f"x.{kind}"), "samples", name="toys", dataset="sums")
    copy = Lake(str(tmp_path / "copy"))
    for name in ("samples", "completions", "problems"):
        assert content(copy, name) == content(judged, name)
    assert content(copy, "verdicts", "numeric") == content(judged, "verdicts", "numeric")
    assert rescore(copy, "numeric", workers=1).verified == 0, "the verdicts are those of this version"


TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
FLOAT32 = st.floats(width=32)


@st.composite
def samples(draw):
    """Rows of our own format, with any mixture of known fields."""
    rows = []
    for problem, count in enumerate(draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))):
        known = {"question": draw(st.none() | TEXT), "gold": draw(st.none() | TEXT)}
        for index in draw(st.lists(st.integers(0, 2**31 - 1), min_size=count, max_size=count, unique=True)):
            row = {"problem_id": f"p {problem}", "sample_index": index, **known}
            if draw(st.booleans()):
                row["error"] = draw(TEXT.filter(bool))
            elif draw(st.booleans()):
                row["status"] = draw(st.sampled_from(["correct", "wrong", "no_answer", "timeout", "error"]))
                row["answer"], row["detail"] = draw(st.none() | TEXT), draw(st.none() | TEXT)
                row["reward"] = draw(st.none() | st.floats(allow_nan=False, allow_infinity=False))
                row["seconds"] = draw(st.none() | st.floats(0, 1e6, width=32))
            if draw(st.booleans()):
                row["completion"] = draw(TEXT)
                tokens = draw(st.integers(0, 5))
                if draw(st.booleans()):
                    row["token_ids"] = draw(st.lists(st.integers(0, 2**31 - 1), min_size=tokens, max_size=tokens))
                if draw(st.booleans()):
                    row["token_logprobs"] = draw(st.lists(FLOAT32, min_size=tokens, max_size=tokens))
            row["cumulative_logprob"] = draw(st.none() | st.floats())
            row["seed"] = draw(st.none() | st.integers(-(2**63), 2**63 - 1))
            row["finish_reason"], row["stop_reason"] = draw(st.none() | TEXT), draw(st.none() | TEXT)
            rows.append(row)
    return rows


@pytest.mark.heavy
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=samples(), kind=st.sampled_from(["jsonl", "parquet"]))
def test_whatever_was_imported_comes_back_as_it_was(tmp_path_factory, rows, kind):
    folder = tmp_path_factory.mktemp("trip")
    (folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))  # NaN as Python writes it
    load(str(folder / "one"), str(folder / "in.jsonl"), "samples", name="a", dataset="d")
    export(Lake(str(folder / "one")), str(folder / f"out.{kind}"), io.BytesIO())
    load(str(folder / "two"), str(folder / f"out.{kind}"), "samples", name="a", dataset="d")
    one, two = Lake(str(folder / "one")), Lake(str(folder / "two"))
    for name in ("samples", "completions", "verdicts", "problems"):
        assert content(two, name) == content(one, name)


@settings(max_examples=300)
@given(value=st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_nine_digits_tell_any_float32_apart(value):
    assert np.float32(float(f"{value:.9g}")) == np.float32(value)


def test_rows_come_in_the_order_of_problems_and_samples(judged):
    sink = io.BytesIO()
    export(judged, "-", sink, tokens=False)
    rows = [json.loads(line) for line in sink.getvalue().splitlines()]
    keys = [(row["problem_id"], row["sample_index"]) for row in rows]
    assert keys == sorted(keys)
    assert "token_ids" not in rows[0]
    assert rows[0]["question"] == "What is 0 + 1?"


def test_the_current_verdict_is_that_of_the_latest_pass(judged):
    before = judged.read("verdicts")
    rescored = before.set_column(before.column_names.index("status"), "status", [["timeout"] * before.num_rows])
    rows = rescored.set_column(before.column_names.index("pass_id"), "pass_id", [[9] * before.num_rows])
    partition = {"verifier": "numeric", "run_id": before["run_id"][0].as_py()}
    file = judged.put("verdicts", rows.drop_columns(list(partition)), partition)
    judged.commit("verdicts", [(file, partition)])
    sink = io.BytesIO()
    export(judged, "-", sink)
    assert {json.loads(line)["status"] for line in sink.getvalue().splitlines()} == {"timeout", None}


def test_several_verifiers_are_sets_of_columns(judged, tmp_path):
    rescore(judged, "exact", workers=1)
    export(judged, str(tmp_path / "x.jsonl"), io.BytesIO())
    whole = load(str(tmp_path / "copy"), str(tmp_path / "x.jsonl"), "samples", name="a", dataset="sums")
    assert whole.verifier == "exact, numeric"
    assert content(Lake(str(tmp_path / "copy")), "verdicts") == content(judged, "verdicts")
    load(str(tmp_path / "one"), str(tmp_path / "x.jsonl"), "samples", name="a", dataset="sums", score="exact")
    assert content(Lake(str(tmp_path / "one")), "verdicts") == content(judged, "verdicts", "exact")
    with pytest.raises(UsageError, match="choose with --score: exact, numeric, or none"):
        load(str(tmp_path / "no"), str(tmp_path / "x.jsonl"), "samples", name="a", dataset="sums", score="math")


def test_one_of_several_verifiers_is_exported_alone(judged):
    rescore(judged, "exact", workers=1)
    sink = io.BytesIO()
    assert export(judged, "-", sink, verifiers=["exact"]).verifiers == ("exact",)
    assert "status" in json.loads(sink.getvalue().splitlines()[0])


def test_runs_without_samples_are_named(judged, tmp_path):
    (tmp_path / "c.jsonl").write_text('{"problem_id": "p", "n": 4, "c": 1}\n')
    load(judged.uri, str(tmp_path / "c.jsonl"), "samples", name="counted", dataset="d")
    summary = export(judged, "-", io.BytesIO())
    assert (summary.runs, summary.without) == (("toys",), ("counted",))


def test_a_lake_on_s3_is_exported(bench, s3, tmp_path):
    b = bench(s3)
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(3)])
    assert export(b.lake, str(tmp_path / "x.parquet"), io.BytesIO()).rows == 9
    rows = pq.read_table(tmp_path / "x.parquet", columns=["problem_id", "sample_index"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == [(problem, index) for problem in b.ids for index in range(3)]


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("x.csv", "ending in .parquet or .jsonl"),
        ("s3://bucket/x.parquet", "is not a local file"),
        ("absent/x.parquet", "there is no folder"),
        ("there.jsonl", "exists already"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_read(
    judged, tmp_path, monkeypatch, file, expected
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.jsonl").write_text("mine")
    with pytest.raises(UsageError, match=expected):
        export(judged, file, io.BytesIO())
    assert (tmp_path / "there.jsonl").read_text() == "mine"


def test_an_export_that_fails_leaves_no_file(judged, tmp_path):
    for file in (tmp_path / "lake/completions").rglob("*.parquet"):
        file.write_bytes(b"broken")
    with pytest.raises(LakeError):
        export(judged, str(tmp_path / "x.parquet"), io.BytesIO())
    assert list(tmp_path.glob("*x.parquet*")) == []


def test_what_the_lake_does_not_hold_is_answered_with_what_it_holds(judged):
    with pytest.raises(NotFound, match="verifiers that judged them: numeric"):
        export(judged, "-", io.BytesIO(), verifiers=["math"])
    with pytest.raises(NotFound, match="runs there: toys"):
        export(judged, "-", io.BytesIO(), runs=["nope"])


@pytest.fixture
def coded(bench, tmp_path):
    """A run over problems with metadata and unit tests, some of them longer than a row."""
    problems = tmp_path / "code.jsonl"
    rows = [
        {"id": n, "question": f"{n} + 1?", "answer": str(n + 1), "level": n, "tests": ["assert f(1) == 2"] * 50}
        for n in range(3)
    ]
    problems.write_text("".join(json.dumps(row) + "\n" for row in rows))
    b = bench(tmp_path / "lake", problems=problems)
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(4)])
    rescore(b.lake, "numeric", workers=1)
    return b.lake


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
@pytest.mark.parametrize("verifiers", [1, 2])
def test_an_export_pairs_with_its_origin_when_it_is_imported_beside_it(coded, tmp_path, kind, verifiers):
    if verifiers == 2:
        rescore(coded, "exact", workers=1)
    export(coded, str(tmp_path / f"x.{kind}"), io.BytesIO())
    before = coded.read("problems").num_rows
    load(coded.uri, str(tmp_path / f"x.{kind}"), "samples", name="again", dataset="code")
    assert coded.read("problems").num_rows == before, "they are the problems that were there"
    covered = coded.queries.coverage(a="toys", b="again", verifier="numeric").dicts()
    assert {row["unpaired"] for row in covered} == {0}
    assert [row["problems"] for row in covered if row["outcome"].startswith("only")] == [0, 0]
    compared = coded.queries.compare(a="toys", b="again", verifier="numeric", ks=[1, 4]).dicts()
    assert [(row["problems"], row["unpaired"]) for row in compared] == [(3, 0), (3, 0)]


def test_tests_and_metadata_stand_in_one_row_of_each_problem(coded):
    sink = io.BytesIO()
    export(coded, "-", sink)
    rows = [json.loads(line) for line in sink.getvalue().splitlines()]
    assert len(rows) == 12
    assert {row["problem_hash"] for row in rows} == set(coded.read("problems")["problem_hash"].to_pylist())
    told = [row for row in rows if row["metadata"] is not None]
    assert [(row["problem_id"], json.loads(row["metadata"])) for row in told] == [
        (str(n), {"level": n}) for n in range(3)
    ]
    assert [row["tests"] is not None for row in rows] == [row["metadata"] is not None for row in rows]
    assert {row["verifier"] for row in rows} == {"numeric"}


def test_a_part_of_an_export_finds_its_problems_in_the_lake_and_nowhere_else(coded, tmp_path):
    sink = io.BytesIO()
    export(coded, "-", sink)
    lines = [line for line in sink.getvalue().splitlines() if json.loads(line)["metadata"] is None]
    (tmp_path / "part.jsonl").write_bytes(b"\n".join(lines))
    load(coded.uri, str(tmp_path / "part.jsonl"), "samples", name="part", dataset="code")
    assert coded.queries.compare(a="toys", b="part", verifier="numeric", ks=[3]).dicts()[0]["unpaired"] == 0
    with pytest.raises(UsageError, match=r"its rows do not give the problem_hash .* name its problem file with --prob"):
        load(str(tmp_path / "elsewhere"), str(tmp_path / "part.jsonl"), "samples", name="part", dataset="code")
    assert not (tmp_path / "elsewhere").exists()


def test_fields_of_other_tools_that_are_named_like_ours_are_ignored_without_a_problem_hash(tmp_path):
    (tmp_path / "x.jsonl").write_text(json.dumps({"problem_id": "p", "correct": True, "metadata": [1], "tests": 7}))
    load(str(tmp_path / "lake"), str(tmp_path / "x.jsonl"), "samples", name="a", dataset="d")
    assert Lake(str(tmp_path / "lake")).read("problems")["metadata"].to_pylist() == ["{}"]

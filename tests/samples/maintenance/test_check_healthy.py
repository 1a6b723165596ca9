"""Nothing is found in a lake that this program alone has written, by whatever way the rows came."""

import json
from pathlib import Path

import boto3
import pytest

import samples
from samples.errors import SamplesError
from samples.ingest.segment import committer
from samples.rescore.rescore import rescore
from samples.units.plan import Unit


@pytest.mark.ray
@pytest.mark.heavy
def test_nothing_is_found_in_what_was_drawn_scored_judged_reviewed_and_imported(bench, tmp_path, sums):
    model = "toy?bigram=20&tokens=60&fail=0.05&nan=0.05"
    b = bench(tmp_path / "lake", model=model, top_logprobs=2)
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(8)])
    lake = samples.open(b.lake.uri)
    assert lake.ingest(sums, model=model, k=70, name="toys", engine="toy", max_tokens=100, top_logprobs=2).drawn == 186
    lake.score("toy?taste=7", runs=["toys"], name="judge", engine="toy", top_logprobs=2)
    for verifier in ("numeric", "exact"):
        lake.rescore(verifier, workers=1)
    drawn = lake.sql("SELECT min(sample_index) AS n FROM samples WHERE problem_id = 'sum-1' AND error IS NULL")[0]["n"]
    lake.review("toys", "sum-1", drawn, "lucky", reviewer="ann")
    lake.label("toys", role="base")
    lake.export(tmp_path / "all.parquet", runs=["toys"])
    lake.import_file(tmp_path / "all.parquet", "samples", name="again", dataset="copy")
    assert lake.check(deep=True).dicts() == []
    assert lake.check(["again"], deep=True).dicts() == []


def test_nothing_is_wrong_while_a_driver_is_between_two_commits(bench, tmp_path):
    b = bench(tmp_path / "lake")
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(8)])
    between, written = b.draw(Unit("sum-0", 8, 16)), b.draw(Unit("sum-1", 8, 16))
    b.lake.commit("completions", [(between.file, b.run.partition)])
    assert {(row["level"], row["first"]) for row in b.lake.check(deep=True)} == {
        ("note", "problem sum-0, sample 8"),
        ("note", f"completions/{written.file.path}"),
    }


def test_of_two_attempts_at_a_unit_the_second_is_nothing_wrong(bench, tmp_path):
    b = bench(tmp_path / "lake")
    first, second = (b.draw(Unit("sum-0", 0, 8)) for _ in range(2))
    committer(b.lake, b.run).commit([first])
    b.lake.commit("completions", [(second.file, b.run.partition)])
    assert b.lake.check(deep=True).dicts() == []


def test_an_empty_lake_has_nothing_wrong(tmp_path):
    assert samples.open(tmp_path / "lake", create=True).check(deep=True).dicts() == []


def test_an_import_without_texts_has_nothing_wrong(tmp_path):
    rows = [{"problem_id": "p", "sample_index": n, "correct": n < 2, "question": "?"} for n in range(4)]
    rows += [
        {"problem_id": "q", "sample_index": n, "completion": "4", "correct": True, "question": "!"} for n in (0, 5)
    ]
    (tmp_path / "some.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    lake = samples.open(tmp_path / "lake", create=True)
    try:
        lake.import_file(tmp_path / "some.jsonl", "rows", name="some", dataset="d")
    except SamplesError:
        (tmp_path / "some.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows[4:]))
        lake.import_file(tmp_path / "some.jsonl", "rows", name="some", dataset="d")
    assert lake.check(deep=True).dicts() == []


@pytest.mark.heavy
def test_a_lake_on_an_object_store_is_checked_as_one_in_a_folder(bench, s3, tmp_path):
    b = bench(s3)
    for unit in b.plan(16):
        committer(b.lake, b.run).commit([b.draw(unit)])
    rescore(b.lake, "numeric", workers=1)
    assert b.lake.check(deep=True).dicts() == []
    written = b.draw(Unit("sum-0", 16, 32))
    bucket, _, root = s3.removeprefix("s3://").partition("/")
    store = boto3.client("s3")
    there = (path for path, _ in b.lake.place.list("completions/") if path.endswith(".parquet"))
    paths = sorted(set(there) - {f"completions/{written.file.path}"})
    key = f"{root}/{paths[1]}"
    content = bytearray(store.get_object(Bucket=bucket, Key=key)["Body"].read())
    content[40] ^= 1
    store.put_object(Bucket=bucket, Key=key, Body=bytes(content))
    store.delete_object(Bucket=bucket, Key=f"{root}/{paths[0]}")
    rows = samples.open(s3).check()
    assert {(row["level"], row["table"], row["found"].partition(":")[0]) for row in rows} == {
        ("wrong", "completions", "files that are gone"),
        ("wrong", "completions", "files that cannot be read"),
        ("note", "completions", "a file that no log names"),
    }
    assert Path(paths[1]).name in str([row["first"] for row in rows])

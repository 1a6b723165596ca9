"""Several files, folders and patterns are one run: in natural order, numbered on, whole or not at all."""

import json
import shutil

import pytest

from samples.api import Lake
from samples.errors import UsageError
from samples.exchange.imports.collection import choose, natural
from samples.exchange.imports.load import load


def nemo(path, texts, ids=("a", "b")):
    """Write a file of one seed: a sample of each problem."""
    path.parent.mkdir(exist_ok=True)
    rows = [
        {
            "id": one,
            "problem": f"{one}?",
            "expected_answer": "4",
            "generation": f"{one} {text}",
            "symbolic_correct": text == "4",
        }
        for one in ids
        for text in texts
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


@pytest.fixture
def seeds(tmp_path):
    """A folder with three seeds, one of them 10."""
    for seed, text in ((0, "3"), (2, "4"), (10, "5")):
        nemo(tmp_path / "out" / f"output-rs{seed}.jsonl", [text])
    return tmp_path / "out"


def imported(tmp_path, files, name="a", **more):
    return load(
        str(tmp_path / "lake"), files if isinstance(files, list) else [str(files)], name=name, dataset="d", **more
    )


def texts(tmp_path, problem="a"):
    rows = Lake(str(tmp_path / "lake")).read("completions").to_pylist()
    return {row["sample_index"]: row["text"] for row in rows if row["problem_id"] == problem}


def test_numbers_in_names_are_ordered_as_numbers():
    names = ["rs10", "rs2", "b", "rs2b", "RS1", "rs٣", "10", "9", "", "rs²"]
    assert sorted(names, key=natural)[:4] == ["", "9", "10", "b"]
    assert [name for name in sorted(names, key=natural) if name.lower().startswith("rs") and name[2:].isascii()] == [
        "RS1", "rs2", "rs2b", "rs10",
    ]  # fmt: skip


@pytest.mark.parametrize("how", ["files", "folder", "pattern", "URI of a folder", "URI with a pattern"])
def test_seeds_are_one_run_numbered_on_in_natural_order(tmp_path, seeds, how):
    given = {
        "files": [str(seeds / f"output-rs{seed}.jsonl") for seed in (0, 2, 10)],
        "folder": seeds,
        "pattern": seeds / "output-rs*.jsonl",
        "URI of a folder": f"file://{seeds}/",
        "URI with a pattern": f"file://{seeds}/output-rs*.jsonl",
    }[how]
    summary = imported(tmp_path, given)
    assert (summary.problems, summary.samples, summary.notes) == (2, 6, ())
    assert texts(tmp_path) == {0: "a 3", 1: "a 4", 2: "a 5"}
    assert summary.run.specification["file"] == "output-rs0.jsonl … output-rs10.jsonl (3 files)"


def test_the_order_of_files_that_are_named_is_that_of_their_names_in_the_command(tmp_path, seeds):
    imported(tmp_path, [str(seeds / f"output-rs{seed}.jsonl") for seed in (10, 0)])
    assert texts(tmp_path) == {0: "a 5", 1: "a 3"}


def test_the_files_are_the_runs_identity_wherever_they_lie(tmp_path, seeds):
    first = imported(tmp_path, seeds)
    shutil.copytree(seeds, tmp_path / "copy")
    again = imported(tmp_path, tmp_path / "copy")
    assert (again.added, again.run.run_id) == ((), first.run.run_id)
    files = [str(seeds / f"output-rs{seed}.jsonl") for seed in (0, 10, 2)]
    assert load(str(tmp_path / "other"), files, name="a", dataset="d").run.run_id != first.run.run_id


def test_one_file_has_the_id_that_it_has_alone(tmp_path, seeds):
    file = str(seeds / "output-rs0.jsonl")
    ids = {
        load(str(tmp_path / f"lake{n}"), given, form, name="a", dataset="d").run.run_id
        for n, (given, form) in enumerate([(file, "nemo-skills"), ([file], "auto"), ([file, file], "nemo-skills")])
    }
    assert len(ids) == 1


def test_one_seed_more_goes_on_with_the_run(tmp_path, seeds):
    first = imported(tmp_path, seeds)
    nemo(seeds / "output-rs11.jsonl", ["6"])
    more = imported(tmp_path, seeds)
    assert (more.run.run_id, more.samples) == (first.run.run_id, 8)
    assert texts(tmp_path) == {0: "a 3", 1: "a 4", 2: "a 5", 3: "a 6"}
    nemo(seeds / "output-rs1.jsonl", ["7"])
    with pytest.raises(UsageError, match=r"rs1\.jsonl line 1: sample 1 of problem \"a\" is not that of run a"):
        imported(tmp_path, seeds)


def test_numbers_that_files_give_are_kept_and_a_number_twice_is_named_with_both_places(tmp_path):
    for name, indices in (("x", (0, 1)), ("y", (2, 3)), ("z", (3, 4))):
        rows = [{"problem_id": "p", "sample_index": n, "completion": f"{name}{n}"} for n in indices]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    files = [str(tmp_path / f"{name}.jsonl") for name in "xyz"]
    assert imported(tmp_path, files[:2]).samples == 4
    assert texts(tmp_path, "p") == {0: "x0", 1: "x1", 2: "y2", 3: "y3"}
    with pytest.raises(UsageError) as refusal:
        imported(tmp_path, files, name="b")
    assert str(refusal.value).splitlines()[0] == (
        f'{files[2]} line 1: sample 3 of problem "p" appears twice (first on {files[1]} line 2)'
    )


def inspected(path, texts):
    samples = [
        {"id": 1, "epoch": n + 1, "input": "?", "target": "4", "output": {"choices": [{"message": {"content": text}}]}}
        for n, text in enumerate(texts)
    ]
    path.write_text(json.dumps({"samples": samples[::-1]}))
    return str(path)


def test_epochs_of_several_logs_are_numbered_on(tmp_path):
    files = [inspected(tmp_path / "1.json", ["a", "b"]), inspected(tmp_path / "2.json", ["c", "d"])]
    imported(tmp_path, files)
    assert texts(tmp_path, "1") == {0: "a", 1: "b", 2: "c", 3: "d"}


def test_repeats_of_several_lm_eval_files_are_numbered_on_and_twice_in_one_file_is_refused(tmp_path):
    files = []
    for name in ("1", "2"):
        row = {"doc_id": 0, "doc": {"question": "?"}, "target": "4", "resps": [[f"{name}a", f"{name}b"]]}
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(row))
        files.append(str(tmp_path / f"{name}.jsonl"))
    imported(tmp_path, files)
    assert texts(tmp_path, "0") == {0: "1a", 1: "1b", 2: "2a", 3: "2b"}
    (tmp_path / "1.jsonl").write_text(f"{json.dumps(row)}\n{json.dumps(row)}\n")
    with pytest.raises(UsageError, match=r'line 2: sample 0 of problem "0" appears twice \(first on line 1\)'):
        imported(tmp_path, files[:1], name="b")


def test_what_is_in_a_folder_beside_the_samples_is_named(tmp_path, seeds):
    (seeds / "run.log").write_text("x")
    (seeds / ".hidden").write_text("x")
    (seeds / "older").mkdir()
    (seeds / "metrics.json").write_text('{"accuracy": 0.5, "n": 3}')
    (seeds / "aa-config.yaml").write_text("temperature: 0.6\n")
    summary = imported(tmp_path, seeds)
    assert summary.samples == 6
    first, second = summary.notes
    assert first.startswith(f"{seeds}: older/, run.log are left out: files of samples end in .jsonl, ")
    assert second == f"{seeds}/aa-config.yaml, {seeds}/metrics.json: left out, not of format nemo-skills"


def test_rows_of_any_tool_are_found_among_the_files_of_a_folder(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "00-summary.json").write_text('{"accuracy": 0.5}')
    for step in (5, 10):
        (tmp_path / "out" / f"{step}.jsonl").write_text(json.dumps({"input": "?", "output": f"{step}", "score": 1.0}))
    summary = imported(tmp_path, tmp_path / "out")
    assert summary.notes == (f"{tmp_path}/out/00-summary.json: left out, not of format rows",)
    assert [row["text"] for row in Lake(str(tmp_path / "lake")).read("completions").to_pylist()] == ["5", "10"]


def test_a_file_that_somebody_named_is_never_left_out(tmp_path, seeds):
    (tmp_path / "other.jsonl").write_text('{"x": 1}\n')
    with pytest.raises(UsageError, match=r'other\.jsonl line 1: "generation" is missing'):
        imported(tmp_path, [str(seeds / "output-rs0.jsonl"), str(tmp_path / "other.jsonl")])
    assert not (tmp_path / "lake").exists()


@pytest.mark.parametrize(
    ("damage", "expected"), [(b"{oops\n", r"rs2\.jsonl line 1: is not JSON"), (b"", r"rs10\.jsonl|rs2\.jsonl")]
)
def test_one_bad_file_is_named_and_nothing_is_imported(tmp_path, seeds, damage, expected):
    (seeds / "output-rs2.jsonl").write_bytes(damage)
    if damage:
        with pytest.raises(UsageError, match=expected):
            imported(tmp_path, seeds)
        assert not (tmp_path / "lake").exists()
    else:
        assert "output-rs2.jsonl: left out" in imported(tmp_path, seeds).notes[0]


def test_two_files_that_are_the_same_are_refused(tmp_path, seeds):
    shutil.copy(seeds / "output-rs0.jsonl", seeds / "output-rs1.jsonl")
    with pytest.raises(UsageError, match=r"rs1\.jsonl: has the same bytes as .*rs0\.jsonl; name one of them"):
        imported(tmp_path, seeds)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("absent*.jsonl", "there is no such file"),
        ("empty", "there is no such file"),
        ("texts", "holds no file that ends in .jsonl"),
        ("absent.jsonl", "there is no such file"),
    ],
)
def test_what_names_no_file_is_refused(tmp_path, name, expected):
    (tmp_path / "empty").mkdir()
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "x.txt").write_text("x")
    with pytest.raises(UsageError, match=expected):
        imported(tmp_path, tmp_path / name)


def test_a_file_whose_name_is_a_pattern_is_that_file(tmp_path):
    for name in ("q1.jsonl", "q[12].jsonl"):
        (tmp_path / name).write_text("x")
    assert choose([str(tmp_path / "q[12].jsonl")]).names == (str(tmp_path / "q[12].jsonl"),)


def test_files_on_s3_are_found_by_folder_and_pattern(s3, tmp_path):
    import boto3

    bucket = s3.removeprefix("s3://").partition("/")[0]
    for seed in (0, 2, 10):
        file = nemo(tmp_path / "out" / f"rs{seed}.jsonl", [str(seed)])
        boto3.client("s3").upload_file(file, bucket, f"seeds/rs{seed}.jsonl")
    for name in (f"s3://{bucket}/seeds/", f"s3://{bucket}/seeds/rs*.jsonl"):
        assert choose([name]).names == tuple(f"s3://{bucket}/seeds/rs{seed}.jsonl" for seed in (0, 2, 10))
    summary = load(str(tmp_path / "lake"), f"s3://{bucket}/seeds/rs*.jsonl", name="a", dataset="d")
    assert summary.samples == 6
    assert texts(tmp_path) == {0: "a 0", 1: "a 2", 2: "a 10"}


def test_results_of_evalplus_stand_for_the_samples_beside_them(tmp_path):
    rows = [{"task_id": "T/0", "solution": text} for text in ("a", "b", "c")]
    status = [("pass", "pass"), ("pass", "fail"), ("fail", "fail")]
    judged = [{**row, "base_status": one[0], "plus_status": one[1]} for row, one in zip(rows, status, strict=True)]
    (tmp_path / "s.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "s_eval_results.json").write_text(json.dumps({"date": "x", "hash": "y", "eval": {"T/0": judged}}))
    files = [str(tmp_path / name) for name in ("s.jsonl", "s_eval_results.json")]
    summary = imported(tmp_path, files)
    assert (summary.form, summary.samples) == ("evalplus", 3)
    assert summary.verdicts == {"correct": 1, "wrong": 2}
    assert summary.notes == (f"{files[0]} is left out: its samples are in {files[1]}",)
    assert imported(tmp_path, files, name="base", score="base_status").verdicts == {"correct": 2, "wrong": 1}
    assert imported(tmp_path, files[:1], name="unjudged").verdicts == {}

"""Two runs of one benchmark that do not pair: the answer says why, and the command that it names mends it."""

import json
import re
import shlex

import pytest

from samples.errors import SamplesError
from samples.exchange.imports.load import load
from samples.ingest.segment import committer
from samples.rescore.rescore import rescore


@pytest.fixture
def drawn(bench, tmp_path):
    b = bench(tmp_path / "lake")
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(8)])
    rescore(b.lake, "numeric", workers=1)
    return b.lake


def imported(lake, tmp_path, rows, name, form="samples", **more):
    file = tmp_path / f"{name}.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return load(lake.uri, str(file), form, name=name, dataset="sums", **more)


def mended(message, lake, tmp_path, source):
    """Do what the message says."""
    command = re.search(r"samples import (.*) --problems SOURCE", message)
    assert command, message
    file, *options = shlex.split(command[1])
    given = dict(zip([option.removeprefix("--") for option in options[::2]], options[1::2], strict=True))
    form = given.pop("format")
    return load(lake.uri, str(tmp_path / file), form, problems=str(source), **given).run.name


COUNTS = [{"problem_id": f"sum-{n}", "n": 8, "c": n} for n in range(3)]
QWEN = [
    {"idx": n, "question": f"What is {n} + {n + 1}?", "gt": str(2 * n + 1), "code": ["a"], "pred": ["1"], "score": [1]}
    for n in range(3)
]


def test_counts_without_gold_beside_samples_with_it(drawn, sums, tmp_path):
    imported(drawn, tmp_path, COUNTS, "counted")
    with pytest.raises(SamplesError) as refused:
        drawn.queries.compare(a="toys", b="counted", verifier="numeric")
    said = str(refused.value)
    assert "3 of 3 problems have one id and two contents in toys and counted" in said
    assert "counted lacks the question" in said
    assert "counted lacks the gold answer" in said
    assert "counted has no verdicts of numeric, only of imported" in said
    name = mended(said, drawn, tmp_path, sums)
    row = drawn.queries.compare(a="toys", b=name, verifier="numeric", ks=[1]).dicts()[0]
    assert (row["problems"], row["unpaired"]) == (3, 0)


def test_files_of_two_tools(drawn, sums, tmp_path):
    imported(drawn, tmp_path, QWEN, "qwen", "qwen-math")
    imported(drawn, tmp_path, COUNTS, "counted")
    with pytest.raises(SamplesError) as refused:
        drawn.queries.compare(a="qwen", b="counted", verifier="imported")
    said = str(refused.value)
    assert 'qwen and counted name their problems differently (such as "0" and "sum-0")' in said
    assert "SOURCE is the problem file of both" in said
    names = [mended(part, drawn, tmp_path, sums) for part in said.split(" and samples import ")[:1]]
    names.append(mended(f"samples import {said.split(' and samples import ')[1]}", drawn, tmp_path, sums))
    assert names == ["qwen-2", "counted-2"]
    row = drawn.queries.compare(a="qwen-2", b="counted-2", verifier="imported", ks=[1]).dicts()[0]
    assert (row["problems"], row["unpaired"]) == (3, 0)


def test_problems_with_two_contents_say_which_fields_differ(drawn, sums, tmp_path):
    asked = [json.loads(line)["question"] for line in sums.read_text().splitlines()]
    rows = [
        {"problem_id": f"sum-{n}", "completion": "1", "correct": True, "question": f"{asked[n]}\nAnswer with a number."}
        for n in range(3)
    ]
    imported(drawn, tmp_path, rows, "other", verifier="numeric")
    with pytest.raises(SamplesError) as refused:
        drawn.queries.coverage(a="toys", b="other", verifier="numeric")
    said = str(refused.value)
    assert "3 of 3 problems have one id and two contents in toys and other (the question differs, " in said
    name = mended(said, drawn, tmp_path, sums)
    answer = drawn.queries.coverage(a="toys", b=name, verifier="numeric")
    assert "sums: it is not recorded how other-2 was sampled; settings may differ" in answer.notes
    assert not any("mends" in note for note in answer.notes)


def test_an_answer_about_some_problems_says_why_others_do_not_pair(drawn, sums, tmp_path):
    rows = [{"problem_id": f"sum-{n}", "completion": "1", "correct": True} for n in range(3)]
    first = json.loads(sums.read_text().splitlines()[0])
    sums.write_text(sums.read_text().replace(json.dumps(first), json.dumps(first | {"question": "1 + 1 = ?"}), 1))
    imported(drawn, tmp_path, rows, "other", verifier="numeric", problems=str(sums))
    answer = drawn.queries.coverage(a="toys", b="other", verifier="numeric")
    assert {row["unpaired"] for row in answer} == {1}
    assert any("1 of 3 problems have one id and two contents in toys and other" in note for note in answer.notes)
    said = "sums: 1 problem has one id and several contents in these runs (such as sum-0): rows of one id are not about"
    for query in ("perplexity_distribution", "duplicates"):
        assert any(said in note for note in drawn.query(query, runs=["toys", "other"]).notes)
        assert not any(said in note for note in drawn.query(query, runs=["toys"]).notes)


def test_a_run_that_another_verifier_judged_is_named_with_the_command_that_judges_it(drawn, sums, tmp_path):
    rows = [{"problem_id": f"sum-{n}", "completion": str(2 * n + 1), "correct": True} for n in range(3)]
    imported(drawn, tmp_path, rows, "other", problems=str(sums))
    with pytest.raises(SamplesError, match=r"This mends it: samples rescore --verifier numeric --run other$"):
        drawn.queries.compare(a="toys", b="other", verifier="numeric")


def test_names_are_quoted_in_the_command_that_judges_a_run(drawn, sums, tmp_path):
    rows = [{"problem_id": f"sum-{n}", "completion": str(2 * n + 1), "correct": True} for n in range(3)]
    imported(drawn, tmp_path, rows, "it's o & b", problems=str(sums))
    with pytest.raises(SamplesError) as refused:
        drawn.queries.compare(a="toys", b="it's o & b", verifier="numeric")
    assert shlex.split(str(refused.value).rpartition("This mends it: ")[2])[2:] == [
        "--verifier", "numeric", "--run", "it's o & b",
    ]  # fmt: skip


def test_runs_of_two_datasets(drawn, sums, tmp_path):
    file = tmp_path / "c.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in COUNTS))
    load(drawn.uri, str(file), "samples", name="c", dataset="summen", verifier="numeric", problems=str(sums))
    with pytest.raises(SamplesError) as refused:
        drawn.queries.compare(a="toys", b="c", verifier="numeric")
    assert "toys is of dataset sums, c of summen. This mends it: samples import c.jsonl" in str(refused.value)
    assert "--dataset sums --name c-2" in str(refused.value)


def test_problems_that_one_run_was_not_asked_need_no_explanation(drawn, sums, tmp_path):
    imported(drawn, tmp_path, COUNTS[:2], "fewer", verifier="numeric", problems=str(sums))
    answer = drawn.queries.compare(a="toys", b="fewer", verifier="numeric", ks=[1])
    assert answer.dicts()[0]["unpaired"] == 1
    assert not any("mends" in note for note in answer.notes)

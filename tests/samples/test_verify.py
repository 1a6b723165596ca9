"""Verifying: every completion judged once; what is an error stays one."""

from samples.commit import Committer
from samples.verifiers import Verdict, verifier
from samples.verifiers.numeric import Numeric
from samples.verify import verify


def drawn(bench, place, model="toy", k=8):
    b = bench(place, model=model)
    Committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(k)])
    return b


def test_every_sample_gets_one_verdict_and_a_second_time_none(bench, anywhere):
    b = drawn(bench, anywhere)
    counts = verify(b.lake, b.run, verifier("numeric"))
    assert sum(counts.values()) == 24
    assert verify(b.lake, b.run, verifier("numeric")) == {}
    assert b.lake.read("verdicts").num_rows == 24


def test_verdicts_agree_with_reading_the_completions(bench, tmp_path):
    b = drawn(bench, tmp_path / "lake")
    verify(b.lake, b.run, verifier("numeric"))
    texts = {(r["problem_id"], r["sample_index"]): r["text"] for r in b.lake.read("completions").to_pylist()}
    for row in b.lake.read("verdicts").to_pylist():
        right = f"\\boxed{{{2 * int(row['problem_id'][4:]) + 1}}}" in texts[row["problem_id"], row["sample_index"]]
        assert row["status"] == ("correct" if right else "wrong")


def test_samples_that_failed_are_not_judged(bench, tmp_path):
    b = drawn(bench, tmp_path / "lake", "toy?fail=0.5")
    counts = verify(b.lake, b.run, verifier("numeric"))
    failed = sum(row["error"] is not None for row in b.lake.read("samples").to_pylist())
    assert 0 < failed < 24
    assert sum(counts.values()) == 24 - failed


def test_new_samples_alone_are_judged_after_a_top_up(bench, tmp_path):
    b = drawn(bench, tmp_path / "lake")
    verify(b.lake, b.run, verifier("numeric"))
    Committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(10)])
    assert sum(verify(b.lake, b.run, verifier("numeric")).values()) == 6


class Choking(Numeric):
    """A verifier that a completion can choke."""

    name = "choking"

    def compare(self, problem, answer):
        if problem.problem_id == "sum-1":
            raise RecursionError("too deep")
        return Verdict("correct", answer)


class Stricter(Numeric):
    """The same name, another version."""

    version = "2"

    def compare(self, problem, answer):
        return Verdict("wrong", answer)


def test_what_a_verifier_chokes_on_is_an_error_and_not_wrong(bench, tmp_path):
    b = drawn(bench, tmp_path / "lake")
    assert verify(b.lake, b.run, Choking()) == {"correct": 16, "error": 8}


def test_another_version_appends_in_a_later_pass_and_the_old_verdicts_stay(bench, tmp_path):
    b = drawn(bench, tmp_path / "lake")
    verify(b.lake, b.run, verifier("numeric"))
    verify(b.lake, b.run, Stricter())
    rows = b.lake.read("verdicts").to_pylist()
    assert {(row["verifier_version"], row["pass_id"]) for row in rows} == {("1", 1), ("2", 2)}
    assert len(rows) == 48

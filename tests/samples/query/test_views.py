"""Views: tallies are what counting verdicts gives, in whichever way; what is left out is not opened."""

import shutil
from collections import Counter
from pathlib import Path
from random import Random

import pytest

import samples
from samples.errors import LakeError, SamplesError
from samples.lake import parquet
from samples.lake.files import Selection, snapshot_files
from samples.query import views
from samples.query.connection import engine
from samples.query.views import Views
from samples_schemas import VERDICTS

STATUSES = ("correct", "wrong", "no_answer", "error", "timeout")
VERIFIERS = ("m", "it's", "run_id")


def rejudge(lakes, lake, seed=0, first=1):
    """Passes of three verifiers, from `first` on, over all, some or none of the samples of both runs."""
    random = Random(seed)
    run_ids = {row["run"]: row["run_id"] for row in lake.query("runs")}
    for run, problems in lakes.STATUSES.items():
        for verifier in VERIFIERS:
            for number in range(first, first + random.choice([1, 2, 3])):
                rows = [
                    {"problem_id": problem, "sample_index": index, "verifier_version": "1", "pass_id": number}
                    | {"status": random.choice(STATUSES), "seconds": 0.0}
                    for problem, letters in problems.items()
                    if random.random() < 0.7
                    for index in range(len(letters))
                    if number == first or random.random() < 0.6
                ]
                if rows:
                    lakes.append(lake, "verdicts", rows, verifier=verifier, run_id=run_ids[run])


def counted(lake):
    """(n, c, errors, timeouts) of each run, problem and verifier, by counting the rows of the highest passes."""
    last = {}
    for row in sorted(lake.sql("SELECT * FROM verdicts"), key=lambda row: row["pass_id"]):
        last[row["run"], row["problem_id"], row["verifier"], row["sample_index"]] = row["status"]
    found = {}
    for (*key, _), status in last.items():
        found.setdefault(tuple(key), Counter())[status] += 1
    return {
        key: (sum(s[name] for name in STATUSES[:3]), s["correct"], s["error"], s["timeout"]) for key, s in found.items()
    }


def tallied(lake):
    rows = lake.sql("SELECT run, problem_id, verifier, n, c, errors, timeouts FROM tallies")
    return {tuple(row.values())[:3]: tuple(row.values())[3:] for row in rows}


@pytest.mark.cases(3)
@pytest.mark.heavy
@pytest.mark.parametrize("few", [0, 3, 100])
@pytest.mark.parametrize("stated", ["problem_id", "problem_id sample_index pass_id"])
def test_tallies_are_what_counting_gives_for_few_judges_and_many(lakes, tmp_path, monkeypatch, few, stated):
    """Judge by judge or all at once, and whether or not commits say which passes their files are of."""
    monkeypatch.setattr(views, "_FEW", few)
    monkeypatch.setattr(parquet, "_STATISTICS", tuple(stated.split()))
    for seed in range(4):
        lake = lakes.filled(tmp_path / str(seed))
        rejudge(lakes, lake, seed)
        assert tallied(lake) == counted(lake)


def test_files_that_state_passes_may_stand_beside_files_that_do_not(lakes, tmp_path, monkeypatch):
    lake = lakes.filled(tmp_path / "lake")
    with monkeypatch.context() as before:
        before.setattr(parquet, "_STATISTICS", ("problem_id", "sample_index"))
        rejudge(lakes, lake, seed=1)
    rejudge(lakes, lake, seed=2, first=4)
    assert {file.pass_id for file in snapshot_files(lake, VERDICTS)} >= {None, 1}
    assert tallied(lake) == counted(lake)


def test_a_table_made_anew_is_made_anew_in_every_view_that_stands_on_it(filled):
    """Whichever views the calls between name."""
    (a, b) = (row["run_id"] for row in filled.query("runs"))
    with engine() as connection:
        shown = Views(connection, filled.pin())
        shown.create(["tallies"], Selection(frozenset({a})))
        shown.create(["verdicts", "samples", "runs"], Selection(frozenset({b})))
        shown.create(["tallies"], Selection(frozenset({b})))
        assert connection.sql("SELECT DISTINCT run FROM tallies").fetchall() == [("b",)]


@pytest.mark.parametrize(
    "asked",
    [
        lambda lake: lake.sql("FROM tallies", memory="10MB"),
        lambda lake: lake.query("pass_at_k", verifier="big", memory="10MB"),
    ],
)
def test_too_little_memory_for_tallies_is_said_as_such(lakes, tmp_path, asked):
    lake = lakes.filled(tmp_path / "lake")
    run_id = lake.query("runs").dicts()[0]["run_id"]
    rows = [
        {"problem_id": f"{'p' * 20}{n}", "sample_index": 0, "verifier_version": "1", "pass_id": 1}
        | {"status": "correct", "seconds": 0.0}
        for n in range(300_000)
    ]
    lakes.append(lake, "verdicts", rows, verifier="big", run_id=run_id)
    with pytest.raises(SamplesError, match=r"; allow more with (--memory|memory=… in Python)$"):
        asked(lake)


def test_verdicts_of_verifiers_that_a_question_leaves_out_are_not_opened(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    rejudge(lakes, lake)
    before = lake.query("pass_at_k", verifier="v").dicts()
    for file in Path(tmp_path).rglob("verifier=m/**/*.parquet"):
        file.unlink()
    assert samples.open(lake.uri).query("pass_at_k", verifier="v").dicts() == before
    with pytest.raises(LakeError):
        lake.query("pass_at_k", verifier="m")


def test_scores_of_scorers_that_a_question_leaves_out_are_not_opened(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    before = lake.query("perplexity_by_run", scorer="s").dicts()
    own = lake.query("perplexity_by_run", scorer="a", runs="a").dicts()
    run_id = lake.query("runs").dicts()[0]["run_id"]
    row = {"problem_id": "p1", "sample_index": 0, "attempt": "z", "tokens": 1, "bytes": 1, "cumulative_logprob": -1.0}
    about = {"token_mode": "ids", "prompt": "run"}
    lakes.append(lake, "scores", [{**row, **about}], scorer_id="s-other", run_id=run_id)
    for file in Path(tmp_path).rglob("scorer_id=s-other/**/*.parquet"):
        file.unlink()
    opened = samples.open(lake.uri)
    assert opened.query("perplexity_by_run", scorer="s").dicts() == before
    assert opened.query("perplexity_by_run", scorer="a", runs="a").dicts() == own
    with pytest.raises(LakeError):
        opened.query("scorers")


def test_a_lake_from_before_scorers_has_none_and_its_runs_score_themselves(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    for table in ("scorers", "scores", "score_logprobs"):
        shutil.rmtree(tmp_path / "lake" / table)
    opened = samples.open(lake.uri)
    assert {row["scorer"] for row in opened.query("scorers")} == {"a", "b"}
    assert len(opened.query("perplexity", scorer="a", runs="a")) == len(opened.query("perplexity", runs="a"))

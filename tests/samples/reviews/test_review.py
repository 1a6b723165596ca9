"""Labels of chains of thought: appended in order, with their history, by reviewers with names."""

import getpass
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from deltalake import DeltaTable

from samples.api import Lake
from samples.errors import NotFound, UsageError
from samples.reviews.review import Review
from samples.reviews.reviewer import default_reviewer

HOSTILE = "\x1b[31mred\x1b[0m \u202e<script>alert(1)</script>\x00"


@pytest.fixture
def lake(lakes, tmp_path):
    """Two runs over four problems. Ann labelled sample 0 of p1 valid, and bob unclear and then valid."""
    return lakes.filled(tmp_path / "lake")


def history(lake):
    rows = lake.sql("FROM review_history WHERE run = 'a' ORDER BY number").dicts()
    return [(row["reviewer"], row["problem_id"], row["sample_index"], row["label"], row["current"]) for row in rows]


def test_the_last_label_of_a_reviewer_counts_and_the_others_are_kept(lake):
    row = lake.review("a", "p1", 0, "flawed", note="step 2", reviewer="ann")
    assert (row["run"], row["reviewer"], row["label"], row["note"], row["number"]) == (
        "a",
        "ann",
        "flawed",
        "step 2",
        4,
    )
    assert history(lake) == [
        ("ann", "p1", 0, "valid", False),
        ("bob", "p1", 0, "unclear", False),
        ("bob", "p1", 0, "valid", True),
        ("ann", "p1", 0, "flawed", True),
    ]
    current = lake.sql("SELECT reviewer, label, dataset FROM reviews WHERE run = 'a' ORDER BY ALL").dicts()
    assert [(row["reviewer"], row["label"], row["dataset"]) for row in current] == [
        ("ann", "flawed", "d"),
        ("bob", "valid", "d"),
    ]


def test_the_number_decides_what_is_current_and_not_a_clock(lakes, lake):
    run_id = lake.read("reviews")["run_id"][0].as_py()
    run = next(row["run"] for row in lake.query("runs") if row["run_id"] == run_id)
    late = {"run_id": run_id, "problem_id": "p2", "sample_index": 0, "reviewer": "ann", "note": None}
    rows = [
        {**late, "label": "valid", "number": 8, "created_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {**late, "label": "lucky", "number": 7, "created_at": datetime(2030, 1, 1, tzinfo=UTC)},
    ]
    lakes.append(lake, "reviews", rows)
    assert lake.sql("SELECT label FROM reviews WHERE problem_id = 'p2'").dicts() == [{"label": "valid"}]
    assert [row["label"] for row in lake.show(run, "p2", 0).reviews] == ["valid", "lucky"]
    assert lake.review(run, "p2", 0, "flawed", reviewer="ann")["number"] == 9


def test_a_label_that_is_current_is_not_written_again(lake):
    first = lake.review("a", "p1", 1, "lucky", note="guess", reviewer="ann")
    version = DeltaTable(f"{lake.uri}/reviews").version()
    assert lake.review("a", "p1", 1, "lucky", note="guess", reviewer="ann") == first
    assert DeltaTable(f"{lake.uri}/reviews").version() == version
    assert lake.review("a", "p1", 1, "lucky", reviewer="ann")["number"] == first["number"] + 1  # without the note


def test_several_labels_are_one_commit_and_the_later_of_one_sample_is_current(lake):
    version = DeltaTable(f"{lake.uri}/reviews").version()
    given = [Review("p1", 1, "valid"), Review("p2", 0, "lucky", "hm"), Review("p1", 1, "flawed")]
    rows = lake.review_many("a", given, reviewer="cy")
    assert DeltaTable(f"{lake.uri}/reviews").version() == version + 1
    assert [(row["problem_id"], row["label"], row["number"]) for row in rows] == [
        ("p1", "flawed", 6),
        ("p2", "lucky", 5),
        ("p1", "flawed", 6),
    ]
    assert history(lake)[-3:] == [
        ("cy", "p1", 1, "valid", False),
        ("cy", "p2", 0, "lucky", True),
        ("cy", "p1", 1, "flawed", True),
    ]


def test_of_several_labels_none_is_written_if_one_cannot_be(lake):
    before = history(lake)
    with pytest.raises(NotFound, match="no sample 9 of problem p1"):
        lake.review_many("a", [Review("p1", 1, "valid"), Review("p1", 9, "valid")], reviewer="ann")
    assert history(lake) == before


def test_reviewers_who_label_at_once_all_keep_their_labels_under_numbers_of_their_own(lake):
    def label(number):
        Lake(lake.uri).review("a", "p1", number % 4, "valid", reviewer=f"r{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(label, range(8)))
    rows = lake.sql("SELECT reviewer, number FROM reviews WHERE run = 'a' AND starts_with(reviewer, 'r')").dicts()
    assert {row["reviewer"] for row in rows} == {f"r{number}" for number in range(8)}
    assert len({row["number"] for row in rows}) == 8


@pytest.mark.parametrize(
    ("asked", "error", "says"),
    [
        (("nope", "p1", 0, "valid"), NotFound, 'no run "nope"'),
        (("a", "p9", 0, "valid"), NotFound, 'run a has no problem "p9"; it has 4, such as p1, p2, p3, p4'),
        (("a", "p1", 4, "valid"), NotFound, "run a has no sample 4 of problem p1: samples show a p1 lists"),
        (("a", "p1", "x", "valid"), UsageError, "a whole number is expected"),
        (("a", "p1", 0, "vald"), UsageError, r'label "vald" is not known \(did you mean "valid"\?\)'),
        (("a", "p1", 0, ""), UsageError, "choose one of valid, flawed, lucky, unclear"),
    ],
)
def test_what_cannot_be_labelled_is_refused(lake, asked, error, says):
    with pytest.raises(error, match=says):
        lake.review(*asked, reviewer="ann")


def test_a_sample_that_failed_has_nothing_to_review(lakes, lake):
    run_id = lake.sql("SELECT run_id FROM runs WHERE run = 'a'").dicts()[0]["run_id"]
    failed = {"problem_id": "p4", "sample_index": 9, "attempt": "z", "error": "broke", "tokens": 0}
    lakes.append(lake, "samples", [failed], dataset="d", run_id=run_id)
    with pytest.raises(UsageError, match="sample 9 of problem p4 of run a failed"):
        lake.review("a", "p4", 9, "valid", reviewer="ann")


UNSEEN = ["", " ann", "ann ", "a\nb", "\x1b[31m", "a\u202eb", "a\u200bb", "x" * 101, "\ud800", 3]


@pytest.mark.parametrize("name", UNSEEN)
def test_a_reviewer_has_a_name_that_can_be_seen(lake, name):
    with pytest.raises(UsageError, match="a name of 1 to 100 characters"):
        lake.review("a", "p1", 0, "valid", reviewer=name)


@pytest.mark.parametrize("name", ["ann", "Ann B.", "李雷", "ann@lab.org", "x" * 100])
def test_names_of_many_kinds_are_kept_as_they_are(lake, name):
    assert lake.review("a", "p1", 2, "valid", reviewer=name)["reviewer"] == name
    assert lake.show("a", "p1", 2).reviews[0]["reviewer"] == name


def test_without_a_name_it_is_the_variable_or_the_user_of_this_machine(lake, monkeypatch):
    monkeypatch.setenv("SAMPLES_REVIEWER", "dora")
    assert lake.review("a", "p1", 0, "valid")["reviewer"] == "dora"
    monkeypatch.delenv("SAMPLES_REVIEWER")
    monkeypatch.setenv("LOGNAME", "emil")
    assert default_reviewer() == getpass.getuser() == "emil"
    monkeypatch.setenv("SAMPLES_REVIEWER", "\x1b[31m")
    with pytest.raises(UsageError, match="a name of 1 to 100 characters"):
        default_reviewer()


def test_a_hostile_note_is_kept_as_it_is_and_a_very_long_one_is_refused(lake):
    assert lake.review("a", "p1", 0, "flawed", note=HOSTILE, reviewer="ann")["note"] == HOSTILE
    assert lake.show("a", "p1", 0).reviews[0]["note"] == HOSTILE
    assert lake.review("a", "p1", 0, "flawed", note="half \ud800", reviewer="ann")["note"] == "half ?"
    with pytest.raises(UsageError, match="10,001 characters"):
        lake.review("a", "p1", 0, "flawed", note="x" * 10_001, reviewer="ann")


def test_a_lake_at_one_version_takes_no_labels(lake):
    with pytest.raises(UsageError, match="open it without a version"):
        lake.pin().review("a", "p1", 0, "valid", reviewer="x")

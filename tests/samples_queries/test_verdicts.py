"""Verdicts against each other: passes and versions of one verifier, and two verifiers."""

import math
from collections import Counter

import pytest

from samples.errors import SamplesError

pytestmark = pytest.mark.heavy

NAMES = {"c": "correct", "w": "wrong", "n": "no_answer", "e": "error", "t": "timeout"}


@pytest.fixture
def judge(lakes):
    """Give verdicts of one pass on problem p1 of a run: a status letter per sample, a space where it judges none."""

    def give(lake, run, verifier, pass_id, version, letters, **more):
        run_id = next(row["run_id"] for row in lake.query("runs") if row["run"] == run)
        rows = [
            {"problem_id": "p1", "sample_index": index, "verifier_version": version, "pass_id": pass_id}
            | {"status": NAMES[letter], "answer": letter, "seconds": 0.0, "detail": f"pass {pass_id}", **more}
            for index, letter in enumerate(letters)
            if letter != " "
        ]
        lakes.append(lake, "verdicts", rows, verifier=verifier, run_id=run_id)

    return give


@pytest.fixture
def judged(lakes, judge, tmp_path):
    """Three passes over four samples: version 1.0, then 2.0 on two of them, then 1.0 on one of these again."""
    lake = lakes.filled(tmp_path / "lake")
    judge(lake, "a", "m", 1, "1.0+x", "ccwt")
    judge(lake, "a", "m", 2, "2.0+x", " w c")
    judge(lake, "a", "m", 3, "1.0+x", " c  ")
    return lake


def changes(lake, **asked):
    return {
        (row["run"], row["sample_index"]): (row["from_status"], row["to_status"], row["from_pass"], row["to_pass"])
        for row in lake.query("verdict_changes", **asked)
    }


def test_a_pass_means_what_counted_as_of_it_though_it_judged_only_some(judged):
    assert changes(judged, **{"from": "m@1", "to": "m@2"}) == {
        ("a", 1): ("correct", "wrong", 1, 2),
        ("a", 3): ("timeout", "correct", 1, 2),
    }
    assert changes(judged, **{"from": "m@2", "to": "m@1"}) == {
        ("a", 1): ("wrong", "correct", 2, 1),
        ("a", 3): ("correct", "timeout", 2, 1),
    }
    assert changes(judged, **{"from": "m@2", "to": "m@3"}) == {("a", 1): ("wrong", "correct", 2, 3)}
    assert changes(judged, **{"from": "m@2", "to": "m"}) == changes(judged, **{"from": "m@2", "to": "m@3"})
    assert changes(judged, **{"from": "m@3", "to": "m"}) == {}


def test_without_from_it_is_the_passes_before_and_without_to_the_current_verdicts(judged):
    assert changes(judged, to="m") == changes(judged, **{"from": "m@2", "to": "m"})
    assert changes(judged, to="m@2") == changes(judged, **{"from": "m@1", "to": "m@2"})
    assert changes(judged, **{"from": "m@2"}) == changes(judged, **{"from": "m@2", "to": "m"})
    first = changes(judged, to="m@1")
    assert first == {("a", i): (None, s, None, 1) for i, s in enumerate(["correct", "correct", "wrong", "timeout"])}


def test_with_neither_it_is_the_latest_pass_of_the_only_verifier(lakes, judge, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    assert {row["from_status"] for row in lake.query("verdict_changes")} == {None}
    assert len(lake.query("verdict_changes")) == 30
    judge(lake, "a", "v", 2, "2", "w   ")
    assert changes(lake) == {("a", 0): ("correct", "wrong", 1, 2)}


def test_a_version_means_what_it_last_said_of_each_sample(judged):
    assert changes(judged, **{"from": "m@1.0+x", "to": "m@2.0+x"}) == {
        ("a", 0): ("correct", None, 1, None),
        ("a", 1): ("correct", "wrong", 3, 2),
        ("a", 2): ("wrong", None, 1, None),
        ("a", 3): ("timeout", "correct", 1, 2),
    }
    assert changes(judged, **{"from": "m@1.", "to": "m@2.0"}) == changes(judged, **{"from": "m@1.0+x", "to": "m@2.0+x"})


def test_another_answer_or_reward_with_the_same_status_is_a_change(lakes, judge, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    judge(lake, "a", "m", 1, "1", "cc", reward=1.0)
    judge(lake, "a", "m", 2, "2", "c ", answer="1/2", reward=1.0)
    judge(lake, "a", "m", 3, "3", " c", reward=0.5)
    first, second = lake.query("verdict_changes", **{"from": "m@1", "to": "m@3"}).dicts()
    assert (first["from_answer"], first["to_answer"]) == ("c", "1/2")
    assert (second["from_reward"], second["to_reward"]) == (1.0, 0.5)
    assert (second["from_detail"], second["to_detail"]) == ("pass 1", "pass 3")


def test_two_verifiers_can_be_the_two_sides(judged):
    rows = judged.query("verdict_changes", **{"from": "v", "to": "m@1", "runs": "a", "problems": "p1"}).dicts()
    found = {row["sample_index"]: (row["from_status"], row["to_status"]) for row in rows}
    expected = dict(enumerate(zip("cwcc", "ccwt", strict=True)))
    assert {i: pair for i, pair in found.items() if pair[0] != pair[1]} == {
        i: (NAMES[one], NAMES[other]) for i, (one, other) in expected.items() if one != other
    }


def test_transitions_count_every_sample_that_either_side_judged(judged):
    rows = judged.query("verdict_transitions", **{"from": "m@1", "to": "m@2"}).dicts()
    assert {(row["from_status"], row["to_status"]): row["samples"] for row in rows} == {
        ("correct", "correct"): 1,
        ("correct", "wrong"): 1,
        ("timeout", "correct"): 1,
        ("wrong", "wrong"): 1,
    }
    assert sum(row["other_answer"] for row in rows) == 2
    assert {(row["problems"], row["example_problem_id"]) for row in rows} == {(1, "p1")}
    rows = judged.query("verdict_transitions", **{"from": "m@1.0", "to": "m@2.0"}).dicts()
    assert [(row["from_status"], row["to_status"]) for row in rows] == [
        ("correct", None),
        ("correct", "wrong"),
        ("timeout", "correct"),
        ("wrong", None),
    ]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"from": "n@1", "to": "m@1"}, 'verifier "n" judged none of these runs; those that did: m, v'),
        ({"from": "m@4", "to": "m@1"}, r'"4" is no pass or version of m; its passes .* 1 \(version 1.0\+x\), 2'),
        ({"from": "m@", "to": "m@1"}, '"" is no pass or version of m'),
        ({"from": "m@0", "to": "m@1"}, '"0" is no pass or version of m'),
        ({}, "several verifiers judged these runs; name one with from= or to=: m, v"),
    ],
)
def test_a_side_that_is_not_there_is_refused_with_those_that_are(judged, asked, said):
    with pytest.raises(SamplesError, match=said):
        judged.query("verdict_changes", **asked)


def test_the_beginning_of_several_versions_is_refused(judged, judge):
    judge(judged, "a", "m", 4, "1.5", "c   ")
    with pytest.raises(SamplesError, match=r'"1\." fits the versions 1.0\+x and 1.5 of m'):
        judged.query("verdict_changes", **{"from": "m@1.", "to": "m"})


AGREEMENT = [
    ("ccwwn", "cwwcw"),
    ("ccccc", "ccccw"),
    ("ccccc", "ccccc"),  # nobody to disagree
    ("wwnnw", "wwwww"),
    ("cwcwc", "wcwcw"),  # always the opposite
    ("ctwec", "cwtwe"),  # undecided ones
    ("ttttt", "ccccc"),
    ("ccw  ", "  wcc"),  # only one sample is judged by both
]


def test_agreement_is_counted_as_by_hand(lakes, judge, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    lakes.draw(lake, "a", [("p1", index) for index in range(5)])
    for case, letters in enumerate(AGREEMENT):
        for side in (0, 1):
            judge(lake, "a", f"m{case}{side}", 1, "1", letters[side])
    for case, letters in enumerate(AGREEMENT):
        (row,) = lake.query("verifier_agreement", first=f"m{case}0", second=f"m{case}1").dicts()
        assert {name: row[name] for name in agreement(*letters)} == agreement(*letters), letters


def agreement(one, other):
    both = [(x, y) for x, y in zip(one, other, strict=True) if " " not in x + y]
    pairs = [(x == "c", y == "c") for x, y in both if not {x, y} & {"t", "e"}]
    counts, total = Counter(pairs), len(pairs)
    agree = counts[True, True] + counts[False, False]
    rates = [sum(pair[side] for pair in pairs) / total if total else math.nan for side in (0, 1)]
    chance = rates[0] * rates[1] + (1 - rates[0]) * (1 - rates[1])
    return {
        "both_correct": counts[True, True],
        "only_first": counts[True, False],
        "only_second": counts[False, True],
        "neither": counts[False, False],
        "samples": total,
        "undecided": len(both) - total,
        "agree": agree,
        "share": pytest.approx(agree / total) if total else None,
        "kappa": pytest.approx((agree / total - chance) / (1 - chance)) if total and chance < 1 else None,
    }


def test_agreement_is_per_run_and_of_current_verdicts(judged):
    rows = judged.query("verifier_agreement", first="v", second="m").dicts()
    assert [row["run"] for row in rows] == ["a"]  # b has no verdict of m
    # v says cwcc of p1; what counts of m is ccwc
    assert (rows[0]["samples"], rows[0]["agree"], rows[0]["only_first"], rows[0]["only_second"]) == (4, 2, 1, 1)
    (row,) = judged.query("verifier_agreement", first="v", second="v", runs="b").dicts()
    assert (row["share"], row["kappa"], row["undecided"]) == (1, 1, 1)


def test_an_answer_says_that_a_verifier_is_compared_with_itself(filled):
    answer = filled.query("verifier_agreement")
    assert {row["share"] for row in answer.dicts()} == {1}
    assert "v is compared with itself; samples rescore --verifier NAME adds another verifier" in answer.notes

"""maj@k: exact votes against enumeration, an exact recursion over states and simulation; and the query over lakes."""

import math
import time
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samples.errors import NotFound, SamplesError
from samples_queries.votes import Ballot, Count, elected

pytestmark = pytest.mark.heavy

SAMPLES = st.lists(st.sampled_from([None, *"abcdef"]), min_size=1, max_size=9)


def ballot_of(answers):
    """The ballot of (text, correct) per sample."""
    given_by = Counter(text for text, _ in answers if text is not None)
    right = {text for text, correct in answers if correct}
    levels = sorted(set(given_by.values()))
    alike = [[text for text, count in given_by.items() if count == votes] for votes in levels]
    return Ballot(
        len(answers),
        tuple(levels),
        tuple(map(len, alike)),
        tuple(float(sum(text in right for text in texts)) for texts in alike),
    )


def spread(*counts, silent=0):
    """(text, correct) per sample, from (how often, correct) per answer."""
    given_by = [(str(place), correct) for place, (votes, correct) in enumerate(counts) for _ in range(votes)]
    return given_by + [(None, False)] * silent


def by_states(answers, k):
    """The chance by an exact recursion over answers: ways by samples drawn, most votes, leaders, correct leaders."""
    right = {text for text, correct in answers if correct}
    given_by = Counter(text for text, _ in answers if text is not None)
    silent = len(answers) - given_by.total()
    ways = {(drawn, 0, 0, 0): math.comb(silent, drawn) for drawn in range(min(silent, k) + 1)}
    for text, votes in given_by.items():
        more = Counter()
        for (drawn, most, leaders, good), count in ways.items():
            for got in range(min(votes, k - drawn) + 1):
                leading = (most, leaders, good)
                if got > most:
                    leading = (got, 1, int(text in right))
                elif got == most > 0:
                    leading = (most, leaders + 1, good + (text in right))
                more[drawn + got, *leading] += count * math.comb(votes, got)
        ways = more
    won = sum(
        (
            Fraction(good, leaders) * count
            for (drawn, _, leaders, good), count in ways.items()
            if drawn == k and leaders
        ),
        Fraction(0),
    )
    return won / math.comb(len(answers), k)


@settings(max_examples=150, deadline=None)
@given(texts=SAMPLES, correct=st.sets(st.sampled_from("abcdef")))
def test_a_vote_is_the_mean_over_all_subsets(texts, correct, oracles):
    answers = [(text, text in correct) for text in texts]
    for k in range(1, len(answers) + 1):
        expected = float(oracles.maj_at_k_by_subsets(answers, k))
        assert elected(ballot_of(answers), k) == pytest.approx(expected, abs=1e-14)
        assert Count(ballot_of(answers), k).outcome() == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize(
    ("answers", "ks"),
    [
        (spread((60, True), (30, False), (10, False), silent=5), [1, 2, 8, 64, 104, 105]),
        (spread((500, False), (499, True), silent=5), [1, 8, 64, 502, 1003, 1004]),
        (spread((300, True), (2, False)), [1, 2, 3, 4, 5, 301, 302]),
    ],
)
def test_few_answers_of_many_samples_give_the_exact_fraction(answers, ks, oracles):
    for k in ks:
        if k <= 64 or len(ballot_of(answers).votes) < 3:
            assert elected(ballot_of(answers), k) == pytest.approx(float(oracles.maj_at_k(answers, k)), abs=1e-13)


@pytest.mark.parametrize("silent", [0, 7])
def test_long_tails_give_the_exact_fraction_too(silent):
    answers = spread(
        (9, True), (8, False), (3, True), (3, False), *[(1, place % 5 == 0) for place in range(25)], silent=silent
    )
    for k in (1, 2, 3, 7, 16, 30, len(answers) - 1, len(answers)):
        assert elected(ballot_of(answers), k) == pytest.approx(float(by_states(answers, k)), abs=1e-14)


@pytest.mark.parametrize("votes", [1, 2, 50])
@pytest.mark.parametrize("k", [1, 3, 64, 500, 999, 1000])
def test_among_answers_that_are_equally_frequent_each_wins_as_often(votes, k):
    many = 1000 // votes
    ballot = Ballot(1000, (votes,), (many,), (many // 5,))
    assert elected(ballot, k) == pytest.approx(0.2, abs=1e-12)


def test_all_samples_together_vote_as_they_are_counted():
    assert elected(ballot_of(spread((3, True), (2, False))), 5) == pytest.approx(1)
    assert elected(ballot_of(spread((2, True), (3, False))), 5) == pytest.approx(0)
    assert elected(ballot_of(spread((3, True), (3, False), (3, False))), 9) == pytest.approx(1 / 3)
    assert elected(ballot_of(spread((3, True), (3, True), (3, False), silent=50)), 59) == pytest.approx(2 / 3)


def test_nobody_solved_everybody_solved_and_nobody_answered_are_exactly_so():
    assert elected(ballot_of(spread((4, False), (3, False))), 2) == 0
    assert elected(ballot_of(spread((4, True), (3, True))), 2) == 1
    assert elected(ballot_of(spread(silent=4)), 2) == 0
    assert elected(ballot_of(spread((1, True))), 1) == 1
    # one of four gave the answer: a vote of two holds it in half of the draws
    assert elected(ballot_of(spread((1, True), silent=3)), 2) == 0.5


def test_one_sample_votes_as_it_is_correct():
    answers = spread((90, True), (70, False), (31, True), *[(1, False)] * 200, silent=9)
    assert elected(ballot_of(answers), 1) == pytest.approx(121 / 400)


def test_a_thousand_samples_with_a_long_tail_agree_with_simulation_and_take_a_moment():
    shares = 1 / np.arange(1, 801)
    random = np.random.default_rng(3)
    votes = random.multinomial(1000, shares / shares.sum())
    votes = np.sort(votes[votes > 0])[::-1]
    answers = spread(*[(int(count), place in {1, 4}) for place, count in enumerate(votes)])
    for k in (8, 64, 256):
        began = time.monotonic()
        found = elected(ballot_of(answers), k)
        assert time.monotonic() - began < 5
        drawn = random.multivariate_hypergeometric(votes, k, size=4000)
        leaders = drawn == drawn.max(axis=1)[:, None]
        won = leaders[:, [1, 4]].sum(axis=1) / leaders.sum(axis=1)
        assert found == pytest.approx(won.mean(), abs=4.5 * won.std() / math.sqrt(len(won)))


def test_an_answer_judged_both_ways_counts_for_the_share_that_is_correct():
    ballot = Ballot(4, (3,), (1,), (2 / 3,))
    assert elected(ballot, 2) == pytest.approx(2 / 3)


def judge(lakes, lake, run, said, verifier="m"):
    """Judge samples, and draw those that are not there: a list of (status, answer) per problem."""
    lakes.draw(lake, run, [(problem, index) for problem, verdicts in said.items() for index in range(len(verdicts))])
    run_id = next(row["run_id"] for row in lake.query("runs") if row["run"] == run)
    rows = [
        {"problem_id": problem, "sample_index": index, "verifier_version": "1", "pass_id": 1, "status": status}
        | {"answer": text, "seconds": 0.0}
        for problem, verdicts in said.items()
        for index, (status, text) in enumerate(verdicts)
    ]
    lakes.append(lake, "verdicts", rows, verifier=verifier, run_id=run_id)


def maj(rows):
    return {(row["run"], row["k"]): (row["problems"], pytest.approx(row["maj_at_k"])) for row in rows}


def test_each_run_is_averaged_over_the_problems_that_reach_k(filled, oracles):
    letters = {"a": ["cwcc", "cwww", "wwnw", "www"], "b": ["cccc", "wwww", "wcw", "ww"]}  # errors and timeouts are out
    expected = {}
    for run, problems in letters.items():
        answers = [[(None if x == "n" else x, x == "c") for x in problem] for problem in problems]
        for k in (1, 2, 3, 4):
            used = [float(oracles.maj_at_k_by_subsets(problem, k)) for problem in answers if len(problem) >= k]
            expected[run, k] = (len(used), pytest.approx(sum(used) / len(used)))
    rows = filled.query("majority", ks=[1, 2, 3, 4], problem_set="each").dicts()
    assert {key: (problems, mean) for key, (problems, mean) in maj(rows).items()} == {
        key: (problems, mean.expected) for key, (problems, mean) in expected.items()
    }
    assert [(row["run"], row["k"]) for row in rows] == sorted(expected)
    assert {(row["run"], row["errors"], row["timeouts"]) for row in rows} == {("a", 1, 0), ("b", 0, 1)}
    assert all(row["low"] <= row["maj_at_k"] <= row["high"] and row["interval"] for row in rows)
    assert {row["k"] for row in filled.query("majority", problem_set="each")} == {1, 2, 4}
    assert {row["k"] for row in filled.query("majority", problem_set="each", ks="all")} == {1, 2, 3, 4}
    assert {row["k"] for row in filled.query("majority", runs="a")} == {1, 2, 3}
    assert {row["k"] for row in filled.query("majority", runs="b")} == {1, 2}


def test_problems_of_several_datasets_are_not_averaged_together(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    lakes.add_run(lake, "e", {"p1": "cccc", "q": "cccc"}, dataset="other")
    rows = lake.query("majority", ks=2).dicts()
    assert [(row["run"], row["dataset"], row["problems"]) for row in rows] == [
        ("a", "d", 4),
        ("b", "d", 4),
        ("e", "other", 2),
    ]
    assert rows[2]["maj_at_k"] == 1
    assert rows[2]["high"] == 1 > rows[2]["low"]


def test_right_answers_are_one_and_texts_are_their_own_only_without_merging(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    said = [
        ("correct", "1/2"),
        ("correct", "0.5"),
        ("wrong", "2"),
        ("wrong", "2"),
        ("no_answer", None),
        ("timeout", "2"),
    ]
    judge(lakes, lake, "a", {"p1": said})
    (row,) = lake.query("majority", runs="a", verifier="m", ks=5).dicts()
    assert (row["problems"], row["maj_at_k"], row["timeouts"]) == (1, pytest.approx(1 / 2), 1)
    (row,) = lake.query("majority", runs="a", verifier="m", ks=5, merge="none").dicts()
    assert row["maj_at_k"] == pytest.approx(0)
    (row,) = lake.query("majority", runs="a", verifier="m", ks=3, merge="none").dicts()
    # 2 wins the 3 draws with both twos; else the leaders tie: of 7 draws, 1 has 1/2, 0.5 and 2, and so on
    draws = {
        "both twos": 3 * 0,
        "1/2, 0.5, 2": 2 * Fraction(2, 3),
        "1/2, 0.5, none": 1,
        "one of them, 2, none": 4 * Fraction(1, 2),
    }
    assert row["maj_at_k"] == pytest.approx(float(sum(map(Fraction, draws.values())) / 10))


FIVE_RIGHT = ["1/2", "1/2", "0.5", "0.5", r"\frac{1}{2}"]


def test_five_right_answers_in_three_forms_win_against_three_wrong_ones(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    said = [("correct", text) for text in FIVE_RIGHT] + [("wrong", "3")] * 3
    judge(lakes, lake, "a", {"p1": said}, verifier="math")
    found = {
        merge: lake.query("majority", runs="a", verifier="math", ks=8, merge=merge)["maj_at_k"].tolist()
        for merge in ("verifier", "none")
    }
    assert found == {"verifier": [pytest.approx(1)], "none": [pytest.approx(0)]}
    assert lake.query("majority", runs="a", verifier="math", ks=8)["maj_at_k"].tolist() == found["verifier"]
    (row,) = lake.query("answers", runs="a", verifier="math").dicts()
    assert [row[name] for name in ("distinct_answers", "top_votes", "top_answer")] == [2, 5, "0.5"]
    assert row["entropy"] == pytest.approx(-(5 * math.log(5 / 8) + 3 * math.log(3 / 8)) / 8)
    (row,) = lake.query("answers", runs="a", verifier="math", merge="none").dicts()
    assert [row[name] for name in ("distinct_answers", "top_votes", "top_answer")] == [4, 3, "3"]
    (row,) = lake.query("answers_by_run", runs="a", verifier="math").dicts()
    assert (row["distinct_answers"], row["top_share"]) == (2, 5 / 8)
    (row,) = lake.query("answers_by_run", runs="a", verifier="math", merge="none").dicts()
    assert (row["distinct_answers"], row["top_share"]) == (4, 3 / 8)


@pytest.mark.parametrize(("verifier", "won"), [("math", 0), ("paper-math", 0), ("boxed-exact", 1), ("exact", 1)])
def test_wrong_answers_are_one_where_their_verifier_finds_them_equal(lakes, tmp_path, verifier, won):
    lake = lakes.filled(tmp_path / "lake")
    said = [("correct", "7")] * 2 + [("wrong", text) for text in ("3/2", "1.5", r"\dfrac{3}{2}")]
    judge(lakes, lake, "a", {"p1": said, "p2": [("no_answer", None)] * 5}, verifier=verifier)
    rows = lake.query("majority", runs="a", verifier=verifier, ks=5).dicts()
    assert [row["maj_at_k"] for row in rows] == [pytest.approx(won / 2)]
    (first, second) = lake.query("answers", runs="a", verifier=verifier).dicts()
    assert (first["distinct_answers"], first["top_status"]) == ((4, "correct") if won else (2, "wrong"))
    assert (second["distinct_answers"], second["top_answer"], second["entropy"]) == (0, None, None)
    unmerged = lake.query("majority", runs="a", verifier=verifier, ks=5, merge="none").dicts()
    assert [row["maj_at_k"] for row in unmerged] == [pytest.approx(1 / 2)]
    for name in ("majority", "answers", "answers_by_run"):
        with pytest.raises(SamplesError, match='merge "text": choose one of verifier, none'):
            lake.query(name, runs="a", verifier=verifier, merge="text")


def test_a_text_judged_both_ways_counts_for_its_share_after_merging_too(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    said = [("correct", "1"), ("correct", "1"), ("wrong", "1"), ("correct", "1.0"), ("wrong", "2")]
    judge(lakes, lake, "a", {"p1": said})
    (row,) = lake.query("majority", runs="a", verifier="m", ks=5).dicts()
    assert row["maj_at_k"] == pytest.approx(3 / 4), "four samples gave the one answer, and three were judged correct"


def test_what_cannot_be_answered_says_why_and_the_way_out(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    with pytest.raises(SamplesError, match=r"k = 8 is left out: the most verified samples of a problem are 4 .* -k 8"):
        lake.query("majority", ks=8)
    with pytest.raises(SamplesError, match="k = 0"):
        lake.query("majority", ks=0)
    with pytest.raises(SamplesError, match=r"ask for fewer ks or problems, or allow it with minutes="):
        lake.query("majority", minutes=1e-9)
    with pytest.raises(NotFound, match="judged none of these runs"):
        lake.query("majority", verifier="math")
    judge(lakes, lake, "b", {"p1": [("correct", None), ("wrong", "3")]})
    with pytest.raises(SamplesError, match=r"m stored no answers of 1 samples .* \(b\), .* samples rescore"):
        lake.query("majority", verifier="m")
    judge(lakes, lake, "a", {"p1": [("timeout", None), ("error", None)]})
    with pytest.raises(SamplesError, match="run a has no verdicts of m yet"):
        lake.query("majority", runs="a", verifier="m")

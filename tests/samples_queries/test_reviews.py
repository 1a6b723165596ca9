"""What people said of chains of thought: counts, agreement and the queue agree with an oracle over plain rows."""

import random
from collections import Counter
from datetime import UTC, datetime
from fractions import Fraction

import pytest
from scipy.stats import beta

from samples.api import Lake
from samples.errors import SamplesError

pytestmark = pytest.mark.heavy

LABELS = ("valid", "flawed", "lucky", "unclear")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Readers:
    """A lake of runs, and the rows of it that the oracle reads."""

    def __init__(self, lakes, path, statuses):
        self.lakes, self.statuses = lakes, statuses
        self.lake = Lake(str(path / "lake"), create=True)
        problems = sorted({problem for run in statuses.values() for problem in run})
        lakes.add_problems(self.lake, "d", dict.fromkeys(problems, "{}"))
        for run, letters in statuses.items():
            lakes.add_run(self.lake, run, letters, reviewed=False)
        self.ids = {row["run"]: row["run_id"] for row in self.lake.query("runs")}
        self.labels: dict[tuple[str, str, int, str], str] = {}  # (run, problem, index, reviewer): the current one
        self.number = 0

    def label(self, given):
        """Append labels: (run, problem, index, reviewer, label), in order."""
        rows = []
        for run, problem, index, reviewer, label in given:
            self.number += 1
            key = {"run_id": self.ids[run], "problem_id": problem, "sample_index": index, "reviewer": reviewer}
            rows.append({**key, "label": label, "note": None, "number": self.number, "created_at": NOW})
            self.labels[run, problem, index, reviewer] = label
        random.Random(self.number).shuffle(rows)  # the order of rows in files says nothing
        self.lakes.append(self.lake, "reviews", rows)

    def hard(self, run, most):
        """Problems of low accuracy, each with n and the indices of its correct samples."""
        found = {}
        for problem, letters in self.statuses[run].items():
            n = sum(letter in "cwn" for letter in letters)
            right = [index for index, letter in enumerate(letters) if letter == "c"]
            if right and Fraction(len(right), n) <= Fraction(str(most)):
                found[problem] = (n, right)
        return found


@pytest.fixture
def small(lakes, tmp_path):
    """Run a solves p1 (1 of 4 verified), p2 (2 of 8), p3 (3 of 4) and not p4; run b solves p1 of two problems."""
    statuses = {
        "a": {"p1": "wcwnet", "p2": "wcwwcwww", "p3": "ccwc", "p4": "wwww"},
        "b": {"p1": "cwww", "p2": "wwww"},
    }
    return Readers(lakes, tmp_path, statuses)


@pytest.fixture
def many(lakes, tmp_path):
    """Three runs of thirty problems, and four reviewers who labelled parts of them, some twice."""
    draw = random.Random(11)
    statuses = {
        run: {f"p{n}": "".join(draw.choices("cwnet", (1, 9, 1, 1, 1), k=draw.randint(4, 30))) for n in range(30)}
        for run in ("a", "b", "c")
    }
    made = Readers(lakes, tmp_path, statuses)
    every = [
        (run, problem, index)
        for run in ("a", "b")
        for problem, letters in statuses[run].items()
        for index, letter in enumerate(letters)
        if letter == "c" or draw.random() < 0.1
    ]
    for reviewer, share in {"ann": 1.0, "bob": 0.7, "cy": 0.1}.items():
        for _ in range(2):
            some = [one for one in every if draw.random() < share]
            made.label([(*one, reviewer, draw.choices(LABELS, (5, 5, 2, 1))[0]) for one in some])
    return made


def counted(readers, run, reviewer, most):
    """What the query says of one run and reviewer, counted row by row."""
    hard = readers.hard(run, most)
    ours = {key[1:3]: label for key, label in readers.labels.items() if (key[0], key[3]) == (run, reviewer)}
    said = {problem: [ours.get((problem, index)) for index in right] for problem, (_, right) in hard.items()}
    valid = sum("valid" in labels for labels in said.values())
    never = sum(set(labels) <= {"flawed", "lucky"} for labels in said.values())
    times = Counter(label for labels in said.values() for label in labels)
    labelled = {f"labelled_{label}": times[label] for label in LABELS}
    found = {"problems": len(hard), "valid": valid, "none_valid": never, "undecided": len(hard) - valid - never}
    found |= {"correct": sum(times.values()), **labelled, "unlabelled": times[None]}
    found |= {"elsewhere": len(ours) - sum(labelled.values())}
    least, upper = valid, len(hard) - never
    if hard:
        found |= {"least": least / len(hard), "most": upper / len(hard)}
        found["low"] = beta.ppf(0.025, least + 0.5, len(hard) - least + 0.5) if least else 0
        found["high"] = beta.ppf(0.975, upper + 0.5, len(hard) - upper + 0.5) if upper < len(hard) else 1
    return found


@pytest.mark.parametrize("most", [0.05, 0.2, 0.5, 1])
def test_reviews_are_counted_as_row_by_row(many, most):
    rows = many.lake.query("reviews", max_accuracy=most).dicts()
    assert [(row["run"], row["reviewer"]) for row in rows] == [
        (run, name) for run in ("a", "b") for name in ("ann", "bob", "cy")
    ]
    for row in rows:
        expected = counted(many, row["run"], row["reviewer"], most)
        assert {name: row[name] for name in expected} == pytest.approx(expected, abs=1e-9)
        assert row["valid"] + row["none_valid"] + row["undecided"] == row["problems"]


def test_interval_ends_never_leave_the_bounds_out(many):
    for row in many.lake.query("reviews", max_accuracy=0.3):
        assert 0 <= row["low"] <= row["least"] <= row["most"] <= row["high"] <= 1


def test_one_valid_chain_settles_a_problem_and_only_labels_of_all_correct_samples_deny_one(small):
    def shown():
        (row,) = small.lake.query("reviews", runs="a", reviewer="ann", max_accuracy=0.25).dicts()
        return [row[name] for name in ("problems", "valid", "none_valid", "undecided", "least", "most", "elsewhere")]

    small.label([("a", "p2", 1, "ann", "flawed")])
    assert shown() == [2, 0, 0, 2, 0, 1, 0]
    small.label([("a", "p2", 4, "ann", "unclear")])
    assert shown() == [2, 0, 0, 2, 0, 1, 0]
    small.label([("a", "p2", 4, "ann", "lucky")])
    assert shown() == [2, 0, 1, 1, 0, 0.5, 0]
    small.label([("a", "p1", 1, "ann", "valid")])
    assert shown() == [2, 1, 1, 0, 0.5, 0.5, 0]
    small.label([("a", "p1", 0, "ann", "valid"), ("a", "p3", 0, "ann", "valid"), ("a", "p1", 4, "ann", "flawed")])
    assert shown() == [2, 1, 1, 0, 0.5, 0.5, 3]  # a wrong sample, an easy problem, a sample with an error
    small.label([("a", "p2", 1, "bob", "valid")])
    assert shown() == [2, 1, 1, 0, 0.5, 0.5, 3]


def test_errors_and_timeouts_are_in_no_accuracy(small):
    """p1 has one of 4 verified, though six were drawn."""
    small.label([("a", "p1", 1, "ann", "valid")])
    assert small.lake.query("reviews", runs="a", max_accuracy=0.24).dicts()[0]["problems"] == 0
    assert small.lake.query("reviews", runs="a", max_accuracy=0.25).dicts()[0]["problems"] == 2


def test_no_problem_of_low_accuracy_has_no_share(small):
    small.label([("a", "p1", 1, "ann", "valid")])
    rows = small.lake.query("reviews", runs="a,b")
    (row,) = rows.dicts()
    assert (row["problems"], row["correct"], row["elsewhere"]) == (0, 0, 1)
    assert [row[name] for name in ("least", "most", "low", "high")] == [None] * 4
    assert any("b has no label yet: samples query review_queue --run b lists what to read" in n for n in rows.notes)
    assert any("a: 1 of ann's labels are in no figure" in note for note in rows.notes)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({}, "nobody has labelled a sample of b yet: samples query review_queue lists what to read"),
        ({"runs": "a", "reviewer": "zed"}, 'reviewer "zed" labelled no sample of a; who did: ann'),
        ({"runs": "a", "max_accuracy": 0}, "max_accuracy = 0: expected a share of samples, above 0 and at most 1"),
        ({"runs": "a", "max_accuracy": 1.5}, "expected a share"),
        ({"runs": "a", "max_accuracy": float("nan")}, "expected a share"),
    ],
)
def test_what_cannot_be_counted_says_why(small, asked, says):
    small.label([("a", "p1", 1, "ann", "valid")])
    with pytest.raises(SamplesError, match=f"reviews: .*{says}"):
        small.lake.query("reviews", **{"runs": "b", **asked})


def agreed(readers, run, first, second):
    """Share and Cohen's kappa in fractions, and the pairs of labels."""
    sides = [
        {key[1:3]: label for key, label in readers.labels.items() if (key[0], key[3]) == (run, name)}
        for name in (first, second)
    ]
    both = sorted(sides[0].keys() & sides[1].keys())
    share = Fraction(sum(sides[0][key] == sides[1][key] for key in both), len(both))
    rates = [
        {label: Fraction(sum(side[key] == label for key in both), len(both)) for label in LABELS} for side in sides
    ]
    chance = sum(rates[0][label] * rates[1][label] for label in LABELS)
    pairs = Counter((sides[0][key], sides[1][key]) for key in both)
    return share, (share - chance) / (1 - chance) if chance < 1 else None, pairs, [len(side) for side in sides]


@pytest.mark.parametrize(("first", "second"), [("ann", "bob"), ("bob", "ann"), ("cy", "ann")])
def test_agreement_is_that_of_exact_fractions(many, first, second):
    rows = many.lake.query("review_agreement", first=first, second=second).dicts()
    for run in ("a", "b"):
        share, kappa, pairs, sizes = agreed(many, run, first, second)
        ours = [row for row in rows if row["run"] == run]
        assert {(row["label_first"], row["label_second"]): row["samples"] for row in ours} == pairs
        both = sum(pairs.values())
        for row in ours:
            assert (row["first"], row["second"], row["both"]) == (first, second, both)
            assert row["agree"] == share * both
            assert row["share"] == pytest.approx(float(share), abs=1e-15)
            assert row["kappa"] == pytest.approx(float(kappa), abs=1e-14)
            assert (row["only_first"], row["only_second"]) == (sizes[0] - both, sizes[1] - both)


def test_kappa_of_the_papers_form_is_known(small):
    """Twenty valid by both, five and ten by one, fifteen by none: share 0.7, chance 0.5, kappa 0.4."""
    kinds = {("valid", "valid"): 20, ("valid", "flawed"): 5, ("flawed", "valid"): 10, ("flawed", "flawed"): 15}
    pairs = [pair for pair, times in kinds.items() for _ in range(times)]
    rows = [("a", "p1", n, name, label) for n, pair in enumerate(pairs) for name, label in zip("xy", pair, strict=True)]
    small.lakes.draw(small.lake, "a", [("p1", n) for n in range(50)])
    small.label(rows)
    row = small.lake.query("review_agreement", runs="a").dicts()[0]
    assert (row["both"], row["agree"], row["share"]) == (50, 35, 0.7)
    assert row["kappa"] == pytest.approx(0.4)


def test_kappa_is_null_where_both_always_say_the_same(small):
    small.label([("a", "p1", n, name, "valid") for n in range(3) for name in ("ann", "bob")])
    (row,) = small.lake.query("review_agreement").dicts()
    assert (row["share"], row["kappa"], row["samples"], row["problems"]) == (1, None, 3, 1)


def test_a_run_without_a_shared_sample_is_named(small):
    small.label([("a", "p1", 0, "ann", "valid"), ("a", "p1", 0, "bob", "valid"), ("b", "p1", 0, "ann", "valid")])
    rows = small.lake.query("review_agreement")
    assert [row["run"] for row in rows] == ["a"]
    assert "b: no sample has labels of both ann and bob" in rows.notes


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({}, "two reviewers are compared, and these labelled samples of a, b: ann, bob, cy; name two"),
        ({"first": "ann"}, "name two with first and second"),
        ({"first": "ann", "second": "ann"}, "first and second are both ann"),
        ({"first": "ann", "second": "zed"}, 'reviewer "zed" labelled no sample of a, b; who did: ann, bob, cy'),
        ({"first": "ann", "second": "cy"}, "no sample of a, b has labels of both ann and cy"),
    ],
)
def test_agreement_needs_two_reviewers_of_the_same_samples(small, asked, says):
    small.label([("a", "p1", 0, "ann", "valid"), ("a", "p1", 0, "bob", "valid"), ("a", "p1", 1, "cy", "valid")])
    with pytest.raises(SamplesError, match=says):
        small.lake.query("review_agreement", **asked)


def test_one_named_reviewer_of_two_is_compared_with_the_other(small):
    small.label([("a", "p1", 0, "ann", "valid"), ("a", "p1", 0, "bob", "flawed")])
    for asked, names in [({"first": "bob"}, ("bob", "ann")), ({"second": "ann"}, ("bob", "ann")), ({}, ("ann", "bob"))]:
        (row,) = small.lake.query("review_agreement", **asked).dicts()
        assert (row["first"], row["second"]) == names
        assert (row["label_first"] == "valid") == (names[0] == "ann")


def queued(readers, run, reviewer, most):
    """The queue, row by row."""
    rows = []
    for problem, (n, right) in readers.hard(run, most).items():
        labels = {
            index: {key[3]: label for key, label in readers.labels.items() if key[:3] == (run, problem, index)}
            for index in right
        }
        ours = {
            index: [label for name, label in some.items() if reviewer in {None, name}] for index, some in labels.items()
        }
        valid = sum("valid" in some for some in ours.values())
        for index in right:
            others = sum(name != reviewer for name in labels[index]) if reviewer else 0
            if not ours[index]:
                place = (valid > 0, Fraction(len(right), n), problem, index)
                rows.append((place, n, len(right), sum(map(bool, ours.values())), valid, others))
    return sorted(rows)


@pytest.mark.parametrize("reviewer", [None, "ann", "bob", "cy", "nobody"])
@pytest.mark.parametrize("most", [0.1, 0.3])
def test_the_queue_has_what_is_left_the_hardest_problems_first(many, reviewer, most):
    rows = many.lake.query("review_queue", run="b", reviewer=reviewer, max_accuracy=most)
    expected = queued(many, "b", reviewer, most)
    found = [
        (row["problem_id"], row["sample_index"], row["n"], row["c"], row["labelled"], row["valid"], row["others"])
        for row in rows
    ]
    assert found == [(*place[2:], *rest) for place, *rest in expected]
    assert all(row["accuracy"] == row["c"] / row["n"] for row in rows)
    total = sum(len(right) for _, right in many.hard("b", most).values())
    assert rows.notes[0].startswith(f"{total - len(expected):,} of {total:,} correct samples of ")


def test_the_shuffled_queue_has_the_same_samples_in_an_order_that_labels_do_not_change(many):
    def order(**asked):
        rows = many.lake.query("review_queue", run="c", max_accuracy=0.3, **asked)
        return [(row["problem_id"], row["sample_index"]) for row in rows]

    before = order(order="shuffled")
    assert sorted(before) == sorted(order())
    assert before != order()
    many.label([("c", *before[3], "ann", "valid")])
    assert order(order="shuffled", reviewer="ann") == before[:3] + before[4:]
    assert order(order="shuffled", reviewer="bob") == before


def test_an_empty_queue_says_why(small):
    rows = small.lake.query("review_queue", run="a")
    assert not len(rows)
    assert "a solves no problem at an accuracy of at most 0.05" in rows.notes[0]
    assert rows.notes[0].endswith("--max-accuracy 0.25")
    assert len(small.lake.query("review_queue", run="a", max_accuracy=0.25)) == 3
    small.label([("a", problem, index, "ann", "flawed") for problem, index in [("p1", 1), ("p2", 1), ("p2", 4)]])
    rows = small.lake.query("review_queue", run="a", max_accuracy=0.25, reviewer="ann")
    assert not len(rows)
    assert rows.notes[0] == "3 of 3 correct samples of 2 problems are labelled by ann"


def test_a_run_that_solves_nothing_has_nothing_to_review(lakes, tmp_path):
    readers = Readers(lakes, tmp_path, {"a": {"p1": "wwe"}})
    assert readers.lake.query("review_queue", run="a").notes[0] == (
        "a solves none of 1 problems: there is nothing to review"
    )


def test_a_run_of_counts_alone_has_no_samples_to_read(tallied, tmp_path):
    lake = tallied.lake(tmp_path, {"a": {"p1": (10, 1)}})
    with pytest.raises(SamplesError, match="only counts were imported"):
        lake.query("review_queue", run="a", max_accuracy=0.5)


def test_an_order_that_is_not_known_is_refused(small):
    with pytest.raises(SamplesError, match='order "easiest": choose one of hardest, shuffled'):
        small.lake.query("review_queue", run="a", order="easiest")


def test_the_last_verdict_decides_what_is_correct(small):
    """Sample 1 of p2 was judged again, and is wrong now."""
    again = {"problem_id": "p2", "sample_index": 1, "verifier_version": "2", "pass_id": 2, "status": "wrong"}
    small.lakes.append(small.lake, "verdicts", [again], verifier="v", run_id=small.ids["a"])
    rows = small.lake.query("review_queue", run="a", problems="p2", max_accuracy=0.2)
    assert [(row["sample_index"], row["n"], row["c"]) for row in rows] == [(4, 8, 1)]


def test_a_label_that_stands_twice_counts_once(many):
    def answers():
        asked = [("reviews", {"max_accuracy": 0.5}), ("review_agreement", {"first": "ann", "second": "bob"})]
        return [many.lake.query(name, **given).dicts() for name, given in asked]

    before = answers()
    rows = many.lake.read("reviews").to_pylist()
    many.lakes.append(many.lake, "reviews", rows)
    assert answers() == before

"""Runs that differ only in a label are one: counts are summed, and the spread is that of the runs."""

import json
import random
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import count, groupby
from math import ceil, comb
from statistics import stdev

import pytest

import samples_queries
from samples.api import Lake
from samples.errors import NotFound, SamplesError, UsageError

pytestmark = pytest.mark.heavy

NUMBERS = count()


def sampled(lakes, lake, run, counts, *, model="m", settings=(), labels=(), version="1", judges=("v",), dataset="d"):
    """Add a run of which the specification and the counts are known. `settings` are its temperature, seed and so on."""
    number = next(NUMBERS)
    specification = {"model": model, "engine": "vllm", "dataset": dataset, "problems": "h", "seed": number}
    specification |= {"sampling": {"temperature": 0.6}, **dict(settings)}
    about = {"run_id": f"r-{run}", "name": run, "dataset": dataset, "model": model, "engine": "vllm"}
    hashes = [(problem, version) for problem in counts]
    more = {"specification": json.dumps(specification), "problem_hashes": hashes, "labels": list(dict(labels).items())}
    created = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
    lakes.append(lake, "runs", [{**about, **more, "versions": [], "created_at": created}])
    rows = [{"problem_id": p, "n": n, "c": c, "errors": 1, "timeouts": 0} for p, (n, c) in counts.items()]
    for judge in judges:
        lakes.append(lake, "counts", rows, verifier=judge, run_id=f"r-{run}")


@pytest.fixture
def new(tmp_path):
    return Lake(str(tmp_path / "lake"), create=True)


COUNTS = {"p1": (4, 1), "p2": (4, 0), "p3": (4, 4)}


@pytest.fixture
def seeds(lakes, new):
    """Three seeds of base and two of rl, which another label tells apart, and a run without labels."""
    for seed in (1, 2, 3):
        counts = {problem: (n, max(0, c - seed + 1)) for problem, (n, c) in COUNTS.items()}
        sampled(lakes, new, f"base-s{seed}", counts, labels={"seed": str(seed), "role": "base"})
    for seed in (1, 2):
        sampled(lakes, new, f"rl-s{seed}", COUNTS, model=f"rl-{seed}", labels={"seed": str(seed), "role": "rl"})
    sampled(lakes, new, "other", COUNTS)
    return new


def random_lake(lakes, lake, draw):
    """Two pools and a single run, with ragged n, and some runs without some problems: all counts by pool and run."""
    pools = {}
    for pool, members in (("a-s*", 3), ("b-s*", 2)):
        pools[pool] = {}
        for seed in range(1, members + 1):
            counts = {}
            for problem in (f"p{number}" for number in range(8) if draw.random() < 0.85):
                n = draw.randint(0, 6)
                counts[problem] = (n, draw.randint(0, n))
            run = f"{pool[0]}-s{seed}"
            pools[pool][run] = counts
            sampled(lakes, lake, run, counts, labels={"seed": str(seed), "role": pool[0]})
    pools["single"] = {"single": dict(COUNTS)}
    sampled(lakes, lake, "single", COUNTS)
    return pools


def summed(members):
    total = {}
    for counts in members.values():
        for problem, (n, c) in counts.items():
            before = total.get(problem, (0, 0))
            total[problem] = (before[0] + n, before[1] + c)
    return {problem: count for problem, count in total.items() if count[0]}


def exactly(n, c, k):
    return 1 - Fraction(comb(n - c, k), comb(n, k))


@pytest.mark.parametrize("mode", ["each", "own"])
@pytest.mark.parametrize("seed", range(6))
def test_pass_at_k_of_a_pool_is_that_of_the_sums_and_the_spread_is_that_of_its_runs(lakes, new, seed, mode):
    pools = random_lake(lakes, new, random.Random(seed))
    told = new.query("pass_at_k", pool="seed", ks=range(1, 15), problem_set=mode)
    assert tuple(told.columns) == (*samples_queries.header("pass_at_k").columns, "members", "lowest", "highest", "sd")
    rows = told.dicts()
    assert {row["run"] for row in rows} == set(pools)
    for row in rows:
        members, k = pools[row["run"]], row["k"]
        largest = max(other["k"] for other in rows if other["run"] == row["run"])
        used = {p: count for p, count in summed(members).items() if count[0] >= (k if mode == "each" else largest)}
        assert row["problems"] == len(used)
        mean = sum(exactly(*count, k) for count in used.values()) / len(used)
        assert row["pass_at_k"] == pytest.approx(float(mean), abs=1e-12)
        spread = [
            float(sum(exactly(*counts[problem], k) for problem in used) / len(used))
            for counts in members.values()
            if all(counts.get(problem, (0, 0))[0] >= k for problem in used)
        ]
        assert row["members"] == len(spread)
        assert row["lowest"] == (pytest.approx(min(spread), abs=1e-12) if spread else None)
        assert row["highest"] == (pytest.approx(max(spread), abs=1e-12) if spread else None)
        assert row["sd"] == (pytest.approx(stdev(spread), abs=1e-12) if len(spread) > 1 else None)


@pytest.mark.parametrize("seed", range(4))
def test_other_questions_about_pools_are_answered_from_the_sums(lakes, new, seed):
    pools = random_lake(lakes, new, random.Random(100 + seed))
    for pool, bins in groupby(new.query("accuracy_histogram", pool="seed"), lambda row: row["run"]):
        counts = summed(pools[pool]).values()
        places = [11 if c == n else ceil(Fraction(10 * c, n)) for n, c in counts]
        assert [row["problems"] for row in bins] == [places.count(place) for place in range(12)]
    a, b = (summed(pools[pool]) for pool in ("a-s*", "b-s*"))
    shared = a.keys() & b.keys()
    rows = new.query("coverage", a="a-s2", b="b-s1", pool="seed").dicts()
    assert {(row["a"], row["b"]) for row in rows} == {("a-s*", "b-s*")}
    outcomes = {(True, True): "both", (True, False): "only_a", (False, True): "only_b", (False, False): "neither"}
    solved = {problem: outcomes[a[problem][1] > 0, b[problem][1] > 0] for problem in shared}
    for row in rows:
        assert row["problem_ids"] == sorted(problem for problem in shared if solved[problem] == row["outcome"])
    rows = new.query("compare", a="a-s3", b="b-s2", pool="seed", ks=[1, 2, 5], problem_set="each").dicts()
    for row in rows:
        used = [(a[p], b[p]) for p in shared if min(a[p][0], b[p][0]) >= row["k"]]
        difference = sum(exactly(*one, row["k"]) - exactly(*other, row["k"]) for one, other in used) / len(used)
        assert (row["a"], row["b"], row["problems"]) == ("a-s*", "b-s*", len(used))
        assert row["difference"] == pytest.approx(float(difference), abs=1e-12)


def test_the_notes_say_what_is_pooled_and_what_is_not(seeds):
    told = seeds.query("pass_at_k", pool="seed", ks=1)
    assert [(row["run"], row["members"]) for row in told] == [("base-s*", 3), ("other", 1), ("rl-s*", 2)]
    assert [row["errors"] for row in told] == [9, 3, 6]
    assert told.notes == (
        "base-s* pools base-s1 (seed 1), base-s2 (seed 2), base-s3 (seed 3)",
        "rl-s* pools rl-s1 (seed 1), rl-s2 (seed 2)",
        "not pooled, because they have no label seed: other",
    )


def test_only_the_runs_that_are_named_or_pass_the_filters_are_pooled(seeds):
    (row,) = seeds.query("pass_at_k", pool="seed", runs="base-s1,base-s3", ks=1).dicts()
    assert (row["run"], row["members"]) == ("base-s*", 2)
    assert row["pass_at_k"] == pytest.approx((1 / 8 + 0 + 6 / 8) / 3)
    rows = seeds.query("coverage", pool="seed", a="base-s2", b="rl-s1", labels={"seed": ["2", "1"]})
    assert rows.notes[0] == "base-s* pools base-s1 (seed 1), base-s2 (seed 2)"
    assert {(row["a"], row["b"]) for row in rows} == {("base-s*", "rl-s*")}


def test_pools_are_answered_by_a_label_and_by_a_key_of_metadata(lakes, seeds):
    rows = seeds.query("pass_at_k", pool="seed", by="role", ks=1).dicts()
    assert [(row["role"], row["run"]) for row in rows] == [("base", "base-s*"), ("rl", "rl-s*"), (None, "other")]
    problems = [
        {"problem_id": p, "problem_hash": "1", "question": "?", "answer": "c", "tests": None, "metadata": m}
        for p, m in (("p1", '{"level": 1}'), ("p2", '{"level": 2}'), ("p3", '{"level": 2}'))
    ]
    lakes.append(seeds, "problems", problems, dataset="d")
    rows = seeds.query("pass_at_k", pool="seed", by="level", ks=1, runs="base-s1,base-s2,base-s3").dicts()
    assert [(row["level"], row["run"], row["problems"], row["members"]) for row in rows] == [
        ("1", "base-s*", 1, 3),
        ("2", "base-s*", 2, 3),
    ]
    assert [row["pass_at_k"] for row in rows] == pytest.approx([1 / 12, (0 + 9 / 12) / 2])
    assert [row["lowest"] for row in rows] == pytest.approx([0, 2 / 8])
    with pytest.raises(UsageError, match="a pool has no single seed"):
        seeds.query("pass_at_k", pool="seed", by="seed")


def test_samples_that_failed_or_were_not_judged_are_summed_too(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    lake.label("a", seed=1, role="", family="q")
    lake.label("b", seed=2, role="", algorithm="", step="")
    extra = {"tokens": 3, "cumulative_logprob": -1.0, "finish_reason": "stop", "stop_reason": None, "error": None}
    run_id = lake.sql("SELECT run_id FROM runs WHERE run = 'b'").dicts()[0]["run_id"]
    lakes.append(
        lake,
        "samples",
        [{"problem_id": "p1", "sample_index": 90 + i, "seed": i, "attempt": "y", **extra} for i in range(3)],
        dataset="d",
        run_id=run_id,
    )
    told = lake.query("pass_at_k", pool="seed", ks=1)
    (row,) = told.dicts()
    assert (row["run"], row["unjudged"], row["errors"], row["timeouts"]) == ("a+b", 3, 1, 1)
    assert any(note.endswith("samples rescore --verifier FILE.py:v --run a --run b") for note in told.notes)


def test_a_name_is_what_the_names_share(lakes, new):
    pools = {
        "a": ["x1y", "x22y"], "b": ["alpha", "beta"], "c": ["q-1-z", "q-2-z"], "d": ["q-3-z", "q-4-z"],
        "e": ["n1", "n10"],
    }  # fmt: skip
    for role, names in pools.items():
        for seed, name in enumerate(names):
            sampled(lakes, new, name, COUNTS, labels={"seed": str(seed), "role": role})
    names = [row["run"] for row in new.query("pass_at_k", pool="seed", ks=1)]
    assert sorted(names) == ["alpha+beta", "n1*", "q-1-z+q-2-z", "q-3-z+q-4-z", "x*y"]


def refused(lakes, lake, first, second, **more):
    """Pool two runs, each given as keywords of `sampled`; return the error's message."""
    for name, given in (("u", first), ("v", second)):
        sampled(lakes, lake, name, given.pop("counts", COUNTS), **given)
    with pytest.raises(UsageError) as caught:
        lake.query("pass_at_k", pool="seed", **more)
    assert "\n" not in str(caught.value)
    return str(caught.value)


ONE, TWO = {"seed": "1"}, {"seed": "2"}
REFUSED = {
    "temperature": (
        {"labels": ONE},
        {"labels": TWO, "settings": {"sampling": {"temperature": 1.0}}},
        "u, v differ in more than the seed: temperature (0.6, 1.0); give them labels that say so",
    ),
    "several settings": (
        {"labels": ONE, "settings": {"template": {"kind": "plain"}, "dtype": "float16"}},
        {"labels": TWO, "settings": {"template": {"kind": "chat"}, "dtype": "float32"}},
        "dtype (float16, float32)",
    ),
    "versions": ({"labels": ONE}, {"labels": TWO, "version": "2"}, "the versions of 3 problems (p1, p2, p3)"),
    "one value": ({"labels": ONE}, {"labels": ONE}, "u, v all have seed=1, so they differ in something else"),
    "models": ({"labels": ONE}, {"labels": TWO, "model": "n"}, "u and v differ in the model (m, n)"),
    "other labels": (
        {"labels": {**ONE, "role": "base"}},
        {"labels": {**TWO, "step": "1"}},
        "u and v differ in the label role, step",
    ),
    "datasets": ({"labels": ONE}, {"labels": TWO, "dataset": "e"}, "u and v differ in the dataset (d, e)"),
    "a single one": ({"labels": ONE}, {}, "only u of these runs has this label"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_runs_that_are_no_replicates_are_refused_with_what_differs(lakes, new, case):
    first, second, said = REFUSED[case]
    assert said in refused(lakes, new, dict(first), dict(second))


def test_models_may_differ_between_runs_that_share_another_label(lakes, new):
    sampled(lakes, new, "u", COUNTS, labels={**ONE, "algorithm": "grpo"})
    sampled(lakes, new, "v", COUNTS, labels={**TWO, "algorithm": "grpo"}, model="n")
    assert {row["run"] for row in new.query("pass_at_k", pool="seed")} == {"u+v"}


def test_a_label_that_no_run_has_and_two_runs_of_one_pool_are_refused(seeds):
    with pytest.raises(NotFound, match=r'none of these runs has this label \(did you mean "seed"\?\); labels are role'):
        seeds.query("pass_at_k", pool="sed")
    with pytest.raises(NotFound, match="none of these runs has this label"):
        seeds.query("pass_at_k", pool="'; DROP TABLE pools; --")
    with pytest.raises(UsageError, match="base-s1 and base-s2 are of one pool"):
        seeds.query("compare", a="base-s1", b="base-s2", pool="seed")


def test_a_run_without_verdicts_is_an_error_where_it_is_named_and_a_note_where_it_is_not(lakes, seeds):
    sampled(lakes, seeds, "base-s4", COUNTS, labels={"seed": "4", "role": "base"}, judges=["w"])
    with pytest.raises(SamplesError, match=r"run base-s4 has no verdicts of v yet.*--run base-s4"):
        seeds.query("pass_at_k", pool="seed", runs="base-s1,base-s4", verifier="v")
    told = seeds.query("coverage", a="base-s1", b="rl-s1", pool="seed", verifier="v")
    assert told.notes[0] == "base-s* pools base-s1 (seed 1), base-s2 (seed 2), base-s3 (seed 3)"
    assert any(note.startswith("left out of the pool: run base-s4 has no verdicts of v yet") for note in told.notes)
    told = seeds.query("pass_at_k", pool="seed", verifier="v", ks=1)
    assert {row["run"] for row in told} == {"base-s*", "rl-s*", "other"}
    with pytest.raises(SamplesError, match=r"run base-s4 has no verdicts of v yet.*--run base-s4"):
        seeds.query("coverage", a="base-s4", b="rl-s1", pool="seed", verifier="v")


def test_pools_under_two_verifiers_need_the_verdicts_of_their_own(lakes, new):
    for seed in ("1", "2"):
        sampled(lakes, new, f"x{seed}", COUNTS, labels={"seed": seed, "role": "x"}, judges=["v"])
        sampled(lakes, new, f"y{seed}", COUNTS, labels={"seed": seed, "role": "y"}, judges=["w"])
    rows = new.query("compare", a="x1", b="y2", verifier="v", verifier_b="w", pool="seed", ks=[1, 8]).dicts()
    assert [(row["a"], row["b"], row["problems"], row["difference"]) for row in rows] == [
        ("x*", "y*", 3, 0),
        ("x*", "y*", 3, 0),
    ]


def test_runs_of_a_pool_with_other_problems_are_said(lakes, new):
    sampled(lakes, new, "u1", COUNTS, labels=ONE)
    sampled(lakes, new, "u2", {"p1": (2, 1)}, labels=TWO)
    told = new.query("pass_at_k", pool="seed", ks=[1, 4])
    assert "u*: its runs have verified samples of different numbers of problems (u1 3, u2 1)" in told.notes
    assert [(row["k"], row["problems"], row["members"]) for row in told] == [(1, 3, 1), (4, 3, 1)]


def test_pools_that_differ_from_each_other_in_a_setting_are_told_apart_by_the_usual_note(lakes, new):
    for role, temperature in (("base", 0.6), ("rl", 1.0)):
        for seed in (1, 2):
            settings = {"sampling": {"temperature": temperature}}
            sampled(lakes, new, f"{role}-s{seed}", COUNTS, labels={"seed": str(seed), "role": role}, settings=settings)
    notes = new.query("compare", a="base-s1", b="rl-s2", pool="seed").notes
    assert "d: settings of the runs differ: temperature (0.6, 1.0); samples runs tells" in notes

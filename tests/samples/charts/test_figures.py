"""Charts of crossing, support, reliability, sets of runs and grids: their marks say what the query's rows say."""

import json
import re
from collections import Counter

import pytest

from samples.charts.formats import encoded
from samples.errors import SamplesError, UsageError


def specification(chart):
    return chart.to_dict(validate=True)


def tables(chart):
    return list(specification(chart)["datasets"].values())


def values(chart):
    (data,) = tables(chart)
    return data


def subtitle(chart):
    return " ".join(specification(chart)["title"]["subtitle"])


def layers(made):
    return made["layer"] if "layer" in made else made["spec"]["layer"]


@pytest.fixture(scope="module")
def crossed(tallied, tmp_path_factory):
    """Curves that cross: the base solves every problem sometimes, the trained run a half of them always."""
    runs = {"base": [(64, 4 + place) for place in range(10)], "rl": [(64, 64 * (place % 2)) for place in range(10)]}
    return tallied.lake(tmp_path_factory.mktemp("crossed"), {run: tallied.of(counts) for run, counts in runs.items()})


def test_the_curves_of_pass_at_k_have_the_exact_crossing_and_its_interval(crossed):
    (row,) = crossed.query("crossing", a="base", b="rl")
    assert row["k"] not in {1, 2, 4, 8, 16, 32, 64}
    for name, parameters in (("pass_at_k", {}), ("crossing", {"a": "base", "b": "rl"})):
        chart = crossed.plot(name, **parameters)
        (marked,) = [one for one in values(chart) if "crossing_k" in one]
        assert (marked["crossing_k"], marked["crossing_low"], marked["crossing_high"]) == (
            row["k"],
            row["low"],
            row["high"],
        )
        assert f"base takes the lead at k = {row['k']} (95 % interval: {row['low']} to {row['high']})" in subtitle(
            chart
        )


def test_a_crossing_beyond_the_k_shown_is_said_and_not_marked(crossed):
    (row,) = crossed.query("crossing", a="base", b="rl")
    chart = crossed.plot("pass_at_k", runs=["base", "rl"], ks=[1, 2])
    assert not [one for one in values(chart) if "crossing_k" in one]
    assert f"base takes the lead at k = {row['k']}" in subtitle(chart)


def test_curves_that_do_not_cross_say_how_sure_that_is(tallied, tmp_path):
    lake = tallied.lake(tmp_path / "lake", {"a": {"p": (4, 1), "q": (4, 1)}, "b": {"p": (4, 2), "q": (4, 3)}})
    (row,) = lake.query("crossing", a="a", b="b")
    said = subtitle(lake.plot("pass_at_k"))
    assert f"no crossing up to k = {row['largest_k']}" in said
    assert "b leads; in 0% of resamples" in said


def test_the_interval_of_a_crossing_that_did_not_come_is_said_where_it_is_drawn(tallied, tmp_path):
    runs = {"base": [(64, 12)] * 9 + [(64, 0)], "rl": [(64, 0)] + [(64, 64)] * 9}
    lake = tallied.lake(tmp_path / "lake", {run: tallied.of(counts) for run, counts in runs.items()})
    (row,) = lake.query("crossing", a="base", b="rl")
    assert (row["k"], row["high"]) == (None, None)
    assert row["low"] is not None
    for name, parameters in (("pass_at_k", {}), ("crossing", {"a": "base", "b": "rl"})):
        chart = lake.plot(name, **parameters)
        assert [one["crossing_low"] for one in values(chart) if "crossing_low" in one] == [row["low"]]
        assert f"(95 % interval of k: {row['low']} to above 64)" in subtitle(chart)


def test_equal_runs_have_no_crossing(tallied, tmp_path):
    lake = tallied.lake(tmp_path / "lake", {"a": {"p": (4, 1)}, "b": {"p": (4, 1)}})
    assert "have the same pass@k at every k up to k = 4" in subtitle(lake.plot("pass_at_k"))
    assert "have the same pass@k" in subtitle(lake.plot("crossing", a="a", b="b"))


def test_two_runs_that_share_no_problem_are_drawn_without_a_crossing(tallied, tmp_path):
    lake = tallied.lake(tmp_path / "lake", {"a": {"p": (4, 1)}, "b": {"q": (4, 1)}})
    assert len(values(lake.plot("pass_at_k"))) == 6


def test_each_dataset_has_its_own_crossing(tallied, tmp_path):
    lake = tallied.lake(tmp_path / "lake", {})
    for dataset, shift in (("d", 0), ("e", 4)):
        tallied.add_run(lake, f"base-{dataset}", tallied.of([(64, 4 + shift)] * 6), dataset=dataset)
        tallied.add_run(lake, f"rl-{dataset}", tallied.of([(64, 64), (64, 0)] * 3), dataset=dataset)
    rows = {d: lake.query("crossing", a=f"base-{d}", b=f"rl-{d}")[0]["k"] for d in "de"}
    drawn = {row["dataset"]: row["crossing_k"] for row in values(lake.plot("pass_at_k")) if "crossing_k" in row}
    assert drawn == rows


def test_each_value_of_a_metadata_key_has_its_own_crossing(lakes, tmp_path):
    lake = lakes.Lake(str(tmp_path / "lake"), create=True)
    problems = {f"{level}-{place}": f'{{"level": {level}}}' for level in (1, 2, 3) for place in range(4)}
    lakes.add_problems(lake, "d", problems)
    few = {"1": "c" + "w" * 31, "2": "cccc" + "w" * 28, "3": "w" * 32}  # of the base; the other solves every second
    lakes.add_run(lake, "base", {problem: few[problem[0]] for problem in problems})
    lakes.add_run(lake, "rl", {problem: ("c" if problem[-1] in "02" else "w") * 32 for problem in problems})
    chart = lake.plot("pass_at_k", runs=["base", "rl"], by="level")
    drawn = {row["level"]: row["crossing_k"] for row in values(chart) if "crossing_k" in row}
    found = {level: lake.query("crossing", a="base", b="rl", where={"level": level})[0]["k"] for level in "123"}
    assert drawn == {level: k for level, k in found.items() if k is not None}
    assert set(drawn) == {"1", "2"}
    assert f"level 1: base takes the lead at k = {found['1']}" in subtitle(chart)
    assert "level 3: no crossing up to k = 32" in subtitle(chart)
    assert "grey: the 95 % interval of the k at which the lead changes" in subtitle(chart)
    one = lake.plot("pass_at_k", runs=["base", "rl"], by="level", where={"level": [1, 3]})
    assert {row["level"]: row["crossing_k"] for row in values(one) if "crossing_k" in row} == {"1": found["1"]}


@pytest.mark.parametrize(
    ("name", "column"), [("pass_at_k", "pass_at_k"), ("best_of", "max_at_k"), ("compare", "difference")]
)
def test_every_k_makes_a_small_file_of_rows_of_the_query(lakes, tmp_path, name, column):
    lake = lakes.Lake(str(tmp_path / "lake"), create=True)
    lakes.add_problems(lake, "d", {"p": "{}", "q": "{}"})
    lakes.add_run(lake, "a", {"p": "c" * 9 + "w" * 391, "q": "c" + "w" * 399})
    lakes.add_run(lake, "b", {"p": "c" * 300 + "w" * 100, "q": "w" * 400})
    asked = {"ks": "all"} | ({"a": "a", "b": "b"} if name == "compare" else {"runs": ["a", "b"]})
    rows = {(row.get("run"), row["k"]): row[column] for row in lake.query(name, **asked)}
    chart = lake.plot(name, **asked)
    drawn = {(row.get("run"), row["k"]): row[column] for row in values(chart) if column in row}
    assert drawn == {at: rows[at] for at in drawn}
    assert {1, 400} <= {k for _, k in drawn}
    assert re.search(r"k shown: \d+ of 400, evenly in log k; the query has all", subtitle(chart))
    assert len(encoded(chart, "html")) < 1_000_000


def test_the_curves_of_a_crossing_are_thinned_and_hold_the_k(tallied, tmp_path):
    runs = {"a": [(1024, 9), (1024, 3), (1024, 2)], "b": [(1024, 1000), (1024, 1), (1024, 0)]}
    lake = tallied.lake(tmp_path / "lake", {run: tallied.of(counts) for run, counts in runs.items()})
    (row,) = lake.query("crossing", a="a", b="b")
    drawn = values(lake.plot("crossing", a="a", b="b"))
    ks = {one["k"] for one in drawn}
    assert {1, row["k"], 1024} <= ks
    assert len(ks) <= 36


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("pass_at_k", {}), ("compare", {"a": "base", "b": "rl"})],
)
def test_the_interval_of_a_line_of_one_point_is_a_bar(crossed, name, parameters):
    for ks, bars in ([3], 1), ([3, 5], 0):
        made = specification(crossed.plot(name, ks=ks, **parameters))
        drawn = [layer for layer in layers(made) if layer["mark"]["type"] == "rule" and "y2" in layer["encoding"]]
        assert len(drawn) == bars
        assert all(layer["encoding"]["y"]["field"] == "low" for layer in drawn)


def test_the_axis_of_k_has_ticks_where_no_k_is_a_power_of_two(crossed):
    for ks, ticks in ([3], [3]), ([5, 6, 7], [5, 6, 7]), ([3, 5], [4]):
        *_, points = layers(specification(crossed.plot("pass_at_k", ks=ks)))
        assert points["encoding"]["x"]["axis"]["values"] == ticks


def test_support_has_every_threshold_and_says_what_is_not_drawn(crossed):
    rows = crossed.query("support", a="base", b="rl", threshold="all").dicts()
    drawn = values(crossed.plot("support", a="base", b="rl"))
    shown = {row["threshold"] for row in drawn}
    assert {1, 64} <= shown
    assert len(shown) <= 48
    for row in rows:
        there = {
            one["measure"][:4].strip(":").lower(): one["rate"] for one in drawn if one["threshold"] == row["threshold"]
        }
        if row["threshold"] in shown:
            assert there == {name: row[name] for name in ("srr", "ndr", "sds", "nscr") if row[name] is not None}


def test_support_of_nothing_says_why_there_is_nothing_to_draw(tallied, tmp_path):
    lake = tallied.lake(tmp_path / "lake", {"a": {"p": (4, 0)}, "b": {"p": (4, 0)}})
    with pytest.raises(SamplesError, match="neither a nor b solves a problem"):
        lake.plot("support", a="a", b="b")


def test_cover_at_tau_is_that_of_its_query(crossed):
    rows = {(row["run"], row["tau"]): row["cover_at_tau"] for row in crossed.query("reliability", taus=[0, 0.5, 1])}
    drawn = values(crossed.plot("reliability", taus=[0, 0.5, 1]))
    cover = {(row["run"], row["tau"]): row["chance"] for row in drawn if row["part"].startswith("Cover")}
    assert cover == rows
    assert {row["part"] for row in drawn if "G-" in row["part"]} == {f"G-Pass@{k}" for k in (2, 4, 8, 32, 64)}


def test_the_usual_taus_are_the_whole_curve(crossed):
    """A line holds the value of its next point, so the flat parts need none."""
    drawn = values(crossed.plot("reliability"))
    asked = crossed.query("reliability", taus=[place / 40 for place in range(41)], ks=[2, 8, 64])
    assert len({row["tau"] for row in asked}) == 41
    for row in asked:
        line = [
            p for p in drawn if (p["run"], p["part"]) == (row["run"], f"G-Pass@{row['k']}") and p["tau"] >= row["tau"]
        ]
        assert min(line, key=lambda point: point["tau"])["chance"] == row["g_pass_at_k"]


def test_many_runs_are_drawn_with_fewer_steps_which_the_chart_says(tallied, tmp_path):
    runs = {f"r{number}": {f"p{c}": (64, (c * 7 + number) % 65) for c in range(40)} for number in range(8)}
    chart = tallied.lake(tmp_path / "lake", runs).plot("reliability")
    assert len(values(chart)) <= 500
    assert {0, 1} <= {row["tau"] for row in values(chart)}
    steps = {row["tau"] for row in values(chart) if row["part"] == "G-Pass@2"}
    assert steps - {0.975} == {0, 0.5, 0.525, 1}  # at 1, the last bit may differ
    assert "steps are drawn with" in json.dumps(specification(chart))


def test_each_large_k_of_the_efficiency_gap_has_a_panel_in_the_order_of_steps(tallied, tmp_path):
    runs = {run: {"p": (8, c), "q": (8, 2)} for run, c in (("base", 1), ("s10", 5), ("s9", 4))}
    lake = tallied.lake(tmp_path / "lake", runs, s9={"step": "9"}, s10={"step": "10"})
    made = specification(lake.plot("efficiency_gap", base="base", ks=[2, 8]))
    assert made["facet"]["sort"] == ["K = 2", "K = 8"]
    assert '"sort": ["s9", "s10"]' in json.dumps(made)


@pytest.fixture(scope="module")
def many(tallied, tmp_path_factory):
    """Three runs whose sets of solved problems are known."""
    solved = {"a": "pqrs", "b": "pqt", "c": "p"}
    runs = {run: {problem: (4, int(problem in those)) for problem in "pqrstu"} for run, those in solved.items()}
    return tallied.lake(tmp_path_factory.mktemp("many"), runs)


def test_bars_of_sets_are_the_rows_of_coverage_many_and_the_matrix_their_members(many):
    rows = many.query("coverage_many").dicts()
    bars, cells = sorted(tables(many.plot("coverage_many")), key=len)
    assert Counter(row["problems"] for row in bars) == Counter(row["problems"] for row in rows)
    members = {
        row["set"]: {cell["run"] for cell in cells if cell["set"] == row["set"] and cell["solves"] == "yes"}
        for row in bars
    }
    assert sorted(sorted(of) for of in members.values()) == sorted(row["solved_by"] for row in rows)
    assert bars[0]["problems"] == max(row["problems"] for row in rows)
    assert {row["ids"] for row in bars if row["solved_by"] == "all runs"} == {"p"}
    assert {row["ids"] for row in bars if row["solved_by"] == "no run"} == {"u"}


def test_a_picture_of_sets_is_bounded_and_says_what_is_left_out(tallied, tmp_path):
    runs = {f"r{bit:02}": {f"p{n}": (2, n >> bit & 1) for n in range(1 << 7)} for bit in range(7)}
    lake = tallied.lake(tmp_path / "lake", runs)
    chart = lake.plot("coverage_many")
    assert len(min(tables(chart), key=len)) == 30
    assert "98 smaller sets of runs, with 98 problems in all, are not drawn" in subtitle(chart)


@pytest.mark.heavy
def test_sixty_runs_make_small_files(tallied, tmp_path):
    runs = {f"r{place:02}": {f"p{n:05}": (8, (n * (place + 3)) % 9) for n in range(300)} for place in range(60)}
    lake = tallied.lake(tmp_path / "lake", runs)
    for name in ("coverage_many", "pass_at_k_by_problem", "reliability", "bayes"):
        assert len(encoded(lake.plot(name), "json")) < 1_000_000


def test_a_grid_has_a_square_for_each_problem_of_each_run(many):
    drawn = values(many.plot("pass_at_k_by_problem"))
    rows = many.query("pass_at_k_by_problem", ks=[1])
    assert {(row["run"], row["problem_id"]): (row["pass_at_k"], row["c"]) for row in drawn} == {
        (row["run"], row["problem_id"]): (row["pass_at_k"], row["c"]) for row in rows
    }
    assert list(dict.fromkeys(row["problem_id"] for row in drawn)) == ["p", "q", "r", "s", "t", "u"]
    assert "solved by a 4, b 3, c 1" in subtitle(many.plot("pass_at_k_by_problem"))


def test_two_runs_have_a_grid_where_it_is_asked_for(many):
    two = {"runs": ["a", "b"], "form": "grid"}
    assert {row["run"] for row in values(many.plot("pass_at_k_by_problem", **two))} == {"a", "b"}
    assert "circle" in json.dumps(specification(many.plot("pass_at_k_by_problem", runs=["a", "b"])))
    with pytest.raises(UsageError, match='has no form "grid"'):
        many.plot("pass_at_k", form="grid")


def test_a_grid_has_no_row_for_a_problem_that_runs_saw_in_different_versions(tallied, tmp_path):
    lake = tallied.lake(tmp_path / "lake", {run: {"p": (4, 1), "q": (4, 2)} for run in "ab"})
    tallied.add_run(lake, "c", {"p": (4, 4), "q": (4, 4), "r": (4, 4)}, version={"q": "2", "r": "2"})
    chart = lake.plot("pass_at_k_by_problem")
    drawn = {(row["run"], row["problem_id"]): row["c"] for row in values(chart)}
    assert drawn == {("a", "p"): 1, ("b", "p"): 1, ("c", "p"): 4, ("c", "r"): 4}
    assert "d: left out: 1 problem that runs saw in different versions" in subtitle(chart)
    assert "2 problems; solved by a 1, b 1, c 2" in subtitle(chart)
    tallied.add_run(lake, "e", {"p": (4, 4)}, version="2")
    with pytest.raises(SamplesError, match="nothing to draw; d: left out: 1 problem that runs saw in different"):
        lake.plot("pass_at_k_by_problem", runs=["a", "e"], form="grid", problems=["p"])


def test_one_run_has_a_grid(many):
    assert len(values(many.plot("pass_at_k_by_problem", runs=["b"]))) == 6


@pytest.mark.heavy
def test_a_grid_of_too_many_problems_shows_those_on_which_runs_differ(tallied, tmp_path):
    counts = {f"p{n:05}": (8, 8) for n in range(9_000)} | {f"q{n:03}": (8, 0) for n in range(999)}
    lake = tallied.lake(
        tmp_path / "lake", {"a": counts | {"z": (8, 1)}, "b": counts | {"z": (8, 0)}, "c": counts | {"z": (8, 0)}}
    )
    chart = lake.plot("pass_at_k_by_problem")
    assert "z" in {row["problem_id"] for row in values(chart)}
    assert len(values(chart)) == 3_000
    assert "not drawn: 9,000 problems; those that some runs solve and others do not come first" in subtitle(chart)
    assert len(encoded(chart, "json")) < 1_000_000


@pytest.mark.parametrize("correct", [0, 4])
@pytest.mark.parametrize(
    "name", ["pass_at_k", "crossing", "coverage_many", "pass_at_k_by_problem", "efficiency_gap", "reliability", "bayes"]
)
def test_nobody_and_everybody_solving_all_can_be_drawn(tallied, tmp_path, name, correct):
    counts = {"p": (4, correct), "q": (4, correct)}
    lake = tallied.lake(tmp_path / "lake", {"a": counts, "b": counts})
    parameters = {"crossing": {"a": "a", "b": "b"}, "efficiency_gap": {"base": "a"}}.get(name, {})
    assert b"<svg" in encoded(lake.plot(name, **parameters), "svg")[:10]


@pytest.mark.parametrize("name", ["pass_at_k", "coverage_many", "pass_at_k_by_problem", "reliability", "bayes"])
def test_one_run_and_one_sample_can_be_drawn(tallied, tmp_path, name):
    lake = tallied.lake(tmp_path / "lake", {"a": {"p": (1, 1)}})
    assert b"<svg" in encoded(lake.plot(name), "svg")[:10]


HOSTILE = "</script>\"'\\[x].y\u202e\x1b[31m"


@pytest.mark.parametrize(
    "name",
    ["pass_at_k", "crossing", "support", "coverage_many", "pass_at_k_by_problem", "efficiency_gap", "reliability"],
)
def test_hostile_names_are_data(lakes, tmp_path, name):
    lake = lakes.filled(tmp_path / "lake")
    lakes.add_run(lake, HOSTILE, {"p1": "cwww", "p2": "wwcc"})
    parameters = {
        "crossing": {"a": HOSTILE, "b": "b"},
        "support": {"a": HOSTILE, "b": "b"},
        "efficiency_gap": {"base": HOSTILE},
    }
    chart = lake.plot(name, **parameters.get(name, {}))
    assert b"<script" not in encoded(chart, "svg")
    assert encoded(chart, "html").decode().count("<script>") == 2

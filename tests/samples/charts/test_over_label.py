"""A chart over a label shows the query's numbers at the values of the label, and names what it leaves out."""

import json
import re

import pytest

import samples_queries
from samples.charts.formats import encoded
from samples.charts.registry import CHARTS
from samples.charts.trends import TRENDS
from samples.errors import NotFound, UsageError

HOSTILE = "</script>\"'\\[x].y\u202e\x1b[31m"


@pytest.fixture(scope="module")
def lake(tallied, tmp_path_factory):
    """A base, three steps of one algorithm, two of another, and a run without labels."""
    counts = {
        "base": [1, 0, 4, 2],
        "g-9": [2, 0, 4, 3],
        "g-10": [3, 1, 4, 3],
        "g-100": [4, 0, 4, 0],
        "r-10": [2, 1, 4, 2],
        "r-100": [3, 1, 4, 1],
        "plain": [1, 1, 1, 1],
    }
    labels = {"base": {"step": "0"}}
    labels |= {f"g-{step}": {"step": str(step), "algorithm": "grpo"} for step in (9, 10, 100)}
    labels |= {f"r-{step}": {"step": str(step), "algorithm": "rloo"} for step in (10, 100)}
    runs = {run: tallied.of([(4, c) for c in given]) for run, given in counts.items()}
    return tallied.lake(tmp_path_factory.mktemp("steps"), runs, **labels)


def specification(chart):
    return chart.to_dict(validate=True)


def values(chart):
    (data,) = specification(chart)["datasets"].values()
    return data


def subtitle(chart):
    return " ".join(specification(chart)["title"]["subtitle"])


G = ["base", "g-9", "g-10", "g-100"]


def test_what_is_left_out_of_a_run_is_said_once_for_all_k(tallied, tmp_path):
    runs = {run: {"p": (8, 4, 2, 1), "q": (8, 1)} for run in ("g-1", "g-2", "r-1", "r-2")}
    labels = {run: {"step": run[2:], "algorithm": run[0]} for run in runs}
    chart = tallied.lake(tmp_path / "lake", runs, **labels).plot("pass_at_k", x="step")
    assert "facet" in specification(chart)
    said = re.search("left out: (.*timeout) ", f"{subtitle(chart)} ")
    assert said
    assert sorted(said[1].split("; ")) == [f"{run} 2 errors, 1 timeout" for run in runs]


def test_pass_at_k_over_step_has_the_rows_of_the_query_in_the_order_of_numbers(lake):
    rows = {(row["run"], row["k"]): row for row in lake.query("pass_at_k", runs=G)}
    drawn = values(lake.plot("pass_at_k", x="step", runs=G))
    assert {(row["run"], row["k"]): row["value"] for row in drawn} == {at: row["pass_at_k"] for at, row in rows.items()}
    assert all(
        (row["low"], row["high"]) == (rows[row["run"], row["k"]]["low"], rows[row["run"], row["k"]]["high"])
        for row in drawn
    )
    assert [row["at"] for row in drawn if row["k"] == 1] == [0, 9, 10, 100]
    assert {row["line"] for row in drawn} == {"k = 1", "k = 2", "k = 4"}


def test_runs_without_the_label_are_named(lake):
    assert "left out, because they have no label step: plain" in subtitle(lake.plot("pass_at_k", x="step"))
    assert "left out, because they have no label step: plain" in subtitle(lake.plot("support", a="base", x="step"))


def test_a_label_that_differs_has_a_colour_for_each_value_and_a_panel_for_each_k(lake):
    made = specification(lake.plot("pass_at_k", x="step"))
    assert made["facet"]["sort"] == ["k = 1", "k = 2", "k = 4"]
    assert '"domain": ["grpo", "no algorithm", "rloo"]' in json.dumps(made)
    alone = specification(lake.plot("pass_at_k", x="step", runs=G))
    assert "facet" not in alone


def test_texts_stand_in_their_natural_order(lake):
    drawn = values(lake.plot("pass_at_k", x="algorithm", ks=[1]))
    assert {type(row["at"]) for row in drawn} == {str}
    assert {row["at"] for row in drawn} == {"grpo", "rloo"}


def test_runs_at_one_place_are_not_joined_and_are_named(lake):
    chart = lake.plot("pass_at_k", x="algorithm", ks=[1])
    assert "no lines where several runs have one algorithm" in subtitle(chart)
    assert all(row["apart"] == row["run"] for row in values(chart))


def test_a_question_about_two_runs_is_asked_about_each_run_with_the_label(lake):
    drawn = values(lake.plot("support", a="base", x="step", runs=["g-9", "g-100"]))
    for run, step in (("g-9", 9), ("g-100", 100)):
        (row,) = lake.query("support", a="base", b=run)
        there = {one["line"].partition(":")[0].lower(): one["value"] for one in drawn if one["at"] == step}
        assert there == {name: row[name] for name in ("srr", "ndr", "sds", "nscr") if row[name] is not None}


@pytest.mark.parametrize("name", TRENDS)
def test_a_chart_over_a_label_draws_columns_of_its_query(name):
    columns = set(samples_queries.header(name).columns)
    trend = TRENDS[name]
    drawn = {column for measure in trend.measures for column in (measure.column, measure.low, measure.high) if column}
    assert (
        drawn
        | {*trend.only, *trend.without, *([trend.lines] if trend.lines else []), *([trend.one[0]] if trend.one else [])}
        <= columns
    )


@pytest.mark.cases(8)
@pytest.mark.parametrize("name", [name for name in TRENDS if name in CHARTS and name != "crossing"])
def test_every_chart_over_a_label_is_valid_or_says_what_is_missing(lakes, tmp_path_factory, name):
    lake = lakes.filled(tmp_path_factory.mktemp("all") / "lake")
    lake.label("a", step=0)
    more = {"efficiency_gap": {"base": "a"}, "compare": {"a": "a"}, "coverage": {"a": "a"}, "support": {"a": "a"}}
    more |= {"divergence": {"scorer": "s"}, "likelihood_ratio_by_run": {"scorer": "s"}}
    more |= {one: {"scorer": "s"} for one in ("perplexity_by_run", "perplexity_by_verdict")}
    made = specification(lake.plot(name, x="step", **more.get(name, {})))
    assert "over step" in str(made["title"]["text"])
    assert '"tooltip"' in json.dumps(made)


def test_what_is_not_known_names_each_run_once_and_nothing_of_correct_samples(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    lake.label("a", step=0)
    lakes.add_run(lake, "unsolved", {"p1": "wwww", "p2": "wwww"}, step="9")
    for by, runs in (None, "unsolved"), ("level", "a, unsolved and b"):
        said = subtitle(lake.plot("perplexity_by_verdict", x="step", by=by))
        assert f"wrong: not paired for {runs}" in said
        assert "correct: not paired" not in said


def test_a_k_that_never_comes_is_said(lake):
    chart = lake.plot("crossing", a="base", x="step")
    missing = [run for run in ("g-9", "g-10", "g-100") if lake.query("crossing", a="base", b=run)[0]["k"] is None]
    assert missing
    assert "no crossing for" in subtitle(chart)


def test_many_values_of_k_are_thinned_and_said(tallied, tmp_path):
    runs = {f"s{step}": {"p": (64, step)} for step in (1, 2, 3)}
    lake = tallied.lake(tmp_path / "lake", runs, **{run: {"step": run[1:]} for run in runs})
    chart = lake.plot("pass_at_k", x="step", ks="all")
    assert len({row["line"] for row in values(chart)}) == 9
    assert "k shown, of 64: 1, 9," in subtitle(chart)


def test_pools_stand_at_the_label_that_their_runs_share(tallied, tmp_path):
    runs = {f"r-{step}-{seed}": {"p": (4, seed), "q": (4, step)} for step in (1, 2) for seed in (0, 1)}
    labels = {run: {"algorithm": "grpo", "step": run[2], "seed": run[4]} for run in runs}
    lake = tallied.lake(tmp_path / "lake", runs, **labels)
    drawn = values(lake.plot("pass_at_k", x="step", pool="seed", ks=[1]))
    rows = {row["run"]: row["pass_at_k"] for row in lake.query("pass_at_k", pool="seed", ks=[1])}
    assert {(row["run"], row["at"]): row["value"] for row in drawn} == {
        (run, float(run[2])): value for run, value in rows.items()
    }


def test_colours_of_a_label_are_refused_where_x_is_the_query_s_own(filled):
    with pytest.raises(UsageError, match="perplexity_by_step: --colour is for charts of other queries"):
        filled.plot("perplexity_by_step", x="step", colour="algorithm")
    with pytest.raises(UsageError, match="give --x LABEL too"):
        filled.plot("pass_at_k", colour="algorithm")


def test_hostile_labels_are_data(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    for place in (1, 2):
        lakes.add_run(lake, f"{HOSTILE}{place}", {"p1": "cwcw"}, **{HOSTILE: f"{HOSTILE}{place}"})
    chart = lake.plot("pass_at_k", x=HOSTILE)
    assert b"<script" not in encoded(chart, "svg")
    page = encoded(chart, "html").decode()
    assert page.count("<script>") == 2


WRONG = {
    "a chart that is of no number of a run": (
        "accuracy_histogram",
        {},
        UsageError,
        "--x makes no sense.*it does for pass_at_k",
    ),
    "no run has it": (
        "pass_at_k",
        {"x": "stpe"},
        UsageError,
        'no.* label "stpe".*mean "step".*samples label RUN stpe=VALUE',
    ),
    "a colour that nobody has": ("pass_at_k", {"colour": "algo"}, UsageError, 'label "algo"'),
    "run B, and runs": ("compare", {"a": "base", "b": "g-9"}, UsageError, "--runs, not --b"),
    "no run A": ("compare", {}, UsageError, "compare needs the parameter a"),
    "a run that is not there": ("compare", {"a": "x"}, NotFound, 'no run "x"'),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_drawn_over_a_label_is_an_error_that_says_why(lake, case):
    name, parameters, kind, message = WRONG[case]
    with pytest.raises(kind, match=message):
        lake.plot(name, **{"x": "step", **parameters})


def test_a_colour_needs_a_label(lake):
    with pytest.raises(UsageError, match="give --x LABEL too"):
        lake.plot("pass_at_k", colour="algorithm")


@pytest.mark.heavy
def test_sixty_runs_make_a_small_file(tallied, tmp_path):
    counts = {f"p{place}": (64, place % 65) for place in range(100)}
    runs = {f"run-{step}": counts for step in range(60)}
    lake = tallied.lake(tmp_path / "lake", runs, **{run: {"step": run[4:]} for run in runs})
    assert len(encoded(lake.plot("pass_at_k", x="step"), "json")) < 1_000_000
    assert re.search("pass@k", specification(lake.plot("pass_at_k", x="step"))["title"]["text"])

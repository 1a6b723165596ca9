"""A chart is a valid Vega-Lite specification, and its numbers are those of its query's rows."""

import json
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

import samples_queries
from samples.charts.figures import pass_at_k
from samples.charts.formats import FORMS, encoded, form_of
from samples.charts.palette import BASIC, COLOURS, DASHES, Palette
from samples.charts.registry import CHARTS
from samples.errors import NotFound, SamplesError, UsageError
from samples.query.notes import says_left_out

STORED = Path(__file__).parent / "specifications"
ASKED = {
    "compare": {"a": "a", "b": "b"},
    "crossing": {"a": "a", "b": "b"},
    "coverage": {"a": "a", "b": "b"},
    "support": {"a": "a", "b": "b", "threshold": "all"},
    "efficiency_gap": {"base": "a"},
    "reliability": {"taus": [0.25, 0.5, 1], "ks": [2]},
    "divergence": {"scorer": "s"},
    "perplexity_distribution": {"scorer": "s"},
    "perplexity_by_run": {"scorer": "s"},
    "perplexity_by_step": {"scorer": "s", "x": "role"},
    "perplexity_by_support": {"a": "a", "b": "b", "scorer": "s"},
    "likelihood_ratio_by_run": {"scorer": "s"},
    "surprising_tokens": {"runs": ["a", "b"], "scorer": "s", "min_n": 1},
    "verifier_agreement": {"first": "v", "second": "v"},
    "verdict_transitions": {"from": "v@1", "to": "v"},
}  # fmt: skip
# The columns of each query that are drawn, and what they are called in the chart where it is another name.
DRAWN = {
    "pass_at_k": ["run", "k", "pass_at_k", "low", "high", "problems", "errors", "timeouts"],
    "compare": ["k", "difference", "low", "high", "wins", "losses", "ties"],
    "coverage": ["outcome", "share", "problems"],
    "accuracy_histogram": ["run", "bin", "share", "problems"],
    "coverage_at_cost": ["run", "budget", "coverage", "low", "high"],
    "forecast": ["run", "k", "pass_at_k", "low", "high"],
    "power_law": ["run", "k", "pass_at_k", "minus_log"],
    "majority": ["run", "k", ("maj_at_k", "value"), "low", "high"],
    "best_of": ["run", "k", ("max_at_k", "value"), "low", "high"],
    "perplexity_by_step": ["run", "low", "high", "value", "perplexity", "problems"],
    "perplexity_by_support": ["run", "outcome", "low", "high", "status", "perplexity", "problems"],
    "perplexity_by_verdict": ["run", "status", "low", "high", "paired", "samples", "difference"],
    "likelihood_ratio_by_run": ["run", "low", "high", "share_as_likely", "log_ratio", "compared"],
    "surprising_tokens": ["token_id", "n", "problems", "gap", "logprob_scorer"],
    "verdict_transitions": ["run", "from_status", "to_status", "samples", "problems"],
    "perplexity_distribution": ["run", "problem_id", "status", "samples", "q05", "q25", "q50", "q75", "q95"],
    "perplexity_by_run": ["run", "problems", "status", "perplexity", "q50", "lowest", "highest"],
    "lengths": ["run", "status", "samples", "q05", "q25", "q50", "q75", "q95"],
    "efficiency_gap": ["base", "run", "k", "problems", "gap", "low", "high"],
    "bayes": ["run", "problems", "mean", "low", "high"],
    "reliability": ["run", "k", "tau", ("g_pass_at_k", "chance")],
    "support": ["a", "b", "threshold", "p", "e", "s", "problems"],
    "tokens_by_run": ["run", "samples", ("tokens", "count")],
    "answers_by_run": ["run", "problems", ("entropy", "value")],
    "duplicates": ["run", "problem_id", "samples", "distinct_texts", "duplicate_rate"],
    "errors": ["run", "kind", "samples", "problems"],
}  # fmt: skip


@pytest.fixture(scope="module")
def lake(lakes, tmp_path_factory):
    return lakes.filled(tmp_path_factory.mktemp("charts") / "lake")


def specification(chart):
    """Check a chart against Vega-Lite's schema, and return it with its data."""
    return chart.to_dict(validate=True)


def values(chart):
    (data,) = specification(chart)["datasets"].values()
    return data


def subtitle(chart):
    return " ".join(specification(chart)["title"]["subtitle"])


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_valid_and_says_what_it_compares(lake, name):
    made = specification(lake.plot(name, **ASKED.get(name, {})))
    title = made["title"]["text"]
    assert re.search(r"\ba\b", title)
    assert re.search(r"\bb\b", title)
    if "dataset" in samples_queries.header(name).columns:
        assert "d" in made["title"]["subtitle"][0].split(" · ")
    assert made["config"]["background"] == "#FFFFFF"
    drawn = json.dumps(made)
    assert '"tooltip"' in drawn
    assert all("title" in encoding and encoding["title"] != encoding["field"] for encoding in axes(made))


def axes(made):
    """Return the encodings of the axes that are shown, of all layers and parts of a chart."""
    parts = [part for key in ("layer", "vconcat") for part in made.get(key, ())] + [
        made[key] for key in ("spec",) if key in made
    ]
    own = [made["encoding"][axis] for axis in "xy" if "field" in made.get("encoding", {}).get(axis, {})]
    return [axis for axis in own if axis.get("axis", "") is not None] + [axis for part in parts for axis in axes(part)]


@pytest.mark.parametrize("name", DRAWN)
def test_the_numbers_of_a_chart_are_the_rows_of_its_query(lake, name):
    rows = lake.query(name, **ASKED.get(name, {}))
    pairs = [(one, one) if isinstance(one, str) else one for one in DRAWN[name]]
    there = [tuple(row.get(drawn) for _, drawn in pairs) for row in values(lake.plot(name, **ASKED.get(name, {})))]
    expected = [tuple(row[column] for column, _ in pairs) for row in rows]
    drawable = [row for row in expected if all(part is not None for part in row[-3:])]
    if name in {"perplexity_distribution", "perplexity_by_run"}:
        drawable = [row for row in drawable if row[2] == "all"]
    assert drawable
    assert all(row in there for row in drawable)


def test_every_chart_has_a_query_and_every_figure_is_registered():
    figures = {path.stem for path in Path(pass_at_k.__file__).parent.glob("*.py")} - {"__init__"}
    assert figures == set(CHARTS)
    assert set(CHARTS) <= set(samples_queries.NAMES)


STORED_ONES = [
    "pass_at_k",
    "coverage",
    "crossing",
    "coverage_many",
    "pass_at_k_by_problem",
    "support",
    "efficiency_gap",
    "perplexity_by_run",
    "power_law",
    "verdict_transitions",
]


@pytest.mark.parametrize("name", STORED_ONES)
def test_a_chart_is_the_stored_one(lake, name):
    """On purpose changed? Write the new one: delete the stored file and run this test."""
    made = specification(lake.plot(name, **ASKED.get(name, {})))
    made["$schema"] = ""
    for number, data in enumerate(list(made["datasets"])):  # their names are hashes
        called = f"data{number or ''}"
        made["datasets"][called] = made["datasets"].pop(data)
        made = json.loads(json.dumps(made).replace(f'"{data}"', f'"{called}"'))
    path = STORED / f"{name}.json"
    text = json.dumps(rounded(made), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    if not path.exists():
        path.write_text(text)
        pytest.fail(f"{path} was missing, and is written now: look at it, and commit it")
    assert json.loads(text) == json.loads(path.read_text())


def rounded(part):
    """Another processor may differ in the last digits."""
    if isinstance(part, dict):
        return {key: rounded(value) for key, value in part.items()}
    if isinstance(part, list):
        return [rounded(value) for value in part]
    return round(part, 6) if isinstance(part, float) else part


BEGINNINGS = {"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF", "html": b"<!DOCTYPE html>", "json": b"{"}


@pytest.mark.parametrize("form", FORMS)
def test_every_format_is_written(lake, form):
    written = encoded(lake.plot("coverage", a="a", b="b"), form)
    assert written.startswith(BEGINNINGS[form])
    assert len(written) < 1_000_000
    if form in {"svg", "html", "json"}:
        assert b"only a" in written


def test_a_page_loads_nothing_from_a_network(lake):
    page = encoded(lake.plot("pass_at_k"), "html").decode()
    assert "default-src 'none'" in page
    around = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r"src=|href=|@import|url\(", around)


def test_the_name_of_a_run_cannot_end_the_script_of_a_page(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    lakes.add_run(lake, "</script><script>alert(1)</script>", {"p1": "cw"})
    page = encoded(lake.plot("pass_at_k"), "html").decode()
    assert page.count("<script>") == 2
    assert "<script>alert" not in page
    assert "&lt;/script&gt;" in page[: page.index("</title>")]
    assert b"<script" not in encoded(lake.plot("pass_at_k"), "svg")


@pytest.mark.parametrize("form", ["svg", "png", "pdf", "html"])
def test_control_characters_in_the_name_of_a_run_are_spelled_out(lakes, tmp_path, form):
    lake = lakes.filled(tmp_path / "lake")
    lakes.add_run(lake, "a\x1b[31m\x00b\u202e", {"p1": "cw"})
    for name in ("pass_at_k", "lengths"):
        drawn = encoded(lake.plot(name), form)
        assert not {"\x1b", "\x00", "\u202e"} & set(drawn.decode() if form in {"svg", "html"} else "")
        if form == "svg":
            assert b"a\\x1b[31m\\x00b\\u202e" in drawn


def test_a_control_character_in_a_name_does_not_abort_the_process(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    for place, character in enumerate("\x00\x07\x1b\ufffe\u202e\u200b"):
        lakes.add_run(lake, f"{place}{character}", {f"p{character}": "cwcc"})
    chart = lake.plot("pass_at_k_by_problem")
    for form in ("svg", "png", "pdf", "html", "json"):
        assert encoded(chart, form)


def test_samples_left_out_are_in_the_subtitle(lake):
    assert "left out: a 1 error; b 1 timeout" in subtitle(lake.plot("pass_at_k"))


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("accuracy_histogram", {}), ("compare", {"a": "a", "b": "b"}), ("coverage", {"a": "a", "b": "b"})],
)
def test_samples_left_out_are_those_of_each_part_and_pool(lakes, tmp_path, name, parameters):
    lake = lakes.filled(tmp_path / "lake")
    assert "left out: b (level 5) 1 timeout; a (no level) 1 error" in subtitle(
        lake.plot(name, by="level", **parameters)
    )
    lakes.add_run(
        lake, "b2", {**lakes.STATUSES["b"], "p1": "cctc"}, family="q", role="rl", algorithm="grpo", step="200"
    )
    pooled = subtitle(lake.plot(name, pool="step", **parameters))
    assert "left out: a 1 error; b* 3 timeouts" in pooled
    parts = subtitle(lake.plot(name, pool="step", by="level", **parameters))
    assert "left out: b* (level 1) 1 timeout; b* (level 5) 2 timeouts; a (no level) 1 error" in parts


@pytest.mark.parametrize("name", ["coverage", "coverage_many", "truncation"])
def test_no_tooltip_has_a_column_for_the_picture_alone(lake, name):
    text = json.dumps(specification(lake.plot(name, **ASKED.get(name, {}))))
    told = {tip for part in re.findall(r'"tooltip": (\[.*?\])', text) for tip in re.findall('"title": "(.*?)"', part)}
    assert "problems" in told or "samples" in told
    assert not told & {"place", "shown", "set", "none"}


@pytest.mark.parametrize("name", ["coverage", "support", "coverage_many", "pass_at_k_by_problem"])
def test_the_verifier_that_was_chosen_is_in_the_subtitle(lakes, tmp_path, name):
    lake = lakes.filled(tmp_path / "lake")
    assert "verifier v" in subtitle(lake.plot(name, verifier="v", **ASKED.get(name, {})))


def test_notes_of_the_answer_are_in_the_subtitle(lake):
    parameters = {"runs": ["a", "b"], "ks": [1, 4]}
    notes = lake.query("pass_at_k", **parameters).notes
    assert notes
    for note in notes:
        assert " ".join(note.split()) in subtitle(lake.plot("pass_at_k", **parameters))


def test_of_pools_the_crossing_is_at_the_first_k_shown_at_which_the_other_is_ahead(tallied, tmp_path):
    counts = {"a": {"p": (2, 0), "q": (2, 1)}, "c": {"p": (2, 1), "q": (2, 0)}}
    counts |= {"b": {"p": (2, 1), "q": (2, 0)}, "d": {"p": (2, 2), "q": (2, 0)}}
    labels = {run: {"seed": run, "role": "base" if run in "ac" else "rl"} for run in counts}
    pools = {"a+c": "a", "b+d": "b"}
    lake = tallied.lake(tmp_path / "lake", counts, **labels)
    chart = lake.plot("pass_at_k", verifier="v", ks=[1, 2, 3, 4], pool="seed")
    rows = lake.query("pass_at_k", ks=[1, 2, 3, 4], pool="seed")
    by_k = {(pools[row["run"]], row["k"]): row["pass_at_k"] for row in rows}
    first = min(k for k in (2, 3, 4) if by_k["a", k] > by_k["b", k])
    assert by_k["a", 1] < by_k["b", 1]
    rules = [
        layer["encoding"]["x"]["datum"] for layer in specification(chart)["layer"] if layer["mark"]["type"] == "rule"
    ]
    assert rules == [first]
    assert f"a+c is ahead from k = {first} on" in subtitle(chart)


def test_a_value_of_a_metadata_key_is_a_panel_and_a_label_is_not(lake):
    parts = specification(lake.plot("pass_at_k", runs=["a", "b"], by="level"))["facet"]["sort"]
    assert parts == ["level 1", "level 5", "no level"]
    assert "facet" not in specification(lake.plot("pass_at_k", runs=["a", "b"], by="role"))


def test_a_dataset_is_a_panel(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    lakes.add_run(lake, "z", {"q": "cw"}, dataset="e")
    assert specification(lake.plot("pass_at_k"))["facet"]["sort"] == ["d", "e"]


def colours(chart):
    found = re.findall(r'"domain": (\[[^]]*\]), "range": (\["#[^]]*\])', json.dumps(specification(chart)))
    return dict(zip(*map(json.loads, found[0]), strict=True))


def test_a_run_has_one_colour_in_all_charts_also_when_it_is_alone_and_when_runs_are_added(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    both = colours(lake.plot("pass_at_k"))
    assert both == {"a": COLOURS[0], "b": COLOURS[1]}
    assert colours(lake.plot("pass_at_k", runs=["b"])) == {"b": both["b"]}
    assert colours(lake.plot("lengths")) == both
    assert colours(lake.plot("coverage", a="b", b="a"))["only b"] == both["b"]
    lakes._NOW = datetime(2026, 2, 1, tzinfo=UTC)
    try:
        lakes.add_run(lake, "Z", {"p1": "cw"})
    finally:
        lakes._NOW = datetime(2026, 1, 1, tzinfo=UTC)
    assert colours(lake.plot("pass_at_k")) == {**both, "Z": COLOURS[2]}


def test_lines_differ_where_colours_come_again():
    runs = [f"r{number}" for number in range(BASIC * len(DASHES))]
    palette = Palette(runs)
    assert len({(palette.colour(run, runs), str(palette.dash(run, runs))) for run in runs}) == len(runs)


def test_runs_of_one_chart_have_different_colours_and_keep_their_own_where_they_can():
    runs = [f"r{number}" for number in range(3 * len(COLOURS))]
    palette = Palette(runs)
    assert palette.colours(["r1", "r8"]) == [COLOURS[1], COLOURS[8]]
    far = palette.colours(["r1", f"r{1 + len(COLOURS)}", "r2"])
    assert (far[0], far[2], len(set(far))) == (COLOURS[1], COLOURS[2], 3)
    assert len(set(palette.colours(runs[: len(COLOURS)]))) == len(COLOURS)


def test_the_run_that_was_named_first_is_on_the_horizontal_axis(tallied, tmp_path):
    lake = tallied.lake(tmp_path / "lake", {"a": {"p": (4, 1)}, "b": {"p": (4, 4)}})
    for runs in (["a", "b"], ["b", "a"], "b,a"):
        (row,) = values(lake.plot("pass_at_k_by_problem", runs=runs))
        assert (row["x"], row["y"]) == ((0.25, 1.0) if runs == ["a", "b"] else (1.0, 0.25))


def test_each_run_of_a_forecast_is_observed_up_to_its_own_samples(tallied, tmp_path):
    lake = tallied.lake(tmp_path / "lake", {"a": {"p": (16, 1), "q": (16, 0)}, "b": {"p": (4, 2), "q": (4, 1)}})
    drawn = values(lake.plot("forecast", ks=[64]))
    for run in ("a", "b"):
        own = {row["k"]: row["pass_at_k"] for row in lake.query("pass_at_k", runs=[run])}
        seen = {row["k"]: row["pass_at_k"] for row in drawn if row["run"] == run and row["what"] == "observed"}
        assert own.items() <= seen.items()
        assert max(seen) == max(own) == (16 if run == "a" else 4)
        later = {row["k"]: row for row in drawn if row["run"] == run and row["what"] == "forecast"}
        assert min(later) == max(own)
        assert {32, 64} <= later.keys()
        assert later[max(own)]["low"] == later[max(own)]["high"] == own[max(own)]


def test_a_run_of_which_one_problem_has_few_samples_is_observed_where_nothing_is_continued(tallied, tmp_path):
    lake = tallied.lake(tmp_path / "lake", {"a": {"p": (16, 1), "q": (16, 3), "r": (2, 0), "s": (16, 2)}})
    drawn = values(lake.plot("forecast", ks=[64]))
    assert {row["k"] for row in drawn if row["what"] == "observed"} == {1, 2}
    assert min(row["k"] for row in drawn if row["what"] == "forecast") == 2


def test_a_run_that_is_not_drawn_is_named(tallied, tmp_path):
    lake = tallied.lake(tmp_path / "lake", {"a": {"p": (4, 1), "q": (4, 2)}, "o": {"p": (4, 0), "q": (4, 0)}})
    said = lake.plot("power_law").to_dict()["title"]["subtitle"]
    assert "not drawn: o (all problems are solved, or none)" in said


def test_a_note_names_a_run_and_not_a_part_of_a_word():
    assert says_left_out(["left out: v has not judged base, rl-2"], "rl-2")
    assert not says_left_out(["left out: v has not judged base, rl-2"], "a")
    assert not says_left_out(["left out: v has not judged base, rl-2"], "rl")
    assert not says_left_out(["settings of base differ"], "base")


def test_colours_have_a_contrast_with_paper_that_can_be_seen():
    def linear(part):
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    for colour in COLOURS:
        red, green, blue = (linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
        assert 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) > 2


def test_problems_at_one_place_are_one_circle(tallied, tmp_path):
    counts = {"p": (4, 1), "q": (4, 1), "r": (4, 2)}
    lake = tallied.lake(tmp_path / "lake", {"a": counts, "b": dict.fromkeys(counts, (4, 4))})
    drawn = {(row["x"], row["y"]): (row["problems"], row["ids"]) for row in values(lake.plot("pass_at_k_by_problem"))}
    assert drawn == {(0.25, 1.0): (2, "p, q"), (0.5, 1.0): (1, "r")}


def test_problems_that_two_runs_saw_in_different_versions_are_no_circle(tallied, tmp_path):
    lake = tallied.lake(tmp_path / "lake", {"a": {"p": (4, 1), "q": (4, 2), "r": (4, 3)}})
    tallied.add_run(lake, "b", {"p": (4, 4), "q": (4, 4), "r": (4, 4)}, version={"q": "2"})
    tallied.add_run(lake, "c", {"p": (4, 4), "q": (4, 4), "r": (4, 4)}, version="2")
    chart = lake.plot("pass_at_k_by_problem", runs=["a", "b"], ks=[1])
    assert {(row["x"], row["y"]): row["ids"] for row in values(chart)} == {(0.25, 1.0): "p", (0.75, 1.0): "r"}
    assert "2 problems: 2 above the line" in subtitle(chart)
    assert "d: left out: 1 problem that runs saw in different versions" in subtitle(chart)
    with pytest.raises(SamplesError, match=r"a and c share no problem; d: left out: 3 problems that runs saw in diff"):
        lake.plot("pass_at_k_by_problem", runs=["a", "c"], ks=[1])


def test_truncation_has_the_counts_of_its_query(lake):
    rows = {row["run"]: row for row in lake.query("truncation")}
    named = {"stopped": "stopped", "cut at the limit": "cut", "not known": "unknown", "failed": "errors"}
    drawn = values(lake.plot("truncation"))
    assert all(row["count"] == rows[row["run"]][named[row["end"]]] for row in drawn)
    for run, row in rows.items():
        assert sum(one["count"] for one in drawn if one["run"] == run) == sum(row[column] for column in named.values())


def test_divergence_has_the_numbers_of_its_query(lake):
    rows = lake.query("divergence", scorer="s")
    (of_a,) = (row for row in values(lake.plot("divergence", scorer="s")) if row["run"] == "a")
    expected = {row["per"]: row["divergence"] for row in rows if row["run"] == "a"}
    assert (of_a["divergence"], of_a["per_token"]) == (expected["completion"], expected["token"])


def test_forecast_shows_what_was_observed_beside_what_is_forecast(lake):
    observed = {(row["run"], row["k"]): row["pass_at_k"] for row in lake.query("pass_at_k")}
    drawn = values(lake.plot("forecast"))
    assert {(row["run"], row["k"]): row["pass_at_k"] for row in drawn if row["what"] == "observed"} == observed


@pytest.mark.parametrize("name", ["majority", "best_of"])
def test_pass_at_k_stands_beside_a_selection_at_the_same_k(lake, name):
    drawn = values(lake.plot(name, runs=["a"], ks=[1, 2, 3]))
    beside = {row["k"]: row["value"] for row in drawn if row["measure"] == "pass@k"}
    assert beside == {row["k"]: row["pass_at_k"] for row in lake.query("pass_at_k", runs=["a"], ks=[1, 2, 3])}


@pytest.mark.parametrize("name", ["majority", "best_of"])
def test_both_curves_are_over_the_same_problems_also_where_samples_are_ragged(lake, name):
    drawn = values(lake.plot(name))
    problems = {}
    for row in drawn:
        problems.setdefault((row["run"], row["k"]), []).append(row["problems"])
    assert all(len(both) == 2 and both[0] == both[1] for both in problems.values())


def test_a_chart_says_where_the_best_reward_is_pass_at_k(lake):
    assert "max@k is pass@k here" in subtitle(lake.plot("best_of"))
    assert "is pass@k here" not in subtitle(lake.plot("majority"))


def test_thousands_of_problems_make_a_small_file(tallied, tmp_path):
    counts = {f"p{number:05}": (8, number % 9) for number in range(5_000)}
    lake = tallied.lake(tmp_path / "lake", {"a": counts, "b": counts})
    assert len(encoded(lake.plot("pass_at_k_by_problem", ks=[1]), "json")) < 100_000


def test_thousands_of_places_are_joined_and_every_problem_is_counted(tallied, tmp_path):
    correct = {f"p{number:05}": (number % 101, number // 101 * 7 % 101) for number in range(5_000)}
    runs = {run: {p: (100, both[side]) for p, both in correct.items()} for side, run in enumerate("ab")}
    chart = tallied.lake(tmp_path, runs).plot("pass_at_k_by_problem", ks=[1])

    def place(c):
        return c / 100 if c in {0, 100} else (c // 5 + 0.5) / 20

    expected = Counter((place(a), place(b)) for a, b in correct.values())
    assert {(row["x"], row["y"]): row["problems"] for row in values(chart)} == expected
    assert f"{sum(b > a for a, b in correct.values()):,} above the line" in subtitle(chart)
    assert "a circle stands for problems within 0.05" in subtitle(chart)
    assert len(encoded(chart, "html")) < 1_000_000


WRONG = {
    "a query without a chart": ("problems", {}, UsageError, "query problems has no chart.*charts: pass_at_k, compare"),
    "no query": ("pas_at_k", {}, UsageError, 'no chart "pas_at_k" .did you mean "pass_at_k"'),
    "no query over a label": ("pas_at_k", {"x": "step"}, UsageError, 'no chart "pas_at_k" .did you mean "pass_at_k"'),
    "a run that is not there": ("pass_at_k", {"runs": ["x"]}, NotFound, "runs there: a, b"),
    "a parameter of no query": ("pass_at_k", {"colour": "red"}, UsageError, "colour"),
    "a form of no chart": ("pass_at_k", {"form": "grid"}, UsageError, 'has no form "grid"; it has one form only'),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_drawn_is_an_error_that_says_why(lake, case):
    name, parameters, kind, message = WRONG[case]
    with pytest.raises(kind, match=message):
        lake.plot(name, **parameters)


def test_nothing_to_draw_is_an_error_that_says_why(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    lakes.add_run(lake, "failed", {"p1": "ee"})
    with pytest.raises(SamplesError, match=r"nothing to draw|failed"):
        lake.plot("pass_at_k_by_problem", runs=["failed"])


@pytest.mark.parametrize("file", ["curve.gif", "curve", "svg", "x.SVG.gz"])
def test_an_unknown_ending_is_an_error_that_says_which_are_known(file):
    with pytest.raises(UsageError, match=r"\.svg, \.png, \.pdf, \.html, \.json"):
        form_of(file)


def test_endings_may_be_written_large():
    assert form_of("A.SVG") == "svg"

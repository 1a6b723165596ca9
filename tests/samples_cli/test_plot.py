"""`samples plot` writes the chart of a query into a file."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from samples.charts.registry import CHARTS


@pytest.fixture(scope="module")
def filled(lakes, tmp_path_factory):
    return lakes.filled(tmp_path_factory.mktemp("plots") / "lake")


def test_the_file_has_the_rows_that_the_query_prints(samples, filled, tmp_path):
    file = tmp_path / "curve.json"
    options = ("--runs", "a,b", "--ks", "1,2", "--where", "level=5", "--lake", filled.uri)
    code, out, err = samples("plot", "pass_at_k", *options, "-o", file)
    assert (code, out, err) == (0, "", "")
    (drawn,) = json.loads(file.read_text())["datasets"].values()
    _, out, _ = samples("query", "pass_at_k", *options, "--format", "json")
    rows = json.loads(out)
    assert [{name: row[name] for name in rows[0]} for row in drawn] == rows


def test_dashes_in_the_name_of_a_chart_are_underscores(samples, filled, tmp_path):
    assert samples("plot", "accuracy-histogram", "--lake", filled.uri, "-o", tmp_path / "x.svg")[0] == 0
    assert "<svg" in (tmp_path / "x.svg").read_text()


def test_a_chart_over_a_label_and_a_grid_are_options(samples, filled, tmp_path):
    for file, options in (
        ("x.json", ("pass_at_k", "--x", "role", "--colour", "family")),
        ("pair.json", ("coverage", "--a", "a", "--x", "role")),
        ("grid.json", ("pass_at_k_by_problem", "--grid")),
    ):
        code, _, err = samples("plot", *options, "--lake", filled.uri, "-o", tmp_path / file)
        assert (code, err) == (0, "")
    (drawn,) = json.loads((tmp_path / "x.json").read_text())["datasets"].values()
    assert {row["at"] for row in drawn} == {"base", "rl"}


@pytest.mark.parametrize("arguments", [("plot",), ("plot", "--list")])
def test_without_a_name_the_charts_are_listed(samples, arguments):
    code, out, _ = samples(*arguments)
    assert code == 0
    assert [name for name in CHARTS if f"\n  {name}" in out] == list(CHARTS)


WRONG = {
    "an unknown ending": (("pass_at_k", "-o", "x.gif"), 2, "end it in .svg, .png, .pdf, .html, .json"),
    "no file": (("pass_at_k",), 2, "--output is missing"),
    "a folder that is not there": (("pass_at_k", "-o", "/nope/x.svg"), 2, "there is no folder /nope"),
    "a query without a chart": (("problems", "-o", "x.svg"), 2, "query problems has no chart"),
    "a chart that is almost there": (("pas_at_k", "-o", "x.svg"), 2, 'did you mean "pass_at_k"'),
    "an option of no query": (("pass_at_k", "--colour", "red", "-o", "x.svg"), 2, "--colour"),
    "a run that is not there": (("pass_at_k", "--runs", "x", "-o", "x.svg"), 2, "runs there: a, b"),
    "run A alone, over no label": (("compare", "--a", "a", "-o", "x.svg"), 2, "needs the parameter b"),
    "over a label, where it makes no sense": (
        ("accuracy_histogram", "--x", "step", "-o", "x.svg"),
        2,
        "--x makes no sense",
    ),
    "a grid, where there is none": (("pass_at_k", "--grid", "-o", "x.svg"), 2, "--grid"),
    "nothing that is drawn": (("errors", "--runs", "a", "--where", "level=1", "-o", "x.svg"), 1, "nothing to draw"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_one_line_and_no_file(samples, filled, tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAMPLES_LAKE", filled.uri)
    arguments, expected, said = WRONG[case]
    code, out, err = samples("plot", *arguments)
    assert (code, out) == (expected, "")
    assert said in err
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.nightly
def test_no_format_needs_a_network_or_a_display(filled, tmp_path):
    alone = ["unshare", "--map-root-user", "--net"]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], check=False, capture_output=True).returncode:
        pytest.skip("needs unshare, and the right to make a network namespace")
    program = f"""
from samples_cli.main import main
for form in ("svg", "png", "pdf", "html", "json"):
    main(["plot", "coverage", "--a", "a", "--b", "b", "-o", {str(tmp_path)!r} + "/x." + form])
"""
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"} | {
        "SAMPLES_LAKE": filled.uri
    }
    command = [*alone, sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.suffix for path in tmp_path.iterdir()} == {".svg", ".png", ".pdf", ".html", ".json"}

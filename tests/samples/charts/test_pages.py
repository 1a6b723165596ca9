"""A page of a chart opens in a real browser without a network, without an error, and shows every mark."""

import pytest

from samples.charts.formats import encoded
from samples.charts.registry import CHARTS

pytestmark = pytest.mark.heavy

MARKS = ", ".join(f".role-mark:not(.mark-group) > {tag}" for tag in ("path", "text", "line", "rect"))


OPENED = {"pass_at_k", "coverage", "coverage_many", "pass_at_k_by_problem", "perplexity_by_run", "reliability"}


@pytest.mark.cases(3)
@pytest.mark.parametrize(
    "name", [name if name in OPENED else pytest.param(name, marks=pytest.mark.nightly) for name in CHARTS]
)
def test_a_page_opens_from_a_folder_without_a_network(pictures, shaped, parameters, page, tmp_path, name):
    lake, runs = shaped("two runs")
    chart = lake.plot(name, **parameters(name, runs))
    file = tmp_path / "chart.html"
    file.write_bytes(encoded(chart, "html"))
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.context.set_offline(True)
    try:
        page.goto(file.as_uri())
        page.wait_for_selector("#chart svg .role-mark", state="attached")
        count = page.locator(f"#chart svg :is({MARKS})").count()
    finally:
        page.context.set_offline(False)
    assert not page.errors
    assert asked == [file.as_uri()]
    assert count == pictures.marks(encoded(chart, "svg"))
    assert count > 0


def test_every_point_of_a_curve_is_a_mark_and_says_its_numbers(shaped, page, tmp_path):
    lake, _ = shaped("two runs")
    rows = lake.query("pass_at_k")
    file = tmp_path / "chart.html"
    file.write_bytes(encoded(lake.plot("pass_at_k"), "html"))
    page.goto(file.as_uri())
    points = page.locator("#chart svg .mark-symbol.role-mark path")
    points.first.wait_for()
    assert points.count() == len(rows)
    points.first.hover()
    told = page.locator("#vg-tooltip-element")
    told.wait_for()
    assert "pass_at_k" in told.inner_text()
    assert not page.errors


def test_a_hostile_name_is_text_on_a_page(lakes, page, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    name = "<img src=x onerror=alert(1)></script><script>alert(2)</script>"
    lakes.add_run(lake, name, {"p1": "cw", "p2": "wc"})
    alerts = []
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    for chart in ("pass_at_k", "truncation", "verdict_transitions"):
        file = tmp_path / f"{chart}.html"
        sides = {"from": "v@1", "to": "v"} if chart == "verdict_transitions" else {}
        file.write_bytes(encoded(lake.plot(chart, **sides), "html"))
        page.goto(file.as_uri())
        page.wait_for_selector("#chart svg .role-mark", state="attached")
        marks = page.locator("#chart svg .role-mark:not(.mark-group) > path")
        marks.last.hover(force=True)
        assert page.locator("#vg-tooltip-element img, #vg-tooltip-element script, #chart img").count() == 0
    assert not alerts
    assert not page.errors

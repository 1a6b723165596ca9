"""No title of a picture is cut off and no label covers another, also with long names, many runs, or one run."""

from itertools import combinations

import pytest

from samples.charts.formats import encoded
from samples.charts.registry import CHARTS
from samples.errors import SamplesError

SHAPES = ("two runs", "one run", "long names", "many runs", "many ks", "nothing solved", "datasets")
MARKS = {  # of shapes that make check, or also make test, leaves out; with long names most pictures would fail
    "one run": pytest.mark.heavy,
    "many runs": pytest.mark.heavy,
    **dict.fromkeys(("two runs", "many ks", "nothing solved", "datasets"), pytest.mark.nightly),
}
TITLES = {"title-text", "title-subtitle", "axis-title", "legend-title", "column-title", "row-title"}
LABELS = {"axis-label", "legend-label", "legend-symbol", "title-text", "title-subtitle"}
SMALL = {"width": 280, "height": 180}
MOST = 700_000  # bytes of a specification


def drawn(lake, name, asked):
    """Draw a chart; None where these runs have nothing to compare, which an error says in one line."""
    try:
        return lake.plot(name, **asked)
    except SamplesError:
        return None


@pytest.mark.cases(33)
@pytest.mark.parametrize("shape", [pytest.param(shape, marks=MARKS.get(shape, ())) for shape in SHAPES])
@pytest.mark.parametrize("name", CHARTS)
def test_no_title_is_cut_off_and_no_label_covers_another(pictures, shaped, parameters, shape, name):
    assert SHAPES == pictures.SHAPES
    lake, runs = shaped(shape)
    chart = drawn(lake, name, parameters(name, runs))
    if chart is None:
        assert shape not in {"two runs", "long names"} or name == "pass_at_k_by_problem"
        return
    check(pictures, chart)
    assert len(encoded(chart, "json")) < MOST


@pytest.mark.cases(12)
@pytest.mark.heavy
@pytest.mark.parametrize("name", CHARTS)
def test_a_smaller_picture_is_whole_too(pictures, shaped, parameters, name):
    lake, runs = shaped("two runs")
    chart = lake.plot(name, **parameters(name, runs))
    small = chart.properties(**SMALL) if "layer" in chart.to_dict() else chart
    check(pictures, small)


def check(pictures, chart):
    svg = encoded(chart, "svg")
    width, height = pictures.size(svg)
    texts = pictures.texts(svg)
    assert any(text.role == "title-text" for text in texts)
    for text in texts:
        left, top, right, bottom = text.box()
        assert left >= -1, (text.words, text.role)
        assert top >= -1, (text.words, text.role)
        assert right <= width + 1, (text.words, text.role, right, width)
        assert bottom <= height + 1, (text.words, text.role)
    by_group = {}
    for text in texts:
        if text.role in LABELS and text.words.strip():
            by_group.setdefault(text.group, []).append(text)
    for several in by_group.values():
        for one, other in combinations(several, 2):
            assert not one.meets(other), (one.role, one.words, other.words)
    titles = [text for text in texts if text.role in TITLES]
    for title in titles:
        for text in texts:
            assert text.role in TITLES or not boxes_meet(title.box(), text.box()), (title.words, text.words)
    for one, other in combinations(titles, 2):
        assert not boxes_meet(one.box(), other.box()), (one.words, other.words)


def boxes_meet(a, b):
    return all(a[low] < b[high] - 1 and b[low] < a[high] - 1 for low, high in ((0, 2), (1, 3)))

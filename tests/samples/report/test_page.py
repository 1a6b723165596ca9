"""The page in a real browser: from a file, without a network, light and dark, on paper; hostile names are inert."""

import re
import xml.etree.ElementTree as ET

import pytest

from samples.report.pictures import within_page

HOSTILE = (
    "</title><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x="',
    "]]><svg onload=alert(1)>",
    "a\u202eb\u200b\x1b[31m|**x**",
)


@pytest.fixture(scope="module")
def made(lakes, tmp_path_factory):
    return lakes.filled(tmp_path_factory.mktemp("page") / "lake").report(["a", "b"])


@pytest.fixture(scope="module")
def hostile(lakes, tmp_path_factory):
    lake = lakes.filled(tmp_path_factory.mktemp("hostile") / "lake")
    lakes.add_problems(lake, "<b>d", dict.fromkeys(HOSTILE, "{}"))
    for run in HOSTILE:
        lakes.add_run(lake, run, dict.fromkeys(HOSTILE, "cwe"), dataset="<b>d", label="<i>x</i>")
    return lake.report([HOSTILE[0], *HOSTILE[1:]])


def test_hostile_names_are_text_and_nothing_else(hostile, read_page):
    shown = read_page(hostile)
    assert not shown.tags & {"script", "img", "b", "i", "iframe", "object", "link", "a[onclick]"}
    assert not [name for _, name, _ in shown.attributes if name.startswith("on")]
    assert {value for tag, name, value in shown.attributes if name in {"href", "src"}} <= {
        f"#{key}" for key in shown.sections
    }
    assert "<img src=x onerror=alert(1)>" in shown.text
    assert not re.search("[\u202e\u200b\x1b]", shown.text)
    assert "a\\u202eb\\u200b\\x1b[31m|**x**" in shown.text


def test_hostile_names_do_not_leave_the_cells_of_markdown(hostile, tmp_path):
    *pictures, text = hostile.save(tmp_path / "x.md")
    content = re.sub(r"^(```+)\w+$.*?^\1$", "", text.read_text(), flags=re.DOTALL | re.MULTILINE)
    assert not re.search(r"(?<!\\)<(?!/?details>|/?summary>)", content)
    assert not re.search("[\u202e\u200b\x1b]", content)
    for picture in pictures:
        names = {element.tag.rpartition("}")[2] for element in ET.fromstring(picture.read_bytes()).iter()}
        assert not names & {"script", "image", "foreignObject", "a"}


def test_no_two_elements_of_a_page_have_one_id(made, read_page):
    ids = read_page(made).ids
    assert len(ids) == len(set(ids))


def test_only_what_charts_use_is_kept_of_a_picture():
    bad = b"""<svg xmlns="http://www.w3.org/2000/svg" onload="x()"><script>1</script><defs><clipPath id="c"/></defs>
    <a href="javascript:1"><text>t</text></a><g clip-path="url(#c)" style="x"/><g clip-path="url(http://x/#c)"/></svg>"""
    root = ET.fromstring(within_page(bad, "p-", "named"))
    assert [element.tag.rpartition("}")[2] for element in root.iter()] == ["svg", "defs", "clipPath", "g", "g"]
    assert [dict(element.attrib) for element in root.iter() if element.tag.endswith("g")][1:] == [
        {"clip-path": "url(#p-c)"},
        {},
    ]


@pytest.mark.heavy
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_opens_from_a_file_without_a_network_and_logs_no_error(made, page, tmp_path, scheme):
    (file,) = made.save(tmp_path / "report.html")
    page.emulate_media(color_scheme=scheme)
    page.context.set_offline(True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    assert page.errors == []
    assert asked == [file.as_uri()]
    drawn = page.evaluate(
        "[...document.querySelectorAll('figure svg')].map(s => s.querySelectorAll('[class*=mark] path').length)"
    )
    assert len(drawn) == len([1 for section in made.sections for answer in section.answers if answer.chart])
    assert all(count > 0 for count in drawn)
    ground, text = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    assert (luminance(ground) > luminance(text)) == (scheme == "light")
    assert abs(luminance(ground) - luminance(text)) > 0.7
    assert page.evaluate("getComputedStyle(document.querySelector('figure')).backgroundColor") == "rgb(255, 255, 255)"


def luminance(colour):
    red, green, blue = (int(part) / 255 for part in re.findall(r"\d+", colour)[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.heavy
@pytest.mark.parametrize("width", [1280, 800, 400])
def test_nothing_is_wider_than_the_window(made, page, tmp_path, width):
    (file,) = made.save(tmp_path / "report.html")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.heavy
def test_on_paper_folded_tables_are_open_and_the_background_is_white(made, page, tmp_path):
    (file,) = made.save(tmp_path / "report.html")
    page.goto(file.as_uri())
    page.emulate_media(media="print", color_scheme="dark")
    heights = page.evaluate(
        "[...document.querySelectorAll('details.rows table')].map(t => t.getBoundingClientRect().height)"
    )
    assert heights
    assert min(heights) > 20
    titles = page.evaluate("[...document.querySelectorAll('h2')].map(h => h.getBoundingClientRect().height)")
    assert min(titles) > 10
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf(path=tmp_path / "report.pdf").startswith(b"%PDF")


@pytest.mark.heavy
def test_hostile_names_run_nothing_in_a_browser(hostile, page, tmp_path):
    (file,) = hostile.save(tmp_path / "report.html")
    opened: list[str] = []
    page.on("dialog", lambda dialog: (opened.append(dialog.message), dialog.dismiss()))
    page.goto(file.as_uri())
    assert (opened, page.errors) == ([], [])
    assert page.evaluate("document.querySelectorAll('script, img, b, i').length") == 0

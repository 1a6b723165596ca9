"""The pages in a real Chromium: they open, they show what the lake holds, and keys do all of it."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from samples.api import Lake

pytestmark = pytest.mark.heavy
expect.set_options(timeout=60_000)  # a busy machine takes its time for a page


@pytest.fixture
def site(served, shaded):
    return served(shaded).served.url


def tokens(page, pane="#run-text"):
    """The tokens of a text that is shaded: text, class of the shade, and what hovering says."""
    found = page.locator(f"{pane} .t").evaluate_all("all => all.map(t => [t.textContent, t.className, t.title])")
    return [(text, re.search(r"\b(s\d|m\d|p\d|d0|odd)\b", classes)[1], title) for text, classes, title in found]


def asked(page):
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def follow(page, control):
    """Click what leads to another page, and wait until that page and its style are there."""
    with page.expect_navigation():
        control.click()


def heading(page):
    return page.locator("h1").inner_text()


def test_a_reader_goes_from_runs_to_one_sample(walled, site):
    walled.goto(site)
    follow(walled, walled.get_by_role("link", name="a", exact=True))
    assert heading(walled) == "Problems of a"
    assert walled.locator("tbody tr").count() == 2
    follow(walled, walled.get_by_role("link", name="p1"))
    assert heading(walled) == "Problem p1"
    assert walled.locator(".verdict.correct").count() == 1
    follow(walled, walled.locator("a[data-row]").first)
    assert heading(walled) == "Sample 0 of problem p1"
    text = walled.locator("#run-text").inner_text()
    assert "2 + 2 = é 5?" in text
    assert "The answer is \\boxed{4}, and 4." in text
    main = walled.locator("main").inner_text()
    for fact in ("? p1", "Gold answer c", "1000", "stop", "an earlier fault", "because"):
        assert fact in main


def test_tokens_are_shaded_by_their_own_model(walled, site):
    walled.goto(f"{site}sample?run=a&problem=p1&index=0")
    found = tokens(walled)
    shades = [shade for _, shade, _ in found]
    assert shades[:2] == ["s0", "s0"]  # exp(0) and exp(-0.1)
    assert shades[2] == "s1"  # exp(-0.2) = .82
    assert shades[-1] == "s4"  # exp(-6.7) = .0012
    assert found[3][2].startswith("token 3 · id 105 · log-prob \N{MINUS SIGN}0.3000 · rank 1")
    assert found[-1][0] == "."


def test_a_letter_of_two_tokens_is_whole(walled, site):
    walled.goto(f"{site}sample?run=a&problem=p1&index=0")
    (letter,) = [one for one in tokens(walled) if one[0] == "é"]
    assert letter[2].startswith("tokens 15 to 16 · id 195, 169 · mean log-prob \N{MINUS SIGN}1.5500")


def test_shading_follows_the_scorer(walled, site):
    walled.goto(f"{site}sample?run=a&problem=p1&index=0&scorer=s&shade=scorer")
    assert {shade for _, shade, _ in tokens(walled)} == {"s2"}  # exp(-1) = .37
    assert "log-prob \N{MINUS SIGN}1.0000 under s" in tokens(walled)[3][2]
    walled.goto(f"{site}sample?run=a&problem=p1&index=0&scorer=s&shade=difference")
    shades = [shade for _, shade, _ in tokens(walled)]
    assert shades[0] == "m3"  # -1 - 0
    assert shades[6] == "m1"  # -1 + .6
    assert shades[10] == "d0"
    assert shades[-1] == "p4"
    assert "compared with a" in walled.locator(".legend").inner_text()


def test_the_extracted_answer_is_marked_where_the_last_box_holds_it(walled, site):
    walled.goto(f"{site}sample?run=a&problem=p1&index=0")
    answer = walled.locator(".completion .answer")
    expect(answer).to_have_text(["4"], use_inner_text=True)
    assert answer.evaluate("e => e.previousSibling.textContent") == "{"


def test_the_thinking_folds(walled, site):
    walled.goto(f"{site}sample?run=a&problem=p1&index=0")
    thinking = walled.locator("details.thinking")
    assert thinking.locator(".text").inner_text() == "<think>2 + 2 = é 5?</think>"
    walled.keyboard.press("t")
    assert thinking.get_attribute("open") is None
    walled.keyboard.press("t")
    assert thinking.get_attribute("open") is not None


def test_two_runs_stand_side_by_side_on_one_problem(walled, site):
    walled.goto(site)
    follow(walled, walled.get_by_role("button", name="Put A and B side by side"))
    assert heading(walled) == "Problems of a and b"
    follow(walled, walled.get_by_role("link", name=re.compile("both solve")))
    assert walled.locator("tbody tr").count() == 2
    follow(walled, walled.get_by_role("link", name="p1"))
    left, right = walled.locator(".columns > section").all()
    assert "a 3 samples" in left.inner_text()
    expect(right.locator(".verdict")).to_have_text(["correct"], use_inner_text=True)
    follow(walled, walled.get_by_role("link", name="Read the first sample of each side by side"))
    assert "\\boxed{4}" in walled.locator("#run-text").inner_text()
    assert "b p1" in walled.locator("#other-text").inner_text()
    boxes = [walled.locator(pane).bounding_box() for pane in ("#run", "#other")]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    follow(walled, walled.locator("#other a[rel=next]"))
    assert (asked(walled)["index"], asked(walled)["other_index"]) == ("0", "1")


def test_problems_that_only_one_run_solves_are_one_click_away(walled, site, lakes, served, tmp_path):
    client = served(lakes.filled(tmp_path / "four"))
    walled.goto(f"{client.served.url}problems?run=a&other=b")
    follow(walled, walled.get_by_role("link", name="1 only a"))
    expect(walled.locator("tbody th")).to_have_text(["p2"], use_inner_text=True)
    follow(walled, walled.get_by_role("link", name="1 only b"))
    expect(walled.locator("tbody th")).to_have_text(["p3"], use_inner_text=True)


def test_a_link_restores_the_view(walled, site, chromium):
    walled.goto(f"{site}problems?run=a&other=b&sort=-difference&where=level%3D1")
    follow(walled, walled.locator("tbody a[data-row]").first)
    walled.get_by_role("combobox", name="Order").select_option("long")
    follow(walled, walled.get_by_role("button", name="Show", exact=True))
    follow(walled, walled.locator(".columns a[data-row]").first)
    walled.get_by_role("combobox", name="Scorer", exact=True).select_option("s")
    walled.get_by_label("Shade by").select_option("difference")
    follow(walled, walled.get_by_role("button", name="Show", exact=True))
    walled.wait_for_url("**shade=difference*")
    state = asked(walled)
    assert state | {"order": "long", "shade": "difference", "scorer": "s", "where": "level=1"} == state
    walled.wait_for_load_state()
    seen = walled.locator("main").inner_text()
    other = chromium.new_page()
    other.goto(walled.url)
    assert other.locator("main").inner_text() == seen
    other.close()


def test_a_label_survives_a_reload_and_reaches_the_query(walled, site, shaded):
    walled.goto(f"{site}sample?run=a&problem=p1&index=0")
    walled.get_by_label("Reviewer").fill("ann")
    walled.get_by_label("Note").fill("<b>5</b> \u202eis é")
    walled.get_by_role("button", name="flawed").click()
    walled.locator(".reviews li").wait_for()
    walled.keyboard.press("v")
    walled.locator(".reviews li.earlier").wait_for()
    walled.reload()
    expect(walled.locator(".reviews .label")).to_have_text(["valid", "flawed"], use_inner_text=True)
    assert "<b>5</b> U+202Eis é" in walled.locator(".reviews").inner_text()
    assert walled.get_by_label("Reviewer").input_value() == "ann"
    rows = shaded.sql("SELECT problem_id, sample_index, reviewer, label, note FROM review_history ORDER BY number")
    assert [tuple(row.values()) for row in rows] == [
        ("p1", 0, "ann", "flawed", "<b>5</b> \u202eis é"),
        ("p1", 0, "ann", "valid", None),
    ]
    walled.goto(f"{site}problem?run=a&problem=p1")
    expect(walled.locator(".samples .label")).to_have_text(["valid"], use_inner_text=True)


def test_a_label_without_a_name_asks_for_one(walled, site, shaded):
    walled.goto(f"{site}sample?run=a&problem=p1&index=0")
    walled.keyboard.press("v")
    walled.get_by_text("Write your name").wait_for()
    assert walled.evaluate("document.activeElement.name") == "reviewer"
    assert len(shaded.sql("FROM review_history")) == 0


def test_the_pages_work_without_a_script(chromium, site, shaded):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}sample?run=a&problem=p1&index=0")
    page.locator("input[name=reviewer]").fill("bob")
    follow(page, page.get_by_role("button", name="unclear"))
    expect(page.locator(".reviews .label")).to_have_text(["unclear"], use_inner_text=True)
    context.close()


@pytest.mark.parametrize(
    ("problem", "runs", "script"),
    [
        ("heart \u2764\ufe0f", ("a\ufe0f", "b\u200b"), True),
        ("two\nlines\r, nul \0 %00", ("a\nb", "a\r\nc"), False),
    ],
)
def test_forms_bring_back_names_as_they_are(chromium, served, lakes, tmp_path, problem, runs, script):
    lake = Lake(str(tmp_path / "names"), create=True)
    lakes.add_problems(lake, "d", {problem: "{}"})
    for run in runs:
        lakes.add_run(lake, run, {problem: "cw"}, reviewed=False)
    names = {row[key]: row["run"] for row in lake.query("runs") for key in ("run", "run_id")}
    url = served(lake, reviewer="ann").served.url
    context = chromium.new_context(java_script_enabled=script)
    page = context.new_page()
    page.goto(url)
    follow(page, page.get_by_role("button", name="Put A and B side by side"))
    assert {names[asked(page)[side]] for side in ("run", "other")} == {*runs}
    for _ in range(2):
        follow(page, page.locator("a[data-row]").last)
        follow(page, page.get_by_role("button", name="Show", exact=True))
    page.locator("#other").get_by_role("button", name="valid").click()
    expect(page.locator("#other-review .label")).to_have_text(["valid"], use_inner_text=True)
    (row,) = lake.sql("SELECT run, problem_id, label FROM reviews")
    assert tuple(row.values()) == (names[asked(page)["other"]], problem, "valid")
    context.close()


def test_keys_alone_lead_from_runs_to_a_sample_and_back(walled, site):
    press = walled.keyboard.press
    walled.goto(site)
    press("j")
    press("Enter")
    walled.wait_for_url("**/problems?*")
    for key in "jjk":
        press(key)
    assert walled.evaluate("document.activeElement.textContent") == "p1"
    press("Enter")
    walled.wait_for_url("**/problem?*")
    press("j")
    press("Enter")
    walled.wait_for_url("**/sample?*")
    assert asked(walled)["index"] == "0"
    press("ArrowRight")
    walled.wait_for_url("**index=1*")
    press("ArrowLeft")
    walled.wait_for_url("**index=0*")
    press("J")
    walled.wait_for_url("**problem=p2*")
    assert heading(walled) == "Problem p2"
    press("p")
    walled.wait_for_url("**/problems?*")
    press("/")
    walled.keyboard.type("p2")
    press("Enter")
    walled.wait_for_url("**find=p2*")
    assert walled.locator("tbody tr").count() == 1
    press("p")
    walled.wait_for_url(re.compile(r"/$"))
    press("?")
    assert walled.locator("#help").is_visible()
    press("Escape")
    assert not walled.locator("#help").is_visible()


def test_keys_alone_read_and_label_a_sample(walled, site, shaded):
    press = walled.keyboard.press
    walled.goto(f"{site}sample?run=a&problem=p1&index=0")
    for _ in range(3):
        press("]")
    assert "token 2 · id 104" in walled.locator("#said").inner_text()
    press("a")
    assert "answer that v took" in walled.locator("#said").inner_text()
    press("s")
    walled.wait_for_url("**shade=scorer*")
    press("s")
    walled.wait_for_url("**shade=difference*")
    press("n")
    walled.keyboard.type("reads well")
    press("Escape")
    press("u")
    walled.get_by_text("Write your name").wait_for()
    walled.keyboard.type("cy")
    press("Escape")
    press("u")
    walled.locator(".reviews li").wait_for()
    assert "reads well" in walled.locator(".reviews").inner_text()
    assert len(shaded.sql("FROM reviews WHERE reviewer = 'cy' AND label = 'unclear'")) == 1


def test_keys_go_on_in_the_right_sample_and_label_it(walled, site, shaded):
    press = walled.keyboard.press
    walled.goto(f"{site}sample?run=a&other=b&problem=p1&index=0&other_index=0")
    press("2")
    for other in ("1", "2"):
        press("ArrowRight")
        walled.wait_for_url(f"**other_index={other}*")
        expect(walled.locator("#other")).to_have_class(re.compile("active"))
    press("s")
    walled.wait_for_url("**shade=scorer*")
    expect(walled.locator("#other")).to_have_class(re.compile("active"))
    walled.locator("#other input[name=reviewer]").fill("ann")
    press("Escape")
    press("f")
    walled.locator("#other .reviews li").wait_for()
    (row,) = shaded.sql("SELECT run, problem_id, sample_index, label FROM reviews")
    assert tuple(row.values()) == ("b", "p1", 2, "flawed")
    press("1")
    press("ArrowRight")
    walled.wait_for_url("**index=1*")
    walled.wait_for_load_state()
    expect(walled.locator("#run")).to_have_class(re.compile("active"))
    assert (asked(walled)["index"], asked(walled)["other_index"]) == ("1", "2")


def test_what_has_the_focus_is_seen_and_tab_reaches_it(walled, site):
    walled.goto(f"{site}problems?run=a")
    walled.keyboard.press("Tab")
    assert walled.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert walled.locator(".skip").bounding_box()["x"] >= 0
    walled.keyboard.press("j")
    style = "getComputedStyle(document.activeElement).outlineStyle"
    assert walled.evaluate(style) == "solid"


def test_the_queue_leads_through_correct_samples_that_are_not_labelled(walled, site):
    walled.goto(f"{site}problems?run=a")
    follow(walled, walled.get_by_role("link", name=re.compile("Review the hardest")))
    assert "no problem at an accuracy of at most 0.05" in walled.locator("main").inner_text()
    walled.get_by_label("Accuracy at most").fill("1")
    follow(walled, walled.get_by_role("button", name="Show"))
    expect(walled.locator("tbody th")).to_have_text(["p1", "p2"], use_inner_text=True)
    follow(walled, walled.get_by_role("link", name="p1"))
    walled.wait_for_url("**/sample?*")
    walled.get_by_label("Reviewer").fill("ann")
    walled.keyboard.press("Escape")
    walled.keyboard.press("f")
    walled.locator(".reviews li").wait_for()
    walled.keyboard.press("q")
    walled.wait_for_url("**problem=p2*")
    assert heading(walled) == "Sample 0 of problem p2"


def test_search_counts_matches_by_verdict_and_leads_to_them(walled, site):
    walled.goto(f"{site}search?run=a")
    walled.get_by_label("Text").fill("answer IS \\D")
    walled.get_by_label("regular expression").check()
    walled.keyboard.press("Enter")
    walled.locator(".counts").wait_for()
    walled.locator(".counts tbody tr").first.wait_for()
    rows = walled.locator(".counts tbody tr").all_inner_texts()
    assert [re.split(r"\s+", row.strip()) for row in rows] == [["a", "correct", "1", "2"], ["a", "wrong", "0", "3"]]
    follow(walled, walled.locator("a[data-row]"))
    expect(walled.locator(".completion .found")).to_have_text(list("answer is \\"), use_inner_text=True)


def test_the_text_and_the_command_are_copied(chromium, site, shaded):
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{site}sample?run=a&problem=p1&index=0")
    page.get_by_role("link", name="text", exact=True).click()
    page.get_by_text("copied: text").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").startswith("<think>2 + 2 = é")
    page.get_by_role("button", name="Copy the command").click()
    page.get_by_text("copied: the command").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == f"samples show a p1 0 --lake {shaded.uri}"
    context.close()


def test_keys_copy_the_sample_that_is_chosen(chromium, site, shaded):
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{site}sample?run=a&other=b&problem=p1&index=0&other_index=1")
    page.keyboard.press("2")
    for key, what, begins in (
        ("y", "text", "b p1 1: the answer is 1"),
        ("o", "JSON", '{"run": "b", "dataset": "d"'),
        ("x", "the command", f"samples show b p1 1 --lake {shaded.uri}"),
    ):
        page.keyboard.press(key)
        page.get_by_text(f"copied: {what}").wait_for()
        assert page.evaluate("navigator.clipboard.readText()").startswith(begins)
    page.goto(site)
    page.keyboard.press("y")
    page.get_by_text("There is nothing of this to copy here.").wait_for()
    context.close()


def test_a_text_that_cannot_be_read_is_not_copied(chromium, site):
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{site}sample?run=a&problem=p1&index=0")
    page.evaluate("navigator.clipboard.writeText('before')")
    link = page.get_by_role("link", name="text", exact=True)
    link.evaluate("link => { link.href = link.href.replace('index=0', 'index=99'); }")
    link.click()
    page.get_by_text("The text could not be read, so nothing is copied.").wait_for()
    page.route("**/sample.txt*", lambda route: route.abort())
    link.click()
    page.get_by_text("samples browse does not answer any more").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "before"
    context.close()


@pytest.mark.cases(4)
@pytest.mark.parametrize("path", ["", "problems?run=a&other=b", "problem?run=a&other=b&problem=p1", "queue?run=a",
    "sample?run=a&other=b&problem=p1&index=0&other_index=1", "search?run=a&text=the", "nothing"])  # fmt: skip
def test_every_page_has_one_heading_names_on_controls_and_fits(chromium, site, path):
    for width, height, zoom in ((1024, 768, 1), (1280, 900, 2)):
        context = chromium.new_context(viewport={"width": width // zoom, "height": height // zoom})
        page = context.new_page()
        page.goto(site + path)
        assert page.locator("h1").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width, zoom)
        for control in page.locator("a[href], button, input:not([type=hidden]), select, textarea").all():
            if control.is_visible():
                assert control.evaluate(_NAMED), control.evaluate("e => e.outerHTML")
        context.close()


_NAMED = """e => (e.labels?.length && e.labels[0].textContent.trim()) || e.textContent.trim()
  || e.getAttribute('aria-label')"""


def test_pages_are_dark_where_the_reader_wishes_it(chromium, site):
    for scheme, dark in (("light", False), ("dark", True)):
        context = chromium.new_context(color_scheme=scheme)
        page = context.new_page()
        page.goto(site)
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (int(re.findall(r"\d+", colour)[0]) < 60) == dark
        context.close()


def test_new_data_are_shown_when_the_reader_asks_for_them(walled, served, lakes, tmp_path):
    lake = lakes.filled(tmp_path / "grows")
    walled.goto(served(lake).served.url)
    assert walled.locator("tbody tr").count() == 2
    lakes.add_run(lake, "c", lakes.STATUSES["a"])
    walled.reload()
    assert walled.locator("tbody tr").count() == 2
    walled.get_by_role("button", name="Show it").click(timeout=30_000)
    walled.locator("tbody tr").nth(2).wait_for()


@pytest.mark.cases(2)
@pytest.mark.parametrize(
    "path", ["problems?run={a}&other={b}", "problems?run={a}", "queue?run={a}", "problem?run={b}&problem=p"]
)
def test_long_names_and_places_fit(chromium, served, lakes, tmp_path, path):
    lake = Lake(str(tmp_path / ("l" * 100)), create=True)
    lakes.add_problems(lake, "d", {"p": "{}"})
    a, b = "a" * 150, "b" * 150
    lakes.add_run(lake, a, {"p": "cw"}, reviewed=False)
    lakes.add_run(lake, b, {"p": "ww"}, reviewed=False)
    page = chromium.new_page(viewport={"width": 512, "height": 400})
    page.goto(served(lake).served.url + path.format(a=a, b=b))
    assert page.locator(".message").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()

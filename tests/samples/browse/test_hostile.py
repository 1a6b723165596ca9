"""What models wrote is shown and never obeyed, in a real Chromium."""

import time
from urllib.parse import urlencode

import pytest

from samples.lines import printable

pytestmark = pytest.mark.heavy
_TEXT = """() => [...document.querySelectorAll('.completion .text')].map((e) => {
  const copy = e.cloneNode(true);
  copy.querySelectorAll('.mark').forEach((mark) => mark.replaceWith(mark.title.split(' ')[0]));
  return copy.textContent;
}).join('')"""


@pytest.fixture(scope="module")
def texts(served, add_texts, hostile, tmp_path_factory):
    """A client of a lake whose completions are hostile."""
    return served(add_texts(tmp_path_factory.mktemp("hostile") / "lake", hostile.ALL))


@pytest.fixture(scope="module")
def names(served, add_texts, hostile, tmp_path_factory):
    """A client of a lake in which everything has hostile names."""
    return served(add_texts(tmp_path_factory.mktemp("names") / "lake", hostile.MARKUP + hostile.CHARACTERS, names=True))


def spelled(text: str) -> str:
    """What a page shows of a text: characters that cannot be seen as U+XXXX, as often as they are repeated once."""
    out, before = [], None
    for c in text:
        if printable(c) == c:
            out.append(c)
        elif c != before:
            out.append(f"U+{ord(c):04X}")
        before = c if printable(c) != c else None
    return "".join(out)


def test_there_are_at_least_forty_hostile_completions(hostile):
    assert len(hostile.ALL) >= 60


def test_hostile_completions_are_shown_and_never_run(walled, texts, hostile):
    for index, text in enumerate(hostile.MARKUP + hostile.CHARACTERS):
        walled.goto(f"{texts.served.url}sample?run=r&problem=p&index={index}")
        assert walled.evaluate("window.pwned") is None, text
        assert walled.evaluate(_TEXT) == spelled(text).replace("\r\n", "\n"), text
        assert walled.locator("h1").count() == 1
        assert walled.locator("iframe, object, embed, main img, main svg, main script, main style, base").count() == 0


def test_large_completions_do_not_freeze_the_page(walled, texts, hostile):
    first = len(hostile.MARKUP + hostile.CHARACTERS)
    for index, text in enumerate(hostile.LARGE, first):
        begun = time.monotonic()
        walled.goto(f"{texts.served.url}sample?run=r&problem=p&index={index}")
        walled.keyboard.press("m")
        walled.locator("a.more", has_text="Reading").wait_for(state="detached")
        walled.evaluate("document.body.scrollHeight")
        assert time.monotonic() - begun < 20, text[:60]
        assert walled.evaluate("document.documentElement.scrollWidth <= innerWidth"), text[:60]
        assert walled.evaluate("document.querySelectorAll('*').length") < 80_000


def test_lists_show_hostile_completions_and_never_run_them(walled, texts):
    for path in ("problem?run=r&problem=p", "problem?run=r&problem=p&status=wrong", "search?run=r&text=script"):
        walled.goto(texts.served.url + path)
        assert walled.evaluate("window.pwned") is None
        assert walled.locator("a[data-row]").count() > 5
        assert walled.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_hostile_names_are_shown_and_never_run(walled, names, hostile):
    walled.goto(names.served.url)
    walled.goto(f"{names.served.url}problems?run=r")
    assert walled.locator("tbody tr").count() == 1 + len(hostile.MARKUP + hostile.CHARACTERS)
    for number, text in enumerate(hostile.MARKUP + hostile.CHARACTERS):
        walled.goto(f"{names.served.url}problem?" + urlencode({"run": "r", "problem": f"{number} {text[:300]}"}))
        assert "This run has no samples of this problem yet." in walled.locator("main").inner_text()
        assert walled.evaluate("window.pwned") is None


def test_hostile_addresses_are_shown_and_never_run(walled, texts, hostile):
    for text in hostile.MARKUP + hostile.CHARACTERS:
        for name, page in _READS.items():
            answer = texts.ask(f"{page}?" + urlencode({"run": "r", "problem": "p", name: text}, errors="replace"))
            assert answer.status in {200, 400, 404}
            assert "<script>window" not in answer.text
            assert 'onerror="window' not in answer.text
    walled.goto(texts.served.url + "search?" + urlencode({"run": "r", "text": hostile.MARKUP[0]}))
    assert walled.evaluate("window.pwned") is None


_READS = {"problem": "problem", "run": "problems", "where": "problems", "find": "problems", "text": "search"}


def test_the_text_is_served_as_a_file_that_no_browser_renders(texts, hostile):
    answer = texts.ask("sample.txt?run=r&problem=p&index=0")
    assert answer.text == hostile.ALL[0]
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["Content-Disposition"].startswith("attachment")

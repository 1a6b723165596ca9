"""Files vanish while pages are open: by a vacuum, or by a loss."""

import re
import shutil
from html import unescape

import pytest

from samples.api import Lake

PAGES = [
    "problems?run=a&other=b", "problem?run=a&problem=p1", "sample?run=a&problem=p1&index=0", "search?run=a&text=c",
    "queue?run=a", "sample.txt?run=a&problem=p1&index=0",
]  # fmt: skip


def words(answer):
    """The text of a page's main part."""
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


@pytest.fixture
def lake(lakes, tmp_path):
    return lakes.filled(tmp_path / "lake")


def vacuum(lake):
    """Merge the files of the lake, and remove those that were merged."""
    assert "runs" in {row["table"] for row in lake.compact().dicts()}
    assert lake.vacuum(older_than="0d", nobody_writes=True, write=True).done


def test_after_a_vacuum_pages_offer_the_newest(served, lake):
    client = served(lake)
    assert client.ask("grown").status == 200
    vacuum(lake)
    for page in PAGES:
        answer = client.ask(page)
        assert answer.status == 409, page
        assert "The lake was changed since these pages were opened" in words(answer)
        assert "restore" not in words(answer)
        (back,) = re.findall(r'name="back" value="([^"]*)">\s*<p><button>Show the newest', answer.text)
        assert unescape(back) == page
    answer = client.ask("reload", "POST", "back=queue%3Frun%3Da", Origin=client.origin)
    assert (answer.status, answer.headers["location"]) == (303, "queue?run=a")
    assert {client.ask(page).status for page in PAGES} == {200}


def test_a_lake_at_one_version_says_that_a_vacuum_took_files_of_it(served, lake):
    client = served(Lake(lake.uri, version=lake.version))
    client.ask("problems?run=a")
    vacuum(lake)
    answer = client.ask("sample?run=a&problem=p1&index=0")
    assert answer.status == 400
    assert "can no longer be read, because `samples vacuum` removed files of it" in words(answer)


def test_a_lost_file_of_a_lake_that_did_not_change_is_to_be_restored(served, lake, tmp_path):
    client = served(lake)
    shutil.move(tmp_path / "lake" / "samples", tmp_path / "elsewhere")
    (tmp_path / "lake" / "samples").mkdir()
    shutil.copytree(tmp_path / "elsewhere" / "_delta_log", tmp_path / "lake" / "samples" / "_delta_log")
    answer = client.ask("problem?run=a&problem=p1")
    assert answer.status == 503
    assert "which is gone; restore it" in words(answer)
    assert "Show the newest" not in answer.text


def test_a_lake_that_is_there_no_more_is_not_shown_as_an_empty_one(served, lake, tmp_path):
    client = served(lake)
    (tmp_path / "lake").rename(tmp_path / "away")
    for answer in (client.ask("problem?run=a&problem=p1"), client.ask("reload", "POST", "back=", Origin=client.origin)):
        assert (answer.status, f"no lake at {lake.uri}" in words(answer)) == (404, True)
        assert "Show the newest" not in answer.text
    (tmp_path / "away").rename(tmp_path / "lake")
    assert client.ask("problem?run=a&problem=p1").status == 200

"""The pages for readers: what is made from the code is current, and links lead somewhere."""

import doctest
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import samples
from samples.api import Lake
from samples.query.rows import Rows
from samples_cli.commands import Group
from samples_cli.main import cli

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *ROOT.glob("*/README.md"), *ROOT.glob("benchmarks/*/*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")


def prose(page: Path) -> str:
    """The text of a page without blocks of code and spans of code."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]+`", "", re.sub(r"^    .*$", "", text, flags=re.MULTILINE))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and GitLab make them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def blocks(page: Path) -> str:
    """The code of a page: fenced and indented blocks, with lines joined that a backslash continues."""
    text = page.read_text()
    fenced = re.findall(r"^```.*?\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    indented = re.findall(r"^    (.*)$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return re.sub(r"\\\n\s*", " ", "\n".join([*fenced, *indented]))


def command_of(words: list[str]) -> tuple[Any, list[str]]:
    """The command that words name, and the words after it."""
    command: Any = cli
    while isinstance(command, Group) and words and not words[0].startswith("-"):
        command, words = command.get_command(None, words[0]), words[1:]
    return command, words


COMMANDS = [
    (page, line)
    for page in PAGES
    if page.name != "CHANGELOG.md"
    for line in re.findall(r"^(?:\$ )?(samples [a-z].*)$", blocks(page), re.MULTILINE)
    if "NAME" not in line
]


@pytest.mark.parametrize(("page", "line"), COMMANDS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_command_that_a_page_shows_has_these_options(page, line):
    command, words = command_of(shlex.split(line.partition("…")[0], comments=True)[1:])
    known = {name for param in command.params for name in (*param.opts, *param.secondary_opts)}
    given = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    assert given <= known | {"-h", "--help"}, page


@pytest.mark.heavy
def test_the_reference_and_the_tutorial_are_what_the_code_says(tmp_path):
    subprocess.run([sys.executable, DOCS / "generate", tmp_path], check=True)
    made = {path.relative_to(tmp_path): path.read_text() for path in tmp_path.rglob("*.md")}
    pages = [DOCS / "tutorial.md", *(DOCS / "reference").rglob("*.md")]
    kept = {path.relative_to(DOCS): path.read_text() for path in pages}
    assert kept.keys() == made.keys(), "make docs writes them anew"
    for path, text in made.items():
        assert kept[path] == text, f"{path}: make docs writes it anew"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_page_and_a_heading(page):
    for link in LINK.findall(prose(page)):
        if re.match(r"\w+:", link):
            continue
        path, _, anchor = link.partition("#")
        to = (page.parent / path).resolve() if path else page
        assert to.exists(), link
        assert not anchor or anchor in anchors(to), link


def test_every_page_of_the_docs_can_be_reached_from_the_readme():
    seen, left = set(), [ROOT / "README.md"]
    while left:
        page = left.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        for link in LINK.findall(prose(page)):
            path = link.partition("#")[0]
            if path and not re.match(r"\w+:", path):
                left.append((page.parent / path).resolve())
    assert set(DOCS.rglob("*.md")) <= seen


@pytest.mark.heavy
def test_examples_in_docstrings_run(tmp_path, monkeypatch, module_from):
    """They are of the lake that the examples of queries ask, in the order of the reference page."""
    monkeypatch.setenv("COLUMNS", "110")
    monkeypatch.chdir(tmp_path)
    example = module_from(DOCS / "generate" / "example.py")
    (tmp_path / "sums.jsonl").write_text('{"id": "sum-0", "question": "What is 1 + 2?", "answer": "3"}\n')
    theirs = '{"id": "sum-0", "question": "What is 1 + 2?", "completion": "3", "correct": true}\n'
    (tmp_path / "theirs.jsonl").write_text(theirs)
    lake = samples.open(example.made(str(tmp_path / "lake")))
    rows = lake.queries.pass_at_k(runs=["base-7b"], verifier="math", ks=[1, 8])
    known = {"samples": samples, "lake": lake, "rows": rows}
    finder = doctest.DocTestFinder(recurse=True)
    found = [
        test
        for one in (samples.open, samples.read_problems, Lake, Rows)
        for test in finder.find(one, module=sys.modules[one.__module__], globs=known)
    ]
    found.sort(key=lambda test: test.lineno or 0)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    failures: list[str] = []
    for test in found:
        runner.run(test, out=failures.append, clear_globs=False)
    assert runner.failures == 0, "".join(failures)
    assert runner.tries > 20

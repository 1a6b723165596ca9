"""Run the tutorial: each command in order, in a new lake, and put what it prints below it.

Blocks of the tutorial by language:

- console: commands after `$ `, each followed by what it prints, which is written anew
- sh: commands whose output is not shown
- sh model: commands that need the model; no test runs them
- python: lines after `>>> `, each followed by what it prints
"""

import doctest
import io
import os
import re
from collections.abc import Generator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

from printed import printed

PAGE = "tutorial.md"
_DOCS = Path(__file__).parent.parent
_BLOCK = re.compile(r"^```(console|sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TOOK = re.compile(r"^in [\d.]+ (?:s|min\b.*?), [\d,]+/s; ", re.MULTILINE)  # how long a command took


def written() -> dict[str, str]:
    """Return the tutorial with what its commands print now, and the charts that they draw."""
    with _folder():
        page = _BLOCK.sub(_run, (_DOCS / PAGE).read_text(encoding="utf-8"))
        return {PAGE: page} | {f"pictures/tutorial/{path.name}": path.read_text() for path in Path().glob("*.svg")}


@contextmanager
def _folder() -> Generator[None]:
    """Work in an empty folder that has the repository's files, and in a lake of its own."""
    before, lake = Path.cwd(), os.environ.get("SAMPLES_LAKE")
    with TemporaryDirectory(prefix="samples-docs-") as folder:
        for name in ("docs", "benchmarks"):
            (Path(folder) / name).symlink_to(_DOCS.parent / name)
        os.chdir(folder)
        os.environ["SAMPLES_LAKE"] = "tutorial-lake"
        try:
            yield
        finally:
            os.chdir(before)
            os.environ.pop("SAMPLES_LAKE")
            if lake is not None:
                os.environ["SAMPLES_LAKE"] = lake


def _run(block: re.Match[str]) -> str:
    language, text = block.groups()
    text = {"console": _console, "sh": _sh, "python": _python}[language](text)
    return f"```{language}\n{text}```"


def _console(text: str) -> str:
    """Run the commands of a block. A command may go on after a backslash at the end of its line."""
    shown: list[str] = []
    for command in re.findall(r"^\$ (.*)$", _joined(text), re.MULTILINE):
        said = _TOOK.sub("", printed(_plain(command)))
        shown.append(f"$ {_split(command)}\n{said}\n")
    return "\n".join(shown)


def _sh(text: str) -> str:
    for line in _joined(text).splitlines():
        if line.startswith("samples "):
            printed(_plain(line))
    return text


_CONTINUED = re.compile(r" \\\n +")
_MARK = "\v"  # where a line is broken


def _joined(text: str) -> str:
    return _CONTINUED.sub(f" {_MARK}", text)


def _plain(command: str) -> str:
    return command.replace(_MARK, "")


def _split(command: str) -> str:
    return command.replace(f" {_MARK}", " \\\n    ")


_names: dict[str, object] = {}


def _python(text: str) -> str:
    """Run the lines of a block. Later blocks know the names of earlier ones."""
    shown: list[str] = []
    for example in doctest.DocTestParser().get_examples(text):
        out = io.StringIO()
        with redirect_stdout(out):
            exec(compile(example.source, PAGE, "single"), _names)  # noqa: S102 - lines of our own page
        lines = example.source.rstrip("\n").splitlines()
        shown += [f"{'...' if number else '>>>'} {line}".rstrip() for number, line in enumerate(lines)]
        shown += out.getvalue().rstrip("\n").splitlines()
    return "\n".join(shown) + "\n"

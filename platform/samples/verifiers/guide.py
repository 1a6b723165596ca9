"""What a person should know of each verifier before trusting its verdicts. It is told once, in the verifier's file."""

import inspect
import re
import sys
from typing import Any

from samples.errors import MissingExtra
from samples.verifiers import known

# Rules that have a file of their own: how answers are found in completions, and how numbers are read.
_RULES = ("samples.verifiers.extraction", "samples.verifiers.quantities", "samples.verifiers.code_program")
_OUR_FILE = re.compile(r" \(`samples\.[\w.]+`\)")  # a reader of the page does not read it
_ITEM = re.compile(r"- |\d+\. ")


def listing() -> list[dict[str, Any]]:
    """Return a row for each verifier: its name, what it needs, when it gives `correct`, and its version.

    The version is None if a package that the verifier needs is not installed.
    """
    return [
        {"verifier": name, "needs": kind.needs, "correct_when": _correct_when(kind), "version": _version(kind)}
        for name, kind in known().items()
    ]


def guide(name: str) -> tuple[str, str]:
    """Return the first line of a verifier's page and the rest: what it accepts, its limits, how answers are found.

    In the rest each line is a paragraph or a list item.

    Raises:
        UsageError: There is no such verifier.
    """
    kind = known(name)[name]
    docstring = inspect.cleandoc(sys.modules[kind.__module__].__doc__ or "")
    rules = [sys.modules[rule].__doc__ or "" for rule in _RULES if f"`{rule}`" in docstring]
    for rule in _RULES:
        docstring = docstring.replace(f"by the rule of `{rule}`", "by a rule that is told at the end")
        docstring = docstring.replace(f"is told in `{rule}`", "is told at the end")
        docstring = docstring.replace(f"(`{rule}`)", "(the rule is told at the end)")
    version = _version(kind) or "unknown, because something that it needs is not installed"
    facts = f"- needs: {kind.needs}\n- version: {version}"
    pages = [_OUR_FILE.sub("", _told(text)).strip() for text in (docstring, *rules)]
    return f"{name}: correct if {_correct_when(kind)}", "\n\n".join([facts, *pages])


def _correct_when(kind: type[Any]) -> str:
    sentence = inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0].replace("\n", " ")
    return re.split(r"\.(?:\s|$)", sentence)[0].removeprefix("Correct if ")


def _version(kind: type[Any]) -> str | None:
    try:
        return kind().version
    except MissingExtra:
        return None


def _told(docstring: str) -> str:
    """Join the lines of each paragraph and of each list item."""
    lines: list[str] = []
    for line in docstring.splitlines():
        if lines and line and lines[-1] and not _ITEM.match(line):
            lines[-1] += f" {line.strip()}"
        else:
            lines.append(line)
    return "\n".join(lines)

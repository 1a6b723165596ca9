"""What a person should know of each verifier before trusting its verdicts. It is told once, in the verifier's file."""

import inspect
import re
import sys
from typing import Any

from samples.errors import MissingExtra
from samples.verifiers import known

_EXTRACTION = "samples.verifiers.extraction"
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
    """Return the first line of a verifier's page and the rest: what is equal, limits, needs, how answers are found.

    In the rest each line is a paragraph or a list item.

    Raises:
        UsageError: There is no such verifier.
    """
    kind = known(name)[name]
    told = _told(inspect.cleandoc(sys.modules[kind.__module__].__doc__ or ""))
    rule = sys.modules[_EXTRACTION].__doc__ or ""
    after = [_told(rule).strip()] if _EXTRACTION in told else []
    told = told.replace(f"by the rule of `{_EXTRACTION}`", "by a rule that is told at the end")
    return f"{name}: correct if {_correct_when(kind)}", "\n\n".join([_facts(kind), told, *after])


def _facts(kind: type[Any]) -> str:
    """Return what a verifier needs, the limits of one answer and the version, a line each."""
    try:
        made = kind()
    except MissingExtra:
        made = None
    of = made or kind
    return "\n".join(
        [
            f"- needs: {kind.needs}",
            f"- one answer takes at most {of.seconds:,.0f} s and {of.memory_mib:,} MiB",
            f"- version: {made.version if made else 'unknown, because something that it needs is not installed'}",
        ]
    )


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

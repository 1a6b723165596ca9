"""The page of the command line: the help page of each command, as it is printed at 80 columns."""

import os
from typing import Any

import typer

from markup import code, page
from samples_cli import pages
from samples_cli.commands import Group
from samples_cli.main import COMMANDS, cli

_ABOUT = """Exit codes: 0 done, 1 the work failed, 2 used wrongly, 130 interrupted. Data goes to stdout, everything else
to stderr. `samples --install-completion` completes commands, options, queries, and the names in the lake at hand."""


def written() -> dict[str, str]:
    """Return the page by its path."""
    os.environ |= {"NO_COLOR": "1", "COLUMNS": "80"}
    parts = [code(cli.get_help(_context(cli, None)), "text"), _ABOUT]
    for panel, rows in COMMANDS.items():
        parts.append(f"## {panel}")
        for name in rows:
            command = _command(cli, name)
            more = [_more(name)] if isinstance(command, Group) else []
            parts += [f"### samples {name}", *more, code(command.get_help(_context(command, name)), "text")]
    return {"command-line.md": page("The command line", *parts)}


def common() -> str:
    """Return the options that all queries have, as help prints them."""
    os.environ |= {"NO_COLOR": "1", "COLUMNS": "80"}
    command = _command(_command(cli, "query"), "runs")
    shown = pages.panels(command.get_params(_context(command, "runs")))
    return "\n\n".join(pages.sections({title: rows for title, rows in shown.items() if title != "Parameters"}))


def _command(group: Any, name: str) -> Any:
    return group.get_command(None, name)


def _context(command: Any, name: str | None) -> typer.Context:
    above = typer.Context(cli, info_name="samples")
    return above if name is None else typer.Context(command, info_name=name, parent=above)


def _more(name: str) -> str:
    if name == "query":
        return "Each query is a command: [the queries](queries/README.md)."
    return f"`samples {name} NAME --help` prints the options of each. [The queries](queries/README.md) explain them."

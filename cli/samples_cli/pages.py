"""Write help pages: usage, what a command does, its options in panels, an example. Words stay whole at any width.

Typer's own pages break words at 80 columns, and take longer to import than everything else in `samples --help`.
"""

import os
import shutil
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

import typer
from typer.core import TyperArgument, TyperOption

Rows = list[tuple[str, str]]

_WIDEST = 100  # columns that are still easy to read
_LEFT = 26  # columns for names; a longer name has a line of its own
_FIRM = "\N{NO-BREAK SPACE}"


def page(ctx: Any, about: str, shown: Iterable[str], example: str | None) -> str:
    """Return a whole help page. Paragraphs of `about` are filled; the sections and the example are as they are."""
    usage = " ".join([ctx.command_path, *ctx.command.collect_usage_pieces(ctx)])
    parts = [
        _filled(f"Usage: {usage}", after="    "),
        *(_filled(paragraph, "  ", "  ") for paragraph in about.split("\n\n")),
        *shown,
        *([block("Example", example)] if example else []),
    ]
    return "\n\n".join(parts)


def block(title: str, lines: str) -> str:
    """Return lines under a title as they are: an example, a formula."""
    return f"{_styled(title, bold=True)}\n{textwrap.indent(lines, '  ')}"


def prose(text: str) -> str:
    """Fill the lines of a text. Each line is a paragraph or a list item."""
    return "\n".join(_filled(line, "  ", "    " if line.startswith("- ") else "  ") for line in text.splitlines())


def sections(panels: Mapping[str, Rows]) -> list[str]:
    """Return each panel as text: its title, then a line for each name and its meaning."""
    left = min(_LEFT, max((len(name) for rows in panels.values() for name, _ in rows), default=0) + 4)
    return [
        "\n".join([_styled(title, bold=True), *(_row(name, meaning, left) for name, meaning in rows)])
        for title, rows in panels.items()
    ]


def panels(params: Iterable[Any]) -> dict[str, Rows]:
    """Return the rows of each panel: arguments, a command's own options, those that it shares with others."""
    params = list(params)
    arguments = [param for param in params if isinstance(param, TyperArgument)]
    options = [param for param in params if isinstance(param, TyperOption) and not param.hidden]
    found: dict[str, Rows] = {}
    for param in (*arguments, *options):
        title = param.rich_help_panel or ("Arguments" if isinstance(param, TyperArgument) else "Options")
        found.setdefault(title, []).append((_names(param), _meaning(param)))
    own = ["Options"] if len(found.get("Options", ())) > 1 else []  # --help alone comes last
    order = [title for title in ("Arguments", *own) if title in found]
    return {title: found[title] for title in (*order, *(title for title in found if title not in order))}


def usage(params: Iterable[Any]) -> list[str]:
    """Return the arguments, the options that must be given, and [OPTIONS]."""
    params = list(params)
    arguments = [param for param in params if isinstance(param, TyperArgument)]
    needed = [param for param in params if isinstance(param, TyperOption) and param.required and not param.envvar]
    return [
        *(_value(param) if param.required else f"[{_value(param)}]" for param in arguments),
        *(f"{max(param.opts, key=len)} {_value(param)}" for param in needed),
        "[OPTIONS]",
    ]


def _names(param: Any) -> str:
    if isinstance(param, TyperArgument):
        return _value(param)
    long = [name for name in param.opts if name.startswith("--")]
    spelled = ", ".join(
        [*(name for name in param.opts if name not in long), *long[:1]]
    )  # a second long one is a synonym
    return " / ".join([spelled, *param.secondary_opts]) if param.is_flag else f"{spelled} {_value(param)}"


def _value(param: Any) -> str:
    """Return the word for a parameter's value."""
    if param.metavar:
        return param.metavar
    if isinstance(param, TyperArgument):
        return param.name.upper()
    if choices := param.type_descriptor.choices:
        return "|".join(choices)
    return {int: "N", float: "X"}.get(param.type_descriptor.annotation, "TEXT")


def _meaning(param: Any) -> str:
    said: list[str] = []
    default = param.show_default if isinstance(param.show_default, str) else param.default
    if param.show_default and default is not None and not isinstance(default, bool):
        said.append(f"[default: {default}]")
    if param.envvar:
        said.append(f"[or {param.envvar}]")
    elif param.required and isinstance(param, TyperOption):
        said.append("[required]")
    firm = (text.replace(" ", _FIRM) if len(text) <= _LEFT else text for text in said)
    return " ".join([param.help or "", *firm])


def _row(name: str, meaning: str, left: int) -> str:
    text = _filled(meaning, " " * left, " " * left)
    shown = "  " + _styled(name, fg=typer.colors.CYAN)
    return shown + text[len(name) + 2 :] if len(name) + 4 <= left else f"{shown}\n{text}"


def _filled(text: str, before: str = "", after: str = "") -> str:
    wrapper = textwrap.TextWrapper(
        min(shutil.get_terminal_size().columns, _WIDEST),
        initial_indent=before,
        subsequent_indent=after,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return wrapper.fill(text).replace(_FIRM, " ")


def _styled(text: str, **style: Any) -> str:
    return text if "NO_COLOR" in os.environ else typer.style(text, **style)

"""Make commands and groups of commands: Typer's, with help pages of our own. A command is imported when it runs."""

from collections.abc import Callable, Mapping
from typing import Any

import typer.main
from typer.core import CompletionItem, TyperCommand, TyperGroup  # pyright: ignore[reportPrivateImportUsage]

from samples_cli import pages

_SETTINGS: dict[str, Any] = {
    "help_option_names": ["-h", "--help"],
    "token_normalize_func": lambda name: name.replace("_", "-"),  # --max_tokens is --max-tokens
}


class Command(TyperCommand):
    """A command. Its epilog is an example, which the help page prints as it is."""

    def get_help(self, ctx: Any) -> str:
        """Return the help page."""
        return pages.page(ctx, self.help or "", self.sections(ctx), self.epilog)

    def sections(self, ctx: Any) -> list[str]:
        """Return what the help page shows between prose and example."""
        return pages.sections(pages.panels(self.get_params(ctx)))

    def get_help_option_names(self, ctx: Any) -> list[str]:
        """Return -h and --help, always in this order."""
        return ctx.help_option_names

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return what must be given, and [OPTIONS]."""
        return pages.usage(self.get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments."""
        return _parsed(super().parse_args, ctx, args)


class Group(TyperGroup):
    """A group of commands. `listing` describes them, so that none is imported before it is run."""

    def listing(self) -> Mapping[str, Mapping[str, str]]:
        """Return the commands of each panel of the help page. A line says what each command does."""
        raise NotImplementedError

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - Typer passes it
        """Return the names of the commands, in the order of the help page."""
        return [name for panel in self.listing().values() for name in panel]

    def listed(self) -> list[str]:
        """Return the panels of the listing as text."""
        return pages.sections({title: list(rows.items()) for title, rows in self.listing().items()})

    def get_help(self, ctx: Any) -> str:
        """Return the help page."""
        options = pages.sections(pages.panels(self.get_params(ctx)))
        return pages.page(ctx, self.help or "", [*self.listed(), *options], self.epilog)

    def get_help_option_names(self, ctx: Any) -> list[str]:
        """Return -h and --help, always in this order."""
        return ctx.help_option_names

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ARG002 - Typer passes it
        """Return what may be given."""
        return [*pages.usage(self.params), self.subcommand_metavar]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments that come before the command."""
        return _parsed(super().parse_args, ctx, args)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[CompletionItem]:
        """Complete a command or an option."""
        rows = [row for panel in self.listing().values() for row in panel.items()]
        commands = [CompletionItem(name, help=does) for name, does in rows if name.startswith(incomplete)]
        return [*commands, *super(TyperGroup, self).shell_complete(ctx, incomplete)]  # TyperGroup imports every command


def command(name: str, function: Callable[..., None], example: str, kind: type[Command] = Command) -> Command:
    """Make the command `name` of a Typer function."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name, cls=kind, epilog=example, context_settings=_SETTINGS)(function)
    made = typer.main.get_command(app)
    assert isinstance(made, Command)
    return made


def group(kind: type[Group], function: Callable[..., None], *, completion: bool = False) -> Group:
    """Make a group. The Typer function runs before a command of the group, and alone when no command is given."""
    app = typer.Typer(add_completion=completion, rich_markup_mode=None)
    settings: dict[str, Any] = {"context_settings": _SETTINGS, "subcommand_metavar": "COMMAND …"}
    app.callback(cls=kind, invoke_without_command=True, **settings)(function)
    made = typer.main.get_command(app)
    assert isinstance(made, Group)
    return made


def _parsed(parse: Callable[[Any, list[str]], list[str]], context: Any, args: list[str]) -> list[str]:
    """Read the arguments. An error gets the context of its command."""
    for param in context.command.get_params(context):
        if not isinstance(param.get_runtime_param, _Reader):
            param.get_runtime_param = _Reader(param.get_runtime_param)
    try:
        return parse(context, args)
    except typer.TyperException as error:
        if getattr(error, "ctx", context) is None:
            vars(error)["ctx"] = context
        raise


class _Reader:
    """Reads the typed value of a parameter. Only values other than text need pydantic.

    Importing pydantic takes a quarter of a second.
    """

    def __init__(self, fully: Callable[[], Any]) -> None:
        self._fully = fully

    def __call__(self) -> "_Reader":
        """Return this reader: Typer asks for it before each value."""
        return self

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the value of a parameter. When Tab was pressed, it stays text."""
        kind = param.type_descriptor
        text = kind.annotation is str and kind.parameter_info.parser is None
        if text or value is None or value is param.default or ctx.resilient_parsing:
            return value
        return self._fully().coerce(value, param=param, ctx=ctx)

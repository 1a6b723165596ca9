"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from samples_cli.output import FORMS

VERIFIERS = "exact, numeric, choice, boxed-exact, math, paper-math, code, reasoning-gym, or your own FILE.py:FUNCTION"

lake = click.option(
    "--lake", "uri", envvar="SAMPLES_LAKE", required=True, metavar="URI", show_envvar=True,
    help="The lake: a local folder, or s3://, gs://, az://.",
)  # fmt: skip

asked = click.option(  # of commands that also tell what needs no lake
    "--lake", "uri", envvar="SAMPLES_LAKE", metavar="URI", show_envvar=True,
    help="The lake that is asked: a local folder, or s3://, gs://, az://.",
)  # fmt: skip

rows = click.option(
    "--format", "style", type=click.Choice(FORMS), default="table", show_default=True,
    help="How rows are printed; json is one array, jsonl one object a line; parquet wants a file or pipe.",
)  # fmt: skip

at = click.option(
    "--at", "version", metavar="VERSION",
    help="Read the lake as it was: a time (2026-05-01T12:00, in UTC), or table versions as `lake.version` gives them.",
)  # fmt: skip


def given(uri: str | None) -> str:
    """Return the lake of a command that needs one after all."""
    if uri is None:
        raise click.UsageError("Missing option '--lake' (env var: 'SAMPLES_LAKE')")
    return uri


def pairs(_context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Read repeated key=value options into a dict."""
    read: dict[str, str] = {}
    for value in values:
        key, separator, content = value.partition("=")
        if not separator or not key:
            raise click.BadParameter(f'"{value}": expected key=value', param=parameter)
        read[key] = content
    return read


def several(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, list[str]]:
    """Read repeated key=value options; a key that comes again allows another value."""
    read: dict[str, list[str]] = {}
    for value in values:
        for key, content in pairs(context, parameter, (value,)).items():
            read.setdefault(key, []).append(content)
    return read


def integers(_context: click.Context, parameter: click.Parameter, value: Any) -> tuple[int, int]:
    """Read MIN..MAX, or one number for both."""
    first, separator, last = str(value).partition("..")
    try:
        return int(first), int(last if separator else first)
    except ValueError as error:
        raise click.BadParameter(f'"{value}": expected MIN..MAX or a number', param=parameter) from error


def _names(_context: click.Context, parameter: click.Parameter, value: str | None) -> list[str] | None:
    """Read names with commas between them, or @FILE with one a line."""
    if value is None:
        return None
    if not value.startswith("@"):
        return [name for name in (part.strip() for part in value.split(",")) if name]
    try:
        with Path(value[1:]).open(encoding="utf-8") as file:
            return [name for name in map(str.strip, file) if name]
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{value[1:]} cannot be read: {error}", param=parameter) from error


def _guesses(_context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[Any, ...] | None:
    """Read RUN:THRESHOLD, with :VERIFIER where several verifiers judged the run."""
    if value is None:
        return None
    run, *rest = value.split(":")
    try:
        return (run, float(rest[0]), *rest[1:2])
    except (IndexError, ValueError) as error:
        raise click.BadParameter(
            f'"{value}": expected RUN:THRESHOLD, as in base-no-cot:0.05', param=parameter
        ) from error


_FILTERS = (
    click.option("--dataset", metavar="NAME", help="Only this problem set."),
    click.option(
        "--where", multiple=True, callback=several, metavar="KEY=VALUE",
        help="Only problems whose metadata has this value, as level=5; a dotted key looks into objects. Repeatable.",
    ),
    click.option(
        "--problems", callback=_names, metavar="ID,…|@FILE", help="Only these problems; a file has one id a line."
    ),
    click.option(
        "--label", "labels", multiple=True, callback=several, metavar="KEY=VALUE",
        help="Only runs with this label. Repeatable.",
    ),
    click.option(
        "--exclude-guessable", callback=_guesses, metavar="RUN:THRESHOLD",
        help="Leave out problems that RUN, which answered without reasoning, got right at a rate above 0 and up to "
        "the threshold. :VERIFIER behind it, where several judged RUN.",
    ),
)  # fmt: skip


def filters(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that leave runs and problems out; they come in as `dataset`, `where`, `problems` and so on."""
    for option in reversed(_FILTERS):
        command = option(command)
    return command

"""Options that several commands share."""

from typing import Any

import click

VERIFIERS = "exact, numeric, choice, boxed-exact, math, paper-math, code, reasoning-gym, or your own FILE.py:FUNCTION"

lake = click.option(
    "--lake", "uri", envvar="SAMPLES_LAKE", required=True, metavar="URI", show_envvar=True,
    help="The lake: a local folder, or s3://, gs://, az://.",
)  # fmt: skip

rows = click.option(
    "--format", "style", type=click.Choice(["table", "csv", "json", "parquet"]), default="table", show_default=True,
    help="How rows are printed; json is one object a line, parquet wants a file or pipe.",
)  # fmt: skip


def pairs(_context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Read repeated key=value options into a dict."""
    read: dict[str, str] = {}
    for value in values:
        key, separator, content = value.partition("=")
        if not separator or not key:
            raise click.BadParameter(f'"{value}": expected key=value', param=parameter)
        read[key] = content
    return read


def integers(_context: click.Context, parameter: click.Parameter, value: Any) -> tuple[int, int]:
    """Read MIN..MAX, or one number for both."""
    first, separator, last = str(value).partition("..")
    try:
        return int(first), int(last if separator else first)
    except ValueError as error:
        raise click.BadParameter(f'"{value}": expected MIN..MAX or a number', param=parameter) from error

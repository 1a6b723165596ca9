"""Rows on stdout: a table for people, CSV, JSON lines or Parquet for programs."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click
import pyarrow as pa


@contextmanager
def interruptible() -> Generator[None]:
    """End the process at once when Ctrl-C comes while a question runs that cannot be stopped otherwise."""
    try:
        yield
    except KeyboardInterrupt:
        from samples.query.interrupts import left_behind

        if left_behind():
            click.echo("samples: interrupted", err=True)
            os._exit(130)
        raise


def write(rows: pa.Table, style: str) -> None:
    """Print rows in one of the styles of --format."""
    if style == "parquet":
        import pyarrow.parquet as pq

        if sys.stdout.isatty():
            raise click.UsageError(
                "--format parquet writes bytes: send them to a file, as in … --format parquet > rows.parquet"
            )
        sink = pa.BufferOutputStream()
        pq.write_table(rows, sink)
        sys.stdout.buffer.write(sink.getvalue())
    elif style == "csv":
        import csv

        writer = csv.writer(sys.stdout)
        writer.writerow(rows.column_names)
        writer.writerows([_cell(value, "") for value in row.values()] for row in _dicts(rows))
    elif style == "json":
        import json

        for row in _dicts(rows):
            click.echo(json.dumps(row, ensure_ascii=False, default=str))
    else:
        _table(rows)


def _dicts(rows: pa.Table) -> list[dict[str, Any]]:
    return rows.to_pylist(maps_as_pydicts="strict")


def _table(rows: pa.Table) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in rows.schema:
        number = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
        table.add_column(column.name, justify="right" if number else "left", overflow="fold")
    for row in _dicts(rows):
        table.add_row(*(Text(_short(value)) for value in row.values()))
    console = Console(soft_wrap=False)
    if not console.is_terminal:
        console.width = 10_000  # whole cells for whoever reads the pipe
    console.print(table)


def _short(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else printable(_cell(value, "-")).replace("\n", " ")


def printable(text: str) -> str:
    """Spell out what a terminal would obey: a completion is hostile until shown otherwise."""
    return "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text)


def _cell(value: Any, empty: str) -> str:
    """Write a value as text: nothing as `empty`, maps as key=value, lists with blanks."""
    if value is None:
        return empty
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, dict):
        return " ".join(f"{key}={content}" for key, content in value.items())  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return " ".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType]
    return str(value)

"""Check an analyst's SQL. One SELECT over the views is allowed.

DuckDB's own parser reads the text, and each node of its tree is checked: a SELECT of DuckDB may write files (COPY as a
common table expression), or run text as another query. Whatever is not known to be harmless is refused before anything
runs. The locked connection (`samples.query.connection`) is a second wall.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import duckdb

from samples.errors import UsageError, meant
from samples_schemas import VIEWS

_NODES = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
_TABLE_FUNCTIONS = {
    "generate_series", "json_each", "json_tree", "range", "repeat", "repeat_row", "unnest",
}  # fmt: skip
# Scalar functions that read or change more than their arguments, that wait, or that trust serialised data.
_REFUSED_FUNCTIONS = {
    "combine", "current_setting", "currval", "finalize", "from_aggregate_state", "getenv", "getvariable",
    "json_deserialize_sql", "json_execute_serialized_sql", "json_serialize_plan", "nextval", "pg_sleep", "setval",
    "sleep_ms", "to_aggregate_state", "write_log",
}  # fmt: skip
_REFUSED_TYPES = {"AGGREGATE_STATE", "LEGACY_AGGREGATE_STATE", "POINTER"}


def views_read(connection: duckdb.DuckDBPyConnection, text: str, views: Iterable[str]) -> frozenset[str]:
    """Check that `text` is one SELECT over these views, and return those that it reads.

    Raises:
        UsageError: It is something else, or cannot be parsed; the message says what is refused.
    """
    try:
        text.encode()
        statements = connection.extract_statements(text)
    except (duckdb.Error, UnicodeEncodeError) as error:
        raise UsageError(f"sql: {said(error)}") from error
    if len(statements) != 1:
        raise UsageError(f"sql: {len(statements)} statements; one SELECT is expected")
    row = connection.execute("SELECT json_serialize_sql($text::VARCHAR)", {"text": statements[0].query}).fetchall()[0]
    tree = json.loads(row[0])
    if tree["error"]:
        try:
            kind = str(statements[0].type).rpartition(".")[2]
        except ValueError:  # its binding knows only some statements
            kind = "none"
        raise UsageError(f"sql: this is {kind}; only a SELECT over {', '.join(views)} is allowed")
    known = {view.lower(): view for view in views}
    return frozenset(_read(tree, known, frozenset()))


def _read(node: Any, views: dict[str, str], named: frozenset[str]) -> Iterator[str]:
    """Yield the views that a part of the tree reads. `named` are the names that WITH has defined so far."""
    if isinstance(node, list):
        for part in node:  # pyright: ignore[reportUnknownVariableType]
            yield from _read(part, views, named)
    elif isinstance(node, dict):
        part: dict[str, Any] = node
        for entry in (part.get("cte_map") or {}).get("map", ()):
            yield from _read(entry["value"], views, named)
            named |= {entry["key"].lower()}
        kind = part.get("type")
        if kind == "RECURSIVE_CTE_NODE":
            named |= {part["cte_name"].lower()}
        _allow(part, kind)
        if kind == "BASE_TABLE":
            yield from _table(part, views, named)
        for key, value in part.items():
            if key != "cte_map":
                yield from _read(value, views, named)


def _allow(part: dict[str, Any], kind: Any) -> None:
    if isinstance(kind, str) and kind.endswith("_NODE") and kind not in _NODES:
        raise UsageError(f"sql: {kind.partition('_')[0]} is not allowed within a SELECT")
    if kind == "SHOW_REF" and not part.get("query"):
        raise UsageError("sql: SHOW is not allowed; use DESCRIBE with a view or a SELECT")
    if kind == "TABLE_FUNCTION":
        name = part["function"]["function_name"].lower()
        if name not in _TABLE_FUNCTIONS:
            raise UsageError(
                f"sql: {name}(…) is not allowed in FROM; allowed are views and {', '.join(sorted(_TABLE_FUNCTIONS))}"
            )
    if str(part.get("function_name", "")).lower() in _REFUSED_FUNCTIONS:
        raise UsageError(f"sql: the function {part['function_name']} is not allowed")
    if part.get("id") in _REFUSED_TYPES:
        raise UsageError(f"sql: the type {part['id']} is not allowed")


def _table(part: dict[str, Any], views: dict[str, str], named: frozenset[str]) -> Iterator[str]:
    qualified = part["schema_name"].lower() not in {"", "main"} or part["catalog_name"]
    name = ".".join(filter(None, (part["catalog_name"], part["schema_name"], part["table_name"])))
    if not qualified:
        name = part["table_name"]
    if qualified or name.lower() not in {*views, *named}:
        there = ", ".join(views.values())
        raise UsageError(f'sql: there is no view "{name}"{meant(name, views.values())}; views are {there}')
    if name.lower() in views:
        yield views[name.lower()]


_NO_COLUMN = re.compile(r'(?:Referenced column|does not have a column named) "([^"]+)"')


def refused(error: Exception, views: Iterable[str]) -> UsageError:
    """Return the error for SQL that DuckDB refused. `views` are the views that the SQL reads.

    For an unknown column, DuckDB itself suggests none, or columns with a far different name.
    """
    missing = _NO_COLUMN.search(str(error))
    if missing is None:
        return UsageError(f"sql: {said(error)}")
    name, read = missing[1], sorted(views)
    close = meant(name, [column for view in read for column in VIEWS[view].schema.names])
    lists = f"; samples sql --describe {' or '.join(read)} lists the view's columns" if read else ""
    return UsageError(f'sql: there is no column "{name}"{close}{lists}')


def said(error: Exception) -> str:
    """Return DuckDB's message as one line, without its excerpt of the SQL and its advice on settings."""
    return " ".join(re.split(r"\n\nLINE |\n\s*Possible solutions", str(error))[0].split())[:400]

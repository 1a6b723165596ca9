"""The function answer_key(verifier, answer) of a DuckDB connection: views find equal answers by it."""

from functools import lru_cache

import duckdb
import pyarrow as pa

from samples.verifiers import answer_key

NAME = "answer_key"
_KEPT = 1 << 16  # keys in memory: the same few wrong answers are given again and again

_known = lru_cache(_KEPT)(answer_key)


def add_answer_key(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the function, unless it is there. Of NULL it is NULL."""
    there = connection.execute("SELECT count(*) FROM duckdb_functions() WHERE function_name = $name", {"name": NAME})
    if there.fetchall() == [(0,)]:
        texts = [duckdb.type("VARCHAR")] * 2
        connection.create_function(  # pyright: ignore[reportCallIssue]  # its stub asks for enums, and it takes names
            NAME,
            _keys,  # pyright: ignore[reportArgumentType]
            texts,  # pyright: ignore[reportArgumentType]
            texts[0],
            type="arrow",  # pyright: ignore[reportArgumentType]
            null_handling="special",  # pyright: ignore[reportArgumentType]
        )


def _keys(verifiers: pa.ChunkedArray, answers: pa.ChunkedArray) -> pa.Array:
    pairs = zip(verifiers.to_pylist(), answers.to_pylist(), strict=True)
    return pa.array([None if answer is None else _known(verifier, answer) for verifier, answer in pairs], pa.string())

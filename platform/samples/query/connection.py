"""Open a DuckDB connection that can be locked. Then it reads the allowed files and nothing else.

A locked connection opens no other file and no network, loads no extension and changes no setting. Its memory, threads
and temporary files are bounded. `statements` refuses, before anything runs, what else analysts must not do.
"""

import os
import re
import tempfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

import samples_queries
from samples.errors import SamplesError, UsageError

MEMORY = "4GB"
_BATCH = 100_000  # rows
_SPILL = "16GB"  # of temporary files, once memory is used up
_ALLOWANCE = 1 << 30  # for threads, libraries and the printing of rows


@contextmanager
def engine(memory: str | None = None, threads: int | None = None) -> Generator[duckdb.DuckDBPyConnection]:
    """Open a connection within limits: memory such as "2GB" (4GB when None), and threads (all cores when None).

    Raises:
        UsageError: `memory` is not an amount of memory, or `threads` is below 1.
    """
    if threads is not None and threads < 1:
        raise UsageError(f"threads {threads}: expected at least 1")
    with tempfile.TemporaryDirectory(prefix="samples-", ignore_cleanup_errors=True) as spill:
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": f"{parse_bytes(memory or MEMORY)}B",
            "threads": threads or os.cpu_count() or 1,
            "temp_directory": spill,
            "max_temp_directory_size": _SPILL,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "python_enable_replacements": False,
            "python_scan_all_frames": False,
        }
        with duckdb.connect(config=config) as connection:
            connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
            yield connection


def add_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the functions that analysts have beside DuckDB's own: pass_at_k(n, c, k) and its kin."""
    for name in samples_queries.MACROS:
        connection.execute(samples_queries.text(f"macros/{name}"))


def lock(connection: duckdb.DuckDBPyConnection, paths: Iterable[str]) -> None:
    """Allow these paths to be read, and nothing else to be read, written, loaded or set."""
    connection.execute("SET allowed_paths = $paths", {"paths": list(paths)})
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def collected(connection: duckdb.DuckDBPyConnection, text: str, memory: str | None = None) -> pa.Table:
    """Run a query and return its rows, which may take as much memory as the query itself.

    Raises:
        SamplesError: The rows take more memory.
        duckdb.Error: The query fails.
    """
    most = parse_bytes(memory or MEMORY)
    reader = connection.sql(text).to_arrow_reader(_BATCH)
    batches: list[pa.RecordBatch] = []
    taken = 0
    for batch in reader:
        batches.append(batch)
        taken += batch.nbytes
        if taken > most:
            raise SamplesError(
                f"sql: the rows take more than {memory or MEMORY}: select less, or allow more with --memory"
            )
    return pa.Table.from_batches(batches, reader.schema)


def parse_bytes(text: str) -> int:
    """Read an amount of memory such as 2GB or 512MiB.

    Raises:
        UsageError: The text is not an amount of memory.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?", str(text).strip(), re.IGNORECASE)
    if not found or not float(found[1]):
        raise UsageError(f'memory "{text}": expected an amount such as 2GB or 512MB')
    base = 1024 if found[3] else 1000
    return int(float(found[1]) * base ** " KMGT".index(found[2].upper() or " "))


def bound_process(memory: str | None = None) -> None:
    """Limit the memory that this process may still allocate. Call it in a command that answers one question and ends.

    DuckDB's own limit does not count the values that a function makes: one call can ask for gigabytes. On a system
    without such a limit, nothing changes.
    """
    try:
        import resource

        status = Path("/proc/self/status").read_text(encoding="ascii")
        taken = int(status.partition("VmData:")[2].split()[0]) << 10
        most = taken + 2 * parse_bytes(memory or MEMORY) + _ALLOWANCE
        resource.setrlimit(resource.RLIMIT_DATA, (most, resource.getrlimit(resource.RLIMIT_DATA)[1]))
    except (ImportError, OSError, ValueError, IndexError):
        return

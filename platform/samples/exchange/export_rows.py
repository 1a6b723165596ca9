"""The rows of an export: a run's samples joined with their completions, problems and current verdicts.

Completions stream in the order of the lake's files. Everything else is held for one run at a time, on disk if it is
large.
"""

import json
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import DeltaTable

from samples.exchange.imports.keys import Keys
from samples.lake.files import Selection, repeating, snapshot_files
from samples.lake.log import added_files
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.problems.problems import Problem
from samples.runs.record import problems
from samples.runs.run import Run
from samples_schemas import COMPLETIONS, PROBLEMS, SAMPLES, VERDICTS

_MEMORY = "512MB"
_PROBLEMS = 64  # problems read at once: their tests can be large
_ROWS = 512  # completions read at once; one of 16k tokens takes 200 kB
_VERDICT = ("verifier_version", "status", "answer", "reward", "detail", "seconds")
_PROBLEM = ("problem_id", "question", "gold", "golds", "tests", "metadata")
_OF_PROBLEM = ("problem_hash", "tests", "metadata")
_TOKENS = ("token_ids", "token_logprobs")
_FACTS = ("tokens", "cumulative_logprob", "finish_reason", "stop_reason", "seed", "error")


class ExportTables:
    """The lake's tables, each at one snapshot."""

    def __init__(self, lake: Tables) -> None:
        """Take the snapshots."""
        self.lake = lake
        # Verdicts refer to samples, and samples to completions. Read in this order, every reference has its target.
        self._snapshots = {table.name: lake.delta(table.name) for table in (VERDICTS, SAMPLES, COMPLETIONS)}

    def dataset(self, name: str, **partition: str) -> ds.Dataset:
        """Return a table, or a partition of it."""
        return self.lake.dataset(name, self._snapshots[name], **partition)

    def verifiers(self, runs: Sequence[Run], among: Sequence[str] | None = None) -> list[str]:
        """Return the names of the verifiers that judged any of these runs, sorted; `among` allows only these."""
        files = self._files(self._snapshots[VERDICTS.name])
        ids = {run.run_id for run in runs}
        found = {file["partition.verifier"] for file in files if file["partition.run_id"] in ids}
        return sorted(found if among is None else found & set(among))

    def completions(self, run: Run, columns: Sequence[str]) -> ds.Scanner | None:
        """Scan these columns of a run's completions. Files come in the order of their first sample."""
        snapshot = self._snapshots[COMPLETIONS.name]
        dataset = self.dataset(COMPLETIONS.name)
        fragments: list[Any] = list(dataset.get_fragments(ds.field("run_id") == run.run_id)) if snapshot else []
        if not fragments:
            return None
        first = {
            file["path"]: (file.get("min.problem_id") or "", file.get("min.sample_index") or 0)
            for file in self._files(snapshot)
        }
        fragments.sort(key=lambda fragment: first.get(fragment.path, ("", 0)))
        files = ds.FileSystemDataset(
            fragments, dataset.schema, ds.ParquetFileFormat(), filesystem=fragments[0].filesystem
        )
        return files.scanner(
            columns=list(columns), batch_size=_ROWS, batch_readahead=2, fragment_readahead=2, cache_metadata=False
        )

    def may_repeat(self, run: Run) -> bool:
        """Return whether a row that the export joins may be there twice, as far as commits say."""
        some = Selection(frozenset({run.run_id}), dataset=run.dataset)
        tables = (SAMPLES, COMPLETIONS, PROBLEMS)
        return any(
            repeating(snapshot_files(self.lake, table, some, self._snapshots.get(table.name))) for table in tables
        )

    def _files(self, snapshot: DeltaTable | None) -> list[dict[str, Any]]:
        return added_files(snapshot).to_pylist() if snapshot else []


def schema_of(judges: Sequence[str], *, tokens: bool) -> pa.Schema:
    """Return the columns of an export with verdicts of these verifiers, with or without token ids and log-probs."""
    verdict = [pa.field(name, VERDICTS.schema.field(name).type) for name in _VERDICT]
    several = len(judges) > 1
    return pa.schema(
        [
            *(pa.field(name, pa.string()) for name in ("run", "run_id", "model", "dataset")),
            *(_plain(SAMPLES.schema.field(name)) for name in ("problem_id", "sample_index")),
            pa.field("completion", pa.string()),
            *(_plain(SAMPLES.schema.field(name)) for name in _FACTS),
            *((_plain(COMPLETIONS.schema.field(name)) for name in _TOKENS) if tokens else ()),
            *(pa.field(name, pa.string()) for name in ("question", "gold")),
            pa.field("golds", pa.list_(pa.string())),
            *(pa.field(name, pa.string()) for name in _OF_PROBLEM),
            *([] if several or not judges else [pa.field("verifier", pa.string())]),
            *(
                field.with_name(f"{judge}_{field.name.removeprefix('verifier_')}" if several else field.name)
                for judge in judges
                for field in verdict
            ),
        ]
    )


def _plain(field: pa.Field) -> pa.Field:
    kind: Any = field.type
    return pa.field(field.name, pa.list_(kind.value_type) if pa.types.is_list(kind) else kind)


def rows_of(tables: ExportTables, run: Run, judges: Sequence[str], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield a run's samples; those with a completion come first."""
    tokens = [name for name in _TOKENS if name in schema.names]
    key = ["problem_id", "sample_index", "attempt"]
    with (
        explained(tables.lake.uri),
        tempfile.TemporaryDirectory(prefix="samples-export-") as folder,
        _database(folder) as connection,
    ):
        _collect(connection, tables, run, judges)
        nothing = ", ".join(f"NULL AS {name}" for name in ("text", *tokens))
        sources = [f"(SELECT *, {nothing} FROM facts)"]  # noqa: S608 - own names
        if completions := tables.completions(run, [*key, "text", *tokens]):
            connection.register("completions", completions.to_reader())
            without = tables.completions(run, key)
            assert without is not None
            connection.register("keys", without.to_reader())
            sources = [
                "completions JOIN facts USING (problem_id, sample_index, attempt)",
                f"(SELECT *, {nothing} FROM facts ANTI JOIN keys USING (problem_id, sample_index, attempt))",  # noqa: S608 - own names
            ]
        judge = ["CASE WHEN v0.status IS NOT NULL THEN $judge END"] if len(judges) == 1 else []
        columns = ", ".join(
            ["problem_id", "sample_index", "text", *_FACTS, *tokens, "question", "gold", "golds", *["NULL"] * 3, *judge]
            + [f"v{number}.{name}" for number in range(len(judges)) for name in _VERDICT]
        )
        values = [run.name, run.run_id, run.model_name, run.dataset]
        of_problem = _OfProblem(connection, run)
        once = _each_once() if tables.may_repeat(run) else lambda batch: batch
        for source in sources:
            # Name, id, model and dataset are the same in all rows of a run, so the query does not return them.
            query = f"SELECT {columns} FROM {source} LEFT JOIN problems USING (problem_id)"  # noqa: S608 - own names
            asked = connection.sql(query, params={"judge": judges[0]} if judge else None)
            for batch in map(once, asked.to_arrow_reader(_ROWS)):
                same = [pa.array([value] * batch.num_rows, pa.string()) for value in values]
                given = [
                    column.cast(kind) for column, kind in zip(batch.columns, schema.types[len(same) :], strict=True)
                ]
                whole = pa.RecordBatch.from_arrays([*same, *given], schema=schema)
                for name, column in of_problem.columns(batch["problem_id"].to_pylist()).items():
                    whole = whole.set_column(schema.get_field_index(name), name, column)
                yield whole


def _each_once() -> Callable[[pa.RecordBatch], pa.RecordBatch]:
    """Return what drops the rows of samples that it has seen before: somebody appended their rows twice."""
    seen = Keys()

    def once(batch: pa.RecordBatch) -> pa.RecordBatch:
        new: list[int] = []
        for row, key in enumerate(zip(batch["problem_id"].to_pylist(), batch["sample_index"].to_pylist(), strict=True)):
            if key not in seen:
                seen.add([key[0]], [key[1]])
                new.append(row)
        return batch.take(pa.array(new, pa.int64()))

    return once


class _OfProblem:
    """What a row says about its problem beside question and gold answer: tests and metadata once per problem."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, run: Run) -> None:
        self._cursor, self._run = connection.cursor(), run  # the connection itself is streaming rows
        self._said: set[str] = set()

    def columns(self, problem_ids: Sequence[str]) -> dict[str, pa.Array]:
        """Return the columns _OF_PROBLEM of the next rows, which are of these problems."""
        new = list(dict.fromkeys(problem for problem in problem_ids if problem not in self._said))
        self._said.update(new)
        query = "SELECT problem_id, tests, metadata FROM problems WHERE list_contains($new, problem_id)"
        found = {row[0]: row[1:] for row in self._cursor.execute(query, {"new": new}).fetchall()} if new else {}
        hashes = [self._run.problem_hashes.get(problem) for problem in problem_ids]
        pairs = [found.pop(problem, (None, None)) for problem in problem_ids]
        columns = (hashes, *zip(*pairs, strict=True)) if pairs else ((), (), ())
        return {name: pa.array(column, pa.string()) for name, column in zip(_OF_PROBLEM, columns, strict=True)}


@contextmanager
def _database(folder: str) -> Generator[duckdb.DuckDBPyConnection]:
    """Open a database on disk that streams completions: it holds the last side of a join, and reorders no join."""
    config: dict[str, Any] = {"memory_limit": _MEMORY, "threads": 1, "temp_directory": folder}
    with duckdb.connect(f"{folder}/facts.duckdb", config=config) as connection:
        connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        yield connection


def _collect(connection: duckdb.DuckDBPyConnection, tables: ExportTables, run: Run, judges: Sequence[str]) -> None:
    """Copy a run's samples without their completions, its current verdicts and its problems into the database."""
    connection.register("samples", tables.dataset(SAMPLES.name, **run.partition))
    joins = ""
    for number, judge in enumerate(judges):
        connection.register(f"verdicts{number}", tables.dataset(VERDICTS.name, verifier=judge, run_id=run.run_id))
        said = ", ".join(f"{name} := {name}" for name in _VERDICT)
        joins += f"""
            LEFT JOIN (
                SELECT problem_id, sample_index, max_by(struct_pack({said}), pass_id) AS v{number}
                FROM verdicts{number} GROUP BY ALL
            ) USING (problem_id, sample_index)"""  # noqa: S608 - own names
    connection.execute(
        f"CREATE TABLE facts AS SELECT * FROM samples {joins} ORDER BY problem_id, sample_index"  # noqa: S608 - own names
    )
    kinds = [pa.list_(pa.string()) if name == "golds" else pa.string() for name in _PROBLEM]
    columns = ", ".join(f"{name} VARCHAR{'[]' * (name == 'golds')}" for name in _PROBLEM)
    connection.execute(f"CREATE TABLE problems ({columns})")
    asked = problems(tables.lake, run)
    while some := list(islice(asked, _PROBLEMS)):
        arrays = [pa.array(*pair) for pair in zip(zip(*map(_of_problem, some), strict=True), kinds, strict=True)]
        connection.register("asked", pa.table(arrays, list(_PROBLEM)))
        connection.execute("INSERT INTO problems FROM asked")


def _of_problem(problem: Problem) -> tuple[Any, ...]:
    metadata = json.dumps(problem.metadata, ensure_ascii=False, sort_keys=True)
    golds = list(problem.answers) or None
    return problem.problem_id, problem.question, problem.answer, golds, problem.tests, metadata

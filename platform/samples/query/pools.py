"""Runs that are taken as one (`pool`), and how the views come to hold pools in place of runs.

The counts of a problem are summed over the runs of a pool. For this, the relations beneath the views get the name and
the id of the pool in place of those of its runs. `pooling` finds the pools.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from shlex import quote
from typing import Any

import duckdb

from samples.errors import UsageError
from samples.query.filters import Known
from samples_queries import Answer, Header, text
from samples_queries.spread import with_spread

SEED = "seed"  # this setting never changes what a run is drawn from
_PAIR = 2


@dataclass(frozen=True)
class Pool:
    """Runs that are taken as one, the oldest first. A run that is pooled with no other keeps its name."""

    name: str
    runs: tuple[Known, ...]


@dataclass(frozen=True)
class Pools:
    """The pools that a query is about; `label` is what their runs differ in."""

    label: str
    pools: tuple[Pool, ...]
    notes: tuple[str, ...] = ()

    @property
    def members(self) -> list[Known]:
        """All runs of all pools."""
        return [run for pool in self.pools for run in pool.runs]

    @property
    def known(self) -> list[Known]:
        """The pools as if they were runs."""
        return [
            Known(
                pool.name,
                pool.runs[0].run_id,
                pool.runs[0].dataset,
                {key: value for key, value in pool.runs[0].labels.items() if key != self.label or not pool.runs[1:]},
            )
            for pool in self.pools
        ]

    def bound(self, header: Header, bound: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values to bind, with names of pools in place of names of runs.

        Raises:
            UsageError: Two runs to compare are of one pool.
        """
        pool_of = {run.run: pool.name for pool in self.pools for run in pool.runs}
        named = {p.name: bound[p.name] for p in header.params if p.kind == "run" and bound[p.name]}
        if len(set(named.values())) == _PAIR and len({pool_of[run] for run in named.values()}) == 1:
            raise UsageError(f"pool {self.label}: {' and '.join(named.values())} are of one pool, so they are one run")
        pooled: dict[str, Any] = {name: pool_of[run] for name, run in named.items()}
        for parameter in header.params:
            if parameter.kind == "runs":
                pooled[parameter.name] = list(dict.fromkeys(pool_of[run] for run in bound[parameter.name]))
        return {**bound, **pooled}

    def apply(self, connection: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> None:
        """Let the view `tallies`, and the relations of these tables, have pools in place of runs."""
        ids = [(run.run_id, run.run, pool.runs[0].run_id, pool.name) for pool in self.pools for run in pool.runs]
        columns = dict(zip(("run_ids", "members", "pool_ids", "names"), map(list, zip(*ids, strict=True)), strict=True))
        unsaid = dict.fromkeys((SEED, self.label))  # settings in which the runs of a pool may differ
        patch = json.dumps({**unsaid, "sampling": unsaid})
        connection.execute(_POOLS, {**columns, "patch": patch})
        connection.execute(_TALLIES)
        for table in sorted({"samples", "counts"} & set(tables)):
            connection.execute(_RENAMED.format(table=table))
        if "samples" in tables:  # the log counts the rows of runs, not of pools
            connection.execute(f"CREATE OR REPLACE VIEW stored AS {text('views/stored')}")
        connection.execute(_RUNS)

    def complete(self, connection: duckdb.DuckDBPyConnection, header: Header, answer: Answer) -> Answer:
        """Add to an answer about pools the spread between their runs, and what a reader must know of them."""
        rows, notes = answer
        return Answer(with_spread(connection, rows) if header.pooled else rows, [*_apart(connection), *notes])

    def named(self, message: str) -> str:
        """Name the runs of a pool in the command that a message gives."""
        for pool in self.pools:
            if pool.runs[1:]:
                runs = " ".join(f"--run {quote(run.run)}" for run in pool.runs)
                message = message.replace(f"--run {quote(pool.name)}", runs)
        return message


_POOLS = """
CREATE TEMP TABLE pools AS
SELECT
    unnest($run_ids) AS run_id, unnest($members) AS member, unnest($pool_ids) AS pool_id, unnest($names) AS pool,
    $patch AS patch
"""
_TALLIES = """
ALTER VIEW tallies RENAME TO member_tallies;
CREATE VIEW tallies AS
SELECT
    pool AS run, pool_id AS run_id, dataset, problem_id, verifier,
    sum(n)::BIGINT AS n, sum(c)::BIGINT AS c, sum(errors)::BIGINT AS errors, sum(timeouts)::BIGINT AS timeouts
FROM member_tallies JOIN pools USING (run_id)
GROUP BY ALL
"""
_RENAMED = """
ALTER VIEW lake.{table} RENAME TO member_{table};
CREATE VIEW lake.{table} AS
SELECT member.* REPLACE (pool_id AS run_id) FROM lake.member_{table} AS member JOIN pools USING (run_id)
"""
_RUNS = """
ALTER VIEW lake.runs RENAME TO member_runs;
CREATE VIEW lake.runs AS
WITH entries AS (
    SELECT DISTINCT pool_id, unnest(map_entries(problem_hashes), recursive := true)
    FROM lake.member_runs JOIN pools USING (run_id)
), asked(pool_id, problem_id, problem_hash) AS (
    FROM entries
), hashes AS (
    SELECT pool_id, map_from_entries(list((problem_id, problem_hash))) AS problem_hashes FROM asked GROUP BY pool_id
)
SELECT
    runs.* REPLACE (
        pool AS name,
        json_merge_patch(specification, patch)::VARCHAR AS specification,
        coalesce(hashes.problem_hashes, runs.problem_hashes) AS problem_hashes
    )
FROM lake.member_runs AS runs
JOIN pools ON runs.run_id = pools.run_id AND pools.run_id = pools.pool_id
LEFT JOIN hashes ON runs.run_id = hashes.pool_id
"""
_APART = """
WITH counts AS (
    SELECT pool, member, count(DISTINCT problem_id) FILTER (n > 0) AS problems
    FROM pools LEFT JOIN member_tallies USING (run_id)
    GROUP BY pool, member
)
SELECT pool, list(member || ' ' || problems ORDER BY member)
FROM counts
GROUP BY pool
HAVING count(DISTINCT problems) > 1
ORDER BY pool
"""


def _apart(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Say which pools are of runs with different numbers of problems."""
    return [
        f"{pool}: its runs have verified samples of different numbers of problems ({', '.join(counts)})"
        for pool, counts in connection.execute(_APART).fetchall()
    ]

"""Take runs that differ only in a label as one run (`pool`).

Runs belong to one pool if they have the same dataset and the same other labels. Then they are replicates, and their
settings must be the same, except for the setting of the label's name and for the seed. Their models may differ if they
share another label: training seeds give other weights. Without another label, runs of one model are a pool.

The counts of a problem are summed over the runs of a pool. For this, the relations beneath the views get the name and
the id of the pool in place of those of its runs.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from shlex import quote
from typing import Any, NamedTuple

import duckdb

from samples.errors import NotFound, SamplesError, UsageError, meant
from samples.lake.tables import Tables
from samples.query.filters import Known, listed
from samples.query.verifiers import judged
from samples.runs.run import IMPORTED
from samples.runs.settings import differing
from samples_queries import Answer, Header
from samples_queries.groups import unjudged
from samples_queries.spread import with_spread

_SEED = "seed"  # this setting never changes what a run is drawn from
_UNKNOWN = "unknown"  # the model of some imported runs
_PAIR = 2

_SETTINGS = "SELECT run, model, engine, specification FROM runs WHERE list_contains($ids, run_id)"
_EDITED = """
WITH versions AS (
    SELECT run_id, unnest(map_entries(problem_hashes), recursive := true) FROM runs WHERE list_contains($ids, run_id)
), seen(run_id, problem_id, problem_hash) AS (
    FROM versions
)
SELECT problem_id FROM seen GROUP BY problem_id HAVING count(DISTINCT problem_hash) > 1 ORDER BY problem_id
"""


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
        unsaid = dict.fromkeys((_SEED, self.label))  # settings in which the runs of a pool may differ
        patch = json.dumps({**unsaid, "sampling": unsaid})
        connection.execute(_POOLS, {**columns, "patch": patch})
        connection.execute(_TALLIES)
        for table in sorted({"samples", "counts"} & set(tables)):
            connection.execute(_RENAMED.format(table=table))
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


def pooling(
    lake: Tables,
    connection: duckdb.DuckDBPyConnection,
    header: Header,
    given: Mapping[str, Any],
    bound: Mapping[str, Any],
    runs: Sequence[Known],
    there: Sequence[Known],
    label: str,
) -> Pools:
    """Find the pools that a query is about: of the runs that it names, or of those that pass the filters.

    A query about run A and run B is about their pools. The connection has the view `runs`.

    Args:
        lake: the pinned lake.
        connection: where the views are.
        header: the query's.
        given: its parameters as they were given.
        bound: the values to bind.
        runs: the runs that pass the filters.
        there: all runs.
        label: the label that may differ.

    Raises:
        NotFound: No run has the label.
        UsageError: No two runs are a pool, or runs of a pool differ in a setting.
        SamplesError: A run that is named has no verdicts.
    """
    several = [p.name for p in header.params if p.kind == "runs"]
    one = {bound[p.name] for p in header.params if p.kind == "run"} - {None}
    named = set(bound[several[0]]) if several else one | {run.run for run in runs}
    asked = [run for run in there if run.run in named]
    if not any(label in run.labels for run in asked):
        labels = {key for run in asked for key in run.labels}
        raise NotFound(
            f'pool "{label}": none of these runs has this label{meant(label, labels)}; labels are '
            f"{listed(sorted(labels))}"
        )
    facts = _facts(connection, asked)
    found = _replicates(asked, label, facts)
    about = [group for group in found if several or one & {run.run for run in group}]
    judges = list(dict.fromkeys(bound[p.name] for p in header.params if p.kind == "verifier" and bound[p.name]))
    about, notes = _judged(lake, about, judges, named=bool(several and given.get(several[0])))
    pooled = [group for group in about if group[1:]]
    if not pooled:
        raise UsageError(f"pool {label}: {_why_none(asked, label, facts)}")
    for group in pooled:
        _require_alike(connection, group, label, facts)
    if alone := [group[0].run for group in about if label not in group[0].labels]:
        notes.append(f"not pooled, because they have no label {label}: {listed(alone)}")
    if unknown := [run.run for group in pooled for run in group if facts[run.run].engine == IMPORTED]:
        notes.append(f"it is not recorded how {listed(unknown)} were sampled; settings of pooled runs may differ")
    names = _names(pooled, {run.run for run in there})
    told = [
        f"{names[group[0].run]} pools {listed(f'{run.run} ({label} {run.labels[label]})' for run in group)}"
        for group in pooled
    ]
    pools = [Pool(names.get(group[0].run, group[0].run), tuple(group)) for group in about]
    return Pools(label, tuple(pools), (*told, *notes))


class _Facts(NamedTuple):
    """What decides whether a run is a replicate of another."""

    model: str
    engine: str
    specification: dict[str, Any]


def _facts(connection: duckdb.DuckDBPyConnection, runs: Sequence[Known]) -> dict[str, _Facts]:
    rows = connection.execute(_SETTINGS, {"ids": [run.run_id for run in runs]}).fetchall()
    return {run: _Facts(model, engine, json.loads(specification)) for run, model, engine, specification in rows}


def _replicates(runs: Sequence[Known], label: str, facts: Mapping[str, _Facts]) -> list[list[Known]]:
    """Sort runs into groups that should be replicates of each other. A run without the label is alone."""
    groups: dict[Any, list[Known]] = defaultdict(list)
    for run in runs:
        others = frozenset(run.labels.items() - {(label, run.labels.get(label))})
        model = None if others else run.run if facts[run.run].model == _UNKNOWN else facts[run.run].model
        groups[(run.dataset, others, model) if label in run.labels else run.run].append(run)
    return list(groups.values())


def _judged(
    lake: Tables, groups: Sequence[Sequence[Known]], judges: Sequence[str], *, named: bool
) -> tuple[list[list[Known]], list[str]]:
    """Leave runs without verdicts out of their groups; return the groups and notes.

    Raises:
        SamplesError: The runs were named one by one.
    """
    left = [list(group) for group in groups]
    notes: list[str] = []
    for judge in judges:
        for place, group in enumerate(left):
            there = judged(lake, group, judge)
            lacking = [run.run for run in group if run not in there]
            if lacking and there:
                if named:
                    raise SamplesError(str(unjudged(judge, lacking)))
                notes.append(f"left out of the pool: {unjudged(judge, lacking)}")
                left[place] = there
    return left, notes


def _require_alike(
    connection: duckdb.DuckDBPyConnection, runs: Sequence[Known], label: str, facts: Mapping[str, _Facts]
) -> None:
    """Check that runs differ in nothing but what the label says.

    Raises:
        UsageError: They differ in a setting or in versions of problems, or two have the same value of the label.
    """
    recorded = [run.run for run in runs if facts[run.run].engine != IMPORTED]
    found = differing([facts[run].specification for run in recorded])
    said = [
        f"{name} ({', '.join(map(str, dict.fromkeys(values)))})"
        for name, values in found.items()
        if name not in {label, _SEED}
    ]
    edited = [problem for (problem,) in connection.execute(_EDITED, {"ids": [run.run_id for run in runs]}).fetchall()]
    if edited and not said:
        said = [f"the versions of {len(edited)} problems ({listed(edited)})"]
    if said:
        raise UsageError(
            f"pool {label}: {listed(recorded if not edited else [run.run for run in runs])} differ in more than the "
            f"{label}: {', '.join(said)}; give them labels that say so, or name runs that are alike"
        )
    value, count = Counter(run.labels[label] for run in runs).most_common(1)[0]
    if count > 1:
        same = [run.run for run in runs if run.labels[label] == value]
        raise UsageError(
            f"pool {label}: {listed(same)} all have {label}={value}, so they differ in something else; give them "
            "labels that say so, or name runs that are alike"
        )


def _why_none(runs: Sequence[Known], label: str, facts: Mapping[str, _Facts]) -> str:
    """Say why no two runs are a pool."""
    labelled = [run for run in runs if label in run.labels]
    if len(labelled) < _PAIR:
        return f"only {labelled[0].run} of these runs has this label; samples label RUN {label}=… labels another"
    a, b = labelled[:_PAIR]
    keys = sorted(key for key in {**a.labels, **b.labels} if key != label and a.labels.get(key) != b.labels.get(key))
    what = f"the dataset ({a.dataset}, {b.dataset})" if a.dataset != b.dataset else f"the label {listed(keys)}"
    if a.dataset == b.dataset and not keys:
        models = list(dict.fromkeys(facts[run.run].model for run in (a, b)))
        what = f"the model ({', '.join(models)}), and no other label says that they belong together"
    return f"no two of these runs differ only in it; {a.run} and {b.run} differ in {what}"


def _names(pools: Iterable[Sequence[Known]], taken: set[str]) -> dict[str, str]:
    """Return a name for each pool, by the name of its first run: what the names of its runs share, as in base-s*."""
    starred: dict[str, tuple[str, list[str]]] = {}
    for pool in pools:
        names = [run.run for run in pool]
        before = _beginning(names)
        after = _beginning([name[len(before) :][::-1] for name in names])[::-1]
        starred[names[0]] = (f"{before}*{after}" if before or after[1:] else "+".join(names)), names
    counts = Counter(star for star, _ in starred.values())
    return {
        first: star if counts[star] == 1 and star not in taken else "+".join(names)
        for first, (star, names) in starred.items()
    }


def _beginning(names: Sequence[str]) -> str:
    """Return the longest text that all names begin with."""
    return "".join(letters[0] for letters in takewhile(lambda some: len(set(some)) == 1, zip(*names, strict=False)))


def _apart(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Say which pools are of runs with different numbers of problems."""
    return [
        f"{pool}: its runs have verified samples of different numbers of problems ({', '.join(counts)})"
        for pool, counts in connection.execute(_APART).fetchall()
    ]

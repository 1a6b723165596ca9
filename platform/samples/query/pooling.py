"""Find runs that differ only in a label, to take them as one (`pool`).

Runs belong to one pool if they have the same dataset and the same other labels. Then they are replicates, and their
settings must be the same, except for the setting of the label's name and for the seed. Their models may differ if they
share another label: training seeds give other weights. Without another label, runs of one model are a pool.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any, NamedTuple

import duckdb

from samples.errors import NotFound, SamplesError, UsageError, meant
from samples.lake.tables import Tables
from samples.query.filters import Known, listed
from samples.query.pools import SEED, Pool, Pools
from samples.query.verifiers import judged
from samples.runs.settings import IMPORTED, UNKNOWN_MODEL, differing
from samples_queries import Header
from samples_queries.groups import unjudged

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
    single = [bound[p.name] for p in header.params if p.kind == "run"]
    within = set(bound[several[0]]) if several else {*single, *(run.run for run in runs)}
    asked = [run for run in there if run.run in within]
    if not any(label in run.labels for run in asked):
        labels = {key for run in asked for key in run.labels}
        raise NotFound(
            f'pool "{label}": none of these runs has this label{meant(label, labels)}; labels are '
            f"{listed(sorted(labels))}"
        )
    facts = _facts(connection, asked)
    found = _replicates(asked, label, facts)
    judges = [bound[p.name] or bound["verifier"] for p in header.params if p.kind == "verifier"]
    judged_by = dict.fromkeys(within, judges) if several else _by_run(single, judges)
    about = [group for group in found if any(run.run in judged_by for run in group)]
    named = set(single) if not several else within if given.get(several[0]) else set[str]()
    about, notes = _judged(lake, about, judged_by, named)
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
        model = None if others else run.run if facts[run.run].model == UNKNOWN_MODEL else facts[run.run].model
        groups[(run.dataset, others, model) if label in run.labels else run.run].append(run)
    return list(groups.values())


def _by_run(runs: Sequence[str], judges: Sequence[str]) -> dict[str, list[str]]:
    """Return the verifiers of run A and run B: one for both, or one for each. A and B may be the same run."""
    found: dict[str, list[str]] = defaultdict(list)
    for run, judge in zip(runs, judges if judges[1:] else [*judges] * len(runs), strict=True):
        found[run].append(judge)
    return found


def _judged(
    lake: Tables, groups: Sequence[Sequence[Known]], judged_by: Mapping[str, Sequence[str]], named: set[str]
) -> tuple[list[list[Known]], list[str]]:
    """Leave runs without verdicts out of their groups; return the groups and notes.

    Args:
        lake: the pinned lake.
        groups: runs that are replicates of each other.
        judged_by: for one run of each group at least, whose verdicts count for the group.
        named: runs that may not be left out.

    Raises:
        SamplesError: A named run has no verdicts, though others of its group have.
    """
    left: list[list[Known]] = []
    notes: list[str] = []
    for group in groups:
        kept = list(group)
        for judge in dict.fromkeys(judge for run in group for judge in judged_by.get(run.run, ())):
            there = judged(lake, kept, judge)
            if not there:
                continue  # the query says that none of them has verdicts
            if lacking := [run.run for run in kept if run not in there]:
                if missed := [run for run in lacking if run in named]:
                    raise SamplesError(str(unjudged(judge, missed)))
                notes.append(f"left out of the pool: {unjudged(judge, lacking)}")
            kept = there
        left.append(kept)
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
        if name not in {label, SEED}
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

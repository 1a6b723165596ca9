"""What the platform itself says about an answer: which runs are left out, how they differ, which are mixed."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import duckdb
import pyarrow as pa

from samples.lake.files import Selection
from samples.lake.tables import Tables
from samples.query.connect import connect
from samples.query.filters import Known, listed
from samples.query.unpaired import reasons
from samples.query.verifiers import judged
from samples.query.views import Views
from samples.runs.settings import IMPORTED, differing
from samples.runs.setups import setup_facts, setups_differ
from samples_queries import Header
from samples_queries.groups import unjudged
from samples_schemas import SETUPS

_SHOWN = 6  # settings in a note
_SEVERAL = 2  # runs or verifiers that can differ


def leave_out_unjudged(
    lake: Tables, header: Header, given: Mapping[str, Any], runs: Sequence[Known], bound: dict[str, Any]
) -> list[str]:
    """Where no runs are named, bind those that the verifier judged; return a note about the others."""
    kinds = {parameter.kind: parameter.name for parameter in header.params}
    if not {"runs", "verifier"} <= kinds.keys() or given.get(kinds["runs"]) or not bound[kinds["verifier"]]:
        return []
    verifier = bound[kinds["verifier"]]
    there = [run.run for run in judged(lake, runs, verifier)]
    others = [run.run for run in runs if run.run not in there]
    bound[kinds["runs"]] = there
    return [f"left out: {unjudged(verifier, others)}"] if others else []


def why_unpaired(lake: Tables, header: Header, bound: Mapping[str, Any], there: Iterable[Known]) -> list[str]:
    """Say why problems of the compared runs do not pair, and which command mends it."""
    runs = runs_asked(header, bound, there)
    if len(runs) < _SEVERAL or not bound.get("verifier") or str(bound.get("problem_set")) in {"own", "each"}:
        return []
    with connect(lake, ["runs", "problems"]) as connection:
        return reasons(lake, connection, runs, bound["verifier"])


def settings_differ(
    connection: duckdb.DuckDBPyConnection, header: Header, bound: Mapping[str, Any], there: Iterable[Known]
) -> list[str]:
    """Say in which settings the runs of an answer differ, beside the model: one note per dataset.

    The connection has the view `runs`.
    """
    names = [run.run for run in runs_asked(header, bound, there)]
    if len(names) < _SEVERAL:
        return []
    found = connection.execute(_SETTINGS, {"names": names}).fetchall()
    return [
        note for dataset, rows in groupby(found, itemgetter(0)) if (note := _differences(dataset, [*rows])) is not None
    ]


_SETTINGS = """
SELECT dataset, run, engine, specification FROM runs WHERE list_contains($names, run) ORDER BY dataset, created_at, run
"""


def _differences(dataset: str, runs: Sequence[tuple[str, str, str, str]]) -> str | None:
    """Say how these runs of a dataset differ: each has dataset, name, engine and specification."""
    unknown = [run for _, run, engine, _ in runs if engine == IMPORTED]
    if unknown and len(unknown) < len(runs):
        return f"{dataset}: it is not recorded how {', '.join(unknown)} was sampled; settings may differ"
    found = {} if unknown else differing([json.loads(specification) for *_, specification in runs])
    said = [f"{name} ({', '.join(map(str, dict.fromkeys(values)))})" for name, values in found.items()]
    if not said:
        return None
    more = f" and {len(said) - _SHOWN} more settings" if len(said) > _SHOWN else ""
    return f"{dataset}: settings of the runs differ: {', '.join(said[:_SHOWN])}{more}; samples runs tells"


def two_contents(
    connection: duckdb.DuckDBPyConnection, header: Header, bound: Mapping[str, Any], there: Iterable[Known]
) -> list[str]:
    """Say which problems of an answer by problem have one id and several contents in its runs: one note per dataset.

    The connection has the view `runs`.
    """
    names = [run.run for run in runs_asked(header, bound, there)]
    if len(names) < _SEVERAL or "problem_id" not in header.grain:
        return []
    return [
        f"{dataset}: {'1 problem has' if count == 1 else f'{count:,} problems have'} one id and several contents in "
        f"these runs (such as {first}): rows of one id are not about one question"
        for dataset, count, first in connection.execute(_CONTENTS, {"names": names}).fetchall()
    ]


_CONTENTS = """
WITH seen AS (
    SELECT dataset, unnest(map_keys(problem_hashes)) AS problem_id, unnest(map_values(problem_hashes)) AS problem_hash
    FROM runs
    WHERE list_contains($names, run)
), several AS (
    SELECT dataset, problem_id FROM seen GROUP BY ALL HAVING count(DISTINCT problem_hash) > 1
)
SELECT dataset, count(*), min(problem_id) FROM several GROUP BY dataset ORDER BY dataset
"""


def says_left_out(notes: Iterable[str], run: str) -> bool:
    """Return whether one of these notes says that a run is left out."""
    name = re.compile(rf"(?<![\w.-]){re.escape(run)}(?![\w-])")
    return any("left out" in note and name.search(note) for note in notes)


def without_logprobs(
    rows: pa.Table, header: Header, bound: Mapping[str, Any], there: Iterable[Known], said: Sequence[str]
) -> list[str]:
    """Say about which runs an answer about likelihoods has no row, unless a note that is said already names them."""
    if header.group != "likelihood" or "run" not in header.grain:
        return []
    found = set(rows["run"].to_pylist())
    names = [run.run for run in runs_asked(header, bound, there)]
    left = [name for name in names if name not in found and not says_left_out(said, name)]
    return [f"left out: no log-probs of {listed(left)} are known for these problems"] if left else []


def with_itself(judges: Sequence[str]) -> list[str]:
    """Say that an answer about two verifiers has one only."""
    if len(judges) < _SEVERAL or len({*judges}) > 1:
        return []
    return [f"{judges[0]} is compared with itself; samples rescore --verifier NAME adds another verifier"]


def setups_mixed(views: Views, runs: Iterable[Known]) -> list[str]:
    """Say which of these runs were each drawn on different hardware or versions, and what differs.

    The log says which runs have several setups, so for the usual lake no file is opened. The relations beneath the
    views are left with few runs.
    """
    names = {run.run_id: run.run for run in runs}
    several = views.several(SETUPS.name) & names.keys()
    if not several:
        return []
    views.create(["setups"], Selection(several))
    found = dict(views.connection.execute(_SETUPS).fetchall())
    alike: dict[str, list[str]] = {}
    for run_id, name in names.items():
        if differ := setups_differ([setup_facts(text) for text in found.get(run_id, ())]):
            said = [f"{fact} ({listed(values)})" for fact, values in differ.items()]
            alike.setdefault(", ".join(said[:_SHOWN]), []).append(name)
    return [
        f"{listed(some)} {'were each' if some[1:] else 'was'} drawn on different hardware or versions: {what}; "
        "rounding may differ, and a seed repeats only on one of them"
        for what, some in alike.items()
    ]


_SETUPS = "SELECT run_id, list(drawn_by ORDER BY created_at, drawn_by) FROM lake.setups GROUP BY run_id"


def runs_asked(header: Header, bound: Mapping[str, Any], there: Iterable[Known]) -> list[Known]:
    """Return the runs that a question is about, in the order of its parameters."""
    values = [bound[parameter.name] for parameter in header.params if parameter.kind in {"run", "runs"}]
    names = [name for value in values for name in ([value] if isinstance(value, str) else value or ())]
    known = {run.run: run for run in there}
    return [known[name] for name in dict.fromkeys(names)]

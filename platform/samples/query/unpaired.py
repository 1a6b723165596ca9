"""Say why problems of two runs do not pair, and which command mends it.

A problem pairs when it has the same dataset, id and content (question, gold answers, tests, metadata) in both runs, and
one verifier judged both. Imported files often lack some of this.
"""

import json
import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from samples.lake.files import Selection, snapshot_files
from samples.lake.tables import Tables
from samples.query.filters import Known
from samples.query.verifiers import verifiers
from samples_queries.judges import adding
from samples_schemas import COMPLETIONS

_RUN = """
SELECT run, dataset, engine, specification FROM runs WHERE run = $run
"""
_PROBLEMS = """
WITH versions AS (
    SELECT dataset, unnest(map_keys(problem_hashes)) AS problem_id, unnest(map_values(problem_hashes)) AS problem_hash
    FROM runs
    WHERE run = $run
)
SELECT problem_id, problem_hash, question, coalesce(answers, [answer]) AS answer, tests, metadata
FROM versions LEFT JOIN problems USING (dataset, problem_id, problem_hash)
ORDER BY problem_id
"""
_FIELDS = {"question": "question", "answer": "gold answer", "tests": "tests", "metadata": "metadata"}


@dataclass(frozen=True)
class _Run:
    name: str
    dataset: str
    engine: str
    specification: dict[str, Any]
    problems: dict[str, dict[str, Any]]
    judges: list[str]
    texts: bool

    @property
    def imported(self) -> bool:
        return self.engine == "imported"


def reasons(lake: Tables, connection: duckdb.DuckDBPyConnection, runs: Sequence[Known], verifier: str) -> list[str]:
    """Return why problems of the first of these runs and of each other do not pair: one line for a pair of runs.

    The connection has the views `runs` and `problems`. Problems that only one of two runs was asked are no reason, as
    long as the runs share others.
    """
    first, *others = (_read(lake, connection, run) for run in runs)
    return [reason for other in others if (reason := _reason(first, other, verifier)) is not None]


def _read(lake: Tables, connection: duckdb.DuckDBPyConnection, run: Known) -> _Run:
    ((name, dataset, engine, specification),) = connection.execute(_RUN, {"run": run.run}).fetchall()
    rows = connection.execute(_PROBLEMS, {"run": run.run}).fetchall()
    problems = {row[0]: dict(zip(("problem_hash", *_FIELDS), row[1:], strict=True)) for row in rows}
    texts = bool(snapshot_files(lake, COMPLETIONS, Selection(frozenset({run.run_id}))))
    return _Run(name, dataset, engine, json.loads(specification), problems, verifiers(lake, [run]), texts)


def _reason(a: _Run, b: _Run, verifier: str) -> str | None:
    """Return why two runs do not pair, and what mends it; None if nothing does."""
    apart = _apart(a, b)
    whys = [apart] if apart else []
    commands: list[str] = []
    for run, other in ((a, b), (b, a)):
        unjudged = verifier not in run.judges
        if unjudged:
            whys.append(f"{run.name} has no verdicts of {verifier}, only of {', '.join(run.judges) or 'none'}")
        if run.imported and (apart or (unjudged and not run.texts)):
            commands.append(_import(run, other, verifier if unjudged and not run.texts else None))
        elif unjudged:
            commands.append(adding(verifier, [run.name]))
    if apart and not (a.imported or b.imported):
        commands.append(
            f"samples ingest with the problem file of {a.name} and --dataset {shlex.quote(a.dataset)} draws such a run"
        )
    return f"{'; '.join(whys)}. This mends it: {' and '.join(commands)}" if whys else None


def _apart(a: _Run, b: _Run) -> str | None:
    """Say why problems of two runs are not the same ones."""
    if a.dataset != b.dataset:
        return f"{a.name} is of dataset {a.dataset}, {b.name} of {b.dataset}"
    common = sorted(a.problems.keys() & b.problems.keys())
    if not common:
        said = " and ".join(f'"{min(run.problems, default="")}"' for run in (a, b))
        return f"{a.name} and {b.name} name their problems differently (such as {said})"
    edited = [one for one in common if a.problems[one]["problem_hash"] != b.problems[one]["problem_hash"]]
    if not edited:
        return None
    return (
        f"{len(edited):,} of {len(common):,} problems have one id and two contents in {a.name} and {b.name} "
        f"({_contents(a, b, edited)})"
    )


def _contents(a: _Run, b: _Run, edited: Sequence[str]) -> str:
    """Say which fields differ, and in how many problems."""
    differ: Counter[str] = Counter()
    for problem in edited:
        for field, name in _FIELDS.items():
            x, y = (
                None if value in (None, "{}", [None]) else value
                for value in (a.problems[problem][field], b.problems[problem][field])
            )
            if x is None and y is not None:
                differ[f"{a.name} lacks the {name}"] += 1
            elif y is None and x is not None:
                differ[f"{b.name} lacks the {name}"] += 1
            elif x != y:
                differ[f"the {name} differs"] += 1
    return ", ".join(what if count == len(edited) else f"{what} of {count:,}" for what, count in differ.most_common())


def _import(run: _Run, other: _Run, verifier: str | None) -> str:
    """Return the command that imports a run again with the problems of another."""
    said = run.specification | ({"verifier": verifier} if verifier else {})
    options = {"format": said.get("format"), "dataset": other.dataset, "name": f"{run.name}-2"}
    options |= {name: said[name] for name in ("score", "verifier") if said.get(name)}
    written = " ".join(f"--{name} {shlex.quote(str(value))}" for name, value in options.items())
    whose = "of both" if other.imported else f"that {other.name} was drawn for"
    return (
        f"samples import {shlex.quote(str(said.get('file')))} {written} --problems SOURCE "
        f"(SOURCE is the problem file {whose})"
    )

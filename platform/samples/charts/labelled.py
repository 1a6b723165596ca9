"""Ask a query about runs in the order of a label, such as step: the rows, and where each stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Any

import samples_queries
from samples.charts.trends import is_about_pairs
from samples.errors import NotFound, SamplesError, UsageError, meant
from samples.lake.tables import Tables
from samples.query import dropped, filters
from samples.query.filters import Known, listed
from samples.query.grouping import natural
from samples.query.query import query, sql
from samples_queries import TAKES

_ALWAYS = ("algorithm", "family")  # labels that tell lines apart, where nobody chose one
WITHOUT = "no "  # how the group begins that has not the label
_CHOOSING = ("runs", "labels", "dataset")  # filters of runs
_MOST = 200  # runs, when each is a question of its own


@dataclass(frozen=True)
class Labelled:
    """Rows with the run that each is `about`, and the values of the labels `x` and `colours` of each run.

    `every_group` are all groups of the lake, so that one has the same colour in every chart. `lacking` are the runs
    without the label `x`, which have no row. `by` says whether the first column of the rows has
    the value of another key.
    """

    rows: list[dict[str, Any]]
    x: str
    places: Mapping[str, str]
    colours: tuple[str, ...]
    groups: Mapping[str, str]
    every_group: tuple[str, ...]
    notes: tuple[str, ...]
    lacking: tuple[str, ...] = ()
    by: bool = False


def labelled(lake: Tables, name: str, x: str, colour: str | None, parameters: Mapping[str, Any]) -> Labelled:
    """Ask about all chosen runs at once; or, where the query is about two runs, about A and each run with the label.

    Raises:
        UsageError: No run has the label, or the parameters do not go together.
        SamplesError: The lake does not hold what the answer needs.
    """
    there = [
        Known(row["run"], row["run_id"], row["dataset"], dict(row["labels"]))
        for row in sql(lake, "SELECT run, run_id, dataset, labels FROM runs ORDER BY created_at, run")
    ]
    if is_about_pairs(name):
        rows, notes = _against(lake, name, x, there, parameters)
    else:
        answer = query(lake, name, **parameters)
        rows, notes = [{**row, "about": row["run"]} for row in answer], answer.notes
    labels = {run.run: run.labels for run in there}
    if pool := parameters.get("pool"):
        labels = _of_pools(lake, name, dict.fromkeys((x, *([colour] if colour else _ALWAYS))), there, parameters)
        labels = {run: of for run, of in labels.items() if str(pool) not in of}
    about = list(dict.fromkeys(row["about"] for row in rows))
    places = {run: labels[run][x] for run in about if x in labels[run]}
    known = {key: None for run in about for key in labels[run]}
    if not places:
        raise UsageError(f"{name}: {_no_label(x, about, known)}")
    colours = _colours([labels[run] for run in places], x, colour)
    groups = {run: ", ".join(of.get(key, f"{WITHOUT}{key}") for key in colours) for run, of in labels.items()}
    every_group = tuple(sorted({*groups.values()}, key=natural))
    lacking = tuple(run for run in about if run not in places)
    return Labelled(
        [row for row in rows if row["about"] in places],
        x,
        places,
        colours,
        {run: groups[run] for run in places},
        every_group,
        notes,
        lacking,
        bool(parameters.get("by")),
    )


def _against(
    lake: Tables, name: str, x: str, there: Sequence[Known], parameters: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Ask about A and each other run of its dataset that passes the filters and has the label."""
    with dropped.said(lake):
        others = _others(name, x, there, parameters)
    rest = {key: value for key, value in parameters.items() if key not in {*_CHOOSING, "b"}}
    rows: list[dict[str, Any]] = []
    notes: dict[str, list[str]] = {}
    said: list[str] = []
    if lacking := [run.run for run in others if x not in run.labels]:
        said.append(f"left out, because they have no label {x}: {listed(lacking)}")
    for run in (run.run for run in others if x in run.labels):
        try:
            answer = query(lake, name, **dict[str, Any]({**rest, "b": run}))
        except (UsageError, NotFound):
            raise
        except SamplesError as error:
            said.append(f"left out: {error}")
            continue
        rows += [{**row, "about": run} for row in answer]
        for note in answer.notes:
            notes.setdefault(note, []).append(run)
    if not rows:
        raise SamplesError(f"{name}: nothing to draw: {'; '.join(said) or 'the answers have no rows'}")
    asked = len({row["about"] for row in rows})
    said += [note if len(runs) == asked else f"{listed(runs)}: {note}" for note, runs in notes.items()]
    return rows, tuple(said)


def _others(name: str, x: str, there: Sequence[Known], parameters: Mapping[str, Any]) -> list[Known]:
    """Return the runs that A is compared with, if they have the label.

    Raises:
        UsageError: The parameters do not go together, or none of the runs has the label, or too many have.
        NotFound: There is no such run.
    """
    if parameters.get("b"):
        raise UsageError(f"{name}: with --x, the runs that A is compared with are chosen with --runs, not --b")
    if parameters.get("pool") or parameters.get("by"):
        raise UsageError(f"{name}: --x cannot be given with --pool or --by; leave one out")
    if not parameters.get("a"):
        raise UsageError(f"query {name} needs the parameter a")
    base = filters.find(there, parameters["a"])
    chosen = filters.read(**{key: parameters[key] for key in _CHOOSING if parameters.get(key)})
    others = [run for run in filters.chosen(there, chosen) if run.dataset == base.dataset and run.run != base.run]
    with_label = [run for run in others if x in run.labels]
    if not with_label:
        known = dict.fromkeys(key for run in there for key in run.labels)
        raise UsageError(f"{name}: {_no_label(x, [run.run for run in others], known)}")
    if len(with_label) > _MOST:
        raise UsageError(f"{name}: {len(with_label):,} runs have the label {x}; choose at most {_MOST} with --runs")
    return others


def _of_pools(
    lake: Tables, name: str, keys: Mapping[str, None], there: Sequence[Known], parameters: Mapping[str, Any]
) -> dict[str, dict[str, str]]:
    """Return the labels of pools of runs, by asking for the answer in the order of each label."""
    if parameters.get("by"):
        raise UsageError(f"{name}: --x cannot be given with --pool and --by together; leave one out")
    found: dict[str, dict[str, str]] = {}
    for key in keys:
        if not any(key in run.labels for run in there) or TAKES["by"] not in samples_queries.header(name).takes:
            continue
        asked: dict[str, Any] = {**parameters, "by": f"label:{key}"}
        answer = query(lake, name, **asked)
        for row in answer:
            of = found.setdefault(row["run"], {})
            if (value := row[answer.columns[0]]) is not None:
                of[key] = value
    return found


def _colours(labels: Sequence[Mapping[str, str]], x: str, colour: str | None) -> tuple[str, ...]:
    """Return the labels whose values have a colour each: the chosen one, or those of _ALWAYS that differ.

    Nobody chose those, so they are left out where each of their values stands at one place: no line would be drawn.
    """
    if colour is None:
        always = [key for key in _ALWAYS if key != x]
        keys = tuple(key for key in always if len({of[key] for of in labels if key in of}) > 1)
        groups: dict[tuple[str | None, ...], set[str]] = {}
        for of in labels:
            groups.setdefault(tuple(of.get(key) for key in keys), set()).add(of[x])
        return keys if any(len(places) > 1 for places in groups.values()) else ()
    there = {key: None for of in labels for key in of}
    if colour not in there:
        raise UsageError(
            f'none of these runs has the label "{colour}"{meant(colour, list(there))}; labels are {listed(there)}'
        )
    return (colour,)


def _no_label(x: str, runs: Sequence[str], there: Mapping[str, None]) -> str:
    named = runs[0] if len(runs) == 1 else "RUN"
    return (
        f'none of these runs has the label "{x}"{meant(x, list(there))}; labels are {listed(sorted(there))}; '
        f"samples label {named} {quote(x)}=VALUE adds it"
    )

"""Which scorers a lake has, and which of them a question means.

A scorer is named by its own name. A run whose raw log-probs are stored is a scorer of its own samples, under its own
name. Where a scorer and a run have one name, it means both: the scores, and the log-probs that the run stored.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from shlex import quote
from typing import Any, NamedTuple

import duckdb

from samples.errors import NotFound, UsageError, meant
from samples.lake.files import Selection
from samples.query.filters import Known, listed
from samples.query.views import Views


class Scorer(NamedTuple):
    """What a name of a scorer means.

    `scorer_id` is None where only a run has the name, and `run_id` where only a scorer has it. `parity` has the columns
    of the view `scorers` that the parity check filled.
    """

    name: str
    model: str
    scorer_id: str | None = None
    run_id: str | None = None
    run_model: str | None = None
    dtype: str | None = None
    parity: tuple[int, float | None, float | None] = (0, None, None)

    def command(self, runs: Sequence[str]) -> str:
        """Return the command that scores samples of these runs."""
        return score(self.model, runs, self.name)


def score(model: str, runs: Sequence[str], name: str) -> str:
    """Return the command that scores samples of runs with a model, under a name."""
    named = " ".join(f"--run {quote(run)}" for run in runs)
    return f"samples score --model {quote(model)} {named} --name {quote(name)}"


def scorers(connection: duckdb.DuckDBPyConnection) -> list[Scorer]:
    """Return the scorers of the views `scorers` and `runs`: those with scores first, each in the order of names."""
    own = {run: (run_id, model) for run, run_id, model in connection.execute(_OWN).fetchall()}
    found: dict[str, Scorer] = {}
    for name, scorer_id, model, scored_by, *parity in connection.execute(_SCORERS).fetchall():
        run_id, run_model = own.get(name, (None, None))
        found[name] = Scorer(name, model, scorer_id, run_id, run_model, _dtype(scored_by), tuple(parity))
    return [
        *found.values(),
        *(Scorer(run, model, None, run_id, model) for run, (run_id, model) in own.items() if run not in found),
    ]


class ScorerChoice:
    """Choose scorers by name. The views are read when the first one is chosen.

    `chosen` are those chosen so far, and `there` all runs.
    """

    def __init__(self, views: Views, there: Sequence[Known]) -> None:
        self.chosen: list[Scorer] = []
        self._views = views
        self._there = there
        self._known: list[Scorer] | None = None

    def __call__(self, name: str) -> str:
        """Return the whole name of a scorer; see `find_scorer`."""
        if self._known is None:
            self._views.create(["runs", "scorers"])
            self._known = scorers(self._views.connection)
        found = find_scorer(self._known, name, [run.run for run in self._there])
        self.chosen.append(found)
        return found.name

    def kept(self, others: Selection) -> Selection:
        """Return a selection that holds the scores of the chosen scorers alone; of all, if none was chosen."""
        ids = frozenset(one.scorer_id for one in self.chosen if one.scorer_id)
        return replace(others, scorers=ids) if self.chosen else others

    @property
    def runs(self) -> list[Known]:
        """The chosen scorers' own runs."""
        return [run for one in self.chosen for run in self._there if run.run_id == one.run_id]


_SCORERS = """
SELECT scorer, scorer_id, model, scored_by, parity_samples, parity_mean, parity_kl FROM scorers ORDER BY scorer
"""
_OWN = """
SELECT run, run_id, model
FROM runs
WHERE coalesce(json_extract_string(specification, '/sampling/logprobs_mode'), 'raw_logprobs') = 'raw_logprobs'
ORDER BY run
"""


def _dtype(scored_by: str | None) -> str | None:
    about: Any = json.loads(scored_by or "{}")
    return about.get("dtype") if isinstance(about, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def find_scorer(there: Sequence[Scorer], name: str, runs: Sequence[str] = ()) -> Scorer:
    """Return the scorer of this name, or of this unambiguous prefix of an id.

    `runs` are all runs: the error says of one in another log-prob mode why it is no scorer.

    Raises:
        NotFound: None fits, or several do.
        UsageError: `name` is no text.
    """
    if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # from Python, anything may come
        raise UsageError(f"scorer {name!r}: a name is expected")
    found = [one for one in there if one.name == name] or [
        one for one in there if name and any(given and given.startswith(name) for given in (one.scorer_id, one.run_id))
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFound(f'scorer "{name}" is ambiguous: {listed(one.name for one in found)}')
    if name in runs:
        raise NotFound(
            f"run {name} does not score its own samples: its log-probs are processed, so they are of what it was drawn "
            f"from and not of its model; score it: samples score --model MODEL --run {quote(name)} --name NAME"
        )
    scoring, own = [one.name for one in there if one.scorer_id], [one.name for one in there if not one.scorer_id]
    raise NotFound(
        f'no scorer "{name}"{meant(name, [*scoring, *own])}; scorers there: {listed(scoring)}; runs that score their '
        f"own samples: {listed(own)}; add a scorer: {score('MODEL', ['RUN'], name)}"
    )

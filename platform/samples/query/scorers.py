"""Which scorers a lake has, and which of them a question means.

A scorer is named by its own name. A run whose raw log-probs are stored is a scorer of its own samples, under its own
name. Where a scorer and a run have one name, it means both: the scores, and the log-probs that the run stored.
"""

from collections.abc import Sequence
from dataclasses import replace
from shlex import quote
from typing import NamedTuple

import duckdb

from samples.errors import LakeError, NotFound, UsageError, meant
from samples.lake.files import Selection
from samples.query.filters import Known, listed, several_ids
from samples.query.views import Views
from samples.runs.settings import UNKNOWN_MODEL

_OTHER_ENGINES = {"transformers", "toy"}  # than the one that scores where none is named


class Parity(NamedTuple):
    """What scoring samples again that the scorer's model drew itself showed; numbers are None if all of them failed."""

    mean: float | None
    kl: float | None
    within: bool


class Scorer(NamedTuple):
    """What a name of a scorer means.

    `scorer_id` is None where only a run has the name, and `run_id` where only a scorer has it. `run_model` is the
    model of the run. `parity` is the last parity check, None where there was none.
    """

    name: str
    model: str
    engine: str
    scorer_id: str | None = None
    run_id: str | None = None
    run_model: str | None = None
    parity: Parity | None = None

    def command(self, runs: Sequence[str]) -> str:
        """Return the command that scores samples of these runs, and what to fill in where the model is not known."""
        named = " ".join(f"--run {quote(run)}" for run in runs)
        engine = f" --engine {self.engine}" if self.engine in _OTHER_ENGINES else ""
        if self.model == UNKNOWN_MODEL:
            filled = f"(MODEL is the model of {self.name}, which the lake does not know)"
            return f"samples score --model MODEL {named} --name {quote(self.name)} {filled}"
        return f"samples score --model {quote(self.model)}{engine} {named} --name {quote(self.name)}"


def scorers(connection: duckdb.DuckDBPyConnection) -> list[Scorer]:
    """Return the scorers of the views `scorers` and `runs`: those with scores first, each in the order of names.

    Raises:
        LakeError: Two scorers have one name.
    """
    rows = connection.execute(_SCORERS).fetchall()
    for name, ids in several_ids((row[0], row[1]) for row in rows):
        raise LakeError(
            f'table scorers of the lake has {len(ids)} scorers named "{name}" ({listed(ids)}), which would count as '
            "one: restore the table to an earlier version"
        )
    own = {run: about for run, *about in connection.execute(_OWN).fetchall()}
    found: dict[str, Scorer] = {}
    for name, scorer_id, model, engine, weights, samples, mean, kl, within in rows:
        run_id, _, _, run_weights = own.get(name, (None,) * 4)
        other = run_weights if run_weights not in {None, weights} else None
        parity = Parity(mean, kl, bool(within)) if samples else None
        found[name] = Scorer(name, model, engine, scorer_id, run_id, other, parity)
    return [
        *found.values(),
        *(
            Scorer(run, model, engine, None, run_id)
            for run, (run_id, model, engine, _) in own.items()
            if run not in found
        ),
    ]


# Whether a check held is recorded with it. These bounds are for checks that do not say.
_SCORERS = """
WITH checks AS (
    SELECT
        scorer_id,
        arg_max(json_extract_string(scored_by, '/parity/within') = 'true', number) FILTER (parity_samples > 0) AS within
    FROM lake.scorers
    GROUP BY scorer_id
)
SELECT
    scorer, scorer_id, model, engine, coalesce(json_extract_string(specification, '/model'), model), parity_samples,
    parity_mean, parity_kl, coalesce(within, parity_mean <= .06 AND parity_kl <= .005)
FROM scorers JOIN checks USING (scorer_id)
ORDER BY scorer
"""
_OWN = """
SELECT run, run_id, model, engine, coalesce(json_extract_string(specification, '/model'), model)
FROM runs
WHERE coalesce(json_extract_string(specification, '/sampling/logprobs_mode'), 'raw_logprobs') = 'raw_logprobs'
ORDER BY run
"""


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
        f"own samples: {listed(own)}; add a "
        f"scorer: samples score --model MODEL --run RUN --name {quote(name)}"
    )


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

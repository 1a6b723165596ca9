"""What the stored log-probs of a run are log-probs of, by its settings. No query.

A mean of log-probs over samples is an entropy or a divergence of the distribution that they were drawn from alone:

- model: the samples were drawn from the model itself, at temperature 1 without truncation or penalties. Raw and
  processed log-probs are the same then.
- sampling: the log-probs are processed, so they are of the distribution that the samples were drawn from, which is not
  the model's.
- neither: the samples were drawn otherwise than from the model, and the log-probs are the model's. Greedy samples are
  drawn from one text.
- unknown: the settings are not recorded, as for imported samples.
"""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import duckdb

MODEL, SAMPLING, NEITHER, UNKNOWN = "model", "sampling", "neither", "unknown"

# The values with which a setting leaves the model's distribution as it is; the first one holds where none is recorded.
_PLAIN: dict[str, tuple[float, ...]] = {
    "temperature": (1.0,),
    "top_p": (1.0,),
    "top_k": (0, -1),
    "min_p": (0.0,),
    "presence_penalty": (0.0,),
    "frequency_penalty": (0.0,),
    "repetition_penalty": (1.0,),
    "min_tokens": (0,),
}
_TRUNCATING = {"top_p", "top_k", "min_p", "min_tokens"}
_RAW, _PROCESSED = "raw_logprobs", "processed_logprobs"


class Drawn(NamedTuple):
    """What log-probs of a run are of, whether some tokens could not be drawn, and the settings that say so, as text."""

    of: str
    truncated: bool
    said: str

    @property
    def is_density(self) -> bool:
        """Whether the samples were drawn from the distribution that their log-probs are of."""
        return self.of in {MODEL, SAMPLING}


def drawn_from(connection: duckdb.DuckDBPyConnection, runs: Sequence[str]) -> dict[str, Drawn]:
    """Return for each run what its stored log-probs are of. The connection has the view `runs`."""
    rows = connection.execute(
        "SELECT run, engine, specification FROM runs WHERE list_contains($runs, run)", {"runs": list(runs)}
    )
    return {run: _drawn(engine, json.loads(specification)) for run, engine, specification in rows.fetchall()}


def _drawn(engine: str, specification: dict[str, Any]) -> Drawn:
    sampling: dict[str, Any] = specification.get("sampling") or {}
    mode = sampling.get("logprobs_mode") or _RAW
    values = {name: sampling.get(name) for name in _PLAIN}
    changed = {name: value for name, value in values.items() if value is not None and value not in _PLAIN[name]}
    said = ", ".join(f"{name} {value:g}" for name, value in changed.items())
    truncated = bool(_TRUNCATING & changed.keys())
    if engine == "imported" or mode not in {_RAW, _PROCESSED}:
        return Drawn(UNKNOWN, truncated, said)
    if not changed:
        return Drawn(MODEL, truncated, said)
    greedy = values["temperature"] == 0
    return Drawn(SAMPLING if mode == _PROCESSED and not greedy else NEITHER, truncated, said)


def notes(what: str, drawn: dict[str, Drawn]) -> list[str]:
    """Say of which runs a figure is not that of the model, and what it is then. `what` names the figure."""
    found: list[str] = []
    for run, one in drawn.items():
        if one.of == SAMPLING:
            found.append(
                f"{run} was drawn with {one.said}, and its log-probs are processed: {what} is that of the distribution "
                "that it was drawn from, not of its model"
            )
        elif one.of == NEITHER:
            found.append(
                f"{run} was drawn with {one.said}, and its log-probs are those of its model: the mean over its samples "
                f"is no {what}; a run at temperature 1 without top_p, top_k, min_p and penalties has one"
            )
        elif one.of == UNKNOWN:
            found.append(f"it is not recorded how {run} was drawn: the mean over its samples may be no {what}")
    return found

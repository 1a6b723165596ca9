"""Runs and scorers of one name are of the same weights: questions take a name for one model."""

import json
from collections.abc import Mapping
from typing import Any

import pyarrow.compute as pc

from samples.errors import UsageError
from samples.lake.tables import Tables
from samples_schemas import SCORERS

_NOT_WEIGHTS = ("head_dtype", "trust_remote_code")  # engine arguments that change rounding, or nothing


def weights(specification: Mapping[str, Any]) -> list[Any]:
    """Return what of a run's or scorer's specification says which weights compute, and in what way."""
    arguments = specification.get("engine_args") or {}
    decide = {name: value for name, value in arguments.items() if name not in _NOT_WEIGHTS}
    return [*(specification.get(name) for name in ("model", "revision", "adapter")), decide]


def require_no_other_scorer(lake: Tables, name: str, specification: Mapping[str, Any]) -> None:
    """Check that the name of a new run is not that of another model's scorer.

    Raises:
        UsageError: It is.
    """
    for row in lake.read(SCORERS.name).filter(pc.field("name") == name).to_pylist():
        scorer = json.loads(row["specification"])
        if weights(scorer) != weights(specification):
            raise UsageError(
                f'name "{name}" is the name of scorer {row["scorer_id"]} of {scorer["model"]}, and a run of this name '
                "would be taken for that model: choose another --name"
            )

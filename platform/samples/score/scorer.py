"""A scorer: a model, and what it is shown of a sample. Scorers are recorded like runs.

A scorer's id is the hash of its specification: the weights, the engine and its dtype, which tokens it scores, and which
prompt it is shown. Log-probs are always raw: before temperature and truncation.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from samples.errors import UsageError
from samples.lake.tables import Tables
from samples.runs.run import differences, every
from samples.runs.settings import digest
from samples.runs.setups import NOT_KNOWN
from samples.runs.weights import weights
from samples_schemas import SCORERS


@dataclass(frozen=True)
class Scorer:
    """One way of scoring. `model` is the form that the engine takes: a hub's name, or a folder."""

    name: str
    engine: str
    model: str
    specification: dict[str, Any]
    labels: dict[str, str] = field(default_factory=dict[str, str])
    versions: dict[str, str] = field(default_factory=dict[str, str], compare=False)

    @property
    def scorer_id(self) -> str:
        """The letter s and 16 hex digits: the hash of the specification."""
        return "s" + digest(json.dumps(self.specification, sort_keys=True, ensure_ascii=True))

    @property
    def default_name(self) -> str:
        """The name of a scorer that nobody named."""
        adapter = self.specification.get("adapter")
        model = self.specification["model"] + (f"+{adapter['name']}" if adapter else "")
        return f"{model.rsplit('/', 1)[-1]}-{self.scorer_id[1:7]}"

    def same_weights(self, specification: Mapping[str, Any]) -> bool:
        """Return whether a run of this specification was drawn with the scorer's weights, in any dtype or engine."""
        return weights(self.specification) == weights(specification)


def register(lake: Tables, scorer: Scorer) -> Scorer:
    """Record a scorer unless the lake has it. Return it as recorded, with its first name and labels.

    Raises:
        UsageError: The name belongs to another scorer, or to a run of another model; or the scorer has another name.
    """
    found = scorer

    def choose() -> list[tuple[pa.Table, Mapping[str, str]]]:
        nonlocal found
        before = recorded(lake, scorer)
        found = before or scorer
        return [] if before else [(_rows(lake, scorer, [NOT_KNOWN]), {})]

    lake.append(SCORERS.name, "scorers", choose)
    return found


def recorded(lake: Tables, scorer: Scorer) -> Scorer | None:
    """Return a scorer as the lake has it; None if it is new.

    Raises:
        UsageError: As `register`.
    """
    for known in every_scorer(lake):
        if known.scorer_id == scorer.scorer_id:
            if scorer.name not in {known.name, scorer.default_name}:
                raise UsageError(
                    f'--name "{scorer.name}": these settings are scorer {known.name} ({known.scorer_id}) already, and '
                    f"a scorer has one name: repeat the command with --name {known.name}"
                )
            return known
        if known.name == scorer.name:
            raise UsageError(
                f'name "{scorer.name}" is already scorer {known.scorer_id}, which differs in '
                f"{differences(known.specification, scorer.specification)}; choose another --name"
            )
    for run in every(lake):
        if run.name == scorer.name and not scorer.same_weights(run.specification):
            raise UsageError(
                f'name "{scorer.name}" is the name of a run of {run.model_name}, and a scorer of this name would be '
                "taken for that model: choose another --name"
            )
    return None


def note(lake: Tables, scorer: Scorer, scored_by: Iterable[str]) -> None:
    """Record what scores (JSON texts: device, versions, parity) in rows of their own, unless a row says the same."""

    def choose() -> list[tuple[pa.Table, Mapping[str, str]]]:
        rows = lake.read(SCORERS.name).filter(pc.field("scorer_id") == scorer.scorer_id)
        new = sorted(set(scored_by) - {NOT_KNOWN} - set(rows["scored_by"].to_pylist()))
        return [(_rows(lake, scorer, new), {})]

    lake.append(SCORERS.name, "scorers", choose)


def every_scorer(lake: Tables) -> list[Scorer]:
    """Return all scorers of a lake, the oldest first."""
    found: dict[str, Scorer] = {}
    for row in lake.read(SCORERS.name).sort_by("number").to_pylist():
        found.setdefault(
            row["scorer_id"],
            Scorer(
                name=row["name"],
                engine=row["engine"],
                model=row["model"],
                specification=json.loads(row["specification"]),
                labels=dict(row["labels"]),
                versions=dict(row["versions"]),
            ),
        )
    return list(found.values())


def _rows(lake: Tables, scorer: Scorer, scored_by: Iterable[str]) -> pa.Table:
    last = pc.call_function("max", [lake.read(SCORERS.name)["number"]]).as_py() or 0
    rows = [_row(scorer, text, last + number) for number, text in enumerate(scored_by, 1)]
    return pa.Table.from_pylist(rows, schema=SCORERS.schema)


def _row(scorer: Scorer, scored_by: str, number: int) -> dict[str, Any]:
    about = json.loads(scored_by)
    parity = about.get("parity") or {}
    return {
        "scorer_id": scorer.scorer_id,
        "number": number,
        "name": scorer.name,
        "model": scorer.model,
        "engine": scorer.engine,
        "specification": json.dumps(scorer.specification, sort_keys=True, ensure_ascii=False),
        "labels": list(scorer.labels.items()),
        "versions": list({"samples": version("samples"), **(about.get("versions") or scorer.versions)}.items()),
        "scored_by": scored_by,
        "parity_run": parity.get("run"),
        "parity_samples": parity.get("samples", 0),
        "parity_tokens": parity.get("tokens", 0),
        "parity_mean": parity.get("mean"),
        "parity_worst": parity.get("worst"),
        "parity_kl": parity.get("kl"),
        "created_at": datetime.now(UTC),
    }

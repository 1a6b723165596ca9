"""The first page: the runs of the lake. One is opened, or two are put side by side."""

from typing import Any

from starlette.responses import Response

from samples.browse.address import Address
from samples.browse.desk import Desk
from samples.query.overview import runs as overview

_OWN = {"run", "model", "dataset", "problems", "samples", "wanted", "errors", "accuracy", "age", "run_id", "labels"}


def page(desk: Desk, address: Address) -> Response:
    """List the runs with their settings that differ."""
    rows = desk.reading.once("overview", lambda: overview(desk.reading.lake).dicts())
    datasets = sorted({row["dataset"] for row in rows})
    wanted, label = address.one("dataset"), address.one("label")
    kept = [row for row in rows if wanted in {"", row["dataset"]} and _labelled(row["labels"], label)]
    judges = sorted({name for row in kept for name in row["accuracy"]}, key=lambda name: (-_best(kept, name), name))
    settings = [name for name in (rows[0] if rows else {}) if name not in _OWN]
    return desk.render(
        "runs",
        address,
        rows=kept,
        there=len(rows),
        datasets=datasets,
        settings=settings,
        wanted=wanted,
        label=label,
        judges=judges,
    )


def _best(rows: list[dict[str, Any]], verifier: str) -> float:
    """Return the highest accuracy that a verifier gives: links lead to verdicts that tell samples apart."""
    return max((row["accuracy"].get(verifier) or 0.0 for row in rows), default=0.0)


def _labelled(labels: dict[str, str], wanted: str) -> bool:
    key, separator, value = wanted.partition("=")
    return not wanted or (key in labels and (not separator or labels[key] == value))

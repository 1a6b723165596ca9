"""Record what drew the samples of a run, beside what the run states: hardware, settled settings and versions.

Each segment has it in its footer, as JSON. Table `setups` has each combination of a run once, so that a question can
tell whether a run mixes several without opening its segments.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pyarrow as pa

from samples.lake.tables import Tables
from samples.runs.run import Run
from samples_schemas import SETUPS

NOT_KNOWN = "{}"
_COLUMNS = ("device", "dtype", "model_runner")


def add_setups(lake: Tables, run: Run, drawn_by: Iterable[str]) -> None:
    """Add the setups of a run, given as JSON, that the lake does not have yet.

    Raises:
        LakeError: The lake cannot be read or written.
    """
    given = sorted(set(drawn_by) - {NOT_KNOWN})
    if given:
        lake.append(SETUPS.name, run.run_id, lambda: _new(lake, run, given))


def setup_facts(drawn_by: str) -> dict[str, str]:
    """Return the known facts of a setup as texts, versions among them by the names of their packages.

    A text that is no JSON object has no facts: another program wrote it.
    """
    facts = _read(drawn_by)
    versions = facts.pop("versions", None)
    both = {**facts, **(cast("dict[str, Any]", versions) if isinstance(versions, dict) else {})}
    return {name: _text(value) for name, value in both.items() if value not in (None, "", [], {})}


def setups_differ(facts: Sequence[Mapping[str, str]]) -> dict[str, list[str]]:
    """Return the facts in which setups differ, each with its values in order. A setup may not know a fact."""
    names = dict.fromkeys(name for one in facts for name in one)
    values = {name: list(dict.fromkeys(one[name] for one in facts if name in one)) for name in names}
    return {name: found for name, found in values.items() if found[1:]}


def _new(lake: Tables, run: Run, given: Sequence[str]) -> list[tuple[pa.Table, Mapping[str, str]]]:
    partition = {"run_id": run.run_id}
    there = set(lake.read(SETUPS.name, ["drawn_by"], **partition)["drawn_by"].to_pylist())
    rows = [
        {"drawn_by": text, "created_at": datetime.now(UTC), **{name: setup_facts(text).get(name) for name in _COLUMNS}}
        for text in given
        if text not in there
    ]
    return [(pa.Table.from_pylist(rows, schema=SETUPS.file_schema), partition)]


def _read(drawn_by: str) -> dict[str, Any]:
    try:
        found = json.loads(drawn_by)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _text(value: object) -> str:
    parts = cast("list[object]", value) if isinstance(value, list) else [value]
    return " ".join(" + ".join(map(str, parts)).split())

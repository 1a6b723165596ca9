"""Label runs after the fact: family, role, algorithm, step, and whatever else distinguishes runs.

Labels are appended. The run's own row and its specification never change. Readers of an older version of the lake see
the labels of that version.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from samples.errors import UsageError
from samples.lake.tables import Tables
from samples.runs.run import Run, find
from samples_schemas import RUN_LABELS


def add_labels(lake: Tables, run: Run, given: Mapping[str, str]) -> None:
    """Set the labels that a command gives a recorded run beside those of the command that began it.

    Those of the first command are not set again: somebody may have changed or removed them since.
    """
    if new := {key: value for key, value in given.items() if run.labels.get(key) != value}:
        label(lake, run.run_id, new)


def label(lake: Tables, run: str, labels: Mapping[str, str | float]) -> dict[str, str]:
    """Set labels of a run, remove those with an empty value, and return all labels of the run.

    `run` is a name, or an unambiguous prefix of an id. Numbers are stored as text. A label that the run already has is
    not written again. If two processes label a run at once, both labels are kept; for the same key the later one wins.

    Raises:
        UsageError: A key is empty or contains `=`.
        NotFound: There is no such run.
        LakeError: The lake cannot be written.
    """
    for key in labels:
        if not isinstance(key, str) or not key or "=" in key:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise UsageError(f'label "{key}": a key is expected, a text without =')
    wanted = {key: str(value) for key, value in labels.items()}
    recorded = find(lake, run)
    current: dict[str, str] = {}

    def choose() -> list[tuple[pa.Table, Mapping[str, str]]]:
        nonlocal current
        rows = lake.read(RUN_LABELS.name)
        ours = rows.filter(pc.field("run_id") == recorded.run_id).sort_by("number").to_pylist()
        before = recorded.labels | {row["key"]: row["value"] for row in ours}
        changes = {key: value for key, value in wanted.items() if before.get(key, "") != value}
        current = {key: value for key, value in (before | changes).items() if value}
        number = (pc.call_function("max", [rows["number"]]).as_py() or 0) + 1
        about = {"run_id": recorded.run_id, "number": number, "created_at": datetime.now(UTC)}
        added = [{**about, "key": key, "value": value} for key, value in changes.items()]
        return [(pa.Table.from_pylist(added, schema=RUN_LABELS.schema), {})]

    lake.append(RUN_LABELS.name, "labels", choose)
    return dict(sorted(current.items()))

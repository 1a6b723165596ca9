"""Label runs after the fact: family, role, algorithm, step, and what else tells runs apart.

Appended; the run's own row, and the specification its id is the hash of, never change. Readers of an older version of
the lake go on seeing the labels of then.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from samples.errors import UsageError
from samples.lake.tables import Tables
from samples.runs.run import find
from samples_schemas import RUN_LABELS


def label(lake: Tables, run: str, labels: Mapping[str, str | float]) -> dict[str, str]:
    """Set labels of a run, remove those whose value is empty, and return all that it has then.

    `run` is a name, or an unambiguous prefix of an id. Numbers are kept as text. What is so already is not written
    again; of two that label at once, both are kept, and of one key the later.

    Raises:
        UsageError: A key is empty or holds `=`.
        NotFound: There is no such run.
        LakeError: The lake cannot be written.
    """
    for key in labels:
        if not key or "=" in key:
            raise UsageError(f'label "{key}": a key is expected, without =')
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

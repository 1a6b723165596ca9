"""Write the segment of one unit, and make the receipt that the driver gets for it.

A segment is one Parquet file of completions, complete or absent. Its footer holds the unit's rows of table `samples`,
the facts. If a driver dies before it commits a segment, the next driver can therefore commit it. A receipt is what the
driver needs to commit the unit: the file's path, and the same facts. Tokens never leave the replica.
"""

import base64
import json
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from samples.engines import Completion
from samples.ingest.plan import Unit
from samples.lake import checksums, parquet
from samples.lake.parquet import File, storable_text
from samples.lake.tables import Tables, folder
from samples.runs.run import Run
from samples.runs.settings import digest
from samples.runs.setups import NOT_KNOWN
from samples_schemas import COMPLETIONS, SAMPLES

_FACTS = b"samples.facts"
_DRAWN_BY = b"samples.drawn_by"
_NAME = re.compile(
    r"unit-(?P<problem>[0-9a-f]{16})-(?P<start>\d+)-(?P<stop>\d+)-(?P<attempt>[0-9a-f]{16})(?:\.[0-9a-f]{16})?\.parquet$"
)


@dataclass(frozen=True)
class Receipt:
    """One complete segment.

    `facts` holds rows of table `samples`; `nonfinite` counts NaN and infinite log-probs; `drawn_by` is JSON: what drew
    it, {} if that is not known.
    """

    unit: Unit
    file: File
    facts: pa.Table
    nonfinite: int
    drawn_by: str = NOT_KNOWN


def write(
    lake: Tables,
    run: Run,
    unit: Unit,
    seeds: Sequence[int],
    completions: Sequence[Completion],
    drawn_by: Mapping[str, Any] | None = None,
) -> Receipt:
    """Write one unit's completions, in the order of its indices, as one segment.

    `drawn_by` is kept in the footer, as JSON under the key samples.drawn_by.

    Raises:
        LakeError: The segment could not be written. Readers see nothing of it.
    """
    count = unit.stop - unit.start
    assert len(seeds) == len(completions) == count, f"{unit}: {len(completions)} completions for {count} indices"
    attempt = secrets.token_hex(8)
    key = {
        "problem_id": pa.array([unit.problem_id] * count),
        "sample_index": pa.array(np.arange(unit.start, unit.stop, dtype=np.int32)),
        "attempt": pa.array([attempt] * count),
    }
    facts = (
        pa.table(
            {
                **key,
                "tokens": pa.array([len(c.token_ids) for c in completions], pa.int32()),
                "cumulative_logprob": pa.array(
                    [float(np.sum(c.token_logprobs, dtype=np.float64)) for c in completions], pa.float64()
                ),
                "finish_reason": pa.array([c.finish_reason for c in completions], pa.string()),
                "stop_reason": pa.array([storable_text(c.stop_reason) for c in completions], pa.string()),
                "seed": pa.array(seeds, pa.int64()),
                "error": pa.array([storable_text(c.error) for c in completions], pa.string()),
            }
        )
        .select(SAMPLES.file_schema.names)
        .cast(SAMPLES.file_schema)
    )
    payload = pa.table(
        {
            **key,
            "text": pa.array([storable_text(c.text) for c in completions], pa.string()),
            "token_ids": _lists([c.token_ids for c in completions], np.dtype(np.int32)),
            "token_logprobs": _lists([c.token_logprobs for c in completions], np.dtype(np.float32)),
        }
    )
    said = json.dumps(drawn_by, sort_keys=True) if drawn_by else NOT_KNOWN
    footer = {_FACTS: base64.b64encode(_ipc(facts)), _DRAWN_BY: said.encode()}
    stem = f"unit-{digest(unit.problem_id)}-{unit.start}-{unit.stop}-{attempt}"
    file = lake.put_as(COMPLETIONS.name, stem, payload, run.partition, footer)
    nonfinite = sum(int(np.count_nonzero(~np.isfinite(c.token_logprobs))) for c in completions)
    return Receipt(unit, file, facts, nonfinite, said)


def found(lake: Tables, run: Run) -> Iterator[tuple[str, int, str, int, int]]:
    """Yield (path, size, digest of the problem id, start, stop) of every segment of a run, committed or not."""
    prefix = f"{COMPLETIONS.name}/{folder(COMPLETIONS, run.partition)}"
    for path, size in lake.place.list(prefix):
        if name := _NAME.search(path):
            yield (
                path.removeprefix(f"{COMPLETIONS.name}/"),
                size,
                name["problem"],
                int(name["start"]),
                int(name["stop"]),
            )


def attempt_of(path: str) -> str:
    """Return the attempt that a segment holds; its path says it."""
    name = _NAME.search(path)
    assert name, f"{path} is no segment"
    return name["attempt"]


def reopen(lake: Tables, path: str, size: int) -> Receipt | None:
    """Read a segment's receipt back from its footer, and its log-probs to count the non-finite ones.

    None if the segment is not complete: a machine that loses its power may leave a part of one.
    """
    data = lake.place.get(f"{COMPLETIONS.name}/{path}")
    try:
        checksums.compare(path, data or b"", 0, size)
        file = pq.ParquetFile(pa.BufferReader(data))
        footer = file.metadata.metadata
        packed = pa.BufferReader(base64.b64decode(footer[_FACTS]))
        drawn_by = footer.get(_DRAWN_BY, NOT_KNOWN.encode()).decode()
        facts = pa.ipc.open_stream(pa.CompressedInputStream(packed, "zstd")).read_all()
        logprobs = file.read(["token_logprobs"])["token_logprobs"]
    except (pa.ArrowException, OSError, TypeError, LookupError, ValueError):
        return None
    values = logprobs.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    index = facts["sample_index"]
    unit = Unit(facts["problem_id"][0].as_py(), index[0].as_py(), index[-1].as_py() + 1)
    nonfinite = int(np.count_nonzero(~np.isfinite(values)))
    file = File(path, size, facts.num_rows, parquet.stats(facts))
    return Receipt(unit, file, facts, nonfinite, drawn_by)


def _lists(arrays: Sequence[np.ndarray], kind: np.dtype) -> pa.ListArray:
    offsets = np.zeros(len(arrays) + 1, np.int32)
    np.cumsum([len(array) for array in arrays], out=offsets[1:])
    values = np.concatenate(arrays).astype(kind, copy=False) if arrays else np.empty(0, kind)
    return pa.ListArray.from_arrays(offsets, pa.array(values))


def _ipc(table: pa.Table) -> bytes:
    # Compressed as a whole, because the schema and the padding of many short columns are larger than their content.
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as packed, pa.ipc.new_stream(packed, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()

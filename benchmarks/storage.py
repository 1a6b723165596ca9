"""Bytes per token on disk, against JSON lines and default Parquet. Goal: token ids 1.1, log-probs 3.4.

Real text (licences and documentation of the installed packages) through the demo model's tokenizer; log-probs of the
demo model itself on a part of it, repeated in random order with noise in the mantissa, as float32 from a GPU has.
"""

import argparse
import io
import json
import sysconfig
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from samples import engines, parquet
from samples.engines.transformers import load
from samples_schemas import COMPLETIONS


def tokens_of(model: str, wanted: int) -> np.ndarray:
    """Token ids of real text, at least `wanted` of them when the packages hold as many."""
    tokenizer = engines.tokenizer("transformers", model)
    found: list[int] = []
    for file in sorted(Path(sysconfig.get_paths()["purelib"]).rglob("*")):
        if file.suffix in {".md", ".rst", ".txt"} and file.is_file():
            found += tokenizer.encode(file.read_text(errors="replace")[:200_000], special_tokens=False)
        if len(found) >= wanted:
            break
    return np.array(found[:wanted], np.int32)


def logprobs_of(model: str, ids: np.ndarray) -> np.ndarray:
    """Log-probs by the model on the first tokens, then drawn from these with noise below 1 %."""
    engine = load(model, None, "float32", engines.Sampling(), engines.Placement())
    known = np.concatenate(
        [engine.score(ids[i : i + 8].tolist(), ids[i + 8 : i + 512].tolist()) for i in range(0, 8192, 512)]
    )
    rng = np.random.default_rng(0)
    return (rng.choice(known, len(ids)) * rng.uniform(0.99, 1.01, len(ids))).astype(np.float32)


def column_bytes(data: bytes) -> dict[str, int]:
    """Compressed bytes of each leaf column."""
    metadata = pq.ParquetFile(io.BytesIO(data)).metadata
    sizes: dict[str, int] = {}
    for group in range(metadata.num_row_groups):
        for column in range(metadata.num_columns):
            chunk = metadata.row_group(group).column(column)
            sizes[chunk.path_in_schema] = sizes.get(chunk.path_in_schema, 0) + chunk.total_compressed_size
    return sizes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=2_000_000)
    parser.add_argument("--length", type=int, default=2000, help="tokens of a completion")
    parser.add_argument("--model", default=".demo/SmolLM2-135M-Instruct")
    given = parser.parse_args()
    ids = tokens_of(given.model, given.tokens)
    count = len(ids) // given.length
    total = count * given.length
    logprobs = logprobs_of(given.model, ids[:total] if total > 8192 else ids)
    offsets = np.arange(0, total + 1, given.length, dtype=np.int32)
    rows = pa.table(
        {
            "problem_id": [f"problem-{row // 64:04d}" for row in range(count)],
            "sample_index": pa.array([row % 64 for row in range(count)], pa.int32()),
            "attempt": [f"{row // 64:016x}" for row in range(count)],
            "text": [""] * count,
            "token_ids": pa.ListArray.from_arrays(offsets, pa.array(ids[:total])),
            "token_logprobs": pa.ListArray.from_arrays(offsets, pa.array(logprobs[:total])),
        }
    )
    began = time.perf_counter()
    ours = parquet.encode(COMPLETIONS, rows)
    wrote = time.perf_counter() - began
    began = time.perf_counter()
    assert pq.read_table(io.BytesIO(ours)).num_rows == count
    read = time.perf_counter() - began
    sink = io.BytesIO()
    pq.write_table(rows, sink)
    default = column_bytes(sink.getvalue())
    mine = column_bytes(ours)
    lines = {
        name: sum(len(json.dumps(row)) for row in rows[name].to_pylist()) for name in ("token_ids", "token_logprobs")
    }
    print(f"{total:,} tokens in {count} completions")
    print("bytes per token      ours   goal   default Parquet   JSON lines")
    for name, goal in (("token_ids", 1.1), ("token_logprobs", 3.4)):
        leaf = f"{name}.list.element"
        print(
            f"{name:18} {mine[leaf] / total:6.2f} {goal:6.1f} {default[leaf] / total:17.2f} {lines[name] / total:12.2f}"
        )
    print(f"written at {total / wrote / 1e6:.1f} M tokens/s, read at {total / read / 1e6:.1f} M tokens/s")


if __name__ == "__main__":
    main()

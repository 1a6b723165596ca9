"""Measure bytes per token on disk, and compare with JSON lines and default Parquet.

Goal: token ids at most 1.1, log-probs at most 3.4.

Token ids are those of real text under the demo model's tokenizer: documentation, licences and docstrings of the
installed packages. Each paragraph is used once, because repeats would make any compression look better. Log-probs are
those of the model on a part of that text. The others repeat these in random order with 1 % of noise, so that no float32
occurs twice: the mantissa is noise, as on a GPU, and the exponents have the model's distribution. JSON lines hold what
a harness would write: text, ids and log-probs as lists. Speeds are medians of five, on one table, in memory.
"""

import argparse
import ast
import io
import json
import os
import statistics
import sysconfig
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from samples import engines
from samples.engines.transformers import load
from samples.lake import parquet
from samples_schemas import COMPLETIONS

SCORED, WINDOW = 8192, 512
GOALS = {"token_ids": 1.1, "token_logprobs": 3.4}


def texts() -> Iterator[str]:
    """Yield the prose of the installed packages, file by file, documents first."""
    files = sorted(path for path in Path(sysconfig.get_paths()["purelib"]).rglob("*") if path.is_file())
    documents = [path for path in files if path.suffix in {".md", ".rst", ".txt"} or path.name.startswith("LICENSE")]
    for path in documents:
        yield path.read_text(errors="replace")[:200_000]
    for path in (path for path in files if path.suffix == ".py"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                nodes = ast.walk(ast.parse(path.read_text(errors="replace")))
            except (SyntaxError, ValueError):
                continue
        kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        yield "\n\n".join(ast.get_docstring(node) or "" for node in nodes if isinstance(node, kinds))


def tokens_of(tokenizer: engines.Tokenizer, wanted: int) -> np.ndarray:
    """Return `wanted` token ids of real paragraphs, each used once; fewer if the packages hold fewer."""
    seen: set[str] = set()
    found: list[int] = []
    for text in texts():
        fresh = [part for part in text.split("\n\n") if part.strip() and part.strip() not in seen]
        seen |= {part.strip() for part in fresh}
        found += tokenizer.encode("\n\n".join(fresh), special_tokens=False)
        if len(found) >= wanted:
            break
    return np.array(found[:wanted], np.int32)


def logprobs_of(model: str, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the model's log-probs of the first tokens, and one log-prob per id, drawn from these with noise."""
    engine = load(model, None, "float32", engines.Sampling(), engines.Placement())
    parts = [ids[at : at + WINDOW] for at in range(0, min(SCORED, len(ids)) - WINDOW + 1, WINDOW)]
    scores = [one for part in parts for one in engine.score(part[:8].tolist(), [part[8:]])]
    assert not any(one.error for one in scores), scores
    known = np.concatenate([one.token_logprobs for one in scores])
    rng = np.random.default_rng(0)
    return known, (rng.choice(known, len(ids)) * rng.uniform(0.99, 1.01, len(ids))).astype(np.float32)


def table_of(tokenizer: engines.Tokenizer, ids: np.ndarray, logprobs: np.ndarray, length: int) -> pa.Table:
    """Return rows of table completions with `length` tokens each, 64 rows per problem."""
    count = len(ids) // length
    offsets = np.arange(0, count * length + 1, length, dtype=np.int32)
    return pa.table(
        {
            "problem_id": [f"problem-{row // 64:04d}" for row in range(count)],
            "sample_index": pa.array([row % 64 for row in range(count)], pa.int32()),
            "attempt": [f"{row // 64:016x}" for row in range(count)],
            "text": ["".join(tokenizer.decode(ids[at : at + length].tolist())) for at in offsets[:-1]],
            "token_ids": pa.ListArray.from_arrays(offsets, pa.array(ids[: offsets[-1]])),
            "token_logprobs": pa.ListArray.from_arrays(offsets, pa.array(logprobs[: offsets[-1]])),
        }
    )


def column_bytes(data: bytes) -> dict[str, int]:
    """Return the compressed bytes of each column, as the footer states them."""
    metadata = pq.ParquetFile(io.BytesIO(data)).metadata
    sizes: dict[str, int] = {}
    for group in range(metadata.num_row_groups):
        for column in range(metadata.num_columns):
            chunk = metadata.row_group(group).column(column)
            name = chunk.path_in_schema.split(".")[0]
            sizes[name] = sizes.get(name, 0) + chunk.total_compressed_size
    return sizes


def defaults(rows: pa.Table) -> bytes:
    """Return Parquet with pyarrow's defaults: snappy and dictionaries."""
    sink = io.BytesIO()
    pq.write_table(rows, sink)
    return sink.getvalue()


def json_bytes(rows: pa.Table) -> dict[str, int]:
    """Return the bytes of each field as JSON with its name; the key "" has the bytes of all lines."""
    sizes = dict.fromkeys(["", *rows.column_names], 0)
    for row in rows.to_pylist():
        sizes[""] += len(json.dumps(row)) + 1
        for name, value in row.items():
            sizes[name] += len(json.dumps({name: value}))
    return sizes


def seconds(work: Callable[[], object]) -> float:
    """Return the median seconds of five calls."""
    times: list[float] = []
    for _ in range(5):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=2_000_000)
    parser.add_argument("--length", type=int, default=2000, help="tokens per completion")
    parser.add_argument("--model", default=".demo/SmolLM2-135M-Instruct")
    given = parser.parse_args()
    tokenizer = engines.tokenizer("transformers", given.model)
    ids = tokens_of(tokenizer, given.tokens)
    known, logprobs = logprobs_of(given.model, ids)
    rows = table_of(tokenizer, ids, logprobs, given.length)
    total = rows.num_rows * given.length
    ours, default = parquet.encode(COMPLETIONS, rows), defaults(rows)
    back = pq.read_table(io.BytesIO(ours)).select(rows.column_names).cast(rows.schema)
    assert back.equals(rows.sort_by([(name, "ascending") for name in COMPLETIONS.sort_by])), "not lossless"
    mine, usual, lines = column_bytes(ours), column_bytes(default), json_bytes(rows)
    print(f"{total:,} tokens in {rows.num_rows:,} completions, load {os.getloadavg()[0]:.1f}")
    print("bytes per token   over JSON   over default Parquet     ours   (goal)   default Parquet   JSON lines")
    sizes = [(name, mine[name], usual[name], lines[name]) for name in ("token_ids", "token_logprobs", "text")]
    for name, our, other, line in [*sizes, ("whole file", len(ours), len(default), lines[""])]:
        goal = f"{GOALS[name]:8.1f}" if name in GOALS else " " * 8
        print(
            f"{name:15} {our / line:11.3f} {our / other:22.3f} {our / total:8.2f} {goal} {other / total:17.2f} "
            f"{line / total:12.2f}"
        )
    units = [parquet.encode(COMPLETIONS, rows.slice(at, 64)) for at in range(0, rows.num_rows, 64)]
    for name in GOALS:
        print(f"  {name}, one segment per unit: {sum(column_bytes(unit)[name] for unit in units) / total:.2f}")
    scored = table_of(tokenizer, ids[: len(known)], known, min(given.length, len(known)))
    tokens = scored.num_rows * min(given.length, len(known))
    alone = column_bytes(parquet.encode(COMPLETIONS, scored))["token_logprobs"] / tokens
    print(f"  token_logprobs of only the {tokens:,} scored tokens, without noise: {alone:.2f}")
    writing = seconds(lambda: parquet.encode(COMPLETIONS, rows))
    reading = seconds(lambda: pq.read_table(io.BytesIO(ours), columns=["token_ids", "token_logprobs"]))
    whole = seconds(lambda: pq.read_table(io.BytesIO(ours)))
    print(
        f"M tokens/s: written {total / writing / 1e6:.1f} (all columns), read {total / whole / 1e6:.1f}, "
        f"ids and log-probs alone read {total / reading / 1e6:.1f}"
    )


if __name__ == "__main__":
    main()

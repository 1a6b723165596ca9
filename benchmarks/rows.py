"""Time every format that rows are written in, against Polars' own writer where it has one.

The rows are an analyst's: two ids, three numbers, a text of a line, a time, and in the nested case a list and a map.
Both sides write the same Arrow table to a file. They are timed in turn, in this process, after one turn that is not
counted. Polars writes no Markdown, no LaTeX and no lists in CSV: these have seconds alone.
"""

import argparse
import datetime as dt
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from samples.query.rows import Rows
from samples_cli import output

ENDING = {form: ending for ending, form in output.ENDINGS.items()}


def made(count: int, *, nested: bool) -> pa.Table:
    """Return the rows."""
    rng = np.random.default_rng(0)
    columns: dict[str, object] = {
        "run": pa.array(["base", "rl"]).take(pa.array(rng.integers(0, 2, count))),
        "problem_id": [f"p{number // 64:05}" for number in range(count)],
        "sample_index": np.arange(count, dtype=np.int32) % 64,
        "tokens": rng.integers(10, 2000, count, dtype=np.int32),
        "logprob": -rng.random(count) * 100,
        "answer": [f'the answer is "{number}", or so' for number in range(count)],
        "created_at": pa.array([dt.datetime(2026, 1, 1, tzinfo=dt.UTC)] * count, pa.timestamp("us", "UTC")),
    }
    if nested:
        columns["ks"] = [[1, 8, 64]] * count
        columns["labels"] = pa.array([[("step", "5")]] * count, pa.map_(pa.string(), pa.string()))
    return pa.table(columns)


def polars(frame: pl.DataFrame, form: str) -> Callable[[Path], object] | None:
    """Return Polars' own writer of a format."""
    writers: dict[str, Callable[[Path], object]] = {
        "csv": frame.write_csv,
        "json": frame.write_json,
        "jsonl": frame.write_ndjson,
        "parquet": frame.write_parquet,
    }
    return writers.get(form)


def seconds(work: Callable[[], object]) -> float:
    """Return how long a call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def compare(table: pa.Table, repeats: int, *, flat: bool) -> None:
    """Print a line per format."""
    rows = Rows(table)
    frame = pl.DataFrame(table)
    with tempfile.TemporaryDirectory(prefix="samples-bench-") as folder:
        for form in output.FORMS:
            file = Path(folder) / f"rows{ENDING[form]}"
            peer = polars(frame, form) if flat or form != "csv" else None  # Polars writes no lists in CSV
            ours: list[float] = []
            theirs: list[float] = []
            for _ in range(repeats + 1):
                ours.append(seconds(lambda file=file, form=form: output.write(rows, form, str(file), every=True)))
                if peer:
                    theirs.append(seconds(lambda peer=peer: peer(Path(folder) / "peer")))
            ratio = statistics.median(a / b for a, b in zip(ours[1:], theirs[1:], strict=True)) if peer else None
            size = file.stat().st_size / 1e6
            shown = f"{ratio:7.2f} x Polars" if ratio else ""
            print(f"  {form:9} {statistics.median(ours[1:]):7.2f} s {size:8.1f} MB {shown}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    for count in given.rows:
        for nested in (False, True):
            print(f"{count:,} rows{', with a list and a map' if nested else ''}")
            compare(made(count, nested=nested), given.repeats, flat=not nested)


if __name__ == "__main__":
    main()

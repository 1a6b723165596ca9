"""What everything around an engine costs: samples/s, and the driver's CPU per unit as committed units add up.

The toy engine draws for nothing. One lake is topped up in equal steps, each in a Ray of its own; goal: nothing grows
with the units already committed, so last over first is near 1.
"""

import argparse
import json
import shutil
import tempfile
import time
from pathlib import Path

from samples.engines import Placement, Sampling
from samples.ingest import ingest
from samples.pipeline import Pool, cluster
from samples.request import Request, prepare


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=100)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--units", type=int, default=10, help="units per problem and step")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    problems = folder / "sums.jsonl"
    rows = [{"id": f"sum-{n}", "question": f"What is {n} + {n}?", "answer": str(2 * n)} for n in range(given.problems)]
    problems.write_text("".join(json.dumps(row) + "\n" for row in rows))
    units = given.problems * given.units
    costs: list[float] = []
    print(f"{units:,} units of 64 samples per step")
    print("committed before   samples/s   driver CPU ms per unit")
    try:
        with cluster():
            for step in range(given.steps):
                request = Request(
                    str(problems), "toy?tokens=100", (step + 1) * given.units * 64, str(folder / "lake"), engine="toy",
                    sampling=Sampling(max_tokens=200), placement=Placement(max_num_seqs=256), pool=Pool(1, 1),
                )  # fmt: skip
                cpu, prepared = time.process_time(), prepare(request)
                summary = ingest(prepared)
                assert summary.drawn == units * 64
                costs.append((time.process_time() - cpu) / units * 1000)
                print(f"{step * units:16,} {summary.drawn / summary.seconds:11,.0f} {costs[-1]:24.1f}", flush=True)
    finally:
        shutil.rmtree(folder)
    print(f"last over first: {costs[-1] / costs[0]:.2f}")


if __name__ == "__main__":
    main()

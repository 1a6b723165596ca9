"""Measure what people look at, on lakes of 10^7 verdicts. One function measures one part.

charts   Two runs of 5,000 problems with 1,000 samples each; the second is scored by the first, and both have verdicts
         of two verifiers. Each chart is drawn in its own process, from the open lake to the bytes of a PNG. "query" is
         the time of its query alone, in another process; "draw" is the whole `lake.plot`; "PNG" writes the picture.
         Imports count. Sizes are those of SVG and HTML. Goals: 2 s for `lake.plot`, 1 MB for a file. A chart of a label
         is asked over the label step. surprising_tokens reads all tokens, of which this lake has none: it is left out.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from lakes import fill, judge, score

import samples
from samples.charts.formats import encoded
from samples.charts.registry import CHARTS
from samples.runs.run import find

GOAL, LARGEST = 2.0, 1_000_000  # seconds; bytes
RUNS = {"base": {"step": "0", "role": "base"}, "rl": {"step": "100", "role": "rl"}}
TWO = {"a": "base", "b": "rl"}
ASKED: dict[str, dict[str, Any]] = {
    "compare": TWO,
    "coverage": TWO,
    "crossing": TWO,
    "efficiency_gap": TWO,
    "support": TWO,
    "perplexity_by_support": {**TWO, "scorer": "base"},
    "perplexity_by_run": {"scorer": "base"},
    "perplexity_distribution": {"scorer": "base"},
    "perplexity_by_step": {"scorer": "base"},
    "perplexity_by_verdict": {"scorer": "base"},
    "divergence": {"scorer": "base", "runs": ["rl"]},
    "likelihood_ratio_by_run": {"scorer": "base", "runs": ["rl"]},
    "verifier_agreement": {"first": "math", "second": "exact"},
    "verdict_transitions": {"from": "math", "to": "exact"},
}
LEFT_OUT = {"surprising_tokens"}


def lake_of_two_runs(folder: Path, problems: int, per_problem: int) -> str:
    """Make the lake of the charts, and return its address."""
    lake = fill(f"{folder}/lake", folder, problems, per_problem, RUNS)
    score(lake, find(lake, "rl"), problems, per_problem, "base")
    return lake.uri


def charts(problems: int, per_problem: int) -> None:
    """Print the seconds of every chart and the sizes of its files."""
    with tempfile.TemporaryDirectory(prefix="samples-bench-") as folder:
        uri = lake_of_two_runs(Path(folder), problems, per_problem)
        print(f"charts, {2 * problems * per_problem:,} verdicts of a verifier (goals {GOAL:g} s, {LARGEST / 1e6:g} MB)")
        print(f"  {'':26} {'query s':>8} {'draw s':>8} {'PNG s':>8} {'SVG KB':>8} {'HTML KB':>8} {'GiB':>6}")
        for name in CHARTS:
            if name in LEFT_OUT:
                continue
            if name in {"verifier_agreement", "verdict_transitions"}:
                _second_verifier(uri, problems, per_problem)
            parameters = ASKED.get(name, {})
            if name not in {"verifier_agreement", "verdict_transitions"}:
                parameters = {"verifier": "math", **parameters} if _judged(name) else parameters
            alone, drawn = _timed("query", uri, name, parameters), _timed("plot", uri, name, parameters)
            mark = "" if drawn["draw"] <= GOAL and max(drawn["svg"], drawn["html"]) <= LARGEST else "  above a goal"
            print(
                f"  {name:26} {alone['draw']:8.2f} {drawn['draw']:8.2f} {drawn['png']:8.2f} {drawn['svg'] / 1e3:8.0f} "
                f"{drawn['html'] / 1e3:8.0f} {drawn['peak']:6.2f}{mark}",
                flush=True,
            )


def _judged(name: str) -> bool:
    """Return whether the query of a chart takes a verifier."""
    import samples_queries

    return any(parameter.name == "verifier" for parameter in samples_queries.header(name).params)


def _second_verifier(uri: str, problems: int, per_problem: int) -> None:
    """Add verdicts of the verifier exact, unless they are there."""
    lake = samples.open(uri)
    if "exact" in lake.read("verdicts", columns=["verifier"])["verifier"].unique().to_pylist():
        return
    for place, name in enumerate(RUNS):
        judge(lake, find(lake, name), problems, per_problem, "exact", 10 + place)


def _timed(side: str, uri: str, name: str, parameters: dict[str, Any]) -> dict[str, float]:
    """Return what one side measures in its own process."""
    command = [sys.executable, __file__, "--side", side, uri, name, json.dumps(parameters)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _measure(side: str, uri: str, name: str, parameters: dict[str, Any]) -> dict[str, float]:
    began = time.perf_counter()
    lake = samples.open(uri)
    if side == "query":
        lake.query(name, **parameters)
        return {"draw": time.perf_counter() - began}
    chart = lake.plot(name, **parameters)
    drawn = time.perf_counter()
    encoded(chart, "png")
    found = {"draw": drawn - began, "png": time.perf_counter() - drawn}
    status = Path("/proc/self/status").read_text()  # getrusage starts at the parent's peak
    found["peak"] = int(status.split("VmHWM:")[1].split()[0]) / (1 << 20)
    return {**found, "svg": len(encoded(chart, "svg")), "html": len(encoded(chart, "html"))}


PARTS = {part.__name__: part for part in (charts,)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="the parts to measure; all without a name")
    parser.add_argument("--problems", type=int, default=5_000)
    parser.add_argument("--per-problem", type=int, default=1_000)
    parser.add_argument("--side", nargs=4, metavar=("SIDE", "LAKE", "CHART", "PARAMETERS"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        side, uri, name, parameters = given.side
        print(json.dumps(_measure(side, uri, name, json.loads(parameters))))
        return
    for part in given.parts or PARTS:
        PARTS[part](given.problems, given.per_problem)


if __name__ == "__main__":
    main()

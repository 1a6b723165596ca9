"""Measure what people look at, on lakes of 10^7 verdicts. One function measures one part.

charts   Two runs of 5,000 problems with 1,000 samples each; the second is scored by the first, and both have verdicts
         of two verifiers. Each chart is drawn in its own process: `lake.plot`, then the bytes of a PNG. "plot" is the
         whole of `lake.plot` with imports, "queries" the part of it that the chart's queries take, and "CPU" the
         processor time of `lake.plot` on all cores. Modules of the platform are imported where they are used, so that
         each process imports what it needs. Sizes are those of SVG and HTML. Goals: 2 s for `lake.plot`, 1 MB
         for a file. surprising_tokens reads all tokens, of which this lake has none: it is left out.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

GOAL, LARGEST = 2.0, 1_000_000  # seconds; bytes
RUNS = {"base": {"step": "0", "role": "base"}, "rl": {"step": "100", "role": "rl"}}
TWO = {"a": "base", "b": "rl"}
ASKED: dict[str, dict[str, Any]] = {
    "compare": TWO,
    "majority": {"ks": [1, 4, 16]},  # by default it would be all doublings, which takes a vote of 45 minutes here
    "coverage": TWO,
    "crossing": TWO,
    "efficiency_gap": {"base": "base"},
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
OF_TWO_VERIFIERS = {"verifier_agreement", "verdict_transitions"}
LEFT_OUT = {"surprising_tokens"}


def lake_of_two_runs(folder: Path, problems: int, per_problem: int) -> str:
    """Make the lake of the charts, and return its address."""
    from lakes import fill, score

    from samples.runs.run import find

    lake = fill(f"{folder}/lake", folder, problems, per_problem, RUNS)
    score(lake, find(lake, "rl"), problems, per_problem, "base")
    return lake.uri


def charts(problems: int, per_problem: int) -> None:
    """Print the seconds of every chart and the sizes of its files."""
    from samples.charts.registry import CHARTS

    with tempfile.TemporaryDirectory(prefix="samples-bench-") as folder:
        uri = lake_of_two_runs(Path(folder), problems, per_problem)
        print(f"charts, {2 * problems * per_problem:,} verdicts of a verifier (goals {GOAL:g} s, {LARGEST / 1e6:g} MB)")
        print(
            f"  {'':26} {'plot s':>8} {'queries':>8} {'CPU s':>8} {'PNG s':>8} {'SVG KB':>8} {'HTML KB':>8} {'GiB':>6}"
        )
        for name in sorted(CHARTS, key=lambda name: name in OF_TWO_VERIFIERS):
            if name in LEFT_OUT:
                continue
            parameters = ASKED.get(name, {})
            if name in OF_TWO_VERIFIERS:
                _second_verifier(uri, problems, per_problem)
            elif _judged(name):
                parameters = {"verifier": "math", **parameters}
            _print(name, _timed(uri, name, parameters))


def _print(name: str, found: dict[str, Any]) -> None:
    if "error" in found:
        print(f"  {name:26} {found['error']}", flush=True)
        return
    mark = "" if found["plot"] <= GOAL and max(found["svg"], found["html"]) <= LARGEST else "  above a goal"
    seconds = " ".join(f"{found[part]:8.2f}" for part in ("plot", "queries", "cpu", "png"))
    sizes = " ".join(f"{found[part] / 1e3:8.0f}" for part in ("svg", "html"))
    print(f"  {name:26} {seconds} {sizes} {found['peak']:6.2f}{mark}", flush=True)


def _judged(name: str) -> bool:
    """Return whether the query of a chart takes a verifier."""
    import samples_queries

    return any(parameter.name == "verifier" for parameter in samples_queries.header(name).params)


def _second_verifier(uri: str, problems: int, per_problem: int) -> None:
    """Add verdicts of the verifier exact, unless they are there."""
    from lakes import judge

    import samples
    from samples.runs.run import find

    lake = samples.open(uri)
    if "exact" in lake.read("verdicts", columns=["verifier"])["verifier"].unique().to_pylist():
        return
    for place, name in enumerate(RUNS):
        judge(lake, find(lake, name), problems, per_problem, "exact", 10 + place)


def _timed(uri: str, name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return what a process of its own measures."""
    command = [sys.executable, __file__, "--chart", uri, name, json.dumps(parameters)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _measure(uri: str, name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    began, used = time.perf_counter(), time.process_time()
    import samples
    from samples.charts import plot
    from samples.charts.formats import encoded
    from samples.errors import SamplesError

    asking: list[float] = []

    def query(*given: Any, **named: Any) -> Any:
        start = time.perf_counter()
        try:
            return ask(*given, **named)
        finally:
            asking.append(time.perf_counter() - start)

    ask, plot.query = plot.query, query  # pyright: ignore[reportPrivateImportUsage]  # where `lake.plot` finds it
    try:
        chart = samples.open(uri).plot(name, **parameters)
    except SamplesError as error:
        return {"error": str(error)}
    drawn = time.perf_counter()
    found = {"plot": drawn - began, "queries": sum(asking), "cpu": time.process_time() - used}
    encoded(chart, "png")
    found["png"] = time.perf_counter() - drawn
    status = Path("/proc/self/status").read_text()  # getrusage starts at the parent's peak
    found["peak"] = int(status.split("VmHWM:")[1].split()[0]) / (1 << 20)
    return {**found, "svg": len(encoded(chart, "svg")), "html": len(encoded(chart, "html"))}


PARTS = {part.__name__: part for part in (charts,)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="the parts to measure; all without a name")
    parser.add_argument("--problems", type=int, default=5_000)
    parser.add_argument("--per-problem", type=int, default=1_000)
    parser.add_argument("--chart", nargs=3, metavar=("LAKE", "CHART", "PARAMETERS"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.chart:
        uri, name, parameters = given.chart
        print(json.dumps(_measure(uri, name, json.loads(parameters))))
        return
    for part in given.parts or PARTS:
        PARTS[part](given.problems, given.per_problem)


if __name__ == "__main__":
    main()

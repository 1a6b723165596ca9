"""Measure what people look at, on lakes of 10^7 verdicts. One function measures one part.

charts   Two runs of 5,000 problems with 1,000 samples each; the second is scored by the first, and both have verdicts
         of two verifiers. Each chart is drawn in its own process: `lake.plot`, then the bytes of a PNG. "plot" is the
         whole of `lake.plot` with imports, "queries" the part of it that the chart's queries take, and "CPU" the
         processor time of `lake.plot` on all cores. Modules of the platform are imported where they are used, so that
         each process imports what it needs. Sizes are those of SVG and HTML. Goals: 2 s for `lake.plot`, 1 MB
         for a file. surprising_tokens and duplicates read tokens and texts, and errors reads errors, of which
         this lake has none: they are left out.
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
REPORT_GOAL, REPORT_LARGEST = 10.0, 5_000_000
LONGEST = 8  # questions of a report that are listed
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
LEFT_OUT = {"surprising_tokens", "duplicates", "errors"}


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
            _print(name, _timed("--chart", uri, name, json.dumps(parameters)))


def report(problems: int, per_problem: int) -> None:
    """Print the seconds of the report, its size, and the questions that took longest."""
    from lakes import fill

    with tempfile.TemporaryDirectory(prefix="samples-bench-") as folder:
        print(f"report, {2 * problems * per_problem:,} verdicts (goals {REPORT_GOAL:g} s, {REPORT_LARGEST / 1e6:g} MB)")
        _print_report("without scores", fill(f"{folder}/bare", Path(folder), problems, per_problem, RUNS).uri)
        _print_report("with scores", lake_of_two_runs(Path(folder), problems, per_problem))


def _print_report(said: str, uri: str) -> None:
    found = _timed("--report", uri)
    mark = "" if found["report"] <= REPORT_GOAL and found["html"] <= REPORT_LARGEST else "  over"
    numbers = (
        f"{found['report']:.1f} s, {found['cpu']:.1f} s of CPU, {found['peak']:.2f} GiB, {found['html'] / 1e6:.2f} MB"
    )
    print(f"  {said}: {numbers}{mark}", flush=True)
    for name, seconds in found["longest"]:
        print(f"    {name:40} {seconds:6.2f} s of CPU", flush=True)


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


def _timed(*given: str) -> dict[str, Any]:
    """Return what a process of its own measures."""
    command = [sys.executable, __file__, *given]
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
    found["peak"] = _peak()
    return {**found, "svg": len(encoded(chart, "svg")), "html": len(encoded(chart, "html"))}


def _measure_report(uri: str) -> dict[str, Any]:
    began, used = time.perf_counter(), time.process_time()
    import samples

    asked: list[tuple[str, float]] = []  # each question, and the CPU seconds until it began
    made = samples.open(uri).report(
        [*RUNS], verifier="math", watch=lambda ask: asked.append((f"{ask.number} {ask.query}", time.process_time()))
    )
    with tempfile.TemporaryDirectory(prefix="samples-bench-") as folder:
        made.save(f"{folder}/report.html")
        size = Path(folder, "report.html").stat().st_size
    found = {"report": time.perf_counter() - began, "cpu": time.process_time() - used, "peak": _peak(), "html": size}
    ends = [at for _, at in asked[1:]] + [time.process_time()]
    took = [(name, end - at) for (name, at), end in zip(asked, ends, strict=True)]
    return {**found, "longest": sorted(took, key=lambda one: -one[1])[:LONGEST]}


def _peak() -> float:
    """Return the most memory that this process had, in GiB."""
    status = Path("/proc/self/status").read_text()  # getrusage starts at the parent's peak
    return int(status.split("VmHWM:")[1].split()[0]) / (1 << 20)


PARTS = {part.__name__: part for part in (charts, report)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="the parts to measure; all without a name")
    parser.add_argument("--problems", type=int, default=5_000)
    parser.add_argument("--per-problem", type=int, default=1_000)
    parser.add_argument("--chart", nargs=3, metavar=("LAKE", "CHART", "PARAMETERS"), help=argparse.SUPPRESS)
    parser.add_argument("--report", metavar="LAKE", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.report:
        print(json.dumps(_measure_report(given.report)))
        return
    if given.chart:
        uri, name, parameters = given.chart
        print(json.dumps(_measure(uri, name, json.loads(parameters))))
        return
    for part in given.parts or PARTS:
        PARTS[part](given.problems, given.per_problem)


if __name__ == "__main__":
    main()

r"""Measure rescoring: completions/s against a plain loop of math-verify, memory, growth, and the cost of the sandbox.

Completions are a few kilobytes of worked steps that end in a \boxed answer. Half of them give one of a problem's few
common answers; the others follow a long tail. A second lake repeats no answer. The plain loop calls math-verify's parse
on gold and completion, and verify, in one process. It runs over some of the same completions before and after.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from samples.api import Lake
from samples.engines import Sampling
from samples.lake.parquet import File
from samples.rescore.judge import Judge, StoredCompletion
from samples.rescore.rescore import rescore
from samples.runs.record import problems
from samples.runs.request import Request, prepare
from samples.runs.run import every

STEPS = "So we have x_{%d} = \\frac{%d}{%d} + %d, which gives a total of %d after simplification. "


def answers(rng: random.Random) -> tuple[str, list[str]]:
    """Make a gold answer, and the answers of completions: correct ones in different words, and wrong ones."""
    top, bottom = rng.randint(1, 99), rng.randint(2, 99)
    gold = rng.choice([f"\\frac{{{top}}}{{{bottom}}}", f"{top}", f"{top}\\sqrt{{{bottom}}}", f"({top}, {bottom})"])
    wrong = [
        rng.choice([f"{n}", f"\\frac{{{n}}}{{{bottom}}}", f"{n}.5", f"({n}, {top})", f"{n}\\pi", f"x = {n}", f"{n}\\%"])
        for n in rng.sample(range(100, 10_000), 80)
    ]
    return gold, [gold, gold.replace("\\frac", "\\dfrac"), f"${gold}$", *wrong]


def fill(folder: Path, count: int, per_problem: int, steps: int) -> Lake:
    """Make a lake of `count` completions, `per_problem` for each problem."""
    rng = random.Random(0)
    made = [answers(rng) for _ in range(count // per_problem)]
    rows = [{"id": f"p{n:06}", "question": f"Problem {n}?", "answer": gold} for n, (gold, _) in enumerate(made)]
    (folder / "set.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    request = Request(str(folder / "set.jsonl"), "toy", 1, str(folder / "lake"), engine="toy", sampling=Sampling())
    from samples.runs.record import record

    lake = Lake(request.lake, create=True)
    run = record(lake, prepare(request))
    files: dict[str, list[tuple[File, dict[str, str]]]] = {"completions": [], "samples": []}
    for first in range(0, len(made), max(1, 20_000 // per_problem)):
        some = made[first : first + max(1, 20_000 // per_problem)]
        texts = [
            "".join(STEPS % tuple(rng.randint(1, 99) for _ in range(5)) for _ in range(steps))
            + f"Therefore the answer is $\\boxed{{{given[min(int(rng.paretovariate(0.9)) - 1, len(given) - 1)]}}}$."
            for _, given in some
            for _ in range(per_problem)
        ]
        size = len(texts)
        keys = {
            "problem_id": [f"p{n:06}" for n in range(first, first + len(some)) for _ in range(per_problem)],
            "sample_index": pa.array(list(range(per_problem)) * len(some), pa.int32()),
            "attempt": ["0" * 16] * size,
        }
        heavy = {
            **keys,
            "text": texts,
            "token_ids": pa.array([[1]] * size),
            "token_logprobs": pa.array([[-1.0]] * size),
        }
        narrow = {
            **keys,
            "tokens": pa.array(np.ones(size, np.int32)),
            "cumulative_logprob": -np.ones(size),
            "finish_reason": ["stop"] * size,
            "stop_reason": pa.nulls(size, pa.string()),
            "seed": np.arange(size),
            "error": pa.nulls(size, pa.string()),
        }
        for name, table in (("completions", heavy), ("samples", narrow)):
            files[name].append((lake.put(name, pa.table(table), run.partition), run.partition))
    for name, named in files.items():
        lake.commit(name, named)
    return lake


def plain(lake: Lake, count: int) -> float:
    """Return completions/s of math-verify's parse and verify in a loop."""
    from math_verify import LatexExtractionConfig, parse, verify

    gold = {problem.problem_id: problem.answer for problem in problems(lake, every(lake)[0])}
    untimed: Any = {"parsing_timeout": None}  # its type says that a number is needed, its code that none is
    table = lake.dataset("completions").head(count, columns=["problem_id", "text"]).to_pylist()
    began = time.perf_counter()
    for row in table:
        want = parse(f"${gold[row['problem_id']]}$", [LatexExtractionConfig()], **untimed)
        verify(want, parse(row["text"], **untimed), timeout_seconds=None)
    return len(table) / (time.perf_counter() - began)


def tree_memory(pid: int) -> int:
    """Return the resident bytes of a process and its descendants. Shared pages count once per process."""
    total, pids = 0, [pid]
    for one in pids:
        try:
            total += int(Path(f"/proc/{one}/statm").read_text().split()[1]) * resource.getpagesize()
            for task in Path(f"/proc/{one}/task").iterdir():
                pids += map(int, (task / "children").read_text().split())
        except OSError:
            continue
    return total


def timed(lake: Lake, verifier: str, workers: int) -> tuple[float, float, int]:
    """Rescore in a new process; return seconds, peak GiB and the number of comparisons."""
    command = [sys.executable, __file__, "--one", lake.uri, verifier, str(workers)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    peak, ended = 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not ended.wait(0.2):
            peak = max(peak, tree_memory(process.pid))

    threading.Thread(target=watch, daemon=True).start()
    done = json.loads(process.communicate()[0].splitlines()[-1])
    ended.set()
    assert process.returncode == 0
    assert done["verified"] == lake.dataset("samples").count_rows()
    return done["seconds"], peak / (1 << 30), done["compared"]


def math_against_plain(count: int, sample: int) -> None:
    with tempfile.TemporaryDirectory(prefix="samples-bench-") as folder:
        repeated, single = Path(folder, "repeated"), Path(folder, "single")
        repeated.mkdir()
        single.mkdir()
        lake, alone = fill(repeated, count, 500, 40), fill(single, count // 10, 1, 40)
        before = plain(lake, sample)
        seconds, memory, compared = timed(lake, "math", 2)
        without, _, _ = timed(alone, "math", 2)
        after = plain(lake, sample)
    base = (before + after) / 2
    ours, bare = count / seconds, count / 10 / without
    print(f"math: {count:,} completions of 4 kB, {compared:,} comparisons ({compared / count:.1%}), 2 cores")
    print(f"  plain loop, 1 core          {base:10,.0f} completions/s")
    print(f"  rescore                     {ours:10,.0f} completions/s   {ours / base:6.1f} times   (goal 20)")
    print(f"  rescore, no answer repeated {bare:10,.0f} completions/s   {bare / base:6.1f} times   (goal 1.7)")
    print(f"  peak memory of all processes {memory:.2f} GiB", flush=True)


def growth(counts: list[int]) -> None:
    print("boxed-exact: growth\n  completions     seconds   per 10^5   GiB at the peak")
    for count in counts:
        with tempfile.TemporaryDirectory(prefix="samples-bench-") as folder:
            seconds, memory, _ = timed(fill(Path(folder), count, 1000, 10), "boxed-exact", 2)
        print(f"  {count:11,} {seconds:11.1f} {seconds / count * 1e5:10.2f} {memory:17.2f}", flush=True)


PROGRAM = "def add(a, b):\n    return a + b  # {}\n"
TESTS = {"test": "def check(candidate):\n    assert candidate(1, 2) == 3\n", "entry_point": "add"}


def code(count: int) -> None:
    """Print programs/s of the code verifier, and of the same Python processes without a sandbox."""
    from samples.problems.problems import Problem

    problem = Problem("add", 'def add(a, b):\n    """Add."""\n', None, json.dumps(TESTS), {})
    texts = [
        StoredCompletion("r", "add", n, problem.problem_hash, f"```python\n{PROGRAM.format(n)}```")
        for n in range(count)
    ]
    with Judge("code", 2) as judge:
        list(judge.judge(texts[:4], {problem.problem_hash: problem}, {}))
        began = time.perf_counter()
        verdicts = list(judge.judge(texts, {problem.problem_hash: problem}, {}))
        ours = time.perf_counter() - began
    assert all(one.verdict.status == "correct" for one in verdicts)
    program = PROGRAM.format(0) + TESTS["test"] + "check(add)\n"
    began = time.perf_counter()
    for _ in range(count // 2):
        both = [subprocess.Popen([sys.executable, "-s", "-S", "-P", "-B", "-c", program]) for _ in range(2)]
        assert not any(process.wait() for process in both)
    bare = time.perf_counter() - began
    print(f"code: {count} programs, 2 cores: {count / ours:.0f} programs/s; bare Python processes {count / bare:.0f}/s")
    added = (ours - bare) / count * 2 * 1000
    print(f"  the sandbox adds {added:.0f} ms to a program (goal 60), {1 - bare / ours:.0%} of the time", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--plain", type=int, default=1_000, help="completions in the plain loop, before and after")
    parser.add_argument("--growth", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--programs", type=int, default=200)
    parser.add_argument("--one", nargs=3, metavar=("LAKE", "VERIFIER", "WORKERS"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        uri, spec, workers = given.one
        done = rescore(Lake(uri), spec, workers=int(workers), on_ray=False)
        print(json.dumps({"seconds": done.seconds, "compared": done.compared, "verified": done.verified}))
        return
    code(given.programs)
    math_against_plain(given.count, given.plain)
    growth(given.growth)


if __name__ == "__main__":
    main()

"""A soak: ingest and rescore of very many small units, while the memory of every process is watched.

    python tests/faults/soak.py --units 100000     # an hour by hand
    python tests/faults/soak.py --units 12000      # five minutes: make soak

Each kind of process has a line: the anonymous memory of the largest one, in MiB, after each fifth of the work, and how
much it grew in the last three fifths. In the first two, imports, pools and caches fill up. If one grew by more than
`--most` MiB, that is a leak, and the exit status is 1: 64 MiB are 9 KiB a unit in five minutes, and 1 KiB in an hour.
"""

import argparse
import contextlib
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

WIDTH, PER_PROBLEM = 4, 10  # samples of a unit; units of a problem
PARTS, SETTLED = 5, 2  # points of a line; those after which memory may not grow
_COMMAND = [sys.executable, "-c", "from samples_cli.main import main; main()"]
_SECONDS = 2.0  # between two looks
_KINDS = {"ray::MapWorker": "replica", "ray::Telemetry": "telemetry", "raylet": "raylet", "gcs_server": "gcs"}

Look = tuple[float, Mapping[str, float]]  # the share of the work that was done, and MiB by kind of process


def family(pid: int) -> Iterator[tuple[int, str]]:
    """Yield this process, and those it started that do its work, each with its kind."""
    children: dict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # it has ended meanwhile
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children[parent].append(int(entry.name))
    yield pid, "driver"
    waiting = list(children[pid])
    while waiting:
        one = waiting.pop()
        waiting += children[one]
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{one}/cmdline").read_text().split("\0")
            kind = next((kind for start, kind in _KINDS.items() if start in Path(words[0]).name), None)
            if kind or "multiprocessing" in " ".join(words):
                yield one, kind or "worker"


def memory(pid: int) -> float:
    """Return the anonymous memory of a process in MiB; 0 if it has ended."""
    try:
        found = re.search(r"RssAnon:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def share(events: Sequence[str]) -> float:
    """Return the share of the work that is done, as the last line about progress says."""
    for line in reversed(events):
        with contextlib.suppress(json.JSONDecodeError):
            event: dict[str, Any] = json.loads(line)
            if event["event"] == "progress":
                done, wanted = event.get("samples_done", event.get("done")), event.get("samples", event.get("pending"))
                return done / wanted if done and wanted else 0.0
    return 0.0


def watched(arguments: Sequence[str]) -> tuple[list[Look], float]:
    """Run a command to its end. Return what its processes took, and its seconds.

    Raises:
        RuntimeError: It failed.
    """
    looks: list[Look] = []
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder, "said")
        began = time.monotonic()
        with said.open("w") as sink:
            process = subprocess.Popen([*_COMMAND, *arguments, "--json"], stdout=sink, stderr=sink)
        while process.poll() is None:
            time.sleep(_SECONDS)
            found: dict[str, float] = {}
            for pid, kind in family(process.pid):
                found[kind] = max(found.get(kind, 0.0), memory(pid))
            with said.open() as source:
                source.seek(max(0, said.stat().st_size - 4000))
                looks.append((share(source.read().splitlines()), found))
        if process.returncode:
            raise RuntimeError(said.read_text()[-2000:])
    return looks, time.monotonic() - began


def is_flat(name: str, looks: Sequence[Look], seconds: float, units: int, most: float) -> bool:
    """Print a line for each kind of process. Return whether none of them grew by more than `most` MiB."""
    print(f"\n{name}: {units:,} units in {seconds / 60:.1f} minutes, {units / seconds:.0f} a second")
    flat = True
    for kind in sorted({kind for _, found in looks for kind in found}):
        there = [(done, found[kind]) for done, found in looks if found.get(kind)]
        line: list[float] = []
        for part in range(1, PARTS + 1):
            before = [value for done, value in there if done <= part / PARTS]
            line.append(before[-1] if before else 0.0)
        growth = line[-1] - line[SETTLED - 1]
        flat = flat and growth <= most
        numbers = " ".join(f"{value:6.0f}" for value in line)
        print(f"  {kind:10} {numbers} MiB {growth:+6.0f}{'' if growth <= most else ': a leak'}", flush=True)
    return flat


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=100_000)
    parser.add_argument("--most", type=float, default=64.0, help="MiB that a process may grow in the last three fifths")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="samples-soak-") as folder:
        lake, path, numbers = f"{folder}/lake", Path(folder, "sums.jsonl"), range(given.units // PER_PROBLEM)
        rows = [{"id": f"p{n:06}", "question": f"What is {n} + {n}?", "answer": str(2 * n)} for n in numbers]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        how = ["--engine", "toy", "--model", "toy", "--k", str(WIDTH * PER_PROBLEM), "--unit", str(WIDTH)]
        more = ["--max-num-seqs", "64", "--max-tokens", "50", "--no-compact", "--lake", lake]
        commands = {
            "ingest": ["ingest", str(path), *how, "--name", "soak", *more],
            "rescore": ["rescore", "--verifier", "numeric", "--workers", "2", "--no-compact", "--lake", lake],
        }
        units, flat = len(rows) * PER_PROBLEM, True
        for name, words in commands.items():
            flat = is_flat(name, *watched(words), units, given.most) and flat
        checked = subprocess.run([*_COMMAND, "check", "--lake", lake], capture_output=True, text=True, check=False)
        print(f"\n{checked.stdout.strip()}")
    sys.exit(0 if flat and checked.returncode == 0 else 1)


if __name__ == "__main__":
    main()

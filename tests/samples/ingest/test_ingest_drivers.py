"""Several drivers of one run on a real Ray: each draws other units, and what one leaves undone another draws."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import samples as library
from samples.lake.leases import FOLDER

pytestmark = [pytest.mark.ray, pytest.mark.heavy]

PATIENCE = 240.0
K, PROBLEMS = 64, 6
MAIN = "import samples.lake.leases as b; b.EXPIRY_SECONDS = {}; from samples_cli.main import main; main()"


class Driver:
    """A command that draws the run of a test; its stderr goes to a file."""

    def __init__(self, folder: Path, lake: str, unit: int = 8, stale: float = 30.0) -> None:
        path = folder / "sums.jsonl"
        rows = [{"id": f"sum-{n}", "question": f"What is {n} + {n}?", "answer": str(2 * n)} for n in range(PROBLEMS)]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        how = ["--engine", "toy", "--model", "toy?delay=0.5", "--max-tokens", "100", "--max-num-seqs", "16"]
        command = [sys.executable, "-c", MAIN.format(stale), "ingest", str(path), *how, "--lake", lake]
        self._log = folder / f"{time.monotonic_ns()}.log"
        with self._log.open("w") as log:
            self.process = subprocess.Popen([*command, "--k", str(K), "--unit", str(unit)], stderr=log)

    @property
    def said(self) -> str:
        return self._log.read_text()

    def drew(self) -> int:
        """Wait for the end, and return how many samples the driver drew and committed."""
        assert self.process.wait(PATIENCE) == 0, self.said
        found = re.search(r"drew ([\d,]+) samples", self.said)
        return int(found[1].replace(",", "")) if found else 0


@pytest.fixture
def drivers(tmp_path: Path) -> Iterator[Callable[..., Driver]]:
    """Start drivers; end those that are left when the test ends."""
    started: list[Driver] = []

    def start(lake: str, **how) -> Driver:
        started.append(Driver(tmp_path, lake, **how))
        return started[-1]

    yield start
    for driver in started:
        driver.process.kill()
        driver.process.wait()


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE:.0f} s for {what}"
        time.sleep(0.1)


def written(lake: str) -> int:
    """Count the completions that were drawn and written, committed or not."""
    return sum(pq.read_metadata(path).num_rows for path in Path(lake, "completions").rglob("unit-*.parquet"))


def require_every_sample_once(lake: str) -> None:
    rows = library.open(lake).dataset("samples").to_table(columns=["problem_id", "sample_index"]).to_pylist()
    keys = sorted((row["problem_id"], row["sample_index"]) for row in rows)
    assert keys == sorted((f"sum-{n}", index) for n in range(PROBLEMS) for index in range(K))


def leases(lake: str) -> list[Path]:
    return [path for path in Path(lake, FOLDER).rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("seconds", "units"),
    [
        pytest.param(0, (8, 8), marks=pytest.mark.nightly),
        pytest.param(3, (8, 8), marks=pytest.mark.nightly),  # make test has two drivers on S3
        pytest.param(0, (8, 32), marks=pytest.mark.nightly),
    ],
)
def test_two_drivers_draw_every_sample_once_and_throw_next_to_nothing_away(drivers, tmp_path, seconds, units):
    lake = str(tmp_path / "lake")
    one = drivers(lake, unit=units[0])
    time.sleep(seconds)
    two = drivers(lake, unit=units[1])
    drew = [one.drew(), two.drew()]
    require_every_sample_once(lake)
    assert sum(drew) == PROBLEMS * K
    assert written(lake) <= 1.05 * PROBLEMS * K
    for driver, other in zip((one, two), reversed(drew), strict=True):
        assert not other or f"other drivers of this run added {other:,} samples meanwhile" in driver.said
    assert leases(lake) == []


def test_two_drivers_on_s3_throw_next_to_nothing_away(drivers, s3):
    one, two = drivers(s3), drivers(s3)
    assert one.drew() + two.drew() == PROBLEMS * K
    require_every_sample_once(s3)
    assert library.open(s3).dataset("completions").count_rows() <= 1.05 * PROBLEMS * K


@pytest.mark.nightly
def test_what_a_killed_driver_had_begun_is_drawn_by_the_other(drivers, tmp_path):
    lake = str(tmp_path / "lake")
    one, two = drivers(lake), drivers(lake)
    until(lambda: leases(lake) and written(lake) >= 32, "the first segments")
    one.process.kill()
    two.drew()
    require_every_sample_once(lake)
    assert leases(lake) == []


@pytest.mark.nightly
def test_a_driver_that_is_silent_for_long_counts_as_dead_and_does_no_harm_when_it_goes_on(drivers, tmp_path):
    lake = str(tmp_path / "lake")
    one = drivers(lake, stale=6.0)
    until(lambda: written(lake) >= 32, "the first segments")
    os.kill(one.process.pid, signal.SIGSTOP)
    two = drivers(lake, stale=6.0)
    assert two.drew() > 0
    require_every_sample_once(lake)
    os.kill(one.process.pid, signal.SIGCONT)
    one.drew()
    require_every_sample_once(lake)


@pytest.mark.nightly
def test_leases_that_cannot_be_used_ends_no_collection(drivers, tmp_path):
    lake = tmp_path / "lake"
    lake.mkdir()
    (lake / FOLDER).write_text("a file where the leases should be")
    one, two = drivers(str(lake)), drivers(str(lake))
    one.drew()
    two.drew()
    require_every_sample_once(str(lake))

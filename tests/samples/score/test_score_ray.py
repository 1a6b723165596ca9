"""Scoring on a real Ray: after kills and beside other drivers, every sample is scored once, and right."""

import math
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import samples
from samples.engines import Placement, Sampling, load
from samples.ingest.segment import committer

pytestmark = [pytest.mark.ray, pytest.mark.heavy]

PATIENCE = 240.0
K, MODEL = 48, "toy?taste=7&delay=1"
HOW = [
    "--engine",
    "toy",
    "--model",
    MODEL,
    "--name",
    "judge",
    "--unit",
    "4",
    "--max-num-seqs",
    "8",
    "--top-logprobs",
    "2",
]
COMMAND = [sys.executable, "-c", "from samples_cli.main import main; main()", "score", *HOW]


@pytest.fixture
def filled(bench: Callable) -> Callable[[str], samples.Lake]:
    """Draw K samples of three sums into a lake."""

    def fill(uri: str) -> samples.Lake:
        made = bench(uri, k=K)
        committer(made.lake, made.run).commit([made.draw(unit) for unit in made.plan(K)])
        return made.lake

    return fill


def start(lake: str) -> subprocess.Popen[str]:
    return subprocess.Popen([*COMMAND, "--lake", lake], stderr=subprocess.PIPE, text=True, env=dict(os.environ))


def finish(driver: subprocess.Popen[str]) -> str:
    _, said = driver.communicate(timeout=PATIENCE)
    assert driver.returncode == 0, said
    return said


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def segments(lake: str) -> list[Path]:
    return list(Path(lake, "score_logprobs").rglob("unit-*.parquet"))


def commits(lake: str) -> int:
    return max(len(list(Path(lake, "scores", "_delta_log").glob("*.json"))) - 1, 0)


def often(lake: str) -> Counter[tuple[str, int]]:
    """Count how often each unit (its problem and first index) was scored to the end."""
    columns = ["problem_id", "sample_index"]
    keys = (pq.read_table(path, columns=columns, partitioning=None).to_pylist()[0] for path in segments(lake))
    return Counter((key["problem_id"], key["sample_index"]) for key in keys)


def require_every_score(lake: samples.Lake) -> None:
    """Check that each sample has one score, with the log-probs that the engine itself gives."""
    engine = load("toy", "toy?taste=7", None, "auto", Sampling(), Placement(), scoring=True)
    prompts = {row["problem_id"]: row["token_ids"] for row in lake.read("prompts").to_pylist()}
    stored = {
        (row["problem_id"], row["sample_index"]): row["token_ids"] for row in lake.read("completions").to_pylist()
    }
    heavy = {
        (row["problem_id"], row["sample_index"], row["attempt"]): row["token_logprobs"]
        for row in lake.read("score_logprobs").to_pylist()
    }
    tops = {
        (row["problem_id"], row["sample_index"], row["attempt"]): row for row in lake.read("top_logprobs").to_pylist()
    }
    facts = lake.read("scores").to_pylist()
    assert sorted((row["problem_id"], row["sample_index"]) for row in facts) == sorted(stored)
    for row in facts:
        key = row["problem_id"], row["sample_index"]
        (expected,) = engine.score(prompts[key[0]], [np.array(stored[key], np.int32)])
        assert heavy[*key, row["attempt"]] == expected.token_logprobs.tolist()
        assert (tops[*key, row["attempt"]]["n"], tops[*key, row["attempt"]]["positions"]) == (2, row["tokens"])
        assert row["cumulative_logprob"] == pytest.approx(math.fsum(expected.token_logprobs.tolist()), rel=1e-9)


MOMENTS = {
    "before the first commit": lambda lake: len(segments(lake)) >= 2,
    "after some commits": lambda lake: commits(lake) >= 2,
}


@pytest.mark.parametrize(
    "moment", ["before the first commit", pytest.param("after some commits", marks=pytest.mark.nightly)]
)
def test_a_killed_scoring_is_finished_by_the_same_command(filled, tmp_path, moment):
    uri = str(tmp_path / "lake")
    lake = filled(uri)
    driver = start(uri)
    until(lambda: MOMENTS[moment](uri))
    driver.kill()
    driver.wait()
    complete = often(uri)
    assert complete
    said = finish(start(uri))
    assert f"{3 * K} of {3 * K} samples are scored" in said
    assert {often(uri)[unit] for unit in complete} == {1}, "units that were complete were scored again"
    require_every_score(lake)
    assert "nothing to score" in finish(start(uri))


@pytest.mark.nightly
@pytest.mark.usefixtures("s3")
def test_two_drivers_of_a_scorer_share_the_work_on_an_object_store(filled, s3):
    lake = filled(s3)
    drivers = [start(s3) for _ in range(2)]
    for said in map(finish, drivers):
        assert f"{3 * K} of {3 * K} samples are scored" in said
    require_every_score(lake)
    assert len(lake.read("scorers").to_pylist()) <= 2

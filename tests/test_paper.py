"""The study in benchmarks/paper runs from training to export, at a tiny size and with a random model."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from samples import engines
from samples.engines import Placement, Sampling
from samples.problems.problems import Problem

ROOT = Path(__file__).parent.parent
PAPER = ROOT / "benchmarks" / "paper"
needs_trl = pytest.mark.skipif(find_spec("trl") is None, reason="TRL is not installed: make")
STOPPED = """
import sys
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location("train", sys.argv.pop(1))
train = module_from_spec(spec)
spec.loader.exec_module(train)
train.SAVED = 2
stop = int(sys.argv.pop(1))
said = train.Publisher.on_log
def on_log(self, args, state, control, logs=None, **kwargs):
    said(self, args, state, control, logs, **kwargs)
    if state.global_step == stop:
        raise KeyboardInterrupt
train.Publisher.on_log = on_log
train.main()
"""


def problems(folder: Path, *sizes: int) -> dict[str, list[dict]]:
    named = zip(("--prompts", "--sums", "--products"), map(str, sizes), strict=True)
    subprocess.run(
        [sys.executable, PAPER / "problems.py", folder, *(part for pair in named for part in pair)], check=True
    )
    return {
        name: [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]
        for name in ("training", "sums", "products")
    }


def test_held_out_sums_are_different_and_in_no_prompt_of_the_training(tmp_path):
    found = problems(tmp_path / "p", 400, 60, 40)
    asked = {name: {row["question"] for row in rows} for name, rows in found.items()}
    assert {name: len(rows) for name, rows in found.items()} == {"training": 400, "sums": 60, "products": 40}
    assert len(asked["sums"]) == 60
    assert len(asked["products"]) == 40
    assert not asked["sums"] & asked["training"]
    assert all(row["answer"] == str(eval(row["question"].split(":")[1].rstrip(" ="))) for row in found["sums"])


@pytest.mark.parametrize(
    ("completion", "correct"),
    [
        ("12", True),
        ("7 + 5 = 12.", True),
        ("The final answer is **12**.", True),
        ("Answer: 12", True),
        ("The sum is $12$", True),
        ("7 + 12", False),
        ("7 + 5 = 12, so", False),
        ("7 + 5 = 13 - 12", False),
        ("this 12", False),
        ("112", False),
        ("-12", False),
        ("", False),
    ],
)
def test_the_strict_verdict_wants_the_number_as_the_result_at_the_end(completion, correct, module_from):
    assert module_from(PAPER / "stated.py").stated(Problem("p", "7 + 5 =", "12", None, {}), completion) is correct


def train(folder: Path, model: str, out: Path, *, stop: int) -> subprocess.CompletedProcess:
    given = [folder / "training.jsonl", model, out, "--steps", "4", "--every", "2"]
    return subprocess.run(
        [sys.executable, "-c", STOPPED, PAPER / "train.py", str(stop), *given],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )


def test_the_script_passes_shellcheck():
    shellcheck = Path(sys.executable).with_name("shellcheck")
    done = subprocess.run([shellcheck, PAPER / "study.sh"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.nightly
@needs_trl
@pytest.mark.heavy
def test_a_training_publishes_its_weights_as_models(tiny_model, tmp_path):
    problems(tmp_path / "p", 32, 4, 3)
    done = train(tmp_path / "p", tiny_model, tmp_path / "out", stop=0)
    assert done.returncode == 0, done.stderr
    files = {file.name for file in Path(tiny_model).iterdir()}
    for step in ("step-002", "step-004"):
        assert {file.name for file in (tmp_path / "out" / step).iterdir()} == files
    assert engines.load("transformers", str(tmp_path / "out" / "step-004"), None, "float32", Sampling(), Placement())


@needs_trl
@pytest.mark.nightly  # it imports TRL three times, for half a minute each
def test_a_training_that_was_stopped_ends_with_the_same_weights(tiny_model, tmp_path):
    problems(tmp_path / "p", 32, 4, 3)
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    done = train(tmp_path / "p", tiny_model, whole, stop=0)
    assert done.returncode == 0, done.stderr
    done = train(tmp_path / "p", tiny_model, stopped, stop=3)
    assert done.returncode == 1
    assert "stopped; the same command goes on" in done.stderr
    assert train(tmp_path / "p", tiny_model, stopped, stop=0).returncode == 0
    for step in ("step-002", "step-004"):
        files = {file.name for file in (whole / step).iterdir()}
        assert files == {file.name for file in Path(tiny_model).iterdir()}
        for name in files:
            assert (whole / step / name).read_bytes() == (stopped / step / name).read_bytes(), name
    assert [json.loads(line)["step"] for line in (stopped / "training.jsonl").read_text().splitlines()] == [1, 2, 3, 4]


@needs_trl
@pytest.mark.nightly  # minutes: a training, seven runs, a scorer, each twice
@pytest.mark.ray
def test_the_study_runs_from_training_to_export_and_again_draws_nothing(tiny_model, tmp_path):
    sizes = {"STEPS": 2, "EVERY": 2, "SUMS": 4, "PRODUCTS": 3, "K": 8, "K_STEPS": 4, "K_PRODUCTS": 4, "SCORED": 2}
    given = {name: str(size) for name, size in sizes.items()}
    given |= {"OUT": str(tmp_path / "out"), "BASE": tiny_model, "ENGINE": "transformers"}
    given["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    def study() -> str:
        done = subprocess.run(
            ["sh", PAPER / "study.sh"], cwd=ROOT, env=os.environ | given, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stderr

    assert "drew 32 samples" in study()
    again = study()
    assert "drew" not in again
    assert "step 1" not in again
    out = tmp_path / "out"
    assert "## Where the curves cross" in (out / "results.md").read_text()
    assert {file.name for file in out.glob("*.parquet")} == {"base-sums.parquet", "rloo-002-sums.parquet"}
    assert len(list((out / "charts").glob("*.svg"))) == 9

"""A small lake made by the library's own parts, without Ray, and the command line as a function."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from samples.api import Lake
from samples.engines import Placement, Sampling, load
from samples.ingest import segment
from samples.ingest.plan import plan
from samples.ingest.segment import committer
from samples.rescore.rescore import rescore
from samples.runs.record import record
from samples.runs.request import Request, prepare
from samples.runs.run import Run, seed_of
from samples_cli.main import main

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def samples(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run a `samples` command in this process: (exit code, stdout, stderr)."""
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: object) -> tuple[int, str, str]:
        code = 0
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as done:
            code = int(done.code or 0)
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture
def sums(tmp_path: Path) -> Path:
    """Three sums as a problem file."""
    return sums_in(tmp_path)


def sums_in(folder: Path) -> Path:
    """Write three sums as a problem file."""
    path = folder / "sums.jsonl"
    rows = [{"id": f"sum-{n}", "question": f"What is {n} + {n + 1}?", "answer": str(2 * n + 1)} for n in range(3)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="session")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a lake with one verified run. Tests get copies of it."""
    folder = tmp_path_factory.mktemp("toys")
    sampled(folder / "lake", sums_in(folder))
    return folder / "lake"


@pytest.fixture
def lake(tmp_path: Path, toys: Path, sums: Path) -> Lake:
    """A lake with one verified run, "toys": 10 samples of each sum."""
    shutil.copytree(toys, tmp_path / "lake")
    return Lake(str(tmp_path / "lake"))


def sampled(uri: Path, problems: Path, name: str = "toys", model: str = "toy", k: int = 10) -> tuple[Lake, Run]:
    """Draw a run with the toy engine, unit by unit, and verify it."""
    request = Request(str(problems), model, k, str(uri), name=name, engine="toy", sampling=Sampling(max_tokens=100))
    prepared = prepare(request)
    lake = Lake(str(uri), create=True)
    run = record(lake, prepared)
    engine = load("toy", model, None, "auto", request.sampling, Placement())
    prompts = dict(zip(*(prepared.prompts[column].to_pylist() for column in ("problem_id", "token_ids")), strict=True))
    receipts = []
    for unit in plan(lake, run.dataset, run.run_id, list(prompts), k):
        seeds = [seed_of(run.run_id, unit.problem_id, index) for index in range(unit.start, unit.stop)]
        receipts.append(segment.write(lake, run, unit, seeds, engine.sample(prompts[unit.problem_id], seeds)))
    committer(lake, run).commit(receipts)
    rescore(lake, "numeric", [run.run_id], workers=1)
    return lake, run

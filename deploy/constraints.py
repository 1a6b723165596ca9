"""Write deploy/constraints.txt: one version of every package that the tests run with.

    python deploy/constraints.py [--upgrade]

Resolves what pyproject.toml asks for, for each Python of PYTHONS, and installs nothing. Versions in the file stay where
they still fit; with --upgrade the newest are taken. Packages of vLLM's CUDA build alone, torch among them, have a
section, and so have those of its CPU build, whose torch is left out: pyproject.toml names it.
"""

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
FILE = ROOT / "deploy" / "constraints.txt"
PYTHONS = ("3.11", "3.12", "3.13")
NEVER = 'torch; sys_platform == "never"\n'
HEADER = f"""\
# One version of every package that the tests run with, for Python {", ".join(PYTHONS)} on Linux.
# `make upgrade` writes this file with the newest versions, `make constraints` with the fewest changes.
# Not here: the torch of vLLM's CPU build, and the packages of cpu-overrides.txt.
# Each environment takes the versions before the two sections, and one section: environment.sh leaves the other out.
"""
CUDA_ONLY = "# Only with vLLM's CUDA build: its CPU build asks for other versions of these, or for none.\n"
CPU_ONLY = "# Only with vLLM's CPU build: its CUDA build asks for other versions of these, or for none.\n"

Versions = dict[str, str]


def lines(section: str = "") -> list[str]:
    """Return the file's versions, a line each: all of them, or those that an environment without `section` takes."""
    found: list[str] = []
    inside = ""
    for line in FILE.read_text().splitlines(keepends=True) if FILE.exists() else []:
        inside = line if line in {CUDA_ONLY, CPU_ONLY} else inside
        if "==" in line and line[0] != "#" and (not section or inside != section):
            found.append(line.rstrip())
    return found


def read(python: str, without: str) -> Versions:
    """Return the file's versions for one Python, by package, except those of the section `without`."""
    parts = (line.partition(" ; ") for line in lines(without))
    return dict(pin.split("==") for pin, _, marker in parts if not marker or f'"{python}"' in marker)


def resolve(extra: str, python: str, known: Versions, overrides: str) -> Versions:
    """Resolve samples[EXTRA,dev] and what builds it; `known` versions are kept where they fit."""
    with tempfile.TemporaryDirectory() as folder:
        build, override, out = (Path(folder) / name for name in ("build.txt", "override.txt", "out.txt"))
        build.write_text("\n".join(tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]))
        override.write_text(overrides)
        out.write_text("".join(f"{name}=={version}\n" for name, version in known.items()))
        command = ["uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--no-python-downloads"]
        command += ["--python-platform", "x86_64-manylinux_2_28", "--python-version", python]
        command += [
            "--extra",
            extra,
            "--extra",
            "cluster",
            "--extra",
            "dev",
            "--override",
            override,
            "--output-file",
            out,
        ]
        done = subprocess.run([*command, ROOT / "pyproject.toml", build], check=False, stdout=subprocess.DEVNULL)
        if done.returncode:
            sys.exit(f"samples[{extra},dev] has no versions that fit together on Python {python}; nothing was written")
        return dict(line.split("==") for line in out.read_text().splitlines())


def write(cpu: dict[str, Versions], cuda: dict[str, Versions]) -> None:
    """Write a line per package; one per Python where they need different versions."""
    FILE.write_text("".join([
        HEADER,
        *(line for line in lines_of(cpu) if line in set(lines_of(cuda))),
        CUDA_ONLY,
        *(line for line in lines_of(cuda) if line not in set(lines_of(cpu))),
        CPU_ONLY,
        *(line for line in lines_of(cpu) if line not in set(lines_of(cuda))),
    ]))  # fmt: skip


def lines_of(found: dict[str, Versions]) -> list[str]:
    """Return the lines of one resolution."""
    written: list[str] = []
    for name in sorted({name for versions in found.values() for name in versions}):
        each = {python: versions[name] for python, versions in found.items() if name in versions}
        if len(set(each.values())) == 1:
            written.append(f"{name}=={next(iter(each.values()))}\n")
        else:
            written += [f'{name}=={version} ; python_version == "{python}"\n' for python, version in each.items()]
    return written


def main() -> None:
    """Resolve, write, and say what changed."""
    if sys.argv[1:] not in ([], ["--upgrade"]):
        sys.exit("usage: python deploy/constraints.py [--upgrade]")
    before = lines()
    cpu: dict[str, Versions] = {}
    cuda: dict[str, Versions] = {}
    taken: Versions = {}  # the next Python and the CUDA build take the same versions where they can
    fresh = bool(sys.argv[1:])
    for python in PYTHONS:
        print(f"resolving for Python {python}", file=sys.stderr)
        overrides = NEVER + (ROOT / "deploy" / "cpu-overrides.txt").read_text()
        known = taken if fresh else taken | read(python, CUDA_ONLY)
        cpu[python] = resolve("sampling-cpu", python, known, overrides)
        known = taken if fresh else taken | read(python, CPU_ONLY)
        cuda[python] = resolve("sampling", python, known | cpu[python], "")
        taken |= cpu[python]
    write(cpu, cuda)
    after = lines()
    for sign, changed in (("-", set(before) - set(after)), ("+", set(after) - set(before))):
        print(*(f"{sign} {line}\n" for line in sorted(changed)), sep="", end="")
    print(f"{FILE.relative_to(ROOT)}: {len(after)} versions; make test installs and tries them")


if __name__ == "__main__":
    main()

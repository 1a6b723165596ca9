"""deploy/environment.sh says in one line what a machine lacks, before it downloads anything."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NEEDED = ("sh", "sed", "head", "awk", "dirname", "echo")


@pytest.fixture
def machine(tmp_path):
    """Return a function that checks a machine which has these programs, given as their shell scripts."""

    def check(gpu: str, programs: dict[str, str], python: str = sys.executable) -> subprocess.CompletedProcess[str]:
        programs = {"df": free(100), "cc": "exit 0", **programs}
        folder = tmp_path / "bin"
        folder.mkdir()
        for name in NEEDED:
            if found := shutil.which(name):
                (folder / name).symlink_to(found)
        for name, script in programs.items():
            if script:
                (folder / name).write_text(f"#!/bin/sh\n{script}\n")
                (folder / name).chmod(0o755)
        # Not what this process has: its folders may hold a compiler and a driver.
        variables = {"PATH": str(folder), "GPU": gpu, "PYTHON": python, "VENV": str(tmp_path / "new")}
        if "LD_LIBRARY_PATH" in os.environ:
            variables["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
        shell = [shutil.which("sh") or "sh", "deploy/environment.sh", "check"]
        done = subprocess.run(shell, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
        assert not (tmp_path / "new").exists()
        assert done.stdout == ""
        return done

    return check


def free(gigabytes: int) -> str:
    return f"echo header; echo /dev/a 1 1 {gigabytes}000000 1% /"


def driver(cuda: str) -> str:
    return f"echo '| NVIDIA-SMI 590.44   Driver Version: 590.44   CUDA Version: {cuda} |'"


def line_of(done):
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def header() -> bool:
    import sysconfig

    return Path(sysconfig.get_path("include"), "Python.h").exists()


needs_header = pytest.mark.skipif(not header(), reason="this Python has no Python.h")


@needs_header
def test_a_gpu_machine_that_has_everything_passes(machine):
    done = machine("yes", {"nvidia-smi": driver("13.0")})
    assert (done.returncode, done.stderr) == (0, "")


@needs_header
def test_an_old_driver_is_told_what_the_wheels_need(machine):
    said = line_of(machine("yes", {"nvidia-smi": driver("12.8")}))
    assert "reaches CUDA 12, the wheels need CUDA 13" in said
    assert "GPU=no" in said


@needs_header
def test_a_login_node_without_a_driver_may_ask_for_the_cuda_build(machine):
    done = machine("yes", {})
    assert done.returncode == 0
    assert "the nodes need one that reaches CUDA 13" in done.stderr


def test_a_gpu_machine_without_a_compiler_is_told_so(machine):
    assert "no C compiler" in line_of(machine("yes", {"cc": "", "nvidia-smi": driver("13.0")}))


def test_a_python_without_its_header_is_told_so(machine, tmp_path):
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\ncase "$2" in *sysconfig*) echo {tmp_path} ;; *) exit 0 ;; esac\n')
    python.chmod(0o755)
    assert "Python.h" in line_of(machine("yes", {"nvidia-smi": driver("13.0")}, str(python)))


@pytest.mark.parametrize(("gpu", "enough"), [("no", 4), pytest.param("yes", 10, marks=needs_header)])
def test_the_space_that_each_build_needs_is_checked(machine, gpu, enough):
    said = line_of(machine(gpu, {"df": free(enough - 1), "nvidia-smi": driver("13.0")}))
    assert f"needs {enough} GB" in said
    assert f"has {enough - 1} GB free" in said


def test_a_machine_without_a_gpu_needs_no_compiler(machine):
    assert machine("no", {"cc": "", "df": free(4)}).returncode == 0


@pytest.mark.parametrize(("cards", "enough"), [("GPU 0: NVIDIA H100", 10), ("", 4)])
def test_a_machine_that_is_not_asked_for_takes_the_build_of_its_cards(machine, cards, enough):
    programs = {"df": free(3), "nvidia-smi": f'[ "$1" = -L ] && echo "{cards}" || {driver("13.0")}'}
    if cards and not header():
        pytest.skip("this Python has no Python.h")
    assert f"needs {enough} GB" in line_of(machine("", programs))


def test_another_answer_than_yes_and_no_is_refused(machine):
    done = machine("maybe", {})
    assert done.returncode == 2
    assert "expected GPU=yes or GPU=no" in done.stderr

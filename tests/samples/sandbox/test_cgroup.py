"""The limit of memory by a cgroup: where it can be made, and that nothing depends on it."""

import os
from pathlib import Path

import pytest

from samples.sandbox import cgroup
from samples.sandbox.cgroup import Group, find
from samples.sandbox.sandbox import Limits, Program, run


def tree(folder: Path, controllers: str) -> None:
    """Make a folder that looks like a cgroup."""
    folder.mkdir(parents=True)
    (folder / "cgroup.subtree_control").write_text(controllers)
    (folder / "cgroup.procs").touch()


def mounts(folder: Path) -> str:
    return f"proc /proc proc rw 0 0\ncgroup2 {folder} cgroup2 rw 0 0\n"


def test_a_group_is_made_beside_the_own_one_if_its_parent_hands_out_memory(tmp_path: Path):
    tree(tmp_path / "fs" / "service", "cpu memory pids\n")
    tree(tmp_path / "fs" / "service" / "main", "")
    assert find(mounts(tmp_path / "fs"), "0::/service/main\n") == tmp_path / "fs" / "service"


def test_a_group_is_made_below_the_own_one_if_it_hands_out_memory(tmp_path: Path):
    tree(tmp_path / "fs", "memory\n")
    assert find(mounts(tmp_path / "fs"), "12:cpu:/x\n0::/\n") == tmp_path / "fs"


def test_none_is_made_without_the_controller_the_rights_or_version_2(tmp_path: Path):
    tree(tmp_path / "fs", "cpu pids\n")
    tree(tmp_path / "fs" / "main", "")
    assert find(mounts(tmp_path / "fs"), "0::/main\n") is None
    assert find(mounts(tmp_path / "fs"), "0::/gone/main\n") is None
    assert find("cgroup /sys/fs/cgroup/memory cgroup rw 0 0\n", "4:memory:/\n") is None
    assert find("", "") is None


def test_a_group_that_cannot_be_made_is_none_and_the_command_stays(tmp_path: Path):
    for parent in (None, tmp_path / "nowhere"):
        group = Group(1 << 30, parent)
        assert group.folder is None
        assert group.joined(["true"]) == ["true"]
        assert not group.ran_out()
        group.close()


def test_a_group_has_its_limit_before_anything_joins_it(tmp_path: Path):
    group = Group(123456, tmp_path)
    assert group.folder
    assert (group.folder / "memory.max").read_text() == "123456"
    command = group.joined(["printf", "%s", "a b"])
    assert os.popen(" ".join(f"'{word}'" for word in command)).read() == "a b"
    assert (group.folder / "cgroup.procs").read_text() == "0\n"
    assert not group.ran_out()
    (group.folder / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    assert group.ran_out()


@pytest.mark.heavy
@pytest.mark.usefixtures("sandbox")
def test_memory_beside_the_address_space_counts_where_a_group_can_be_made():
    if cgroup.delegated() is None:
        pytest.skip("this process may not make a cgroup with a limit of memory")
    before = set(cgroup.delegated().iterdir())
    text = "import os\npipes = [os.pipe() for _ in range(28)]\nfor n in range(4_000): os.mkdir(f'/tmp/{n}')\nprint(1)"
    assert run(Program(text), limits=Limits()).stdout == b"1\n"
    assert set(cgroup.delegated().iterdir()) == before

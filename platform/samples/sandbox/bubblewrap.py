"""The command line of bubblewrap: what the sandbox sees, and what it is kept from."""

import functools
import marshal
import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

PACKAGES = "/packages"  # where the folder of packages lies inside
# What runs inside, in the order of its imports.
_INSIDE = ("samples.sandbox.protocol", "samples.sandbox.program", "samples.sandbox.supervisor")
_BOOTSTRAP = """
import marshal, posix, sys
data = b""
while len(data) < size and (part := posix.read(0, size - len(data))):
    data += part
for name, code in marshal.loads(data):
    module = sys.modules[name] = type(sys)(name)
    exec(code, module.__dict__)
module.main()
"""


def command(info: int, scratch: int, packages: Path | None) -> list[str]:
    """Return the command that starts the supervisor, to be run with an empty environment.

    `info` is the descriptor that gets process 1's outer id, `scratch` the bytes of /tmp, `packages` a folder to show.

    Raises:
        FileNotFoundError: There is no bubblewrap.
    """
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise FileNotFoundError("there is no bwrap")
    # Root needs no user namespace, and gives program and tests a user each: limits on threads bind no root.
    root = os.geteuid() == 0
    spaces = "--unshare-pid --unshare-net --unshare-ipc --unshare-uts --unshare-cgroup-try --cap-drop ALL"
    apart = (
        [*spaces.split(), "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_KILL"]
        if root
        else ["--unshare-all", "--uid", "65534", "--gid", "65534"]
    )
    return [
        *(bwrap, *apart, "--die-with-parent", "--new-session", "--as-pid-1", "--info-fd", str(info)),
        *_root(packages.resolve() if packages else None),
        *("--perms", "0755", "--dir", "/dev"),
        *(word for name in ("null", "zero", "full", "random", "urandom") for word in _device(name)),
        *("--perms", "1777", "--size", str(scratch), "--tmpfs", "/tmp"),  # noqa: S108 - the sandbox's own
        *("--remount-ro", "/", "--chdir", "/tmp", "--hostname", "sandbox", "--clearenv"),  # noqa: S108 - the sandbox's own /tmp
        *("--setenv", "HOME", "/tmp", "--setenv", "LANG", "C.UTF-8"),  # noqa: S108 - the sandbox's own /tmp
        *("--setenv", "PYTHONHASHSEED", "0"),  # the order of a set, and with it the verdict, is always the same
        *("--setenv", "MALLOC_ARENA_MAX", "1"),  # glibc gives each thread 64 MiB of the address space otherwise
        *(_interpreter(), "-s", "-S", "-P", "-B", "-X", "utf8", "-c", f"size = {len(supervisor())}\n{_BOOTSTRAP}"),
    ]


def _device(name: str) -> tuple[str, str, str]:
    return "--dev-bind", f"/dev/{name}", f"/dev/{name}"


@functools.cache
def _interpreter() -> str:
    """The interpreter that this one's environment was made from."""
    return os.path.realpath(getattr(sys, "_base_executable", sys.executable))


@functools.cache
def _root(packages: Path | None) -> tuple[str, ...]:
    """Arguments for the files of the interpreter: its executable, its library folder, the C library; no packages.

    But those of the folder `packages`, where there is one.
    """
    words: list[str] = []
    prefix = Path(_interpreter()).parent.parent
    for folder in ("/usr/lib", "/usr/lib64", "/lib", "/lib64", f"{prefix}/lib", f"{prefix}/lib64"):
        if Path(folder).is_symlink() and Path(folder).parent == Path("/"):
            words += ("--symlink", os.readlink(folder), folder)  # noqa: PTH115 - as it is, relative or not
        elif Path(folder).is_dir() and folder not in words:
            words += ("--ro-bind", folder, folder)
            for name in ("site-packages", "dist-packages"):
                for path in sorted(map(str, Path(folder).glob(f"python*/{name}"))):
                    words += ("--size", "4096", "--tmpfs", path, "--remount-ro", path)
    words += ("--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache", "--ro-bind", _interpreter(), _interpreter())
    # bubblewrap makes the folders on the way for its own user only.
    above = {str(parent) for word in words if word.startswith("/") for parent in Path(word).parents if parent.name}
    if packages:
        words += ("--ro-bind", str(packages), PACKAGES)
    return (*(word for folder in sorted(above) for word in ("--perms", "0755", "--dir", folder)), *words)


@functools.cache
def supervisor() -> bytes:
    """Return the supervisor's code, compiled here once for the same interpreter; the command reads it from stdin."""
    modules = {name: Path(str(find_spec(name).origin)).read_text("utf-8") for name in _INSIDE}  # pyright: ignore[reportOptionalMemberAccess]
    return marshal.dumps([(name, compile(text, name, "exec", dont_inherit=True)) for name, text in modules.items()])

"""Build the command line of bubblewrap: which files the sandbox sees, and what it is isolated from."""

import functools
import marshal
import os
import random
import shutil
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

PACKAGES = "/packages"  # path of the folder of packages, inside the sandbox
_OUR_PACKAGES = ("samples", "samples_schemas", "samples_queries")
# The modules that run inside the sandbox, in the order of their imports.
_MODULES_INSIDE = tuple(
    f"samples.sandbox.{name}" for name in ("confine", "protocol", "unittests", "program", "supervisor")
)
_USERS = range(61184, 65519, 2)  # systemd's range of dynamic users; each sandbox takes two
_ENVIRONMENT = {
    "HOME": "/tmp",  # noqa: S108 - the sandbox's own
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",  # the order of a set is fixed, and so is the verdict
    "MALLOC_ARENA_MAX": "1",  # otherwise glibc gives each thread 64 MiB of address space
}
# NumPy makes threads, and a process that has some cannot fork safely.
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
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


def supervised(info_fd: int, scratch_bytes: int, packages: Mapping[str, Path]) -> list[str]:
    """Return the command that starts the supervisor of a program. Run it with an empty environment.

    bubblewrap writes the outer id of process 1 to the descriptor `info_fd`. `scratch_bytes` is the size of /tmp.
    `packages` maps places below PACKAGES, or PACKAGES itself, to folders that programs may import from.

    Raises:
        FileNotFoundError: bubblewrap is not installed.
    """
    lent = [word for place, path in packages.items() for word in ("--ro-bind", str(path.resolve()), place)]
    mounts = (*_mounts(), *_open_folder(PACKAGES), *lent) if lent else _mounts()
    command = _command(info_fd, scratch_bytes, mounts, _ONE_THREAD if packages else {})
    return [*command, f"size = {len(supervisor())}\n{_BOOTSTRAP}"]


def warm(info_fd: int, scratch_bytes: int) -> list[str]:
    """Return the command that starts the warm interpreter (`samples.sandbox.warm`), as `supervised` does.

    It sees the packages that are installed beside this program, and this program.

    Raises:
        FileNotFoundError: bubblewrap is not installed.
    """
    folders, path = _libraries()
    start = f"import sys\nsys.path += {path!r}\nfrom samples.sandbox.warm import main\nmain()"
    return [*_command(info_fd, scratch_bytes, (*_mounts(), *folders), _ONE_THREAD), start]


def installed(name: str) -> dict[str, Path]:
    """Return where to mount a package that is installed here, with its native libraries; nothing if it is not."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        return {}
    folder = Path(spec.origin).parent
    there = (folder, folder.with_name(f"{name}.libs"))
    return {f"{PACKAGES}/{path.name}": path for path in there if path.is_dir()}


def some_user() -> int | None:
    """Return the first of two users for a sandbox that root makes; None for another maker."""
    return random.choice(_USERS) if os.geteuid() == 0 else None  # noqa: S311 - it need not be secret


def _command(info_fd: int, scratch_bytes: int, mounts: Sequence[str], more: Mapping[str, str]) -> list[str]:
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise FileNotFoundError("bwrap is not installed")
    # Root needs no user namespace. It gives program and tests one user each, because thread limits do not bind root.
    root = os.geteuid() == 0
    namespaces = "--unshare-pid --unshare-net --unshare-ipc --unshare-uts --unshare-cgroup-try --cap-drop ALL"
    isolation = (
        [*namespaces.split(), "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_KILL"]
        if root
        else ["--unshare-all", "--uid", "65534", "--gid", "65534"]
    )
    return [
        *(bwrap, *isolation, "--die-with-parent", "--new-session", "--as-pid-1", "--info-fd", str(info_fd)),
        *mounts,
        *("--perms", "0755", "--dir", "/dev"),
        *(word for name in ("null", "zero", "full", "random", "urandom") for word in _device(name)),
        *("--perms", "1777", "--size", str(scratch_bytes), "--tmpfs", "/tmp"),  # noqa: S108 - the sandbox's own
        *("--remount-ro", "/", "--chdir", "/tmp", "--hostname", "sandbox", "--clearenv"),  # noqa: S108 - the sandbox's own /tmp
        *(word for name, value in {**_ENVIRONMENT, **more}.items() for word in ("--setenv", name, value)),
        *(_interpreter(), "-s", "-S", "-P", "-B", "-X", "utf8", "-c"),
    ]


def _open_folder(path: str) -> tuple[str, ...]:
    return "--perms", "0755", "--dir", path


def _device(name: str) -> tuple[str, str, str]:
    return "--dev-bind", f"/dev/{name}", f"/dev/{name}"


@functools.cache
def _interpreter() -> str:
    """Return the path of the interpreter that this virtual environment was made from."""
    return os.path.realpath(getattr(sys, "_base_executable", sys.executable))


@functools.cache
def _mounts() -> tuple[str, ...]:
    """Return the arguments that mount the interpreter's files: its executable, its library folder, the C library.

    Installed packages are hidden.
    """
    words: list[str] = []
    prefix = Path(_interpreter()).parent.parent
    for folder in ("/usr/lib", "/usr/lib64", "/lib", "/lib64", f"{prefix}/lib", f"{prefix}/lib64"):
        if Path(folder).is_symlink() and Path(folder).parent == Path("/"):
            words += ("--symlink", os.readlink(folder), folder)  # noqa: PTH115 - keep the target as it is, relative or not
        elif Path(folder).is_dir() and folder not in words:
            words += ("--ro-bind", folder, folder)
            for name in ("site-packages", "dist-packages"):
                for path in sorted(map(str, Path(folder).glob(f"python*/{name}"))):
                    words += ("--size", "4096", "--tmpfs", path, "--remount-ro", path)
    words += ("--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache", "--ro-bind", _interpreter(), _interpreter())
    # bubblewrap makes parent folders readable only for its own user, so they are made here.
    above = {str(parent) for word in words if word.startswith("/") for parent in Path(word).parents if parent.name}
    return (*(word for folder in sorted(above) for word in ("--perms", "0755", "--dir", folder)), *words)


def _libraries() -> tuple[list[str], list[str]]:
    """Return arguments that mount installed packages and our own below PACKAGES, and the path to import them from."""
    specs = [find_spec(name) for name in _OUR_PACKAGES]
    own = [Path(spec.origin).resolve().parent for spec in specs if spec and spec.origin]
    installed = [Path(path).resolve() for path in sys.path if Path(path).name in {"site-packages", "dist-packages"}]
    places = {f"{PACKAGES}/own/{folder.name}": folder for folder in own}
    for number, folder in enumerate(filter(Path.is_dir, dict.fromkeys(installed))):
        places[f"{PACKAGES}/{number}"] = folder
    words = [word for place, folder in places.items() for word in ("--ro-bind", str(folder), place)]
    made = [*_open_folder(PACKAGES), *_open_folder(f"{PACKAGES}/own")]
    return [*made, *words], [f"{PACKAGES}/own", *(place for place in places if "/own/" not in place)]


@functools.cache
def supervisor() -> bytes:
    """Return the supervisor's code, compiled once for the same interpreter. The command reads it from stdin."""
    modules = {name: Path(str(find_spec(name).origin)).read_text("utf-8") for name in _MODULES_INSIDE}  # pyright: ignore[reportOptionalMemberAccess]
    return marshal.dumps([(name, compile(text, name, "exec", dont_inherit=True)) for name, text in modules.items()])

"""The code sandbox: which files it shows, its limits, that no process is left, and the data that passes its border."""

import contextlib
import itertools
import json
import os
import platform
import subprocess
import sys
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import samples
from samples.errors import MissingExtra, UsageError
from samples.problems.problems import Problem
from samples.rescore.judge import Judge, StoredCompletion
from samples.sandbox import protocol, seccomp
from samples.sandbox.sandbox import Limits, Outcome, Program, Sandbox, SandboxError, require, run

pytestmark = pytest.mark.heavy

sandboxed = pytest.mark.usefixtures("sandbox")


def printed(text: str, limits: Limits | None = None) -> str:
    outcome = run(Program(text), limits=limits)
    assert outcome.code == 0, outcome
    return outcome.stdout.decode().strip()


@sandboxed
def test_script_reads_its_input_and_the_sandbox_reports_its_end():
    assert run(Program("import sys\nprint(sys.stdin.read()[::-1])"), b"abc").stdout == b"cba\n"
    assert run(Program("print(input(), input())"), "é\r\nx\n".encode()).stdout == "é x\n".encode()
    assert run(Program("exit(3)")).code == 3
    assert run(Program("1/0")).error == "ZeroDivisionError: division by zero"
    assert run(Program("def broken(:")).error.startswith("SyntaxError")
    outcome = run(Program("import sys\nsys.stderr.write('no end of line')\nraise ValueError('one\\ntwo')"))
    assert (outcome.code, outcome.error) == (1, "ValueError: one")


@sandboxed
def test_script_ends_as_under_plain_python():
    text = "import atexit, threading\natexit.register(print, 'last')\nthreading.Timer(0.05, print, ['timer']).start()"
    assert printed(text) == "timer\nlast"
    assert printed("if __name__ == '__main__':\n    print('main')") == "main"
    assert printed("file = open(1, 'w')\nfile.write('never flushed')") == "never flushed"
    assert printed("import io, sys\nprint('before')\nsys.stdout = io.StringIO()\nprint('after')") == "before"


@sandboxed
def test_program_may_use_the_whole_standard_library_and_threads():
    text = "import asyncio, threading, sqlite3, ssl, lzma, decimal, zoneinfo, tempfile\n"
    text += "thread = threading.Thread(target=print, args=['thread'])\nthread.start()\nthread.join()\n"
    text += "asyncio.run(asyncio.sleep(0))\nwith tempfile.TemporaryFile() as file:\n    file.write(b'x')"
    assert printed(text) == "thread"
    many = "import threading, time\n"
    many += "threads = [threading.Thread(target=lambda: ([0] * 10**5, time.sleep(0.1))) for _ in range(60)]\n"
    many += "for thread in threads: thread.start()\nfor thread in threads: thread.join()\nprint('all')"
    assert printed(many) == "all"


@sandboxed
def test_program_sees_only_the_interpreter_and_can_write_only_to_scratch():
    text = """
import os
for folder, folders, files in os.walk("/"):
    if os.access(folder, os.W_OK):
        print(folder)
    for file in files:
        path = os.path.join(folder, file)
        if not os.path.islink(path) and os.access(path, os.W_OK) and not folder.startswith("/dev"):
            print(path)
"""
    assert printed(text) == "/tmp"
    assert printed("import os\nprint(os.listdir('/tmp'), sorted(os.environ), os.path.exists('/proc'))") == (
        "[] ['HOME', 'LANG', 'MALLOC_ARENA_MAX', 'PWD', 'PYTHONHASHSEED'] False"
    )
    roots = set(printed("import os\nprint(*os.listdir('/'))").split())
    assert roots <= {"usr", "lib", "lib64", "etc", "dev", "tmp", Path(os.path.realpath(sys.executable)).parts[1]}
    assert printed("import os\nprint(os.listdir('/etc'))") in {"['ld.so.cache']", "[]"}


@sandboxed
def test_scratch_holds_no_more_than_its_limit_in_all_files_together():
    text = "import os\n"
    text += "for n in range(9):\n    open(f'/tmp/{n}', 'wb').write(b'x' * (1 << 20))\n    print(n, flush=True)"
    outcome = run(Program(text), limits=Limits(scratch=4 << 20))
    assert (outcome.stdout, outcome.error) == (b"0\n1\n2\n3\n", "OSError: [Errno 28] No space left on device")


@sandboxed
@pytest.mark.parametrize(
    "text",
    [
        *("import socket\nsocket.socket()", "import socket\nsocket.if_nameindex()", "import os\nos.fork()"),
        *("import os\nos.execv('/bin/sh', ['sh'])", "import subprocess\nsubprocess.run(['true'])"),
    ],
)
def test_neither_program_nor_tests_reach_a_network_or_start_a_process(text: str):
    assert run(Program(text)).error.startswith("PermissionError: [Errno 1] Operation not permitted")
    with Sandbox(Program("def f(): pass"), tests_are_code=True) as box:
        result = box.check(f"f()\n{text}")
        assert isinstance(result, tuple)
        assert result[0] == "failed"
        assert "PermissionError" in result[1]


@sandboxed
def test_program_imports_no_packages_except_those_of_a_given_folder(tmp_path: Path):
    assert printed("import importlib.util as u\nprint([u.find_spec(n) for n in ('pip', 'numpy', 'pytest')])") == (
        "[None, None, None]"
    )
    (tmp_path / "shown.py").write_text("answer = 42")
    tmp_path.chmod(0o755)
    with Sandbox(Program("import shown\nprint(shown.answer)"), packages=tmp_path) as box:
        assert box.run() == Outcome(0, b"42\n")


@sandboxed
def test_program_has_no_capability_and_cannot_get_one():
    text = """
import ctypes, os
data = (ctypes.c_uint32 * 6)()
assert ctypes.CDLL(None).capget((ctypes.c_uint32 * 2)(0x20080522, 0), data) == 0
assert ctypes.CDLL(None).prctl(39, 0, 0, 0, 0) == 1  # PR_GET_NO_NEW_PRIVS
print(list(data), 0 in os.getresuid() + os.getresgid() + tuple(os.getgroups()))
"""
    assert printed(text).endswith("False")
    assert printed(text).startswith("[0, 0, ")  # effective and permitted; without exec, inheritable has no effect


@sandboxed
def test_the_same_program_always_prints_the_same():
    assert len({printed("print({'a', 'b', 'c', 'd', 'e'}, hash('x'))") for _ in range(3)}) == 1


@sandboxed
def test_runs_of_one_sandbox_share_scratch_but_neither_memory_nor_time():
    with Sandbox(Program("import sys\nsys.setrecursionlimit(7_000)\nprint(input())"), Limits(cpu_seconds=1)) as box:
        assert [box.run(b"%d\n" % number).stdout for number in range(30)] == [b"%d\n" % number for number in range(30)]
    text = "import os, sys\nprint(os.listdir(), hasattr(sys, 'left'))\nsys.left = open('left', 'w')"
    with Sandbox(Program(text)) as box:
        assert [box.run().stdout for _ in range(2)] == [b"[] False\n", b"['left'] False\n"]


@sandboxed
def test_a_busy_machine_does_not_shorten_a_program_s_cpu_seconds():
    text = "import time\nwhile time.process_time() < 0.7:\n    pass\nprint('done')"
    burner = [sys.executable, "-c", "while True: pass"]
    others = [subprocess.Popen(burner) for _ in range(3 * (os.cpu_count() or 1))]
    try:
        outcome = run(Program(text), limits=Limits(cpu_seconds=1))
        assert (outcome.stdout, outcome.limit) == (b"done\n", None)
        assert run(Program("while True: pass"), limits=Limits(cpu_seconds=1)).limit == "cpu"
    finally:
        for other in others:
            other.kill()
            other.wait()


@sandboxed
@pytest.mark.parametrize(
    "answer", [b"e59999:" + b"".join(b"i%x:" % (n * (2**61 - 1)) for n in range(59999)), b"n19:Fraction 1e30000000"]
)
def test_an_answer_that_takes_all_the_time_of_the_tests_is_a_timeout_of_the_program(answer: bytes):
    message = b"l3:s5:value" + answer + b"N"
    text = f"import os, time\ndef f():\n    data = {len(message).to_bytes(4, 'big') + message!r}\n"
    text += "    while data:\n        data = data[os.write(4, data):]\n    time.sleep(60)"
    with Sandbox(Program(text), Limits(cpu_seconds=1), tests_are_code=True) as box:
        result = box.check("assert f() == 1")
        assert isinstance(result, Outcome)
        assert result.limit == "cpu"


@sandboxed
def test_half_an_answer_blocks_nothing():
    text = "import os, time\ndef f():\n    os.write(4, b'\\0\\0')\n    time.sleep(60)"
    limits = Limits(wall_seconds=1)
    with Sandbox(Program(text), limits) as box:
        for result in (box.call("f"), box.call("f")):
            assert isinstance(result, Outcome)
            assert result.limit == "wall"
    with Sandbox(Program(text), limits, tests_are_code=True) as box:
        result = box.check("f()")
        assert isinstance(result, Outcome)
        assert (result.limit, result.error) == (
            "wall",
            "sent no answer",
        )  # the supervisor says so before it is late


@sandboxed
@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("while True: pass", "cpu"),
        ("import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass", "cpu"),
        ("import time\ntime.sleep(60)", "wall"),
        ("x = [0]\nwhile True: x += x", "memory"),
        ("while True: print('x' * 1000)", "output"),
        ("import sys\nwhile True: sys.stderr.write('x' * 1000)", "output"),
        ("import os\nn = 0\nwhile True:\n    n += 1\n    os.symlink('x', f'/tmp/{n}')", "files"),
    ],
)
def test_each_limit_is_enforced_and_named(text: str, limit: str):
    limits = Limits(1, 3 if limit == "wall" else 60, memory=256 << 20, output=1 << 20)
    outcome = run(Program(text), limits=limits)
    assert (outcome.limit, outcome.code != 0) == (limit, True)
    assert max(len(outcome.stdout), len(outcome.stderr)) <= limits.output


@sandboxed
def test_a_call_sends_plain_data_and_gets_bytes_to_compare():
    with Sandbox(Program("class Solution:\n    def twice(self, x): return x + x\ndef once(x): return x")) as box:
        assert box.call("twice", [1, "é"]) == (protocol.canonical([1, "é"] * 2), "[1, 'é', 1, 'é']")
        assert box.call("once", {"a": 1.5}) == (protocol.canonical({"a": 1.5}), "{'a': 1.5}")
        assert box.call("never", 1) == Outcome(
            1, b"", b"NameError: name 'never' is not defined", None, "NameError: name 'never' is not defined"
        )
        with pytest.raises(protocol.NotPlainDataError):
            box.call("once", object())


@sandboxed
def test_hostile_tests_give_a_sandbox_error():
    for tests in (
        "import os\nos.write(1, b'\\0\\0\\0\\5hello')\nos._exit(0)",
        "import os\nos.write(1, b'\\xff' * 100)\nos._exit(0)",
        "import os\nos.write(1, b'\\0\\0\\0\\7l1:l0:N')\nos._exit(0)",
        "import os\nos.write(1, b'\\0\\0\\0\\6l1:s0:')\nos._exit(0)",
        "import os\nos._exit(0)",
        "import os, signal\nos.close(1)",
    ):
        with Sandbox(Program("def f(): pass"), tests_are_code=True) as box, pytest.raises(SandboxError):
            box.check(tests)
    with Sandbox(Program("def f(): pass"), Limits(wall_seconds=1), tests_are_code=True) as box:
        assert box.check("f()\nwhile True: pass") == Outcome(-9, limit="wall")
        with pytest.raises(SandboxError, match="asked again"):
            box.check("f()")


@sandboxed
def test_a_program_that_makes_some_files_is_not_counted_out():
    text = (
        "import os\nfor n in range(5_000): open(f'/tmp/{n}', 'w').close()\nimport time\ntime.sleep(0.2)\nprint('all')"
    )
    assert printed(text) == "all"
    many = (
        "import os, time\ndef f():\n    for n in range(50_000): os.mkdir(f'/tmp/{n}')\n    time.sleep(9)\n    return 1"
    )
    for tests_are_code in (False, True):
        with Sandbox(Program(many), tests_are_code=tests_are_code) as box:
            result = box.check("assert f() == 1") if tests_are_code else box.call("f")
            assert isinstance(result, Outcome)
            assert result.limit == "files"


@sandboxed
def test_a_signal_that_a_program_sends_itself_is_no_limit():
    for number in (9, 24, 25, 14, 15):
        text = f"import os, signal\nsignal.signal(25, signal.SIG_DFL)\nos.kill(os.getpid(), {number})"
        outcome = run(Program(text))
        assert (outcome.code, outcome.limit) == (-number, None)


SLEEPER = """
import sys
sys.path[:0] = [sys.argv[1]]
from samples.sandbox.sandbox import Limits, Program, Sandbox
program = Program("import time\\ndef f(): time.sleep(100)\\nif __name__ == '__main__': f()")
tests_are_code = sys.argv[2] == "tests in code"
with Sandbox(program, Limits(wall_seconds=100), tests_are_code=tests_are_code) as box:
    print(box._process.process.pid, flush=True)
    box.check("f()") if tests_are_code else box.run()
"""


@sandboxed
@pytest.mark.parametrize("kind", ["script", "tests in code"])
@pytest.mark.parametrize("who", ["this user", "an ordinary user"])
def test_no_process_is_left_when_the_maker_of_the_sandbox_is_killed(
    who: str, kind: str, request: pytest.FixtureRequest
):
    python, path, more = (
        request.getfixturevalue("ordinary")
        if who == "an ordinary user"
        else (sys.executable, str(Path(samples.__file__).parents[1]), {})
    )
    maker = subprocess.Popen([python, "-c", SLEEPER, path, kind], stdout=subprocess.PIPE, text=True, **more)
    assert maker.stdout
    outer = int(maker.stdout.readline())
    # bubblewrap, the supervisor and the program; if root judges by tests in code, also process 1
    most = 4 if kind == "tests in code" and who == "this user" and os.geteuid() == 0 else 3
    for _ in range(200):
        inside = [outer, *_below(outer)]
        if len(inside) == most:
            break
        time.sleep(0.05)
    assert len(inside) == most
    maker.kill()
    maker.wait()
    maker.stdout.close()
    for _ in range(200):
        left = [pid for pid in inside if _alive(pid)]
        if not left:
            break
        time.sleep(0.05)
    assert left == []


@sandboxed
def test_killing_a_worker_ends_its_sandbox():
    tests = json.dumps([{"input": "", "output": "1", "testtype": "stdin"}])
    problem = Problem("p", "Print 1.", None, tests, {})
    text = StoredCompletion("run", "p", 0, problem.problem_hash, "import time\ntime.sleep(50)\nprint(1)")
    with Judge("code", 1) as judge, ThreadPoolExecutor(1) as side:
        judged = side.submit(lambda: list(judge.judge([text], {problem.problem_hash: problem}, {})))
        for _ in range(2):  # the system may have killed it for others' sake, so the text is tried once more
            outer = _sandbox()
            inside = [outer, *_below(outer)]
            os.kill(int(Path(f"/proc/{outer}/stat").read_text().rpartition(")")[2].split()[1]), 9)
            for _ in range(200):
                if not any(map(_alive, inside)):
                    break
                time.sleep(0.05)
            assert not any(map(_alive, inside))
        (verdict,) = (one.verdict for one in judged.result())
        assert verdict.status == "error"


def _sandbox() -> int:
    """Wait until bubblewrap, the supervisor and the program run, and return the first one's process id."""
    for _ in range(600):
        found = [pid for pid in _below(os.getpid()) if _name(pid) == "bwrap"]
        if len(found) == 1 and len(_below(found[0])) == 2:
            return found[0]
        time.sleep(0.05)
    pytest.fail("no sandbox was started")


def _name(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


def _below(pid: int) -> list[int]:
    try:
        found = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return found + [deeper for child in found for deeper in _below(child)]


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_without_bubblewrap_nothing_is_run_and_the_error_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    require.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingExtra, match="apt install bubblewrap"):
        require()
    with pytest.raises(SandboxError, match="does not start"):
        run(Program("print(1)"))


@sandboxed
def test_process_with_lower_limits_than_its_programs_runs_none():
    text = "import resource\nresource.setrlimit(resource.RLIMIT_AS, (800 << 20, 800 << 20))\n"
    text += "from samples.sandbox.sandbox import Program, run\nrun(Program('print(1)'))"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert "SandboxError: programs get a limit of 1073741824" in done.stderr


def test_bubblewrap_that_cannot_make_namespaces_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    require.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match=r"No permissions to create new namespace.*user namespaces"):
        require()
    require.cache_clear()


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_filter_allows_by_default_and_is_short_enough_for_the_kernel(monkeypatch: pytest.MonkeyPatch, machine: str):
    monkeypatch.setattr(platform, "machine", lambda: machine)
    program = seccomp.filter_program()
    assert program is not None
    assert len(program) % 8 == 0
    assert len(program) // 8 < 4096
    assert program[-4:] == (0x7FFF0000).to_bytes(4, "little")


def test_machine_without_a_filter_runs_nothing(monkeypatch: pytest.MonkeyPatch):
    require.cache_clear()
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(UsageError, match="x86-64"):
        require()


ORDINARY = """
import json, sys
sys.path[:0] = [sys.argv[1]]
from samples.sandbox.sandbox import Limits, Program, require, run
require()
bomb = "import threading, time\\n"
bomb += "for n in range(10**6): threading.Thread(target=time.sleep, args=[9], daemon=True).start()"
print(json.dumps([
    run(Program("import os; print(os.getuid(), os.listdir('/tmp'))")).stdout.decode(),
    run(Program(bomb)).error,
    run(Program("import os; os.fork()")).error,
    run(Program("import time; time.sleep(9)"), limits=Limits(wall_seconds=0.5)).limit,
    run(Program("open('/usr/lib/x', 'w')")).error[:15],
]))
"""


@sandboxed
def test_an_ordinary_user_gets_the_same_sandbox(ordinary: tuple[str, str, dict[str, Any]]):
    python, path, more = ordinary
    done = subprocess.run([python, "-c", ORDINARY, path], capture_output=True, text=True, check=False, **more)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        "65534 []\n",
        "RuntimeError: can't start new thread",
        "PermissionError: [Errno 1] Operation not permitted",
        "wall",
        "OSError: [Errno",
    ]


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.complex_numbers()
    | st.fractions()
    | st.decimals(allow_nan=False)
)
plain = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner)
        | st.sets(st.integers() | st.text())
        | st.frozensets(st.integers())
    ),
    max_leaves=20,
)
jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def spelled(value: Any) -> str:
    """Return types and values as text, where the order of a set does not matter and NaN equals NaN."""
    kind = type(value).__name__
    if isinstance(value, dict):
        return f"{kind} {[(spelled(key), spelled(value[key])) for key in value]}"
    if isinstance(value, list | tuple):
        return f"{kind} {[spelled(item) for item in value]}"
    if isinstance(value, set | frozenset):
        return f"{kind} {sorted(map(spelled, value))}"
    return f"{kind} {value!r}"


@given(plain)
@settings(deadline=None)
def test_plain_data_arrives_unchanged(value: object):
    assert spelled(protocol.decode(protocol.encode(value, strict=True))) == spelled(value)


@given(st.binary() | st.text(alphabet="lteszdgirfcnob0123456789:-", max_size=60).map(str.encode))
@settings(max_examples=500, deadline=None)
def test_any_bytes_become_plain_data_or_a_documented_error(data: bytes):
    for read in (protocol.decode, lambda data: protocol.decode_flat(data, 5)):
        with contextlib.suppress(ValueError, TypeError, RecursionError, ArithmeticError):
            read(data)


@given(jsons, jsons)
@settings(deadline=None)
def test_canonical_bytes_are_equal_when_values_are(one: object, other: object):
    assert (protocol.canonical(one) == protocol.canonical(other)) == (one == other)
    assert protocol.canonical(one) == protocol.canonical(json.loads(json.dumps(one)))


def test_canonical_bytes_are_equal_for_equal_numbers_and_dicts():
    assert protocol.canonical([1, 0.0, 2**70]) == protocol.canonical([True, False, float(2**70)])
    assert protocol.canonical({"a": 1, "b": 2}) == protocol.canonical({"b": 2, "a": 1})
    assert len({protocol.canonical(value) for value in (1, "1", [1], (1,), None, 1.5, {"1": 1}, object())}) == 8


def test_a_subclass_arrives_as_its_base_and_other_objects_as_opaque():
    class Liar(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = str.__hash__

    back = protocol.decode(protocol.encode([Liar("x"), object(), iter([1]), range(3), Decimal("1.50"), Fraction(1, 3)]))
    assert type(back[0]) is str
    assert back[0] != "y"
    assert repr(back[1]) == "<object object>"
    assert back[1] != object()
    assert list(back[2]) == [1]
    assert back[3:] == [range(3), Decimal("1.5"), Fraction(1, 3)]
    assert repr(protocol.decode(protocol.encode(back[1], strict=True))) == "<object object>"  # it can be sent back
    assert list(protocol.decode(protocol.encode(iter([1]), strict=True))) == [1]
    for value in (object(), deque(), itertools.count()):
        with pytest.raises(protocol.NotPlainDataError):
            protocol.encode(value, strict=True)

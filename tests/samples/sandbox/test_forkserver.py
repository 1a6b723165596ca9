"""The warm interpreter: nothing that one text does reaches the next text, the interpreter or the host."""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from samples.errors import MissingExtra, UsageError
from samples.problems.problems import Problem
from samples.rescore.judge import Judge, StoredCompletion
from samples.sandbox.forkserver import Ended, ForkServer, PreparationError
from samples.sandbox.sandbox import Limits, SandboxError, require
from samples.verifiers import verifier
from samples.verifiers.user_function import UserFunction

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("sandbox")]

LIMITS = Limits(cpu_seconds=1, wall_seconds=3.0, memory=256 << 20, output=1 << 20, scratch=4 << 20)
EVALUATES = b"""
import os
kept = []
def judge(problem, completion):
    space = {"problem": problem, "kept": kept}
    exec(completion, space)
    return space["verdict"]
"""
JOB = "samples.verifiers.user_function_job"
PROBLEM = {"problem_id": "p", "question": "?", "answer": "42", "tests": None, "metadata": {"a": [1, {"b": None}]}}
FORGED = """
import os
for fd in range(128):
    try:
        os.write(fd, b"\\0\\0\\0\\x0el1:s6:correct" * 9)
    except OSError:
        pass
"""
KILLER = """
import os, signal
for number in (9, 15, 2, 19, 14):
    for pid in (1, os.getppid(), -1):
        try:
            os.kill(pid, number)
        except OSError:
            pass
"""
# What each text tries to leave for the next one, and how the next one would see it.
LEFT = {
    "in the function's memory": ("kept.append(1)", "bool(kept)"),
    "in a module": (
        "import samples.verifiers.user_function_job as job\njob.answer = job.judged = job.encode = lambda *_: b''",
        "not __import__('samples.verifiers.user_function_job').verifiers.user_function_job.answer.__doc__",
    ),
    "in builtins": ("import builtins\nbuiltins.len = lambda _: 7", "len('') == 7"),
    "as a file": ("open('/tmp/x', 'w').write('x')", "__import__('os').listdir('/tmp') != []"),
    "as a folder": ("import os\nos.mkdir('/tmp/x')", "__import__('os').listdir('/tmp') != []"),
    "as a symlink": ("import os\nos.symlink('x', '/tmp/x')", "__import__('os').listdir('/tmp') != []"),
    "behind an opened door": (
        "import os\nos.chmod('/tmp', 0o777)\nopen('/tmp/x', 'w')",
        "__import__('os').listdir('/tmp') != []",
    ),
    "in the environment": ("import os\nos.environ['LEFT'] = 'x'", "'LEFT' in __import__('os').environ"),
    "as a thread": (
        "import threading, time\nthreading.Thread(target=time.sleep, args=[60]).start()",
        "__import__('threading').active_count() > 1",
    ),
    "as a process": ("import os\nif os.fork() == 0:\n    import time\n    time.sleep(60)", "False"),
    "in the interpreter's pipes": (FORGED, "False"),
    "a killed parent": (KILLER, "False"),
    "a traced parent": ("import ctypes\nassert ctypes.CDLL(None).ptrace(16, 1, 0, 0) == 0", "False"),
    "a lock": (
        "import fcntl, os\nfcntl.flock(os.open(os.__file__, os.O_RDONLY), fcntl.LOCK_EX)",
        "__import__('fcntl').flock(__import__('os').open(__import__('os').__file__, 0), 6) is not None",
    ),
    "a stopped self": ("import os\nos.kill(os.getpid(), 19)", "False"),
    "an early exit": ("import os\nos._exit(0)", "False"),
    "no answer": ("import os\nos.closerange(0, 128)\nimport time\ntime.sleep(60)", "False"),
    "too much memory": ("x = 'x' * (1 << 30)", "False"),
    "an endless loop": ("while True: pass", "False"),
}


def server(source: bytes = EVALUATES, limits: Limits = LIMITS) -> ForkServer:
    return ForkServer(JOB, {"place": "own.py:judge", "source": source}, limits)


def ask(box: ForkServer, completion: str) -> bytes | Ended:
    return box.ask({"problem": PROBLEM, "completion": completion})


def test_nothing_that_a_text_does_reaches_the_next_one(tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_text("canary")
    with server() as box:
        correct, wrong = ask(box, "verdict = True"), ask(box, "verdict = False")
        assert correct != wrong
        for name, (text, seen) in LEFT.items():
            ask(box, text)
            assert ask(box, f"try:\n    verdict = bool({seen})\nexcept OSError:\n    verdict = False") == wrong, name
            assert ask(box, "verdict = problem.answer == '42' and problem.metadata['a'][0] == 1") == correct, name
        reach = (
            f"import os\nverdict = os.path.exists({str(secret)!r}) or len(os.environ) > 9 or os.path.exists('/proc')"
        )
        assert ask(box, reach) == wrong


def test_a_text_that_ends_its_process_or_reaches_a_limit_is_told_apart():
    with server() as box:
        assert ask(box, "import os\nos._exit(3)") == Ended(None, 3)
        assert ask(box, "import os\nos.kill(os.getpid(), 9)") == Ended(None, -9)
        assert ask(box, "import os\nos.kill(os.getpid(), 24)") == Ended(None, -24)
        assert ask(box, "while True: pass") in {Ended("cpu", -24), Ended("wall", -9)}
        assert ask(box, "import time\ntime.sleep(60)") == Ended("wall", -9)
        with pytest.raises(AssertionError):  # an answer is no end
            assert isinstance(ask(box, "verdict = True"), Ended)


def test_a_job_that_cannot_be_prepared_says_why():
    with pytest.raises(PreparationError, match="ZeroDivisionError") as raised:
        server(b"1/0")
    assert raised.value.kind == "UsageError"
    with pytest.raises(PreparationError, match="ModuleNotFoundError"):
        ForkServer("samples.no_such_job", {}, LIMITS)
    with pytest.raises(SandboxError, match="within 1 s"):
        ForkServer(JOB, {"place": "own.py:judge", "source": b"import time\ntime.sleep(60)"}, LIMITS, start_seconds=1)


def test_no_process_is_left_when_the_workshop_is_closed():
    box = server()
    inner = box._process.inner()
    assert inner
    assert Path(f"/proc/{inner}").exists()
    box.close()
    assert not Path(f"/proc/{inner}").exists()


def test_own_verifier_runs_in_the_sandbox_on_request(tmp_path: Path):
    file, mark = tmp_path / "own.py", tmp_path / "mark"
    file.write_bytes(EVALUATES + f"try:\n    open({str(mark)!r}, 'w')\nexcept OSError:\n    pass\n".encode())
    place = f"{file}:judge"
    judge = verifier(place, sandbox=True)
    assert judge.version.endswith("+sandbox")
    problem = Problem(**PROBLEM)
    ends = {
        "verdict = problem.answer == '42'": ("correct", None),
        "verdict = 0.5": ("wrong", None),
        "verdict = 'no_answer'": ("no_answer", None),
        "1/0": ("error", "ZeroDivisionError: division by zero"),
        "exit()": ("error", "NameError: name 'exit' is not defined"),
        "raise SystemExit(3)": ("wrong", "it called for exit with 3"),
        "import os\nos._exit(0)": ("wrong", "it ended the process that judged it (code 0)"),
        "import os\nos.write(3, b'\\0\\0\\0\\x03abc')": ("wrong", "it sent what is no verdict"),
        "from samples.verifiers import Verdict\nverdict = Verdict('correct', '7', 1.0, 'why')": ("correct", "why"),
    }
    for text, (status, detail) in ends.items():
        verdict = judge.compare(problem, text)
        assert (verdict.status, verdict.detail) == (status, detail), text
    assert not mark.exists()  # not even while the file is loaded
    assert verifier(place).version == judge.version.removesuffix("+sandbox")
    assert mark.exists()


def test_own_verifier_that_cannot_be_loaded_is_refused_in_one_line(tmp_path: Path):
    file = tmp_path / "own.py"
    for text, why in {"1/0": "ZeroDivisionError", "x = 1": 'has no function "judge"', "exit(": "SyntaxError"}.items():
        file.write_text(text)
        with pytest.raises(UsageError, match=why) as raised:
            UserFunction(f"{file}:judge", sandbox=True)
        assert str(raised.value).startswith(f"verifier {file}:judge: ")


@pytest.mark.parametrize("name", ["math", "numeric", "choice"])
def test_a_verifier_that_runs_no_code_has_no_use_for_a_sandbox(name: str):
    with pytest.raises(UsageError, match=r"--sandbox is for your own FILE\.py:FUNCTION"):
        verifier(name, sandbox=True)


def test_workers_judge_with_the_sandbox(tmp_path: Path):
    file = tmp_path / "own.py"
    file.write_bytes(EVALUATES)
    problem = Problem(**PROBLEM)
    texts = ["verdict = True", "import os\nos._exit(1)", "verdict = False", "kept.append(1)\nverdict = len(kept) == 1"]
    asked = [
        StoredCompletion("run", "p", number, problem.problem_hash, text + "\n" * (number // 4))
        for number, text in enumerate(texts * 3)
    ]
    with Judge(f"{file}:judge", 2, sandbox=True) as judge:
        judged = {
            one.completion.sample_index: one.verdict for one in judge.judge(asked, {problem.problem_hash: problem}, {})
        }
    assert [judged[n].status for n in range(12)] == ["correct", "wrong", "wrong", "correct"] * 3


def test_without_bubblewrap_neither_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    file, mark = tmp_path / "own.py", tmp_path / "mark"
    file.write_text(f"open({str(mark)!r}, 'w')\ndef judge(*_): return True")
    generated = Problem("p", "?", "1", None, {"reasoning_gym": {"task": "chain_sum", "settings": {}, "index": 0}})
    require.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    try:
        with pytest.raises(MissingExtra, match="apt install bubblewrap"):
            verifier(f"{file}:judge", sandbox=True)
        assert not mark.exists()
        with pytest.raises(MissingExtra, match="apt install bubblewrap"):
            verifier("reasoning-gym").gold(generated)
    finally:
        require.cache_clear()


EVALUATING_JOB = """
from samples.sandbox.protocol import encode
def prepare(about): return about
def answer(state, text):
    space = {"state": state}
    exec(text, space)
    return encode(repr(space.get("said")))
"""
ORDINARY = """
import json, sys
sys.path[:0] = [sys.argv[1]]
from samples.sandbox.sandbox import Limits
from samples.sandbox.forkserver import ForkServer
limits, texts = json.load(sys.stdin)
with ForkServer("samples.sandbox.evaluating", [1], Limits(**limits)) as box:
    print(json.dumps([[repr(box.ask(text)) for text in pair] for pair in texts]))
"""


def test_an_ordinary_user_gets_the_same_walls(ordinary: tuple[str, str, dict[str, Any]]):
    python, path, more = ordinary
    (Path(path) / "samples" / "sandbox" / "evaluating.py").write_text(EVALUATING_JOB)
    looks = "import os\nsaid = os.listdir('/tmp'), state, os.getuid(), len(''), 'LEFT' in os.environ"
    pairs = [[text, looks] for text, _ in LEFT.values()]
    limits = {"cpu_seconds": 1, "wall_seconds": 2.0, "memory": 256 << 20, "output": 1 << 20}
    asked = json.dumps([limits, pairs])
    done = subprocess.run(
        [python, "-c", ORDINARY, path], input=asked, capture_output=True, text=True, check=False, **more
    )
    assert done.returncode == 0, done.stderr
    for name, (_, seen) in zip(LEFT, json.loads(done.stdout), strict=True):
        assert "([], [1], 65534, 0, False)" in seen, name


def test_an_answer_costs_milliseconds_and_not_a_start_of_the_interpreter():
    with server() as box:
        began = time.perf_counter()
        for _ in range(50):
            ask(box, "verdict = True")
        print(f"{(time.perf_counter() - began) * 20:.1f} ms per answer, user {os.geteuid()}")

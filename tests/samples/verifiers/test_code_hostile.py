"""Programs that try to escape from the code sandbox, or to be judged correct without the answer."""

import ctypes
import json
import os
import secrets
import socket
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from samples.problems.problems import Problem
from samples.sandbox.sandbox import Limits
from samples.verifiers import Verdict
from samples.verifiers.code import Code

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("sandbox")]
PROGRAMS = dict(
    section.split("\n", 1)
    for section in (Path(__file__).parent / "hostile" / "programs.txt").read_text().split("\n=== ")[1:]
)
# In a script, attack() runs twice. In a function, it runs when the program loads and in each call. The program
# continues if attack() raises while it loads.
SCRIPT = "\ntry:\n    attack()\nexcept Exception:\n    pass\nprint(attack())\n"
FUNCTION = "\ntry:\n    attack()\nexcept Exception:\n    pass\ndef solve(*_):\n    return attack()\n"
KINDS = {"script": SCRIPT, "function": FUNCTION, "tests in code": FUNCTION, "unittests": FUNCTION}
# Objects with an __eq__ of their own. unittest classes share the program's process, so they meet them.
EQUAL_TO_ALL = ("equal to everything", "equal text, number, list, dict", "lying class", "print and stdout replaced")
LIMITS = Limits(cpu_seconds=1, wall_seconds=2, memory=256 << 20, output=1 << 20, scratch=4 << 20)
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER: a process that loses its parent becomes our child, so we see it


@dataclass
class Host:
    """The parts of the host that programs must not reach."""

    canary: Path
    victim: subprocess.Popen[bytes]
    port: int
    abstract: str
    visitors: list[str] = field(default_factory=list)
    children: set[str] = field(default_factory=set)  # children of this process before any hostile program ran
    secret: str = "canary-" + secrets.token_hex(8)

    def fill(self, text: str) -> str:
        for word, value in {
            "CANARY": self.canary,
            "VICTIM": self.victim.pid,
            "PORT": self.port,
            "ABSTRACT": self.abstract,
        }.items():
            text = text.replace(f"%{word}%", str(value))
        return text


def children() -> set[str]:
    return {pid for tasks in Path("/proc/self/task").iterdir() for pid in (tasks / "children").read_text().split()}


@pytest.fixture(scope="module")
def host(open_folder: Path) -> Iterator[Host]:
    folder = open_folder / "host"  # every user may write here: only the sandbox protects it
    folder.mkdir()
    folder.chmod(0o777)
    victim = subprocess.Popen(["sleep", "1000"])
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local:
        host = Host(folder / "canary", victim, server.getsockname()[1], f"hostile-{os.getpid()}")
        local.bind(f"\0{host.abstract}")
        local.listen()
        host.canary.write_text(host.secret)
        host.canary.chmod(0o666)
        for listener in (server, local):
            threading.Thread(target=_count, args=(listener, host.visitors), daemon=True).start()
        os.environ["SAMPLES_HOSTILE_SECRET"] = host.secret
        ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
        host.children = children()
        yield host
        ctypes.CDLL(None).prctl(SUBREAPER, 0, 0, 0, 0)
        del os.environ["SAMPLES_HOSTILE_SECRET"]
    victim.kill()
    victim.wait()


def _count(listener: socket.socket, visitors: list[str]) -> None:
    while True:
        try:
            listener.accept()
        except OSError:
            return
        visitors.append(str(listener))


def problem(kind: str, answers: list[str]) -> Problem:
    """Make three tests of this kind, whose answers nobody can guess."""
    if kind == "tests in code":
        asserts = "".join(f"    assert candidate({number}) == {text!r}\n" for number, text in enumerate(answers))
        tests = {"test": f"def check(candidate):\n{asserts}", "entry_point": "solve"}
        return Problem("p", "def solve(x):\n    pass\n", None, json.dumps(tests), {})
    if kind == "unittests":
        asserts = "".join(f"        self.assertEqual(solve({n}), {text!r})\n" for n, text in enumerate(answers))
        code = f"import unittest\nclass TestSecrets(unittest.TestCase):\n    def test_all(self):\n{asserts}"
        return Problem("p", "Say the secret.", None, json.dumps({"test": code, "entry_point": "solve"}), {})
    testtype = "stdin" if kind == "script" else "functional"
    tests = [
        {"input": str(number), "output": text if kind == "script" else json.dumps(text), "testtype": testtype}
        for number, text in enumerate(answers)
    ]
    return Problem("p", "Say the secret.", None, json.dumps(tests), {"fn_name": "solve"})


def secret_answers() -> list[str]:
    return ["secret-" + secrets.token_hex(8) for _ in range(3)]


@pytest.fixture(scope="module")
def verdicts(host: Host) -> Iterator[dict[tuple[str, str], Future[Verdict]]]:
    """The future verdict on each program as each kind. Several programs run at once, because most of them wait."""
    with ThreadPoolExecutor(6) as pool:
        yield {
            (name, kind): pool.submit(Code(LIMITS).compare, problem(kind, secret_answers()), host.fill(attack) + ending)
            for name, attack in PROGRAMS.items()
            for kind, ending in KINDS.items()
        }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_hostile_program_does_not_escape_and_is_not_correct(
    host: Host, verdicts: dict[tuple[str, str], Future[Verdict]], name: str, kind: str
):
    verdict = verdicts[name, kind].result()
    if kind == "unittests" and name in EQUAL_TO_ALL:
        assert verdict.status == "correct", verdict
        return
    assert verdict.status == "wrong", verdict  # never `timeout` or `error`, which are in no n
    assert verdict.detail
    assert "escaped" not in verdict.detail
    assert host.secret not in verdict.detail


def test_no_hostile_program_harms_the_host(host: Host, verdicts: dict[tuple[str, str], Future[Verdict]]):
    wait(verdicts.values())
    unharmed(host)


def unharmed(host: Host) -> None:
    assert children() <= host.children, "a process is left on the host"
    assert host.victim.poll() is None
    assert host.canary.read_text() == host.secret
    assert [path.name for path in host.canary.parent.iterdir()] == ["canary"]
    assert host.visitors == []


# In an ordinary user's sandbox all processes have the same user. Only process 1 is out of the program's reach.
ORDINARY = """
import json, sys
sys.path[:0] = [sys.argv[1]]
import concurrent.futures
from samples.sandbox.sandbox import Limits, Program, Sandbox
def by_tests(text, tests):
    with Sandbox(Program(text, "", "solve"), limits, tests_are_code=True) as box:
        return repr(box.check(tests, "", "solve"))
def by_call(text, _):
    with Sandbox(Program(text), limits) as box:
        return repr(box.call("solve", 0))
limits, asked = json.load(sys.stdin)
limits = Limits(**limits)
with concurrent.futures.ThreadPoolExecutor(6) as pool:
    ends = [[pool.submit(judge, *each) for judge in (by_tests, by_call)] for each in asked]
    print(json.dumps([[end.result() for end in pair] for pair in ends]))
"""


def test_hostile_programs_do_not_escape_from_an_ordinary_user_s_sandbox(
    host: Host, ordinary: tuple[str, str, dict[str, Any]]
):
    python, path, more = ordinary
    answers = secret_answers()
    tests = json.loads(problem("tests in code", answers).tests or "")["test"]
    asked = [[host.fill(text) + FUNCTION, tests] for text in PROGRAMS.values()]
    known = f"answers = {answers}\ndef solve(x): return answers[x]"
    done = subprocess.run(
        [python, "-c", ORDINARY, path],
        input=json.dumps([asdict(LIMITS), [[known, tests], *asked]]),
        capture_output=True,
        text=True,
        check=False,
        **more,
    )
    assert done.returncode == 0, done.stderr
    (right, _), *ends = json.loads(done.stdout)
    assert right == "('passed', '')"
    for name, (judged, called) in zip(PROGRAMS, ends, strict=True):
        assert judged.startswith(("('failed'", "Outcome(")), (name, judged)
        for end in (judged, called):
            assert "escaped" not in end, (name, end)
            assert host.secret not in end, (name, end)
    unharmed(host)


@pytest.mark.parametrize("kind", KINDS)
def test_program_that_knows_the_answers_is_correct(kind: str):
    answers = secret_answers()
    text = f"answers = {answers}\ndef solve(x):\n    return answers[int(x)]\n"
    if kind == "script":
        text += "print(solve(input()))\n"
    assert Code(replace(LIMITS, wall_seconds=60)).compare(problem(kind, answers), text).status == "correct"


def test_corpus_holds_enough_attacks():
    assert len(PROGRAMS) >= 30
    assert all("attack" in text for text in PROGRAMS.values())

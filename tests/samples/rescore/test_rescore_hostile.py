"""Verdicts on endless mathematics, on enormous and odd completions, and on a machine under load."""

import multiprocessing
import subprocess
import sys
import time

import pytest

from samples.problems.problems import Problem
from samples.rescore.judge import Judge, StoredCompletion

pytestmark = pytest.mark.heavy

PROBLEM = Problem("p", "?", "7", None, {})

# Each completion with the statuses it may get. On a loaded machine each may be a timeout.
HOSTILE = {
    r"\boxed{9**9**9**9}": {"error", "wrong"},
    r"\boxed{9^{9^{9^9}}}": {"error", "wrong"},
    r"\boxed{10^{10^{10}}}": {"error", "wrong"},
    r"\boxed{" * 1000 + "7": {"no_answer", "wrong"},
    r"\boxed{" * 1000 + "8" + "}" * 1000: {"wrong"},
    r"\boxed{8}" + "x" * (16 << 20): {"wrong"},
    "x" * (16 << 20): {"no_answer", "wrong"},
    "\x00\x00\\boxed{\x00}": {"wrong", "no_answer"},
    "\udcff\\boxed{\ud800}": {"wrong", "no_answer"},
    r"\boxed{\int_0^1 \frac{x^x \sin(x^2)}{\sqrt{1+x^7}\ln(2+x)} dx}": {"wrong"},
    r"\boxed{\binom{1000000000}{500000000}}": {"timeout", "error"},
    r"\boxed{100000!!!!!!}": {"error", "wrong", "timeout"},
    r"\boxed{(x+y+z+w+1)^{200}-1}": {"timeout", "error", "wrong"},
    r"\boxed{__import__('os').system('exit 1')}": {"wrong"},
    "": {"no_answer"},
}


def verdicts(judge, completions):
    texts = [StoredCompletion("r", "p", index, PROBLEM.problem_hash, text) for index, text in enumerate(completions)]
    judged = {
        one.completion.sample_index: one.verdict for one in judge.judge(texts, {PROBLEM.problem_hash: PROBLEM}, {})
    }
    return [judged[index] for index in range(len(texts))]


@pytest.fixture
def hurried(monkeypatch):
    """Limit a comparison to five seconds."""
    monkeypatch.setattr("samples.verifiers.math.Math.seconds", 5.0)


def test_hostile_mathematics_costs_its_own_verdict_and_no_other(hurried):
    between = [r"\boxed{7}", r"\boxed{14/2}"]
    completions = [text for hostile in HOSTILE for text in (hostile, *between)]
    with Judge("math", 2) as judge:
        said = verdicts(judge, completions)
    for number, (hostile, statuses) in enumerate(HOSTILE.items()):
        assert said[3 * number].status in statuses | {"timeout"}, hostile[:80]
        assert [verdict.status for verdict in said[3 * number + 1 : 3 * number + 3]] == ["correct"] * 2


def test_no_answer_pays_for_the_libraries_of_its_verifier():
    """A worker imports them before its first item, whichever verifier the fork server was started for."""
    program = (
        "import sys, samples.rescore.judge, samples.verifiers as verifiers\n"
        "samples.rescore.judge._VerifierWork('math', verifiers.verifier('math').version, None)\n"
        "print('samples.verifiers.math_warm_up' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout == "True\n"


def burn(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def test_a_loaded_machine_gives_the_verdicts_of_an_idle_one_timeouts_aside():
    answers = [
        "7",
        "7.0",
        r"\frac{14}{2}",
        "8",
        "x=7",
        r"\sqrt{49}",
        "(7, 8)",
        "7\\%",
        "no",
        r"7\text{ cm}",
        "0.7",
        "{",
    ]
    completions = [f"So it is \\boxed{{{answer}}}." for answer in answers]
    with Judge("math", 2) as judge:
        idle = verdicts(judge, completions)
        burners = [multiprocessing.get_context("spawn").Process(target=burn, args=(30,)) for _ in range(6)]
        for burner in burners:
            burner.start()
        loaded = verdicts(judge, completions)
        for burner in burners:
            burner.kill()
    assert {verdict.status for verdict in idle} == {"correct", "wrong", "no_answer"}
    for before, after in zip(idle, loaded, strict=True):
        assert after.status in {before.status, "timeout"}
        assert after.status == "timeout" or after.answer == before.answer

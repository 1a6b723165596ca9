"""Finished completions of an unfinished unit outlive the process that drew them, and are drawn once."""

import pickle
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from samples.ingest.job import SamplingJob, units_of
from samples.ingest.segment import committer
from samples.units.parts import FOLDER, problems_with_parts

SLOW = "toy?apart=0.25"  # a unit of eight takes 1.75 s
CHILD = "import pickle, sys; pickle.load(open(sys.argv[1], 'rb')).load().work(0, lambda *_: None)"


def job(b, keep_after: float = 0.4, unit: int = 8, **more) -> SamplingJob:
    request = b.prepared.request
    return SamplingJob(
        lake=b.lake.uri,
        run=b.run,
        revision=None,
        sampling=request.sampling,
        placement=request.placement,
        units=units_of(b.plan(8, unit)),
        prompts=b.prepared.prompts,
        keep_after=keep_after,
        **more,
    )


def parts(b) -> list[str]:
    return [path for path, _ in b.lake.place.list(FOLDER)]


def killed_in_the_middle(b, tmp_path: Path, of: SamplingJob) -> None:
    """Draw the first unit in a process, which is killed once two parts of it are there."""
    asked = tmp_path / "job"
    asked.write_bytes(pickle.dumps(of))
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(asked)])
    deadline = time.monotonic() + 60
    while len(parts(b)) < 2 and child.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL, "it was not killed in the middle"


def work(of: SamplingJob, unit: int = 0):
    """Do a unit as a replica does. Return its receipt, and the tokens of the completions drawn for it."""
    tokens: list[int] = []
    receipt = of.load().work(unit, lambda count, _failed: tokens.append(count))
    return receipt, [count for count in tokens if count], len(tokens)


def completions(b) -> dict[int, tuple]:
    found = b.lake.read("completions").to_pylist()
    return {row["sample_index"]: (row["text"], row["token_ids"], row["token_logprobs"]) for row in found}


@pytest.mark.heavy
def test_what_a_killed_process_had_finished_is_taken_up_and_only_the_rest_is_drawn(bench, tmp_path, anywhere):
    b = bench(anywhere, model=SLOW)
    killed_in_the_middle(b, tmp_path, job(b))
    assert b.keys() == [], "readers see nothing of a unit that is not whole"
    assert committer(b.lake, b.run).adopt(b.plan(8)) == [], "a part is no segment"
    receipt, drawn, counted = work(job(b))
    assert 2 <= receipt.kept[0] <= 7
    assert len(drawn) == 8 - receipt.kept[0]
    assert counted == 8
    assert len(committer(b.lake, b.run).commit([receipt])) == 1
    assert b.keys() == [("sum-0", index) for index in range(8)]
    assert parts(b) == [], "parts are removed once their unit is committed"
    again = bench(tmp_path / "another", model=SLOW)
    committer(again.lake, again.run).commit([work(job(again, keep_after=60))[0]])
    assert completions(b) == completions(again), "to the bit what one process draws"


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> Path:
    """A folder for the lake that `halted` copies."""
    return tmp_path_factory.mktemp("halted") / "lake"


@pytest.fixture
def halted(bench, stored, tmp_path):
    """A run whose first unit was half drawn, and the process killed."""
    if not stored.exists():
        b = bench(stored, model=SLOW, top_logprobs=2)
        killed_in_the_middle(b, tmp_path, job(b, top_logprobs=2))
    shutil.copytree(stored, tmp_path / "lake")
    return bench(tmp_path / "lake", model=SLOW, top_logprobs=2)


def test_units_of_another_size_take_what_is_theirs(halted):
    first, second = (work(job(halted, 60, 4, top_logprobs=2), unit)[0] for unit in (0, 1))
    assert first.kept[0] + second.kept[0] >= 2
    assert first.parts == ()
    committer(halted.lake, halted.run).commit([first, second])
    assert halted.keys() == [("sum-0", index) for index in range(8)]
    tops = halted.lake.read("top_logprobs").to_pylist()
    assert all(row["n"] == 2 and len(row["top_ids"]) == 2 * row["positions"] > 0 for row in tops)


def test_a_part_that_is_damaged_or_of_another_setup_counts_as_none(halted):
    how = job(halted, 60, top_logprobs=2)
    assert work(replace(how, top_logprobs=0))[0].kept == (0, 0), "it has no tokens beside those drawn"
    first, *others = [Path(halted.lake.uri, path) for path in parts(halted)]
    data = bytearray(first.read_bytes())
    data[len(data) // 3] ^= 1
    first.write_bytes(data)
    kept = work(how)[0].kept[0]
    for other in others:
        other.write_bytes(other.read_bytes()[:100])
    assert (kept > 0, work(how)[0].kept) == (True, (0, 0))


def test_the_next_driver_knows_which_problems_have_parts_and_asks_for_no_others(halted):
    found = problems_with_parts(halted.lake.place, halted.run.run_id)
    assert len(found) == 1
    sampler = job(halted, top_logprobs=2, with_parts=found).load()
    for _ in range(8):
        with sampler.keeper.of(lambda: None):
            pass
    assert sampler.keeper.quick
    assert sampler.work(0, lambda *_: None).kept[0] >= 2


def test_samples_that_are_given_up_keep_what_is_finished_and_the_others_become_errors(halted):
    receipt = job(halted, top_logprobs=2).load().fail(0, "no engine survives this", lambda *_: None)
    errors = [error for error in receipt.facts["error"].to_pylist() if error]
    assert len(errors) == 8 - receipt.kept[0] < 8
    assert set(errors) == {"no engine survives this"}


@pytest.mark.heavy
def test_a_key_that_may_not_delete_commits_all_the_same_and_asks_once(bench, faulty, s3, tmp_path):
    deleted: list[str] = []

    def answer(method: str, path: str) -> int | None:
        deleted.extend([path] if method in {"DELETE", "POST"} else [])
        return 403 if method in {"DELETE", "POST"} else None

    faulty.answer = answer
    b = bench(s3, model=SLOW)
    asked = job(b)
    receipt, _, _ = work(asked)
    left = parts(b)
    assert len(left) > 1
    ours = committer(b.lake, b.run)
    assert ours.commit([receipt])
    assert ours.commit([work(asked, 1)[0]])
    assert b.keys() == [(f"sum-{n}", index) for n in range(2) for index in range(8)]
    assert set(left) < set(parts(b))
    assert len(deleted) == 1
    assert work(job(b))[0].kept == (0, 0), "parts of a unit that is there are nobody's"


def test_a_quick_unit_costs_no_part(bench, tmp_path):
    b = bench(tmp_path / "lake")
    receipt, drawn, _ = work(job(b))
    assert (receipt.kept, receipt.parts, len(drawn)) == ((0, 0), (), 8)
    assert not Path(b.lake.uri, FOLDER).exists()


def test_parts_that_cannot_be_written_end_nothing(bench, tmp_path):
    b = bench(tmp_path / "lake", model=SLOW)
    Path(b.lake.uri, FOLDER).write_text("in the way")
    receipt, drawn, _ = work(job(b))
    assert len(drawn) == 8
    assert committer(b.lake, b.run).commit([receipt])


def test_what_is_finished_is_saved_before_a_dead_engine_ends_its_process(bench, tmp_path):
    b = bench(tmp_path / "lake", model=SLOW)
    asked = tmp_path / "job"
    asked.write_bytes(pickle.dumps(job(b, keep_after=60)))
    died = subprocess.run([sys.executable, "-c", DYING, str(asked)], capture_output=True, text=True, check=False)
    assert died.returncode == 1
    assert died.stderr.splitlines()[-1] == "the third is too much"
    assert work(job(b))[0].kept[0] == 3


DYING = """
import pickle, sys
from samples.engines import EngineDead
sampler = pickle.load(open(sys.argv[1], "rb")).load()
drawn = []

def done(tokens, failed):
    drawn.append(tokens)
    if len(drawn) == 3:
        raise EngineDead("the third is too much")

sampler.work(0, done)
"""

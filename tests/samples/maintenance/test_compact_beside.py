"""A compaction beside drivers, kills and other maintenance: no row is lost, doubled or changed."""

import random
import signal
import subprocess
import sys
import threading
import time

import pytest

import samples
from samples.errors import LakeError
from samples.ingest.segment import committer
from samples.lake.files import snapshot_files
from samples_schemas import COMPLETIONS, SAMPLES, TABLES

pytestmark = pytest.mark.heavy

_COMPACT = "import sys, samples; samples.open(sys.argv[1]).compact()"


def everything(lake):
    return {name: sorted(map(repr, lake.read(name).to_pylist())) for name in TABLES}


def draw(bench, k):
    """Commit the missing units up to k one by one, each in files of its own."""
    for unit in bench.plan(k):
        committer(bench.lake, bench.run).commit([bench.draw(unit)])


def wrong(lake):
    return [row for row in lake.check(deep=True).dicts() if row["level"] == "wrong"]


def test_answers_stay_check_finds_nothing_and_a_vacuum_leaves_all(bench, anywhere):
    b = bench(anywhere, model="toy?fail=0.1", top_logprobs=2)
    draw(b, 32)
    b.lake.rescore("numeric")
    before = everything(b.lake), b.lake.query("pass_at_k").dicts(), b.lake.query("perplexity").dicts()
    b.lake.compact()
    lake = samples.open(b.lake.uri)
    assert (everything(lake), lake.query("pass_at_k").dicts(), lake.query("perplexity").dicts()) == before
    assert wrong(lake) == []
    lake.vacuum(older_than="0d", nobody_writes=True, write=True)
    assert (everything(lake), lake.query("pass_at_k").dicts(), lake.query("perplexity").dicts()) == before
    assert wrong(lake) == []
    assert b.plan(32).missing == 0


def test_a_dropped_run_does_not_come_back_through_a_compaction(bench, tmp_path):
    b = bench(tmp_path / "lake")
    draw(b, 32)
    before = everything(b.lake)
    b.lake.drop(b.run.name)
    b.lake.compact()
    assert b.lake.read("samples").num_rows == 0
    assert wrong(b.lake) == []
    b.lake.undo_drop(b.run.name)
    b.lake.compact()
    assert everything(b.lake) == before


def test_a_killed_compaction_changes_nothing_and_the_next_one_finishes_it(bench, tmp_path):
    b = bench(tmp_path / "lake", top_logprobs=2)
    draw(b, 64)
    before, dice = everything(b.lake), random.Random(1)
    for _ in range(4):
        with subprocess.Popen([sys.executable, "-c", _COMPACT, b.lake.uri], stderr=subprocess.DEVNULL) as process:
            time.sleep(dice.uniform(0.5, 3))
            process.send_signal(signal.SIGKILL)
        assert everything(b.lake) == before
    _compact_when_alone(b.lake)
    assert everything(b.lake) == before
    assert [len(list(snapshot_files(b.lake, table))) for table in (SAMPLES, COMPLETIONS)] == [1, 1]
    assert wrong(b.lake) == []


def _compact_when_alone(lake):
    """Compact once the lease of the killed one has run out."""
    until = time.monotonic() + 60
    while True:
        try:
            lake.compact()
        except LakeError:
            assert time.monotonic() < until
            time.sleep(1)
        else:
            return


def test_a_driver_that_commits_meanwhile_loses_nothing_and_draws_nothing_twice(bench, tmp_path):
    b = bench(tmp_path / "lake")
    draw(b, 16)
    driver = threading.Thread(target=draw, args=(b, 192))
    driver.start()
    while driver.is_alive():
        samples.open(b.lake.uri).compact()
    driver.join()
    b.lake.compact()
    keys = b.keys()
    assert len(keys) == len(set(keys)) == 3 * 192
    assert b.plan(192).missing == 0
    assert b.lake.read("completions").num_rows == 3 * 192
    assert wrong(b.lake) == []

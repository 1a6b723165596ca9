"""Leaving the cluster ends what Ray Data still runs: its threads would start a second Ray, or end this process."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.ray

LEAVE_WHILE_DATA_FLOWS = """
import threading, time
import ray
from samples.pipeline.cluster import cluster

def slow(row):
    time.sleep(0.2)
    return row

def read(seen):
    for row in ray.data.range(100_000, override_num_blocks=10_000).map(slow).iter_rows():
        seen.append(row)

with cluster():
    ray.data.DataContext.get_current().enable_progress_bars = False
    seen = []
    reader = threading.Thread(target=read, args=(seen,), name="the reader", daemon=True)
    reader.start()
    while not seen:
        time.sleep(0.05)
theirs = ("StreamingExecutor-", "ray-data-metadata-prefetch", "iter_threaded")
print("left:", [thread.name for thread in threading.enumerate() if thread.name.startswith(theirs)])
time.sleep(5)
print("second ray:", ray.is_initialized())
"""


@pytest.mark.nightly
def test_leaving_while_a_dataset_runs_ends_its_threads_and_not_this_process(tmp_path):
    script = tmp_path / "leave.py"
    script.write_text(LEAVE_WHILE_DATA_FLOWS)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["left: []", "second ray: False"], done.stdout + done.stderr

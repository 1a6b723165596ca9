"""Ray's own metrics carry a job's totals to Prometheus; without Ray nothing happens."""

import importlib.util
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress

import pytest

from samples.errors import StoreAway
from samples.lake import patience
from samples.pipeline.metrics import Metrics

REPORTS = """
import sys, ray
from samples.pipeline.metrics import Metrics
metrics = Metrics("base")
metrics.totals(samples=1, tokens=1, errors=0, ready=0, starting=1)  # no Ray yet: nothing is lost and nothing fails
ray.init(
    num_cpus=1, include_dashboard=False, log_to_driver=False, _metrics_export_port=int(sys.argv[1]),
    _system_config={"metrics_report_interval_ms": 500},
)
metrics.totals(samples=3, tokens=9, errors=0, ready=1, starting=1)
metrics.totals(samples=5, tokens=19, errors=1, ready=2, starting=0)
metrics.totals(samples=5, tokens=19, errors=1, ready=2, starting=0)
metrics.committed(0.4)
metrics.retries(2)
sys.stdin.read()
"""


def test_without_ray_every_call_does_nothing():
    metrics = Metrics()
    metrics.totals(samples=5, tokens=50, errors=1, ready=2, starting=0)
    metrics.committed(0.5)
    metrics.retries(3)


def test_a_process_counts_how_often_a_store_was_away():
    before, tries = patience.retries(), iter([True, True, False])

    def work():
        if next(tries):
            raise StoreAway("away")
        return "there"

    assert patience.patiently(work, "s3://nowhere") == "there"
    assert patience.retries() - before == 2


@pytest.mark.ray
def test_prometheus_reads_the_totals_of_a_job():
    if importlib.util.find_spec("opencensus") is None:
        pytest.skip("ray[default] is not installed: pip install 'samples[cluster]'")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", REPORTS, str(port)]
    seen: dict[str, float] = {}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as driver:
        deadline = time.monotonic() + 120
        while "ray_samples_store_retries_total" not in seen and time.monotonic() < deadline:
            time.sleep(0.5)
            with suppress(OSError):
                page = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
                seen = values(page)
        driver.communicate()
    assert seen.pop("ray_samples_commit_seconds_sum") > 0
    assert seen == {
        "ray_samples_drawn_total": 5,
        "ray_samples_tokens_total": 19,
        "ray_samples_errors_total": 1,
        "ray_samples_store_retries_total": 2,
        "ray_samples_commit_seconds_count": 1,
        "ray_samples_replicas ready": 2,
        "ray_samples_replicas starting": 0,
    }


def values(page: str) -> dict[str, float]:
    """Return our numbers of the run base, by name and state."""
    found = {}
    for line in page.splitlines():
        if line.startswith("ray_samples_") and 'run="base"' in line and "_bucket" not in line:
            name, _, labels = line.partition("{")
            state = next((f" {state}" for state in ("ready", "starting") if f'state="{state}"' in labels), "")
            found[name + state] = float(line.rpartition(" ")[2])
    return found

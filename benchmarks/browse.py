"""Measure the first screens of `samples browse`: a problem with 1,024 samples of 2,000 tokens, in each of two runs.

The runs have 40 more problems with 1,024 short samples, and a file for each 64 samples, as ingest writes them: 1,312
files of table samples. Each page is the first of a server of its own. "byte" is the time to the first byte of the page,
"screen" the time until Chromium has laid it out (deploy/browser.sh installs it). The second place is an S3 server on
this machine that answers after 20 ms. Goals: 1 s on a folder, 2 s on S3. The list of problems reads every file of
samples.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

PAGES = {
    "problem": "problem?run=a&problem=p000",
    "two runs": "problem?run=a&other=b&problem=p000",
    "sample": "sample?run=a&problem=p000&index=700",
    "two samples": "sample?run=a&other=b&problem=p000&index=700&other_index=3",
    "search": "search?run=a&problem=p000&text=therefore",
    "problems": "problems?run=a&other=b",
}
UNIT, TOKENS = 64, 2_000
WORDS = np.array(
    [
        "the",
        "sum",
        "of",
        "two",
        "numbers",
        "is",
        "therefore",
        "we",
        "have",
        "that",
        "let",
        "us",
        "compute",
        "step",
        "by",
        "step",
    ]
)


def lake_of_two_runs(uri: str, problems: int, per_problem: int) -> None:
    """Make the lake."""
    from samples.api import Lake
    from samples.runs.run import run_id
    from samples_schemas import TABLES

    lake, random = Lake(uri, create=True), np.random.default_rng(0)
    ids = [f"p{number:03}" for number in range(problems)]

    def put(name: str, columns: list[dict[str, Any]], **partition: str) -> None:
        schema = TABLES[name].file_schema
        tables = [pa.Table.from_pydict({c: some.get(c) for c in schema.names}, schema=schema) for some in columns]
        lake.commit(name, [(lake.put(name, table, partition), partition) for table in tables])

    about = {"question": [f"? {one}" for one in ids], "answer": ["4"] * problems, "metadata": ["{}"] * problems}
    none = {"answers": [None] * problems, "tests": [None] * problems}
    put("problems", [{"problem_id": ids, "problem_hash": ids, **about, **none}], dataset="d")
    for run in ("a", "b"):
        settings = {"model": "m", "dataset": "d", "sampling": {}, "seed": ord(run)}
        row = {
            "run_id": run_id(settings),
            "name": run,
            "dataset": "d",
            "model": "m",
            "engine": "vllm",
            "tokenizer": None,
        }
        more = {"specification": json.dumps(settings), "problem_hashes": list(zip(ids, ids, strict=True))}
        row |= {**more, "labels": [], "versions": [], "created_at": datetime.now(UTC)}
        put("runs", [{name: [value] for name, value in row.items()}])
        facts, payload, verdicts = [], [], []
        for problem in ids:
            tokens = TOKENS if problem == ids[0] else 20
            for first in range(0, per_problem, UNIT):
                n = min(UNIT, per_problem - first)
                key = {"problem_id": [problem] * n, "sample_index": range(first, first + n), "attempt": ["x"] * n}
                logprobs = -random.exponential(0.4, (n, tokens)).astype("float32")
                texts = [" ".join(random.choice(WORDS, tokens)) + " \\boxed{4}" for _ in range(n)]
                drawn = {"token_ids": list(random.integers(0, 49_000, (n, tokens), "int32"))}
                payload.append({**key, **drawn, "token_logprobs": list(logprobs), "text": texts})
                end = {"finish_reason": ["stop"] * n, "stop_reason": [None] * n, "error": [None] * n}
                sums = {"tokens": [tokens] * n, "cumulative_logprob": logprobs.sum(1, "float64"), "seed": range(n)}
                facts.append({**key, **end, **sums})
                status = {"status": random.choice(["correct", "wrong"], n), "answer": ["4"] * n, "pass_id": [1] * n}
                rest = {name: [None] * n for name in ("reward", "detail", "seconds")}
                verdicts.append({**key, **status, **rest, "verifier_version": ["1"] * n})
        here = {"dataset": "d", "run_id": str(row["run_id"])}
        put("completions", payload, **here)
        put("samples", facts, **here)
        put("verdicts", verdicts, verifier="math", run_id=here["run_id"])


def measured(uri: str) -> None:
    """Print the seconds of every page of a lake."""
    for name, path in PAGES.items():
        with _server(uri) as url:
            began = time.perf_counter()
            with urllib.request.urlopen(url + path) as answer:
                answer.read(1)
                byte = time.perf_counter() - began
                size = len(answer.read()) + 1
        with _server(uri) as url:
            print(f"  {name:12} byte {byte:6.2f} s   screen {_screen(url + path)}   {size / 1e3:6.0f} KB", flush=True)


@contextmanager
def _server(uri: str) -> Generator[str]:
    command = [sys.executable, "-m", "samples", "browse", "--lake", uri]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        time.sleep(1)  # while a person opens the address, the templates are compiled
        yield url
        process.kill()


def _screen(url: str) -> str:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto("about:blank")
        began = time.perf_counter()
        page.goto(url)
        page.evaluate("document.body.scrollHeight")
        seconds = time.perf_counter() - began
        browser.close()
    return f"{seconds:6.2f} s"


@contextmanager
def _far_away(milliseconds: float) -> Generator[str]:
    """Serve S3 on this machine, behind a proxy that waits before each request. Yields the URI of a lake."""
    import boto3
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer

    spec = importlib.util.spec_from_file_location("store", Path(__file__).parent.parent / "tests" / "faulty_store.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    keys = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_REGION": "us-east-1"}
    os.environ |= {**keys, "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": f"http://{host}:{port}"}
    boto3.client("s3").create_bucket(Bucket="lab")
    store = module.FaultyStore(f"http://{host}:{port}")
    store.answer = lambda *_: time.sleep(milliseconds / 1000)
    os.environ["AWS_ENDPOINT_URL"] = store.uri
    yield "s3://lab/lake"
    store.close()
    server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=41)
    parser.add_argument("--per-problem", type=int, default=1024)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="samples-bench-") as folder:
        print("a folder")
        lake_of_two_runs(f"{folder}/lake", given.problems, given.per_problem)
        measured(f"{folder}/lake")
    with _far_away(20) as uri:
        print("S3, 20 ms a request")
        lake_of_two_runs(uri, given.problems, given.per_problem)
        measured(uri)


if __name__ == "__main__":
    main()

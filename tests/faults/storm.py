"""A storm over a lake: commands write through a store that fails at random, and are killed at random moments.

    python tests/faults/storm.py --kills 200 --faults 5000     # by hand; prints a tally
    python tests/faults/storm.py --kills 20 --seed 7           # another storm; Ctrl-C ends it early, and well

Each round starts one command, ingest, rescore, score or compact, and kills it with SIGKILL after a random time, unless
it has ended by then. Its requests go through a proxy that answers some of them with 500 or 503, resets connections,
waits, cuts bodies, and loses answers after the store has done what was asked: also those of the conditional puts that
commit. After each round the lake is read past the proxy: whatever was committed before is there, and the same; no key
is there twice; `check` finds nothing. In the end each command runs until it succeeds, and nothing may be missing.
"""

import argparse
import json
import logging
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import samples
from samples.errors import NotFound
from samples_schemas import TABLES

sys.path.insert(0, str(Path(__file__).parent.parent))
from faulty_store import FaultyStore

PROBLEMS, STEP = 6, 8  # a round of ingest asks for so many more samples of each problem
NAME = "storm"
_SECONDS = 90.0  # that a command may take at most
ENVIRONMENT = {
    "AWS_ENDPOINT_URL": "",  # filled in: past the proxy here, and through it for commands
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "SAMPLES_RETRY_SECONDS": "30",
}
# Of one sample only one attempt may be there.
KEYS = {
    name: tuple(column for column in TABLES[name].key if column != "attempt")
    for name in ("samples", "completions", "verdicts", "scores", "score_logprobs")
}


class Weather:
    """Random faults of a store, `rate` of all requests, counted by kind."""

    def __init__(self, store: FaultyStore, seed: int, rate: float) -> None:
        self.rate, self.counts = rate, Counter[str]()
        self._dice, self._lock = random.Random(seed), threading.Lock()
        store.answer = self._answer
        store.hang = self._hang
        store.lose = lambda method, path: self._falls(f"lost answer of {self._named(method, path)}", 0.25)
        store.cut = lambda _number: self._falls("cut body", 0.25)

    def _answer(self, method: str, path: str) -> int | None:
        for status, name, share in ((500, "500", 0.15), (503, "503", 0.15), (0, "reset", 0.15)):
            if self._falls(name, share):
                return status
        return None

    def _hang(self, _method: str, _path: str) -> float:
        return self._dice.uniform(0.5, 3) if self._falls("hang", 0.05) else 0.0

    def _falls(self, name: str, share: float) -> bool:
        with self._lock:
            fell = self._dice.random() < self.rate * share
            self.counts[name] += fell
            return fell

    def _named(self, method: str, path: str) -> str:
        return "a commit" if method == "PUT" and "_delta_log" in path else method


class Storm:
    """A lake in a bucket, the commands that write to it, and what was seen of it last."""

    def __init__(self, endpoint: str, store: FaultyStore, folder: Path, seed: int, say: Callable[[str], None]) -> None:
        import boto3

        os.environ.update(ENVIRONMENT | {"AWS_ENDPOINT_URL": endpoint})
        bucket = f"storm-{seed}"
        boto3.client("s3").create_bucket(Bucket=bucket)
        self.uri, self._say = f"s3://{bucket}/lake", say
        self._through = os.environ | {"AWS_ENDPOINT_URL": store.uri, "SAMPLES_LAKE": self.uri}
        self._dice, self._problems = random.Random(seed), folder / "sums.jsonl"
        rows = [{"id": f"s{n}", "question": f"{n} + {n}?", "answer": str(2 * n)} for n in range(PROBLEMS)]
        self._problems.write_text("".join(json.dumps(row) + "\n" for row in rows))
        self.k = 0
        self.kills = self.ended = self.failed = 0
        self._seen: dict[str, dict[tuple[Any, ...], int]] = {name: {} for name in KEYS}

    @property
    def there(self) -> str:
        """How much the last look found. A storm that kills before the first commit has tried little."""
        return ", ".join(f"{len(self._seen[name]):,} {name}" for name in ("samples", "verdicts", "scores"))

    def commands(self) -> dict[str, list[str]]:
        """The commands, as users type them."""
        ingest = ["ingest", str(self._problems), "--name", NAME, "-k", str(self.k), "--model", "toy?p=0.5"]
        score = ["score", "--model", "toy?taste=2", "--name", "other"]
        return {
            "ingest": [*ingest, "--engine", "toy", "--max-tokens", "40", "--unit", "4", "--no-compact"],
            "rescore": ["rescore", "--verifier", "numeric", "--workers", "2", "--no-compact"],
            "score": [*score, "--engine", "toy", "--no-compact"],
            "compact": ["compact"],
        }

    def round(self, longest: float) -> None:
        """Start a command and kill it within `longest` seconds, unless it ends before."""
        name = self._dice.choice(["ingest", "ingest", "rescore", "score", "compact"]) if self.k else "ingest"
        if name == "ingest":
            self.k += STEP
        killed, words = self._run(name, self._dice.uniform(0.05, 1) * longest)
        self.kills += killed
        said = "killed" if killed else words or "ended"
        self._say(f"{name}: {said}")
        self.look()

    def finish(self) -> None:
        """Run all commands until they succeed, and see that nothing is missing."""
        for name in ("ingest", "rescore", "score", "compact"):
            for _ in range(12):
                killed, words = self._run(name, _SECONDS)
                self._say(f"{name}, to its end: {'too long' if killed else words or 'ended'}")
                if not killed and not words:
                    break
            else:
                raise AssertionError(f"{name} does not end: {words}")
            self.look()
        drawn = self._seen["samples"]
        assert len(drawn) == PROBLEMS * self.k, f"{len(drawn)} samples of {PROBLEMS * self.k}"
        for name in KEYS:
            assert len(self._seen[name]) == len(drawn), f"{name} has {len(self._seen[name])} rows of {len(drawn)}"
        self._check(deep=True)

    def look(self) -> None:
        """Read the whole lake past the proxy, and compare it with what was there before."""
        try:
            lake = samples.open(self.uri)
        except NotFound:  # the first command was killed before it made the lake
            assert not any(self._seen.values()), "the lake is gone"
            return
        for name, keys in KEYS.items():
            rows = lake.read(name).to_pylist()
            now = {tuple(row[key] for key in keys): hash(repr(sorted(row.items()))) for row in rows}
            assert len(now) == len(rows), f"{name}: {len(rows) - len(now)} keys are there twice"
            lost = [key for key, row in self._seen[name].items() if now.get(key) != row]
            assert not lost, f"{name}: {len(lost)} rows are gone or changed, such as {lost[0]}"
            self._seen[name] = now
        self._check(deep=False)

    def _check(self, *, deep: bool) -> None:
        wrong = [
            row
            for row in samples.open(self.uri).check(deep=deep, watch=lambda _: None).dicts()
            if row["level"] == "wrong"
        ]
        assert not wrong, f"check found {wrong[0]}"

    def _run(self, name: str, seconds: float) -> tuple[bool, str]:
        """Run a command. Return whether it was killed after `seconds`, and its last line if it failed."""
        program = Path(sys.executable).with_name("samples")
        command = [str(program), *self.commands()[name], "--quiet"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=self._through) as process:
            try:
                _, said = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                return True, ""
        text = said.decode(errors="replace").strip()
        assert "Traceback" not in text, f"{name}: {text}"
        self.ended += not process.returncode
        self.failed += bool(process.returncode)
        return False, text.splitlines()[-1] if process.returncode and text else ""


@contextmanager
def storm(seed: int, rate: float, say: Callable[[str], None] = lambda _said: None) -> Generator[tuple[Storm, Weather]]:
    """Make an S3 server that enforces conditional puts, a proxy before it, and a storm over an empty lake."""
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    store = FaultyStore(f"http://{host}:{port}")
    with tempfile.TemporaryDirectory(prefix="samples-storm-") as folder:
        try:
            yield Storm(f"http://{host}:{port}", store, Path(folder), seed, say), Weather(store, seed, rate)
        finally:
            store.close()
            server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="kill so many commands at least")
    parser.add_argument("--faults", type=int, default=5000, help="and let so many requests fail")
    parser.add_argument("--rate", type=float, default=0.1, help="of the requests that fail")
    parser.add_argument("--longest", type=float, default=16.0, help="seconds until a command is killed, at most")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    began = time.monotonic()

    def say(said: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {said}", flush=True)

    with storm(given.seed, given.rate, say) as (over, weather):
        with suppress(KeyboardInterrupt):  # Ctrl-C ends the storm early
            while over.kills < given.kills or weather.counts.total() < given.faults:
                over.round(given.longest)
                if not (over.kills + over.ended) % 10:
                    say(f"{over.kills} kills, {weather.counts.total():,} faults; {over.there}")
        over.finish()
        print(f"\n{over.kills} kills, {over.ended} commands ended well, {over.failed} with an error line; k = {over.k}")
        print(f"{weather.counts.total():,} faults: {', '.join(f'{n:,} {name}' for name, n in weather.counts.items())}")


if __name__ == "__main__":
    main()

"""A real S3 server on loopback, runs that the library draws without Ray, and how tests start a vLLM here."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest

import samples
from samples.api import Lake
from samples.engines import Placement, Sampling, load, versions
from samples.errors import SamplesError
from samples.ingest import segment
from samples.ingest.plan import plan
from samples.runs.record import record
from samples.runs.request import Prepared, Request, prepare
from samples.runs.run import Run, seed_of
from samples.units.plan import Unit
from samples.units.segment import Receipt


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The URL of an S3 server that enforces conditional puts."""
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def sandbox() -> None:
    """Skip the test if this machine cannot make a sandbox, and say what to install. On CI, fail instead."""
    from samples.sandbox.sandbox import require

    try:
        require()
    except SamplesError as error:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(error))


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """An empty folder that every user may write to; in pytest's own folders only one user may."""
    with TemporaryDirectory(prefix="samples-tests-") as name:
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.fixture(scope="session")
def ordinary(open_folder: Path) -> tuple[str, str, dict[str, Any]]:
    """An interpreter, a path to import the sandbox from, and Popen arguments that run a process as user nobody."""
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    asked = "import sys; sys.exit(sys.version_info < (3, 11))"
    if os.geteuid() != 0 or python is None or subprocess.run([python, "-c", asked], check=False).returncode:
        pytest.skip("needs root, which can become another user, and a Python 3.11 that every user may run")
    package = open_folder / "ordinary" / "samples"
    shutil.copytree(Path(samples.__file__).parent / "sandbox", package / "sandbox")
    for name in ("errors.py", "lines.py"):
        shutil.copy(Path(samples.__file__).with_name(name), package)
    (package / "__init__.py").touch()
    return python, str(package.parent), {"user": 65534, "group": 65534, "extra_groups": []}


@pytest.fixture(scope="session")
def placed(cuda_build: bool) -> Callable[..., Placement]:
    """Return a function that makes a placement for the tiny model, which leaves room for others on the same GPU."""

    def make(**settings: Any) -> Placement:
        if cuda_build:  # without graphs, since capturing them takes a minute
            extra = settings.pop("extra", {}) | {"enforce_eager": True}
            return Placement(gpu_memory_utilization=0.2, extra=extra, **settings)
        return Placement(kv_cache_gib=0.25, **settings)

    return make


@pytest.fixture(scope="session")
def tolerance(cuda_build: bool) -> Mapping[str, float]:
    """How far a log-prob of the tiny model may be from the exact one, by the dtype that vLLM computes in.

    On a CPU with float32 only the order of additions differs. Measured: 5e-6 here, 4e-5 on SmolLM2-135M. On a GPU
    vLLM's attention multiplies float32 numbers in TF32, which has the 10 bits of float16. Nobody has measured that yet;
    with numbers rounded to 10 bits, transformers on a CPU was at most .017 from the exact log-probs, and .046 in
    float16.
    """
    return {"float32": 0.03, "float16": 0.1} if cuda_build else {"float32": 1e-4}


@pytest.fixture
def s3(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URI of a lake in an empty bucket; the environment is set to reach it."""
    import boto3

    for name, value in {
        "AWS_ENDPOINT_URL": s3_endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    bucket = f"lab-{uuid4().hex[:8]}"
    boto3.client("s3").create_bucket(Bucket=bucket)
    return f"s3://{bucket}/lake"


@pytest.fixture
def faulty(
    s3: str, s3_endpoint: str, module_from: Callable[[Path], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """A proxy that fails as a test says, see faulty_store.py; the environment leads to the lake `s3` through it."""
    store = module_from(Path(__file__).parent.with_name("faulty_store.py")).FaultyStore(s3_endpoint)
    monkeypatch.setenv("AWS_ENDPOINT_URL", store.uri)
    monkeypatch.setenv("SAMPLES_RETRY_SECONDS", "10")
    yield store
    store.close()


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.heavy)])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URI of a new lake: once in a local folder, once in an S3 bucket."""
    return request.getfixturevalue("s3") if request.param == "s3" else str(tmp_path / "lake")


@pytest.fixture
def sums(tmp_path: Path) -> Path:
    """A problem file with three sums."""
    path = tmp_path / "sums.jsonl"
    rows = [{"id": f"sum-{n}", "question": f"What is {n} + {n + 1}?", "answer": str(2 * n + 1)} for n in range(3)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


class Bench:
    """A recorded run. A test draws its units one by one."""

    def __init__(
        self, uri: str, problems: Path, model: str = "toy", k: int = 8, name: str = "toys", top_logprobs: int = 0
    ) -> None:
        request = Request(str(problems), model, k, uri, name=name, engine="toy", sampling=Sampling(max_tokens=100))
        self.prepared: Prepared = prepare(request)
        self.lake = Lake(uri, create=True)
        self.run: Run = record(self.lake, self.prepared)
        self.ids: list[str] = self.prepared.prompts["problem_id"].to_pylist()
        self._prompts = dict(zip(self.ids, self.prepared.prompts["token_ids"].to_pylist(), strict=True))
        how = {"top_logprobs": top_logprobs}
        self._engine = load("toy", model, None, "auto", request.sampling, Placement(), **how)

    def plan(self, k: int, unit: int = 64):
        return plan(self.lake, self.run.dataset, self.run.run_id, self.ids, k, unit)

    def draw(self, unit: Unit, texts: Sequence[str] = (), drawn_by: dict[str, Any] | None = None) -> Receipt:
        """Draw a unit; `texts` replace the texts of its first completions, and `drawn_by` what drew it."""
        seeds = [seed_of(self.run.run_id, unit.problem_id, index) for index in range(unit.start, unit.stop)]
        completions = self._engine.sample(self._prompts[unit.problem_id], seeds)
        for number, text in enumerate(texts):
            completions[number] = replace(completions[number], text=text)
        drawn_by = drawn_by or {"versions": versions("toy"), **self._engine.settled}
        return segment.write(self.lake, self.run, unit, seeds, completions, drawn_by, self._engine.vocabulary)

    def keys(self) -> list[tuple[str, int]]:
        table = self.lake.read("samples", run_id=self.run.run_id).sort_by(
            [("problem_id", "ascending"), ("sample_index", "ascending")]
        )
        return list(zip(table["problem_id"].to_pylist(), table["sample_index"].to_pylist(), strict=True))


@pytest.fixture
def bench(sums: Path) -> Callable[..., Bench]:
    """Make a `Bench` over the three sums, or over other `problems`."""
    return lambda uri, problems=sums, **more: Bench(str(uri), problems, **more)

"""A run's identity holds the weights and the dtype that are used: other weights or another dtype are another run."""

import json
import os
import shutil
import struct
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from samples.engines import Sampling
from samples.engines.dtypes import dtype_used
from samples.engines.fingerprint import fingerprint
from samples.engines.identity import identify, require_unchanged
from samples.errors import ModelError
from samples.ingest.job import Sampler, SamplingJob, units_of
from samples.ingest.plan import plan
from samples.lake.tables import Tables
from samples.runs.record import record
from samples.runs.request import Prepared, Request, prepare

KINDS = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16, "I32": np.int32, "F64": np.float64}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "samples" / "fingerprints-1.json"


def safetensors(path: Path, tensors: dict[str, tuple[str, bytes]]) -> None:
    """Write a file in the format of safetensors, by its definition."""
    header, at = {}, 0
    for name, (kind, data) in tensors.items():
        shape = [len(data) // np.dtype(KINDS[kind]).itemsize]
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(data for _, data in tensors.values()))


def checkpoint(folder: Path, mlp: int = 1, **config: object) -> Path:
    """Save a checkpoint of 12 MB, most of them in the middle of its file; `mlp` fills the weights of the MLP."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    weights = {"embed": ("BF16", bytes(2 << 20)), "mlp": ("BF16", bytes([mlp]) * (8 << 20))}
    safetensors(folder / "model.safetensors", {**weights, "norm": ("F32", bytes(2 << 20))})
    return folder


@pytest.mark.parametrize(
    ("config", "own"),
    [
        ({"dtype": "bfloat16"}, "bfloat16"),
        ({"torch_dtype": "float16"}, "float16"),
        ({"torch_dtype": "torch.float32"}, "float32"),
        ({"text_config": {"dtype": "float16"}}, "float16"),
        ({"dtype": None}, "bfloat16"),
        ({"dtype": "float8_e4m3fn"}, "bfloat16"),
        ({}, "bfloat16"),
    ],
)
def test_auto_is_the_checkpoints_own_dtype(tmp_path: Path, config: dict[str, object], own: str) -> None:
    folder = checkpoint(tmp_path / "model", **config)
    assert dtype_used(str(folder), None, "auto") == own
    assert identify("vllm", str(folder), None, "auto").dtype == own


def test_quantised_weights_say_nothing_of_the_dtype_computed_in(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "model")
    safetensors(folder / "model.safetensors", {"packed": ("I32", bytes(8000)), "scales": ("F16", bytes(80))})
    assert dtype_used(str(folder), None, "auto") == "float16"


@pytest.mark.parametrize(
    ("asked", "used"),
    [("half", "float16"), ("float", "float32"), ("bf16", "bfloat16"), ("float32", "float32"), ("Float16", "float16")],
)
def test_several_names_of_one_dtype_are_one(tmp_path: Path, asked: str, used: str) -> None:
    assert dtype_used(str(checkpoint(tmp_path / "model", dtype="bfloat16")), None, asked) == used


def test_a_checkpoint_that_does_not_say_its_dtype_needs_the_option(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "model")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="choose one with --dtype"):
        dtype_used(str(folder), None, "auto")
    with pytest.raises(ModelError, match='dtype "float33" is not known: use auto, float32'):
        dtype_used(str(folder), None, "float33")
    (folder / "model.safetensors").write_bytes(b"\1")
    with pytest.raises(ModelError, match="is not a complete safetensors file"):
        dtype_used(str(folder), None, "auto")


def test_a_checkpoint_is_known_by_its_content_wherever_it_lies(tmp_path: Path) -> None:
    one, two = checkpoint(tmp_path / "a" / "model"), checkpoint(tmp_path / "b" / "model")
    assert identify("vllm", str(one), None).revision == identify("vllm", str(two), None).revision


def test_other_weights_in_the_middle_of_a_file_are_another_model(tmp_path: Path) -> None:
    before = fingerprint(checkpoint(tmp_path / "one"))
    assert fingerprint(checkpoint(tmp_path / "two", mlp=2)) != before


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin", "model-00002-of-00003.safetensors"])
@pytest.mark.parametrize("at", [0, 1 << 20, (5 << 20) + 17, (12 << 20) - 1])
def test_one_changed_byte_anywhere_is_another_model(tmp_path: Path, name: str, at: int) -> None:
    folder = checkpoint(tmp_path / "model")
    (folder / "model.safetensors").rename(folder / name)
    before = fingerprint(folder)
    with (folder / name).open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))
    assert fingerprint(folder) != before


@pytest.mark.parametrize("name", ["tokenizer.json", "generation_config.json", "config.json", "chat_template.jinja"])
def test_every_small_file_of_a_model_counts(tmp_path: Path, name: str) -> None:
    folder = checkpoint(tmp_path / "model")
    (folder / name).write_text("{}")
    before = fingerprint(folder)
    (folder / name).write_text("[]")
    assert fingerprint(folder) != before


@pytest.mark.parametrize(
    "name", ["README.md", "optimizer.pt", "trainer_state.json", "rng_state_0.pth", ".gitattributes"]
)
def test_what_no_engine_reads_does_not_count(tmp_path: Path, name: str) -> None:
    folder = checkpoint(tmp_path / "model")
    before = fingerprint(folder)
    (folder / name).write_text("new")
    assert fingerprint(folder) == before


def test_the_next_checkpoint_in_the_folder_of_the_last_one_is_another(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "latest", mlp=1)
    first = identify("vllm", str(folder), None)
    require_unchanged("vllm", first.path, first.load_revision, first.revision)
    checkpoint(folder, mlp=2)
    second = identify("vllm", str(folder), None)
    assert (first.name, first.path) == (second.name, second.path)
    assert first.revision != second.revision
    with pytest.raises(ModelError, match=rf"fingerprint {second.revision}, expected {first.revision}"):
        require_unchanged("vllm", first.path, first.load_revision, first.revision)


def settle(folder: Path) -> None:
    """Let a minute pass since the files were written, as far as fingerprints know."""
    for path in folder.iterdir():
        os.utime(path, (time.time() - 60,) * 2)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at files a minute after they were written."""
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 60_000_000_000)


def test_a_file_is_hashed_once(tmp_path: Path, later: None, cache: Path) -> None:
    folder = checkpoint(tmp_path / "model")
    read: list[int] = []
    first = fingerprint(folder, lambda done, _: read.append(done))
    assert max(read) == sum(path.stat().st_size for path in folder.iterdir())
    read.clear()
    assert fingerprint(folder, lambda done, _: read.append(done)) == first
    assert read == []
    cache.write_text("{damaged")
    assert fingerprint(folder) == first


def test_a_file_that_was_just_written_is_not_remembered(tmp_path: Path, cache: Path) -> None:
    fingerprint(checkpoint(tmp_path / "model"))
    assert not cache.exists()


def test_a_file_rewritten_with_its_old_size_and_time_is_hashed_again(tmp_path: Path, later: None) -> None:
    folder = checkpoint(tmp_path / "model")
    settle(folder)
    before, times = fingerprint(folder), (folder / "model.safetensors").stat()
    checkpoint(folder, mlp=2)
    os.utime(folder / "model.safetensors", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert fingerprint(folder) != before


def test_a_cache_that_cannot_be_written_costs_time_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = checkpoint(tmp_path / "model")
    before = fingerprint(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    assert fingerprint(folder) == before


def replica(prepared: Prepared) -> Sampler:
    """Load what a replica of Ray loads."""
    lake = Tables(prepared.request.lake, create=True)
    record(lake, prepared)
    todo = plan(lake, prepared.run.dataset, prepared.run.run_id, prepared.prompts["problem_id"].to_pylist(), 2)
    job = SamplingJob(
        lake=prepared.request.lake,
        run=prepared.run,
        revision=prepared.revision,
        sampling=prepared.request.sampling,
        placement=prepared.request.placement,
        units=units_of(todo),
        prompts=prepared.prompts,
    )
    return job.load()


@pytest.mark.nightly
@pytest.mark.heavy
def test_a_run_holds_the_dtype_that_its_replicas_compute_in(tiny_model: str, sums: Path, tmp_path: Path) -> None:
    def of(dtype: str) -> Prepared:
        lake, few = str(tmp_path / "lake"), Sampling(max_tokens=4)
        return prepare(Request(str(sums), tiny_model, 2, lake, engine="transformers", dtype=dtype, sampling=few))

    auto, said, other = (of(dtype) for dtype in ("auto", "float32", "bfloat16"))
    assert auto.run.specification["dtype"] == "float32"
    assert auto.run.run_id == said.run.run_id != other.run.run_id
    assert replica(auto).engine.settled["dtype"] == "float32"
    sampler = replica(other)
    assert sampler.engine.settled["dtype"] == other.run.specification["dtype"] == "bfloat16"
    receipt = sampler.work(0, lambda _tokens, _failed: None)
    footer = pq.read_metadata(tmp_path / "lake" / "completions" / receipt.file.path).metadata
    drawn_by = json.loads(footer[b"samples.drawn_by"])
    assert (drawn_by["dtype"], drawn_by["max_model_len"], drawn_by["attention"]) == ("bfloat16", 256, ["sdpa"])
    assert set(drawn_by["versions"]) == {"transformers", "torch"}


@pytest.mark.heavy
def test_a_replica_refuses_a_folder_that_changed_since_the_run_was_planned(
    tiny_model: str, sums: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "latest"
    shutil.copytree(tiny_model, folder)
    prepared = prepare(Request(str(sums), str(folder), 2, str(tmp_path / "lake"), engine="transformers"))
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    with pytest.raises(ModelError, match="has other files than the run was planned with"):
        replica(prepared)

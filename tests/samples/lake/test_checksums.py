"""A bit that flips in a file gives an error that names the file, or changes nothing: never another answer."""

from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pytest

import samples
from samples.api import Lake
from samples.errors import LakeError
from samples.lake import checksums
from samples.lake.tables import Tables
from samples_schemas import SAMPLES, TABLES, VIEWS


def everything(lake: Lake) -> list[object]:
    """All rows of all views, and of all tables as pyarrow reads them."""
    views = [lake.sql(f"SELECT * FROM {view} ORDER BY ALL").dicts() for view in VIEWS]
    return [*views, *(sorted(map(repr, lake.read(name).to_pylist())) for name in TABLES)]


@pytest.fixture(scope="module")
def lake(lakes, tmp_path_factory):
    made = lakes.filled(tmp_path_factory.mktemp("rot") / "lake")
    (run,) = (row["run_id"] for row in made.runs() if row["run"] == "a")
    lakes.append(
        made, "counts", [{"problem_id": "p1", "n": 4, "c": 1, "errors": 0, "timeouts": 0}], verifier="w", run_id=run
    )
    made.label("a", step=3)
    return made


@pytest.mark.cases(1)
@pytest.mark.heavy
@pytest.mark.parametrize(
    "name",
    [
        name if name in {"samples", "completions", "verdicts"} else pytest.param(name, marks=pytest.mark.nightly)
        for name in sorted(set(TABLES) - {"ingests", "score_logprobs"})
    ],
)
def test_a_flipped_bit_is_an_error_that_names_the_file_or_changes_nothing(lake, name):
    before = everything(lake)
    file = min(Path(lake.uri, name).rglob("*.parquet"))
    whole = file.read_bytes()
    random = Random(name)
    for place in [*random.sample(range(len(whole)), 12), len(whole) - 1, len(whole) - 6]:
        rotten = bytearray(whole)
        rotten[place] ^= 1 << random.randrange(8)
        file.write_bytes(rotten)
        said = before
        try:
            said = everything(samples.open(lake.uri))
        except LakeError as error:
            named = str(error)
            assert file.name in named
        assert said == before
    file.write_bytes(whole)
    assert everything(samples.open(lake.uri)) == before


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["samples", "verdicts"])
def test_a_flipped_bit_on_a_store_is_noticed_too(lakes, s3, name):
    lake = lakes.filled(s3)
    table = lake.delta(name)
    path = f"{name}/{table.file_uris()[0].split(f'/{name}/')[1]}"
    whole = lake.place.get(path)
    for place in range(0, len(whole), len(whole) // 7):
        lake.place.put(path, whole[:place] + bytes([whole[place] ^ 16]) + whole[place + 1 :])
        with pytest.raises(LakeError, match="changed since it was written"):
            samples.open(lake.uri).sql(f"SELECT * FROM {name}")


@pytest.fixture
def big(tmp_path, monkeypatch):
    """A file of several megabytes, whose sums are remembered on the machine."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(checksums, "_MANY", 1 << 20)
    lake = Tables(str(tmp_path / "lake"), create=True)
    rng = np.random.default_rng(0)
    count = 400_000
    rows = {
        "problem_id": pa.array(["p"] * count),
        "sample_index": np.arange(count, dtype=np.int32),
        "cumulative_logprob": rng.random(count),
        "seed": rng.integers(0, 1 << 62, count),
        "attempt": pa.array(["x"] * count),
    }
    missing = {name: pa.nulls(count, SAMPLES.schema.field(name).type) for name in SAMPLES.file_schema.names}
    file = lake.put("samples", pa.table(missing | rows), {"dataset": "d", "run_id": "r"})
    return Path(lake.uri, "samples", file.path)


def test_a_large_file_is_compared_once_until_it_changes(big, monkeypatch):
    compared: list[str] = []
    compare = checksums._compare
    monkeypatch.setattr(checksums, "_compare", lambda path, **more: compared.append(path) or compare(path, **more))
    for _ in range(2):
        checksums.verify([str(big)])
        monkeypatch.setattr(checksums, "_compared", {})  # as in another process
    assert compared == [str(big)]
    whole = bytearray(big.read_bytes())
    whole[1000] ^= 1
    big.write_bytes(whole)
    checksums.verify([str(big)], footers=True)
    checksums.verify([str(big)], most=1000)
    with pytest.raises(LakeError, match=big.name):
        checksums.verify([str(big)])


def test_pyarrow_notices_a_flipped_bit_of_a_page(big):
    whole = bytearray(big.read_bytes())
    whole[len(whole) // 2] ^= 1
    big.write_bytes(whole)
    lake = Tables(str(big).partition("/samples/")[0])
    lake.commit("samples", [(file_of(big), {"dataset": "d", "run_id": "r"})])
    with pytest.raises(LakeError, match=big.name):
        lake.read("samples")


def file_of(path: Path):
    from samples.lake.parquet import File

    return File(str(path).partition("/samples/")[2], path.stat().st_size, 400_000, '{"numRecords": 400000}')

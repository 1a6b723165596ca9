"""Segments are complete or absent. Receipts hold no tokens, and can be read back after their driver died."""

import pickle
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from samples.engines import Completion
from samples.errors import LakeError
from samples.ingest import segment
from samples.units import segment as units
from samples.units.plan import Unit


def path_of(b, receipt):
    return Path(b.lake.uri, "completions", receipt.file.path)


def some(tokens, count):
    rng = np.random.default_rng(0)
    ids = [rng.integers(0, 200, tokens, np.int32) for _ in range(count)]
    return [Completion("x" * tokens, i, -rng.standard_exponential(tokens, np.float32), "stop") for i in ids]


def test_a_receipt_says_what_the_file_is(bench, tmp_path):
    b = bench(tmp_path / "lake")
    receipt = b.draw(Unit("sum-1", 3, 8))
    assert path_of(b, receipt).stat().st_size == receipt.file.size
    assert receipt.file.rows == receipt.facts.num_rows == 5
    assert receipt.file.path.startswith(f"dataset=sums/run_id={b.run.run_id}/unit-")
    rows = pq.ParquetFile(path_of(b, receipt)).read()
    assert rows["sample_index"].to_pylist() == receipt.facts["sample_index"].to_pylist() == [3, 4, 5, 6, 7]
    assert [len(ids) for ids in rows["token_ids"].to_pylist()] == receipt.facts["tokens"].to_pylist()


def test_a_receipt_weighs_nothing_beside_its_tokens(bench, tmp_path):
    b = bench(tmp_path / "lake")
    receipt = segment.write(b.lake, b.run, Unit("sum-0", 0, 64), range(64), some(2000, 64))
    assert len(pickle.dumps(receipt)) < 10_000
    assert receipt.file.size > 400_000


@pytest.mark.parametrize(("count", "tokens", "limit"), [(16, 17, 2_700), (64, 50, 4_300), (64, 2000, 4_600)])
def test_a_small_unit_wastes_few_bytes(bench, tmp_path, count, tokens, limit):
    b = bench(tmp_path / "lake")
    seeds = np.random.default_rng(0).integers(0, 2**63 - 1, count).tolist()
    receipt = segment.write(b.lake, b.run, Unit("sum-0", 0, count), seeds, some(tokens, count))
    group = pq.ParquetFile(path_of(b, receipt)).metadata.row_group(0)
    payload = {"text", "token_ids.list.element", "token_logprobs.list.element"}
    columns = [group.column(c) for c in range(group.num_columns)]
    heavy = sum(column.total_compressed_size for column in columns if column.path_in_schema in payload)
    assert receipt.file.size - heavy < limit


def test_a_receipt_read_back_is_the_one_that_was_handed_over(bench, anywhere):
    b = bench(anywhere, model="toy?fail=0.2&nan=0.3")
    receipt = b.draw(Unit("sum-2", 0, 8))
    again = units.reopen(b.lake, segment.target(b.run), receipt.file.path, receipt.file.size)
    assert again is not None
    assert (again.unit, again.file, again.nonfinite) == (receipt.unit, receipt.file, receipt.nonfinite)
    assert repr(again.facts.to_pydict()) == repr(receipt.facts.to_pydict())  # NaN is NaN
    assert again.facts.schema == receipt.facts.schema


@pytest.mark.parametrize("left", [0, 4, 100, -1])
def test_a_segment_cut_short_is_none(bench, tmp_path, left):
    b = bench(tmp_path / "lake")
    receipt = b.draw(Unit("sum-0", 0, 8))
    path = path_of(b, receipt)
    path.write_bytes(path.read_bytes()[:left])
    assert units.reopen(b.lake, segment.target(b.run), receipt.file.path, receipt.file.size) is None


def test_a_segment_that_is_gone_or_another_programs_is_none(bench, tmp_path):
    b = bench(tmp_path / "lake")
    receipt = b.draw(Unit("sum-0", 0, 8))
    rows = pq.ParquetFile(path_of(b, receipt)).read().replace_schema_metadata(None)
    pq.write_table(rows, path_of(b, receipt))
    assert units.reopen(b.lake, segment.target(b.run), receipt.file.path, receipt.file.size) is None
    path_of(b, receipt).unlink()
    assert units.reopen(b.lake, segment.target(b.run), receipt.file.path, receipt.file.size) is None


def test_only_segments_are_found(bench, anywhere):
    b = bench(anywhere)
    receipts = [b.draw(Unit("sum-0", 0, 8)), b.draw(Unit("sum-0", 0, 8)), b.draw(Unit("sum-1", 64, 65))]
    for other in ("part-0123456789abcdef.parquet", "notes.txt", "unit-x.parquet"):
        b.lake.place.put(f"completions/dataset=sums/run_id={b.run.run_id}/{other}", b"")
    b.lake.place.put(f"completions/dataset=sums/run_id={b.run.run_id}x/{receipts[0].file.path.split('/')[-1]}", b"")
    found = {path: (size, start, stop) for path, size, _, start, stop in units.found(b.lake, segment.target(b.run))}
    assert found == {r.file.path: (r.file.size, r.unit.start, r.unit.stop) for r in receipts}


def test_words_of_an_error_or_a_stop_that_are_no_text_are_stored_as_text(bench, tmp_path):
    b = bench(tmp_path / "lake")
    one = Completion("a", np.zeros(1, np.int32), np.zeros(1, np.float32), "stop", stop_reason="\udcff")
    receipt = segment.write(b.lake, b.run, Unit("sum-0", 0, 2), [1, 2], [one, Completion.failed("\udcff broke")])
    assert receipt.facts["stop_reason"].to_pylist() == ["?", None]
    assert receipt.facts["error"].to_pylist() == [None, "? broke"]


def test_a_segment_that_cannot_be_written_leaves_nothing(bench, tmp_path):
    b = bench(tmp_path / "lake")
    Path(b.lake.uri, "completions").write_text("in the way")
    with pytest.raises(LakeError, match="is a file"):
        b.draw(Unit("sum-0", 0, 8))
    assert b.plan(8).missing == 24


def test_as_many_seeds_as_completions_as_indices(bench, tmp_path):
    b = bench(tmp_path / "lake")
    with pytest.raises(AssertionError, match="2 completions for 3 indices"):
        segment.write(b.lake, b.run, Unit("sum-0", 0, 3), [1, 2, 3], some(5, 2))

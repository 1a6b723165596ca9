"""A segment's companion comes with it: committed before it, adopted with it, and absent where nobody asked for it."""

from pathlib import Path

import numpy as np
import pytest

from samples.engines import toy_table
from samples.ingest.segment import committer
from samples.lake.tables import Tables
from samples.units.companion import entropies

N = 3


def rows(lake, name):
    return lake.read(name).sort_by([("problem_id", "ascending"), ("sample_index", "ascending")]).to_pylist()


def require_whole(b, samples=24):
    """Every sample has its companion's row of the same attempt, and the toy's table says what it holds."""
    facts, tops, texts = (rows(b.lake, name) for name in ("samples", "top_logprobs", "completions"))
    prompts = dict(zip(b.ids, b.prepared.prompts["token_ids"].to_pylist(), strict=True))
    assert len(facts) == len(tops) == samples
    for fact, top, text in zip(facts, tops, texts, strict=True):
        assert all(fact[name] == top[name] for name in ("problem_id", "sample_index", "attempt"))
        assert (top["scorer_id"], top["run_id"]) == (b.run.run_id, b.run.run_id)
        assert (top["n"], top["positions"]) == (N, fact["tokens"])
        before = [prompts[fact["problem_id"]][-1], *text["token_ids"][:-1]]
        table = toy_table.plain(0)[before]
        np.testing.assert_array_equal(np.reshape(top["top_logprobs"], (-1, N)), -np.sort(-table)[:, :N])
        np.testing.assert_array_equal(
            np.take_along_axis(table, np.reshape(top["top_ids"], (-1, N)), 1).ravel(), top["top_logprobs"]
        )
        assert top["top_entropy"] < top["entropy_least"] < top["entropy_most"]


def test_companions_are_committed_with_their_segments(bench, anywhere):
    b = bench(anywhere, top_logprobs=N)
    receipts = [b.draw(unit) for unit in b.plan(8)]
    assert committer(b.lake, b.run).commit(receipts) == receipts
    require_whole(b)
    assert committer(b.lake, b.run).commit([b.draw(receipts[0].unit)]) == []
    require_whole(b)


def test_without_companions_there_is_no_file_and_no_commit_of_their_table(bench, tmp_path):
    b = bench(tmp_path / "lake")
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(4)])
    for unit in b.plan(8):
        b.draw(unit)
    committer(b.lake, b.run).adopt(b.plan(8))
    assert len(b.keys()) == 24
    assert not (tmp_path / "lake" / "top_logprobs").exists()
    assert b.lake.delta("top_logprobs") is None
    assert "top_logprobs" not in b.lake.version


@pytest.mark.parametrize("commits", [(), ("top_logprobs",), ("top_logprobs", "completions")])
def test_a_driver_that_died_between_its_commits_is_finished_with_the_companions(bench, anywhere, commits):
    b = bench(anywhere, top_logprobs=N)
    receipts = [b.draw(unit) for unit in b.plan(8)]
    ours = committer(b.lake, b.run)
    files = dict(ours._files(receipts))
    for name in commits:
        b.lake.commit(name, files[name])
    assert b.keys() == []
    before = b.lake.delta("top_logprobs")
    adopted = committer(Tables(b.lake.uri), b.run).adopt(b.plan(8))
    assert {one.companion for one in adopted} == {one.companion for one in receipts}
    require_whole(b)
    assert len(b.lake.delta("top_logprobs").file_uris()) == len(receipts)
    assert before is None or b.lake.delta("top_logprobs").version() == before.version(), "named once"


@pytest.mark.parametrize("left", [None, 0, 100])
def test_an_orphan_whose_companion_is_gone_or_cut_short_is_drawn_again(bench, tmp_path, left):
    b = bench(tmp_path / "lake", top_logprobs=N)
    for unit in b.plan(8):
        receipt = b.draw(unit)
    broken = Path(b.lake.uri, "top_logprobs", receipt.companion.path)
    broken.write_bytes(broken.read_bytes()[:left]) if left is not None else broken.unlink()
    assert len(committer(b.lake, b.run).adopt(b.plan(8))) == 2
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(8)])
    require_whole(b)


def test_samples_that_were_drawn_without_them_have_none_and_later_ones_do(bench, tmp_path):
    before, b = bench(tmp_path / "lake"), bench(tmp_path / "lake", top_logprobs=N)
    assert before.run.run_id == b.run.run_id
    committer(before.lake, before.run).commit([before.draw(unit) for unit in before.plan(4)])
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(8)])
    assert len(b.keys()) == 24
    assert {row["sample_index"] for row in rows(b.lake, "top_logprobs")} == {4, 5, 6, 7}


def test_failed_requests_have_a_row_without_positions(bench, tmp_path):
    b = bench(tmp_path / "lake", model="toy?fail=0.5", top_logprobs=N)
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(8)])
    failed = [row["error"] is not None for row in rows(b.lake, "samples")]
    assert 0 < sum(failed) < len(failed)
    assert [row["positions"] == 0 for row in rows(b.lake, "top_logprobs")] == failed


@pytest.mark.parametrize("n", [1, 3, 5, 6, 9])
def test_bounds_hold_the_entropy_of_any_distribution_and_are_exact_where_all_is_listed(n):
    """The oracle sums over the whole distribution, token by token, in double precision."""
    random = np.random.default_rng(n)
    weights = random.exponential(size=(200, 9)) ** random.choice([0.3, 1, 4], (200, 1))
    weights[:, 6:] = 0  # tokens that cannot be drawn
    shares = weights / weights.sum(1, keepdims=True)
    with np.errstate(divide="ignore"):
        logs = np.log(-np.sort(-shares)).astype(np.float32)
    for row, share in zip(logs, shares, strict=True):
        exact = -sum(p * np.log(p) for p in share if p)
        top, left, least, most = entropies(row[None, :n], 9)
        assert top - 1e-6 <= least - 1e-6 <= exact <= most + 1e-6
        assert left == pytest.approx(np.sort(share)[: 9 - n].sum(), abs=1e-6)
        if n >= 6:
            assert (top, least, most) == pytest.approx((exact,) * 3, abs=1e-5)
    sums = np.array([entropies(row[None, :n], 9) for row in logs]).sum(0)
    assert entropies(logs[:, :n], 9) == pytest.approx(sums, rel=1e-12)


def test_bounds_of_no_position_are_zero_and_a_nan_of_the_engine_stays():
    assert entropies(np.empty((0, 5), np.float32), 9) == (0, 0, 0, 0)
    assert np.isnan(entropies(np.array([[-0.1, -3], [-0.1, np.nan]], np.float32), 9)).all()
    assert entropies(np.array([[0.0, -np.inf]], np.float32), 9) == (0, 0, 0, 0)

"""The estimate of a dry run, against what the ingest then does."""

from pathlib import Path

import pytest

from samples.api import Lake
from samples.engines import Placement, Sampling
from samples.ingest.estimate import BYTES_PER_TOKEN, BYTES_PER_TOP, estimate
from samples.runs.request import Request, prepare


def request(problems, lake, k=8, model="toy", placement=None, **sampling):
    given = Sampling(**{"max_tokens": 100, **sampling})
    return prepare(Request(str(problems), model, k, str(lake), engine="toy", sampling=given, **(
        {"placement": placement} if placement else {}
    )))  # fmt: skip


@pytest.fixture
def drawn(bench, tmp_path):
    """A run of 8 samples for each of three problems, all committed, as the driver commits them."""
    made = bench(tmp_path / "lake")
    for unit in made.plan(8):
        receipt = made.draw(unit)
        made.lake.commit("completions", [(receipt.file, made.run.partition)])
        made.lake.append("samples", "test", lambda facts=receipt.facts: [(facts, made.run.partition)])
    return made


def test_without_an_earlier_run_tokens_are_at_most_max_tokens(sums, tmp_path):
    found = estimate(None, request(sums, tmp_path / "lake"), missing=24, units=3)
    assert (found.samples, found.tokens, found.like) == (24, 2400, "")
    assert found.size == round(2400 * BYTES_PER_TOKEN)
    assert str(found).startswith("estimate: at most 2,400 tokens (100 a sample at most)")
    assert "--tokens-per-second" in str(found)


def test_a_top_up_costs_what_the_run_s_own_samples_did(drawn, sums):
    rows = drawn.lake.read("samples", run_id=drawn.run.run_id)["tokens"].to_pylist()
    size = sum(path.stat().st_size for path in Path(drawn.lake.uri, "completions").rglob("unit-*.parquet"))
    prepared = request(sums, drawn.lake.uri, k=24)
    found = estimate(Lake(drawn.lake.uri), prepared, missing=48, units=3)
    assert found.like == "toys"
    assert found.tokens == 2 * sum(rows)
    assert found.size == pytest.approx(2 * size, abs=1)


def test_another_run_of_the_same_model_and_problems_serves_cut_at_the_new_limit(drawn, sums):
    rows = drawn.lake.read("samples", run_id=drawn.run.run_id)["tokens"].to_pylist()
    most = max(rows) - 1
    found = estimate(Lake(drawn.lake.uri), request(sums, drawn.lake.uri, max_tokens=most), missing=24, units=3)
    assert found.like == "toys"
    assert found.tokens == sum(min(tokens, most) for tokens in rows)


def test_the_most_likely_tokens_cost_bytes_and_a_file_of_each_unit(sums, tmp_path):
    plain, top = (
        prepare(Request(str(sums), "toy", 8, str(tmp_path / "lake"), engine="toy", top_logprobs=n)) for n in (0, 10)
    )
    assert plain.run.run_id == top.run.run_id, "they are no part of a run"
    cheap, dear = (estimate(None, prepared, missing=24, units=3) for prepared in (plain, top))
    assert dear.size == cheap.size + round(10 * BYTES_PER_TOP * cheap.tokens)
    assert (cheap.files, dear.files) == (3, 6)


def test_a_run_of_another_model_says_nothing(drawn, sums):
    found = estimate(Lake(drawn.lake.uri), request(sums, drawn.lake.uri, model="toy?tokens=7"), missing=24, units=3)
    assert found.like == ""


def test_gpu_hours_are_those_of_every_gpu_of_a_replica(sums, tmp_path):
    prepared = request(sums, tmp_path / "lake", placement=Placement(tensor_parallel_size=4))
    found = estimate(None, prepared, missing=36_000, units=563, tokens_per_second=100)
    assert found.hours == pytest.approx(10)
    assert "40.0 GPU hours, 10.0 hours of one replica" in str(found)
    assert found.files == 563


def test_nothing_to_draw_costs_nothing(drawn, sums):
    assert str(estimate(Lake(drawn.lake.uri), request(sums, drawn.lake.uri), 0, 0)) == "estimate: nothing to draw"


def test_requests_are_near_those_that_were_counted_between_the_toy_engine_and_an_s3_server(sums, tmp_path):
    prepared = request(sums, tmp_path / "lake")
    for units, seconds, counted in ((40, 9.0, 240), (150, 15.9, 398), (600, 37.6, 960)):
        found = estimate(None, prepared, 64 * units, units, tokens_per_second=100 * 64 * units / seconds)
        assert found.requests == pytest.approx(counted, rel=1 / 6)
    assert estimate(None, prepared, 64, 1).requests == 170 + 1 + 14

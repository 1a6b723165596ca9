from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from samples_cli.status import line, lines


@pytest.fixture
def drawing():
    """A run whose last commit was three hours before this test."""
    return SimpleNamespace(
        name="base-7b", run_id="r0123", dataset="math500", model="Qwen/Qwen2.5-7B", problems=500, problems_done=120,
        wanted=128_000, samples=31_000, errors=2, tokens=9_000_000, per_second=12.5, seconds_left=7_760.0,
        last_commit=datetime.now(UTC) - timedelta(hours=3),
        setups=[
            {"device": "NVIDIA H100", "dtype": "bfloat16", "max_model_len": "4096", "vllm": "0.32.1"},
            {"device": "NVIDIA H100", "dtype": "bfloat16", "max_model_len": "8192", "vllm": "0.32.1"},
            {"max_model_len": "8192"},
        ],
        verifiers={"math": (30_000, 0.4321), "exact": (0, None)},
    )  # fmt: skip


def test_a_run_that_is_drawn_says_how_far_it_is(drawing):
    assert line(drawing).startswith(
        "base-7b: 31,000/128,000 samples, 12.5 samples/s, 2 h 09 min left, last commit 3 h 0"
    )
    said = lines(drawing)
    assert said[0] == "run base-7b (r0123) of math500, model Qwen/Qwen2.5-7B"
    assert said[1:3] == [
        "31,000/128,000 samples, 9,000,000 tokens, 2 errors",
        "500 problems, 120 of them have all their samples",
    ]
    assert said[4] == "drawn by NVIDIA H100, bfloat16, vllm 0.32.1", "setups that read alike, once"
    assert said[5:] == ["math: 30,000 verdicts, 43.2% correct", "exact: 0 verdicts"]


def test_what_is_not_known_is_not_said(drawing):
    unknown = {"wanted": None, "per_second": None, "seconds_left": None, "last_commit": None}
    assert line(SimpleNamespace(**vars(drawing) | unknown)) == "base-7b: 31,000 samples, last commit never"


def test_status_reads_the_lake(samples, lake):
    code, out, err = samples("status", "toys", "--lake", lake.uri)
    assert (code, err) == (0, "")
    assert out.startswith("run toys (r")
    assert "of sums, model toy" in out
    assert "\nnumeric: 30 verdicts, " in out


def test_a_run_without_a_recorded_k_is_followed_no_further_and_that_is_said(samples, filled):
    code, out, err = samples("status", "a", "--follow", "--lake", filled.uri)
    assert code == 0
    assert out.splitlines()[-1].startswith("a: 16 samples, last commit ")
    assert err == "a: the lake does not record how many samples were wanted, so --follow ends here\n"


def test_a_run_of_which_nothing_is_missing_is_followed_no_further(samples, lake):
    code, out, err = samples("status", "toys", "--follow", "--lake", lake.uri)
    assert (code, err) == (0, "")
    assert out.splitlines()[-1].startswith("toys: 30")

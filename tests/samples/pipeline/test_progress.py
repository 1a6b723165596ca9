"""How far a job is, in one line: the same on the screen and in Python."""

from dataclasses import replace

from samples.pipeline.progress import Estimate, duration
from samples.rescore.rescore import Status
from samples.units.progress import Progress

DRAWING = Progress(
    "sampling", problems=500, problems_done=120, samples=128_000, samples_done=31_000, tokens=9_000_000,
    tokens_per_second=1234.4, replicas=8, replicas_starting=2,
)  # fmt: skip


def test_an_ingest_says_first_what_matters_most():
    assert str(DRAWING) == (
        "31,000/128,000 samples  1,234 tokens/s  8 replicas (+2 starting)  120/500 problems  0 errors"
    )
    assert str(replace(DRAWING, errors=1200, replicas=1, replicas_starting=0, seconds_left=7760.0)) == (
        "31,000/128,000 samples  2 h 09 min left  1,200 errors  1,234 tokens/s  1 replica  120/500 problems"
    )
    assert str(replace(DRAWING, note="finishing 3 units", seconds_left=99.0)).startswith(
        "31,000/128,000 samples  finishing 3 units  1,234 tokens/s  8 replicas"
    )


def test_an_ingest_that_draws_nothing_yet_says_its_phase():
    assert str(Progress("loading the model", samples=128_000, replicas_starting=1)) == "loading the model"


def test_a_pass_of_a_verifier_says_how_far_it_is():
    assert str(Status(0, 30_000, 0.0)) == "starting workers"
    assert str(Status(1500, 30_000, 812.4)) == "1,500/30,000 verified  812/s"
    assert str(Status(1500, 30_000, 812.4, 35.0)) == "1,500/30,000 verified  35 s left  812/s"


def test_no_time_left_is_told_before_enough_is_done():
    early, soon = Estimate(), Estimate(seconds=0)
    assert [early.left(done, 1000, 9.0) for done in (0, 500)] == [None, None]
    assert [soon.left(done, 1000, 9.0) for done in (100, 144, 145, 999, 1000)] == [None, None, 9.0, 9.0, None]


def test_a_duration_is_written_in_the_units_that_people_use():
    assert [duration(s) for s in (0.4, 59.4, 59.6, 185, 3599.4, 7620)] == [
        "0 s", "59 s", "1 min 00 s", "3 min 05 s", "59 min 59 s", "2 h 07 min",
    ]  # fmt: skip

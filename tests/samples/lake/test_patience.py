"""A store that is away for a moment, or breaks off answers, ends nothing. One that stays away is given up in a line."""

import itertools
import random
import threading

import pytest

from samples.api import Lake
from samples.errors import LakeError, StoreAway, UsageError
from samples.ingest.job import Sampler, SamplingJob, units_of
from samples.ingest.segment import committer
from samples.lake import patience
from samples.lake.storage import locate
from samples.units.segment import GivenBack

pytestmark = pytest.mark.heavy

WORK = {
    "open": lambda lake: Lake(lake.uri).uri,
    "read a table": lambda lake: lake.read("samples").num_rows,
    "read a column": lambda lake: lake.read("completions", columns=["text"]).num_rows,
    "ask": lambda lake: lake.sql("SELECT count(*) AS n FROM completions").dicts(),
    "list files": lambda lake: len(list(lake.place.list("samples"))),
    "read its version": lambda lake: lake.version.count(":"),
    "write a file": lambda lake: lake.place.put("note", b"x"),
    "label a run": lambda lake: lake.label("toys", step=1),
    "claim a commit": lambda lake: lake.claim("samples", "app").number,
}


@pytest.fixture
def there(faulty, bench, s3):
    """A recorded run with samples, behind a proxy."""
    b = bench(s3)
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(8, unit=4)])
    b.lake.label("toys", role="base")
    return b


@pytest.mark.cases(3)
@pytest.mark.parametrize("work", WORK)
def test_a_store_that_is_away_for_a_second_is_waited_for(there, faulty, work):
    expected = None if work == "label a run" else WORK[work](there.lake)
    back = faulty.be_away(1.0)
    found = WORK[work](there.lake)
    back.join()
    assert expected is None or found == expected


@pytest.mark.cases(3)
@pytest.mark.parametrize("work", WORK)
def test_a_body_that_is_cut_is_read_again(there, faulty, work):
    expected = None if work == "label a run" else WORK[work](there.lake)
    asked = itertools.count()  # from now on, however many requests made the lake
    faulty.cut = lambda _: next(asked) % 7 == 2
    for _ in range(3):
        found = WORK[work](there.lake)
    assert expected is None or found == expected
    assert faulty.cuts or work == "write a file"


@pytest.mark.nightly
def test_nothing_is_lost_or_doubled_where_three_bodies_in_a_hundred_are_cut(faulty, bench, s3):
    chance = random.Random(0)
    faulty.cut = lambda _: chance.random() < 0.03
    b = bench(s3)
    for unit in b.plan(16, unit=4):
        committer(b.lake, b.run).commit([b.draw(unit)])
    assert b.keys() == [(problem, index) for problem in sorted(b.ids) for index in range(16)]
    assert b.lake.sql("SELECT count(*) AS n FROM completions").dicts() == [{"n": 48}]
    assert faulty.cuts > 0


@pytest.mark.parametrize("log", ["samples", "completions"])
def test_a_commit_whose_answer_is_lost_is_made_once(faulty, bench, s3, log):
    b = bench(s3)
    ours = committer(b.lake, b.run)
    first, *rest = b.plan(8, unit=4)
    ours.commit([b.draw(first)])
    seen: list[str] = []

    def lose(method: str, path: str) -> bool:
        ours = method == "PUT" and f"/{log}/_delta_log/" in path and not seen
        seen.extend([path] if ours else [])
        return ours

    faulty.lose = lose
    done = ours.commit([b.draw(unit) for unit in rest])
    assert (faulty.lost, len(done)) == (1, len(rest))
    assert b.keys() == [(problem, index) for problem in sorted(b.ids) for index in range(8)]
    assert b.lake.dataset("completions").count_rows() == 24


def test_a_store_that_stays_away_is_given_up_in_one_line(there, faulty, monkeypatch):
    monkeypatch.setenv("SAMPLES_RETRY_SECONDS", "0.3")
    there.lake.place = locate(there.lake.uri)
    faulty.leave()
    for work in WORK.values():
        with pytest.raises(StoreAway) as error:
            work(there.lake)
        assert "does not answer" in str(error.value)
        assert "\n" not in str(error.value)
    faulty.come_back()
    assert there.lake.read("samples").num_rows == 24


def test_what_no_patience_mends_is_said_at_once(there, faulty):
    faulty.answer = lambda method, _: 403 if method == "PUT" else None
    with pytest.raises(LakeError, match="access is denied") as error:
        there.lake.label("toys", step=2)
    assert not isinstance(error.value, StoreAway)
    assert faulty.refused == 1


def test_this_process_says_that_it_waits(there, faulty):
    assert patience.waiting() == ""
    faulty.answer = lambda _method, _path: 503
    there.lake.place = locate(there.lake.uri)
    reader = threading.Thread(target=there.lake.read, args=("samples",))
    reader.start()
    while not patience.waiting():
        assert reader.is_alive()
    assert patience.waiting().startswith("waiting for the store (")
    faulty.answer = lambda _method, _path: None
    reader.join()
    assert patience.waiting() == ""


def test_a_unit_that_cannot_be_written_is_given_back(there, faulty, monkeypatch):
    monkeypatch.setenv("SAMPLES_RETRY_SECONDS", "0.05")
    request = there.prepared.request
    rest = units_of(there.plan(12))
    job = SamplingJob(request.lake, there.run, None, request.sampling, request.placement, rest, there.prepared.prompts)
    sampler = job.load()
    assert isinstance(sampler, Sampler)
    faulty.answer = lambda method, _: 503 if method == "PUT" else None
    assert isinstance(sampler.work(0, lambda _tokens, _failed: None), GivenBack)
    faulty.answer = lambda _method, _path: None
    receipt = sampler.work(0, lambda _tokens, _failed: None)
    assert not isinstance(receipt, GivenBack)
    assert receipt.unit.start == 8


ENDPOINTS = {
    "AWS_ENDPOINT_URL": {},
    "AWS_ENDPOINT_URL_S3": {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"},
    "AWS_ENDPOINT": {},
    "AWS_ENDPOINT and AWS_ALLOW_HTTP": {"AWS_ALLOW_HTTP": "true"},
}


@pytest.mark.cases(4)
@pytest.mark.parametrize("region", ["AWS_REGION", "AWS_DEFAULT_REGION", None])
@pytest.mark.parametrize("spelling", ENDPOINTS)
def test_the_environment_may_spell_the_endpoint_and_the_region_in_any_usual_way(
    s3, s3_endpoint, bench, monkeypatch, spelling, region
):
    for name in ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**ENDPOINTS[spelling], spelling.partition(" ")[0]: s3_endpoint}.items():
        monkeypatch.setenv(name, value)
    if region:
        monkeypatch.setenv(region, "us-east-1")
    b = bench(s3)
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(8)])
    assert b.lake.read("samples").num_rows == 24
    assert b.lake.sql("SELECT count(*) AS n FROM completions").dicts() == [{"n": 24}]


@pytest.mark.parametrize("given", ["soon", "-1", "nan", "inf", ""])
def test_a_time_that_is_no_time_is_refused(monkeypatch, given):
    monkeypatch.setenv("SAMPLES_RETRY_SECONDS", given)
    with pytest.raises(UsageError, match="SAMPLES_RETRY_SECONDS"):
        locate("s3://bucket/lake")

"""A lake has an id, so that a node of a cluster notices that the driver's path is another lake there, or none."""

import json
import shutil
from pathlib import Path

import pytest

from samples.api import Lake
from samples.errors import LakeError
from samples.ingest.job import Sampler, SamplingJob, units_of
from samples.lake import mark
from samples.lake.storage import locate
from samples.rescore.job import JudgingJob


def line_of(error):
    text = str(error.value)
    assert "\n" not in text
    return text


@pytest.fixture
def there(bench, tmp_path):
    """A recorded run, and a function that makes its job with the id of its lake."""
    made = bench(tmp_path / "lake")

    def job():
        request = made.prepared.request
        placed = request.sampling, request.placement
        known = mark.lake_id(made.lake.place)
        units, prompts = units_of(made.plan(4)), made.prepared.prompts
        return SamplingJob(made.lake.uri, made.run, None, *placed, units, prompts, lake_id=known)

    return made, job


def test_each_new_lake_has_an_id_of_its_own_and_keeps_it(anywhere, tmp_path):
    lake = Lake(anywhere, create=True)
    first = mark.lake_id(lake.place)
    assert first
    assert mark.lake_id(Lake(anywhere, create=True).place) == first
    assert mark.lake_id(Lake(str(tmp_path / "another"), create=True).place) != first


def test_a_lake_of_an_earlier_build_has_no_id_and_works(there):
    made, job = there
    Path(made.lake.uri, "lake.json").write_text('{"format": 1}')
    assert mark.lake_id(made.lake.place) is None
    assert job().lake_id is None
    assert isinstance(job().load(), Sampler)


def test_a_replica_that_sees_the_driver_s_lake_loads(there):
    _, job = there
    assert isinstance(job().load(), Sampler)


def test_another_lake_moved_in_place_is_refused_before_the_model_is_loaded(there, tmp_path):
    made, job = there
    planned = job()
    other = Lake(str(tmp_path / "other"), create=True)
    shutil.move(made.lake.uri, tmp_path / "away")
    shutil.move(other.uri, made.lake.uri)
    with pytest.raises(LakeError, match="sees another lake") as error:
        planned.load()
    assert planned.lake_id in line_of(error)
    assert "storage that all nodes share" in line_of(error)
    assert made.lake.uri in line_of(error)


def test_a_node_without_the_lake_is_told_of_shared_storage_and_makes_no_folder(there, tmp_path):
    made, job = there
    planned = job()
    shutil.move(made.lake.uri, tmp_path / "away")
    with pytest.raises(LakeError, match="sees no lake") as error:
        planned.load()
    assert "storage that all nodes share" in line_of(error)
    assert not Path(made.lake.uri).exists()


def test_on_an_object_store_the_node_s_endpoint_is_what_differs(s3):
    with pytest.raises(LakeError, match="AWS_ENDPOINT_URL"):
        mark.require_same(locate(s3), "0123456789abcdef")


def test_the_id_stands_beside_the_format(tmp_path):
    lake = Lake(str(tmp_path / "lake"), create=True)
    facts = json.loads(Path(lake.uri, "lake.json").read_text())
    assert facts == {"format": 1, "id": mark.lake_id(lake.place)}


def test_a_rescoring_node_that_sees_another_lake_is_refused_too(tmp_path):
    lake = Lake(str(tmp_path / "lake"), create=True)
    with pytest.raises(LakeError, match="sees another lake"):
        JudgingJob(lake.uri, "exact", "1", [], lake_id="0123456789abcdef").load()

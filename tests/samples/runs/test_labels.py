"""Labels are appended after the fact and seen at once. The run itself does not change."""

from concurrent.futures import ThreadPoolExecutor

import pytest

import samples
from samples.api import Lake
from samples.errors import NotFound, UsageError
from samples.runs.labels import label


def labels_of(lake: Lake) -> dict[str, str]:
    return lake.query("runs").dicts()[0]["labels"]


@pytest.fixture
def lake(lakes, anywhere):
    made = Lake(anywhere, create=True)
    lakes.add_run(made, "toys", {"p1": "c"}, role="base", family="qwen")
    return made


def test_labels_are_set_changed_and_removed(lake):
    assert labels_of(lake) == {"role": "base", "family": "qwen"}
    assert label(lake, "toys", {"role": "rl", "step": 400, "lr": 0.5}) == {
        "family": "qwen",
        "lr": "0.5",
        "role": "rl",
        "step": "400",
    }
    assert label(lake, "toys", {"family": "", "step": "800", "never": ""}) == {"lr": "0.5", "role": "rl", "step": "800"}
    assert labels_of(lake) == {"lr": "0.5", "role": "rl", "step": "800"}
    assert label(lake, "toys", {"family": "llama"})["family"] == "llama"


def test_a_label_leaves_the_run_and_older_versions_as_they_were(lake):
    before, row = lake.version, lake.read("runs").to_pylist()
    label(lake, row[0]["run_id"][:6], {"role": "rl"})
    assert lake.read("runs").to_pylist() == row
    assert labels_of(samples.open(lake.uri, version=before))["role"] == "base"
    assert labels_of(lake)["role"] == "rl"


def test_what_is_so_already_is_not_written_again(lake):
    label(lake, "toys", {"step": 1})
    version = lake.version
    label(lake, "toys", {"step": "1", "role": "base", "gone": ""})
    assert lake.version == version


def test_labels_of_many_at_once_are_all_kept(lake):
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: label(Lake(lake.uri), "toys", {f"key{n}": n, "last": n}), range(6)))
    now = labels_of(lake)
    assert [now[f"key{n}"] for n in range(6)] == list("012345")
    rows = lake.read("labels").to_pylist()
    numbers = sorted({row["number"] for row in rows})
    assert numbers == [1, 2, 3, 4, 5, 6]
    assert now["last"] == max(rows, key=lambda row: (row["number"], row["key"]))["value"]


def test_a_label_that_cannot_be_is_refused(lake):
    with pytest.raises(UsageError, match="a key is expected"):
        label(lake, "toys", {"a=b": 1})
    with pytest.raises(NotFound, match="runs there: toys"):
        label(lake, "other", {"a": 1})
    with pytest.raises(UsageError, match="without a version"):
        label(lake.pin(), "toys", {"a": 1})

"""Each audit finds the damage that it is for, and a healthy lake passes all of them."""

import pytest

from samples.ingest.segment import committer
from samples.rescore.rescore import rescore


@pytest.fixture
def drawn(bench, tmp_path):
    """A run of 48 samples in three commits, judged."""
    b = bench(tmp_path / "lake", model="toy?fail=0.1")
    for unit in b.plan(16):
        committer(b.lake, b.run).commit([b.draw(unit)])
    rescore(b.lake, "numeric", workers=1)
    return b


def test_nothing_is_found_in_a_healthy_lake(drawn):
    assert drawn.lake.check(deep=True).dicts() == []

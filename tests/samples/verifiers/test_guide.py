"""What `samples verifiers` tells comes from the verifiers themselves."""

import pytest

from samples.errors import UsageError
from samples.verifiers import known
from samples.verifiers.guide import guide, listing


def test_every_verifier_is_listed_with_what_it_needs_and_when_it_gives_correct():
    rows = {row["verifier"]: row for row in listing()}
    assert list(rows) == list(known())
    assert rows["exact"]["needs"] == "nothing"
    assert "bubblewrap" in rows["code"]["needs"]
    assert rows["choice"]["correct_when"] == "the chosen letter is the gold letter"
    assert all(row["version"] for row in rows.values())


@pytest.mark.parametrize("name", known())
def test_a_page_tells_limits_and_names_no_module_of_ours(name: str):
    title, told = guide(name)
    assert title.startswith(f"{name}: correct if ")
    assert "- needs: " in told
    assert "- version: " in told
    assert "GiB" in told or "microseconds" in told  # what one answer may take
    assert "`samples." not in told


def test_a_page_of_a_verifier_that_reads_text_ends_with_the_rule_of_extraction():
    assert "1. Special tokens" in guide("choice")[1]
    assert "1. Special tokens" not in guide("code")[1]
    assert "1. the last complete one that defines the function under test" in guide("code")[1]


def test_the_lines_of_a_paragraph_are_joined_and_items_stay_apart():
    lines = guide("math")[1].splitlines()
    assert not any(line.startswith(" ") for line in lines)
    assert (
        "- Units are neither compared nor converted. One typed letter behind a number may be taken for a unit." in lines
    )


def test_an_unknown_verifier_is_named_with_the_nearest_one():
    with pytest.raises(UsageError, match='did you mean "math"'):
        guide("mth")

"""Tables are declared once; what is derived from a declaration agrees with it."""

import pytest
from deltalake import Schema

from samples_schemas import TABLES

NAMES = [
    "problems", "runs", "labels", "ingests", "prompts", "setups", "samples", "completions", "verdicts", "counts",
    "scorers", "scores", "score_logprobs", "top_logprobs", "reviews",
]  # fmt: skip


def test_the_tables_are_those_of_the_design():
    assert list(TABLES) == NAMES


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_a_table_is_complete(table):
    names = [column.name for column in table.columns]
    assert len(set(names)) == len(names)
    assert {*table.key, *table.partition_by, *table.sort_by} <= set(names)
    assert names[: len(table.partition_by)] == list(table.partition_by)
    assert set(table.file_schema.names) == set(names) - set(table.partition_by)
    assert all(column.meaning for column in table.columns)
    assert table.meaning


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_a_table_can_be_a_delta_table(table):
    fields = {field.name: field for field in Schema.from_arrow(table.schema).fields}
    assert {column.name: column.nullable for column in table.columns} == {n: f.nullable for n, f in fields.items()}
    assert table.schema.empty_table().num_rows == 0

"""Parquet files are lossless, sorted, and almost as small as their content allows."""

import io
import json
import pydoc_data.topics
import re
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from samples.lake import parquet
from samples_schemas import COMPLETIONS, PROMPTS, SAMPLES, TABLES, VERDICTS


def value(kind: pa.DataType, row: int):
    if pa.types.is_list(kind):
        return [value(kind.value_type, row + i) for i in range(row % 4)]
    if pa.types.is_map(kind):
        return [(f"key {i}", f"value {row}") for i in range(row % 3)]
    if pa.types.is_timestamp(kind):
        return datetime(2026, 1, 1, 12, 30, 15, row, tzinfo=UTC)
    if pa.types.is_floating(kind):
        return -row / 8
    if pa.types.is_boolean(kind):
        return row % 2 == 0
    return row if pa.types.is_integer(kind) else f"{kind} {row:03d}"


def rows_of(table, count=10):
    columns = {
        column.name: [None if column.nullable and row % 3 == 0 else value(column.type, row) for row in range(count)]
        for column in table.columns
        if column.name in table.file_schema.names
    }
    return pa.table(columns, schema=table.file_schema)


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_a_file_of_any_table_comes_back_with_its_types(table):
    rows = rows_of(table)
    read = pq.read_table(io.BytesIO(parquet.encode(table, rows)))
    assert read.schema.equals(table.file_schema, check_metadata=False)
    assert read.to_pylist() == rows.to_pylist()


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_rows_of_a_file_are_in_the_tables_order_however_they_came(table):
    rows = rows_of(table)
    shuffled = rows.take(np.random.default_rng(0).permutation(rows.num_rows))
    read = pq.read_table(io.BytesIO(parquet.encode(table, shuffled)))
    names = [name for name in table.sort_by if name in table.file_schema.names]
    keys = [tuple(row[name] for name in names) for row in read.to_pylist()]
    assert keys == sorted(keys)


def test_a_file_without_rows_is_refused():
    with pytest.raises(AssertionError, match="no rows"):
        parquet.encode(SAMPLES, SAMPLES.file_schema.empty_table())


def test_metadata_comes_back_from_the_footer():
    data = parquet.encode(PROMPTS, rows_of(PROMPTS), {b"samples.note": b"1"})
    assert pq.ParquetFile(io.BytesIO(data)).metadata.metadata == {b"samples.note": b"1"}


def test_bits_of_log_probs_survive_whatever_they_mean():
    bits = np.array([0, 0x80000000, 0x7F800000, 0xFF800000, 0x7FC00001, 0xFFC12345, 0x7F800001, 1], np.uint32)
    rows = rows_of(COMPLETIONS, 1).set_column(
        COMPLETIONS.file_schema.get_field_index("token_logprobs"),
        COMPLETIONS.file_schema.field("token_logprobs"),
        pa.ListArray.from_arrays([0, len(bits)], pa.array(bits.view(np.float32))).cast(
            COMPLETIONS.file_schema.field("token_logprobs").type
        ),
    )
    read = pq.read_table(io.BytesIO(parquet.encode(COMPLETIONS, rows)))["token_logprobs"].combine_chunks()
    assert read.flatten().to_numpy(zero_copy_only=False).view(np.uint32).tolist() == bits.tolist()


def test_statistics_state_the_range_of_the_key_and_only_where_there_is_one():
    stated = json.loads(parquet.stats(rows_of(SAMPLES)))
    assert stated["numRecords"] == 10
    assert stated["minValues"] == {"problem_id": "string 000", "sample_index": 0}
    assert stated["maxValues"] == {"problem_id": "string 009", "sample_index": 9}
    assert stated["nullCount"] == {"problem_id": 0, "sample_index": 0}
    assert set(json.loads(parquet.stats(rows_of(VERDICTS)))["minValues"]) == {"problem_id", "sample_index", "pass_id"}
    assert json.loads(parquet.stats(rows_of(PROMPTS))) == {
        "numRecords": 10,
        "minValues": {},
        "maxValues": {},
        "nullCount": {},
    }


@pytest.fixture(scope="module")
def drawn():
    """Realistic completions: stretches of English as word tokens, and noisy float log-probs."""
    words = re.findall(r" ?\w+|\s+|[^\w\s]", "".join(pydoc_data.topics.topics.values()))
    ranks: dict[str, int] = {}
    ids = np.array([ranks.setdefault(word, len(ranks)) for word in words], np.int32) * 7 % 50_000
    rng = np.random.default_rng(0)
    starts = rng.integers(0, len(ids) - 2000, 1200)
    token_ids = [ids[start : start + 2000] for start in starts]
    lists = {"token_ids": token_ids, "token_logprobs": [-rng.standard_exponential(2000, np.float32) for _ in starts]}
    return pa.table(
        {
            "problem_id": [f"p{row // 100:02d}" for row in range(1200)],
            "sample_index": [row % 100 for row in range(1200)],
            "attempt": ["0123456789abcdef"] * 1200,
            "text": ["".join(words[start : start + 200]) for start in starts],
            **lists,
        },
        schema=COMPLETIONS.file_schema,
    )


def test_a_token_takes_about_a_byte_and_its_log_prob_about_three(drawn):
    footer = pq.ParquetFile(io.BytesIO(parquet.encode(COMPLETIONS, drawn))).metadata
    tokens = 1200 * 2000
    columns = [footer.row_group(g).column(c) for g in range(footer.num_row_groups) for c in range(footer.num_columns)]
    per_token = {
        name: sum(column.total_compressed_size for column in columns if column.path_in_schema.startswith(name)) / tokens
        for name in ("token_ids", "token_logprobs")
    }
    assert per_token["token_ids"] <= 1.1
    assert per_token["token_logprobs"] <= 3.4


def test_a_heavy_file_has_row_groups_of_about_8_mb_and_a_lookup_finds_its_own(drawn):
    footer = pq.ParquetFile(io.BytesIO(parquet.encode(COMPLETIONS, drawn))).metadata
    assert footer.num_row_groups == 3
    first = [footer.row_group(g).column(0).statistics.min for g in range(3)]
    last = [footer.row_group(g).column(0).statistics.max for g in range(3)]
    assert sum(low <= "p05" <= high for low, high in zip(first, last, strict=True)) <= 2


def test_statistics_are_kept_of_the_key_alone(drawn):
    group = pq.ParquetFile(io.BytesIO(parquet.encode(COMPLETIONS, drawn))).metadata.row_group(0)
    columns = [group.column(c) for c in range(group.num_columns)]
    assert {c.path_in_schema for c in columns if c.is_stats_set} == {"problem_id", "sample_index"}

"""Tables that another tool changed: read as they count, or refused in one line."""

import json
from pathlib import Path

import pytest
from deltalake import DeltaTable

import samples
from samples.errors import LakeError
from samples.maintenance.copy import copy
from samples.query.show import show

pytestmark = pytest.mark.heavy


def commit(table: str, *actions: dict) -> None:
    """Add an entry to the log of a table, as another tool does."""
    log = Path(table, "_delta_log")
    lines = [*actions, {"commitInfo": {"timestamp": 1_800_000_000_000}}]
    entry = log / f"{DeltaTable(table).version() + 1:020}.json"
    entry.write_text("\n".join(map(json.dumps, lines)))


def protocol(*features: str) -> dict:
    both = {"readerFeatures": list(features), "writerFeatures": list(features)}
    return {"protocol": {"minReaderVersion": 3, "minWriterVersion": 7, **both}}


@pytest.mark.parametrize("name", ["verdicts", "samples", "runs"])
def test_a_table_with_deletion_vectors_is_refused_for_its_deleted_rows_would_count(lakes, tmp_path, name):
    lake = lakes.filled(tmp_path / "lake")
    commit(f"{lake.uri}/{name}", protocol("deletionVectors"))
    with pytest.raises(LakeError, match=f"{name}: another tool turned on deletionVectors of Delta, which Samples"):
        samples.open(lake.uri).query("pass_at_k", ks=[1])
    assert any("deletionVectors" in str(row) for row in samples.open(lake.uri).check().dicts())


def test_a_table_whose_columns_have_other_names_in_its_files_is_refused(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    snapshot = DeltaTable(f"{lake.uri}/verdicts")
    metadata = snapshot.metadata()
    named = {
        "id": str(metadata.id), "format": {"provider": "parquet", "options": {}},
        "schemaString": snapshot.schema().to_json(), "partitionColumns": metadata.partition_columns,
        "configuration": {"delta.columnMapping.mode": "name"},
    }  # fmt: skip
    upgrade = {"protocol": {"minReaderVersion": 2, "minWriterVersion": 5}}
    commit(f"{lake.uri}/verdicts", upgrade, {"metaData": named})
    with pytest.raises(LakeError, match="columnMapping"):
        samples.open(lake.uri).query("pass_at_k", ks=[1])


def test_features_that_change_no_row_are_none_of_our_business(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    before = lake.query("pass_at_k", ks=[1]).dicts()
    commit(f"{lake.uri}/verdicts", protocol("timestampNtz", "vacuumProtocolCheck"))
    assert samples.open(lake.uri).query("pass_at_k", ks=[1]).dicts() == before


# deltalake writes texts as string_view then, which pyarrow cannot filter.
@pytest.mark.parametrize(
    ("name", "column"),
    [("samples", "attempt"), ("verdicts", "status"), ("problems", "question"), ("runs", "name"), ("scores", "attempt")],
)
@pytest.mark.cases(2)
def test_after_an_update_that_changes_nothing_everything_reads_on(lakes, tmp_path, name, column):
    lake = lakes.filled(tmp_path / "lake")
    before = show(lake, "a", "p1", 0)
    DeltaTable(f"{lake.uri}/{name}").update(updates={column: column})
    again = samples.open(lake.uri)
    assert show(again, "a", "p1", 0) == before
    copy(again, str(tmp_path / "other"), by="ann")
    assert show(samples.open(str(tmp_path / "other")), "a", "p1", 0) == before


def test_of_files_with_tokens_it_is_said_that_compaction_mends_them_and_it_does(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    before = show(lake, "a", "p1", 0)
    DeltaTable(f"{lake.uri}/completions").update(updates={"attempt": "attempt"})
    with pytest.raises(
        LakeError, match="completions: another tool wrote files that cannot be filtered: samples compact"
    ):
        show(samples.open(lake.uri), "a", "p1", 0)
    samples.open(lake.uri).compact()
    assert show(samples.open(lake.uri), "a", "p1", 0) == before

from samples.lake import names


def test_names_are_those_of_the_lake(filled):
    runs = names.runs(filled.uri)
    assert {(run.name, run.run_id, run.dataset) for run in runs} == {
        (row["name"], row["run_id"], row["dataset"]) for row in filled.read("runs").to_pylist()
    }
    assert {run.name: run.labels.get("role") for run in runs} == {"a": "base", "b": "rl"}
    assert names.verifiers(filled.uri) == ["v"]
    assert names.problems(filled.uri, "p") == ["p1", "p2", "p3", "p4"]


def test_problems_are_those_that_begin_so_in_one_dataset_and_not_too_many(filled):
    assert names.problems(filled.uri, "p3", "d") == ["p3"]
    assert names.problems(filled.uri, "p", "other") == []
    assert names.problems(filled.uri, "it's") == []
    assert names.problems(filled.uri, "p", most=2) == ["p1", "p2"]


def test_a_folder_without_tables_has_no_names(tmp_path):
    assert names.runs(str(tmp_path)) == []
    assert names.verifiers(str(tmp_path)) == []
    assert names.problems(str(tmp_path), "") == []

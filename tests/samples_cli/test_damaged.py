"""Every command on damaged lakes: an answer, or one line that says what is wrong, and never a traceback."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from samples.api import Lake

_NOT_THERE = "show an index that is not there"
COMMANDS = {
    "runs": ("runs",),
    "status": ("status", "toys"),
    "problems": ("problems",),
    "show": ("show", "toys", "sum-0", 0),
    "show as JSON": ("show", "toys", "sum-1", 1, "--json"),
    _NOT_THERE: ("show", "toys", "sum-0", 99),
    "pass_at_k": ("query", "pass_at_k"),
    "majority": ("query", "majority"),
    "a filter": ("query", "pass_at_k", "--problems", "sum-1"),
    "sql": ("sql", "SELECT * FROM completions"),
    "sql over verdicts": ("sql", "SELECT * FROM current_verdicts"),
    "export": ("export", "-o", "{folder}/all.jsonl"),
    "label": ("label", "toys", "family=q"),
    "rescore": ("rescore", "--verifier", "exact", "--workers", 1),
    "rescore again": ("rescore", "--verifier", "numeric", "--workers", 1),
    "a dry run": (
        "ingest", "{folder}/sums.jsonl", "--model", "toy", "--engine", "toy", "-k", 12, "--max-tokens", 100,
        "--dry-run",
    ),
    "import": ("import", "{folder}/more.jsonl", "--format", "samples", "--name", "more", "--dataset", "more"),
}  # fmt: skip


def files(table: Path) -> Iterator[Path]:
    found = list(table.rglob("*.parquet"))
    assert found
    yield from found


def logs(table: Path) -> list[Path]:
    return sorted((table / "_delta_log").glob("*.json"))


def each(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """Change the content of every Parquet file of a table."""

    def damage(table: Path) -> None:
        for file in files(table):
            file.write_bytes(change(file.read_bytes()))

    return damage


def rewritten(change: Callable[[str, pa.ChunkedArray], pa.ChunkedArray]) -> Callable[[Path], None]:
    """Change every column of every Parquet file of a table."""

    def damage(table: Path) -> None:
        for file in files(table):
            rows = pq.ParquetFile(file).read()
            pq.write_table(pa.table({name: change(name, rows[name]) for name in rows.column_names}), file)

    return damage


def as_text(_: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array([str(value) for value in column.to_pylist()])])


def broken_json(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    broken = name in {"specification", "metadata"}
    return pa.chunked_array([pa.array(["{oops"] * len(column))]) if broken else column


def shorter(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    if name != "token_logprobs":
        return column
    return pa.chunked_array([pa.array([value[1:] for value in column.to_pylist()], column.type)])


def nothing(_: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pa.chunked_array([pa.nulls(len(column), column.type)])


def no_files(table: Path) -> None:
    for file in files(table):
        file.unlink()


def folders_for_files(table: Path) -> None:
    for file in files(table):
        file.unlink()
        file.mkdir()


def other_columns(table: Path) -> None:
    for file in files(table):
        pq.write_table(pa.table({"a": [1, 2]}), file)


def another_table(table: Path) -> None:
    shutil.rmtree(table)
    write_deltalake(str(table), pa.table({"a": [1, 2]}))


def columns_of_text(table: Path) -> None:
    columns = ("run_id", "name", "dataset", "problem_id", "sample_index", "tokens", "labels", "problem_hashes")
    shutil.rmtree(table)
    write_deltalake(str(table), pa.table({name: ["1"] for name in columns}))


def a_file_for_the_table(table: Path) -> None:
    shutil.rmtree(table)
    table.write_text("a file")


def a_file_for_the_log(table: Path) -> None:
    shutil.rmtree(table / "_delta_log")
    (table / "_delta_log").write_text("a file")


def first_entry_garbage(table: Path) -> None:
    logs(table)[0].write_text("garbage{")


def first_entry_gone(table: Path) -> None:
    logs(table)[0].unlink()


def last_entry_cut(table: Path) -> None:
    data = logs(table)[-1].read_bytes()
    logs(table)[-1].write_bytes(data[: len(data) // 2])


def last_entry_binary(table: Path) -> None:
    logs(table)[-1].write_bytes(bytes(range(256)))


def checkpoint_that_is_not_there(table: Path) -> None:
    (table / "_delta_log" / "_last_checkpoint").write_text('{"version": 7, "size": 3}')


def features_of_the_future(table: Path) -> None:
    first = logs(table)[0]
    needed = {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["magic"], "writerFeatures": ["magic"]}
    lines = [json.loads(line) for line in first.read_text().splitlines()]
    lines = [{"protocol": needed} if "protocol" in line else line for line in lines]
    first.write_text("".join(json.dumps(line) + "\n" for line in lines))


def no_log(table: Path) -> None:
    shutil.rmtree(table / "_delta_log")


def mark(text: str | None) -> Callable[[Path], None]:
    """Write another lake.json; None puts a folder in its place."""

    def damage(path: Path) -> None:
        path.unlink()
        path.write_text(text) if text is not None else path.mkdir()

    return damage


half = each(lambda data: data[: len(data) // 2])
text = each(lambda _: b"this is text, and no Parquet file\n" * 40)
DAMAGES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "lake.json empty": ("lake.json", mark("")),
    "lake.json a list": ("lake.json", mark("[1]")),
    "lake.json of an infinite format": ("lake.json", mark('{"format": Infinity}')),
    "lake.json nested without end": ("lake.json", mark("[" * 100_000)),
    "lake.json a folder": ("lake.json", mark(None)),
    "samples gone": ("samples", no_files),
    "samples cut": ("samples", half),
    "samples of other columns": ("samples", other_columns),
    "samples without a log": ("samples", no_log),
    "samples beside a checkpoint that is not there": ("samples", checkpoint_that_is_not_there),
    "completions gone": ("completions", no_files),
    "completions cut": ("completions", half),
    "completions that are text": ("completions", text),
    "completions emptied": ("completions", each(lambda _: b"")),
    "completions of another table": ("completions", another_table),
    "completions with a log-prob too few": ("completions", rewritten(shorter)),
    "completions whose last log entry is cut": ("completions", last_entry_cut),
    "prompts cut": ("prompts", half),
    "prompts of texts for numbers": ("prompts", rewritten(as_text)),
    "problems that are text": ("problems", text),
    "problems with broken metadata": ("problems", rewritten(broken_json)),
    "problems that need features of the future": ("problems", features_of_the_future),
    "runs gone": ("runs", no_files),
    "runs of another table": ("runs", another_table),
    "runs with columns of other types": ("runs", columns_of_text),
    "runs with a broken specification": ("runs", rewritten(broken_json)),
    "runs of nothing": ("runs", rewritten(nothing)),
    "runs whose first log entry is garbage": ("runs", first_entry_garbage),
    "runs that are a file": ("runs", a_file_for_the_table),
    "verdicts cut": ("verdicts", half),
    "verdicts of texts for numbers": ("verdicts", rewritten(as_text)),
    "verdicts that are folders": ("verdicts", folders_for_files),
    "verdicts whose log is a file": ("verdicts", a_file_for_the_log),
    "verdicts whose first log entry is gone": ("verdicts", first_entry_gone),
    "ingests whose last log entry is binary": ("ingests", last_entry_binary),
    "labels of another table": ("labels", another_table),
}


@pytest.fixture
def damaged(lake, tmp_path, samples):
    """Return a function that damages the lake in a named way, and returns the exit code of each command on it."""
    samples("label", "toys", "role=base", "--lake", lake.uri)
    row = {"problem_id": "q", "completion": "4", "question": "2 + 2?", "gold": "4"}
    (tmp_path / "more.jsonl").write_text(json.dumps(row) + "\n")

    def run(name: str) -> dict[str, int]:
        place, damage = DAMAGES[name]
        damage(Path(lake.uri, place))
        codes: dict[str, int] = {}
        for command, arguments in COMMANDS.items():
            code, _, err = samples(*(str(part).format(folder=tmp_path) for part in arguments), "--lake", lake.uri)
            last = err.strip().splitlines()[-1] if err.strip() else ""
            assert "Traceback" not in err, (command, err)
            assert code in {0, 1, 2}, (command, err)
            assert not code or last.startswith("samples: "), (command, err)
            assert len(last) < 600, (command, err)
            codes[command] = code
        return codes

    return run


@pytest.mark.cases(12)
@pytest.mark.heavy
@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_lake_is_said_to_be_damaged_in_one_line(damaged, name):
    codes = damaged(name)
    assert any(code for command, code in codes.items() if command != _NOT_THERE), codes


def middle_entry_gone(table: Path) -> None:
    logs(table)[1].unlink()


def checkpoint_cut(table: Path) -> None:
    Lake(str(table.parent)).checkpoint(table.name)
    (found,) = (table / "_delta_log").glob("*.checkpoint.parquet")
    found.write_bytes(found.read_bytes()[:-100])


def _entry(number: int, why: str) -> str:
    return rf"samples/_delta_log/{number:020}\.json {why}"


@pytest.mark.parametrize(
    ("damage", "which"),
    [
        (last_entry_cut, _entry(2, "is not JSON")),
        (middle_entry_gone, _entry(1, "is missing")),
        (first_entry_garbage, _entry(0, "is not JSON")),
        (checkpoint_cut, "a checkpoint of it cannot be read"),
    ],
)
def test_a_damaged_log_is_named_in_our_own_words(lake, lakes, samples, tmp_path, damage, which):
    (run_id,) = lake.read("runs")["run_id"].to_pylist()
    row = {"problem_id": "sum-0", "sample_index": 99, "tokens": 4, "cumulative_logprob": -2.0, "attempt": "x"}
    lakes.append(lake, "samples", [row], dataset="sums", run_id=run_id)
    damage(Path(lake.uri, "samples"))
    for command in (
        ("runs",),
        ("query", "pass_at_k"),
        ("sql", "SELECT count(*) FROM samples"),
        ("show", "toys", "sum-0", 0),
        ("export", "-o", tmp_path / "all.jsonl"),
        ("rescore", "--verifier", "exact", "--workers", 1),
        ("repair",),
    ):
        code, _, err = samples(*command, "--lake", lake.uri)
        assert code == 1
        said = (
            rf"samples: lake {lake.uri}/samples: the log of table samples is damaged \({which}\): samples check says "
        )
        assert re.fullmatch(said + "which file, and which version can be read with --at", err.splitlines()[-1]), err
    code, out, _ = samples("check", "--lake", lake.uri, "--format", "json")
    assert code == 1
    assert "samples check says" not in out


_READS = """
import sys
from samples_cli.main import main

lake, folder = sys.argv[1:]
at = ["--lake", lake]
for command in (
    ["runs"], ["problems"], ["status", "toys"], ["show", "toys", "sum-0", "0"], ["show", "toys", "sum-0"],
    ["query", "pass_at_k", "--ks", "1"], ["sql", "SELECT count(*) FROM completions"], ["repair"], ["vacuum"],
    ["plot", "pass_at_k", "-o", f"{folder}/chart.svg"], ["report", "-o", f"{folder}/report.html"],
    ["export", "-o", f"{folder}/all.parquet"],
):
    main([*command, *at])
main(["copy", lake, f"{folder}/copy"])
"""


@pytest.mark.heavy
def test_every_command_that_reads_works_on_a_lake_that_may_not_be_written(lake, tmp_path):
    for folder, _, files in os.walk(lake.uri):
        for file in files:
            Path(folder, file).chmod(0o444)
        Path(folder).chmod(0o555)
    drop = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
    if drop and shutil.which("setpriv") is None:
        pytest.skip("needs setpriv, without which root may write everywhere")
    (tmp_path / "out").mkdir()
    command = [*drop, sys.executable, "-c", _READS, lake.uri, str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for folder, _, _ in os.walk(lake.uri):
        Path(folder).chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"chart.svg", "report.html", "all.parquet", "copy"}


@pytest.mark.heavy
@pytest.mark.parametrize("table", ["labels", "verdicts"])
def test_a_lake_that_may_not_be_written_says_so_in_one_line(lake, table):
    """The first label and the first verdict make a table."""
    shutil.rmtree(Path(lake.uri, table), ignore_errors=True)
    for folder, _, _ in os.walk(lake.uri):
        Path(folder).chmod(0o555)
    drop = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
    if drop and shutil.which("setpriv") is None:
        pytest.skip("needs setpriv, without which root may write everywhere")
    command = ["label", "toys", "a=b"] if table == "labels" else ["rescore", "--verifier", "exact", "--workers", "1"]
    done = subprocess.run(
        [*drop, sys.executable, "-m", "samples", *command, "--lake", lake.uri],
        capture_output=True,
        text=True,
        check=False,
    )
    for folder, _, _ in os.walk(lake.uri):
        Path(folder).chmod(0o755)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"samples: lake {lake.uri}" in done.stderr.splitlines()[-1]
    assert "no permission to write there" in done.stderr.splitlines()[-1]
    assert "this key may only read; ask for one that may write" in done.stderr.splitlines()[-1]

"""Each audit of rows finds the damage that it is for, and nothing else finds it. A healthy lake passes."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

import samples
from samples.api import Lake
from samples.errors import NotFound
from samples.ingest.segment import committer
from samples.lake.files import path_within, snapshot_files
from samples.lake.parquet import File
from samples.maintenance.check.check import AUDITS
from samples.rescore.rescore import rescore
from samples_schemas import TABLES

SCORER = "s0123456789abcdef"
Change = Callable[[pa.Table], pa.Table]


@pytest.fixture(scope="module")
def kept() -> list[Path]:
    """The lake that tests get copies of, once it is made."""
    return []


@pytest.fixture
def lake(kept, bench, lakes, tmp_path, tmp_path_factory) -> Lake:
    """A lake with every table: 48 samples in three commits, judged, scored and reviewed, and an import of counts."""
    if not kept:
        folder = tmp_path_factory.mktemp("check")
        b = bench(folder / "lake", model="toy?bigram=20&tokens=90&fail=0.1", top_logprobs=2)
        for unit in b.plan(16):
            committer(b.lake, b.run).commit([b.draw(unit)])
        rescore(b.lake, "numeric", workers=1)
        lakes.add_scorer(b.lake, "other")
        score(b.lake, b.run.run_id)
        drawn = b.lake.sql("SELECT min(sample_index) AS n FROM samples WHERE problem_id = 'sum-1' AND error IS NULL")[0]
        b.lake.review("toys", "sum-1", drawn["n"], "valid", reviewer="ann")
        b.lake.label("toys", role="base")
        (folder / "counts.jsonl").write_text('{"problem_id": "p", "n": 8, "c": 3}\n')
        b.lake.import_file(folder / "counts.jsonl", "samples", name="counts", dataset="d")
        kept.append(folder / "lake")
    shutil.copytree(kept[0], tmp_path / "copy")
    return samples.open(tmp_path / "copy")


def score(lake: Lake, run: str) -> None:
    """Add scores of all samples of a run: each log-prob is half of what was stored."""
    rows = lake.read("completions")
    logs = [[x / 2 for x in one] for one in rows["token_logprobs"].to_pylist()]
    key = {name: rows[name] for name in ("problem_id", "sample_index")} | {"attempt": pa.array(["y"] * len(rows))}
    size = len(rows)
    narrow = {
        **key,
        "tokens": pa.array([len(one) for one in logs], pa.int32()),
        "bytes": pa.array([9] * size, pa.int32()),
        "cumulative_logprob": [float(sum(one)) for one in logs],
        "end_logprob": pa.nulls(size, pa.float64()),
        "token_mode": ["text"] * size,
        "prompt": ["run"] * size,
        "same_tokens": [True] * size,
        "error": pa.nulls(size, pa.string()),
    }
    heavy = {**key, "token_logprobs": logs, "token_ids": rows["token_ids"]}
    for name, columns in (("score_logprobs", heavy), ("scores", narrow)):
        kinds = TABLES[name].file_schema
        table = pa.table({column: columns[column] for column in kinds.names}).cast(kinds)
        add(lake, name, table, {"scorer_id": SCORER, "run_id": run})


# --- how lakes are damaged: files are written anew with other rows, and named in place of the old ones


def add(lake: Lake, name: str, rows: pa.Table, partition: dict[str, str]) -> None:
    lake.commit(name, [(lake.put(name, rows, partition), partition)])


def rewrite(lake: Lake, name: str, change: Change, *, everywhere: bool = False, **partition: str) -> None:
    """Change the rows of a file of a table, or of all its files. Everything about the files stays as it was."""
    files = sorted(snapshot_files(lake, TABLES[name]), key=lambda file: file.path)
    for file in files if everywhere else files[-1:]:
        there = pq.ParquetFile(file.path)
        rows, footer = there.read(), there.metadata.metadata or {}
        path = path_within(lake, name, file)
        lake.swap(name, [(File(path, file.size, len(rows), ""), file.partition)], [], lake.claim(name, "test"))
        if len(changed := change(rows)):
            to = file.partition | partition
            own = {key: value for key, value in footer.items() if key.startswith(b"samples.")}
            stem = path.rpartition("/")[2].partition(".")[0]
            lake.commit(name, [(lake.put_as(name, stem, changed, to, own), to)])


def twice(name: str) -> Callable[[Lake], None]:
    """Append two rows of a table again."""

    def damage(lake: Lake) -> None:
        file = max(snapshot_files(lake, TABLES[name]), key=lambda file: file.path)
        add(lake, name, pq.ParquetFile(file.path).read().slice(0, 2), file.partition)

    return damage


def on(name: str, change: Change, *, everywhere: bool = False, **partition: str) -> Callable[[Lake], None]:
    return lambda lake: rewrite(lake, name, change, everywhere=everywhere, **partition)


def without(*indices: int) -> Change:
    """Leave out the samples of these indices."""
    return lambda rows: rows.filter(pc.invert(pc.is_in(rows["sample_index"], pa.array(indices, pa.int32()))))


def nothing(rows: pa.Table) -> pa.Table:
    return rows.slice(0, 0)


def but_first(rows: pa.Table) -> pa.Table:
    return rows.slice(1)


def put(column: str, value: Callable[[list, int], object]) -> Change:
    """Set a column of the longest row to what `value` makes of all values, and of that row's number."""

    def change(rows: pa.Table) -> pa.Table:
        values = rows[column].to_pylist()
        sizes = rows["tokens"] if "tokens" in rows.column_names else pc.list_value_length(rows["token_logprobs"])
        longest = sorted(range(len(rows)), key=lambda row: -(sizes[row].as_py() or 0))
        values[longest[1]] = value(values, longest[0] if value in SAME else longest[1])
        return replaced(rows, column, values)

    return change


def empty(column: str, most: int | None = None) -> Change:
    """Set a column to NULL, of the first rows or of all."""
    return lambda rows: replaced(rows, column, [None] * len(rows[:most]) + rows[column].to_pylist()[len(rows[:most]) :])


def same(values: list, other: int) -> object:
    return values[other]


SAME = {same}


def more(values: list, row: int) -> object:
    return values[row] + 1


def replaced(rows: pa.Table, name: str, values: list) -> pa.Table:
    kind = rows.schema.field(name)
    return rows.set_column(rows.column_names.index(name), kind, pa.array(values, kind.type))


def moved(rows: pa.Table) -> pa.Table:
    """Move a token id from one sample to another: the file has as many as before."""
    ids = rows["token_ids"].to_pylist()
    first, second = [row for row, one in enumerate(ids) if len(one) > 2][:2]
    ids[first], ids[second] = ids[first][:-1], [*ids[second], ids[first][-1]]
    return replaced(rows, "token_ids", ids)


def fewer_problems(rows: pa.Table) -> pa.Table:
    left = [pairs[1:] if len(pairs) == 3 else pairs for pairs in rows["problem_hashes"].to_pylist()]
    return replaced(rows, "problem_hashes", left)


def renumbered(rows: pa.Table) -> pa.Table:
    """Return the first row as one of sample 999."""
    return replaced(rows.slice(0, 1), "sample_index", [999])


def of_no_sample(*names: str) -> Callable[[Lake], None]:
    """Append a row about sample 999."""

    def damage(lake: Lake) -> None:
        for name in names:
            file = max(snapshot_files(lake, TABLES[name]), key=lambda file: file.path)
            add(lake, name, renumbered(pq.ParquetFile(file.path).read()), file.partition)

    return damage


def shared_text(lake: Lake) -> None:
    """Give a long sample the number of tokens and the log-prob of another."""
    rewrite(lake, "samples", put("tokens", same))
    rewrite(lake, "samples", put("cumulative_logprob", same))
    # the longest two had other lengths before, and have one now: so the second change is of the same two


def another_scorer(lake: Lake) -> None:
    """Record a second scorer of the name."""
    add(lake, "scorers", replaced(lake.read("scorers"), "scorer_id", ["s" + "f" * 16]), {})


def both(*damages: Callable[[Lake], None]) -> Callable[[Lake], None]:
    return lambda lake: [damage(lake) for damage in damages]


def unnamed(lake: Lake) -> None:
    """Let `samples` name no longer what it named last, nor other tables tell of it, eight days ago."""
    rewrite(lake, "samples", nothing)
    for name in ("verdicts", "scores", "score_logprobs", "reviews"):
        rewrite(lake, name, nothing, everywhere=True)
    age(lake, "completions")


def age(lake: Lake, name: str, days: int = 8) -> None:
    """Date what the log of a table names some days back."""
    for entry in Path(lake.uri, name, "_delta_log").glob("*.json"):
        lines = [json.loads(line) for line in entry.read_text().splitlines()]
        for line in lines:
            if "add" in line:
                line["add"]["modificationTime"] -= days * 86_400_000
        entry.write_text("".join(json.dumps(line) + "\n" for line in lines))


TOLD = {("verdicts", "verdicts of samples that table samples does not know")}
SCORED = {("scores", "scores of samples that table samples does not know")}
NOBODY = {(name, f"{name} of samples that nobody drew") for name in ("verdicts", "scores")}
UNKNOWN_RUN = "rows of a run that table runs does not know"
LENGTHS = "token ids and log-probs of different length"
SUMS, TOKENS = "sums that differ from the log-probs", "numbers of tokens that differ from the log-probs"
AGAIN = "rows that repeat a key and attempt"
NO_LISTS = "samples of an engine without token ids or log-probs"
PART = "units of which only a part is named"


DAMAGES: dict[str, tuple[Callable[[Lake], None], set[tuple[str, str]]]] = {
    "samples appended again": (twice("samples"), {("samples", "rows that repeat a key")}),
    "verdicts appended again": (twice("verdicts"), {("verdicts", "rows that repeat a key in one pass")}),
    "scores appended again": (twice("scores"), {("scores", "rows that repeat a key")}),
    "completions appended again": (twice("completions"), {("completions", AGAIN)}),
    "log-probs of scores appended again": (twice("score_logprobs"), {("score_logprobs", AGAIN)}),
    "listed tokens appended again": (twice("top_logprobs"), {("top_logprobs", AGAIN)}),
    "prompts appended again": (twice("prompts"), {("prompts", "rows that repeat a key")}),
    "problems appended again": (twice("problems"), {("problems", "rows that repeat a key")}),
    "counts appended again": (twice("counts"), {("counts", "rows that repeat a key")}),
    "setups appended again": (twice("setups"), {("setups", "rows that repeat a key")}),
    "a sample without a number of tokens": (
        on("samples", put("tokens", lambda *_: None)), {("samples", "samples of an engine without tokens or log-prob")},
    ),
    "a sample without a log-prob": (
        on("samples", put("cumulative_logprob", lambda *_: None)),
        {("samples", "samples of an engine without tokens or log-prob")},
    ),
    "the log of scores ends early": (
        both(on("scores", nothing, everywhere=True), lambda lake: age(lake, "score_logprobs")),
        {("score_logprobs", "log-probs of units that scores does not name")},
    ),
    "a completion gone": (on("completions", without(3)), {("samples", "samples without a completion")}),
    "a completion of another attempt": (
        on("completions", put("attempt", lambda *_: "f" * 16)),
        {("samples", "samples whose completion is another attempt's")},
    ),
    "the end of a unit gone": (on("samples", without(14, 15)), {("samples", PART)} | TOLD | SCORED),
    "reviewed samples at the end of units gone": (
        both(
            on("samples", without(14, 15), everywhere=True),
            on("reviews", lambda rows: replaced(rows, "sample_index", [14] * len(rows))),
        ),
        {("samples", PART), ("reviews", "reviews of samples that table samples does not know")} | TOLD | SCORED,
    ),
    "the middle of a unit gone": (
        both(on("samples", without(5, 6), everywhere=True), on("completions", without(5, 6), everywhere=True)),
        {("samples", "units with gaps")} | NOBODY,
    ),
    "a score gone": (on("scores", without(4)), {("scores", PART)}),
    "log-probs of a score gone": (on("score_logprobs", without(4)), {("scores", "scores without their log-probs")}),
    "the log of samples ends early": (
        unnamed, {("completions", "completions of units that samples does not name")},
    ),
    "no runs": (
        on("runs", nothing, everywhere=True),
        {(name, UNKNOWN_RUN) for name in TABLES if name not in {"runs", "problems", "scorers"}},
    ),
    "a run without one of its problems": (
        on("runs", fewer_problems, everywhere=True), {("samples", "samples of problems that their run does not have")},
    ),
    "samples in another dataset": (
        on("samples", lambda rows: rows, dataset="other"),
        {("samples", "samples in a dataset that is not their run's")},
    ),
    "a question gone": (
        on("problems", but_first), {("problems", "samples of problems that table problems does not know")},
    ),
    "counts gone": (
        on("counts", nothing, everywhere=True), {("runs", "problems of an import without samples or counts")},
    ),
    "the question of counts gone": (
        lambda lake: DeltaTable(f"{lake.uri}/problems").delete("problem_id = 'p'"),
        {("problems", "samples of problems that table problems does not know")},
    ),
    "a prompt gone": (on("prompts", but_first), {("prompts", "samples of problems without a prompt")}),
    "a verdict of no sample": (of_no_sample("verdicts"), {("verdicts", "verdicts of samples that nobody drew")}),
    "a score of no sample": (
        of_no_sample("score_logprobs", "scores"), {("scores", "scores of samples that nobody drew")},
    ),
    "a review of no sample": (
        of_no_sample("reviews"), {("reviews", "reviews of samples that nobody drew")},
    ),
    "a verdict of an unknown status": (
        on("verdicts", lambda rows: replaced(rows, "status", ["bogus", *rows["status"].to_pylist()[1:]])),
        {("verdicts", "verdicts of an unknown status")},
    ),
    "two runs of one name": (
        on("runs", lambda rows: replaced(rows, "name", ["toys"] * len(rows)), everywhere=True),
        {("runs", "several runs of one name")},
    ),
    "two scorers of one name": (another_scorer, {("scorers", "several scorers of one name")}),
    "no scorers": (on("scorers", nothing), {("scorers", "scores of a scorer that table scorers does not know")}),
    "two samples of one seed": (on("samples", put("seed", same)), {("samples", "samples of a problem with one seed")}),
    "two samples of one log-prob": (shared_text, {("samples", "long samples that repeat another of the problem")}),
}  # fmt: skip

DEEP: dict[str, tuple[Callable[[Lake], None], set[tuple[str, str]]]] = {
    "two samples of one text": (
        on("completions", put("text", same)), {("completions", "long texts that repeat another of the problem")},
    ),
    "completions without token ids and log-probs": (
        both(on("completions", empty("token_ids")), on("completions", empty("token_logprobs"))),
        {("completions", NO_LISTS)},
    ),
    "a token id in another sample": (on("completions", moved), {("completions", LENGTHS)}),
    "a token id of a score in another sample": (on("score_logprobs", moved), {("score_logprobs", LENGTHS)}),
    "a listed token too few": (
        on("top_logprobs", lambda rows: replaced(rows, "n", [3] * len(rows))),
        {("top_logprobs", "lists of another length than their row says")},
    ),
    "another number of tokens": (on("samples", put("tokens", more)), {("samples", TOKENS)}),
    "another sum": (on("samples", put("cumulative_logprob", more)), {("samples", SUMS)}),
    "another sum that is no number": (
        on("samples", put("cumulative_logprob", lambda *_: float("nan"))), {("samples", SUMS)},
    ),
    "another number of tokens scored": (on("scores", put("tokens", more)), {("scores", TOKENS)}),
    "another sum of scores": (on("scores", put("cumulative_logprob", more)), {("scores", SUMS)}),
}  # fmt: skip


def found(lake: Lake, *, deep: bool = False, level: str = "wrong") -> set[tuple[str, str]]:
    return {(row["table"], row["found"]) for row in lake.check(deep=deep) if row["level"] == level}


def test_nothing_is_found_in_a_healthy_lake(lake):
    assert {name for name in TABLES if lake.delta(name)} == set(TABLES)
    assert lake.check(deep=True).dicts() == []


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_of_rows_is_found(lake, name):
    damage, expected = DAMAGES[name]
    damage(lake)
    assert found(lake) == expected


@pytest.mark.parametrize("name", DEEP)
def test_damage_of_lists_is_found_where_every_byte_is_read(lake, name):
    damage, expected = DEEP[name]
    damage(lake)
    assert found(lake) == set()
    assert found(lake, deep=True) == expected


@pytest.mark.parametrize("column", ["token_ids", "token_logprobs"])
def test_one_of_two_lists_that_is_null_is_found(lake, column):
    rewrite(lake, "completions", empty(column, 5))
    assert found(lake, deep=True) == {("completions", LENGTHS), ("completions", NO_LISTS)}
    counts = {row["found"]: row["samples"] for row in lake.check(deep=True)}
    assert counts[NO_LISTS] == 5


def test_scores_of_a_driver_that_was_ended_a_short_while_ago_are_noted(lake):
    rewrite(lake, "scores", nothing, everywhere=True)
    assert found(lake) == set()
    assert found(lake, level="note") == {("score_logprobs", "log-probs of units that scores does not name")}


def test_completions_of_a_driver_that_was_ended_a_short_while_ago_are_noted(lake):
    rewrite(lake, "samples", nothing)
    for name in ("verdicts", "scores", "score_logprobs", "reviews"):
        rewrite(lake, name, nothing, everywhere=True)
    assert found(lake) == set()
    assert found(lake, level="note") == {("completions", "completions of units that samples does not name")}


def test_a_check_of_some_runs_leaves_others_alone(lake):
    rewrite(lake, "completions", without(3))
    assert len(lake.check(["toys"])) == 1
    assert len(lake.check("counts")) == 0
    with pytest.raises(NotFound, match="nobody"):
        lake.check(["nobody"])


def test_a_finding_names_a_sample_and_counts_all(lake):
    rewrite(lake, "completions", without(3, 7))
    (row,) = lake.check()
    assert (row["run"], row["samples"], row["files"], row["level"]) == ("toys", 2, None, "wrong")
    assert re.fullmatch(r"problem sum-\d, sample 3", row["first"])


def test_findings_stand_in_one_order(lake):
    """What is wrong comes first, then runs and tables follow one another: two checks can be compared line by line."""
    for damage, _ in (DAMAGES["no runs"], DAMAGES["verdicts appended again"], DAMAGES["a question gone"]):
        damage(lake)
    last = max(Path(lake.uri, "completions").rglob("*.parquet"))
    last.with_name("unit-0000000000000000-64-128-0123456789abcdef.parquet").write_bytes(b"x")
    rows = [(row["level"] == "note", row["run"] or "", row["table"], row["found"]) for row in lake.check()]
    assert len(rows) > 10
    assert rows[-1][0]
    assert rows == sorted(rows)


def test_every_audit_has_a_test_that_it_finds_something():
    tested = set[tuple[str, str]]().union(*(expected for _, expected in (*DAMAGES.values(), *DEEP.values())))
    assert {(audit.table, audit.found) for audit in AUDITS} <= tested

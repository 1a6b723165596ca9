"""An analyst's SQL reads the views and nothing else: attempts to break out, on a folder and on S3."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from samples.api import Lake
from samples.errors import SamplesError, UsageError

ATTEMPTS = [
    "SELECT * FROM read_csv('{secret}')",
    "SELECT * FROM read_csv_auto('{secret}')",
    "SELECT * FROM read_text('{secret}')",
    "SELECT * FROM read_blob('{secret}')",
    "SELECT * FROM read_json('{secret}')",
    "SELECT * FROM read_parquet('{secret}')",
    "SELECT * FROM parquet_metadata('{secret}')",
    "SELECT * FROM sniff_csv('{secret}')",
    "SELECT * FROM '{secret}'",
    'SELECT * FROM "{secret}"',
    "SELECT * FROM glob('/*')",
    "SELECT (SELECT content FROM read_text('{secret}'))",
    "WITH t AS (SELECT * FROM read_text('{secret}')) SELECT * FROM t",
    "SELECT * FROM samples WHERE text IN (SELECT content FROM read_text('{secret}'))",
    "FROM query('SELECT * FROM read_text(''{secret}'')')",
    "FROM query_table('samples')",
    "FROM query_table(['{secret}'])",
    "SELECT getenv('HOME')",
    "SELECT current_setting('temp_directory')",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_views()",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM pg_catalog.pg_class",
    "SELECT * FROM lake.verdicts",
    "FROM judged",
    "FROM lake.tallies",
    "WITH x AS (FROM judged), judged AS (SELECT 1) FROM x",
    "WITH RECURSIVE x AS (FROM judged), judged AS (SELECT 1) FROM x",
    "WITH judged AS (FROM judged) FROM judged",
    "SELECT (WITH judged AS (SELECT 1) FROM judged), (SELECT count(*) FROM judged)",
    "SELECT * FROM pragma_database_size()",
    "SELECT * FROM arrow_scan(1::POINTER, 2::POINTER, 3::POINTER)",
    "SELECT * FROM pandas_scan(1)",
    "SELECT * FROM frame",
    "SELECT * FROM 'https://example.org/x.csv'",
    "SELECT * FROM read_csv('http://127.0.0.1:1/x.csv')",
    "SELECT * FROM read_parquet('s3://other/secret.parquet')",
    "COPY (SELECT 1) TO '{folder}/out.csv'",
    "COPY samples FROM '{secret}'",
    "EXPORT DATABASE '{folder}/out'",
    "IMPORT DATABASE '{folder}'",
    "ATTACH '{folder}/new.duckdb' AS new",
    "DETACH memory",
    "USE memory",
    "INSTALL httpfs",
    "UPDATE EXTENSIONS",
    "update extensions (httpfs)",
    "LOAD httpfs",
    "SET enable_external_access = true",
    "RESET enable_external_access",
    "PRAGMA enable_profiling",
    "CALL pragma_version()",
    "CREATE TABLE t AS SELECT 1",
    "CREATE VIEW v AS SELECT 1",
    "CREATE MACRO m() AS 1",
    "CREATE SECRET (TYPE s3, KEY_ID 'x', SECRET 'y')",
    "INSERT INTO runs SELECT * FROM runs",
    "UPDATE samples SET tokens = 1",
    "DELETE FROM samples",
    "DROP VIEW samples",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "SELECT 1; SELECT * FROM read_text('{secret}')",
    "SELECT 1; -- one\nDROP VIEW samples",
    "/* SELECT */ COPY (SELECT 1) TO '{folder}/out.csv'",
    "VACUUM",
    "CHECKPOINT",
    "BEGIN TRANSACTION",
    "SELECT json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "SELECT write_log('x')",
    "SELECT nextval('x')",
    "",
    "no SQL at all",
]


@pytest.fixture
def secret(tmp_path):
    """A file that is not the lake's."""
    path = tmp_path / "secret.csv"
    path.write_text("word\nhush\n")
    return path


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_no_attempt_leaves_the_views(filled, secret, attempt):
    frame = object()  # a name that a replacement scan would find
    assert frame
    with pytest.raises(UsageError) as error:
        filled.sql(attempt.format(secret=secret, folder=secret.parent))
    assert "\n" not in str(error.value)
    assert "hush" not in str(error.value)
    assert [path.name for path in secret.parent.iterdir()] == ["secret.csv"]


def test_files_of_the_lake_are_read_through_its_views_alone(lakes, anywhere):
    lake = lakes.filled(anywhere)
    path = next(path for path, _ in lake.place.list("runs/") if path.endswith(".parquet"))
    for place in (f"{lake.uri}/{path}", f"{lake.uri}/runs/../{path}", f"lake://{path}"):
        with pytest.raises(UsageError):
            lake.sql(f"SELECT * FROM read_parquet('{place}')")
        with pytest.raises(UsageError):
            lake.sql(f"SELECT * FROM '{place}'")
    assert lake.sql("SELECT count(*) AS n FROM runs").dicts() == [{"n": 2}]


BOMBS = [
    "SELECT list(range) FROM range(1000000000)",
    "SELECT * FROM range(100000) a, range(100000) b",
]


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_defused_by_the_limits(filled, bomb):
    with pytest.raises(SamplesError):
        filled.sql(bomb, memory="200MB", threads=1)


ALLOWED = [
    "SELECT 1",
    "FROM runs",
    "VALUES (1, 2)",
    "WITH t AS (SELECT * FROM tallies) SELECT run, sum(c) FROM t GROUP BY ALL",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT * FROM n",
    "SELECT 'COPY; ATTACH read_csv' AS words -- DROP TABLE samples",
    "SELECT run, quantile_cont(tokens, [0.1, 0.9]) FROM samples GROUP BY run",
    "SELECT problem_id, row_number() OVER (PARTITION BY run ORDER BY tokens) FROM samples",
    "SELECT list_transform(token_ids, lambda x: x + 1) FROM completions LIMIT 1",
    "SELECT * FROM samples UNION ALL SELECT * FROM samples",
    "SELECT s.run FROM samples s JOIN current_verdicts v USING (run_id, problem_id, sample_index)",
    "DESCRIBE samples",
    "SELECT * FROM Samples",
    "SELECT unnest(map_keys(labels)) FROM runs",
]


@pytest.mark.parametrize("text", ALLOWED)
def test_what_an_analyst_writes_is_answered(filled, text):
    assert len(filled.sql(text)) >= 1


def test_a_typing_error_is_one_line_that_says_what_is_there(filled):
    with pytest.raises(UsageError, match="did you mean"):
        filled.sql("SELECT * FROM sample")
    with pytest.raises(UsageError, match=r'no column "tokenz" \(did you mean "tokens"'):
        filled.sql("SELECT tokenz FROM samples")
    with pytest.raises(UsageError, match=r'no column "tokenz" \(did you mean "tokens"'):
        filled.sql("SELECT s.tokenz FROM samples AS s")


COMMAND = [sys.executable, "-c", "from samples_cli.main import main; main()", "sql"]
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"


@pytest.mark.heavy
def test_ctrl_c_stops_a_query_that_has_no_end(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    # A shell's background job ignores Ctrl-C, and so would this test's own child.
    hear = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    command = [sys.executable, "-c", f"{hear}; {COMMAND[2]}", *COMMAND[3:], ENDLESS, "--lake", lake.uri]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    time.sleep(6)
    assert process.poll() is None
    began = time.monotonic()
    os.kill(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert time.monotonic() - began < 5
    assert process.returncode == 130
    assert "Traceback" not in said


def test_a_function_that_asks_for_gigabytes_ends_the_command_with_one_line(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    command = [*COMMAND, "SELECT length(repeat('x', 4000000000))", "--lake", lake.uri, "--memory", "100MB"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("option", [["--memory", "much"], ["--threads", "0"], ["--dataset", "none"], ["--at", "never"]])
def test_a_wrong_option_is_one_line_and_exit_code_2(lakes, tmp_path, option):
    lake = lakes.filled(tmp_path / "lake")
    done = subprocess.run(
        [*COMMAND, "SELECT 1", "--lake", lake.uri, *option], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_rows_come_in_every_form(filled):
    rows = filled.sql("SELECT run, count(*) AS n FROM samples GROUP BY run ORDER BY run")
    assert rows.dicts() == rows.arrow().to_pylist() == rows.pl().to_dicts() == rows.df().to_dict("records")
    assert len(rows) == 2
    assert "run" in repr(rows)


def test_a_lake_is_read_as_it_was(lakes, anywhere):
    lake = lakes.filled(anywhere)
    version = Lake(lake.uri).version
    before = lake.sql("SELECT * FROM tallies ORDER BY ALL").dicts()
    lakes.add_run(lake, "c", {"p1": "cw"})
    assert len(lake.sql("SELECT * FROM runs")) == 3
    old = Lake(lake.uri, version=version)
    assert old.version == version
    assert old.sql("SELECT * FROM tallies ORDER BY ALL").dicts() == before
    with pytest.raises(SamplesError):
        lakes.add_run(old, "d", {"p1": "cw"})
    for wrong in ("never", "samples:9999", "nothing:1"):
        with pytest.raises(UsageError):
            Lake(lake.uri, version=wrong).sql("SELECT * FROM samples")


ENDLESS = "SELECT count(*) FROM range(1000000000) a, range(1000000000) b"


def test_sql_that_takes_too_long_is_stopped_in_one_line(filled: Lake):
    with pytest.raises(SamplesError, match=r"sql: the answer took more than 0\.3 s and was stopped.*--seconds"):
        filled.sql(ENDLESS, seconds=0.3)
    assert filled.sql("SELECT 1 AS one")[0]["one"] == 1


def test_sql_is_stopped_off_the_main_thread_too(filled: Lake):
    with ThreadPoolExecutor(1) as pool, pytest.raises(SamplesError, match="took more than"):
        pool.submit(filled.sql, ENDLESS, seconds=0.3).result()


def test_sql_without_a_limit_or_within_it_answers(filled: Lake):
    for seconds in (None, 30, 1e9):
        assert filled.sql("SELECT sum(range) AS s FROM range(1000)", seconds=seconds)[0]["s"] == 499500
    for seconds in (0, -1, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="expected a number above 0"):
            filled.sql("SELECT 1", seconds=seconds)

import csv
import io
import json
import math
import os
import platform
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import samples_queries
from samples_cli.show_sample import colour


def test_runs_lists_what_was_sampled(samples, lake):
    code, out, err = samples("runs", "--lake", lake.uri, "--format", "json")
    (row,) = json.loads(out)
    assert (code, err) == (0, "")
    assert (row["run"], row["dataset"], row["problems"], row["samples"]) == ("toys", "sums", 3, 30)


def test_problems_lists_gold_answers_and_counts(samples, lake):
    _, out, _ = samples("problems", "--lake", lake.uri, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [(row["problem_id"], row["answer"], row["samples"]) for row in rows] == [
        ("sum-0", "1", "10"),
        ("sum-1", "3", "10"),
        ("sum-2", "5", "10"),
    ]


def test_a_rescoring_that_leaves_every_run_out_fails_and_does_not_say_that_samples_have_verdicts(samples, lake):
    code, _, err = samples("rescore", "--verifier", "choice", "--workers", 1, "--lake", lake.uri)
    assert (code, "choice can judge no run of this lake; run toys left out: " in err) == (2, True)
    _, _, err = samples("rescore", "--verifier", "numeric", "--workers", 1, "--lake", lake.uri)
    assert err.splitlines()[-1].endswith("nothing to verify: every sample has a verdict of this version")


def test_problems_of_a_dataset_that_is_not_there_say_which_are(samples, lake):
    code, out, err = samples("problems", "--dataset", "other", "--lake", lake.uri)
    assert (code, out) == (2, "")
    assert 'no run of dataset "other"; there are sums' in err


def test_the_lake_may_come_from_the_environment(samples, lake, monkeypatch):
    monkeypatch.setenv("SAMPLES_LAKE", lake.uri)
    assert samples("runs")[0] == 0


def test_show_prints_each_token_with_its_log_prob(samples, lake):
    code, out, _ = samples("show", "toys", "sum-1", 4, "--lake", lake.uri)
    assert code == 0
    assert "What is 1 + 2?" in out
    assert "numeric (version 2, pass 1)" in out
    shown = json.loads(samples("show", "toys", "sum-1", 4, "--json", "--lake", lake.uri)[1])
    assert len(shown["token_texts"]) == len(shown["token_ids"]) == len(shown["token_logprobs"]) == shown["tokens"]
    assert math.isclose(sum(shown["token_logprobs"]), shown["cumulative_logprob"], rel_tol=1e-12)


def test_show_takes_a_prefix_of_the_run_id(samples, lake):
    run_id = lake.read("runs")["run_id"][0].as_py()
    assert samples("show", run_id[:5], "sum-0", 0, "--lake", lake.uri)[0] == 0


def test_pass_at_k_is_printed_in_every_format(samples, lake):
    table = samples("query", "pass_at_k", "--lake", lake.uri)[1]
    assert table.startswith("run: toys · dataset: sums · verifier: numeric · problems: 3")
    assert table.splitlines()[1].split()[:2] == ["k", "pass_at_k"]
    rows = json.loads(samples("query", "pass_at_k", "--ks", "1,10", "--lake", lake.uri, "--format", "json")[1])
    assert [row["k"] for row in rows] == [1, 10]
    assert all(row["problems"] == 3 for row in rows)
    assert rows[0]["pass_at_k"] <= rows[1]["pass_at_k"] <= 1


def test_parquet_on_stdout_is_a_parquet_file(lake):
    command = [sys.executable, "-c", "from samples_cli.main import main; main()"]
    done = subprocess.run(
        [*command, "runs", "--lake", lake.uri, "--format", "parquet"], capture_output=True, check=True
    )
    assert pq.read_table(io.BytesIO(done.stdout))["run"].to_pylist() == ["toys"]


def test_query_without_a_name_lists_every_query_in_its_group(samples):
    code, out, err = samples("query")
    assert (code, err) == (0, "")
    listed = [block.splitlines() for block in out.split("\n\n")]
    assert [block[0] for block in listed[:-1]] == [group.capitalize() for group in samples_queries.GROUPS]
    assert {line.split()[0] for block in listed[:-1] for line in block[1:]} >= set(samples_queries.NAMES)
    assert any(line.split()[:2] == ["pass_at_k", "unbiased"] for line in out.splitlines())


def test_a_query_may_be_written_with_dashes_and_its_options_with_underscores(samples, lake):
    asked = samples("query", "pass_at_k", "--exclude-guessable", "toys:0.1", "--lake", lake.uri)
    assert asked == samples("query", "pass-at-k", "--exclude_guessable", "toys:0.1", "--lake", lake.uri)


def test_a_command_without_arguments_shows_what_there_is(samples):
    code, out, err = samples()
    assert (code, err) == (0, "")
    assert out == samples("--help")[1]
    assert "  ingest " in out


def test_version_names_the_packages_that_decide_results(samples):
    code, out, err = samples("version", "--json")
    versions = json.loads(out)
    assert (code, err) == (0, "")
    assert versions["python"] == platform.python_version()
    assert versions["pyarrow"] == pa.__version__
    assert {"samples", "ray", "vllm", "torch", "transformers", "duckdb", "deltalake", "math-verify", "sympy"} < set(
        versions
    )
    lines = samples("version")[1].splitlines()
    assert [line.split()[0] for line in lines] == list(versions)
    assert samples("-V")[1] == samples("--version")[1] == f"samples {versions['samples']}\n"


def test_python_runs_the_package_as_the_command():
    done = subprocess.run([sys.executable, "-m", "samples", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("samples ")
    failed = subprocess.run([sys.executable, "-m", "samples", "inges"], capture_output=True, text=True, check=False)
    assert (failed.returncode, failed.stdout) == (2, "")
    assert failed.stderr.startswith('samples: no command "inges"')


@pytest.mark.parametrize(("logprob", "style"), [(0.0, "green"), (-0.5, "yellow"), (-2.0, "dark_orange"), (-9.0, "red")])
def test_a_tokens_colour_is_its_probability(logprob, style):
    assert colour(logprob) == style


@pytest.mark.parametrize("logprob", [math.nan, -math.inf])
def test_a_log_prob_that_is_no_number_stands_out(logprob):
    assert colour(logprob) == "magenta"


def test_a_completion_cannot_write_escape_sequences_to_the_terminal(samples, tmp_path):
    from samples.lines import printable

    assert "\x1b" not in printable("\x1b[2Jgone\x07")
    assert printable("fine\n\tétoile 数") == "fine\n\tétoile 数"


def test_ctrl_c_while_the_command_line_is_imported_is_one_line(tmp_path):
    (tmp_path / "typer.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    # Whoever runs the tests in the background may ignore SIGINT, and processes inherit that.
    program = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}from samples_cli.start import main; main()", "runs"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "samples: interrupted\n")


def test_verifiers_are_listed_and_explained_without_a_lake(samples):
    code, out, err = samples("verifiers", "--format", "json")
    assert (code, err) == (0, "")
    assert [row["verifier"] for row in json.loads(out)][:2] == ["exact", "numeric"]
    code, out, err = samples("verifiers", "code")
    assert (code, err) == (0, "")
    assert "needs: bubblewrap" in out
    assert samples("verifiers", "mth")[0] == 2

"""A lake in Python: everything hangs on it, and it says what it is."""

import inspect
import os
import pydoc
import signal
import subprocess
import sys
from keyword import iskeyword
from pathlib import Path

import numpy as np
import pytest

import samples
import samples_queries
from samples.errors import NotFound, UsageError
from samples.ingest.segment import committer


@pytest.fixture
def drawn(bench, tmp_path):
    """A lake with one run, "toys": 8 samples of each of three sums, judged by numeric."""
    b = bench(tmp_path / "lake")
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(8)])
    b.lake.rescore("numeric", workers=1)
    return b.lake


def test_open_creates_a_lake_only_when_asked(tmp_path):
    with pytest.raises(NotFound, match="no lake"):
        samples.open(str(tmp_path / "lake"))
    lake = samples.open(str(tmp_path / "lake"), create=True)
    assert isinstance(lake, samples.Lake)
    assert samples.open(lake.uri).uri == lake.uri


def test_help_of_samples_shows_what_users_need():
    text = pydoc.plain(pydoc.render_doc(samples))
    contents = text.partition("PACKAGE CONTENTS")[2].partition("\n\n")[0].replace(" " * 4, "")
    there = Path(samples.__file__).parent.iterdir()
    packages = {f"{one.name} (package)" for one in there if (one / "__init__.py").is_file()}
    assert set(contents.split("\n")) - packages == {"", "__main__", "api", "errors", "lines"}
    assert "read_problems" in text
    assert "lake.queries.pass_at_k" in text
    assert set(samples.__all__) <= set(dir(samples))
    assert samples.__version__
    assert (Path(samples.__file__).parent / "py.typed").exists()


def test_read_problems_reads_what_ingest_reads(sums):
    read = samples.read_problems(str(sums))
    assert [problem.problem_id for problem in read.problems] == ["sum-0", "sum-1", "sum-2"]


def test_queries_have_a_signature_a_docstring_and_complete_by_name(drawn):
    assert set(dir(drawn.queries)) == set(samples_queries.NAMES)
    for name in samples_queries.NAMES:
        function = getattr(drawn.queries, name)
        own = [parameter.name for parameter in samples_queries.header(name).params]
        assert {f"{key}_" if iskeyword(key) else key for key in own} <= set(inspect.signature(function).parameters)
        assert samples_queries.header(name).answers in " ".join(function.__doc__.split())
    with pytest.raises(AttributeError, match="did you mean"):
        _ = drawn.queries.pass_at_kk


def test_a_query_by_name_and_as_a_function_is_the_same(drawn):
    by_name = drawn.query("pass_at_k", ks=[1, 2, 8])
    assert drawn.queries.pass_at_k(ks=[1, 2, 8]).dicts() == by_name.dicts()


@pytest.mark.cases(2)
@pytest.mark.parametrize("ks", [np.array([1, 2, 4]), range(1, 5), (1, 2), {1, 2}, np.int64(4), [np.int32(2)], "1..4"])
def test_parameters_may_be_arrays_ranges_and_numpy_numbers(drawn, ks):
    wanted = [1, 2, 3, 4] if isinstance(ks, str) else np.atleast_1d(np.array(sorted(ks) if np.iterable(ks) else ks))
    rows = drawn.queries.pass_at_k(runs=np.array(["toys"]), ks=ks)
    assert rows.arrow()["k"].to_pylist() == list(wanted)


def test_runs_say_what_a_person_needs(drawn, bench, tmp_path):
    hot = bench(drawn.uri, model="toy?p=0.9", name="better", k=16)
    committer(hot.lake, hot.run).commit([hot.draw(unit) for unit in hot.plan(4)])
    first, second = drawn.runs().dicts()
    assert (first["run"], first["model"], first["samples"], first["wanted"]) == ("toys", "toy", 24, 24)
    assert (second["run"], second["samples"], second["wanted"]) == ("better", 12, 48), "an unfinished run is visible"
    correct = drawn.sql("SELECT avg((status = 'correct')::INT) AS share FROM current_verdicts").dicts()[0]["share"]
    assert first["accuracy"] == {"numeric": pytest.approx(correct)}
    assert second["accuracy"] == {}


def test_runs_show_the_settings_that_differ_and_no_others(bench, tmp_path):
    from dataclasses import replace

    from samples.engines import Sampling
    from samples.runs.record import record
    from samples.runs.request import prepare

    b = bench(tmp_path / "lake")
    other = replace(b.prepared.request, name="cold", sampling=Sampling(max_tokens=100, temperature=0.5))
    record(b.lake, prepare(other))
    rows = b.lake.runs()
    assert rows.arrow()["temperature"].to_pylist() == ["1.0", "0.5"]
    assert "max_tokens" not in rows.columns


@pytest.mark.heavy
def test_the_path_of_a_model_is_no_name(tiny_model, sums, tmp_path):
    from samples.runs.record import record
    from samples.runs.request import Request, prepare

    prepared = prepare(Request(str(sums), tiny_model, 1, str(tmp_path / "lake"), engine="transformers"))
    lake = samples.open(str(tmp_path / "lake"), create=True)
    record(lake, prepared)
    assert lake.runs().arrow()["model"].to_pylist() == ["tiny"]


def test_status_comes_from_the_lake_alone(bench, tmp_path):
    b = bench(tmp_path / "lake", k=16)
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(16)][:2])
    status = b.lake.status("toys")
    assert (status.problems, status.problems_done, status.wanted, status.samples) == (3, 2, 48, 32)
    assert not status.complete
    assert status.last_commit is not None
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(16)])
    assert b.lake.status("toys").complete
    with pytest.raises(NotFound, match="did you mean"):
        b.lake.status("toyz")


def test_a_lake_and_a_run_say_what_they_are(drawn):
    assert repr(drawn) == f"<lake {drawn.uri}: 1 run: toys>"
    assert "toys" in drawn._repr_html_()
    assert "3 problems of sums" in repr(drawn.show("toys", "sum-0", 0).run)


def test_labels_problems_and_exports_hang_on_the_lake(drawn, tmp_path):
    assert drawn.label("toys", step=400)["step"] == "400"
    assert len(drawn.problems("sums")) == 3
    assert drawn.export(tmp_path / "all.jsonl").rows == 24


def test_an_unknown_setting_is_refused_with_what_was_meant(tmp_path, sums):
    lake = samples.open(str(tmp_path / "lake"), create=True)
    with pytest.raises(UsageError, match='did you mean "temperature"'):
        lake.ingest(sums, model="toy", k=1, engine="toy", temprature=1.0)


SCRIPT = """
import sys
import samples
print("begun", flush=True)
lake = samples.open(sys.argv[1])
print(lake.rescore("math", workers=2).verified, flush=True)
"""


@pytest.mark.nightly
@pytest.mark.heavy
def test_a_script_without_a_main_guard_rescores_and_runs_once(bench, tmp_path):
    b = bench(tmp_path / "lake")
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(8)])
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, script, b.lake.uri], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["begun", "24"]


INTERRUPTED = """
import sys
import samples
lake = samples.open(sys.argv[1])
done = lake.rescore(sys.argv[2], workers=1, watch=lambda status: print("going", flush=True))
print(done.missing > 0, flush=True)
"""


@pytest.mark.heavy
def test_ctrl_c_ends_a_rescoring_in_good_order(bench, tmp_path):
    b = bench(tmp_path / "lake")
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(64)])
    (tmp_path / "slow.py").write_text("import time\ndef slow(p, c):\n    time.sleep(0.2)\n    return True\n")
    script = tmp_path / "script.py"
    script.write_text(INTERRUPTED)
    process = subprocess.Popen(
        [sys.executable, script, b.lake.uri, f"{tmp_path}/slow.py:slow"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "going\n"
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert out.split()[-1] == "True"
    assert "stopping" in err


@pytest.mark.ray
def test_ingest_from_python_draws_what_is_missing(tmp_path, sums):
    lake = samples.open(str(tmp_path / "lake"), create=True)
    done = lake.ingest(sums, model="toy", k=4, name="toys", engine="toy", labels={"step": 1}, max_tokens=50)
    assert (done.drawn, done.missing) == (12, 0)
    assert lake.ingest(sums, model="toy", k=4, engine="toy", max_tokens=50).drawn == 0
    assert lake.runs().dicts()[0]["labels"] == {"step": "1"}


def test_a_run_is_dropped_brought_back_copied_and_vacuumed_from_python(drawn, tmp_path):
    before = drawn.query("pass_at_k").dicts()
    drawn.drop("toys", reason="wrong", by="ann")
    assert len(drawn.runs()) == 0
    drawn.undo_drop("toys")
    assert drawn.query("pass_at_k").dicts() == before
    copied = drawn.copy(tmp_path / "other", "toys", by="ann")
    assert copied.rows["does"].tolist() == ["copied"]
    assert samples.open(tmp_path / "other").query("pass_at_k").dicts() == before
    assert drawn.vacuum(older_than="0d", write=True).rows["why"].tolist() == ["removed by a commit"] * 2
    assert drawn.query("pass_at_k").dicts() == before

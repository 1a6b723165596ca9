"""Commands that pages print: a shell runs them as they stand."""

import json
import re
import shutil
import subprocess
import sys
from html import unescape
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest

from samples.api import Lake
from samples.browse import commands
from samples.problems.problems import Problem
from samples.runs.record import add_problems

RUNS = ["-b/c #1?", "it's mine & yours; $HOME `x`", "a,b", "@file", " r ", "a\u202eb\\", "plain", "x" * 150]
IDS = ["-dash", "--json", 'it\'s "p" $1', "p 1\n2"]


@pytest.fixture(scope="module")
def lake(lakes, tmp_path_factory):
    """A lake of these runs, each with one sample of each of these problems and no verdicts."""
    lake = Lake(str(tmp_path_factory.mktemp("odd names") / "my lake"), create=True)
    problems = [Problem(one, "2+2?", "4", None, {}) for one in IDS]
    add_problems(lake, "d", problems)
    for name in RUNS:
        specification = {"model": "m", "dataset": "d", "sampling": {}, "name": name}
        run_id = lakes.id_of(specification)
        about = {"run_id": run_id, "name": name, "dataset": "d", "model": "m", "engine": "imported", "versions": []}
        more = {
            "problem_hashes": [(one.problem_id, one.problem_hash) for one in problems],
            "labels": [],
            "created_at": lakes._NOW,
        }
        lakes.append(lake, "runs", [{**about, **more, "specification": json.dumps(specification)}])
        keys = [{"problem_id": one, "sample_index": 0, "attempt": "x"} for one in IDS]
        here = {"dataset": "d", "run_id": run_id}
        lakes.append(lake, "samples", keys, **here)
        texts = [{**key, "text": f"text of {RUNS.index(name)} {IDS.index(key['problem_id'])}"} for key in keys]
        lakes.append(lake, "completions", texts, **here)
    return lake


def run_by_bash(command):
    """Run a command as bash reads it, and return its exit code and what it printed."""
    script = f"samples() {{ '{sys.executable}' -m samples \"$@\"; }}\n{command}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def client(served, lake):
    return served(lake)


@pytest.mark.cases(2)
@pytest.mark.parametrize(("run", "problem"), [(0, 0), (1, 2), (6, 1), (5, 3)])
def test_the_command_of_a_sample_shows_it(client, run, problem):
    query = urlencode({"run": RUNS[run], "problem": IDS[problem], "index": 0})
    (command,) = re.findall('<input class="command" readonly value="([^"]*)"', client.ask(f"sample?{query}").text)
    code, out = run_by_bash(unescape(command))
    assert (code, f"text of {run} {problem}" in out) == (0, True), out


@pytest.mark.parametrize("page", ["problems", "problem", "queue"])
def test_a_run_without_verdicts_has_a_command_that_names_it_and_the_lake(client, lake, page):
    query = urlencode({"run": RUNS[1], "problem": IDS[0]})
    found = re.findall("<code>(samples rescore [^<]*)</code>", client.ask(f"{page}?{query}").text)
    assert [unescape(one) for one in found] == [
        "samples rescore --verifier numeric --run 'it'\"'\"'s mine & yours; $HOME `x`' " + f"--lake '{lake.uri}'"
    ]


def test_the_command_for_verdicts_names_both_runs_and_long_names_whole(client):
    query = urlencode({"run": RUNS[6], "other": RUNS[7]})
    assert f"--run plain --run {RUNS[7]} --lake" in client.ask(f"problems?{query}").text


@pytest.mark.nightly
@pytest.mark.heavy
def test_the_command_for_verdicts_judges_these_runs(served, lake, tmp_path):
    copied = Lake(str(shutil.copytree(lake.uri, tmp_path / "copy")))
    client = served(copied)
    some = [RUNS[0], RUNS[2], RUNS[3]]
    for name in some:
        page = client.ask(f"queue?{urlencode({'run': name})}").text
        (command,) = re.findall("<code>(samples rescore [^<]*)</code>", page)
        code, out = run_by_bash(unescape(command))
        assert code == 0, out
    judged = copied.sql("SELECT run, count(*) AS n FROM verdicts GROUP BY run").dicts()
    assert {row["run"]: row["n"] for row in judged} == dict.fromkeys(some, len(IDS))


def test_a_scorer_and_a_tokenizer_that_look_like_options_stay_values():
    run = SimpleNamespace(name="-r", run_id="r1")
    reading = SimpleNamespace(lake=SimpleNamespace(uri="/l"), fixed=False)
    command = commands.show(reading, run, "p", 0, "-s", "my model")
    assert command == "samples show --lake /l --scorer=-s --tokenizer 'my model' -- -r p 0"


def test_a_lake_without_runs_quotes_its_place(served, tmp_path):
    empty = Lake(str(tmp_path / "it's empty"), create=True)
    text = unescape(served(empty).ask("").text)
    assert f"--lake '{empty.uri}'".replace("it's", "it'\"'\"'s") in text


def test_the_queue_prints_the_command_that_counts_its_labels(served, filled):
    page = served(filled).ask("queue?run=a")
    (command,) = re.findall("<code>(samples query reviews [^<]*)</code>", page.text)
    assert unescape(command) == f"samples query reviews --runs a --verifier v --lake {filled.uri}"
    code, out = run_by_bash(unescape(command))
    assert code == 0, out


def test_pages_of_one_version_of_a_lake_print_commands_that_read_this_version(served, lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    then = lake.version
    lakes.add_run(lake, "b2", lakes.STATUSES["b"])
    lakes.append(lake, "verdicts", _JUDGED_AGAIN, verifier="v", run_id=lake.query("runs").dicts()[0]["run_id"])
    client = served(Lake(lake.uri, version=then))
    (shown,) = re.findall(
        '<input class="command" readonly value="([^"]*)"', client.ask("sample?run=a&problem=p2&index=0").text
    )
    (counted,) = re.findall("<code>(samples query reviews [^<]*)</code>", client.ask("queue?run=a").text)
    for command in map(unescape, (shown, counted)):
        assert command.endswith(f" --at {then}")
        code, out = run_by_bash(command)
        assert (code, "pass 2" in out) == (0, False), out
    assert "pass 2" in run_by_bash(unescape(shown).removesuffix(f" --at {then}"))[1]


_JUDGED_AGAIN = [{"problem_id": "p2", "sample_index": 0, "verifier_version": "2", "pass_id": 2, "status": "wrong"}]


def test_the_command_that_counts_labels_has_the_whole_limit(served, lakes, tmp_path):
    lake = Lake(str(tmp_path / "lake"), create=True)
    lakes.add_problems(lake, "d", {"p1": "{}"})
    lakes.add_run(lake, "a", {"p1": "cww"})
    page = served(lake).ask(f"queue?run=a&max_accuracy={1 / 3!r}").text
    (command,) = re.findall("<code>(samples query reviews [^<]*)</code>", page)
    limit = float(re.findall("--max-accuracy ([^ ]*)", command)[0])
    assert [row["problems"] for row in lake.query("reviews", runs=["a"], max_accuracy=limit)] == [1, 1]

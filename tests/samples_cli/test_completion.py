"""Completion, by the protocol that Typer's shell scripts speak: variables in, words out, never an error."""

import os
import subprocess
import sys

import pytest

COMMAND = [sys.executable, "-c", "from samples_cli.main import main; main()"]


def ask(shell, *words, lake=None, **more):
    """Complete the last word: (exit code, lines)."""
    variables = {"_SAMPLES_COMPLETE": f"complete_{shell}", **more}
    if shell == "bash":
        variables |= {"COMP_WORDS": "\n".join(["samples", *words]), "COMP_CWORD": str(len(words))}
    else:
        variables |= {"_TYPER_COMPLETE_ARGS": " ".join(["samples", *words])}
    environment = {name: value for name, value in os.environ.items() if name != "SAMPLES_LAKE"}
    environment |= variables | ({"SAMPLES_LAKE": str(lake)} if lake else {})
    done = subprocess.run(COMMAND, env=environment, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize(
    ("shell", "part"),
    [
        ("bash", "complete -o default -F _samples_completion samples"),
        ("zsh", "#compdef samples"),
        ("fish", "complete --command samples"),
    ],
)
def test_each_shell_gets_its_script(shell, part):
    environment = os.environ | {"_SAMPLES_COMPLETE": f"source_{shell}"}
    done = subprocess.run(COMMAND, env=environment, capture_output=True, text=True, check=True)
    assert part in done.stdout
    assert f"complete_{shell}" in done.stdout


def test_bash_completes_commands_options_and_queries():
    assert ask("bash", "re") == (0, ["rescore", "report", "review", "repair"])
    assert ask("bash", "query", "pass_") == (0, ["pass_at_k", "pass_at_k_by_problem"])
    assert ask("bash", "ingest", "--temp") == (0, ["--template", "--template-date", "--temperature"])
    assert ask("bash", "query", "coverage", "--th") == (0, ["--threshold"])
    assert ask("bash", "ingest", "p.jsonl", "--engine", "") == (0, ["vllm", "transformers", "toy"])
    assert ask("bash", "rescore", "--verifier", "p") == (0, ["paper-math"])


NAMES = {
    "runs": (("query", "pass_at_k", "--runs", ""), ["b", "a"]),
    "the last of several runs": (("query", "pass_at_k", "--runs", "a,"), ["a,b"]),
    "a run": (("status", ""), ["b", "a"]),
    "problems": (("query", "pass_at_k", "--problems", "p"), ["p1", "p2", "p3", "p4"]),
    "problems of a run": (("show", "a", "p"), ["p1", "p2", "p3", "p4"]),
    "datasets": (("problems", "--dataset", ""), ["d"]),
    "verifiers": (("query", "pass_at_k", "--verifier", ""), ["v"]),
    "scorers": (("query", "perplexity", "--scorer", ""), ["s", "b", "a"]),
    "labels": (("query", "runs", "--label", "ro"), ["role=base", "role=rl"]),
    "keys of problems and labels": (("query", "lengths", "--by", "s"), ["source.year", "step", "subject"]),
    "labels to pool": (("query", "compare", "--pool", ""), ["algorithm", "family", "role", "step"]),
    "views": (("sql", "--describe", "ta"), ["tallies"]),
}


@pytest.mark.cases(4)
@pytest.mark.parametrize("case", list(NAMES))
def test_bash_completes_names_of_the_lake_at_hand(filled, case):
    words, names = NAMES[case]
    code, lines = ask("bash", *words, lake=filled.uri)
    assert (code, sorted(lines)) == (0, sorted(names))


def test_the_lake_that_was_typed_comes_before_that_of_the_environment(filled, tmp_path):
    words = ("status", "--lake", filled.uri, "")
    assert sorted(ask("bash", *words, lake=tmp_path / "none")[1]) == ["a", "b"]


def test_bash_completes_behind_the_characters_at_which_it_breaks_words(filled):
    assert ask("bash", "query", "runs", "--label", "role", "=", "", lake=filled.uri) == (0, ["base", "rl"])
    assert ask("bash", "query", "runs", "--label", "role", "=", lake=filled.uri) == (0, ["base", "rl"])
    assert ask("bash", "query", "runs", "--label", "role", "=", "r", lake=filled.uri) == (0, ["rl"])
    typed = ("status", "--lake", "file", ":", f"//{filled.uri}", "")
    assert sorted(ask("bash", *typed)[1]) == ["a", "b"]


def test_labels_that_were_set_later_are_completed(lakes, tmp_path, samples):
    lake = lakes.filled(tmp_path / "lake")
    samples("label", "b", "step=200", "algorithm=", "--lake", lake.uri)
    assert ask("bash", "query", "runs", "--label", "", lake=lake.uri)[1] == [
        "family=q", "role=base", "role=rl", "step=200",
    ]  # fmt: skip


def test_zsh_completes_with_what_each_command_does(filled):
    code, lines = ask("zsh", "res")
    assert (code, len(lines)) == (0, 1)
    assert lines[0].startswith('_arguments \'*: :(("rescore":"Judge stored samples')
    assert ask("zsh", "query", "pass_at_k", "--verifier", "", lake=filled.uri) == (0, ["_arguments '*: :((\"v\"))'"])
    assert ask("zsh", "status", "nothing", lake=filled.uri) == (0, ["_files"])


def test_fish_completes_with_what_each_command_does(filled):
    arguments = {"_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    there = {"_TYPER_COMPLETE_FISH_ACTION": "is-args"}
    assert ask("fish", "res", **arguments)[1][0].startswith("rescore\tJudge stored samples")
    assert sorted(ask("fish", "status", "", lake=filled.uri, **arguments)[1]) == ["a", "b"]
    assert ask("fish", "status", "", lake=filled.uri, **there) == (0, [])
    assert ask("fish", "status", "nothing", lake=filled.uri, **there) == (1, [])


def test_a_lake_that_cannot_be_read_completes_nothing_and_says_nothing(lakes, tmp_path):
    broken = lakes.filled(tmp_path / "lake")
    (tmp_path / "lake" / "runs" / "_delta_log" / "00000000000000000000.json").write_text("garbage{")
    for uri in (broken.uri, tmp_path / "none", "ftp://x/y", "s3://%"):
        assert ask("bash", "status", "", lake=uri)[1] == []
    assert ask("bash", "status", "")[1] == []


def test_completion_imports_no_library_that_takes_long(filled):
    slow = "{'pyarrow', 'duckdb', 'numpy', 'pydantic', 'typer.rich_utils'}"
    program = f"""
import atexit, sys
from samples_cli.main import main
atexit.register(lambda: print(*{slow} & set(sys.modules)))
main()
"""
    for words in ("query\npass_at_k\n--runs\n", "query\npass_at_k\n--problems\np", "ingest\n--"):
        variables = {
            "_SAMPLES_COMPLETE": "complete_bash",
            "COMP_WORDS": f"samples\n{words}",
            "SAMPLES_LAKE": filled.uri,
        }
        environment = os.environ | variables | {"COMP_CWORD": str(words.count("\n") + 1)}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        )
        assert len(done.stdout.splitlines()) > 1
        assert done.stdout.splitlines()[-1] == ""

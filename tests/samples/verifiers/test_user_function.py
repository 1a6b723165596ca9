"""A user's own verifier: what the function may return, which files are refused, and when the version changes."""

import pytest

from samples.errors import UsageError
from samples.problems.problems import Problem
from samples.verifiers import Verdict, verifier

PROBLEM = Problem("p", "1+1?", "2", None, {"level": 3})


def load(folder, body, *, name="check"):
    file = folder / "mine.py"
    file.write_text(body)
    return verifier(f"{file}:{name}")


@pytest.mark.parametrize(
    ("returned", "status", "reward"),
    [
        ("True", "correct", None),
        ("False", "wrong", None),
        ("1.0", "correct", 1.0),
        ("1", "correct", 1.0),
        ("0.25", "wrong", 0.25),
        ("0", "wrong", 0.0),
        ("'no_answer'", "no_answer", None),
        ("'timeout'", "timeout", None),
        ("Verdict('correct', '2', 0.5, 'why')", "correct", 0.5),
        ("completion.endswith(problem.answer)", "correct", None),
        ("problem.metadata['level'] == 3", "correct", None),
        ("1.5", "error", None),
        ("-0.1", "error", None),
        ("float('nan')", "error", None),
        ("None", "error", None),
        ("'right'", "error", None),
        ("Verdict('right')", "error", None),
        ("[True]", "error", None),
    ],
)
def test_the_function_s_result_becomes_the_verdict(tmp_path, returned, status, reward):
    mine = load(
        tmp_path, f"from samples.verifiers import Verdict\ndef check(problem, completion):\n    return {returned}\n"
    )
    completion = mine.extract("It is 2")
    assert completion is not None
    verdict = mine.compare(PROBLEM, completion)
    assert isinstance(verdict, Verdict)
    assert (verdict.status, verdict.reward) == (status, reward)


def test_the_detail_names_a_result_that_is_not_a_verdict(tmp_path):
    verdict = load(tmp_path, "def check(problem, completion):\n    return 'right'\n").compare(PROBLEM, "2")
    assert verdict.detail is not None
    assert "'right'" in verdict.detail


@pytest.mark.parametrize(
    "body",
    ["raise ValueError('no luck')", "return 1 / 0", "return check(problem, completion)", "import sys; sys.exit(0)"],
)
def test_an_exception_of_the_function_is_an_error(tmp_path, body):
    verdict = load(tmp_path, f"def check(problem, completion):\n    {body}\n").compare(PROBLEM, "2")
    assert verdict.status == "error"
    assert verdict.detail


def test_the_function_judges_an_empty_completion(tmp_path):
    mine = load(tmp_path, "def check(problem, completion):\n    return completion == ''\n")
    assert mine.extract("") == ""
    assert mine.compare(PROBLEM, "").status == "correct"


def test_the_version_depends_only_on_the_content_of_the_file(tmp_path):
    body = "def check(problem, completion):\n    return True\n"
    first = load(tmp_path, body)
    (tmp_path / "elsewhere").mkdir()
    assert load(tmp_path / "elsewhere", body).version == first.version
    assert load(tmp_path, body + "# another day\n").version != first.version
    assert first.name == "check"


def test_two_functions_of_one_file_are_two_verifiers(tmp_path):
    body = "def check(problem, completion):\n    return True\ndef strict(problem, completion):\n    return False\n"
    assert load(tmp_path, body).compare(PROBLEM, "2").status == "correct"
    assert load(tmp_path, body, name="strict").compare(PROBLEM, "2").status == "wrong"


def test_a_file_may_declare_dataclasses(tmp_path):
    body = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "@dataclass\nclass Rule:\n    text: str\n"
        "def check(problem, completion):\n    return Rule('2').text == completion\n"
    )
    assert load(tmp_path, body).compare(PROBLEM, "2").status == "correct"


@pytest.mark.parametrize(
    ("body", "name", "said"),
    [
        ("def check(problem, completion): return True", "chekc", "it has check"),
        ("check = 5", "check", "it has none"),
        ("def check(:", "check", "SyntaxError"),
        ("import no_such_module_anywhere", "check", "ModuleNotFoundError"),
        ("raise SystemExit(1)", "check", "SystemExit"),
        ("def math(problem, completion): return True", "math", "rename"),
        ("def nan(problem, completion): return True", "nan", "rename"),
        ("x = '\x00'", "check", "fails"),
    ],
)
def test_a_bad_file_is_refused_with_the_reason(tmp_path, body, name, said):
    with pytest.raises(UsageError, match=said):
        load(tmp_path, body, name=name)


def test_the_error_names_a_file_that_does_not_exist(tmp_path):
    with pytest.raises(UsageError, match=r"nowhere\.py cannot be read"):
        verifier(f"{tmp_path}/nowhere.py:check")


def test_a_folder_is_refused(tmp_path):
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(UsageError, match="cannot be read"):
        verifier(f"{tmp_path}/folder.py:check")

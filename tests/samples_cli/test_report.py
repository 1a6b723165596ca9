"""`samples report` writes the report of runs into a file."""

import json
import re
import shlex

import pytest


@pytest.fixture(scope="module")
def filled(lakes, tmp_path_factory):
    return lakes.filled(tmp_path_factory.mktemp("reports") / "lake")


def test_the_page_is_written_whole_and_its_commands_run(samples, filled, tmp_path, monkeypatch):
    monkeypatch.setenv("SAMPLES_LAKE", filled.uri)
    file = tmp_path / "report.html"
    code, out, err = samples("report", "--run", "a,b", "--title", "Ours", "-o", file)
    assert (code, out) == (0, "")
    assert f"wrote {file}: 17 sections" in err
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    text = file.read_text()
    assert "<title>Ours</title>" in text
    (command,) = {re.sub("<.*?>", "", line) for line in text.splitlines() if ">samples query compare " in line}
    _, *words = shlex.split(command)
    code, out, _ = samples(*words, "--format", "json")
    assert code == 0
    for row in json.loads(out):
        assert f'<td class="n">{row["difference"]:.4f}</td>' in text


def test_the_markdown_has_its_pictures_in_a_folder_beside_it(samples, filled, tmp_path):
    code, _, err = samples(
        "report", "--run", "a", "-o", tmp_path / "report.txt", "--format", "md", "--lake", filled.uri
    )
    assert code == 0, err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.txt", "report_files"]
    linked = (tmp_path / "report.txt").read_text().count("](report_files/")
    assert linked == len(list((tmp_path / "report_files").iterdir())) > 3


WRONG = {
    "an unknown ending": (("-o", "x.pdf"), 2, "end it in .html or .md, or give --format"),
    "no file": ((), 2, "--output is missing"),
    "a folder that is not there": (("-o", "/nope/x.html"), 2, "there is no folder /nope"),
    "a run that is not there": (("--run", "x", "-o", "x.html"), 2, "runs there: "),
    "a verifier that judged nothing": (("--verifier", "math", "-o", "x.html"), 2, 'verifier "math" judged none'),
    "a filter of nothing": (("--dataset", "nope", "-o", "x.html"), 2, 'no run of dataset "nope"'),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_one_line_and_no_file(samples, filled, tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAMPLES_LAKE", filled.uri)
    arguments, expected, said = WRONG[case]
    code, out, err = samples("report", *arguments)
    assert (code, out) == (expected, "")
    assert said in err
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []

"""`samples report` writes the report of runs into a file."""

import json
import re
import shlex
from html import unescape

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


@pytest.mark.nightly
def test_the_markdown_has_its_pictures_in_a_folder_beside_it(samples, filled, tmp_path):
    code, _, err = samples(
        "report", "--run", "a", "-o", tmp_path / "report.txt", "--format", "md", "--lake", filled.uri
    )
    assert code == 0, err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.txt", "report_files"]
    linked = (tmp_path / "report.txt").read_text().count("](report_files/")
    assert linked == len(list((tmp_path / "report_files").iterdir())) > 3


IDS = {
    "an id with a comma": ["p1", "a;b,c"],
    "an id that begins like a file": ["@p1"],
    "many ids": [f"problem {number}" for number in range(41)],
    "ids that can be typed": ["it's p1", "<b>&amp;"],
}


@pytest.mark.cases(2)
@pytest.mark.parametrize("case", IDS)
@pytest.mark.parametrize("form", ["html", "md"])
def test_commands_run_whatever_the_ids_of_problems(samples, lakes, tmp_path, monkeypatch, case, form):
    lake = lakes.filled(tmp_path / "lake o")
    lakes.add_problems(lake, "e", dict.fromkeys([*IDS[case], "other"], "{}"))
    lakes.add_run(lake, "c", dict.fromkeys([*IDS[case], "other"], "cw"), dataset="e")
    (tmp_path / "ids.txt").write_text("\n".join(IDS[case]))
    monkeypatch.chdir(tmp_path)
    code, _, err = samples("report", "--run", "c", "--problems", "@ids.txt", "-o", f"x.{form}", "--lake", lake.uri)
    assert code == 0, err
    text = (tmp_path / f"x.{form}").read_text()
    if form == "html":
        ids, text = re.findall('<pre class="ids">(.*?)</pre>', text, re.DOTALL), unescape(re.sub("<.*?>", "", text))
        ids = [unescape(found) for found in ids]
    else:
        ids = re.findall("problem-ids.txt[^\n]*\n\n```text\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert bool(ids) == (case != "ids that can be typed")
    for lines in ids:
        (tmp_path / "problem-ids.txt").write_text(lines)
    exported, command = (
        next(line for line in text.splitlines() if line.startswith(start))
        for start in ("export SAMPLES_LAKE=", "samples query pass_at_k ")
    )
    monkeypatch.setenv(*shlex.split(exported)[1].split("=", 1))
    code, out, err = samples(*shlex.split(command)[1:], "--ks", "2", "--format", "json")
    assert code == 0, err
    assert [row["problems"] for row in json.loads(out)] == [len(IDS[case])]


WRONG = {
    "an unknown ending": (("-o", "x.pdf"), 2, "end it in .html or .md, or give --format"),
    "no file": ((), 2, "--output is missing"),
    "a folder that is not there": (("-o", "/nope/x.html"), 2, "there is no folder /nope"),
    "a run that is not there": (("--run", "x", "-o", "x.html"), 2, "runs there: "),
    "a verifier that judged nothing": (("--verifier", "math", "-o", "x.html"), 2, 'verifier "math" judged none'),
    "a filter of nothing": (("--dataset", "nope", "-o", "x.html"), 2, 'no run of dataset "nope"'),
    "a problem that is not there": (
        ("--problems", "p1,nosuch", "-o", "x.html"),
        2,
        'no problem "nosuch" in the chosen',
    ),
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


def test_a_folder_of_pictures_that_cannot_be_made_is_one_line(samples, filled, tmp_path):
    (tmp_path / "r_files").write_text("kept")
    code, _, err = samples("report", "-o", tmp_path / "r.md", "--lake", filled.uri)
    assert code == 2
    assert err.splitlines()[-1] == f"samples: {tmp_path / 'r_files'}: cannot be written: File exists"
    assert (tmp_path / "r_files").read_text() == "kept"
    assert not (tmp_path / "r.md").exists()

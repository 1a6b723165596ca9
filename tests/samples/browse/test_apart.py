"""Two runs whose problems of one id are not the same, or of which one has no samples of a problem."""

import json
import re
from html import unescape

import pytest

from samples.api import Lake


def words(answer):
    """The text of a page's main part."""
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


@pytest.fixture(scope="module")
def client(served, lakes, tmp_path_factory):
    """Runs b and a of dataset d, whose problem p1 is edited in b; run x of dataset e; run few, which lacks samples.

    Problem p1 has the gold answers 2 in a, 3 in b and 5 in x. Problem p2 is the same in a and b. Only b has p3. Run
    few has the problem p1 of a, and p2, but samples of p2 alone.
    """
    lake = Lake(str(tmp_path_factory.mktemp("apart") / "lake"), create=True)
    contents = {("p1", "h1"): "2", ("p1", "h1-edited"): "3", ("p2", "h2"): "4", ("p3", "h3"): "6"}
    for dataset, given in (("d", contents), ("e", {("p1", "hx"): "5"})):
        rows = [
            {"problem_id": one, "problem_hash": key, "question": f"{dataset} {key}?", "answer": gold}
            | {"metadata": '{"level": 2}' if "edited" in key else '{"level": 1}'}
            for (one, key), gold in given.items()
        ]
        lakes.append(lake, "problems", rows, dataset=dataset)
    runs = {
        "b": ("d", {"p1": "h1-edited", "p2": "h2", "p3": "h3"}, {"p1": "cc", "p2": "cc", "p3": "c"}),
        "a": ("d", {"p1": "h1", "p2": "h2"}, {"p1": "cw", "p2": "ww"}),
        "x": ("e", {"p1": "hx"}, {"p1": "c"}),
        "few": ("d", {"p1": "h1", "p2": "h2"}, {"p2": "-w"}),
    }
    for name, (dataset, hashes, statuses) in runs.items():
        specification = {"model": f"models/{name}", "dataset": dataset, "sampling": {}}
        run_id = lakes.id_of(specification)
        about = {"run_id": run_id, "name": name, "dataset": dataset, "model": f"models/{name}", "engine": "toy"}
        more = {"specification": json.dumps(specification), "problem_hashes": list(hashes.items()), "labels": []}
        lakes.append(lake, "runs", [{**about, **more, "versions": [], "created_at": lakes._NOW}])
        for problem, letters in statuses.items():
            for index, letter in enumerate(letters):
                if letter == "-":
                    continue
                key = {"problem_id": problem, "sample_index": index}
                status = {"c": "correct", "w": "wrong"}[letter]
                here = {"dataset": dataset, "run_id": run_id}
                lakes.append(lake, "samples", [{**key, "attempt": "x", "finish_reason": "stop"}], **here)
                text = f"text of {name} {problem} {index}"
                lakes.append(lake, "completions", [{**key, "attempt": "x", "text": text}], **here)
                verdict = {**key, "verifier_version": "1", "pass_id": 1, "status": status}
                lakes.append(lake, "verdicts", [verdict], verifier="v", run_id=run_id)
    return served(lake)


@pytest.mark.parametrize("page", ["problem?", "sample?index=0&other_index=0&"])
def test_each_run_has_its_own_question_and_gold_answer(client, page):
    text = words(client.ask(f"{page}run=a&other=b&problem=p1"))
    assert "a and b have different problems of this id: question and gold answer and metadata differ." in text
    assert "Question of a d h1? Gold answer 2 level 1 Question of b d h1-edited? Gold answer 3" in text


@pytest.mark.parametrize("page", ["problem?", "sample?index=0&other_index=0&"])
def test_a_problem_that_is_the_same_in_both_runs_is_asked_once(client, page):
    text = words(client.ask(f"{page}run=a&other=b&problem=p2"))
    assert "different problems" not in text
    assert "Question d h2? Gold answer 4" in text
    assert text.count("Gold answer") == 1


def test_runs_of_two_problem_sets_are_told_apart(client):
    text = words(client.ask("problem?run=a&other=x&problem=p1"))
    assert "a and x have different problems of this id: a is of problem set d, x of e." in text
    assert "Gold answer 2 level 1 Question of x e hx? Gold answer 5" in text


def test_only_runs_of_the_same_problem_set_are_offered(client):
    def offered(page):
        select = client.ask(page).text.partition('<select name="other">')[2].partition("</select>")[0]
        return set(re.findall(r'value="(\w+)"', select))

    assert offered("problem?run=a&problem=p1") == {"b", "few"}
    assert offered("problem?run=x&problem=p1") == set()
    assert offered("problem?run=x&other=a&problem=p1") == {"a"}  # it stays chosen, whatever else is chosen anew
    assert offered("problem?run=b&other=a&problem=p3") == {"a"}
    assert offered("problems?run=a&other=x") == {"b", "few", "x"}


def test_different_problems_have_no_difference_in_lists(client):
    text = client.ask("problems?run=a&other=b").text
    rows = {row.partition("problem=")[2][:2]: words_of(row) for row in text.split("<tr>") if "problem=p" in row}
    assert rows["p1"].startswith("p1 a d h1? b d h1-edited? different problems 50.0 %")
    assert rows["p2"].startswith("p2 d h2? +100.0 % 0.0 %")
    assert rows["p3"].startswith("p3 d h3? \N{EN DASH} not a problem of this run 100.0 %")


def words_of(html):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", f"<{html}")).split())


def test_different_problems_have_no_place_among_differences(client):
    def ids(query):
        return re.findall(r'problem=(p\d)"', client.ask(f"problems?{query}").text)

    assert ids("run=b&other=a&sort=difference") == ["p2", "p1", "p3"]  # p1 would come last: -50 % and -100 %
    assert ids("run=b&other=a&sort=-difference") == ["p2", "p1", "p3"]


def test_a_problem_that_a_filter_takes_from_one_run_is_still_a_problem_of_it(client):
    text = words(client.ask("problems?run=a&other=b&where=level%3D1"))
    assert "p1 d h1? \N{EN DASH} 50.0 % \N{EN DASH} \N{EN DASH} left out by the filters" in text
    assert "p3 d h3? \N{EN DASH} not a problem of this run 100.0 %" in text


@pytest.mark.parametrize("word", ["h1-edited", "h1?"])
def test_a_question_of_either_run_is_found(client, word):
    assert "1 problem " in words(client.ask(f"problems?run=a&other=b&find={word}"))


def test_a_sample_of_the_second_run_stands_alone_where_the_first_has_none(client):
    listed = client.ask("problem?run=a&other=b&problem=p3")
    assert "a 0 samples This is not a problem of this run." in words(listed)
    (link,) = re.findall(r'data-row href="(sample[^"]*)"', listed.text)
    shown = words(client.ask(unescape(link)))
    assert "Sample 0 of problem p3" in shown
    assert "text of b p3 0" in shown
    listed = client.ask("problem?run=few&other=a&problem=p1")
    assert "few 0 samples This run has no samples of this problem yet." in words(listed)
    links = re.findall(r'data-row href="(sample[^"]*)"', listed.text)
    assert ["text of a p1 0" in words(client.ask(unescape(link))) for link in links] == [True, False]
    assert [client.ask(unescape(link)).status for link in links] == [200, 200]


def test_a_sample_is_put_beside_another_only_if_it_is_there(client):
    page = client.ask("sample?run=a&other=few&problem=p2&index=0")
    (link,) = re.findall(r'href="([^"]*)">put a sample of few beside it', page.text)
    assert "Samples 0 and 1 of problem p2" in words(client.ask(unescape(link)))
    assert "beside it" not in words(client.ask("sample?run=a&other=few&problem=p1&index=0"))
    assert "beside it" not in words(client.ask("sample?run=b&other=a&problem=p3&index=0"))


def test_a_sample_that_was_asked_for_and_is_not_there_is_not_found(client):
    answer = client.ask("sample?run=few&other=a&problem=p1&index=0&other_index=0")
    assert answer.status == 404
    assert 'run few has no sample 0 of problem "p1"' in words(answer)

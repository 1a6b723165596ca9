"""What pages say of lakes that lack something, and of requests that make no sense."""

import json
import re
from html import unescape

import pytest

from samples.api import Lake


@pytest.fixture(scope="module")
def client(served, filled):
    return served(filled)


def words(answer):
    """The text of a page's main part."""
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def test_a_lake_without_runs_says_how_to_draw_one(served, tmp_path):
    Lake(str(tmp_path / "empty"), create=True)
    answer = served(Lake(str(tmp_path / "empty"))).ask("")
    assert answer.status == 200
    assert "This lake has no runs yet. samples ingest" in words(answer)


def test_a_lake_of_one_run_has_nothing_to_put_beside_it(served, lakes, tmp_path):
    lake = Lake(str(tmp_path / "one"), create=True)
    lakes.add_problems(lake, "d", lakes.METADATA)
    lakes.add_scorer(lake, "s")
    lakes.add_run(lake, "a", lakes.STATUSES["a"])
    client = served(lake)
    assert "side by side" not in words(client.ask(""))
    assert "Beside it" not in client.ask("problems?run=a").text


def test_runs_without_verdicts_say_how_to_get_some(served, lakes, tmp_path):
    lake = Lake(str(tmp_path / "unjudged"), create=True)
    lakes.add_problems(lake, "d", {"p": "{}"})
    run = lakes.id_of({"model": "m", "sampling": {}})
    about = {"run_id": run, "name": "r", "dataset": "d", "model": "m", "engine": "imported", "versions": []}
    more = {"specification": json.dumps({"model": "m", "sampling": {}}), "problem_hashes": [("p", "h-p")]}
    lakes.append(lake, "runs", [{**about, **more, "labels": [], "created_at": lakes._NOW}])
    here = {"dataset": "d", "run_id": run}
    sample = {"problem_id": "p", "sample_index": 0, "attempt": "x"}
    lakes.append(lake, "samples", [sample, {**sample, "sample_index": 1, "error": "too long"}], **here)
    client = served(lake)
    for path in ("problems?run=r", "problem?run=r&problem=p", "queue?run=r"):
        answer = client.ask(path)
        assert answer.status == 200
        assert "samples rescore --verifier" in words(answer)
    listed = words(client.ask("problem?run=r&problem=p"))
    assert "not judged 1" in listed
    assert "no completion 1" in listed
    assert "no text stored" in listed
    shown = words(client.ask("sample?run=r&problem=p&index=0"))
    assert "The imported file has no text." in shown
    assert "No verifier judged this sample yet." in shown
    assert "No completion: too long" in words(client.ask("sample?run=r&problem=p&index=1"))


def test_tokens_that_are_not_decoded_are_shown_as_ids(served, add_texts, tmp_path):
    answer = served(add_texts(tmp_path / "ids", ["a b c"])).ask("sample?run=r&problem=p&index=0")
    assert "Tokens are shown as ids, and the text is not shaded" in words(answer)
    assert "samples browse --tokenizer run decodes them with the run's tokenizer, m." in words(answer)
    assert 'title="token 1 · id 2 · log-prob \N{MINUS SIGN}0.5000"' in answer.text


@pytest.fixture(scope="module")
def scored_ids(served, add_texts, lakes, tmp_path_factory):
    """A client of a lake with one sample whose tokens are not decoded, and another without log-probs of its own."""
    lake = add_texts(tmp_path_factory.mktemp("scored") / "lake", ["a b c"])
    lakes.add_scorer(lake, "s")
    run = lake.sql("SELECT run_id FROM runs")[0]["run_id"]
    here = {"dataset": "d", "run_id": run}
    key = {"problem_id": "p", "sample_index": 1, "attempt": "x"}
    lakes.append(lake, "samples", [{**key, "tokens": 3, "finish_reason": "stop"}], **here)
    lakes.append(lake, "completions", [{**key, "text": "d e f", "token_ids": [4, 5, 6]}], **here)
    how = {"attempt": "y", "token_mode": "ids", "prompt": "run", "same_tokens": True, "error": None}
    keys = [{"problem_id": "p", "sample_index": index} for index in (0, 1)]
    scores = [{**key, "tokens": 3, "bytes": 5, "cumulative_logprob": -3.55, **how} for key in keys]
    logprobs = [{**key, "attempt": "y", "token_logprobs": [-0.05, -0.5, -3.0]} for key in keys]
    lakes.append(lake, "scores", scores, scorer_id=lakes.SCORER, run_id=run)
    lakes.append(lake, "score_logprobs", logprobs, scorer_id=lakes.SCORER, run_id=run)
    return served(lake)


@pytest.mark.parametrize(
    ("index", "shade", "classes", "legend"),
    [
        (0, "own", "s1 s1 s1", "Probability of each token under r:"),
        (0, "scorer", "s0 s1 s3", "Probability of each token under s:"),
        (0, "difference", "p1 d0 m4", "Log-prob of each token under s compared with r:"),
        (1, "scorer", "s0 s1 s3", "Probability of each token under s:"),
    ],
)
def test_ids_are_shaded_by_what_was_chosen(scored_ids, index, shade, classes, legend):
    answer = scored_ids.ask(f"sample?run=r&problem=p&index={index}&scorer=s&shade={shade}")
    ids = answer.text.partition('<details class="ids">')[2].partition("</details>")[0]
    assert " ".join(re.findall(r'class="t (\w+)"', ids)) == classes
    own = " · log-prob -0.5000" if index == 0 else ""
    third = f"token 2 · id {3 if index == 0 else 6}{own} · log-prob -3.0000 under s"
    assert third.replace("-0", "\N{MINUS SIGN}0").replace("-3", "\N{MINUS SIGN}3") in ids
    assert legend in words(answer)


def test_ids_without_any_log_probs_are_not_shaded(scored_ids):
    answer = scored_ids.ask("sample?run=r&problem=p&index=1")
    assert '<details class="ids">' not in answer.text
    assert "This sample has no log-probs, so its tokens are not shaded." in words(answer)


def test_ranks_under_the_scorer_are_told_too(served, lakes, tmp_path):
    lake = lakes.filled(tmp_path / "ranks")
    (run,) = [row["run_id"] for row in lake.query("runs") if row["run"] == "a"]
    (attempt,) = {row["attempt"] for row in lake.read("scores", ["attempt"]).to_pylist()}
    listed = {"n": 2, "positions": 4, "top_ids": [9, 7] * 4, "top_logprobs": [-0.5] * 8}
    listed |= {"top_entropy": 1.0, "mass_left": 1.0, "entropy_least": 1.0, "entropy_most": 2.0}
    row = {"problem_id": "p1", "sample_index": 0, "attempt": attempt, **listed}
    lakes.append(lake, "top_logprobs", [row], scorer_id=lakes.SCORER, run_id=run)
    page = served(lake).ask("sample?run=a&problem=p1&index=0&scorer=s&shade=difference").text
    minus = "\N{MINUS SIGN}"
    told = f"token 0 · id 7 · log-prob {minus}0.5000 · rank 1 · log-prob {minus}1.0000 under s · rank 2 under s"
    assert f'title="{told}"' in page


def test_a_tokenizer_that_cannot_be_loaded_does_not_hide_the_text(served, add_texts, tmp_path):
    client = served(add_texts(tmp_path / "lost", ["a b c"]), tokenizer="/no/such/model")
    assert client.ask("sample.txt?run=r&problem=p&index=0").text == "a b c"
    copied = json.loads(client.ask("sample.json?run=r&problem=p&index=0").text)
    assert (copied["text"], copied["token_texts"]) == ("a b c", None)
    answer = client.ask("sample?run=r&problem=p&index=0")
    assert answer.status == 200
    assert "a b c" in words(answer)
    assert "/no/such/model is not on this machine" in words(answer)


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("problems", 400, "no run is chosen"),
        ("problems?run=nobody", 404, 'no run "nobody"'),
        ("problem?run=a&problem=p9", 404, 'no problem "p9" in a'),
        ("sample?run=a&problem=p1&index=99", 404, "run a has no sample 99"),
        ("sample?run=a&problem=p1&index=x", 400, "a whole number from 0 on is expected"),
        ("sample?run=a&problem=p1&index=99999999999999999999", 400, "a whole number from 0 on is expected"),
        ("problems?run=a&where=level", 400, "KEY=VALUE is expected"),
        ("problems?run=a&where=level%3D7", 404, "no problem has level=7"),
        ("problems?run=a&exclude_guessable=b", 400, "RUN:THRESHOLD is expected"),
        ("problems?run=a&exclude_guessable=b:x", 400, "RUN:THRESHOLD is expected"),
        ("search?run=a&text=(&regex=1", 400, "regular expression: missing )"),
        ("search?run=a&text=" + "x" * 2000, 400, "at most 1,000 are looked for"),
        ("queue?run=a&max_accuracy=much", 400, "a number from 0 to 1 is expected"),
        ("problems?" + "run=a&" * 201, 400, "the address has more than 200 parameters"),
        ("nothing", 404, "There is no page /nothing."),
    ],
)
def test_a_request_that_makes_no_sense_is_told_why(client, path, status, said):
    answer = client.ask(path)
    assert answer.status == status
    assert said in words(answer)


def test_a_page_beyond_the_end_is_the_last_one_and_an_unknown_verdict_is_none(client):
    page = words(client.ask("problems?run=a&from=500"))
    assert "No problem passes" not in page
    assert "501" not in page
    assert words(client.ask("problem?run=a&problem=p1&status=zzz")) == words(client.ask("problem?run=a&problem=p1"))


def test_the_command_of_the_queue_counts_what_the_page_counts(client):
    assert "--max-accuracy 0.3" in words(client.ask("queue?run=a&max_accuracy=0.3"))
    assert "--max-accuracy 0.3" not in words(client.ask("queue?run=a"))


def test_the_queue_has_the_problems_that_the_filters_of_the_list_pass(client):
    everything = words(client.ask("queue?run=a&max_accuracy=1"))
    assert {*re.findall(r"p\d", everything)} == {"p1", "p2"}
    answer = client.ask("queue?run=a&max_accuracy=1&where=level%3D5&where=level%3D6")
    assert {*re.findall(r"p\d", words(answer))} == {"p2"}
    assert "--max-accuracy 1.0 --where level=5 --where level=6 --lake" in words(answer)
    assert "Only problems that pass the filters of the list: where level=5 where level=6" in words(answer)
    (link,) = re.findall(r'href="(queue[^"]*)">All problems', answer.text)
    assert words(client.ask(unescape(link))) == everything
    (row,) = re.findall(r'data-row href="(sample[^"]*)"', answer.text)
    (following,) = re.findall(r'rel="next-to-read" href="([^"]*)"', client.ask(unescape(row)).text)
    assert "the queue is empty" in words(client.ask(unescape(following)))


def test_filters_are_those_of_queries(client, filled):
    page = words(client.ask("problems?run=a&where=level%3D5"))
    assert "2 problems" in page
    assert "p2" in page
    assert "p1" not in page
    assert "1 problem " in words(client.ask("problems?run=a&where=level%3D5&where=subject%3Dgeometry"))
    assert "3 problems" in words(client.ask("problems?run=a&exclude_guessable=b%3A0.5"))


def test_problems_are_sorted_by_their_numbers(client):
    def ids(sort, more=""):
        return re.findall(r'problem=(p\d)"', client.ask(f"problems?run=a{more}&sort={sort}").text)

    assert ids("id") == ["p1", "p2", "p3", "p4"]
    assert ids("-id") == ["p4", "p3", "p2", "p1"]
    assert ids("-accuracy") == ["p1", "p2", "p3", "p4"]
    assert ids("difference", "&other=b") == ["p2", "p4", "p1", "p3"]
    assert ids("nonsense") == ["p1", "p2", "p3", "p4"]


def test_numbers_of_the_list_are_those_of_the_query(client, filled):
    text = client.ask("problems?run=a").text
    for row in filled.sql("SELECT problem_id, c, n FROM tallies WHERE run = 'a'"):
        assert f'title="{row["c"]} of {row["n"]} judged samples are correct"' in text


def test_a_next_problem_follows_the_order_of_the_list(client):
    def step(query):
        answer = client.ask(f"step?{query}")
        return answer.status, re.search(r"problem=(p\d)", answer.headers["location"] or "problem=p0")[1]

    assert step("run=a&problem=p1&by=1") == (303, "p2")
    assert step("run=a&problem=p1&by=-1")[0] == 404
    assert step("run=a&problem=p1&by=1&sort=-id")[0] == 404
    assert step("run=a&problem=p3&by=1&sort=-id") == (303, "p2")


def test_samples_are_grouped_by_verdict_and_ordered(served, shaded):
    client = served(shaded)

    def indices(order):
        text = client.ask(f"problem?run=b&problem=p1&order={order}").text
        return [int(number) for number in re.findall(r"<b>(\d+)</b>", text)]

    assert indices("index") == [0, 1, 2]
    page = words(client.ask("problem?run=a&problem=p1"))
    assert page.index("correct 1") < page.index("wrong 2")
    assert "wrong 2" in words(client.ask("problem?run=a&problem=p1&status=wrong"))
    assert "correct" not in words(client.ask("problem?run=a&problem=p1&status=wrong")).partition("all verdicts")[2]


def test_a_search_looks_where_the_list_of_problems_does(client):
    found = words(client.ask("search?run=a&text=wrong"))
    assert "problem of the list" not in found
    p1 = words(client.ask("search?run=a&text=wrong&problem=p1"))
    for filters in ("where=level%3D1", "find=p1", "find=P1&where=level%3D1"):
        answer = client.ask(f"search?run=a&text=wrong&{filters}")
        only = "Only the 1 problem of the list that this search came from. Search in all problems"
        assert words(answer).replace(f"{only} ", "").partition(" Text ")[2] == p1.partition(" Text ")[2]
        (link,) = re.findall(r'href="(search[^"]*)">Search in all problems', answer.text)
        assert words(client.ask(unescape(link))) == found
    assert "There are no texts to search in." in words(client.ask("search?run=a&text=wrong&find=nothing"))
    solved = words(client.ask("search?run=a&other=b&only=only_a&text=p"))
    assert {*re.findall(r"p\d", solved)} == {"p2"}


def test_a_sample_is_copied_as_json_like_the_command_prints_it(client, filled):
    answer = client.ask("sample.json?run=a&problem=p1&index=1")
    shown = json.loads(answer.text)
    assert (shown["run"], shown["sample_index"], shown["text"]) == ("a", 1, "p1 wrong")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert shown["scorer"] is None
    page = client.ask("sample?run=a&problem=p1&index=1&scorer=s&shade=difference").text
    (link,) = re.findall(r'href="(sample\.json[^"]*)"', page)
    shown = json.loads(client.ask(unescape(link)).text)
    assert (shown["scorer"], shown["scorer_logprobs"]) == ("s", [-1.0] * 5)


def test_a_sample_is_json_also_where_its_numbers_are_none(served, add_texts, lakes, tmp_path):
    lake = add_texts(tmp_path / "odd", ["a"])
    here = {"dataset": "d", "run_id": lake.sql("SELECT run_id FROM runs")[0]["run_id"]}
    key = {"problem_id": "p", "sample_index": 1, "attempt": "x"}
    lakes.append(lake, "samples", [{**key, "tokens": 3, "cumulative_logprob": float("-inf")}], **here)
    logprobs = {"token_ids": [1, 2, 3], "token_logprobs": [float("nan"), float("-inf"), float("inf")]}
    lakes.append(lake, "completions", [{**key, "text": "b", **logprobs}], **here)
    client = served(lake)
    said = json.loads(client.ask("sample.json?run=r&problem=p&index=1").text, parse_constant=pytest.fail)
    assert said["token_logprobs"] == ["NaN", "-Infinity", "Infinity"]
    assert said["cumulative_logprob"] == "-Infinity"
    assert client.ask("sample?run=r&problem=p&index=1").status == 200


def test_a_sample_without_a_text_offers_none_to_copy(served, add_texts, lakes, tmp_path):
    lake = add_texts(tmp_path / "texts", ["", "b"])
    here = {"dataset": "d", "run_id": lake.sql("SELECT run_id FROM runs")[0]["run_id"]}
    failed = {"problem_id": "p", "sample_index": 2, "attempt": "x", "error": "too long"}
    lakes.append(lake, "samples", [failed], **here)
    client = served(lake)
    pages = [client.ask(f"sample?run=r&problem=p&index={index}").text for index in range(3)]
    assert ["sample.txt" in page for page in pages] == [True, True, False]
    assert ["sample.json" in page for page in pages] == [True, True, True]
    assert client.ask("sample.txt?run=r&problem=p&index=0").status == 200
    assert client.ask("sample.txt?run=r&problem=p&index=2").status == 404


def test_a_lake_at_an_earlier_version_refuses_reviews(served, lakes, tmp_path):
    lake = lakes.filled(tmp_path / "old")
    client = served(Lake(lake.uri, version=lake.version))
    shown = client.ask("sample?run=a&problem=p2&index=0")
    assert "The lake is open at one version of it, so it takes no labels." in words(shown)
    assert 'action="review"' not in shown.text
    body = "run=a&problem=p2&index=0&label=valid&reviewer=ann&back=sample"
    answer = client.ask("review", "POST", body, Origin=client.origin)
    assert answer.status == 400
    assert "open it without a version to write" in words(answer)
    lakes.add_run(lake, "c", lakes.STATUSES["a"])
    assert client.ask("grown").text == '{"grown":false}'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "the form lacks a field"),
        ("run=a&problem=p1&index=0&label=valid&reviewer=", "a label needs the name of its reviewer"),
        ("run=a&problem=p1&index=0&label=great&reviewer=ann", "great"),
        ("run=a&problem=p9&index=0&label=valid&reviewer=ann", "no problem"),
        ("run=a&problem=p1&index=0&label=valid&reviewer=%E2%80%AEann", "reviewer"),
        ("run=a&problem=p1&index=1" + "0" * 30 + "&label=valid&reviewer=ann", "index 10"),
        ("run=a&problem=p1&index=-1&label=valid&reviewer=ann", "a whole number from 0 on is expected"),
        ("run=a&problem=p1&index=9&label=valid&reviewer=ann", "run a has no sample 9 of problem p1"),
        ("x=" + "y" * 200_000, "the form lacks a field"),
        ("x=1&" * 300, "the form lacks a field"),
    ],
)
def test_a_label_that_cannot_be_stored_is_told_why(client, filled, body, said):
    before = len(filled.sql("FROM review_history"))
    answer = client.ask("review", "POST", body, Origin=client.origin)
    assert answer.status in {400, 404}
    assert said in words(answer)
    assert len(filled.sql("FROM review_history")) == before


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "../x", "javascript:alert(1)", "/x"])
def test_a_form_goes_back_to_pages_of_this_server_alone(client, back):
    from urllib.parse import quote

    answer = client.ask("reload", "POST", f"back={quote(back)}", Origin=client.origin)
    assert (answer.status, answer.headers["location"]) == (303, "./")


def test_many_readers_at_once_see_the_same(client):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: client.ask("problem?run=b&problem=p3"), range(100)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1


@pytest.mark.heavy
def test_pages_read_an_object_store(served, lakes, s3):
    client = served(lakes.filled(s3))
    for path in ("", "problems?run=a&other=b", "problem?run=a&other=b&problem=p1", "search?run=a&text=wrong"):
        assert client.ask(path).status == 200
    assert "p1 wrong" in words(client.ask("sample?run=a&problem=p1&index=1"))
    body = "run=a&problem=p2&index=0&label=flawed&reviewer=bob&back=sample%3Frun%3Da%26problem%3Dp2%26index%3D0"
    assert client.ask("review", "POST", body, Origin=client.origin).status == 303
    assert "bob" in words(client.ask("sample?run=a&problem=p2&index=0"))


def test_a_word_is_found_in_all_of_a_question(served, lakes, tmp_path):
    lake = Lake(str(tmp_path / "lake"), create=True)
    lakes.add_problems(lake, "d", {"p1": "{}", "p2": "{}"})
    far = {"problem_id": "far", "problem_hash": "h-far", "question": "x " * 5_000 + "N'\u00dc", "answer": "c"}
    lakes.append(lake, "problems", [{**far, "metadata": "{}"}], dataset="d")
    lakes.add_run(lake, "a", {"p1": "c", "p2": "w", "far": "c"})
    client = served(lake)
    for word, ids in (("n'%C3%BC", ["far"]), ("FAR", ["far"]), ("%3F+p", ["p1", "p2"]), ("c", ["far", "p1", "p2"])):
        page = client.ask(f"problems?run=a&find={word}").text
        assert re.findall(r'<th scope="row"><a data-row [^>]*>([^<]*)</a>', page) == ids, word


def test_verdicts_that_no_verifier_gives_are_shown_apart(served, lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    odd = [{"problem_id": "p1", "sample_index": 1, "verifier_version": "1", "pass_id": 2, "status": "<partly>"}]
    lakes.append(lake, "verdicts", odd, verifier="v", run_id=lake.sql("FROM runs WHERE run = 'a'")[0]["run_id"])
    client = served(lake)
    for page in ("problem?run=a&problem=p1", "sample?run=a&problem=p1&index=1", "search?run=a&problem=p1&text=p1"):
        assert ">another verdict</span>" in client.ask(page).text
    assert "&lt;partly&gt;" in client.ask("sample?run=a&problem=p1&index=1").text
    assert "1 of 1 another verdict" in client.ask("sample?run=a&problem=p1&index=1&status=other").text


@pytest.fixture(scope="module", params=["toy", "vllm"])
def scored_text(request, served, add_texts, lakes, tmp_path_factory):
    """A client of a lake with a text without tokens of its own, which scorer t of this engine read as bytes."""
    lake = add_texts(tmp_path_factory.mktemp("text") / "lake", ["a"])
    run = lake.sql("SELECT run_id FROM runs")[0]["run_id"]
    about = {"scorer_id": lakes.SCORER, "number": 1, "name": "t", "model": "toy", "engine": request.param}
    more = {"specification": "{}", "labels": [], "versions": [], "scored_by": "{}", "created_at": lakes._NOW}
    lakes.append(lake, "scorers", [{**about, **more, "parity_samples": 0, "parity_tokens": 0}])
    key, text = {"problem_id": "p", "sample_index": 1}, "so é = 4"
    ids = [*text.encode()]
    here = {"dataset": "d", "run_id": run}
    lakes.append(lake, "samples", [{**key, "attempt": "x", "finish_reason": "stop"}], **here)
    lakes.append(lake, "completions", [{**key, "attempt": "x", "text": text}], **here)
    score = {"attempt": "y", "tokens": len(ids), "bytes": len(ids), "cumulative_logprob": -9.0, "prompt": "own"}
    where = {"scorer_id": lakes.SCORER, "run_id": run}
    lakes.append(lake, "scores", [{**key, **score, "token_mode": "text", "error": None}], **where)
    logprobs = {"token_ids": ids, "token_logprobs": [-float(place) for place in range(len(ids))]}
    lakes.append(lake, "score_logprobs", [{**key, "attempt": "y", **logprobs}], **where)
    return request.param, served(lake)


def test_a_text_is_shaded_by_the_scorer_s_own_tokens(scored_text):
    engine, client = scored_text
    for shade in ("own", "scorer", "difference"):
        answer = client.ask(f"sample?run=r&problem=p&index=1&scorer=t&shade={shade}")
        assert "Probability of each token under t:" in words(answer)
        minus = "\N{MINUS SIGN}"
        if engine == "toy":
            assert (
                f'<span class="t s2" title="token 1 · id 111 · log-prob {minus}1.0000 under t">o</span>' in answer.text
            )
            assert f'title="tokens 3 to 4 · id 195, 169 · mean log-prob {minus}3.5000 under t">é</span>' in answer.text
        else:
            assert "9 tokens, as ids" in words(answer)
            assert "not shaded: with the tokenizer set to run, that of scorer t (toy) decodes them." in words(answer)
            assert f'title="token 1 · id 111 · log-prob {minus}1.0000 under t">111</span>' in answer.text
    assert "This sample has no log-probs" in words(client.ask("sample?run=r&problem=p&index=1"))
    copied = json.loads(client.ask("sample.json?run=r&problem=p&index=1&scorer=t").text)
    assert copied["scorer_own"]["token_logprobs"][1] == -1.0

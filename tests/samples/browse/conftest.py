"""A server of pages over a small lake."""

import http.client
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest

from samples.api import Lake
from samples.browse.serve import Served


class Client:
    """Asks a server of pages as a program would, with any headers."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.key = urlsplit(served.url).path.strip("/")

    def ask(self, path: str, method: str = "GET", body: str | None = None, **headers: str) -> http.client.HTTPResponse:
        """Return the answer at a path behind the key; with a leading slash, at the path itself."""
        connection = http.client.HTTPConnection("127.0.0.1", self.served.port, timeout=60)
        place = path if path.startswith("/") else f"/{self.key}/{path}"
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.putrequest(method, place, skip_host="Host" in given)
        if body is not None:
            given = {"Content-Type": "application/x-www-form-urlencoded", **given, "Content-Length": str(len(body))}
        for name, value in given.items():
            connection.putheader(name, value)
        connection.endheaders(body.encode() if body is not None else None)
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        connection.close()
        return answer

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.served.port}"


@pytest.fixture(scope="module")
def served() -> Iterator[Callable[..., Client]]:
    """Return a function that serves a lake, and returns a client."""
    running: list[Served] = []

    def serve(lake: Lake, **settings: Any) -> Client:
        running.append(lake.browse(**settings))
        return Client(running[-1])

    yield serve
    for one in running:
        one.close()


@pytest.fixture(scope="session")
def hostile(module_from: Callable[[Path], ModuleType]) -> ModuleType:
    """The module hostile.py: texts that a page must show and not obey."""
    return module_from(Path(__file__).with_name("hostile.py"))


@pytest.fixture(scope="session")
def add_texts(lakes: ModuleType) -> Callable[..., Lake]:
    """Return a function that makes a lake of one run whose completions are these texts, judged by verifier v.

    Problem `problem` has all of them; with `names`, ids, questions, answers and labels are these texts too.
    """

    def make(path: Path, texts: list[str], *, names: bool = False, problem: str = "p") -> Lake:
        lake = Lake(str(path), create=True)
        problems = [problem, *(f"{number} {text[:300]}" for number, text in enumerate(texts))] if names else [problem]
        rows = [
            {"problem_id": one, "problem_hash": f"h{number}", "question": f"? {one}", "answer": one, "metadata": "{}"}
            for number, one in enumerate(problems)
        ]
        lakes.append(lake, "problems", rows, dataset="d")
        specification = {"model": "m", "dataset": "d", "sampling": {}, "n": len(texts), "names": names}
        run = lakes.id_of(specification)
        about = {"run_id": run, "name": "r", "dataset": "d", "model": "m", "engine": "vllm", "versions": []}
        hashes = [(one, f"h{number}") for number, one in enumerate(problems)]
        labels = [(text[:60], text[:60]) for text in texts[:5]] if names else []
        more = {"problem_hashes": hashes, "labels": labels, "created_at": lakes._NOW}
        lakes.append(lake, "runs", [{**about, **more, "specification": lakes.json.dumps(specification)}])
        lakes.append(lake, "prompts", [{"problem_id": problem, "text": texts[0], "token_ids": [1]}], run_id=run)
        samples, completions, verdicts = [], [], []
        for index, text in enumerate(texts):
            key = {"problem_id": problem, "sample_index": index}
            facts = {"tokens": 3, "cumulative_logprob": -1.5, "finish_reason": "stop", "attempt": "x"}
            samples.append({**key, **facts})
            payload = {"token_ids": [1, 2, 3], "token_logprobs": [-0.5] * 3}
            completions.append({**key, "attempt": "x", "text": text, **payload})
            verdict = {"status": "correct" if index % 2 else "wrong", "answer": text[-400:], "detail": text[:200]}
            verdicts.append({**key, "verifier_version": "1", "pass_id": 1, **verdict})
        here = {"dataset": "d", "run_id": run}
        lakes.append(lake, "samples", samples, **here)
        lakes.append(lake, "completions", completions, **here)
        lakes.append(lake, "verdicts", verdicts, verifier="v", run_id=run)
        return lake

    return make


SHOWN = "<think>2 + 2 = \u00e9 5?</think> The answer is \\boxed{4}, and 4."


@pytest.fixture
def shaded(lakes: ModuleType, tmp_path: Path) -> Lake:
    """A lake of the runs a and b of two problems. Sample 0 of p1 of run a has the text `SHOWN`, and a scorer s.

    Tokens are bytes of UTF-8 and an end token. Token n has the log-prob -n / 10, and -1 under the scorer.
    """
    lake = Lake(str(tmp_path / "lake"), create=True)
    lakes.add_problems(lake, "d", {"p1": '{"level": 1}', "p2": '{"level": 5}'})
    lakes.add_scorer(lake, "s")
    for run in ("a", "b"):
        specification = {"model": "toy", "dataset": "d", "sampling": {"max_tokens": 16}, "seed": ord(run)}
        run_id = lakes.id_of(specification)
        about = {"run_id": run_id, "name": run, "dataset": "d", "model": "toy", "engine": "toy", "versions": []}
        hashes = [("p1", "h-p1"), ("p2", "h-p2")]
        when = lakes._NOW.replace(day=ord(run) - ord("a") + 1)
        more = {"problem_hashes": hashes, "labels": [("step", "1")], "created_at": when}
        lakes.append(lake, "runs", [{**about, **more, "specification": lakes.json.dumps(specification)}])
        prompts = [{"problem_id": one, "text": f"<user>? {one}", "token_ids": [1]} for one in ("p1", "p2")]
        lakes.append(lake, "prompts", prompts, run_id=run_id)
        rows: dict[str, list[dict[str, Any]]] = {name: [] for name in _TABLES}
        for problem, index in (("p1", 0), ("p1", 1), ("p1", 2), ("p2", 0), ("p2", 1)):
            text = (
                SHOWN if (run, problem, index) == ("a", "p1", 0) else f"{run} {problem} {index}: the answer is {index}"
            )
            tokens = [*text.encode(), 256]
            key = {"problem_id": problem, "sample_index": index}
            logprobs = [-number / 10 for number in range(len(tokens))]
            end = {"finish_reason": "stop", "stop_reason": None, "error": None}
            facts = {"tokens": len(tokens), "cumulative_logprob": sum(logprobs), "seed": 1000 + index}
            rows["samples"].append({**key, **facts, **end, "attempt": "x"})
            payload = {"attempt": "x", "text": text, "token_ids": tokens, "token_logprobs": logprobs}
            rows["completions"].append({**key, **payload})
            correct = index == 0 or (run, problem) == ("b", "p1")
            status = {"status": "correct" if correct else "wrong", "answer": "4" if text == SHOWN else str(index)}
            rows["verdicts"].append({**key, "verifier_version": "1", "pass_id": 2, **status, "detail": "because"})
            how = {"attempt": "y", "token_mode": "ids", "prompt": "run", "same_tokens": True, "error": None}
            scored = {"tokens": len(tokens), "bytes": len(tokens) - 1, "cumulative_logprob": -1.0 * len(tokens)}
            rows["scores"].append({**key, **scored, **how})
            rows["score_logprobs"].append({**key, "attempt": "y", "token_logprobs": [-1.0] * len(tokens)})
            top = {"n": 1, "positions": len(tokens), "top_ids": tokens, "top_logprobs": logprobs}
            bounds = {"top_entropy": 0.0, "mass_left": 0.0, "entropy_least": 0.0, "entropy_most": 0.0}
            rows["top_logprobs"].append({**key, "attempt": "x", **top, **bounds})
        earlier = {"verifier_version": "0", "pass_id": 1, "status": "error", "detail": "an earlier fault"}
        rows["verdicts"].append({"problem_id": "p1", "sample_index": 0, **earlier})
        here, scored = {"dataset": "d", "run_id": run_id}, {"scorer_id": lakes.SCORER, "run_id": run_id}
        lakes.append(lake, "top_logprobs", rows["top_logprobs"], scorer_id=run_id, run_id=run_id)
        for name in ("samples", "completions"):
            lakes.append(lake, name, rows[name], **here)
        lakes.append(lake, "verdicts", rows["verdicts"], verifier="v", run_id=run_id)
        for name in ("scores", "score_logprobs"):
            lakes.append(lake, name, rows[name], **scored)
    return lake


_TABLES = ("samples", "completions", "verdicts", "scores", "score_logprobs", "top_logprobs")


@pytest.fixture
def walled(page: Any) -> Any:
    """A page of Chromium that fails the test if it asks another host, or if a script opens a dialog."""
    page.foreign, page.dialogs = [], []

    def pass_on(route: Any) -> None:
        if route.request.url.startswith("http://127.0.0.1:"):
            route.continue_()
        else:
            page.foreign.append(route.request.url)
            route.abort()

    def dismiss(dialog: Any) -> None:
        page.dialogs.append(dialog.message)
        dialog.dismiss()

    page.route("**/*", pass_on)
    page.on("dialog", dismiss)
    yield page
    assert (page.foreign, page.dialogs, page.errors) == ([], [], [])

"""A server of pages over a small lake."""

import http.client
import importlib.util
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
def hostile() -> ModuleType:
    """The module hostile.py: texts that a page must show and not obey."""
    spec = importlib.util.spec_from_file_location("hostile", Path(__file__).with_name("hostile.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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

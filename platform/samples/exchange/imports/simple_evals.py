"""Read results of simple-evals: NAME_allresults.json, lists side by side.

    {"score": 0.5, "convos": [[{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}], …],
     "htmls": ["… <p>Correct Answer: 204</p> <p>Extracted Answer: 17</p> <p>Score: 0.0</p>", …]}

A problem is known by its question. The score, gold answer and extracted answer of a sample stand only at the end of its
page for people, which is read from there. The page spells out what a model wrote, so no completion can look like them.
"""

import html
import re
from collections.abc import Iterator
from typing import Any

from samples.exchange.imports.fields import Fields, choose_score
from samples.exchange.imports.row import Row
from samples.exchange.shapes.messages import completion_of, is_conversation, question_of
from samples.files.errors import BadRow
from samples.problems.problems import question_id
from samples.verifiers import Verdict

_LINE = re.compile(r"<p>(Correct Answer|Extracted Answer|Score): ([^<]*)</p>")
_RESULTS = "<h3>Results</h3>"


def read(value: Any, score: str | None) -> Iterator[Row]:
    """Yield the samples of a file."""
    fields = Fields(value)
    conversations, pages = fields.items("convos"), fields.items("htmls") or []
    if conversations is None:
        raise BadRow('"convos" is missing; a list of conversations is expected')
    if pages and len(pages) != len(conversations):
        raise BadRow(f'"htmls" has {len(pages)} values, "convos" has {len(conversations)}; both need the same number')
    for number, conversation in enumerate(conversations):
        question = question_of(conversation)
        if not is_conversation(conversation) or question is None:
            raise BadRow(f"convos[{number}] is no conversation with a question")
        said = _said(pages[number]) if pages and isinstance(pages[number], str) else {}
        completion = completion_of(conversation)
        chose = choose_score(score, {"score": None} if "Score" in said else {})
        yield Row(
            question_id(question),
            completion=completion,
            error=None if completion is not None else "there is no answer",
            verdict=_verdict(said) if chose and completion is not None else None,
            question=question,
            gold=said.get("Correct Answer"),
        )


def _said(page: str) -> dict[str, str]:
    end = page.rpartition(_RESULTS)[2]
    return {
        name: text for name, value in _LINE.findall(end) if (text := html.unescape(value).strip()) not in {"", "None"}
    }


def _verdict(said: dict[str, str]) -> Verdict:
    answer = said.get("Extracted Answer")
    right = {"1": True, "1.0": True, "True": True, "0": False, "0.0": False, "False": False}.get(said["Score"])
    if right is None:
        raise BadRow(
            f'the score of a page is "{said["Score"]}"; 0 or 1 is expected; leave verdicts out with --score none'
        )
    return Verdict("correct" if right else "wrong" if answer else "no_answer", answer)

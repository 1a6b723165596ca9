"""Read rows of any tool: one sample a row, or lists of samples per problem. The general reader.

Which field holds what is chosen from the first rows (see `plan`), by usual names at any depth, or named with --field.
If the completions are a list of n, a list of n in another field has a value for each, and one value is for all; a
verdict or a number of tokens counts only if it is each sample's own. Objects in a list (choices, outputs) are samples
each with its own fields. Messages are read as `shapes.messages` says, with the reasoning before the answer.

A row that says an error, or has neither a completion nor a verdict, is a sample that failed.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from samples.exchange.imports import scores
from samples.exchange.imports.fields import Fields, Floats, Ints
from samples.exchange.imports.gold import accepted
from samples.exchange.imports.plan import Plan
from samples.exchange.imports.row import Row
from samples.exchange.imports.tokens import in_message, tokens_at
from samples.exchange.shapes.dotted import lookup
from samples.exchange.shapes.errors import error_of
from samples.exchange.shapes.explode import exploded, gathered
from samples.exchange.shapes.kinds import is_listed, unpacked
from samples.exchange.shapes.messages import (
    completion_of,
    is_conversation,
    message_text,
    question_of,
    reasoning_of,
    with_reasoning,
)
from samples.files.errors import BadRow
from samples.files.values import as_text, fields_of, short_json
from samples.problems.answers import gold_answers
from samples.problems.fields import is_derivation
from samples.problems.problems import question_id

_REASONS = {
    **dict.fromkeys(("eos", "eos_token", "end_turn", "stop_sequence", "completed", "finished", "stop"), "stop"),
    **dict.fromkeys(("max_tokens", "model_length", "length", "incomplete", "truncated", "max_output_tokens"), "length"),
}


def reader(plan: Plan) -> Callable[[Any, str | None], Iterator[Row]]:
    """Return what reads the rows of a file by this plan."""

    def read(value: Any, _score: str | None) -> Iterator[Row]:
        for row, count in exploded(gathered(fields_of(value)), plan.samples):
            yield from _One(row, plan).samples(alone=count == 1)

    return read


class _One:
    """One row, read by a plan."""

    def __init__(self, row: dict[str, Any], plan: Plan) -> None:
        self._row, self._plan = row, plan
        self._message: Mapping[str, Any] = {}

    def samples(self, *, alone: bool) -> Iterator[Row]:
        """Yield the samples of the row; `alone` if it was not one of several in a list."""
        said = unpacked(self._of("completion"))
        error = error_of(self._row, self._plan.errors)
        listed = is_listed(said)
        self._message = in_message(said)
        values: list[Any] = said if listed else [said]
        question = question_of(unpacked(self._of("question")))
        problem_id, gold = self._problem_id(question), self._gold()
        if not values:
            values = [None]
        for number, value in enumerate(values):
            at = (number, len(values)) if listed else (0, 1)
            completion = self._completion(value, at)
            verdict = None if error else self._verdict(at, alone=alone)
            absent = completion is None and verdict is None
            ids, logprobs = self._tokens(at) if completion is not None else (None, None)
            counted = completion is not None and ids is None and logprobs is None
            yield Row(
                problem_id,
                sample_index=self._index() if len(values) == 1 else None,
                restarts=True,
                completion=completion,
                token_ids=ids,
                token_logprobs=logprobs,
                tokens=self._count(at, alone=alone) if counted else None,
                finish_reason=self._reason(at),
                seed=self._seed() if len(values) == 1 else None,
                error=error or (f'there is no "{self._plan.fields["completion"]}"' if absent else None),
                verdict=verdict,
                question=question,
                gold=gold,
                model=self._text("model"),
            )

    def _of(self, role: str) -> Any:
        name = self._plan.fields.get(role)
        if name is None:
            return self._message.get(role)
        value = lookup(self._row, name)
        return None if value is None or (isinstance(value, float) and value != value) else value  # noqa: PLR0124 - NaN

    def _at(self, role: str, at: tuple[int, int]) -> Any:
        """Return the value of one of several samples: of a list of as many values, else the one value."""
        value = self._of(role)
        number, count = at
        return value[number] if isinstance(value, list) and len(value) == count else value

    def _text(self, role: str) -> str | None:
        value = self._of(role)
        return value if isinstance(value, str) and value else None

    def _index(self) -> int | None:
        name = self._plan.fields.get("index")
        return None if name is None else Fields(self._row).integer(name)

    def _seed(self) -> int | None:
        name = self._plan.fields.get("seed")
        return None if name is None else Fields(self._row).seed(name)

    def _tokens(self, at: tuple[int, int]) -> tuple[Ints | None, Floats | None]:
        return tokens_at(self._of("token_ids"), self._of("token_logprobs"), *at)

    def _problem_id(self, question: str | None) -> str:
        name = self._plan.fields.get("id")
        if name is not None and name != self._plan.fields.get("question"):
            return Fields(self._row).id(name)
        if question is None:
            raise BadRow("has no id and no question: nothing says which problem it is; name a field with --field id=…")
        return question_id(question)

    def _gold(self) -> Any:
        value, name = self._of("gold"), self._plan.fields.get("gold", "")
        if name.rpartition(".")[2] == "choices":
            value = _right(value, lookup(self._row, f"{name.removesuffix('choices')}gold_index"))
        derived = is_derivation(name.rpartition(".")[2])
        return accepted(list(gold_answers(value, derivation=True).answers) if derived else value)

    def _completion(self, value: Any, at: tuple[int, int]) -> str | None:
        if value is None or isinstance(value, str):
            text = value
        elif is_conversation(value):
            return completion_of(value)
        elif isinstance(value, dict):
            return message_text(value)
        else:
            raise BadRow(f'"{self._plan.fields["completion"]}" is {short_json(value)}; text or messages are expected')
        reasoning = self._at("reasoning", at)
        if isinstance(reasoning, str) and reasoning:
            return with_reasoning(text or "", reasoning)
        beside = self._beside()
        return text if text is None and not beside else with_reasoning(text or "", beside)

    def _beside(self) -> str:
        """Return the reasoning that stands in the object of the completion."""
        holder, _, _ = self._plan.fields["completion"].rpartition(".")
        value = lookup(self._row, holder) if holder else {}
        return reasoning_of({"reasoning_content": value.get("reasoning_content")}) if isinstance(value, dict) else ""

    def _verdict(self, at: tuple[int, int], *, alone: bool) -> Any:
        name = self._plan.score
        if name is None:
            return None
        value = lookup(self._row, name)
        number, count = at
        if isinstance(value, list):
            if len(value) != count:
                raise BadRow(
                    f'"{name}" has {len(value)} values; the completions are {count}, and both need the same number'
                )
            value = value[number]
        elif count > 1 or not (alone or name.startswith(f"{self._plan.samples}.")):
            return None
        answer = self._at("answer", at)
        said = as_text(answer) if isinstance(answer, str | int | float) and not isinstance(answer, bool) else None
        return scores.verdict_of(value, name, said or None, answers="answer" in self._plan.fields)

    def _count(self, at: tuple[int, int], *, alone: bool) -> int | None:
        name = self._plan.fields.get("tokens", "")
        value = self._at("tokens", at)
        own = isinstance(self._of("tokens"), list) or (
            at[1] == 1 and (alone or name.startswith(f"{self._plan.samples}."))
        )
        return Fields({"tokens": value}).integer("tokens") if own and not isinstance(value, list) else None

    def _reason(self, at: tuple[int, int]) -> str | None:
        value = self._at("finish_reason", at)
        if isinstance(value, bool):  # is_truncated
            return "length" if value else None
        value = value.get("type") if isinstance(value, dict) else value
        return _REASONS.get(value.lower(), value) if isinstance(value, str) and value else None


def _right(choices: Any, number: Any) -> Any:
    """Return the choice of this number, or the choices of these numbers."""
    if isinstance(number, list):
        return [_right(choices, one) for one in number]
    whole = isinstance(number, int) and isinstance(choices, list) and 0 <= number < len(choices)
    return choices[number] if whole else None

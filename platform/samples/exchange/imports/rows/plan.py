"""Choose, from a file's first rows, which field holds what: the completion, the question, the gold answer and the rest.

The usual names are known (see `names`), at any depth. A field counts only if its values are of the kind that is
expected. A field that somebody names counts as it is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from samples.errors import UsageError, meant
from samples.exchange.imports.dotted import last, lookup
from samples.exchange.imports.rows import scores
from samples.exchange.imports.rows.explode import exploded, list_of_samples
from samples.exchange.imports.rows.ids import choose_gold, choose_id, choose_index
from samples.exchange.imports.rows.logprobs import is_logprobs
from samples.exchange.imports.rows.messages import is_conversation, is_message, question_of
from samples.exchange.imports.rows.names import ABOUT_THE_ANSWER, ABOUT_THE_PROBLEM, ERRORS, ROLES
from samples.exchange.imports.rows.seen import Seen

_SHOWN = ("completion", "question", "gold", "id", "index", "answer", "finish_reason", "token_ids", "token_logprobs")
_FIELDS = 30  # in a message


class UnknownShape(UsageError):
    """Nothing in the rows looks like completions."""


@dataclass(frozen=True)
class Plan:
    """Which field holds what. `samples` is the list of objects that are samples, `score` the field of the verdicts."""

    fields: Mapping[str, str]
    samples: str | None = None
    score: str | None = None
    errors: Sequence[str] = field(default=())

    def __str__(self) -> str:
        found = [f"{role}={self.fields[role]}" for role in _SHOWN if role in self.fields]
        return ", ".join([*found, f"score={self.score}"] if self.score else found)


def make_plan(rows: Sequence[dict[str, Any]], named: Mapping[str, str], score: str | None) -> Plan:
    """Return the plan for a file that begins with these rows. `named` gives fields of roles, which overrule the names.

    Raises:
        UnknownShape: No field looks like completions.
        UsageError: A named role is unknown, or a named field is not there.
        UnclearScore: It is unclear which field gives the verdicts.
    """
    for role, name in named.items():
        if role not in ROLES:
            raise UsageError(
                f"--field {role}={name}: no such role{meant(role, ROLES)}; choose one of {', '.join(ROLES)}"
            )
        if not any(lookup(row, name) is not None for row in rows):
            raise UsageError(f"--field {role}={name}: no row has such a field; there are {_listed(rows)}")
    counted: dict[str, int] = {}
    for row in rows if "completion" not in named else ():
        if (found := list_of_samples(row)) is not None:
            counted[found] = counted.get(found, 0) + 1
    samples = max(counted, key=lambda name: counted[name]) if counted else None
    flat = [pair for row in rows for pair in exploded(row, samples)]
    seen = Seen([row for row, _ in flat])
    completion = named.get("completion") or _completion(seen, samples)
    if completion is None or _needs_task(completion, seen):
        raise UnknownShape(
            f"no field looks like completions: there are {_listed(rows)}; name it with --field completion=…"
        )
    chosen = {"completion": completion}
    for role, fits in _FITS.items():
        if role in named:
            chosen[role] = named[role]
        elif found := next(_fitting(seen, role, fits, completion), None):
            chosen[role] = found
    if "question" not in chosen and any(is_conversation(value) for value in seen.there(completion)):
        chosen["question"] = completion
    if "gold" not in named and (gold := choose_gold(seen, chosen, _fitting(seen, "gold", _holds_gold, completion))):
        chosen["gold"] = gold
    if "token_ids" in chosen and "token_ids" not in named and not _of_each(seen, completion, chosen["token_ids"]):
        del chosen["token_ids"]
    shared = _shared(seen, completion, samples, [count for _, count in flat])
    chosen = {role: name for role, name in chosen.items() if role in named or role != "tokens" or name not in shared}
    for role, choose in (("id", choose_id), ("index", choose_index)):
        if found := named.get(role) or choose(seen, chosen):
            chosen[role] = found
    found_errors = [name for name in seen.named(ROLES["error"]) if _about(name, ABOUT_THE_ANSWER)]
    errors = [named["error"]] if "error" in named else list(dict.fromkeys([*ERRORS, *found_errors]))
    return Plan(chosen, samples, scores.choose(seen, score, shared), errors)


def _completion(seen: Seen, samples: str | None) -> str | None:
    """Return the field of the completions: one in the objects that are samples, if there are such, else any."""
    names = list(_fitting(seen, "completion", _holds_completions))
    return next((name for name in names if samples and name.startswith(f"{samples}.")), names[0] if names else None)


def _fitting(seen: Seen, role: str, fits: Callable[[Any], bool], completion: str = "") -> Iterator[str]:
    """Yield the fields of a role whose values fit, the best first."""
    for name in seen.named(ROLES[role]):
        if name == completion or completion.startswith(f"{name}."):
            continue
        if role == "gold" and not _about(name, ABOUT_THE_PROBLEM):
            continue
        values = seen.there(name)
        if values and all(fits(value) for value in values):
            yield name


def _about(name: str, holders: frozenset[str]) -> bool:
    """Return whether a field lies in no other objects than these."""
    return all(part.lower() in holders for part in name.split(".")[:-1])


def _holds_completions(value: Any) -> bool:
    if isinstance(value, list):
        return is_conversation(value) or all(
            one is None or isinstance(one, str) or is_conversation(one) or is_message(one) for one in value
        )
    return isinstance(value, str) or is_message(value)


def _holds_a_question(value: Any) -> bool:
    return question_of(value) is not None


def _holds_gold(value: Any) -> bool:
    scalar = isinstance(value, str | int | float) and not isinstance(value, bool)
    return scalar or (isinstance(value, list) and all(isinstance(one, str | int | float) for one in value))


def _holds_text(value: Any) -> bool:
    return isinstance(value, str) or (
        isinstance(value, list) and all(one is None or isinstance(one, str) for one in value)
    )


def _holds_a_reason(value: Any) -> bool:
    return _holds_text(value) or isinstance(value, bool)


def _holds_answers(value: Any) -> bool:
    return _holds_gold(value) or _holds_text(value)


def _holds_counts(value: Any) -> bool:
    return _is_count(value) or (isinstance(value, list) and all(one is None or _is_count(one) for one in value))


def _is_count(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 and value == int(value)


def _holds_ids(value: Any) -> bool:
    if not isinstance(value, list):
        return False
    lists = [one for one in value if isinstance(one, list)]
    return all(isinstance(one, int) for inner in (lists or [value]) for one in inner[:8] if one is not None)


def _holds_logprobs(value: Any) -> bool:
    if is_logprobs(value):
        return True
    return isinstance(value, list) and any(is_logprobs(one) for one in value)


_FITS: dict[str, Callable[[Any], bool]] = {
    "question": _holds_a_question,
    "answer": _holds_answers,
    "finish_reason": _holds_a_reason,
    "reasoning": _holds_text,
    "model": lambda value: isinstance(value, str),
    "seed": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "tokens": _holds_counts,
    "token_ids": _holds_ids,
    "token_logprobs": _holds_logprobs,
}


def _needs_task(completion: str, seen: Seen) -> bool:
    """Return whether the completion is a solution that may be a problem's, not a model's: a model's has a task."""
    return last(completion) in {"solution", "solutions"} and not seen.named(["task_id", "question_id"])


def _of_each(seen: Seen, completion: str, name: str) -> bool:
    """Return whether a field has a list of token ids for each of a row's completions."""
    for said, ids in zip(seen.values[completion], seen.values[name], strict=True):
        listed = isinstance(said, list) and not is_conversation(said) and len(said) > 1
        if listed and ids is not None and (len(ids) != len(said) or not isinstance(ids[0], list)):
            return False
    return True


def _shared(seen: Seen, completion: str, samples: str | None, counts: Sequence[int]) -> frozenset[str]:
    """Return the fields whose one value belongs to several samples of a row."""
    found: set[str] = set()
    for number, count in enumerate(counts):
        value = seen.values.get(completion, [None] * len(counts))[number]
        listed = isinstance(value, list) and not is_conversation(value) and len(value) > 1
        if listed or count > 1:
            inside = f"{samples}." if samples is not None and count > 1 else None
            found |= {
                name
                for name, values in seen.values.items()
                if values[number] is not None
                and not isinstance(values[number], list)
                and not (inside and name.startswith(inside))
            }
    return frozenset(found)


def _listed(rows: Sequence[dict[str, Any]]) -> str:
    names = list(Seen(rows[:20]).values)
    return (
        ", ".join(names[:_FIELDS]) + (f" and {len(names) - _FIELDS} more" if len(names) > _FIELDS else "")
        or "no fields"
    )

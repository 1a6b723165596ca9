"""Choose, from a file's first rows, which field holds what: the completion, the question, the gold answer and the rest.

The usual names are known (see `shapes.names`), at any depth. A field counts only if its values are of the kind that is
expected (see `shapes.kinds`). A field that somebody names counts as it is.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from samples.errors import UsageError, meant
from samples.exchange.imports import scores
from samples.exchange.shapes.dotted import last, lookup
from samples.exchange.shapes.explode import exploded, gathered, list_of_samples
from samples.exchange.shapes.ids import choose_gold, choose_id, choose_index
from samples.exchange.shapes.kinds import KINDS, is_listed, unpacked
from samples.exchange.shapes.messages import is_conversation
from samples.exchange.shapes.names import (
    ABOUT_THE_ANSWER,
    ABOUT_THE_PROBLEM,
    ERRORS,
    NO_ANSWER,
    ROLES,
    SOLUTIONS,
    TASKS,
    TESTS,
    TEXTS,
    WORDS,
)
from samples.exchange.shapes.seen import Seen

_SHOWN = ("completion", "question", "gold", "id", "index", "answer", "finish_reason", "token_ids", "token_logprobs")
_SIMPLE = ("finish_reason", "reasoning", "model", "seed", "tokens", "token_ids", "token_logprobs")
_FIELDS = 30  # in a message
_OF_A_ROW = 64  # samples of one row that are looked at


class UnknownShape(UsageError):
    """Nothing in the rows looks like completions."""


@dataclass(frozen=True)
class Plan:
    """Which field holds what. `samples` is the list of objects that are samples, `score` the field of the verdicts."""

    fields: Mapping[str, str]
    samples: str | None = None
    score: str | None = None
    errors: Sequence[str] = ()

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
    rows = [gathered(row) for row in rows]
    _require_there(rows, named)
    samples = None if "completion" in named else _samples(rows)
    flat = [pair for row in rows for pair in islice(exploded(row, samples), _OF_A_ROW)]
    seen = Seen([row for row, _ in flat])
    completion = named.get("completion") or _completion(seen, samples)
    if completion is None:
        raise UnknownShape(
            f"no field looks like completions: there are {_listed(rows)}; name it with --field completion=…"
        )
    chosen = {"completion": completion, **named}
    shared = _shared(seen, completion, samples, [count for _, count in flat])
    _add(chosen, "question", _question(seen, completion))
    _add(chosen, "gold", choose_gold(seen, chosen, _fitting(seen, "gold", completion)))
    _add(
        chosen,
        "answer",
        next((name for name in _fitting(seen, "answer", completion) if name not in chosen.values()), None),
    )
    for role in _SIMPLE:
        names = _fitting(seen, role, completion)
        _add(chosen, role, next((name for name in names if _of_each(seen, completion, role, name, shared)), None))
    _add(chosen, "id", choose_id(seen, chosen))
    _add(chosen, "index", choose_index(seen, chosen))
    errors = [name for name in seen.named(ROLES["error"]) if _within(name, ABOUT_THE_ANSWER)]
    errors = [named["error"]] if "error" in named else list(dict.fromkeys([*ERRORS, *errors]))
    return Plan(chosen, samples, scores.choose(seen, score, shared), errors)


def _require_there(rows: Sequence[dict[str, Any]], named: Mapping[str, str]) -> None:
    for role, name in named.items():
        if role not in ROLES:
            choices = ", ".join(ROLES)
            raise UsageError(f"--field {role}={name}: no such role{meant(role, ROLES)}; choose one of {choices}")
        if not any(lookup(row, name) is not None for row in rows):
            raise UsageError(f"--field {role}={name}: no row has such a field; there are {_listed(rows)}")


def _add(chosen: dict[str, str], role: str, name: str | None) -> None:
    if name is not None:
        chosen.setdefault(role, name)


def _samples(rows: Sequence[dict[str, Any]]) -> str | None:
    """Return the list of objects that most rows have their samples in."""
    counted = Counter(name for row in rows if (name := list_of_samples(row)) is not None)
    return counted.most_common(1)[0][0] if counted else None


def _completion(seen: Seen, samples: str | None) -> str | None:
    """Return the field of the completions: one in the objects that are samples, if there are such, else any."""
    names = [name for name in _fitting(seen, "completion") if not _is_of_a_problem(seen, name)]
    inside = (name for name in names if samples and f"{name}.".startswith(f"{samples}."))
    return next(inside, names[0] if names else None)


def _is_of_a_problem(seen: Seen, name: str) -> bool:
    """Return whether a field may be a part of a problem: its choices, its own solution, its text.

    A solution is a model's only where a task is named and there are no tests of it; a text only beside a question.
    """
    end = last(name)
    if end in SOLUTIONS:
        return not seen.named(TASKS) or bool(seen.named(TESTS))
    if end in TEXTS and "." not in name:
        return not any(other != name for other in _fitting(seen, "question", name))
    return end == "choices" and any(is_listed(value) for value in seen.there(name))


def _question(seen: Seen, completion: str) -> str | None:
    """Return the field of the question; a conversation holds it too."""
    found = next(_fitting(seen, "question", completion), None)
    both = any(is_conversation(unpacked(value)) for value in seen.there(completion))
    return completion if found is None and both else found


def _fitting(seen: Seen, role: str, completion: str = "") -> Iterator[str]:
    """Yield the fields of a role whose values are of its kind, those of the best name first."""
    fits = KINDS[role]
    worded = seen.worded(role) if role in WORDS else []
    texts = [name for name in seen.named(TEXTS) if _is_inside_a_problem(name)] if role == "question" else []
    for name in dict.fromkeys([*seen.named(ROLES[role]), *worded, *texts]):
        if name == completion or completion.startswith(f"{name}."):
            continue
        if role == "completion" and NO_ANSWER & set(name.lower().split(".")[:-1]):
            continue
        if role == "gold" and not _within(name, ABOUT_THE_PROBLEM):
            continue
        values = seen.there(name)
        fitting = sum(map(fits, values))
        if fitting and (fitting == len(values) or (role == "completion" and 2 * fitting >= len(values))):
            yield name  # a completion of another kind is a bad row


def _is_inside_a_problem(name: str) -> bool:
    return any(part.lower() in {"problem", "question", "prompt", "task"} for part in name.split(".")[:-1])


def _within(name: str, holders: frozenset[str]) -> bool:
    """Return whether a field lies in no other objects than these."""
    return all(part.lower() in holders for part in name.split(".")[:-1])


def _of_each(seen: Seen, completion: str, role: str, name: str, shared: frozenset[str]) -> bool:
    """Return whether a field says something of each completion: token ids of each, and no number of all together."""
    if role == "tokens":
        return name not in shared
    for said, ids in zip(seen.values.get(completion, []), seen.values[name], strict=False):
        several = is_listed(said) and len(said) > 1
        if (
            role == "token_ids"
            and several
            and ids is not None
            and (len(ids) != len(said) or not isinstance(ids[0], list))
        ):
            return False
    return True


def _shared(seen: Seen, completion: str, samples: str | None, counts: Sequence[int]) -> frozenset[str]:
    """Return the fields whose one value belongs to several samples of a row."""
    found: set[str] = set()
    for number, count in enumerate(counts):
        value = seen.values[completion][number] if completion in seen.values else None
        if count > 1 or (is_listed(value) and len(value) > 1):
            inside = f"{samples}." if samples is not None and count > 1 else None
            for name, values in seen.values.items():
                one = values[number] is not None and not isinstance(values[number], list)
                if one and not (inside and name.startswith(inside)):
                    found.add(name)
    return frozenset(found)


def _listed(rows: Sequence[dict[str, Any]]) -> str:
    names = list(Seen(rows[:20]).values)
    more = f" and {len(names) - _FIELDS} more" if len(names) > _FIELDS else ""
    return ", ".join(names[:_FIELDS]) + more if names else "no fields"

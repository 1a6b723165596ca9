"""Read log-probs of tokens in the forms of engines and servers, each as a list of numbers; token ids where they are.

[-0.1, -0.2]                                     tinker, verl, SGLang
{"content": [{"token": "a", "logprob": -0.1}]}   chat completions; the list alone, too
{"token_logprobs": [-0.1], "tokens": ["a"]}      completions
[{"17": {"logprob": -0.1, "rank": 1}, …}, …]     vLLM: the drawn token is the one with the token's id, else the first
[[-0.1, 17, "a"], …]                             SGLang's meta_info
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from samples.files.errors import BadRow
from samples.files.values import short_json

_TRIPLE, _DIGITS = 3, 9  # values of SGLang's form; digits of a token id


class Tokens(NamedTuple):
    """Log-probs of a completion's tokens, and their ids where the form has them."""

    logprobs: list[Any]
    ids: list[int] | None = None


def tokens_of(value: Any, ids: Sequence[int] | None) -> Tokens | None:
    """Read log-probs; None without any. `ids` are the ids of the drawn tokens, if they are known.

    Raises:
        BadRow: The form is unknown.
    """
    if isinstance(value, dict):
        inner = next((value[name] for name in ("content", "token_logprobs", "logprobs") if name in value), value)
        if inner is value:
            raise BadRow(f"log-probs are {short_json(value)}; a list is expected")
        return tokens_of(inner, ids)
    if value is None or value == []:
        return None
    if not isinstance(value, list):
        raise BadRow(f"log-probs are {short_json(value)}; a list is expected")
    first = value[0]
    if isinstance(first, dict):
        return _of_objects(value, ids)
    if isinstance(first, list | tuple) and len(first) > 1:
        return _of_triples(value)
    return Tokens(value)


def is_logprobs(value: Any) -> bool:
    """Return whether a value looks like the log-probs of one completion."""
    if isinstance(value, dict):
        return any(isinstance(value.get(name), list) for name in ("content", "token_logprobs"))
    if not isinstance(value, list) or not value:
        return False
    first = value[0]
    if isinstance(first, dict):
        return "logprob" in first or any(isinstance(one, dict) and "logprob" in one for one in first.values())
    if isinstance(first, list | tuple):
        numbers = len(first) == _TRIPLE and all(isinstance(one, int | float) for one in first[:2])
        return numbers and not isinstance(first[2], int | float)
    return isinstance(first, float)


def _of_triples(value: list[Any]) -> Tokens:
    if not all(isinstance(one, list | tuple) and len(one) == _TRIPLE for one in value):
        raise BadRow(f"log-probs are {short_json(value)}; [log-prob, token id, text] is expected for each token")
    ids = [int(one[1]) for one in value if isinstance(one[1], int | float) and one[1] % 1 == 0]
    return Tokens([one[0] for one in value], ids if len(ids) == len(value) else None)


def _of_objects(value: list[Any], ids: Sequence[int] | None) -> Tokens:
    if all(isinstance(one, dict) and "logprob" in one for one in value):
        found = [one.get("token_id", one.get("id")) for one in value]
        return Tokens([one["logprob"] for one in value], found if all(isinstance(one, int) for one in found) else None)
    known = ids if ids is not None and len(ids) == len(value) else None
    drawn: list[str] = []
    numbers: list[Any] = []
    for number, one in enumerate(value):
        if not isinstance(one, dict) or not one:
            raise BadRow(f"the log-prob of token {number} is {short_json(one)}; an object by token id is expected")
        key = str(known[number]) if known is not None and str(known[number]) in one else next(iter(one))
        inner = one[key]
        numbers.append(inner.get("logprob") if isinstance(inner, dict) else inner)
        drawn.append(key)
    return Tokens(numbers, [int(key) for key in drawn] if all(_is_id(key) for key in drawn) else None)


def _is_id(key: str) -> bool:
    return key.isdecimal() and len(key) <= _DIGITS

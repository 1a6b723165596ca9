"""Parameters of named queries: from what a person typed or a program passed to what is bound."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import samples_queries
from samples.errors import NotFound, SamplesError, UsageError, meant
from samples.query.filters import Known, find, listed, words
from samples_queries import Header, Parameter

_RANGE = re.compile(r"(\d+)\s*(?:\.\.)\s*(\d+)")
_MOST = 1_000_000  # numbers that one range may hold


def plain(value: Any) -> Any:
    """Return a parameter as Python has it: arrays, ranges and series as lists, a numpy number as a number."""
    if hasattr(value, "tolist"):  # numpy arrays and numbers, pandas series
        return value.tolist()
    if hasattr(value, "to_list"):  # Polars series
        return value.to_list()
    if isinstance(value, Mapping):
        return {key: plain(content) for key, content in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [plain(content) for content in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def check(header: Header, given: Mapping[str, Any]) -> None:
    """Refuse parameters that a query does not have, and a query without those it needs.

    Raises:
        UsageError: With the query's own ones.
    """
    names = {parameter.name for parameter in header.params}
    wrong = [f'no parameter "{name}"{meant(name, names)}' for name in given if name not in names]
    wrong += [
        f"a parameter missing: {parameter.name}"
        for parameter in header.params
        if parameter.required and parameter.name not in given
    ]
    if wrong:
        there = ", ".join(map(str, header.params)) or "none"
        has = "has" if wrong[0].startswith("no ") else "with"
        raise UsageError(f"query {header.name} {has} {wrong[0]}; its parameters are {there}")


def runs_of(
    header: Header, given: Mapping[str, Any], runs: Sequence[Known], there: Sequence[Known]
) -> list[Known] | None:
    """Return the runs that a query's parameters name; None when it has no such parameters and reads whatever there is.

    `runs` are those that filters leave, which a list of runs is chosen from; one run that is named may be any `there`.

    Raises:
        NotFound: There is no such run.
    """
    named: list[Known] = []
    asks = [parameter for parameter in header.params if parameter.kind in {"run", "runs"}]
    for parameter in asks:
        value = given.get(parameter.name) or parameter.default
        value = None if value == "none" else value
        if parameter.kind == "runs":
            named += [find(runs, name) for name in words(value)] or runs
        elif value:
            named.append(find(there, value))
    return list({run.run_id: run for run in named}.values()) if asks else None


def bind(
    header: Header,
    given: Mapping[str, Any],
    runs: Sequence[Known],
    there: Sequence[Known],
    verifiers: Callable[[], list[str]],
) -> dict[str, Any]:
    """Return what is bound to each parameter of a query.

    `runs` are those that filters leave of those `there`; `verifiers` names those that judged the runs it reads.

    Raises:
        UsageError: A value is not of its parameter's kind.
        NotFound: There is no such run or verifier.
        SamplesError: Nothing is there that the default could be.
    """
    bound: dict[str, Any] = {}
    named = all(given.get(parameter.name) for parameter in header.params if parameter.kind == "runs")
    for parameter in header.params:
        value = given.get(parameter.name)
        if parameter.kind == "problems":
            bound[parameter.name] = value or parameter.default or ("common" if named else "own")
            continue
        if value is None and not parameter.optional:
            value = parameter.default
        choice = there if parameter.kind == "run" else runs
        bound[parameter.name] = _bound(header.name, parameter, value, choice, verifiers)
    return bound


def _bound(
    query: str, parameter: Parameter, value: Any, runs: Sequence[Known], verifiers: Callable[[], list[str]]
) -> Any:
    if parameter.kind == "runs":
        return [find(runs, name).run for name in words(value)] or [run.run for run in runs]
    if parameter.kind == "verifier" and not (value is None and parameter.optional):
        return verifier(value, verifiers())
    if value is None:
        return None
    try:
        if parameter.kind == "run":
            return find(runs, value).run
        return _KINDS[parameter.kind](value)
    except NotFound:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"query {query}: {parameter.name}={value}: expected {_EXPECTED.get(parameter.kind, parameter.kind)}"
        ) from error


def verifier(name: str | None, there: list[str]) -> str:
    """Return the verifier of this name, or the only one there.

    Raises:
        NotFound: It judged nothing of these runs.
        UsageError: Several did, and none is named.
        SamplesError: None did.
    """
    if not there:
        asked = f"{name} judged" if name else "there are no verdicts on"
        raise SamplesError(f"{asked} none of these runs: samples ingest … --verifier {name or 'numeric'} adds them")
    if name is not None:
        if name not in there:
            close = meant(name, there)
            raise NotFound(f'verifier "{name}"{close} judged none of these runs; those that did: {listed(there)}')
        return name
    if len(there) > 1:
        raise UsageError(f"several verifiers judged these runs; choose with verifier=…: {listed(there)}")
    return there[0]


def integers(value: Any) -> list[int]:
    """Return whole numbers from a list, one number, "1,8,64", "1..64" or both; "all" is the empty list.

    Raises:
        ValueError: It is none of these.
    """
    if value == "all":
        return []
    parts: Iterable[Any] = [value] if isinstance(value, int) else words(value)
    numbers: list[int] = []
    for part in parts:
        if isinstance(part, str) and (found := _RANGE.fullmatch(part)):
            first, last = map(int, found.groups())
            if not first <= last < first + _MOST:
                raise ValueError(part)
            numbers += range(first, last + 1)
        else:
            numbers.append(_integer(part))
    return numbers


def _integer(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError(value)
    return int(value)


def _floats(value: Any) -> list[float]:
    return [float(part) for part in ([value] if isinstance(value, int | float) else words(value))]


def _bool(value: Any) -> bool:
    return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[str(value).lower()]


_KINDS: dict[str, Callable[[Any], Any]] = {
    "int": _integer,
    "float": float,
    "text": str,
    "bool": _bool,
    "ints": integers,
    "floats": _floats,
}
_EXPECTED = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "ints": 'whole numbers, as in 1,8,64 or 1..64, or "all"',
    "floats": "numbers, as in 0.5,0.9",
}
assert {*_KINDS, "run", "runs", "verifier", "problems"} == set(samples_queries.KINDS)

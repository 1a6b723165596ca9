"""Turn the parameters of named queries, as typed or passed, into the values to bind."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import samples_queries
from samples.errors import NotFound, UsageError, meant
from samples.query.filters import Known, find, words
from samples_queries import TAKES, Header, Parameter

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
    """Check that a query has these parameters, and that the ones it needs are given.

    Raises:
        UsageError: A parameter is unknown or missing. The message lists the query's own.
    """
    names = {parameter.name for parameter in header.options}
    wrong = [f"cannot be asked with {name}, as {_takers(name)} can" for name in given if name in TAKES.keys() - names]
    wrong += [f'has no parameter "{name}"{meant(name, names)}' for name in given if name not in names]
    wrong += [
        f"needs the parameter {parameter.name}"
        for parameter in header.params
        if parameter.required and given.get(parameter.name) is None
    ]
    if wrong:
        there = ", ".join(map(str, header.options)) or "none"
        raise UsageError(f"query {header.name} {wrong[0]}; its parameters are {there}")


def _takers(name: str) -> str:
    """Name the queries that take `by` or `pool`."""
    headers = map(samples_queries.header, samples_queries.NAMES)
    return ", ".join(header.name for header in headers if TAKES[name] in header.takes)


def runs_of(
    header: Header, given: Mapping[str, Any], runs: Sequence[Known], there: Sequence[Known]
) -> list[Known] | None:
    """Return the runs that a query's parameters name. None means that it has no such parameters and reads all runs.

    `runs` are the runs `there` that pass the filters. A parameter for several runs chooses among `runs`, a parameter
    for one run among all `there`.

    Raises:
        NotFound: There is no such run.
    """
    named: list[Known] = []
    asks = [parameter for parameter in header.params if parameter.kind in {"run", "runs"}]
    for parameter in asks:
        value = given.get(parameter.name) or (None if parameter.optional else parameter.default)
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
    choose_verifier: Callable[[str | None, str], str],
    choose_scorer: Callable[[str], str] = str,
) -> dict[str, Any]:
    """Return the value to bind to each parameter of a query.

    `runs` are the runs `there` that pass the filters. `choose_verifier` gets the name of a verifier, or None, and says
    which one is meant; its second argument names the parameter in errors. `choose_scorer` gets the name of a scorer.

    Raises:
        UsageError: A value is not of its parameter's kind.
        NotFound: There is no such run, verifier or scorer.
        SamplesError: The default is the only verifier, and the runs have no verdicts.
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
        if parameter.kind == "scorer":
            bound[parameter.name] = None if value is None else choose_scorer(value)
            continue
        choice = there if parameter.kind == "run" else runs
        bound[parameter.name] = _bound(header.name, parameter, value, choice, choose_verifier)
    return bound


def _bound(
    query: str,
    parameter: Parameter,
    value: Any,
    runs: Sequence[Known],
    choose_verifier: Callable[[str | None, str], str],
) -> Any:
    if parameter.kind == "runs":
        return [find(runs, name).run for name in words(value)] or [run.run for run in runs]
    if parameter.kind == "verifier" and not (value is None and parameter.optional):
        return choose_verifier(value, f"the parameter {parameter.name}")
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
    "label": str,
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
assert {*_KINDS, "run", "runs", "verifier", "scorer", "problems", "key"} == set(samples_queries.KINDS)

"""Named queries as Python functions: `lake.queries.pass_at_k(runs=…, ks=…)`."""

from collections.abc import Callable
from inspect import Parameter, Signature
from keyword import iskeyword
from typing import Any

import samples_queries
from samples.errors import meant
from samples.lake.tables import Tables
from samples.query import filters
from samples.query.query import query
from samples.query.rows import Rows

_TYPES: dict[str, Any] = {
    "run": str,
    "runs": "str | Sequence[str] | None",
    "verifier": "str | None",
    "scorer": "str | None",
    "problems": "Literal['common', 'own', 'each'] | None",
    "int": int,
    "float": float,
    "text": str,
    "bool": bool,
    "ints": "int | Iterable[int] | str | None",
    "floats": "float | Iterable[float] | None",
    "key": "str | None",
    "label": "str | None",
}
_LIMITS = ("memory", "threads")


class Queries:
    """The named queries of a lake, each a function: its parameters are keywords, its docstring is the header."""

    def __init__(self, lake: Tables) -> None:
        self._lake = lake

    def __dir__(self) -> list[str]:
        return [*samples_queries.NAMES]

    def __getattr__(self, name: str) -> Callable[..., Rows]:
        if name not in samples_queries.NAMES:
            raise AttributeError(f'no query is named "{name}"{meant(name, samples_queries.NAMES)}')
        return _function(self._lake, name)

    def __repr__(self) -> str:
        return f"<{len(samples_queries.NAMES)} queries of {self._lake.uri}: {', '.join(samples_queries.NAMES)}>"


def _function(lake: Tables, name: str) -> Callable[..., Rows]:
    def ask(**parameters: Any) -> Rows:
        return query(lake, name, **{_theirs(key): value for key, value in parameters.items() if value is not None})

    ask.__name__ = ask.__qualname__ = name
    ask.__doc__ = samples_queries.reference(name)
    ask.__signature__ = _signature(name)  # pyright: ignore[reportFunctionMemberAccess]  # what help and completion read
    return ask


def _ours(name: str) -> str:
    """Return a parameter's name in Python: `from` is a word of the language, so it becomes `from_`."""
    return f"{name}_" if iskeyword(name) else name


def _theirs(name: str) -> str:
    return name.removesuffix("_") if iskeyword(name.removesuffix("_")) else name


def _signature(name: str) -> Signature:
    params = samples_queries.header(name).options
    own = {parameter.name for parameter in params}
    keywords = [
        Parameter(_ours(p.name), Parameter.KEYWORD_ONLY, default=_default(p), annotation=_TYPES[p.kind])
        for p in sorted(params, key=lambda p: _default(p) is not Parameter.empty)
    ]
    common = [key for key in (*filters.NAMES, *_LIMITS) if key not in own]
    keywords += [Parameter(key, Parameter.KEYWORD_ONLY, default=None) for key in common]
    keywords.append(Parameter("skip_unreadable", Parameter.KEYWORD_ONLY, default=False, annotation=bool))
    return Signature(keywords, return_annotation=Rows)


def _default(parameter: samples_queries.Parameter) -> Any:
    """Return the default as Python has it; a parameter that must be given has none."""
    if parameter.default is None:
        return None if parameter.kind in {"runs", "verifier", "problems"} else Parameter.empty
    text = parameter.default
    if text in {"none", "only"}:
        return None
    kinds: dict[str, Callable[[str], Any]] = {"int": int, "float": float, "bool": lambda t: t == "true"}
    return kinds.get(parameter.kind, str)(text)

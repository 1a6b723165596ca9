"""The page of Python: what `samples` gives, what a lake can do, and what its methods return."""

import ast
import dataclasses
import inspect
import re
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import samples
import samples.api
from docstrings import told
from markup import code, page
from samples import errors
from samples.lake.tables import Tables
from samples.query.rows import Rows

_ABOUT = """Everything hangs on a lake. `help(samples.Lake)` has the same text as this page; `lake.queries` has each
[query](queries/README.md) as a function. Examples ask the made-up lake that the examples of queries ask."""
_WIDE = 100  # columns of a signature on one line
_SEEN = ("uri", "version")  # of what a lake inherits; the rest is for the platform's own use


def written() -> dict[str, str]:
    """Return the page by its path."""
    methods = [name for name in vars(samples.Lake) if not name.startswith("_")]
    parts = [_ABOUT, *_functions(), "## A lake", told(samples.Lake)]
    parts += [part for name in _SEEN for part in _member(Tables, name)]
    parts += [part for name in methods for part in _member(samples.Lake, name)]
    parts.append("## What methods return")
    for name, kind in _results(methods).items():
        parts += [f"### {name}", *_result(kind)]
    parts += ["## More about some methods", "The functions that the text above refers to."]
    for name in _referred(methods):
        module, _, function = name.rpartition(".")
        one = getattr(import_module(module), function)
        parts += [f"### {name}", code(_signature(function, one), "python"), told(one)]
    parts += ["## Errors", "The command line prints the message of a `SamplesError`, which is one line."]
    parts.append("\n".join(_error(one) for one in vars(errors).values() if _is_error(one)))
    return {"python.md": page("Python", *parts)}


def _functions() -> list[str]:
    named = [name for name in samples.__all__ if inspect.isfunction(getattr(samples, name))]
    return [
        part
        for name in named
        for part in (
            f"## samples.{name}",
            code(_signature(f"samples.{name}", getattr(samples, name)), "python"),
            told(getattr(samples, name)),
        )
    ]


def _member(owner: type, name: str) -> list[str]:
    """Return a method's or property's heading, signature and docstring."""
    one = vars(owner)[name]
    if isinstance(one, property):
        returned = inspect.signature(one.fget).return_annotation if one.fget else ""
        return [f"### lake.{name}", code(f"lake.{name} -> {_kind(returned)}", "python"), told(one)]
    return [f"### lake.{name}", code(_signature(f"lake.{name}", one), "python"), told(one)]


def _signature(name: str, function: Any) -> str:
    """Write a signature, a parameter a line where it is long."""
    line = _line(name, function)
    if len(line) <= _WIDE:
        return line
    *words, end = _words(function)
    return "\n".join([f"{name}(", *(f"    {word}," for word in words), f"){end}"])


def _line(name: str, function: Any) -> str:
    *words, end = _words(function)
    return f"{name}({', '.join(words)}){end}"


def _words(function: Any) -> list[str]:
    """Return the parameters of a function as text, and last what it returns."""
    said = inspect.signature(function)
    words: list[str] = []
    named = False
    for one in said.parameters.values():
        if one.name == "self":
            continue
        if one.kind is one.KEYWORD_ONLY and not named:
            words.append("*")
            named = True
        star = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**"}.get(one.kind, "")
        default = "" if one.default is one.empty else " = …" if callable(one.default) else f" = {one.default!r}"
        words.append(f"{star}{one.name}: {_kind(one.annotation)}{default}")
    return [*words, f" -> {_kind(said.return_annotation)}"]


def _kind(annotation: Any) -> str:
    """Write a type as a reader says it."""
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return re.sub(r"\b(?:collections\.abc|pathlib|typing|samples(?:\.\w+)+)\.(?=\w)", "", text)


def _results(methods: list[str]) -> dict[str, Any]:
    """Return what methods return that is our own, by the names that signatures use, in the order of the methods."""
    homes = {
        alias.asname or alias.name: (node.module, alias.name)
        for node in ast.walk(ast.parse(Path(samples.api.__file__).read_text()))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("samples.")
        for alias in node.names
    }
    found: dict[str, Any] = {"Rows": Rows}
    for name in methods:
        one = vars(samples.Lake)[name]
        returned = inspect.signature(getattr(one, "fget", one)).return_annotation
        words = re.findall(r"\w+", _kind(returned))
        found |= {word: getattr(import_module(homes[word][0]), homes[word][1]) for word in words if word in homes}
    return found


def _result(kind: Any) -> list[str]:
    """Return what a result is, and its fields, properties and methods."""
    if not inspect.isclass(kind):  # one of several classes of another library
        return ["One of " + ", ".join(f"`{one.__module__.partition('.')[0]}.{one.__name__}`" for one in get_args(kind))]
    about = told(kind)
    lines: list[str] = []
    if dataclasses.is_dataclass(kind) and "Attributes:" not in about:
        fields = [one for one in dataclasses.fields(kind) if not one.name.startswith("_")]
        lines += [f"- `{one.name}: {_kind(one.type)}`" for one in fields]
    for name, one in vars(kind).items():
        what = (inspect.getdoc(one) or "").split("\n\n")[0].replace("\n", " ")
        if isinstance(one, property) and not name.startswith("_"):
            lines.append(f"- `{name}`: {what}")
        elif inspect.isfunction(one) and not name.startswith("_"):
            lines.append(f"- `{_line(name, one)}`: {what}")
    return [f"`{kind.__module__}.{kind.__qualname__}`", about, *(["\n".join(lines)] if lines else [])]


def _referred(methods: list[str]) -> list[str]:
    """Return the functions that docstrings of a lake refer to as `samples.wing.file.function`."""
    texts = "".join(inspect.getdoc(vars(samples.Lake)[name]) or "" for name in methods)
    names = dict.fromkeys(re.findall(r"`(samples(?:\.\w+){2,})`", texts))
    return [name for name in names if _is_function(name)]


def _is_function(name: str) -> bool:
    module, _, last = name.rpartition(".")
    try:
        return inspect.isfunction(getattr(import_module(module), last, None))
    except ModuleNotFoundError:
        return False


def _is_error(one: object) -> bool:
    return inspect.isclass(one) and issubclass(one, samples.SamplesError)


def _error(one: type[BaseException]) -> str:
    above = ", ".join(f"`{kind.__name__}`" for kind in one.__bases__)
    return f"- `{one.__name__}` ({above}): {(inspect.getdoc(one) or '').splitlines()[0]}"

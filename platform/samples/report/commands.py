"""Write the command that asks a question again, of the same snapshot."""

import shlex
from collections.abc import Iterable, Mapping
from typing import Any

import samples_queries
from samples.lines import printable
from samples.query.filters import texts, words

IDS_FILE = "problem-ids.txt"  # which commands read where problem ids cannot be typed
_IDS = 40  # problem ids that a command names


def query_command(name: str, parameters: Mapping[str, Any], version: str, ids: Mapping[str, str]) -> str:
    """Return the `samples query` command of these parameters.

    `ids` has the id of each run by its name: a name that cannot be typed, or that commas would cut, is not written.
    """
    own = {parameter.name: parameter for parameter in samples_queries.header(name).options}
    words = ["samples", "query", name]
    for key, value in parameters.items():
        if key in own and own[key].kind == "bool":
            words.append(own[key].option.split("/")[0 if value else 1])
        elif key in own:
            words += [
                f"--{key.replace('_', '-')}",
                _joined(value, ids, runs=own[key].kind in {"run", "runs", "scorer"}),
            ]
        else:
            words += _filter(key, value, ids)
    return _quoted([*words, "--at", version])


def sql_command(text: str, filters: Mapping[str, Any], version: str, ids: Mapping[str, str]) -> str:
    """Return the `samples sql` command of a SELECT."""
    more = [word for key, value in filters.items() for word in _filter(key, value, ids)]
    return _quoted(["samples", "sql", " ".join(text.split()), *more, "--at", version])


def ids_in_file(filters: Mapping[str, Any]) -> list[str]:
    """Return the problem ids that commands read from IDS_FILE: they are many, or would not be read as they are typed.

    None are returned where commands name the problems themselves, or where there is no such filter.
    """
    problems = words(filters.get("problems"))
    named = ",".join(problems)
    typed = len(problems) <= _IDS and not named.startswith("@") and words(named or None) == problems
    return [] if typed and named == printable(named, lines=False) else problems


def filter_words(filters: Mapping[str, Any], ids: Mapping[str, str]) -> list[str]:
    """Return filters as a reader types them, such as `--where level=5`."""
    words = [word for key, value in filters.items() if value for word in _filter(key, value, ids)]
    return [" ".join(pair) for pair in zip(words[::2], words[1::2], strict=True)]


def _filter(key: str, value: Any, ids: Mapping[str, str]) -> list[str]:
    """Return a filter as options."""
    if key in {"where", "labels"}:
        option = "--where" if key == "where" else "--label"
        return [word for name, some in value.items() for one in texts(some) for word in (option, f"{name}={one}")]
    if key == "exclude_guessable":
        run, *rest = value
        return [
            "--exclude-guessable",
            ":".join(map(str, [_typed(run, ids), *(part for part in rest if part is not None)])),
        ]
    if key == "problems" and ids_in_file({key: value}):
        return ["--problems", f"@{IDS_FILE}"]
    return [f"--{key}", _joined(value, ids, runs=key == "runs")]


def _joined(value: Any, ids: Mapping[str, str], *, runs: bool) -> str:
    parts: Iterable[Any] = value if isinstance(value, list | tuple) else [value]
    return ",".join(_typed(part, ids) if runs else str(part) for part in parts)


def _typed(run: Any, ids: Mapping[str, str]) -> str:
    name = str(run)
    fit = name == printable(name, lines=False) and "," not in name and ":" not in name and name == name.strip()
    return name if fit else ids.get(name, name)


def _quoted(words: Iterable[str]) -> str:
    return printable(" ".join(map(shlex.quote, words)), lines=False)

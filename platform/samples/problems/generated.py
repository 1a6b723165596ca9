"""Generate problems with reasoning-gym, the same problems each time.

Generation runs in a child process with a fixed hash seed. Several tasks iterate over sets or draw from the global
random state; without the fixed seed they would give other problems at each start, and no run could be resumed. The
child process also keeps what some tasks print out of our output. `generate` runs in the parent process, `main` in the
child.
"""

import contextlib
import io
import json
import os
import random
import subprocess
import sys
import types
import typing
import warnings
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any
from urllib.parse import parse_qsl

import numpy as np

from samples.errors import MissingExtra, ProblemsError, first_line, meant
from samples.files.values import as_json

PREFIX = "reasoning-gym:"
_DEFAULTS = {"size": "50", "seed": "0"}


def generate(source: str) -> tuple[str, list[dict[str, Any]]]:
    """Generate the problems of `reasoning-gym:TASK[?setting=value&…]`; return the task and its entries in order.

    An entry has reasoning-gym's question, answer (None where only the task's scorer knows it) and metadata. The
    metadata's `reasoning_gym` holds task, settings and index, which give the same entry and its scorer again.

    Raises:
        ProblemsError: Unknown task or setting, or a value the task refuses.
        MissingExtra: reasoning-gym is not installed.
    """
    if find_spec("reasoning_gym") is None:
        raise MissingExtra(f"{source}: reasoning-gym is not installed; pip install 'samples[problems]'")
    task, _, query = source.removeprefix(PREFIX).partition("?")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError as error:
        raise ProblemsError(f"{source}: write settings as ?name=value&name=value") from error
    settings = dict(pairs)
    if len(settings) < len(pairs):
        raise ProblemsError(f"{source}: a setting is given twice; give it once")
    # -P: do not import modules from the current folder. The interpreter, environment and packages are the user's.
    done = subprocess.run(
        [sys.executable, "-P", "-m", "samples.problems.generated"],
        input=json.dumps({"task": task, "settings": _DEFAULTS | settings}),
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise ProblemsError(f"{source}: reasoning-gym failed: {last}")
    answer = json.loads(done.stdout)
    if "error" in answer:
        raise ProblemsError(f"{source}: {answer['error']}")
    return task, answer["entries"]


def main() -> None:
    """Read a task and its settings (texts) as JSON from stdin; write {"entries": …} or {"error": …} to stdout."""
    asked = json.load(sys.stdin)
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            answer = {"entries": generate_here(asked["task"], asked["settings"])}
        except ProblemsError as error:
            answer = {"error": str(error)}
    json.dump(answer, sys.stdout)


def generate_here(task: str, texts: Mapping[str, str]) -> list[dict[str, Any]]:
    """Generate a task's entries in this process; `texts` are its settings as written, with size and seed.

    Raises:
        ProblemsError: Unknown task or setting, or a value the task refuses.
    """
    import reasoning_gym
    from reasoning_gym.factory import DATASETS

    if task not in DATASETS:
        raise ProblemsError(f'there is no task "{task}"{_suggested(task, DATASETS)}')
    hints = typing.get_type_hints(DATASETS[task][1])
    settings: dict[str, Any] = {}
    for name, text in texts.items():
        if name not in hints:
            raise ProblemsError(f'{task} has no setting "{name}"{_suggested(name, hints)}')
        settings[name] = _typed(name, text, hints[name])
    if settings["seed"] is None:
        raise ProblemsError("seed is none; give a number, so that each start generates the same problems")
    try:
        random.seed(settings["seed"])
        np.random.seed(settings["seed"] % 2**32)  # noqa: NPY002 - tasks draw from the global state
        found = list(reasoning_gym.create_dataset(task, **settings))
    except Exception as error:  # tasks check their settings by assertions; some check nothing and fail
        raise ProblemsError(f"{task} refuses these settings: {first_line(error)}") from error
    again = {"task": task, "settings": as_json(settings)}
    return [
        {
            "question": entry["question"],
            "answer": entry["answer"],
            "metadata": as_json(entry["metadata"]) | {"reasoning_gym": again | {"index": index}},
        }
        for index, entry in enumerate(found)
    ]


def _typed(name: str, text: str, hint: Any) -> Any:
    options = typing.get_args(hint) if typing.get_origin(hint) in {typing.Union, types.UnionType} else (hint,)
    if type(None) in options and text.lower() in {"none", "null"}:
        return None
    kind = next(option for option in options if option is not type(None))
    origin = typing.get_origin(kind) or kind
    if origin is str or (origin is typing.Literal and text in typing.get_args(kind)):
        return text
    try:
        value = json.loads(text.lower() if origin is bool else text)
    except ValueError:
        value = None
    if origin is float and type(value) is int:
        return float(value)
    if origin in {int, float, bool} and type(value) is origin:
        return value
    if origin in {list, tuple, Sequence} and isinstance(value, list):
        return tuple(typing.cast("list[Any]", value)) if origin is tuple else value
    expected = getattr(kind, "__name__", None) if origin is kind else str(kind).replace("typing.", "")
    raise ProblemsError(f"setting {name} is {text!r}; {expected} is expected, written as in JSON")


def _suggested(name: str, known: Mapping[str, Any]) -> str:
    if close := meant(name, known):
        return close
    few = len(known) <= 30  # noqa: PLR2004 - a screenful
    return f"; there are {', '.join(sorted(known))}" if few else "; tasks are listed by reasoning_gym.factory.DATASETS"


if __name__ == "__main__":
    main()

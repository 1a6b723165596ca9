"""Score answers with a task of reasoning-gym, inside the sandbox: a job of `samples.sandbox.forkserver`.

The entries of the task are generated once, as `samples.problems.generated` does. Some scorers evaluate the answer as
Python (`eval`, SymPy's `parse_expr`). Such an answer runs in a process of its own, and could only forge its own score.
So that the usual ways to do this fail too, `eval` refuses names and attributes that no value needs.
"""

import ast
import builtins
import contextlib
import io
import random
import sys
import typing
import warnings
from types import ModuleType
from typing import Any, NamedTuple

from samples.errors import first_line
from samples.problems import generated
from samples.sandbox.protocol import encode

_eval = eval
# Built-in functions that an answer may call; SymPy offers it all of them.
_HARMLESS = frozenset(
    (
        *("abs", "all", "any", "bool", "complex", "dict", "divmod", "enumerate", "float", "frozenset", "int", "len"),
        *("list", "map", "max", "min", "pow", "range", "reversed", "round", "set", "slice", "sorted", "str", "sum"),
        *("tuple", "zip"),
    )
)
# Where SymPy keeps functions that run text as code, or write files.
_RUN_TEXT = ("sympy.utilities", "sympy.printing.preview", "sympy.plotting", "sympy.testing", "sympy.interactive")


class State(NamedTuple):
    """A task and its entries."""

    task: str
    dataset: Any
    entries: list[dict[str, Any]]


def prepare(about: dict[str, Any]) -> State:
    """Generate the entries of a task, and keep the parts that JSON would lose."""
    import numpy as np
    import reasoning_gym
    from reasoning_gym.factory import DATASETS

    warnings.simplefilter("ignore")
    task = about["task"]
    hints = typing.get_type_hints(DATASETS[task][1])
    typed: dict[str, Any] = {}
    for name, text in about["settings"].items():
        typed[name] = generated._typed(name, text, hints[name])  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    random.seed(typed["seed"])
    np.random.seed(typed["seed"] % 2**32)  # noqa: NPY002 - tasks draw from the global state
    dataset = reasoning_gym.create_dataset(task, **typed)
    entries = list(dataset)
    with contextlib.suppress(Exception):  # a first answer imports what scoring needs
        dataset.score_answer("0", entries[0])
    return State(task, dataset, entries)


def answer(state: State, question: dict[str, Any]) -> bytes:
    """Return the score as an encoded ["score", number], or ["error", why] or ["ended", why]."""
    entry = state.entries[question["index"]] if 0 <= question["index"] < len(state.entries) else {}
    same = entry.get("question") == question["question"]
    if not same or question["gold"] not in {None, entry["answer"]}:
        return encode(["error", f"{state.task} does not generate this problem again; it cannot be scored"])
    sys.stdout = io.StringIO()  # some tasks print
    setattr(builtins, "eval", evaluate)  # noqa: B010 - pyright refuses the assignment
    try:
        return encode(["score", float(state.dataset.score_answer(question["answer"], entry))])
    except Exception as error:  # noqa: BLE001 - a model may write anything, so a scorer may raise anything
        return encode(["error", f"{type(error).__name__}: {first_line(error)}"])
    except BaseException as error:  # noqa: BLE001 - exit() in an answer
        return encode(["ended", f"the answer raised {type(error).__name__}"])


def evaluate(source: Any, space: dict[str, Any] | None = None, local: Any = None, /) -> Any:
    """Evaluate an expression as `eval` does, unless it reaches for more than values.

    Raises:
        ValueError: It names an attribute, a private name, or a function that runs code or reaches files.
    """
    frame = sys._getframe(1)  # noqa: SLF001 - eval uses the caller's namespaces  # pyright: ignore[reportPrivateUsage]
    space = frame.f_globals if space is None else space
    local = frame.f_locals if local is None else local
    if isinstance(source, str | bytes):
        for node in ast.walk(ast.parse(source.strip(), mode="eval")):
            if isinstance(node, ast.Attribute) or (isinstance(node, ast.Name) and not _is_value(node.id, space, local)):
                raise ValueError("an answer may not do that")
    return _eval(source, space, local)


def _is_value(name: str, space: dict[str, Any], local: Any) -> bool:
    """Whether a name stands for a value, a type of SymPy, or a function that only computes."""
    if name.startswith("_"):
        return False
    found = local[name] if name in local else space.get(name, getattr(builtins, name, None))
    if found is not None and found is getattr(builtins, name, None):
        return name in _HARMLESS or isinstance(found, bool)
    if isinstance(found, ModuleType):
        return False
    return not str(getattr(found, "__module__", "")).startswith(_RUN_TEXT)

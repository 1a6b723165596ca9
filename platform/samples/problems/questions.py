"""The question of a row, as a model is asked it. What several fields hold of it is put together by one rule each.

- A list of messages (verl): the user's text. A system text stands before it, with a blank line between them. A
  conversation of several turns is refused.
- A body (SVAMP, ASDiv) comes before the question, on its line, as a sentence of its own.
- A context, passage or article comes before it, with a blank line between them.
- Starter code (LiveCodeBench, APPS) comes after it, as a block of code. The name of the function that the tests call is
  named if the question does not show it.
- A list of asserts (MBPP) comes after it if no call of the function is in the question: only they name the function.

`samples.problems.options` puts the options of multiple choice after it.
"""

import ast
import builtins
import re
from collections.abc import Mapping
from typing import Any

from samples.errors import ProblemsError
from samples.problems.answers import is_missing
from samples.problems.fields import plain, value_of
from samples.problems.python_code import syntax_tree

_BODY, _CONTEXTS = "body", ("context", "passage", "article")
_STARTER = "starter_code"
_FUNCTIONS = ("func_name", "fn_name", "metadata.func_name", "input_output.fn_name")
_ASSERTS = "test_list"
# Fields that the verifier `code` reads in the metadata.
JUDGED = ("test_imports", "test_setup_code", "private_test_cases", "func_name", "fn_name", "entry_point")


def question_text(place: str, value: Any, field: str) -> str:
    """Return the text of the question field.

    Raises:
        ProblemsError: It is empty, or neither text nor messages that can be asked.
    """
    if is_missing(value):
        raise ProblemsError(f'{place}: the question field "{field}" is empty; each problem needs one')
    if isinstance(value, list):
        return _of_messages(f'{place}: the question field "{field}"', value)
    if not isinstance(value, str):
        raise ProblemsError(f'{place}: the question field "{field}" holds a {type(value).__name__}; text is expected')
    return value


def _of_messages(where: str, messages: list[Any]) -> str:
    pairs = [(one.get("role"), _content(one.get("content"))) if isinstance(one, dict) else None for one in messages]
    turns: list[str] = []
    for number, pair in enumerate(pairs, 1):
        if pair is None or pair[0] not in ("system", "developer", "user", "assistant") or pair[1] is None:
            raise ProblemsError(f"{where} holds a list; text is expected, or messages with role and content ({number})")
        turns.append("system" if pair[0] == "developer" else str(pair[0]))
    if turns not in (["user"], ["system", "user"]):
        raise ProblemsError(
            f"{where} holds the messages {', '.join(turns)}; one user message is expected, after a system message if "
            "there is one"
        )
    return "\n\n".join(pair[1] for pair in pairs if pair and pair[1])


def _content(content: Any) -> str | None:
    """Return the text of a message, also of one in several parts; None if it is no text."""
    if isinstance(content, list):
        parts: list[Any] = [part.get("text") if isinstance(part, dict) else part for part in content]
        content = "\n".join(parts) if all(isinstance(part, str) for part in parts) else None
    return content if isinstance(content, str) and content.strip() else None


def with_context(question: str, row: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return a question behind what it stands on, and the fields that hold it."""
    used: list[str] = []
    if body := _text(row, _BODY, used):
        stop = "." if body[-1].isalnum() else ""
        question = f"{body}{stop} {question.strip()}"
    for name in _CONTEXTS:
        if _text(row, name, held := []):
            used += held
            question = f"{row[held[0]]}\n\n{question}"
    return question, used


def with_code(question: str, row: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return a question before what a program needs to know of its tests, and the fields that hold it."""
    used: list[str] = []
    starter = _text(row, _STARTER, used)
    if starter and starter not in question:
        question = (
            f"{question.rstrip()}\n\nStart from this code:\n\n```python\n{row[used[0]].strip(chr(10)).rstrip()}\n```"
        )
    names = {key: name for key in _FUNCTIONS if isinstance(name := value_of(row, key), str) and name.strip()}
    used += [key.partition(".")[0] for key in names]
    function = next(iter(names.values()), None)
    if function and not re.search(rf"(?<!\w){re.escape(function)}(?!\w)", question):
        question = f"{question.rstrip()}\n\nName the function `{function}`."
    asserts = row.get(_ASSERTS)
    if isinstance(asserts, list) and asserts and all(isinstance(one, str) for one in asserts):
        if not _shows_call(question, asserts):
            question = f"{question.rstrip()}\n\nYour code should pass these tests:\n\n" + "\n".join(asserts)
        used.append(_ASSERTS)
    return question, used


def _shows_call(question: str, asserts: list[str]) -> bool:
    """Return whether a question calls, defines or quotes the function that all asserts call."""
    try:
        trees = [syntax_tree(one.strip()) for one in asserts]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return any(one.strip() in question for one in asserts)
    called = [
        {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
        for tree in trees
    ]
    common = set[str].intersection(*called)
    own = {name for name in common if not hasattr(builtins, name)} or common
    return any(re.search(rf"(?<!\w){re.escape(name)}\s*\(|`{re.escape(name)}`", question) for name in own)


def _text(row: Mapping[str, Any], name: str, used: list[str]) -> str:
    """Return the text of the field of this name, stripped; "" if there is none. Its real name is added to `used`."""
    field = next((field for field in row if plain(field) == name), None)
    value = None if field is None else row[field]
    if field is None or not isinstance(value, str) or not value.strip():
        return ""
    used.append(field)
    return value.strip()

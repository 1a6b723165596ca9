"""Parse Python code, in one thread at a time.

Python before 3.11.8 counts the depth of syntax trees for all threads of a process together. Where two of them parse at
once, either may end with a SystemError (https://github.com/python/cpython/issues/106905).
"""

import ast
import threading
from typing import Any

_parsing = threading.Lock()


def syntax_tree(code: str) -> ast.Module:
    """Return the syntax tree of code. Raises what `ast.parse` raises."""
    with _parsing:
        return ast.parse(code)


def literal(text: str) -> Any:
    """Return the value that a text writes as Python does. Raises what `ast.literal_eval` raises."""
    with _parsing:
        return ast.literal_eval(text)

"""Find what a program needs from earlier blocks of its completion: imports, helper functions, constants.

An earlier block is put before the program if it binds a name that the program uses and does not bind itself. It must
be a block of definitions: imports, functions, classes and assignments. A block that prints or tests is an example.
"""

import ast
import builtins
import warnings
from collections.abc import Sequence

from samples.problems.python_code import syntax_tree

_LONGEST = 200_000  # characters of a block that is parsed
_DEFINITIONS = (
    ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign
)  # fmt: skip


def tree_of(code: str) -> ast.Module | None:
    """Return the syntax tree of a program, or None if it is not complete or not Python."""
    if len(code) > _LONGEST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "invalid escape sequence" is the model's matter
            return syntax_tree(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def with_helpers(program: str, earlier: Sequence[str]) -> str:
    """Return a program behind those earlier blocks that bind what it needs, in their order."""
    tree = tree_of(program) if earlier else None
    if tree is None:
        return program
    missing = unbound_names(tree)
    chosen: list[str] = []
    for block in reversed(earlier):
        found = tree_of(block) if missing else None
        if found is None or not all(isinstance(part, _DEFINITIONS) or _is_docstring(part) for part in found.body):
            continue
        names = _bound(found)
        if names & missing:
            chosen.insert(0, block)
            missing = (missing | _used(found)) - names
    return "\n".join(block.rstrip("\n") + "\n" for block in [*chosen, program]) if chosen else program


def unbound_names(tree: ast.Module) -> set[str]:
    """Return the names that a program uses and binds nowhere, without those of built-in functions."""
    return _used(tree) - _bound(tree)


def _is_docstring(part: ast.stmt) -> bool:
    return isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)


def _used(tree: ast.Module) -> set[str]:
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return names - vars(builtins).keys()


def _bound(tree: ast.Module) -> set[str]:
    """Return all names that a program binds, in any scope."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names.add(node.name)
            case ast.Name(ctx=ast.Store()):
                names.add(node.id)
            case ast.arg():
                names.add(node.arg)
            case ast.alias():
                names.add((node.asname or node.name).partition(".")[0])
            case ast.ExceptHandler(name=str(name)):
                names.add(name)
            case _:
                pass
    return names

"""The program's process in the sandbox: run it as a script, or keep it to answer calls of its functions.

All of this shares a process with hostile code and decides nothing: whatever it says, the program could say.
"""

from __future__ import annotations

import builtins
import os
import sys
from _sitebuiltins import Quitter

from samples.sandbox.protocol import canonical, decode, encode, receive, send

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any, NoReturn

_FILE = "<program>"
# Where a completion that goes on after the function's body is cut (Chen et al. 2021, section 2.1).
_STOPS = ("\nclass", "\ndef", "\n#", "\nif", "\nprint")


def be_script(program: dict[str, Any]) -> NoReturn:
    """Be the program, as `python program.py` would run it, to the interpreter's own end."""
    try:
        _load(program, "__main__")
    except Exception as error:  # noqa: BLE001 - hostile code raises anything
        sys.exit("\n" + named(error))
    sys.exit(0)


def answer_calls(program: dict[str, Any]) -> NoReturn:
    """Be the program, and answer calls of its functions on descriptors 3 and 4."""
    try:
        space = _load(program, "solution")
    except BaseException as error:  # noqa: BLE001 - hostile code raises anything
        send(4, named(error).encode("utf-8", "replace") or b"?")
        os._exit(1)
    send(4, b"")
    while request := receive(3, 1 << 31):
        try:
            name, data = decode(request[1:])
            answer = (_call_tested if request[:1] == b"t" else _call)(_find(space, name), data)
        except BaseException as error:  # noqa: BLE001 - hostile code raises anything
            answer = encode(["raise", type(error).__name__, named(error)])
        send(4, answer)
    os._exit(0)


def _call(function: Any, data: bytes) -> bytes:
    value = function(*decode(data, 1 << 30))
    return encode(["value", canonical(list(value) if isinstance(value, tuple) else value), repr(value)[:100]])


def _call_tested(function: Any, data: bytes) -> bytes:
    arguments, named = decode(data, 1 << 30)
    value = function(*arguments, **named)
    after = None
    if any(isinstance(argument, list | dict | set) for argument in arguments):
        after = arguments if encode([arguments, named]) != data else None
    return encode(["value", value, after])


def _find(space: dict[str, Any], name: str) -> Any:
    if name in space:
        return space[name]
    if hasattr(space.get("Solution"), name):
        return getattr(space["Solution"](), name)
    raise NameError(f"name '{name}' is not defined")


def _load(program: dict[str, Any], name: str) -> dict[str, Any]:
    """Run the program's text as a module of this name."""
    # What `site` would have added, and programs use.
    for word in ("exit", "quit"):
        setattr(builtins, word, Quitter(word, "Ctrl-D"))
    for fd, (stream, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        file = open(fd, mode, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115 - the program's own streams
        setattr(sys, stream, file)
        setattr(sys, f"__{stream}__", file)
    sys.argv = ["program.py"]
    if program["recursion"]:
        sys.setrecursionlimit(program["recursion"])
    module = type(sys)(name)
    sys.modules[name] = module
    for part in _parts(program):
        exec(part, module.__dict__)  # noqa: S102 - what the sandbox is for
    return module.__dict__


def _parts(program: dict[str, Any]) -> list[CodeType]:
    """Compile the program: by itself, after the prompt it goes with, or as the prompt's continuation.

    It is the prompt's continuation unless it is a program that defines `entry`. A continuation that is no Python as a
    whole is cut where the field cuts it.
    """
    before = [_compiled(program["preamble"])] if program["preamble"] else []
    code, prompt, entry = program["code"], program["prompt"], program["entry"]
    if prompt is None:
        return [*before, _compiled(code)]
    whole = None
    try:
        whole = _compiled(code)
        if any(getattr(part, "co_name", None) == entry for part in whole.co_consts):
            return [*before, _compiled(prompt), whole]
    except SyntaxError:
        if whole:  # the prompt is no code
            return [*before, whole]
    try:
        return [*before, _compiled(prompt + code)]
    except SyntaxError:
        if whole:
            return [*before, whole]
    cut = min((at for at in map(code.find, _STOPS) if at >= 0), default=len(code))
    return [*before, _compiled(prompt + code[:cut])]


def _compiled(text: str) -> CodeType:
    return compile(text, _FILE, "exec", dont_inherit=True)


def named(error: BaseException) -> str:
    """Return an exception's type and the first line of its message."""
    try:
        text = str(error)
    except BaseException:  # noqa: BLE001 - an exception of the program's own making
        text = ""
    return (f"{type(error).__name__}: {text}" if text else type(error).__name__).partition("\n")[0][:500]

"""The program's process in the sandbox: it runs the program as a script, or answers calls of its functions.

This code shares a process with hostile code, so it decides nothing: the program could send the same answers itself.
"""

from __future__ import annotations

import builtins
import io
import os
import sys
from _sitebuiltins import Quitter

from samples.sandbox.protocol import canonical, decode, encode, receive, send
from samples.sandbox.unittests import MODULE, make_importable, run_unittests

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any, NoReturn

_FILE = "<program>"
# A completion that continues after the function's body is cut before these (Chen et al. 2021, section 2.1).
_CUT_BEFORE = ("\nclass", "\ndef", "\n#", "\nif", "\nprint")


def run_as_script(program: dict[str, Any]) -> NoReturn:
    """Run the program as `python program.py` would, until the interpreter exits."""
    try:
        _execute(program, "__main__")
    except SystemExit:
        if not program["forgive_exit"]:
            raise
    except Exception as error:  # noqa: BLE001 - hostile code raises anything
        sys.exit("\n" + describe_error(error))
    sys.exit(0)


def answer_calls(program: dict[str, Any]) -> NoReturn:
    """Run the program, then answer calls of its functions, or run tests in its module, on descriptors 3 and 4."""
    try:
        space = _execute(program, MODULE if program["with_tests"] else "solution")
    except BaseException as error:  # noqa: BLE001 - hostile code raises anything
        send(4, describe_error(error).encode("utf-8", "replace") or b"?")
        os._exit(1)
    send(4, b"")
    while request := receive(3, 1 << 31):
        try:
            if request[:1] == b"u":
                send(4, run_unittests(space, *decode(request[1:])))
                continue
            name, data = decode(request[1:])
            answer = (_call_for_tests if request[:1] == b"t" else _call)(_find_function(space, name), data)
        except BaseException as error:  # noqa: BLE001 - hostile code raises anything
            answer = encode(["raise", type(error).__name__, describe_error(error)])
        send(4, answer)
    os._exit(0)


def _call(function: Any, data: bytes) -> bytes:
    value = function(*decode(data, 1 << 30))
    return encode(["value", canonical(list(value) if isinstance(value, tuple) else value), repr(value)[:100]])


def _call_for_tests(function: Any, data: bytes) -> bytes:
    arguments, keywords = decode(data, 1 << 30)
    value = function(*arguments, **keywords)
    after = None
    if any(isinstance(argument, list | dict | set) for argument in arguments):
        after = arguments if encode([arguments, keywords]) != data else None
    return encode(["value", value, after])


def _find_function(space: dict[str, Any], name: str) -> Any:
    if name in space:
        return space[name]
    if hasattr(space.get("Solution"), name):
        return getattr(space["Solution"](), name)
    raise NameError(f"name '{name}' is not defined")


def _execute(program: dict[str, Any], name: str) -> dict[str, Any]:
    """Run the program's text as a module of this name."""
    # `site` is off, but programs use these two names that it adds.
    for word in ("exit", "quit"):
        setattr(builtins, word, Quitter(word, "Ctrl-D"))
    for fd, (stream, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        file = open(fd, mode, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115 - the program's streams stay open
        setattr(sys, stream, file)
        setattr(sys, f"__{stream}__", file)
    sys.argv = ["program.py"]
    if program["recursion"]:
        sys.setrecursionlimit(program["recursion"])
    if program["digits"]:
        sys.set_int_max_str_digits(program["digits"])
    builtins.open = io.open = _open
    module = type(sys)(name)
    sys.modules[name] = module
    if program["with_tests"]:
        make_importable(module, program["entry"])
    for part in _compile_parts(program):
        exec(part, module.__dict__)  # noqa: S102 - the sandbox is made for this
    return module.__dict__


_STDIN = ("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")
_python_open = open


def _open(file: Any, *arguments: Any, **settings: Any) -> Any:
    """Open a file. The sandbox has no /proc, so the paths of standard input are those of descriptor 0."""
    if isinstance(file, str) and file in _STDIN:
        return _python_open(0, *arguments, **{**settings, "closefd": False})
    return _python_open(file, *arguments, **settings)


def _compile_parts(program: dict[str, Any]) -> list[CodeType]:
    """Compile the program: alone, after its prompt, or as the continuation of its prompt.

    With a prompt, the text is its continuation, unless it is a program that defines `entry`. If the whole continuation
    is not valid Python, it is cut at the field's usual stop sequences.
    """
    before = [_compile(program["preamble"])] if program["preamble"] else []
    code, prompt, entry = program["code"], program["prompt"], program["entry"]
    if prompt is None:
        return [*before, _compile(code)]
    whole = None
    try:
        whole = _compile(code)
        if any(getattr(part, "co_name", None) == entry for part in whole.co_consts):
            return [*before, _compile(prompt), whole]
    except SyntaxError:
        if whole:  # the prompt is not code
            return [*before, whole]
    try:
        return [*before, _compile(prompt + code)]
    except SyntaxError:
        if whole:
            return [*before, whole]
    cut = min((at for at in map(code.find, _CUT_BEFORE) if at >= 0), default=len(code))
    return [*before, _continued(prompt, code[:cut])]


def _continued(prompt: str, code: str) -> CodeType:
    """Compile the code as the continuation of the prompt, or of a beginning of it: words may follow the function."""
    try:
        return _compile(prompt + code)
    except SyntaxError:
        lines = prompt.rstrip().split("\n")
        for end in range(len(lines) - 1, max(len(lines) - 20, 0), -1):
            try:
                return _compile("\n".join(lines[:end]) + "\n" + code)
            except SyntaxError:
                continue
        raise


def _compile(text: str) -> CodeType:
    return compile(text, _FILE, "exec", dont_inherit=True)


def describe_error(error: BaseException) -> str:
    """Return an exception's type and the first line of its message."""
    try:
        text = str(error)
    except BaseException:  # noqa: BLE001 - the program may have defined this exception
        text = ""
    return (f"{type(error).__name__}: {text}" if text else type(error).__name__).partition("\n")[0][:500]

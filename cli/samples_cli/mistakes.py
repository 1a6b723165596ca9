"""Write Typer's errors as one line: what, where, expected and found, what to do next."""

import re
from typing import Any

from samples.errors import meant


def mistake(error: Any) -> str:
    """Return the line for one of Typer's errors."""
    context = getattr(error, "ctx", None)
    line = _line(error, context).strip().rstrip(".")
    return line if context is None else f"{line}. Try '{context.command_path} --help'"


def _line(error: Any, context: Any) -> str:
    if hasattr(error, "possibilities"):  # there is no such option
        known = [name for param in context.command.get_params(context) for name in (*param.opts, *param.secondary_opts)]
        return f"no option {error.option_name}{meant(error.option_name, known, lambda name: name.lstrip('-'))}"
    param = getattr(error, "param", None)
    if param is None:
        text = str(error.format_message())
        for said, better in _BETTER.items():
            text = re.sub(said, better, text)
        return text
    name = max(param.opts, key=len) if param.param_type_name == "option" else param.metavar or param.name.upper()
    if hasattr(error, "param_type"):  # it is missing
        return f"{name} is missing" + (f", and {param.envvar} is not set" if param.envvar else "")
    return _unread(error, param, name)


# What Typer says of arguments, and what we say.
_BETTER = {
    r"Option '(.*)' requires an argument": r"\1 needs a value",
    r"Option '(.*)' does not take a value": r"\1 takes no value",
    r"Got unexpected extra argument\(s\) \((.*)\)": r"too many arguments: \1",
}


def _unread(error: Any, param: Any, name: str) -> str:
    """Say what was typed and what is expected. The error of pydantic, which reads values, holds what was typed."""
    details = getattr(error.__cause__, "errors", list[Any])()
    if not details:
        return f"{name}: {error.message}"
    said, choices = details[0], param.type_descriptor.choices
    found = f"{name} {said['input']}"
    if choices:
        return f"{found}: expected one of {', '.join(choices)}{meant(str(said['input']), choices)}"
    if "error" in said.get("ctx", {}):
        return f"{found}: {said['ctx']['error']}"
    return f"{found}: expected {_expected(param)}"


def _expected(param: Any) -> str:
    kind = {int: "a whole number", float: "a number"}.get(param.type_descriptor.annotation, "another value")
    least, most = param.type_descriptor.parameter_info.min, param.type_descriptor.parameter_info.max
    if least is not None and most is not None:
        return f"{kind} from {least} to {most}"
    return kind + (f" of at least {least}" if least is not None else f" up to {most}" if most is not None else "")

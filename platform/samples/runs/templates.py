"""Templates: turn a problem's question into the text of a prompt.

There are three kinds: the model's own chat template, the plain question, and a Jinja file. A run's id depends on the
template's text, because a template changes scores more than most models do. No template gets the gold answer. A Jinja
file runs in a sandbox and can read only the problem.

Some chat templates write today's date (`strftime_now`: Llama 3.2, SmolLM3, gpt-oss). Here they get a date that is part
of the template, never the clock's: a run that goes on tomorrow asks what it asked today.
"""

import traceback
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from samples.engines import Tokenizer
from samples.errors import MissingExtra, TemplateError, first_line
from samples.problems.fields import without_gold
from samples.problems.problems import Problem

DATE = "2024-07-26"  # for templates that write a date: the day that those of Llama 3 write where there is no clock

_VARIABLES = ("question", "problem_id", "metadata", "system", "suffix")
_CLOCK = "strftime_now"  # the function that transformers gives to chat templates


@dataclass(frozen=True)
class Template:
    """One way of writing prompts. With the same tokenizer, equal templates write the same prompts.

    `kind` is "chat", "plain" or "jinja". `text` is the model's chat template, the plain format or the file's text.
    `suffix` follows the question on a line of its own. `date` (YYYY-MM-DD) is set if the text asks for today's date.
    `path` names the file in errors, and serves nothing else.
    """

    kind: str
    text: str
    system: str | None = None
    suffix: str | None = None
    date: str | None = None
    path: str | None = field(default=None, compare=False)

    def render(self, problem: Problem, tokenizer: Tokenizer) -> str:
        """Return the prompt's text. Special tokens in the template stand in it as text.

        Raises:
            TemplateError: The template fails on this problem. The message names file and line of a Jinja file.
        """
        if self.kind == "jinja":
            return self._jinja(problem)
        question = "\n".join(part for part in (problem.question, self.suffix) if part)
        if self.kind == "plain":
            return question
        # A system text of "" is passed on too: it switches off the default one of some chat templates.
        system = [] if self.system is None else [{"role": "system", "content": self.system}]
        messages = [*system, {"role": "user", "content": question}]
        try:
            return tokenizer.render_chat(messages, self.date) if self.date else tokenizer.render_chat(messages)
        except Exception as error:  # a chat template can raise anything; many have no system role
            reason = f"the model's chat template fails: {first_line(error)}"
            raise TemplateError(f'problem "{problem.problem_id}": {reason}') from error

    def _jinja(self, problem: Problem) -> str:
        variables = {
            "question": problem.question,
            "problem_id": problem.problem_id,
            "metadata": without_gold(problem.metadata),
            "system": self.system or "",
            "suffix": self.suffix or "",
            **({_CLOCK: datetime.fromisoformat(self.date).strftime} if self.date else {}),
        }
        try:
            return _compiled(self.text).render(variables)
        except Exception as error:  # the file's expressions can raise anything
            frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
            place = f"{self.path} line {frames[-1].lineno if frames else 1}"
            raise TemplateError(f'{place}: fails on problem "{problem.problem_id}": {first_line(error)}') from error


def load_template(
    choice: str,
    tokenizer: Tokenizer,
    *,
    system: str | None = None,
    suffix: str | None = None,
    date: str | None = None,
) -> Template:
    """Make the template of `choice`: "chat" (the model's own), "plain" (the question alone) or a Jinja file's path.

    A Jinja file gets question, problem_id, metadata (without fields known to hold gold answers), system and suffix (""
    for None). It is parsed like a chat template: a block leaves no line of its own, and one final newline is dropped.
    A template that asks for today's date gets `date` (YYYY-MM-DD), by default DATE.

    Raises:
        TemplateError: There is no such template, it does not parse, or it does not use `system`, `suffix` or `date`.
        MissingExtra: A Jinja file needs jinja2, which is not installed.
    """
    suffix = suffix or None
    if choice == "chat":
        if tokenizer.chat_template is None:
            raise TemplateError("the model has no chat template: use --template plain, or a Jinja file of your own")
        return Template("chat", tokenizer.chat_template, system, suffix, _date(tokenizer.chat_template, date))
    if choice == "plain":
        if system is not None:
            raise TemplateError("a plain template has no place for a system text: use --template chat or a Jinja file")
        return Template("plain", "{question}\n{suffix}" if suffix else "{question}", None, suffix, _date("", date))
    text = _text(choice)
    _check(choice, text, {"system": system, "suffix": suffix})
    return Template("jinja", text, system, suffix, _date(text, date), choice)


def _date(text: str, given: str | None) -> str | None:
    """Return the date that a template of this text is rendered with; None if it does not ask for one."""
    if _CLOCK not in text:
        if given is not None:
            raise TemplateError(
                f"the template does not ask for the date ({_CLOCK}), so --template-date would have no effect; "
                "leave it out"
            )
        return None
    try:
        return datetime.strptime(DATE if given is None else given, "%Y-%m-%d").date().isoformat()  # noqa: DTZ007 - a day has no zone
    except ValueError as error:
        raise TemplateError(f"--template-date {given}: expected a day as YYYY-MM-DD, such as {DATE}") from error


def prompt_ids(tokenizer: Tokenizer, template: Template, problem: Problem) -> tuple[str, list[int]]:
    """Return a problem's prompt as text, and as the token ids for the engine.

    The model's begin token stands at the start exactly once. A chat template writes it. Plain text gets it from the
    tokenizer, and so does a Jinja file's text that does not begin with it.

    Raises:
        TemplateError: The template fails on this problem, or its prompt is empty.
    """
    text = template.render(problem, tokenizer)
    if not text.strip():
        raise TemplateError(f'problem "{problem.problem_id}": the rendered prompt is empty; check the template')
    ids = tokenizer.encode(text, special_tokens=template.kind == "plain")
    if template.kind == "jinja":
        begin = tokenizer.encode("", special_tokens=True)
        if ids[: len(begin)] != begin:
            ids = tokenizer.encode(text, special_tokens=True)
    return text, ids


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise TemplateError(f'"{path}" is not a template: use chat, plain, or the path of a Jinja file') from error
    except UnicodeDecodeError as error:
        raise TemplateError(f"{path}: is not UTF-8 ({error.reason} at byte {error.start})") from error
    except OSError as error:
        raise TemplateError(f"{path}: cannot be read: {error.strerror}") from error


def _check(path: str, text: str, given: dict[str, str | None]) -> None:
    environment = _environment()
    from jinja2 import TemplateSyntaxError, meta

    try:
        used = meta.find_undeclared_variables(environment.parse(text))
        _compiled(text)
    except TemplateSyntaxError as error:
        raise TemplateError(f"{path} line {error.lineno}: is not Jinja: {error.message}") from error
    there = f"a template has {', '.join(_VARIABLES)}"
    if unknown := sorted(used - {*_VARIABLES, _CLOCK, *environment.globals}):
        line = next((number for number, row in enumerate(text.split("\n"), 1) if unknown[0] in row), 1)
        raise TemplateError(f'{path} line {line}: there is no variable "{unknown[0]}"; {there}')
    if not used & {"question", "metadata"}:
        raise TemplateError(f"{path}: does not use {{{{ question }}}}: every prompt would be the same")
    for name, value in given.items():
        if value is not None and name not in used:
            raise TemplateError(
                f"{path}: does not use {{{{ {name} }}}}, so --{name} would have no effect; leave it out"
            )


@lru_cache(maxsize=8)
def _compiled(text: str) -> Any:
    return _environment().from_string(text)


def _environment() -> Any:
    try:
        from jinja2 import StrictUndefined
        from jinja2.sandbox import ImmutableSandboxedEnvironment
    except ImportError as error:
        raise MissingExtra("a Jinja template needs jinja2: pip install 'samples[sampling]'") from error
    # transformers parses chat templates with these settings, so a chat template can be copied into a file.
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    del environment.globals["lipsum"], environment.filters["random"]  # each start of a run must render the same prompts
    return environment

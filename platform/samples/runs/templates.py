"""Templates: turn a problem's question into the text of a prompt.

There are three kinds: the model's own chat template, the plain question, and a Jinja file. A run's id depends on the
template's text, because a template changes scores more than most models do. No template gets the gold answer. A Jinja
file runs in a sandbox and can read only the problem.

Some chat templates write today's date (`strftime_now`: Llama 3.2, SmolLM3, gpt-oss). Here they get a date that is part
of the template, never the clock's: a run that goes on tomorrow asks what it asked today. Others have options of their
own (`enable_thinking` of Qwen3): they are part of the template too.
"""

import re
import traceback
from collections.abc import Mapping
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

_VARIABLES = ("question", "problem_id", "metadata", "system", "suffix", "messages", "add_generation_prompt")
_CLOCK = "strftime_now"  # the function that transformers gives to chat templates
# What a chat template is given in any case, or what belongs to the way it is called.
_NOT_OPTIONS = frozenset(
    {*_VARIABLES, _CLOCK, "tools", "documents", "chat_template", "tokenize", "continue_final_message"}
    | {"bos_token", "eos_token", "return_tensors", "return_dict", "padding", "truncation", "max_length"}
)


@dataclass(frozen=True)
class Template:
    """One way of writing prompts. With the same tokenizer, equal templates write the same prompts.

    `kind` is "chat", "plain" or "jinja". `text` is the model's chat template, the plain format or the file's text.
    `suffix` follows the question on a line of its own. `date` (YYYY-MM-DD) is set if the text asks for today's date.
    `options` are variables of the template, as JSON values. `path` names the file in errors, and serves nothing else.
    """

    kind: str
    text: str
    system: str | None = None
    suffix: str | None = None
    date: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    path: str | None = field(default=None, compare=False)

    def render(self, problem: Problem, tokenizer: Tokenizer) -> str:
        """Return the prompt's text. Special tokens in the template stand in it as text.

        Raises:
            TemplateError: The template fails on this problem. The message names file and line of a Jinja file.
        """
        if self.kind == "jinja":
            return self._jinja(problem)
        if self.kind == "plain":
            return self._question(problem)
        try:
            return tokenizer.render_chat(self._messages(problem), self.date, self.options)
        except Exception as error:  # a chat template can raise anything; many have no system role
            reason = f"the model's chat template fails: {first_line(error)}"
            raise TemplateError(f'problem "{problem.problem_id}": {reason}') from error

    def _question(self, problem: Problem) -> str:
        return "\n".join(part for part in (problem.question, self.suffix) if part)

    def _messages(self, problem: Problem) -> list[dict[str, str]]:
        # A system text of "" is passed on too: it switches off the default one of some chat templates.
        system = [] if self.system is None else [{"role": "system", "content": self.system}]
        return [*system, {"role": "user", "content": self._question(problem)}]

    def _jinja(self, problem: Problem) -> str:
        variables = {
            **self.options,
            "messages": self._messages(problem),
            "add_generation_prompt": True,
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
    options: Mapping[str, Any] | None = None,
) -> Template:
    """Make the template of `choice`: "chat" (the model's own), "plain" (the question alone) or a Jinja file's path.

    A Jinja file gets question, problem_id, metadata (without fields known to hold gold answers), system and suffix (""
    for None). It also gets messages and add_generation_prompt, so that a chat template can be copied into a file. It is
    parsed like a chat template: a block leaves no line of its own, and one final newline is dropped. A template that
    asks for today's date gets `date` (YYYY-MM-DD), by default DATE. `options` are further variables, as JSON values.

    Raises:
        TemplateError: There is no such template, it does not parse, or it does not use `system`, `suffix`, `date` or
            one of `options`.
        MissingExtra: A Jinja file needs jinja2, which is not installed.
    """
    suffix = suffix or None
    options = dict(sorted((options or {}).items()))
    if choice == "chat":
        if tokenizer.chat_template is None:
            raise TemplateError("the model has no chat template: use --template plain, or a Jinja file of your own")
        _require_used(options, tokenizer.chat_template, "the model's chat template")
        return Template("chat", tokenizer.chat_template, system, suffix, _date(tokenizer.chat_template, date), options)
    if choice == "plain":
        if system is not None:
            raise TemplateError("a plain template has no place for a system text: use --template chat or a Jinja file")
        _require_used(options, "", "a plain template")
        return Template("plain", "{question}\n{suffix}" if suffix else "{question}", None, suffix, _date("", date))
    text = _text(choice)
    _require_used(options, text, choice)
    _check(choice, text, {"system": system, "suffix": suffix}, options)
    return Template("jinja", text, system, suffix, _date(text, date), options, choice)


def _require_used(options: Mapping[str, Any], text: str, where: str) -> None:
    """Check that a template uses each option: one that it does not know would change nothing, in silence."""
    for name in options:
        if name in _NOT_OPTIONS:
            raise TemplateError(f"--chat-option {name}: is no option of a template; it is given to every template")
        if not re.search(rf"\b{re.escape(name)}\b", text):
            raise TemplateError(
                f"{where} does not use {name}, so --chat-option {name} would have no effect; leave it out"
            )


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
    """Return a problem's prompt as text, and as the token ids for the engine; see `encoded`.

    Raises:
        TemplateError: The template fails on this problem, or its prompt is empty.
    """
    text = template.render(problem, tokenizer)
    if not text.strip():
        raise TemplateError(f'problem "{problem.problem_id}": the rendered prompt is empty; check the template')
    return text, encoded(tokenizer, template.kind, text)


def encoded(tokenizer: Tokenizer, kind: str, text: str) -> list[int]:
    """Return the token ids of a prompt's text that a template of this kind made.

    The model's begin token stands at the start exactly once. A chat template writes it. Plain text gets it from the
    tokenizer, and so does a Jinja file's text that does not begin with it.
    """
    ids = tokenizer.encode(text, special_tokens=kind == "plain")
    if kind == "jinja":
        begin = tokenizer.encode("", special_tokens=True)
        if ids[: len(begin)] != begin:
            ids = tokenizer.encode(text, special_tokens=True)
    return ids


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise TemplateError(f'"{path}" is not a template: use chat, plain, or the path of a Jinja file') from error
    except UnicodeDecodeError as error:
        raise TemplateError(f"{path}: is not UTF-8 ({error.reason} at byte {error.start})") from error
    except OSError as error:
        raise TemplateError(f"{path}: cannot be read: {error.strerror}") from error


def _check(path: str, text: str, given: dict[str, str | None], options: Mapping[str, Any]) -> None:
    environment = _environment()
    from jinja2 import TemplateSyntaxError, meta

    try:
        used = meta.find_undeclared_variables(environment.parse(text))
        _compiled(text)
    except TemplateSyntaxError as error:
        raise TemplateError(f"{path} line {error.lineno}: is not Jinja: {error.message}") from error
    there = f"a template has {', '.join(_VARIABLES)}"
    if unknown := sorted(used - {*_VARIABLES, _CLOCK, *environment.globals, *options}):
        line = next((number for number, row in enumerate(text.split("\n"), 1) if unknown[0] in row), 1)
        raise TemplateError(f'{path} line {line}: there is no variable "{unknown[0]}"; {there}')
    if not used & {"question", "metadata", "messages"}:
        raise TemplateError(f"{path}: does not use {{{{ question }}}}: every prompt would be the same")
    for name, value in given.items():
        if value is not None and not used & {name, "messages"}:
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

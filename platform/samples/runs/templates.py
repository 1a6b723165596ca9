"""Templates: how a problem's question becomes the text of a prompt.

Three kinds: the model's own chat template, the plain question, or a Jinja file. A template's own text is part of a
run's identity, since it moves scores more than most models do. No template is given the gold answer, and a Jinja
file runs in a sandbox: it reads nothing but the problem.
"""

import traceback
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from samples.engines import Tokenizer
from samples.errors import MissingExtra, TemplateError, first_line
from samples.problems.fields import GOLD
from samples.problems.problems import Problem

_VARIABLES = ("question", "problem_id", "metadata", "system", "suffix")


@dataclass(frozen=True)
class Template:
    """One way of writing prompts; two with equal fields write the same prompts with the same tokenizer.

    `kind` is "chat", "plain" or "jinja"; `text` the model's chat template, the plain format or the file's text.
    `suffix` follows the question on a line of its own. `path` only names the file in errors.
    """

    kind: str
    text: str
    system: str | None = None
    suffix: str | None = None
    path: str | None = field(default=None, compare=False)

    def render(self, problem: Problem, tokenizer: Tokenizer) -> str:
        """Return the prompt's text, special tokens written out where the template has them.

        Raises:
            TemplateError: The template fails on this problem; names the file and line of a Jinja file.
        """
        if self.kind == "jinja":
            return self._jinja(problem)
        question = "\n".join(part for part in (problem.question, self.suffix) if part)
        if self.kind == "plain":
            return question
        # A system text of "" is given too: it switches off the one that some chat templates bring along.
        system = [] if self.system is None else [{"role": "system", "content": self.system}]
        try:
            return tokenizer.render_chat([*system, {"role": "user", "content": question}])
        except Exception as error:  # a chat template raises what it likes, often that it has no system role
            reason = f"the model's chat template fails: {first_line(error)}"
            raise TemplateError(f'problem "{problem.problem_id}": {reason}') from error

    def _jinja(self, problem: Problem) -> str:
        variables = {
            "question": problem.question,
            "problem_id": problem.problem_id,
            "metadata": {name: value for name, value in problem.metadata.items() if name.lower() not in GOLD},
            "system": self.system or "",
            "suffix": self.suffix or "",
        }
        try:
            return _compiled(self.text).render(variables)
        except Exception as error:  # the file's expressions can raise anything
            frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
            place = f"{self.path} line {frames[-1].lineno if frames else 1}"
            raise TemplateError(f'{place}: fails on problem "{problem.problem_id}": {first_line(error)}') from error


def load_template(
    choice: str, tokenizer: Tokenizer, *, system: str | None = None, suffix: str | None = None
) -> Template:
    """Make the template of `choice`: "chat" (the model's own), "plain" (the question alone) or a Jinja file's path.

    A Jinja file is given question, problem_id, metadata (without fields known to hold gold answers), system and
    suffix ("" when None), and is read as chat templates are: blocks leave no line, one newline at the end is dropped.

    Raises:
        TemplateError: There is no such template, it does not parse, or it has no place for what is given.
        MissingExtra: A Jinja file, and jinja2 is not installed.
    """
    suffix = suffix or None
    if choice == "chat":
        if tokenizer.chat_template is None:
            raise TemplateError("the model has no chat template: use --template plain, or a Jinja file of your own")
        return Template("chat", tokenizer.chat_template, system, suffix)
    if choice == "plain":
        if system is not None:
            raise TemplateError("a plain template has no place for a system text: use --template chat or a Jinja file")
        return Template("plain", "{question}\n{suffix}" if suffix else "{question}", None, suffix)
    text = _text(choice)
    _check(choice, text, {"system": system, "suffix": suffix})
    return Template("jinja", text, system, suffix, choice)


def prompt_ids(tokenizer: Tokenizer, template: Template, problem: Problem) -> tuple[str, list[int]]:
    """Return a problem's prompt as text and as the token ids that the engine is given.

    The model's begin token stands there once: a chat template writes it itself, plain text gets it from the
    tokenizer, and so does a Jinja file's text unless it begins with it.

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
        raise TemplateError(f'"{path}" is no template: use chat, plain, or the path of a Jinja file') from error
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
    if unknown := sorted(used - {*_VARIABLES, *environment.globals}):
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
    # As transformers reads chat templates, so that one can be copied into a file.
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    del environment.globals["lipsum"], environment.filters["random"]  # a run's prompts are the same each time
    return environment

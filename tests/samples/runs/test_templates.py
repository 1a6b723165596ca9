"""Templates: the prompt is the one asked for, without gold answers, and errors name file and line."""

import pickle
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from samples.errors import TemplateError
from samples.problems.problems import Problem
from samples.runs.templates import Template, load_template, prompt_ids

CHAT = """{{ '<s>' }}{% for message in messages %}
[{{ message['role'] }}] {{ message['content'] }}
{% endfor %}
[assistant]"""
NO_SYSTEM = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"

PROBLEM = Problem(
    "p-1",
    "What is 2+2?",
    "4",
    None,
    {"level": 3, "Answer": "it is #### 4", "solution": r"\boxed{4}"},
)


class Letters:
    """A tokenizer with one token per character and a begin token <s>, number 1."""

    def __init__(self, chat_template: str | None = None) -> None:
        self.chat_template = chat_template

    def render_chat(
        self, messages: list[dict[str, str]], date: str | None = None, options: Mapping[str, Any] | None = None
    ) -> str:
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)

        def raise_exception(message: str) -> None:
            raise ValueError(message)

        template = environment.from_string(self.chat_template or "")
        clock = (datetime.fromisoformat(date) if date else datetime.now(UTC)).strftime  # as transformers' own
        given = options or {}
        return template.render(messages=messages, raise_exception=raise_exception, strftime_now=clock, **given)

    def encode(self, text: str, *, special_tokens: bool) -> list[int]:
        begin = [1] if special_tokens else []
        if text.startswith("<s>"):
            begin, text = [*begin, 1], text.removeprefix("<s>")
        return begin + [ord(letter) for letter in text]

    def decode(self, token_ids: list[int]) -> list[str]:
        return ["<s>" if token == 1 else chr(token) for token in token_ids]


def jinja(folder: Path, text: str) -> str:
    (folder / "prompt.jinja").write_text(text)
    return str(folder / "prompt.jinja")


def refused(folder: Path, text: str, **options: str) -> str:
    """Return the one error line of loading or rendering a template, without the folder."""
    with pytest.raises(TemplateError) as caught:
        load_template(jinja(folder, text), Letters(), **options).render(PROBLEM, Letters())
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(f"{folder}/", "")


def test_chat_puts_the_suffix_on_a_line_after_the_question() -> None:
    tokenizer = Letters(CHAT)
    template = load_template("chat", tokenizer, system="Be brief.", suffix=r"Put it in \boxed{}.")
    assert template == Template("chat", CHAT, "Be brief.", r"Put it in \boxed{}.")
    assert template.render(PROBLEM, tokenizer) == (
        "<s>[system] Be brief.\n[user] What is 2+2?\nPut it in \\boxed{}.\n[assistant]"
    )


def test_chat_without_system_text_sends_none_and_an_empty_one_is_sent() -> None:
    tokenizer = Letters(CHAT)
    assert load_template("chat", tokenizer).render(PROBLEM, tokenizer) == "<s>[user] What is 2+2?\n[assistant]"
    assert "[system] \n" in load_template("chat", tokenizer, system="").render(PROBLEM, tokenizer)


def test_a_model_without_chat_template_is_told_of_plain() -> None:
    with pytest.raises(TemplateError, match="--template plain"):
        load_template("chat", Letters())


def test_a_chat_template_that_refuses_a_system_text_is_one_clear_line() -> None:
    tokenizer = Letters(NO_SYSTEM)
    with pytest.raises(
        TemplateError, match=r'problem "p-1": the model.s chat template fails: System role not supported'
    ):
        load_template("chat", tokenizer, system="Be brief.").render(PROBLEM, tokenizer)


def test_plain_is_the_question_and_its_suffix() -> None:
    assert load_template("plain", Letters()).render(PROBLEM, Letters()) == "What is 2+2?"
    template = load_template("plain", Letters(), suffix="Answer:")
    assert template.render(PROBLEM, Letters()) == "What is 2+2?\nAnswer:"
    assert template.text == "{question}\n{suffix}"
    with pytest.raises(TemplateError, match="no place for a system text"):
        load_template("plain", Letters(), system="Be brief.")


def test_a_jinja_file_is_given_the_problem(tmp_path: Path) -> None:
    text = (
        "{{ system }}\n{% for n in range(2) %}\n{{ problem_id }}\n{% endfor %}\nQ{{ metadata.level }}: {{ question }}\n"
    )
    template = load_template(jinja(tmp_path, text), Letters(), system="S")
    assert template.render(PROBLEM, Letters()) == "S\np-1\np-1\nQ3: What is 2+2?"
    assert (template.kind, template.text) == ("jinja", text)


def test_a_templates_identity_is_its_text_not_its_path(tmp_path: Path) -> None:
    first = load_template(jinja(tmp_path, "{{ question }}"), Letters())
    (tmp_path / "other").mkdir()
    assert first == load_template(jinja(tmp_path / "other", "{{ question }}"), Letters())
    assert first != load_template(jinja(tmp_path, "{{ question }}!"), Letters())
    assert pickle.loads(pickle.dumps(first)) == first


def test_gold_is_not_within_a_templates_reach(tmp_path: Path) -> None:
    assert refused(tmp_path, "{{ question }}\n{{ answer }}").startswith(
        'prompt.jinja line 2: there is no variable "answer"; a template has question,'
    )
    assert "has no attribute 'solution'" in refused(tmp_path, "{{ metadata.solution }}")
    assert "has no attribute 'Answer'" in refused(tmp_path, "{{ metadata.Answer }}")
    template = load_template(jinja(tmp_path, "{{ metadata }}"), Letters())
    assert template.render(PROBLEM, Letters()) == "{'level': 3}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ question }}\n{% if %}", "prompt.jinja line 2: is not Jinja: Expected an expression"),
        ("{{ question | shout }}", "prompt.jinja line 1: is not Jinja: No filter named 'shout'"),
        ("{{ question }}\n{{ topic }}", 'prompt.jinja line 2: there is no variable "topic"'),
        ("{{ question }}\n\n{{ metadata.topic }}", 'prompt.jinja line 3: fails on problem "p-1": '),
        ("{{ question }}\n{{ 1 / 0 }}", 'prompt.jinja line 2: fails on problem "p-1": division by zero'),
        ("Solve it.", "prompt.jinja: does not use {{ question }}"),
        ("{{ [question] | random }}", "prompt.jinja line 1: is not Jinja: No filter named 'random'"),
        ("{{ question }}{% include '/etc/passwd' %}", 'prompt.jinja line 1: fails on problem "p-1": no loader'),
        ("{{ question.__class__.__mro__ }}", 'prompt.jinja line 1: fails on problem "p-1": access to attribute'),
        ("{{ metadata.update(question) }}", 'prompt.jinja line 1: fails on problem "p-1": '),
    ],
)
def test_a_bad_jinja_file_is_one_line_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    assert refused(tmp_path, text).startswith(message)


def test_what_a_jinja_file_has_no_place_for_is_refused_not_dropped(tmp_path: Path) -> None:
    assert "--suffix would have no effect" in refused(tmp_path, "{{ question }}", suffix="Answer:")
    assert "--system would have no effect" in refused(tmp_path, "{{ question }}", system="S")


def test_a_file_that_is_no_template_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match='"chatt" is not a template: use chat, plain, or the path of a Jinja file'):
        load_template("chatt", Letters())
    with pytest.raises(TemplateError, match="cannot be read: Is a directory"):
        load_template(str(tmp_path), Letters())
    (tmp_path / "latin").write_bytes(b"\xe9")
    with pytest.raises(TemplateError, match="is not UTF-8"):
        load_template(str(tmp_path / "latin"), Letters())


@pytest.mark.parametrize("text", ["{{ question }}", "<s>{{ question }}"])
def test_the_begin_token_stands_once_before_every_kind_of_prompt(tmp_path: Path, text: str) -> None:
    tokenizer = Letters(CHAT)
    for choice in ("chat", "plain", jinja(tmp_path, text)):
        rendered, ids = prompt_ids(tokenizer, load_template(choice, tokenizer), PROBLEM)
        assert ids.count(1) == 1
        assert ids[0] == 1
        assert "".join(tokenizer.decode(ids)).removeprefix("<s>") == rendered.removeprefix("<s>")


def test_an_empty_prompt_is_refused(tmp_path: Path) -> None:
    template = load_template(jinja(tmp_path, "{% if metadata.level > 3 %}{{ question }}{% endif %}"), Letters())
    with pytest.raises(TemplateError, match='problem "p-1": the rendered prompt is empty'):
        prompt_ids(Letters(), template, PROBLEM)


# Llama 3.2's way, and gpt-oss's.
LLAMA = (
    "{% if strftime_now is defined %}{% set d = strftime_now('%d %b %Y') %}{% else %}{% set d = '?' %}{% endif %}"
    "Today Date: {{ d }}\n{{ messages[0]['content'] }}"
)
GPT_OSS = "Current date: {{ strftime_now('%Y-%m-%d') }}\n{{ messages[0]['content'] }}"


@pytest.mark.parametrize(
    ("text", "day", "other"), [(LLAMA, "26 Jul 2024", "01 Feb 2026"), (GPT_OSS, "2024-07-26", "2026-02-01")]
)
def test_a_chat_template_that_writes_the_date_gets_a_fixed_one(text: str, day: str, other: str) -> None:
    tokenizer = Letters(text)
    template = load_template("chat", tokenizer)
    assert f"ate: {day}\n" in template.render(PROBLEM, tokenizer)
    assert template.date == "2024-07-26"
    later = load_template("chat", tokenizer, date="2026-02-01")
    assert f"ate: {other}\n" in later.render(PROBLEM, tokenizer)
    assert later != template


def test_a_jinja_file_that_writes_the_date_gets_it_too(tmp_path: Path) -> None:
    path = jinja(tmp_path, "{{ strftime_now('%d.%m.%Y %H:%M') }} {{ question }}")
    assert load_template(path, Letters()).render(PROBLEM, Letters()) == "26.07.2024 00:00 What is 2+2?"
    assert load_template(path, Letters(), date="2025-12-31").render(PROBLEM, Letters()).startswith("31.12.2025 00:00 ")


def test_a_date_that_no_template_asks_for_and_one_that_is_none_are_refused(tmp_path: Path) -> None:
    assert load_template("chat", Letters(CHAT)).date is None
    for choice in ("chat", "plain", jinja(tmp_path, "{{ question }}")):
        with pytest.raises(TemplateError, match="--template-date would have no effect"):
            load_template(choice, Letters(CHAT), date="2025-12-31")
    for wrong in ("today", "2025-13-01", "31.12.2025", ""):
        with pytest.raises(TemplateError, match="expected a day as YYYY-MM-DD, such as 2024-07-26"):
            load_template("chat", Letters(GPT_OSS), date=wrong)


THINKS = (
    "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}{% if not enable_thinking %}<no>{% endif %}"
)


def test_an_option_of_the_chat_template_is_given_to_it_and_belongs_to_the_template() -> None:
    thinks = Letters(THINKS)
    plain, off = (load_template("chat", thinks, options=options) for options in ({}, {"enable_thinking": True}))
    assert plain.render(PROBLEM, thinks) == "[user] What is 2+2?\n<no>"
    assert off.render(PROBLEM, thinks) == "[user] What is 2+2?\n"
    assert plain != off


def test_an_option_that_a_template_does_not_use_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="does not use enable_thinking, so --chat-option enable_thinking would"):
        load_template("chat", Letters(CHAT), options={"enable_thinking": False})
    with pytest.raises(TemplateError, match="a plain template does not use x"):
        load_template("plain", Letters(), options={"x": 1})
    with pytest.raises(TemplateError, match="messages: is no option"):
        load_template("chat", Letters(CHAT), options={"messages": []})
    with pytest.raises(TemplateError, match="does not use thinking"):
        load_template("chat", Letters(THINKS), options={"thinking": 1})  # not a part of a word


def test_a_chat_template_copied_into_a_file_writes_the_same_prompt(tmp_path: Path) -> None:
    copied = load_template(jinja(tmp_path, THINKS), Letters(), system="Be brief.", options={"enable_thinking": False})
    own = load_template("chat", Letters(THINKS), system="Be brief.", options={"enable_thinking": False})
    assert copied.render(PROBLEM, Letters()) == own.render(PROBLEM, Letters(THINKS))
    assert copied.render(PROBLEM, Letters()) == "[system] Be brief.\n[user] What is 2+2?\n<no>"

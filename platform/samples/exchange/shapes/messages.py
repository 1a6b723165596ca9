r"""Read messages: what was asked, what was answered, and the reasoning before the answer.

A conversation is a list of messages, in the form of chat completions (role, content), of the Responses API (items with
a type), of ShareGPT (from, value) or of OpenCompass (role, prompt). Its last assistant messages are the completion; of
several turns, those of the last turn. The last user message before them is the question. System messages and the
results of tools are left out.

Reasoning that stands apart from an answer is kept before it, as models write it: <think>, the reasoning and </think>,
each on lines of their own, and then the answer. If the answer holds </think> already, nothing is added.
"""

from collections.abc import Iterable, Sequence
from typing import Any

_ROLES = {
    **dict.fromkeys(("assistant", "gpt", "model", "bot", "ai", "chatbot"), "assistant"),
    **dict.fromkeys(("user", "human"), "user"),
}
_CONTENTS = ("content", "value", "prompt", "text", "parts")
_REASONING = ("reasoning_content", "reasoning", "thinking", "summary")
_ITEMS = frozenset({"message", "reasoning", "function_call", "function_call_output", "web_search_call"})
# Where the user's turn begins and ends in prompts that a chat template has rendered.
_TURNS = (
    ("<|im_start|>user\n", "<|im_end|>"),
    ("<|start_header_id|>user<|end_header_id|>", "<|eot_id|>"),
    ("<start_of_turn>user\n", "<end_of_turn>"),
    ("**User**: ", "\n\n**Assistant**: "),
)
_ASSISTANT = ("\nassistant\n", "\nassistant\n<think>\n")  # ends of a prompt without its special tokens


def is_message(value: Any) -> bool:
    """Return whether a value is one message."""
    return (
        isinstance(value, dict)
        and (role_of(value) != "" or "content" in value)
        and any(name in value for name in (*_CONTENTS, *_REASONING, "tool_calls", "refusal"))
    )


def is_conversation(value: Any) -> bool:
    """Return whether a value is a list of messages or of items."""
    if not isinstance(value, list) or not value:
        return False
    return all(isinstance(one, dict) and (role_of(one) != "" or one.get("type") in _ITEMS) for one in value)


def role_of(message: dict[str, Any]) -> str:
    """Return whose message it is: assistant, user, or another role; "" if it does not say."""
    said = message.get("role") or message.get("from")
    if isinstance(said, str):
        return _ROLES.get(said.lower(), said.lower())
    return "assistant" if message.get("type") in {"message", "reasoning", "function_call"} else ""


def completion_of(messages: Sequence[dict[str, Any]]) -> str | None:
    """Return the text of the last assistant messages; None if the last turn is none of the assistant's."""
    turn: list[dict[str, Any]] = []
    for message in reversed(messages):
        if role_of(message) == "assistant":
            turn.insert(0, message)
        elif turn or role_of(message) == "user":
            break
    if not turn:
        return None
    reasoning = [text for message in turn if (text := reasoning_of(message))]
    texts = [text for message in turn if (text := _said(message))]
    return with_reasoning("\n".join(texts), "\n".join(reasoning))


def question_of(value: Any) -> str | None:
    """Return what the user asked: a text, or the user's last message before the last assistant messages."""
    if isinstance(value, str):
        return _user_turn(value)
    if not is_conversation(value):
        return None
    messages = list(value)
    while messages and role_of(messages[-1]) != "user":
        messages.pop()
    return _said(messages[-1]) if messages else None


def message_text(message: dict[str, Any]) -> str | None:
    """Return the text of an assistant's message with its reasoning; None if it has neither."""
    text = _said(message)
    reasoning = reasoning_of(message)
    if text is None and not reasoning:
        return "" if message.get("tool_calls") else None
    return with_reasoning(text or "", reasoning)


def with_reasoning(text: str, reasoning: str) -> str:
    """Return an answer with the reasoning before it."""
    if not reasoning.strip() or "</think>" in text:
        return text
    return f"<think>\n{reasoning.strip(chr(10))}\n</think>\n{text}"


def reasoning_of(message: dict[str, Any]) -> str:
    """Return the reasoning that a message or an item of it holds; "" without one."""
    for name in _REASONING:
        if text := _joined(message.get(name), ("text", *_REASONING)):
            return text
    content = message.get("content")
    if message.get("type") == "reasoning":
        return _joined(content, ("text",))
    parts = content if isinstance(content, list) else []
    return "\n".join(filter(None, (reasoning_of(part) for part in parts if isinstance(part, dict) and _thinks(part))))


def _thinks(part: dict[str, Any]) -> bool:
    return part.get("type") in {"reasoning", "thinking", "reasoning_text"}


def _said(message: dict[str, Any]) -> str | None:
    """Return the text of a message without its reasoning."""
    if message.get("type") == "reasoning":
        return None
    content = next((message[name] for name in _CONTENTS if message.get(name) is not None), message.get("refusal"))
    content = content.get("parts") if isinstance(content, dict) else content
    if isinstance(content, list):
        content = [part for part in content if not (isinstance(part, dict) and _thinks(part))]
    text = _joined(content, ("text", "content", "refusal"))
    return text if text or isinstance(content, str) else None


def _joined(value: Any, names: Iterable[str]) -> str:
    """Return a text, or the texts of a list of parts."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return ""
    texts = [
        part if isinstance(part, str) else next((part[name] for name in names if isinstance(part.get(name), str)), "")
        for part in value
        if isinstance(part, str | dict)
    ]
    return "\n".join(text for text in texts if text)


def _user_turn(text: str) -> str:
    """Return the user's last turn of a prompt that a chat template has rendered; other texts stay."""
    for begin, end in _TURNS:
        if (at := text.rfind(begin)) >= 0:
            return text[at + len(begin) :].partition(end)[0].strip()
    if end := next((end for end in _ASSISTANT if text.endswith(end)), ""):
        _, found, turn = f"\n{text.removesuffix(end)}".rpartition("\nuser\n")
        return turn.strip() if found else text
    return text

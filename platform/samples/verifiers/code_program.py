"""Find the program in a completion.

Blocks may stand between fences of backticks or tildes, behind text on the line of the fence, in a list or a quotation,
with attributes behind the language. Of several blocks, the last one that defines a function or class, or reads standard
input, is the solution: what follows a solution is an example of its use, or its tests. Thinking never outranks what
follows it. A completion without a block is the program, or continues the prompt.
"""

import re
from typing import NamedTuple

_PYTHON = frozenset({"python", "python3", "py", "py3", "python2", "pycon", "sage"})
_FENCE = re.compile(r"^(?P<before>.*?)(?<![`~])(?P<fence>`{3,}+|~{3,}+)(?P<info>[^`~]*)$")
_LANGUAGE = re.compile(r"[\w+#-]+")
_QUOTED = re.compile(r"^\s{0,3}> ?")
_THINKING_ENDS = re.compile(r"</(?:think|thinking|thought|reasoning)>")
_ENDS = re.compile("<\\|[\\w ]+\\|>|<\uff5c[^\uff5c<>]{1,40}\uff5c>|</s>\\s*\\Z|<eos>|<end_of_turn>")
_DEFINES = re.compile(
    r"^[ \t]*(?:async[ \t]+def|def|class)[ \t]+(?!test|check\b|Test)\w|^\w+[ \t]*=[ \t]*lambda\b", re.MULTILINE
)
_READS = re.compile(r"\binput\s*\(|\bstdin\b|\bopen\s*\(\s*0\s*[,)]|\bfileinput\b")


class _Block(NamedTuple):
    language: str
    text: str

    @property
    def is_solution(self) -> bool:
        """Whether it defines something, or reads standard input."""
        return bool(_DEFINES.search(self.text) or _READS.search(self.text))


def program_in(completion: str) -> str | None:
    """Return the program in a completion; None if there is none. Blanks at the start may be indentation, and stay."""
    whole = _before_end(completion.removeprefix("\ufeff"))
    parts = _THINKING_ENDS.split(whole)
    found = next((code for part in (parts[-1], whole) if (code := _chosen(part))), None)
    code = found or _without_fence(parts[-1] if parts[-1].strip() else whole)
    return code if code.strip() else None


def _before_end(text: str) -> str:
    """Cut a text at the first special token that a tokenizer left in it."""
    end = _ENDS.search(text)
    return text if end is None or not text[: end.start()].strip() else text[: end.start()]


def _chosen(text: str) -> str | None:
    """Return the block that is the solution."""
    blocks = [block for block in _blocks(text) if block.language in {"", *_PYTHON} and block.text.strip()]
    solutions = [block for block in blocks if block.is_solution]
    named = [block for block in blocks if block.language]
    chosen = (solutions or named or blocks)[-1:]
    return chosen[0].text.removeprefix("\ufeff") if chosen else None


def _blocks(text: str) -> list[_Block]:
    blocks: list[_Block] = []
    fence, language, before, lines = "", "", "", list[str]()
    for line in text.split("\n"):
        found = _FENCE.match(line) if "```" in line or "~~~" in line else None
        if found is None:
            if fence:
                lines.append(line)
        elif not fence:
            word = _LANGUAGE.search(found["info"])
            fence, language, before, lines = found["fence"], word[0].lower() if word else "", found["before"], []
        elif found["info"].strip() or found["fence"][0] != fence[0] or _QUOTED.sub("", found["before"]).strip():
            lines.append(line)
        else:
            blocks.append(_Block(language, _unwrapped(lines, before)))
            fence = ""
    if fence and language in _PYTHON:  # the length limit, or a stop string that is the fence, cut the block off
        blocks.append(_Block(language, _unwrapped(lines, before)))
    return blocks


def _unwrapped(lines: list[str], before: str) -> str:
    """Return a block without what its fence has before it: the indentation of a list, or the marks of a quotation."""
    if _QUOTED.match(before):
        return "".join(_QUOTED.sub("", line) + "\n" for line in lines)
    indent = before if before.isspace() else ""
    return "".join(line.removeprefix(indent) + "\n" for line in lines)


def _without_fence(text: str) -> str:
    """Return the lines before the first fence: a closing fence without an opening one ends a completion."""
    lines = text.split("\n")
    end = next((number for number, line in enumerate(lines) if line.strip().startswith(("```", "~~~"))), len(lines))
    return "\n".join(lines[:end])

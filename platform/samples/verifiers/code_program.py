"""Find the program in a completion.

Blocks may stand between fences of backticks or tildes, behind text on the line of the fence, in a list or a quotation,
with attributes behind the language. Thinking never outranks what follows it. Of several blocks, the solution is

1. the last complete one that defines the function under test; if none is complete, the last one. Drafts that do not
   define it, examples of its use, tests and other languages never outrank it;
2. if no block defines it: complete code before the blocks that does, then the last block that continues the prompt's
   function, which begins with blanks;
3. else, or where no function is known, the last block that defines a function or class, or reads standard input.

Earlier blocks with imports, functions and constants that the solution needs are put before it
(`samples.verifiers.code_helpers`). A completion without a block is the program, or continues the prompt.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from samples.verifiers.code_helpers import tree_of, with_helpers

_PYTHON = frozenset({"python", "python3", "py", "py3", "python2", "pycon", "sage"})
_FENCE = re.compile(r"^(?P<before>.*?)(?<![`~])(?P<fence>`{3,}+|~{3,}+)(?P<info>[^`~]*)$")
_LANGUAGE = re.compile(r"[\w+#-]+")
_QUOTED = re.compile(r"^\s{0,3}> ?")
_THINKING_ENDS = re.compile(r"</(?:think|thinking|thought|reasoning)>")
_ENDS = re.compile("<\\|[\\w ]+\\|>|<\uff5c[^\uff5c<>]{1,40}\uff5c>|</s>\\s*\\Z|<eos>|<end_of_turn>")
_DEFINES = re.compile(
    r"^[ \t]*(?:async[ \t]+def|def|class)[ \t]+(?!test|check\b|Test)\w|^\w+[ \t]*=[ \t]*lambda\b", re.MULTILINE
)
_CODE_BEGINS = re.compile(r"^(?:(?:from|import|def|class|async)\b|@\w)", re.MULTILINE)
_READS = re.compile(r"\binput\s*\(|\bstdin\b|\bopen\s*\(\s*0\s*[,)]|\bfileinput\b")


class _Block(NamedTuple):
    language: str
    text: str

    @property
    def is_solution(self) -> bool:
        """Whether it defines something, or reads standard input."""
        return bool(_DEFINES.search(self.text) or _READS.search(self.text))


def program_in(completion: str, names: Iterable[str] = ()) -> str | None:
    """Return the program in a completion; None if there is none. Blanks at the start may be indentation, and stay.

    `names` are those of the functions under test.
    """
    whole = _before_end(completion.removeprefix("\ufeff"))
    parts = _THINKING_ENDS.split(whole)
    wanted = _definition_of(names)
    found = next((code for part in (parts[-1], whole) if (code := _chosen(part, wanted))), None)
    code = found or _without_fence(parts[-1] if parts[-1].strip() else whole)
    return code if code.strip() else None


def _definition_of(names: Iterable[str]) -> re.Pattern[str] | None:
    """Return a pattern of a definition of one of the functions, also as a method; None without names."""
    one = "|".join(map(re.escape, names))
    function = rf"^[ \t]*(?:async[ \t]+)?def[ \t]+(?:{one})[ \t]*[(\[]"
    value = rf"^(?:{one})[ \t]*(?::[^=\n]+)?=(?!=)|^class[ \t]+(?:{one})\b"
    return re.compile(f"{function}|{value}", re.MULTILINE) if one else None


def _before_end(text: str) -> str:
    """Cut a text at the first special token that a tokenizer left in it."""
    end = _ENDS.search(text)
    return text if end is None or not text[: end.start()].strip() else text[: end.start()]


def _chosen(text: str, wanted: re.Pattern[str] | None) -> str | None:
    """Return the block that is the solution, behind the earlier ones that it needs."""
    blocks = [
        _Block(block.language, block.text.removeprefix("\ufeff"))
        for block in _blocks(text)
        if block.language in {"", *_PYTHON} and block.text.strip()
    ]
    if not blocks:
        return None
    defining = [block for block in blocks if wanted and wanted.search(block.text)]
    if wanted and not defining:
        if (code := _before_blocks(text, wanted)) is not None:
            return code
        if bodies := [block for block in blocks if _is_body(block.text)]:
            return bodies[-1].text
    if len(defining) > 1:
        defining = [block for block in defining if tree_of(block.text)] or defining
    solutions = [block for block in blocks if block.is_solution]
    named = [block for block in blocks if block.language]
    chosen = (defining or solutions or named or blocks)[-1]
    place = next(place for place, block in enumerate(blocks) if block is chosen)
    drafts = wanted if defining else None
    earlier = [block.text for block in blocks[:place] if not (drafts and drafts.search(block.text))]
    return with_helpers(chosen.text, earlier)


def _before_blocks(text: str, wanted: re.Pattern[str]) -> str | None:
    """Return complete code before the first fence that defines the function, or None."""
    before = _without_fence(text)
    begin = _CODE_BEGINS.search(before)
    code = before[begin.start() :] if begin else ""
    return code if wanted.search(code) and tree_of(code) else None


def _is_body(code: str) -> bool:
    """Return whether a block continues a function: it begins with blanks, and is complete behind a head."""
    return code.lstrip("\n")[:1] in {" ", "\t"} and tree_of(f"def _():\n{code}") is not None


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

r"""Numbers that name their base: 1011_2, (1011)_2, 1011 in base 2, 2516_{\text{eight}}."""

import re

from samples.verifiers.notation.tree import Node, Nodes, trim, write

_NAMES = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
BASES = {str(base): base for base in range(2, 37)} | _NAMES | {"eleven": 11, "twelve": 12, "sixteen": 16}
_DIGITS = re.compile(r"[0-9A-Za-z]{1,300}", re.ASCII)


def split_base(nodes: Nodes) -> tuple[str, int] | None:
    """Return the digits and the base of a number that names its base, or None."""
    if not nodes:
        return None
    digits, base = nodes, ""
    if nodes[-1].is_("bracket", "()") and nodes[-1].args[0] and nodes[-1].args[0][0].is_("text", "base", "Base"):
        nodes = [*nodes[:-1], *nodes[-1].args[0]]
    if nodes[-1].is_("script", "_"):
        digits, base = nodes[:-1], _plain(nodes[-1].args[0]).removeprefix("base")
    else:
        words = [place for place, node in enumerate(nodes) if node.is_("text", "base", "Base")]
        if words:
            digits, base = nodes[: words[0]], _plain(nodes[words[0] + 1 :])
            while digits and (
                digits[-1].kind == "space" or digits[-1].is_("text", "in") or digits[-1].is_("sign", "(", ",")
            ):
                digits = digits[:-1]
            base = base.rstrip(").")
    digits = trim(digits)
    if len(digits) == 1 and digits[0].is_("bracket", "()"):
        digits = trim(digits[0].args[0])
    found = _plain(digits)
    if base in BASES and _DIGITS.fullmatch(found):
        return found, BASES[base]
    return None


def _plain(nodes: Nodes) -> str:
    return "".join(node.text if node.kind == "text" else write([node]) for node in nodes if node.kind != "space")


def value(digits: str, base: int) -> int | None:
    """Return the value of digits in a base, or None if a digit is none of the base."""
    try:
        return int(digits, base)
    except ValueError:
        return None


def number(digits: str) -> Nodes:
    """Return digits as a number, as if no base were named."""
    return [Node("number", digits)]

"""The tree of an answer: nodes, how they are written as text, and how rules walk over them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Node:
    """A part of an answer.

    kind     text                              args
    number   12, 3.5, .5
    word     letters: x, ab, cm
    text     words that are no mathematics
    sign     one character
    space
    command  name, without backslash           its arguments
    script   ^ or _                            the body
    group                                      the content of { }
    bracket  both brackets: (), [), {}, <>     the content
    font     name of the command: text, mathrm the content
    env      name: pmatrix, cases              the content
    """

    kind: str
    text: str = ""
    args: "tuple[list[Node], ...]" = field(default=())
    option: "list[Node] | None" = None

    def is_(self, kind: str, *texts: str) -> bool:
        """Return whether the node is of this kind, and has one of these texts if there are any."""
        return self.kind == kind and (not texts or self.text in texts)


Nodes = list[Node]

_BACK = {"{": r"\{", "}": r"\}", "<": "(", ">": ")"}


def write(nodes: Nodes) -> str:
    """Write nodes as LaTeX. A command is followed by a blank where a letter follows."""
    out: list[str] = []
    for node in nodes:
        piece = _write_one(node)
        if out and out[-1][-1:].isalpha() and piece[:1].isalpha() and re.search(r"\\[A-Za-z]+\Z", out[-1]):
            out.append(" ")
        out.append(piece)
    return "".join(out)


def _write_one(node: Node) -> str:
    inner = [write(part) for part in node.args]
    match node.kind:
        case "command":
            option = f"[{write(node.option)}]" if node.option else ""
            text = f"\\{node.text}{option}" + "".join(f"{{{part}}}" for part in inner)
        case "script" | "group":
            text = f"{node.text}{{{inner[0]}}}"
        case "bracket":
            first, last = (_BACK.get(sign, sign) for sign in node.text)
            text = f"{first}{inner[0]}{last}"
        case "font":
            text = f"\\{node.text}{{{inner[0]}}}"
        case "text":
            text = rf"\text{{{node.text}}}"
        case "env":
            text = rf"\begin{{{node.text}}}{inner[0]}\end{{{node.text}}}"
        case _:
            text = node.text
    return text


def copied(nodes: Nodes) -> Nodes:
    """Return a copy that rules may change."""
    return [
        Node(node.kind, node.text, tuple(map(copied, node.args)), copied(node.option) if node.option else None)
        for node in nodes
    ]


def everywhere(nodes: Nodes, rule: Callable[[Nodes], Nodes]) -> Nodes:
    """Apply a rule to a list of nodes and to the lists inside of it, the inner ones first."""
    for node in nodes:
        if node.args:
            node.args = tuple(everywhere(part, rule) for part in node.args)
        if node.option:
            node.option = everywhere(node.option, rule)
    return rule(nodes)


def split(nodes: Nodes, at: Callable[[Node], bool]) -> list[Nodes]:
    """Split a list of nodes at the nodes that a condition holds for."""
    parts: list[Nodes] = [[]]
    for node in nodes:
        if at(node):
            parts.append([])
        else:
            parts[-1].append(node)
    return parts


def trim(nodes: Nodes) -> Nodes:
    """Return nodes without spaces at both ends."""
    first, last = 0, len(nodes)
    while first < last and nodes[first].kind == "space":
        first += 1
    while last > first and nodes[last - 1].kind == "space":
        last -= 1
    return nodes[first:last]

r"""Read what stands in text fonts: \text, \mathrm, \operatorname and their kin.

Mathematics in upright letters is mathematics: i, e, names of functions, numbers (`\text{5 cm}` is 5 and a word). A
single letter is a unit behind a value, and a variable elsewhere. Two letters or more are a word.
"""

from samples.verifiers.notation.tree import Node, Nodes, trim, write
from samples.verifiers.notation.units import LETTERS
from samples.verifiers.notation.words import named

_UPRIGHT = ("mathrm", "rm", "operatorname")
_PREFIXES = ("k", "M", "G", "m")


def unit_ratios(nodes: Nodes) -> Nodes:
    r"""Make units of the letters in \frac{\text{m}}{\text{s}}. Apply it to each list of nodes, before `read_fonts`."""
    for node in nodes:
        if node.is_("command", "frac") and all(
            side and all(part.kind in ("font", "space", "script") for part in side) for side in node.args
        ):
            for side in node.args:
                side[:] = [Node("text", write(part.args[0])) if part.kind == "font" else part for part in side]
    return nodes


def read_fonts(nodes: Nodes) -> Nodes:
    """Replace text fonts by mathematics or text nodes. Apply it to each list of nodes, inner ones first."""
    found: Nodes = []
    for node in nodes:
        if node.kind != "font":
            found.append(node)
            continue
        whole, content = node.args[0], trim(node.args[0])
        if whole[:1] != content[:1]:
            found.append(Node("space", " "))
        found += _content(node, content, next((part for part in reversed(found) if not _joins(part)), None))
        if whole[-1:] != content[-1:]:
            found.append(Node("space", " "))
    return found


def _joins(node: Node) -> bool:
    """Return whether a node stands between two units of a product."""
    return node.kind == "space" or node.is_("sign", "/") or node.is_("command", "cdot", "times")


def _content(font: Node, content: Nodes, before: Node | None) -> Nodes:
    upright = font.text in _UPRIGHT
    if not upright and len(content) == 1 and content[0].is_("word", "a", "A") and font.args[0] != content:
        return [Node("text", content[0].text)]  # \text{a } 5
    alone = len(content) == 1 or (
        upright
        and all(
            part.kind in ("word", "space", "script")
            or part.is_("sign", "/")
            or part.is_("command", "cdot", "Omega", "mu")
            for part in content
        )
    )
    found: Nodes = []
    for place, part in enumerate(content):
        prefix = (
            place + 1 < len(content) and content[place + 1].is_("command", "Omega") and part.is_("word", *_PREFIXES)
        )
        unit = part.kind == "word" and len(part.text) == 1 and alone and (prefix or part.text in LETTERS)
        if (unit and _is_value(before)) or (part.is_("word", "a") and _spaced(content, place) and not upright):
            found.append(Node("text", part.text))
        elif part.kind == "word":
            found += named(part.text) or [Node("text" if len(part.text) > 1 else "word", part.text)]
        else:
            found.append(part)
    return found


def _spaced(content: Nodes, place: int) -> bool:
    return place + 1 < len(content) and content[place + 1].kind == "space"


def _is_value(node: Node | None) -> bool:
    if node is None:
        return False
    return node.kind in ("number", "group", "bracket", "script", "text") or (
        node.kind == "command" and bool(node.args or node.text == "pi")
    )

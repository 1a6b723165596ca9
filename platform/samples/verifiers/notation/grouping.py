r"""Join the digits of grouped numbers: 1,234 and 1{,}234 and 1 234 and 1'234 and 1_000 are one number each.

`1,000, 2,000` is two numbers. In brackets without blanks, (100,200) is a pair.
"""

import re

from samples.verifiers.notation.tree import Node, Nodes

_GROUP = 3  # digits
_LAKHS = re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}", re.ASCII)


def lakhs(text: str) -> str | None:
    """Return the digits of a number that is grouped as in India, 1,00,000. It may be a list of numbers, too."""
    found = _LAKHS.search(text)
    return found[0].replace(",", "") if found and not re.search(r"[\d,]{2}", text.replace(found[0], "")) else None


def _digits(node: Node) -> bool:
    return node.kind == "number" and node.text.isdigit()


def grouped(nodes: Nodes, *, bracketed: bool = False) -> Nodes:
    """Join the digits of grouped numbers in one list of nodes."""
    spaced = any(
        node.is_("sign", ",") and place + 1 < len(nodes) and nodes[place + 1].kind == "space"
        for place, node in enumerate(nodes)
    )
    found: Nodes = []
    place = 0
    while place < len(nodes):
        node = nodes[place]
        end = place + 1
        if (
            _digits(node)
            and len(node.text) <= _GROUP
            and node.text[0] != "0"
            and not (found and found[-1].is_("script", "_"))
        ):
            text, separator = node.text, None
            while end + 1 < len(nodes) and (part := _separator(nodes[end])) and separator in (None, part):
                after = nodes[end + 1]
                if part == "," and bracketed and not spaced:
                    break
                if after.kind != "number" or not _three(after, nodes, end + 1):
                    break
                separator, text, end = part, text + after.text, end + 2
                if "." in after.text:
                    break
            node = Node("number", text)
        found.append(node)
        place = end
    return found


def _separator(node: Node) -> str | None:
    if node.kind == "space":
        return " "
    if node.is_("sign", ",", "'", "_"):
        return node.text
    if node.kind == "group" and len(node.args[0]) == 1 and node.args[0][0].is_("sign", ","):
        return "{,}"
    if node.is_("script", "_"):
        return None
    return None


def _three(node: Node, nodes: Nodes, place: int) -> bool:
    whole = node.text.partition(".")[0]
    if len(whole) != _GROUP:
        return False
    return not (place + 1 < len(nodes) and nodes[place + 1].is_("sign", "/") and nodes[place - 1].kind == "space")


def underscored(nodes: Nodes) -> Nodes:
    """Join 1_000 and 1_000_000, where the scripts have three digits each and the first is no base."""
    found: Nodes = []
    for node in nodes:
        if (
            node.is_("script", "_")
            and found
            and _digits(found[-1])
            and len(node.args[0]) == 1
            and _digits(node.args[0][0])
            and len(node.args[0][0].text) == _GROUP
        ):
            found[-1] = Node("number", found[-1].text + node.args[0][0].text)
        else:
            found.append(node)
    return found

r"""Sets and intervals in the notation that the parser of mathematics reads.

\{x \mid x \ge 3\} is x \ge 3; `x<1 or x>3` is a union of intervals; [0;1] and ]0,1[ are intervals.
"""

from samples.verifiers.notation.tree import Node, Nodes, split, trim

_RELATIONS = ("<", ">", "le", "ge")
_FLIPPED = {"<": ">", ">": "<", "le": "ge", "ge": "le"}
_INFINITY = Node("command", "infty")


def builder(nodes: Nodes) -> Nodes:
    r"""Rewrite \{x \in A \mid condition\} as its condition."""
    if len(nodes) != 1 or not nodes[0].is_("bracket", "{}"):
        return nodes
    inside = nodes[0].args[0]
    for place, node in enumerate(inside):
        if (node.is_("command", "mid") or node.is_("sign", "|", ":")) and place:
            condition = trim(inside[place + 1 :])
            head = trim(inside[:place])
            if relations(condition) and (len(head) == 1 or any(part.is_("command", "in") for part in head)):
                return condition
            break
    return nodes


def relations(nodes: Nodes) -> list[int]:
    """Return the places of inequality signs."""
    return [place for place, node in enumerate(nodes) if _relation(node)]


def _relation(node: Node) -> str | None:
    return node.text if node.kind in ("sign", "command") and node.text in _RELATIONS else None


def interval(nodes: Nodes) -> Nodes | None:
    """Return the interval that an inequality of one letter describes, or None if it is no such inequality."""
    nodes = [node for node in nodes if node.kind != "space"]
    places = relations(nodes)
    parts = split(nodes, lambda node: _relation(node) is not None)
    signs = [str(_relation(nodes[place])) for place in places]
    if len(parts) == 2 and all(parts):
        (left, right), sign = parts, signs[0]
        if len(right) == 1 and right[0].kind == "word" and not (len(left) == 1 and left[0].kind == "word"):
            left, right, sign = right, left, _FLIPPED[sign]
        if not (len(left) == 1 and left[0].kind == "word"):
            return None
        closed = sign in ("le", "ge")
        if sign in ("<", "le"):
            return [
                Node("bracket", "(]" if closed else "()", ([Node("sign", "-"), _INFINITY, Node("sign", ","), *right],))
            ]
        return [Node("bracket", "[)" if closed else "()", ([*right, Node("sign", ","), _INFINITY],))]
    if len(parts) == 3 and all(parts) and len(parts[1]) == 1 and parts[1][0].kind == "word":
        low, _, high = parts
        if signs[0] in (">", "ge"):
            low, high, signs = high, low, [_FLIPPED[signs[1]], _FLIPPED[signs[0]]]
        if signs[0] in ("<", "le") and signs[1] in ("<", "le"):
            brackets = ("[" if signs[0] == "le" else "(") + ("]" if signs[1] == "le" else ")")
            return [Node("bracket", brackets, ([*low, Node("sign", ","), *high],))]
    return None


def union(nodes: Nodes) -> Nodes:
    r"""Rewrite `x<1 or x>3`, and intervals joined by "or" or "and", as a union. A single inequality stays."""
    if not any(node.is_("command", "or", "and", "vee", "cup") for node in nodes) and not relations(nodes):
        return nodes
    parts = [
        trim(part)
        for part in split(nodes, lambda node: node.is_("command", "or", "vee", "cup") or node.is_("sign", ","))
    ]
    if len(parts) < 2 or not all(parts):
        return nodes
    found: list[Nodes] = []
    for part in parts:
        shape = interval(part)
        if shape is None and len(part) == 1 and part[0].kind == "bracket" and part[0].text in ("()", "[]", "[)", "(]"):
            shape = part
        if shape is None:
            return nodes
        found.append(shape)
    if not any(relations(part) for part in parts) and not any(node.is_("command", "or") for node in nodes):
        return nodes
    union: Nodes = []
    for part in found:
        union += [Node("command", "cup"), *part] if union else part
    return union


def intervals(nodes: Nodes) -> Nodes:
    """Rewrite ]0,1[ and [0;1] as intervals with a comma. Apply it to each list of nodes."""
    place = 0
    found: Nodes = []
    while place < len(nodes):
        node = nodes[place]
        if (
            node.is_("bracket", "[]", "()", "[)", "(]")
            and sum(part.is_("sign", ";") for part in node.args[0]) == 1
            and not any(part.is_("sign", ",") for part in node.args[0])
        ):
            node.args = ([Node("sign", ",") if part.is_("sign", ";") else part for part in node.args[0]],)
        if node.is_("sign", "[", "]"):
            end = next((last for last in range(place + 1, len(nodes)) if nodes[last].is_("sign", "[", "]")), None)
            inside = nodes[place + 1 : end] if end is not None else []
            if end is not None and sum(part.is_("sign", ",", ";") for part in inside) == 1:
                brackets = ("(" if node.text == "]" else "[") + (")" if nodes[end].text == "[" else "]")
                content = [Node("sign", ",") if part.is_("sign", ";") else part for part in inside]
                found.append(Node("bracket", brackets, (content,)))
                place = end + 1
                continue
        found.append(node)
        place += 1
    return found

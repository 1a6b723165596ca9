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


def joined(nodes: Nodes) -> Nodes:
    r"""Rewrite inequalities and intervals that words join as one set; nodes that are none stay.

    `x<1 or x>3` is a union, `x>1 and x<3` an interval. Intervals of which one is half-open or endless are no points,
    so "and" and commas make a union of them, too.
    """
    either = any(node.is_("command", "or", "vee") for node in nodes)
    both = any(node.is_("command", "and", "wedge") or node.is_("sign", ",") for node in nodes)
    if not (either or both):
        return nodes
    parts = [part for part in map(trim, split(nodes, _is_joint)) if part]
    letters = {_letter(part) for part in parts} - {""}
    shapes = [interval(part) or _brackets(part) for part in parts]
    if len(parts) < 2 or len(letters) > 1 or not all(shapes):
        return nodes
    found = [shape for shape in shapes if shape]
    if letters and not either:
        return _intersection(found) or nodes
    if either or any(_is_no_point(shape) for shape in found):
        return [node for shape in found for node in (Node("command", "cup"), *shape)][1:]
    return nodes


def _is_joint(node: Node) -> bool:
    return node.is_("command", "or", "vee", "cup", "and", "wedge") or node.is_("sign", ",")


def _letter(nodes: Nodes) -> str:
    """Return the letter of an inequality."""
    words = [node.text for node in nodes if node.kind == "word"] if relations(nodes) else []
    return words[0] if words else ""


def _brackets(nodes: Nodes) -> Nodes | None:
    return nodes if len(nodes) == 1 and nodes[0].is_("bracket", "()", "[]", "[)", "(]") else None


def _is_no_point(shape: Nodes) -> bool:
    endless = any(node.is_("command", "infty") for node in shape[0].args[0])
    return endless or shape[0].text in ("[)", "(]")


def _intersection(shapes: list[Nodes]) -> Nodes | None:
    """Return the interval between a lower and an upper bound."""
    if len(shapes) != 2:
        return None
    ends = [split(shape[0].args[0], lambda node: node.is_("sign", ",")) for shape in shapes]
    low = next((place for place, end in enumerate(ends) if end[1][-1].is_("command", "infty")), None)
    high = next((place for place, end in enumerate(ends) if end[0][-1].is_("command", "infty")), None)
    if low is None or high is None or low == high:
        return None
    brackets = shapes[low][0].text[0] + shapes[high][0].text[1]
    return [Node("bracket", brackets, ([*ends[low][0], Node("sign", ","), *ends[high][1]],))]


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

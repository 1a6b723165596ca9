r"""What an answer gives a value to: the sides of `x = 5`, `f(x) = 2x`, `P(X > 2) = \frac{2}{7}`, `x \in (0,1)`.

`unnamed` decides whether the value on the right is the answer. `assigned` reads `x = 1, y = 2` as named coordinates.
"""

from samples.verifiers.notation import lists, sets
from samples.verifiers.notation.tree import Node, Nodes, split, trim, write
from samples.verifiers.notation.vocabulary import words as vocabulary

_NO_NAME = vocabulary("frac sqrt sum prod int lim cdot times div pm mp infty sin cos tan log ln")


def _equals(node: Node) -> bool:
    return node.is_("sign", "=") or node.is_("command", "equiv", "in", "coloneqq", "approx")


def sides(nodes: Nodes) -> list[Nodes]:
    r"""Split at equal signs. What follows \approx behind an exact value is left out."""
    for place, node in enumerate(nodes):
        if node.is_("command", "approx", "simeq") and place and not is_name(trim(nodes[:place])):
            nodes = nodes[:place]
            break
    return [part for part in map(trim, split(nodes, _equals)) if part]


def is_name(nodes: Nodes) -> bool:
    r"""Return whether nodes name what is asked for: letters, with any scripts, arguments and + or - between them."""
    if not nodes:
        return False
    return _point(nodes) or all(
        node.kind in ("word", "text", "space", "script")
        or (node.kind == "bracket" and node is not nodes[0])
        or node.is_("sign", "'", "|", "+", "-", ":")
        or (node.kind == "command" and node.text not in _NO_NAME)
        for node in nodes
    )


def _point(nodes: Nodes) -> bool:
    """Return whether this is (x, y)."""
    return (
        len(nodes) == 1
        and nodes[0].kind == "bracket"
        and all(part.kind in ("word", "space", "script") or part.is_("sign", ",") for part in nodes[0].args[0])
    )


def values(nodes: Nodes, *, gold: bool) -> Nodes:
    """Return the values without names. In a gold answer, only a name is left out; elsewhere any left side."""
    found: list[Nodes] = []
    for entry in lists.entries(nodes):
        parts = sides(entry)
        named = len(parts) > 1 and (not gold or is_name(parts[0]))
        found.append(parts[-1] if named or len(parts) == 1 else entry)
    return lists.joined(found)


def is_x(parts: list[Nodes]) -> bool:
    """Return whether sides are those of x = value."""
    return len(parts) == 2 and len(parts[0]) == 1 and parts[0][0].is_("word", "x")


def is_short(parts: list[Nodes]) -> bool:
    """Return whether sides are a value and a short name for it: x, x_1, f(x)."""
    return len(parts) == 2 and len(parts[0]) <= 2 and is_name(parts[0])


def has(nodes: Nodes) -> bool:
    """Return whether an entry has an equal sign."""
    return any(_equals(node) for node in nodes)


def assigned(nodes: Nodes) -> dict[str, Nodes] | None:
    """Return the values of letters, if the entries are equations for two or more different letters; else None."""
    found: dict[str, Nodes] = {}
    for entry in lists.entries(nodes):
        parts = sides(entry)
        if (
            len(parts) != 2
            or parts[0][0].kind not in ("word", "command")
            or not all(_is_index(node) for node in parts[0][1:])
        ):
            return None
        name = _bare(parts[0])
        if name in found:
            return None
        found[name] = parts[1]
    return found if len(found) > 1 else None


def _is_index(node: Node) -> bool:
    return node.is_("script", "_")


def alike(want: Nodes, got: Nodes) -> bool:
    """Return whether two answers name the same thing, or things that no parser reads, so that only the values count."""
    one, other = map(_first_side, (want, got))
    if _bare(one) == _bare(other):
        return True
    return any(relation(side) for side in (one, other)) or (
        is_name(one) and is_name(other) and _applied(one) != _applied(other)
    )


def _first_side(nodes: Nodes) -> Nodes:
    """Return what stands before the first equal sign of the first entry; nothing of an answer of signs alone."""
    return next((parts[0] for entry in lists.entries(nodes) if (parts := sides(entry))), [])


def relation(nodes: Nodes) -> bool:
    """Return whether a name is one that no parser reads: P(X > 2), words, max f."""
    return any(
        node.kind == "text"
        or node.is_("command", "max", "min", "det", "angle")
        or (node.args and bool(sets.relations(node.args[0])))
        for node in nodes
    )


def _applied(nodes: Nodes) -> bool:
    """Return whether this is f(x)."""
    return len(nodes) == 2 and nodes[0].kind == "word" and nodes[1].is_("bracket", "()")


def _bare(nodes: Nodes) -> str:
    return write([node for node in nodes if node.kind != "space"])


def point(nodes: Nodes) -> list[Nodes] | None:
    """Return the entries of a tuple or column."""
    nodes = sides(nodes)[-1] if nodes else nodes
    if len(nodes) == 1 and nodes[0].is_("bracket", "()", "[]", "<>"):
        return [trim(part) for part in split(nodes[0].args[0], lambda node: node.is_("sign", ","))]
    if len(nodes) == 1 and nodes[0].kind == "env":
        return [trim(part) for part in split(nodes[0].args[0], lambda node: node.is_("command", "\\"))]
    return None

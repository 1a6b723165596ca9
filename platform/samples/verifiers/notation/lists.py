r"""Lists without brackets.

Their entries; the two entries that \pm makes of one; systems of equations, which are lists of lines.
"""

from samples.verifiers.notation.tree import Node, Nodes, copied, everywhere, split, trim


def is_joint(node: Node) -> bool:
    """Return whether a node joins the entries of a list."""
    return node.is_("sign", ",", ";") or node.is_("command", "and", "or", "\\")


def entries(nodes: Nodes) -> list[Nodes]:
    """Return the entries of a list without brackets: split at commas, semicolons, "and", "or" and line breaks."""
    return [part for part in map(trim, split(nodes, is_joint)) if part]


def joined(parts: list[Nodes]) -> Nodes:
    """Return one list of the parts, with commas between them."""
    found: Nodes = []
    for part in parts:
        found += [Node("sign", ","), Node("space", " "), *part] if found else part
    return found


def listed(nodes: Nodes) -> Nodes:
    """Put commas where "and", "or", semicolons and line breaks join the entries of a list."""
    if not any(is_joint(node) and not node.is_("sign", ",") for node in nodes):
        return nodes
    return joined(entries(nodes))


def plus_minus(nodes: Nodes) -> Nodes:
    r"""Write each entry with \pm as two, the one with + and the one with -."""
    if not _signed(nodes):
        return nodes
    found: list[Nodes] = []
    for part in entries(nodes):
        if _signed(part):
            found += [_with(part, "+", "-"), _with(part, "-", "+")]
        else:
            found.append(part)
    return joined(found)


def _signed(nodes: Nodes) -> bool:
    return any(node.is_("command", "pm") or any(_signed(part) for part in node.args) for node in nodes)


def _with(nodes: Nodes, plus: str, minus: str) -> Nodes:
    def rule(part: Nodes) -> Nodes:
        out: Nodes = []
        for node in part:
            if node.is_("command", "pm", "mp"):
                sign = plus if node.text == "pm" else minus
                if sign == "-" or any(before.kind != "space" for before in out):
                    out.append(Node("sign", sign))
            else:
                out.append(node)
        return out

    return everywhere(copied(nodes), rule)


def systems(nodes: Nodes) -> Nodes:
    r"""Rewrite the lines of a cases, aligned or gathered environment as a list."""
    if len(nodes) != 1 or not (
        nodes[0].kind == "env"
        and nodes[0].text in ("cases", "aligned", "align", "gathered", "array", "split", "gather", "equation", "dcases")
    ):
        return nodes
    lines = [
        trim([part for part in line if not part.is_("sign", "&")])
        for line in split(nodes[0].args[0], lambda node: node.is_("command", "\\"))
    ]
    return joined([_without_comma(line) for line in lines if line])


def _without_comma(line: Nodes) -> Nodes:
    return trim(line[:-1]) if line and line[-1].is_("sign", ",", ";", ".") else line

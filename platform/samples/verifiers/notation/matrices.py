r"""Write matrices as pmatrix: [[1,2],[3,4]], (1,2,3)^T, \begin{array}{cc}."""

from samples.verifiers.notation.tree import Node, Nodes, split, trim

_MATRICES = frozenset(
    ["matrix", "pmatrix", "bmatrix", "vmatrix", "Bmatrix", "smallmatrix", "array", "psmallmatrix", "Vmatrix"]
)


def matrices(nodes: Nodes) -> Nodes:
    r"""Rewrite [[1,2],[3,4]], (1,2,3)^T and other matrices as pmatrix. Apply it to each list of nodes."""
    found: Nodes = []
    for node in nodes:
        if node.kind == "env" and node.text in _MATRICES and node.text not in ("vmatrix", "Vmatrix"):
            found.append(Node("env", "pmatrix", (_cells(node),)))
        elif node.is_("bracket", "[]", "()") and (rows := _rows(node)):
            found.append(Node("env", "pmatrix", (rows,)))
        elif (
            node.is_("bracket", "[]", "()", "||")
            and len(trim(node.args[0])) == 1
            and trim(node.args[0])[0].is_("env", "pmatrix")
        ):
            found.append(trim(node.args[0])[0])
        elif (
            node.kind == "script"
            and node.text == "^"
            and found
            and found[-1].is_("bracket", "()", "[]")
            and _transposes(node)
        ):
            column = [
                part
                for entry in split(found.pop().args[0], lambda part: part.is_("sign", ","))
                for part in [*trim(entry), Node("command", "\\")]
            ]
            found.append(Node("env", "pmatrix", (column[:-1],)))
        else:
            found.append(node)
    return found


def _transposes(node: Node) -> bool:
    return len(node.args[0]) == 1 and (
        node.args[0][0].is_("word", "T", "t")
        or node.args[0][0].is_("command", "top", "intercal")
        or node.args[0][0].is_("text", "T")
    )


def _cells(node: Node) -> Nodes:
    content = trim(node.args[0])
    columns = content[:1] if node.text == "array" else []
    if columns and (columns[0].kind == "group" or (columns[0].kind == "word" and set(columns[0].text) <= set("lcr"))):
        content = trim(content[1:])
    while content and content[-1].is_("command", "\\"):
        content = trim(content[:-1])
    return [part for part in content if part.kind != "space" and not part.is_("command", "hline")]


def _rows(node: Node) -> Nodes:
    """Return the cells of a list of lists; nothing if it is none."""
    parts = [trim(part) for part in split(node.args[0], lambda part: part.is_("sign", ","))]
    if (len(parts) < 2 and node.text != "[]") or not all(
        len(part) == 1 and part[0].is_("bracket", "[]") for part in parts
    ):
        return []
    rows: Nodes = []
    for part in parts:
        inside = [cell for cell in part[0].args[0] if cell.kind != "space"]
        cells = [Node("sign", "&") if cell.is_("sign", ",") else cell for cell in inside]
        rows += [Node("command", "\\"), *cells] if rows else cells
    return rows

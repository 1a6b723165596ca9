r"""Functions, roots, binomials: put arguments into brackets, so that no parser has to guess where they end.

An argument without brackets ends at a sign, at \cdot and at the next function: `\log_2 3\cdot\log_3 4` is a product.
In the argument of a function, a degree is \pi/180. `\lg` has base 10, `cis` and `C(n,k)` are written out.
"""

from samples.verifiers.notation.tree import Node, Nodes, everywhere, trim
from samples.verifiers.notation.units import is_degree
from samples.verifiers.notation.vocabulary import words as vocabulary

_TAKING = vocabulary(
    "sin cos tan cot sec csc arcsin arccos arctan arccot arcsec arccsc sinh cosh tanh coth arcsinh arccosh arctanh "
    "arsinh arcosh artanh ln log lg exp cis"
)
_ENDS = (
    vocabulary(
        "cdot times div pm mp le ge neq approx equiv in notin cup cap to and or sum prod int lim mid dots wedge vee "
        "\\ bmod pmod"
    )
    | _TAKING
)
_SIGNS = frozenset("+-=<>,;:/|*&")


def arguments(nodes: Nodes) -> Nodes:
    """Give each function in this list its argument in brackets. Apply it to each list, inner ones first."""
    found: Nodes = []
    place = 0
    while place < len(nodes):
        node = nodes[place]
        place += 1
        if not node.is_("command", *_TAKING):
            found.append(node)
            continue
        scripts: Nodes = []
        while place < len(nodes) and (nodes[place].kind == "script" or (nodes[place].kind == "space" and not scripts)):
            if nodes[place].kind == "script":
                scripts.append(nodes[place])
            place += 1
        body, place = _argument(nodes, place)
        if body is None:
            found += [node, *scripts]
            continue
        found += _applied(node, scripts, _radians(body))
    return found


def _argument(nodes: Nodes, place: int) -> tuple[Nodes | None, int]:
    while place < len(nodes) and nodes[place].kind == "space":
        place += 1
    if place >= len(nodes):
        return None, place
    if nodes[place].is_("bracket", "()", "[]", "{}") or nodes[place].kind == "group":
        return nodes[place].args[0], place + 1
    if nodes[place].is_("sign", "|"):
        close = next((end for end in range(place + 1, len(nodes)) if nodes[end].is_("sign", "|")), None)
        return (None, place) if close is None else (nodes[place : close + 1], close + 1)
    body: Nodes = []
    if nodes[place].is_("sign", "-"):
        body.append(nodes[place])
        place += 1
    while place < len(nodes):
        node = nodes[place]
        if (
            (node.kind == "sign" and node.text in _SIGNS)
            or (node.kind == "command" and node.text in _ENDS)
            or node.kind == "text"
        ):
            break
        if node.is_("bracket", "()") and body and body[-1].kind != "word" and not body[-1].is_("number"):
            break
        if node.kind == "space" and body and any(part.is_("script") and is_degree(part) for part in body):
            break
        body.append(node)
        place += 1
    return (trim(body), place) if trim(body) else (None, place)


def _radians(body: Nodes) -> Nodes:
    if not any(is_degree(node) for node in body):
        return body
    kept = [node for node in body if not is_degree(node)]
    return [
        Node("bracket", "()", (kept,)),
        Node("command", "cdot"),
        Node("command", "frac", ([Node("command", "pi")], [Node("number", "180")])),
    ]


def _applied(node: Node, scripts: Nodes, body: Nodes) -> Nodes:
    bracket = Node("bracket", "()", (body,))
    if node.text == "lg":
        return [Node("command", "log"), *scripts, bracket]
    if node.text == "cis":
        sine = [Node("word", "i"), Node("command", "sin"), bracket]
        return [Node("bracket", "()", ([Node("command", "cos"), bracket, Node("sign", "+"), *sine],))]
    if node.text == "exp":
        return [Node("word", "e"), Node("script", "^", (body,))]
    if scripts and scripts[0].text == "^" and node.text in ("ln", "log"):
        subscripts = [part for part in scripts if part.text == "_"]
        powers = [part for part in scripts if part.text == "^"]
        return [Node("bracket", "()", ([Node("command", node.text), *subscripts, bracket],)), *powers]
    return [node, *scripts, bracket]


def roots(nodes: Nodes) -> Nodes:
    r"""Rewrite \root 3 \of 2, sqrt(2), sqrt2 and cbrt(2) as \sqrt[3]{2}."""
    found: Nodes = []
    place = 0
    while place < len(nodes):
        node = nodes[place]
        place += 1
        if node.is_("command", "root"):
            of = next((end for end in range(place, len(nodes)) if nodes[end].is_("command", "of")), None)
            body, after = _one_argument(nodes, of + 1) if of is not None else (None, place)
            if of is not None and body is not None:
                found.append(Node("command", "sqrt", (body,), trim(nodes[place:of])))
                place = after
                continue
        if node.is_("command", "cbrt") or (node.is_("command", "sqrt") and not (node.args and node.args[0])):
            body, after = _one_argument(nodes, place)
            if body is not None:
                option = [Node("number", "3")] if node.text == "cbrt" else node.option
                found.append(Node("command", "sqrt", (body,), option))
                place = after
                continue
        body = node.args[0] if node.is_("command", "sqrt") and node.args else []  # a word makes a root without a body
        if len(body) == 1 and body[0].is_("bracket", "()"):
            node = Node("command", "sqrt", body[0].args, node.option)
        found.append(node)
    return found


def _one_argument(nodes: Nodes, place: int) -> tuple[Nodes | None, int]:
    while place < len(nodes) and nodes[place].kind == "space":
        place += 1
    if place >= len(nodes) or nodes[place].kind == "sign":
        return None, place
    node = nodes[place]
    return (node.args[0] if node.kind in ("group", "bracket") else [node]), place + 1


def binomials(nodes: Nodes) -> Nodes:
    r"""Rewrite C(n,2), _{10}C_3, ^{10}C_3, 10C3 and {n \choose 2} as \binom."""
    for place, node in enumerate(nodes):
        if node.is_("command", "choose"):
            return [Node("command", "binom", (trim(nodes[:place]), trim(nodes[place + 1 :])))]
    found: Nodes = []
    place = 0
    while place < len(nodes):
        node = nodes[place]
        place += 1
        if node.is_("word", "C") and place < len(nodes):
            after = nodes[place]
            inside = _pair(after) if after.is_("bracket", "()") else None
            if inside and (not found or found[-1].kind != "word"):
                found.append(Node("command", "binom", inside))
                place += 1
                continue
            if after.is_("script", "_") and found and found[-1].kind == "script":
                before = found.pop()
                found = found[:-1] if found and found[-1].is_("group") else found  # {}_nC_k
                found.append(Node("command", "binom", (before.args[0], after.args[0])))
                place += 1
                continue
        found.append(node)
    return found


def _pair(bracket: Node) -> tuple[Nodes, Nodes] | None:
    content = bracket.args[0]
    commas = [place for place, node in enumerate(content) if node.is_("sign", ",")]
    return (trim(content[: commas[0]]), trim(content[commas[0] + 1 :])) if len(commas) == 1 else None


def indices(nodes: Nodes) -> Nodes:
    r"""Rename the index i of a sum or product, which is no imaginary unit. Apply it to each list of nodes."""
    for place, node in enumerate(nodes):
        if node.is_("command", "sum", "prod") and place + 1 < len(nodes) and nodes[place + 1].is_("script", "_"):
            bound = trim(nodes[place + 1].args[0])
            if len(bound) > 1 and bound[0].is_("word", "i"):
                return [*nodes[:place], *everywhere(nodes[place:], _renamed)]
    return nodes


def _renamed(nodes: Nodes) -> Nodes:
    index = [Node("word", "j"), Node("script", "_", ([Node("number", "0")],))]
    found: Nodes = []
    for node in nodes:
        if node.kind == "word" and "i" in node.text:
            for letter in node.text:
                found += index if letter == "i" else [Node("word", letter)]
        else:
            found.append(node)
    return found

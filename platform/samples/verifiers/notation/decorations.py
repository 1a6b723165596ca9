r"""Remove what only changes how an answer is printed: spaces, sizes, colours, frames, bold mathematics, dollars.

What a command prints is kept: \textcolor{red}{13} is 13, and so is \underline{13}. Dots and commas at the end go too.
"""

from samples.verifiers.notation.tree import Node, Nodes, trim
from samples.verifiers.notation.vocabulary import words as vocabulary

_NOTHING = vocabulary(
    ", ; : ! > quad qquad enspace thinspace medspace thickspace negthinspace hfill displaystyle textstyle "
    "scriptstyle limits nolimits tiny small normalsize large Large LARGE huge Huge centering phantom hphantom "
    "vphantom hspace vspace label tag nobreak allowbreak strut null protect relax mathstrut [ ] ( ) $ left right"
) | {" ", "\n", "\t", "/"}
_SPACE = vocabulary(", ; : quad qquad enspace thinspace medspace thickspace hspace") | {" ", "\n", "\t"}
_SHOWN = vocabulary(
    "boxed fbox framebox underline bm boldsymbol pmb mathop ensuremath color textcolor colorbox num smash cancel "
    "underbrace overbrace"
)
_MATH_FONTS = frozenset(["mathbf", "bf", "mathit", "it", "mathnormal", "emph", "bfseries", "itshape", "operatorname*"])
_SAME = {
    "dfrac": "frac", "tfrac": "frac", "cfrac": "frac", "sfrac": "frac", "nicefrac": "frac", "dbinom": "binom",
    "tbinom": "binom", "leqslant": "le", "geqslant": "ge", "leq": "le",
    "geq": "ge", "ne": "neq", "varnothing": "emptyset",
    "lvert": "|", "rvert": "|", "vert": "|", "ldots": "dots", "dotsc": "dots", "cdots": "dots", "dotsb": "dots",
    "gt": ">", "lt": "<", "degree": "circ", "varepsilon": "epsilon", "vartheta": "theta", "varphi": "phi",
    "land": "wedge", "lor": "vee", "colon": ":", "leqq": "le", "geqq": "ge", "cr": "\\", "newline": "\\", "sb": "_",
    "arcsen": "arcsin", "tg": "tan", "ctg": "cot", "arctg": "arctan", "cosec": "csc", "rightarrow": "to",
    "divides": "mid", "dag": "dagger", "Reals": "R",
}  # fmt: skip
_MEASURED = frozenset(["SI", "qty", "unit", "si"])
_SIGNS = frozenset("|><:%&#_")


def plain(nodes: Nodes) -> Nodes:
    """Apply this to each list of nodes, inner ones first."""
    found: Nodes = []
    for node in nodes:
        if node.kind == "command":
            found += _command(node)
        elif node.kind == "font" and node.text in _MATH_FONTS and not _is_words(node.args[0]):
            found += node.args[0]
        elif node.kind == "group" and (not trim(node.args[0]) or len(node.args[0]) == 1):
            found += _one(node.args[0])
        elif not node.is_("sign", "$", "`", '"'):
            found.append(node)
    return found


def _command(node: Node) -> Nodes:
    name = node.text = _SAME.get(node.text, node.text)
    if name in _SHOWN and node.args:
        return [] if name == "color" else node.args[-1]
    if name in _MEASURED and node.args:
        *value, unit = node.args
        return [*(value[0] if value else []), Node("space", " "), Node("font", "mathrm", (unit,))]
    if name == "ang":
        return [*node.args[0], Node("script", "^", ([Node("command", "circ")],))]
    if name == "textsuperscript":
        return [Node("script", "^", node.args)]
    if name in _NOTHING:
        return [Node("space", " ")] if name in _SPACE else []
    return [Node("sign", name)] if name in _SIGNS else [node]


def _one(content: Nodes) -> Nodes:
    """Keep a comma in braces apart: 2{,}125 is one number, and the comma no list."""
    if len(content) == 1 and content[0].is_("sign", ","):
        return [Node("group", "", (content,))]
    return content


def _is_words(content: Nodes) -> bool:
    return any(node.kind == "word" and len(node.text) > 1 for node in content) and not any(
        node.kind in ("number", "command") for node in content
    )


def without_stops(nodes: Nodes) -> Nodes:
    """Remove points, commas, line breaks and emphasis (**13**) from the ends."""
    nodes = trim(nodes)
    while nodes and _is_stop(nodes):
        nodes = trim(nodes[:-1])
    while nodes and nodes[0].is_("sign", "*", "_", ":", ",", "."):
        nodes = trim(nodes[1:])
    if len(nodes) == 1 and nodes[0].kind == "group":
        return without_stops(nodes[0].args[0])
    return nodes


def _is_stop(nodes: Nodes) -> bool:
    dots = len(nodes) > 1 and nodes[-1].is_("sign", ".") and nodes[-2].is_("sign", ".")  # 0.333... keeps its dots
    return (nodes[-1].is_("sign", ".", ",", ";", "*", "_") and not dots) or nodes[-1].is_("command", "\\")

r"""Tell words from products of letters, as typed.

"and" and "or" become commands of those names; "pi" and "infinity" are what they name, "sqrt" is a function. Other
letters are a word if they are a known unit behind a number, or four letters or more with a blank before them; else
they are a product.
"""

from collections.abc import Callable

from samples.verifiers.notation.parser import parse
from samples.verifiers.notation.tree import Node, Nodes
from samples.verifiers.notation.units import UNITS
from samples.verifiers.notation.vocabulary import words as vocabulary

FUNCTIONS = vocabulary(
    "sin cos tan cot sec csc arcsin arccos arctan arccot arcsec arccsc sinh cosh tanh coth ln log lg exp sqrt gcd "
    "lcm max min det arcsinh arccosh arctanh arsinh arcosh artanh cis lim floor ceil mod bmod Re Im dim rank tr abs "
    "cbrt arg sgn"
)
_ALIASES = {
    "tg": "tan",
    "ctg": "cot",
    "arctg": "arctan",
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "cosec": "csc",
}
_NAMES = {
    **{name: rf"\{name}" for name in vocabulary("pi alpha beta gamma delta theta lambda mu sigma omega phi rho tau")},
    **dict.fromkeys(vocabulary("infinity inf infty oo"), r"\infty"),
    "and": r"\and",
    "or": r"\or",
}
_PHRASES = {
    **dict.fromkeys(
        ["no solution", "no solutions", "no real solutions", "no real solution", "empty set"], r"\emptyset"
    ),
    **dict.fromkeys(["all real numbers", "all reals", "all real values", "any real number"], r"\mathbb{R}"),
}
_MODULES = ("np", "math", "numpy", "sympy")
_SMALL = vocabulary("of in base per if is to the for all any sq cu deg am pm th a an at by no yes mod but not as be it")
_ORDINALS = ("st", "nd", "rd", "th")
_PRODUCTS = ("abcd", "wxyz", "pqrs", "klmn", "rstuv", "mnpq", "ijk")  # letters of products, not of words
_LONG = 4  # letters of a word that is not known


def named(word: str) -> Nodes:
    """Return the function, constant or joint that a word names; nothing if it names none."""
    if word in FUNCTIONS or word in _ALIASES:
        return [Node("command", _ALIASES.get(word, word))]
    lower = word.lower()
    return parse(_NAMES[lower]) if lower in _NAMES and len(word) > 1 else []


def is_product(letters: str) -> bool:
    """Return whether letters are those of a product, as abc and xyz are."""
    return any(set(letters) <= set(group) for group in _PRODUCTS)


def read_letters(nodes: Nodes) -> Nodes:
    """Replace typed letters that spell a function, a name or a word. Apply it to each list of nodes."""
    found: Nodes = []
    nodes = [node for place, node in enumerate(nodes) if not _module(nodes, place)]
    for place, node in enumerate(nodes):
        if node.kind == "word":
            found += _typed(node.text, nodes[place - 1] if place else None, (nodes[place + 1 :] or [None])[0])
        else:
            found.append(node)
    return found


def _module(nodes: Nodes, place: int) -> bool:
    """Return whether this is "np" or the point in np.sqrt(2)."""
    if nodes[place].is_("word", *_MODULES):
        return place + 1 < len(nodes) and nodes[place + 1].is_("sign", ".")
    return nodes[place].is_("sign", ".") and place > 0 and nodes[place - 1].is_("word", *_MODULES)


def _typed(word: str, before: Node | None, after: Node | None) -> Nodes:
    if found := named(word):
        return found
    last = after is None or after.kind in ("space", "sign", "script", "text")
    if word.lower() in _ORDINALS and last and (before is None or before.kind == "number"):
        return [Node("text", word.lower())]  # 2nd, and the script of 2^{nd}
    if len(word) < 2 or (is_product(word) and word not in UNITS):
        return [Node("word", word)]
    apart = before is None or before.kind in ("space", "text") or before.is_("sign", ".")
    behind_value = before is not None and before.kind in ("number", "group", "bracket")
    known = last and ((apart and word.lower() in _SMALL) or ((apart or behind_value) and word in UNITS))
    if known or (apart and len(word) >= _LONG):
        return [Node("text", word)]
    function = next((name for name in FUNCTIONS if len(name) > 2 and word[:-1] == name), None)
    return [Node("command", function), Node("word", word[-1])] if function else [Node("word", word)]  # sinx


def clock(nodes: Nodes) -> Nodes:
    """Join the letters of a.m. and p.m. into one word. Apply it to each list of nodes."""
    found: Nodes = []
    for node in nodes:
        stop = len(found) > 1 and found[-1].is_("sign", ".") and found[-2].is_("word", "a", "p", "A", "P")
        if node.is_("word", "m", "M") and stop:
            found[-2:] = [Node("text", f"{found[-2].text}m")]
        elif node.is_("word", "am", "pm", "AM", "PM", "noon") and found:
            found.append(Node("text", node.text))
        else:
            found.append(node)
    return found


def bare_joints(nodes: Nodes) -> Nodes:
    """Make words of "and" and "or" where only words follow: `15 or less`, `3 and a half`."""
    found: Nodes = []
    for place, node in enumerate(nodes):
        if node.is_("command", "and", "or") and place and _only_words(nodes[place + 1 :]):
            node = Node("text", node.text)
        found.append(node)
    return found


def phrases(nodes: Nodes) -> Nodes:
    """Write words that name a set as the set: no solution, all real numbers."""
    if not all(node.kind in ("text", "space") for node in nodes):
        return nodes
    said = " ".join(node.text.lower() for node in nodes if node.kind == "text")
    return parse(_PHRASES[said]) if said in _PHRASES else nodes


def _only_words(nodes: Nodes) -> bool:
    """Return whether only words stand before the next joint."""
    some = False
    for node in nodes:
        if node.is_("command", "and", "or") or node.is_("sign", ","):
            break
        if not (node.kind in ("text", "space") or node.is_("word", "a") or node.is_("sign", ".")):
            return False
        some |= node.kind == "text"
    return some


def letters(nodes: Nodes) -> bool:
    """Return whether a letter stands for a variable anywhere in the nodes."""
    return any(node.kind == "word" or any(map(letters, node.args)) for node in nodes if node.kind != "text")


def has(nodes: Nodes, wanted: Callable[[Node], bool]) -> bool:
    """Return whether a condition holds for a node, at any depth."""
    return any(wanted(node) or any(has(part, wanted) for part in node.args) for node in nodes)

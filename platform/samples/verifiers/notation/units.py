r"""Find the words and units behind a value: 5 \text{ cm}^2, 5 kg, 25^\circ C, 3^{rd}.

A unit is a word in a text font, a known unit, a degree sign, the ending of an ordinal, or a ratio of these. What its
words say is read in `measures`.
"""

from samples.verifiers.notation.tree import Node, Nodes, trim
from samples.verifiers.notation.vocabulary import words as vocabulary

LETTERS = frozenset("mgshlLNJWVKAFTCP")  # units of one letter, in upright letters behind a value
LONE = frozenset("mgshlL")  # the same as typed: 5 m may be a product, too
UNITS = vocabulary(
    "cm mm km nm dm ft in mi yd kg mg lb lbs oz sec min hr hrs mph kmh kph ml mL kJ kW kN kPa MPa GPa Pa Hz kHz MHz "
    "GHz eV MeV GeV keV deg rad sq cu per of usd eur USD EUR day days pm am AM PM mol ms ns ps mA mV kV MW GW nC mC "
    "mT cc pF nF mF dB amu atm bar cal kcal pts pt"
)
_SYMBOLS = vocabulary("AA celsius degreeCelsius ohm meter second prime hbar")
_BETWEEN = ("/", ".", "-", ",", "'")


def split_tail(nodes: Nodes) -> tuple[Nodes, Nodes]:
    """Split off the words, units and percent signs at the end of a list of nodes. A list of words alone is a value."""
    end = cut = len(nodes)
    while end:
        if (
            nodes[end - 1].kind == "space"
            or nodes[end - 1].is_("sign", *_BETWEEN)
            or nodes[end - 1].is_("command", "cdot")
        ):
            end -= 1
            continue
        taken = _units_at_end(nodes[:end], last=end == len(nodes))
        if not taken:
            break
        end = cut = end - taken
    if end and nodes[end - 1].is_("sign", "%"):
        cut = end - 1
    value = trim(nodes[:cut])
    while cut < len(nodes) and value and (value[-1].is_("sign", "/", ",") or value[-1].is_("command", "cdot", "times")):
        value = trim(value[:-1])
    return (value, nodes[cut:]) if value else (nodes, [])


def _units_at_end(nodes: Nodes, *, last: bool) -> int:
    """Return how many nodes at the end are one unit."""
    if _is_unit(nodes) and not (last and nodes[-1].is_("command", "mu")):
        return 1
    power = nodes[-1].is_("script", "^") or (last and nodes[-1].kind == "number")  # cm^2, and m2
    return 2 if power and len(nodes) > 1 and _is_unit(nodes[:-1]) else 0


def _is_unit(nodes: Nodes) -> bool:
    """Return whether the last node is a unit. What stands before decides for letters and signs."""
    node = nodes[-1]
    before = [part for part in nodes[:-1] if part.kind != "space"]
    match node.kind:
        case "text":
            return True
        case "script":
            return is_degree(node) or (len(node.args[0]) == 1 and node.args[0][0].kind == "text")
        case "group" | "bracket":
            return node.text != "{}" and _only_units(node.args[0])
        case "word":
            return bool(before) and _letter_is_unit(node.text, before)
        case "command":
            return _command_is_unit(node, before)
        case _:
            return False


def _only_units(nodes: Nodes) -> bool:
    return any(part.kind == "text" for part in nodes) and all(
        part.kind in ("text", "space", "script") or part.is_("sign", "/", ".") or part.is_("command", "cdot")
        for part in nodes
    )


def _letter_is_unit(letters: str, before: Nodes) -> bool:
    r"""Return whether letters are the rest of ^\circ C, \mu m or m/s."""
    if is_degree(before[-1]) and letters in "CFK":
        return True
    if len(before) < 2:
        return False
    micro = before[-1].is_("command", "mu") and before[-2].kind == "number"
    return micro or (before[-1].is_("sign", "/") and before[-2].kind == "text")


def _command_is_unit(node: Node, before: Nodes) -> bool:
    if node.text == "frac":
        return all(_only_units(side) for side in node.args)
    if node.text in ("Omega", "mu"):
        r"""5 \Omega and 5 \mu m are measured; n\Omega and \mu are not."""
        return bool(before) and (before[-1].kind in ("number", "text") or before[-1].is_("command", "frac"))
    return node.text == "circ" or (bool(before) and node.text in _SYMBOLS)


def is_degree(node: Node) -> bool:
    r"""Return whether a script is a degree sign: ^\circ, ^o, ^{o}."""
    if not node.is_("script", "^") or len(node.args[0]) != 1:
        return False
    return node.args[0][0].is_("command", "circ") or node.args[0][0].is_("word", "o")


def typed_tail(nodes: Nodes) -> tuple[Nodes, Nodes]:
    """Split off units of few letters that are typed behind a number: 5 m/s, 5 kg, 5m."""
    cut = end = len(nodes)
    while end:
        node = nodes[end - 1]
        if node.is_("word", *UNITS, *LONE) or node.kind == "text":
            cut = end = end - 1
        elif node.kind == "space" or node.is_("sign", "/", ".") or node.is_("script", "^"):
            end -= 1
        else:
            break
    value = trim(nodes[:cut])
    return (value, nodes[cut:]) if value and cut < len(nodes) and not value[-1].is_("sign") else (nodes, [])

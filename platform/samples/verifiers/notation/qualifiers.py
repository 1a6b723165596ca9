r"""What stands before and behind an answer and does not change it: opening words, options, conditions, moduli.

- "The answer is", \approx and = in front are dropped; so is the letter of an option before a value, which is kept
  apart.
- Conditions behind a formula are dropped: "for all real x", `, k \in \mathbb{Z}`, `(n \ge 1)`.
- A modulus, `\pmod{7}`, is kept apart.
"""

from samples.verifiers.notation.lists import is_joint
from samples.verifiers.notation.sets import relations
from samples.verifiers.notation.tree import Node, Nodes, split, trim
from samples.verifiers.notation.vocabulary import words as vocabulary

_OPENING = vocabulary(
    "the final correct answer is are value result approximately approx about roughly around so therefore hence thus "
    "a an total of equals equal to we get have solution ans exactly only answers values solutions ca circa nearly"
)
_VERBS = ("is", "are", "equals", "be", "was")
_CURRENCIES = vocabulary("usd us rs eur gbp inr cad aud hk nt rmb cny jpy chf inr re dollars euros")
_CONDITIONS = vocabulary("for where with when whenever provided assuming given such")
_LETTERS = tuple("ABCDEFGHIJ")
_OPTION_WORDS = ("option", "Option", "choice", "Choice", "Answer", "OPTION")
_OPERATORS = vocabulary("cup cap cdot times pm mp le ge neq in subset subseteq setminus to div and or")


def without_opening(nodes: Nodes) -> Nodes:
    r"""Remove words that introduce the answer, currencies, and \approx or = in front."""
    nodes = _behind_verb(trim(nodes))
    while len(nodes) > 1:
        first, rest = nodes[0], trim(nodes[1:])
        word = first.text.lower() if first.kind in ("text", "word") else ""
        if word in _CURRENCIES and _before_number(rest):
            nodes = trim(rest[1:]) if rest[0].is_("sign", ".") else rest
        elif (
            (first.kind == "text" and word in _OPENING)
            or first.is_("sign", "=", ":")
            or first.is_("command", "approx", "sim", "therefore", "simeq", "to")
            or (first.is_("sign", ".") and rest[0].kind != "number")
        ):
            nodes = rest
        else:
            break
    if len(nodes) == 1 and nodes[0].kind == "group":  # what was introduced may be introduced within braces once more
        return without_opening(nodes[0].args[0])
    return nodes


def _behind_verb(nodes: Nodes) -> Nodes:
    """Remove words in front that end with a verb or a colon: "the probability is", "final answer:"."""
    place = 0
    while place < len(nodes) and nodes[place].kind in ("text", "space"):
        place += 1
    words = [node for node in nodes[:place] if node.kind == "text"]
    opened = words and place < len(nodes) and (words[-1].text.lower() in _VERBS or nodes[place].is_("sign", ":"))
    return trim(nodes[place:]) if opened else nodes


def _before_number(rest: Nodes) -> bool:
    if rest[0].is_("sign", ".") and len(rest) > 1:
        rest = trim(rest[1:])
    return bool(rest) and rest[0].kind == "number"


def option(nodes: Nodes) -> tuple[str | None, Nodes]:
    """Split off the letter of an option in front: (C), C), C., Option C. The rest may be empty."""
    if len(nodes) > 1 and nodes[0].is_("text", *_OPTION_WORDS):
        nodes = trim(nodes[1:])
    letter, rest = _letter_in_front(nodes)
    rest = trim(rest)
    while letter and rest and rest[0].is_("sign", ".", ":", ")"):
        rest = trim(rest[1:])
    return (None, nodes) if letter is None or (rest and _goes_on(rest)) else (letter, rest)


def _letter_in_front(nodes: Nodes) -> tuple[str | None, Nodes]:
    if nodes and nodes[0].is_("bracket", "()"):
        inside = trim(nodes[0].args[0])
        if len(inside) == 1 and inside[0].is_("word", *_LETTERS):
            return inside[0].text, nodes[1:]
    if not nodes or not nodes[0].is_("word", *_LETTERS):
        return None, nodes
    if len(nodes) == 1:
        return nodes[0].text, []
    ratio = len(nodes) > 2 and nodes[1].is_("sign", ":") and nodes[2].kind != "space"
    return (nodes[0].text, nodes[2:]) if nodes[1].is_("sign", ")", ".", ":", "]") and not ratio else (None, nodes)


def _goes_on(rest: Nodes) -> bool:
    """Return whether a formula goes on behind a letter, so that the letter is a part of it."""
    first = rest[0]
    if first.is_("sign", "-") or first.is_("bracket", "()"):
        return any(node.is_("bracket", "()") and _letter_in_front([node])[0] for node in rest)
    return (
        first.kind == "script"
        or first.is_("sign", *"+=<>/*,|!")
        or (first.kind == "command" and first.text in _OPERATORS)
    )


def modulus(nodes: Nodes) -> tuple[Nodes, Nodes | None, bool]:
    r"""Split off \pmod{7}, (mod 7) or \bmod 7; the last value says whether a remainder is asked for (\bmod)."""
    if not nodes:
        return nodes, None, False
    last = nodes[-1]
    if last.is_("command", "pmod") and len(nodes) > 1:
        return trim(nodes[:-1]), last.args[0], False
    inside = trim(last.args[0]) if last.is_("bracket", "()", "[]") and len(nodes) > 1 else []
    if inside and _is_mod(inside[0]):
        return trim(nodes[:-1]), trim(inside[1:]), False
    place = next((place for place, node in enumerate(nodes[:-1]) if place and _is_mod(node)), None)
    return (nodes, None, False) if place is None else (trim(nodes[:place]), trim(nodes[place + 1 :]), True)


def _is_mod(node: Node) -> bool:
    return node.is_("command", "mod", "bmod") or node.is_("text", "mod", "modulo")


def without_conditions(nodes: Nodes) -> Nodes:
    """Remove conditions on letters from the end of a formula. Several conditions are cases of a function: they stay."""
    opening = [place for place, node in enumerate(nodes) if place and _opens(node)]
    if len(opening) > 1:
        return nodes
    if opening and opening[0] + 1 < len(nodes):
        nodes = trim(nodes[: opening[0]])
    while nodes and nodes[-1].is_("sign", ",", ";"):
        nodes = trim(nodes[:-1])
    apart = len(nodes) > 2 and nodes[-1].is_("bracket", "()", "[]") and nodes[-2].kind == "space"
    if apart and _condition(nodes[-1].args[0]):
        nodes = trim(nodes[:-2])
    parts = split(nodes, is_joint)
    kept = len(parts)
    while kept > 1 and _condition(parts[kept - 1]) and not relations(parts[0]) and not _member(parts[0]):
        kept -= 1
    return trim(nodes[: sum(len(part) + 1 for part in parts[:kept]) - 1])


def _opens(node: Node) -> bool:
    return (node.kind == "text" and node.text.lower() in _CONDITIONS) or node.is_("command", "forall")


def _member(nodes: Nodes) -> bool:
    return any(node.is_("command", "in", "notin") for node in nodes)


def _condition(nodes: Nodes) -> bool:
    r"""Return whether a part is a condition: k \in \mathbb{Z}, n \ge 2, x \neq 0, k integer."""
    nodes = trim(nodes)
    if len(nodes) < 2 or nodes[0].kind not in ("word", "number", "text", "sign"):
        return False
    letter = nodes[0].kind == "word"
    if _member(nodes) or any(node.is_("text", "integer", "real", "integers") for node in nodes):
        return letter
    return bool(relations(nodes)) or any(node.is_("command", "neq") for node in nodes)

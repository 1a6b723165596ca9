"""Read an answer: its mathematics as plain LaTeX, and what stands beside it.

The order of the rules matters, and is here: signs, tree, decorations, words, what stands around the answer, functions,
units, numbers, structures. A text that no rule can make plain keeps its words, and is compared as text.
"""

import functools
import re
from dataclasses import dataclass

from samples.verifiers.notation import (
    bases,
    fonts,
    functions,
    grouping,
    lists,
    matrices,
    measures,
    numbers,
    qualifiers,
    sets,
    units,
    words,
)
from samples.verifiers.notation.characters import to_latex
from samples.verifiers.notation.decorations import plain, without_stops
from samples.verifiers.notation.parser import TooDeep, parse
from samples.verifiers.notation.tree import Node, Nodes, everywhere, split, trim, write

_BOLD = re.compile(r"(?<![\w)}\]])(?<![\w)}\]] )\*\*(?=\S)(.+?)\*\*(?![\w(])")  # not 2**10, and not 2 ** 10
_BLANKS = re.compile(r"(?<![A-Za-z0-9]) +| +(?![A-Za-z0-9])")


@dataclass(slots=True)
class Reading:
    """What an answer says.

    `nodes` is the value, and `option` the letter before it. `modulus` and `based` are what it names, `poles` the words
    with an opposite. `open` says that its words leave the value open; `lone`, that its last letter may be a unit, and
    `spaced`, that a blank stands before that letter. `lakhs` are the digits of a number that is grouped as in India.
    """

    nodes: Nodes
    option: str | None = None
    percent: bool = False
    poles: frozenset[measures.Pole] = frozenset()
    modulus: str | None = None
    remainder: bool = False
    based: tuple[str, int] | None = None
    open: bool = False
    lone: bool = False
    spaced: bool = False
    lakhs: str | None = None

    @property
    def text(self) -> str:
        """The answer as text, for comparison as text: without blanks and fonts; words in small letters."""
        return canonical(self.nodes)


def canonical(nodes: Nodes) -> str:
    """Return nodes as text: without blanks and fonts, words of three letters or more in small letters."""
    text = write(nodes)
    text = re.sub(r"\\text\{([^{}]{2,})\}", lambda found: found[1].casefold(), text)
    text = re.sub(r"\\text\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"[A-Za-z]{3,}", lambda found: found[0].casefold(), text)
    return _BLANKS.sub("", re.sub(r"\s+", " ", text)).rstrip(".")


def is_text(nodes: Nodes) -> bool:
    """Return whether words are left, so that the nodes are no mathematics."""
    return words.has(nodes, lambda node: node.kind in ("text", "font") or node.is_("command", "and", "or", "dots"))


@functools.lru_cache(maxsize=4096)
def read(text: str) -> Reading | None:
    """Read an answer. None if it has too many groups in groups."""
    try:
        nodes = parse(to_latex(_without_emphasis(text)))
    except TooDeep:
        return None
    nodes = without_stops(everywhere(nodes, plain))
    nodes = everywhere(everywhere(nodes, fonts.unit_ratios), fonts.read_fonts)
    nodes = everywhere(everywhere(nodes, words.clock), words.read_letters)
    nodes = qualifiers.without_opening(without_stops(nodes))
    letter, rest = qualifiers.option(nodes)
    reading = Reading(rest or nodes, option=letter, lakhs=grouping.lakhs(text))
    nodes = everywhere(reading.nodes, grouping.underscored)
    reading.based = bases.split_base(nodes)
    if reading.based:
        reading.nodes = nodes
        return reading
    nodes = words.bare_joints(lists.systems(words.phrases(nodes)))
    nodes, modulus, reading.remainder = qualifiers.modulus(nodes)
    reading.modulus = canonical(modulus) if modulus else None
    nodes = _grouped(qualifiers.without_conditions(sets.builder(nodes)))
    for rule in (functions.indices, functions.roots, functions.binomials, functions.arguments, sets.intervals):
        nodes = everywhere(nodes, rule)
    nodes = _measured(reading, nodes)
    for rule in (numbers.scientific, numbers.repeating, numbers.mixed, matrices.matrices):
        nodes = everywhere(nodes, rule)
    reading.nodes = trim(lists.plus_minus(lists.listed(sets.joined(nodes))))
    return reading


def _without_emphasis(text: str) -> str:
    """Remove the marks of Markdown around an answer: **13**, __13__."""
    if "**" in text:
        text = _BOLD.sub(r"\1", text)
    return text[2:-2] if text.startswith("__") and text.endswith("__") and len(text) > 4 else text


def _grouped(nodes: Nodes) -> Nodes:
    for node in nodes:
        if node.args:
            parts = map(_grouped, node.args)
            node.args = tuple(
                grouping.grouped(part, bracketed=True) if node.kind == "bracket" else part for part in parts
            )
    return grouping.grouped(nodes)


def _measured(reading: Reading, nodes: Nodes) -> Nodes:
    """Take the units off each entry of a list, and note what they say."""
    parts = split(nodes, lists.is_joint)
    joints = [node for node in nodes if lists.is_joint(node)]
    found: Nodes = []
    for place, part in enumerate(parts):
        value, tail = units.split_tail(trim(part))
        if tail:
            said = measures.measured(value, measures.phrase(tail))
            if said is None:
                reading.open = True
                value = trim(part)
            else:
                value = said.value
                reading.percent |= said.percent
                reading.poles |= said.poles
        else:
            value, tail = units.typed_tail(value)
            if tail and (words.letters(value) or (len(tail) == 1 and len(tail[0].text) == 1)):
                reading.lone = len(parts) == 1 and not words.letters(value)
                reading.spaced = len(part) > 1 and trim(part)[-2].kind == "space"
                value = trim(part)
        if place:
            found += [joints[place - 1], Node("space", " ")]
        found += value
    return found

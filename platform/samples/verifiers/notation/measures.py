"""What the words behind a value do to it.

- Words of number multiply: `3.5 million`, `3 quarters`, `2 dozen`.
- Words of an operation are done: `5 squared`, `4 factorial`, `3 and a half`.
- Words that make the value a bound, or a step from somewhere (`15 or less`, `6 below`), leave it open.
- One of two opposites is kept, to be compared with the words of the other answer: `5 north`, `3:15 PM`, `2 wins`.
- All else is a unit. It is removed, and never compared.
"""

from dataclasses import dataclass
from fractions import Fraction

from samples.verifiers.notation.tree import Node, Nodes
from samples.verifiers.notation.vocabulary import values
from samples.verifiers.notation.vocabulary import words as vocabulary

Pole = tuple[int, int]  # the number of a pair of opposites, and which of the two it is

_THOUSANDS = "thousand 1000 million 1000000 billion 1000000000 trillion 1000000000000 quadrillion 1000000000000000"
_ONE_SCALE = values(f"hundred 100 dozen 12 lakh 100000 crore 10000000 score 20 mn 1000000 bn 1000000000 {_THOUSANDS}")
_SCALES = {**_ONE_SCALE, **{f"{word}s": value for word, value in _ONE_SCALE.items()}}
_ONE_PART = values(
    "half 2 halve 2 third 3 quarter 4 fourth 4 fifth 5 sixth 6 seventh 7 eighth 8 ninth 9 tenth 10 eleventh 11 "
    "twelfth 12 sixteenth 16 twentieth 20 hundredth 100 thousandth 1000 millionth 1000000"
)
_PARTS = {**_ONE_PART, **{f"{word}s": value for word, value in _ONE_PART.items()}}
_DONE = {
    "squared": Node("script", "^", ([Node("number", "2")],)),
    "cubed": Node("script", "^", ([Node("number", "3")],)),
    "factorial": Node("sign", "!"),
}
_BOUNDS = vocabulary(
    "less more fewer greater under over below above least most minus plus times than smaller larger higher lower "
    "beyond negative divided double triple twice fold short"
)
_OPPOSITES = (
    "am pm, north south, east west, northeast southwest, northwest southeast, win loss, left right, up down, gain "
    "loss, profit loss, increase decrease, boy girl, man woman, men women, male female, head tail, clockwise "
    "counterclockwise, clockwise anticlockwise, bc ad, bce ce, row column, early late, in out, ahead behind, before "
    "after, first last, rise fall, more less, forward backward, deposit withdrawal, credit debit, surplus deficit, "
    "upward downward, upstream downstream, ascending descending, won lost, positive negative, even odd, faster "
    "slower, older younger, taller shorter, inside outside, uphill downhill, asset liability, maximum minimum, "
    "raise drop, growth decline, import export, buy sell, bought sold, discount surcharge, off extra, markup "
    "markdown, inward outward, wife husband, brother sister, father mother, son daughter, mother daughter, father "
    "son, day night, morning evening, adult child, adults children, buyer seller, teacher student, hot cold, warmer "
    "colder, entering leaving, arriving departing"
)
_POLES: dict[str, list[Pole]] = {}
for _axis, _pair in enumerate(_OPPOSITES.split(", ")):
    for _side, _word in enumerate(_pair.split()):
        _POLES.setdefault(_word, []).append((_axis, _side))
_STEMS = {"losses": "loss", "wives": "wife"}
_PERCENT = vocabulary("% percent percents percentage")
_ORDINALS = vocabulary("st nd rd th")


@dataclass(slots=True)
class Measured:
    """A value with what its words do to it; whether it is a percentage; the opposites that its words name."""

    value: Nodes
    percent: bool
    poles: frozenset[Pole]


def measured(value: Nodes, words: list[str]) -> Measured | None:
    """Return the value with what its words do to it, or None if they leave it open."""
    if words and words[0] in _ORDINALS:
        words = words[1:]
    if len(words) > 2 and words[0] == "and" and words[1] in ("a", "an", "one") and words[2] in _PARTS:
        value, words = [*value, Node("sign", "+"), _fraction(Fraction(1, _PARTS[words[2]]))], words[3:]
    while words and words[0] in _SCALES:
        value, words = _times(value, Fraction(_SCALES[words[0]])), words[1:]
    if words and words[0] in _PARTS:
        value, words = _times(value, Fraction(1, _PARTS[words[0]])), words[1:]
    elif words and words[0] in _DONE:
        value, words = [_wrapped(value), _DONE[words[0]]], words[1:]
    if any(word in _BOUNDS for word in words):
        return None
    percent = any(word in _PERCENT for word in words) or words[:2] == ["per", "cent"]
    return Measured(value, percent, frozenset(pole for word in words for pole in _POLES.get(_stem(word), ())))


def opposed(some: frozenset[Pole], others: frozenset[Pole]) -> bool:
    """Return whether one text has the opposite of a word of the other, and not the word itself."""
    return any((axis, 1 - side) in others and (axis, side) not in others for axis, side in some)


def phrase(nodes: Nodes) -> list[str]:
    """Return the words among nodes, in small letters."""
    found: list[str] = []
    for node in nodes:
        if node.kind in ("text", "word") or node.is_("sign", "%") or node.is_("command", "and", "or"):
            found.append(node.text.lower())
        elif node.is_("script", "^"):
            found += [part.text.lower() for part in node.args[0] if part.kind == "text"]
        elif node.args:
            found += phrase(node.args[0])
    return found


def _stem(word: str) -> str:
    if word in _STEMS:
        return _STEMS[word]
    return word if word in _POLES else word.removesuffix("s").removesuffix("ward")


def _wrapped(value: Nodes) -> Node:
    return value[0] if len(value) == 1 and value[0].kind == "number" else Node("bracket", "()", (value,))


def _fraction(value: Fraction) -> Node:
    return Node("command", "frac", ([Node("number", str(value.numerator))], [Node("number", str(value.denominator))]))


def _times(value: Nodes, factor: Fraction) -> Nodes:
    """Multiply. The product of a number in digits is written in digits."""
    if len(value) == 1 and value[0].kind == "number":
        exact = Fraction(value[0].text) * factor
        return [Node("number", str(exact.numerator))] if exact.denominator == 1 else [_fraction(exact)]
    return [_wrapped(value), Node("command", "cdot"), _fraction(factor)]

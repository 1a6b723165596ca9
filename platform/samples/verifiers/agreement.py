"""Decide whether two answers agree: first what stands beside the mathematics, then the mathematics."""

from typing import Any

from samples.verifiers.boxed import without_typesetting
from samples.verifiers.equality import close, same
from samples.verifiers.extraction import MAX_CHARACTERS
from samples.verifiers.notation import bases, measures, names, units, words
from samples.verifiers.notation.mathematics import expression
from samples.verifiers.notation.plain import plain_value
from samples.verifiers.notation.reading import Reading, canonical, is_text, read
from samples.verifiers.notation.tree import Nodes, write

_WORD = 3  # letters; one or two are variables
Answer = tuple[bool, str | None]  # whether two answers agree, and why they were not compared as mathematics


def agree(gold: str, answer: str) -> Answer:
    """Return whether an answer agrees with the gold answer.

    Raises:
        Undecided: A number is too large to evaluate, or a sum or integral has no value that is found in time.
    """
    alike = without_typesetting(gold) == without_typesetting(answer) or _plain_numbers(gold, answer)
    if alike is not None:
        return alike, None
    if len(answer) > MAX_CHARACTERS:
        return False, f"longer than {MAX_CHARACTERS} characters"
    want, got = read(gold), read(answer)
    if want is None or got is None:
        return _unread(want)
    beside = _beside(want, got)
    if beside is not None or want.text == got.text:
        return beside is not False, None
    if want.open or got.open:
        return _unread(None if want.open else want)
    return _mathematics(want, got)


def _plain_numbers(gold: str, answer: str) -> bool | None:
    """Compare two answers that are only numbers, as most are, without reading them as LaTeX."""
    want, got = plain_value(gold), plain_value(answer)
    if want is None or got is None:
        return None
    if want == got or (want.denominator == got.denominator == 1) or not ("." in gold or "." in answer):
        return want == got
    return close(want, got)


def _unread(want: Reading | None) -> Answer:
    return False, f"the {'gold ' if want is None else ''}answer is not read as mathematics; compared as text"


def _beside(want: Reading, got: Reading) -> bool | None:
    """Compare what stands beside the values; None if the values decide."""
    if measures.opposed(want.poles, got.poles) or _anagrams(want.nodes, got.nodes):
        return False
    if want.option and got.option:
        if want.option != got.option:
            return False
        if canonical(want.nodes) in (want.option, f"({want.option})"):
            return True
    if want.modulus and got.modulus and want.modulus != got.modulus:
        return False
    if want.based and got.based:
        return bases.value(*want.based) == bases.value(*got.based)
    return None


def _anagrams(want: Nodes, got: Nodes) -> bool:
    """Return whether both answers are one word of the same letters in another order, and no product of letters."""
    if len(want) != 1 or len(got) != 1 or want[0].kind not in ("word", "text") or got[0].kind not in ("word", "text"):
        return False
    one, other = want[0].text.lower(), got[0].text.lower()
    return min(len(one), len(other)) >= _WORD and one != other and not words.is_product(one)


def _mathematics(want: Reading, got: Reading) -> Answer:
    wanted, given = _values(want, got, gold=True), _values(got, want, gold=False)
    if (named := _coordinates(want.nodes, got.nodes)) is not None:
        return named, None
    if _grouped_as_in_india(want, got) or canonical(wanted) == canonical(given):
        return True, None
    if is_text(wanted) or is_text(given):
        return _unread(None if is_text(wanted) else want)
    one, other = expression(wanted), expression(given)
    if one is None or other is None:
        return _unread(None if one is None else want)
    one, other = _reduced(one, want, got), _reduced(other, got, want)
    if same(one, other):
        return True, None
    return want.percent != got.percent and _same_percent(one, other, of_100=want.percent), None


def _values(reading: Reading, other: Reading, *, gold: bool) -> Nodes:
    """Return the value to compare: without a base, a letter that may be a unit, and a name."""
    nodes = reading.nodes
    if reading.based and reading.based[0].isdigit():
        return bases.number(reading.based[0])
    if reading.lone and not words.letters(other.nodes) and (reading.spaced or not gold):
        nodes = units.typed_tail(nodes)[0]
    if names.has(nodes) and (not names.has(other.nodes) or names.alike(nodes, other.nodes)):
        nodes = names.values(nodes, gold=gold)
    return nodes


def values(reading: Reading, other: Reading) -> Nodes:
    """Return the value of an answer without a unit and without a name before it, where only the values are compared."""
    nodes = reading.nodes
    if reading.lone and not words.letters(other.nodes):
        nodes = units.typed_tail(nodes)[0]
    parts = names.sides(nodes)
    return parts[1] if names.is_short(parts) else nodes


def _coordinates(want: Nodes, got: Nodes) -> bool | None:
    """Compare x = 1, y = 2 with (1, 2), and with y = 2, x = 1."""
    ours, theirs = names.assigned(want), names.assigned(got)
    if ours and theirs:
        return ours.keys() == theirs.keys() and all(
            agree(write(value), write(theirs[name]))[0] for name, value in ours.items()
        )
    named, point = (ours, got) if ours else (theirs, want)
    if not named:
        return None
    values = [nodes for _, nodes in sorted(named.items())]
    entries = names.point(point)
    if entries is None or len(entries) != len(values):
        return None
    return all(agree(write(one), write(other))[0] for one, other in zip(values, entries, strict=True))


def _grouped_as_in_india(want: Reading, got: Reading) -> bool:
    """Return whether one is 1,00,000 and the other 100000. By itself, 1,00,000 may be a list."""
    return any(one.lakhs is not None and one.lakhs == write(other.nodes) for one, other in ((want, got), (got, want)))


def _reduced(value: Any, reading: Reading, other: Reading) -> Any:
    """Reduce a number by its modulus, if a remainder is asked for or both name the modulus."""
    import sympy

    modulus = reading.modulus or ""
    asked = modulus.isdigit() and modulus.strip("0") and (reading.remainder or other.modulus)
    if asked and isinstance(value, sympy.Expr) and not value.free_symbols:
        whole = value.doit()
        return whole % int(modulus) if whole.is_Integer else value
    return value


def _same_percent(want: Any, got: Any, *, of_100: bool) -> bool:
    import sympy

    if not isinstance(want, sympy.Expr) or not isinstance(got, sympy.Expr):
        return False
    hundredth = sympy.Rational(1, 100)
    return same(want * hundredth, got) if of_100 else same(want, got * hundredth)


def key(answer: str) -> str:
    """Return a text that two answers share only if they agree: the exact value of a number, else the text."""
    reading = read(answer)
    if reading is None or reading.poles or reading.option or reading.modulus or reading.based or reading.open:
        return without_typesetting(answer)
    nodes = reading.nodes
    parts = names.sides(nodes)
    if names.is_x(parts):  # of other letters, x = 5 and y = 5 would share the key of 5
        nodes = parts[1]
    value = plain_value(write(nodes))
    return without_typesetting(answer) if value is None else str(value)

r"""Numbers in every usual notation: mixed, repeating, scientific.

3\frac{1}{4} and 3 1/4 are mixed numbers. 0.\overline{3}, 0.\dot{3} and 0.333... are 1/3.
"""

from fractions import Fraction

from samples.verifiers.notation.tree import Node, Nodes


def _fraction(value: Fraction) -> Node:
    return Node("command", "frac", ([Node("number", str(value.numerator))], [Node("number", str(value.denominator))]))


def _digits(node: Node) -> bool:
    return node.kind == "number" and node.text.isdigit()


def scientific(nodes: Nodes) -> Nodes:
    """Rewrite 4.5e33, and the letter x between a number and a power of ten."""
    found: Nodes = []
    place = 0
    while place < len(nodes):
        node = nodes[place]
        following = nodes[place + 1 : place + 3]
        if node.is_("word", "e", "E") and found and found[-1].kind == "number" and following:
            sign = following[0].text if following[0].is_("sign", "+", "-") else ""
            power = following[1:2] if sign else following[:1]
            if power and _digits(power[0]) and len(power[0].text) < 5:
                body = [Node("sign", "-")] * (sign == "-") + [power[0]]
                found += [Node("command", "cdot"), Node("number", "10"), Node("script", "^", (body,))]
                place += 2 + bool(sign)
                continue
        if node.is_("word", "x", "X") and found and nodes[place + 1 :]:
            after = [part for part in nodes[place + 1 :] if part.kind != "space"]
            before = [part for part in found if part.kind != "space"]
            times = len(after) > 1 and after[0].is_("number", "10") and after[1].is_("script", "^")
            apart = found[-1].kind == "space" and nodes[place + 1].kind == "space"
            if before and before[-1].kind == "number" and after and (times or (apart and after[0].kind == "number")):
                node = Node("command", "times")
        found.append(node)
        place += 1
    return found


def mixed(nodes: Nodes) -> Nodes:
    r"""Rewrite 3\frac{1}{4} and 3 1/4 as one fraction, where whole numbers stand alone."""
    place = 0
    found: Nodes = []
    while place < len(nodes):
        node = nodes[place]
        if (
            _digits(node)
            and len(node.text) < 16
            and not (
                found and (found[-1].kind in ("number", "word", "group", "bracket") or found[-1].is_("command", "frac"))
            )
        ):
            after = place + 1
            while after < len(nodes) and nodes[after].kind == "space":
                after += 1
            part, end = _proper(nodes, after, apart=after > place + 1)
            if part is not None and not (end < len(nodes) and nodes[end].kind == "script"):
                found.append(
                    _fraction(int(node.text) + part)
                    if (int(node.text) + part).denominator > 1
                    else Node("number", str(int(node.text) + part))
                )
                place = end
                continue
        found.append(node)
        place += 1
    return found


def _proper(nodes: Nodes, place: int, *, apart: bool) -> tuple[Fraction | None, int]:
    """Return the fraction of whole numbers that begins here, and where it ends."""
    if place < len(nodes) and nodes[place].is_("command", "frac"):
        top, bottom = nodes[place].args
        if len(top) == len(bottom) == 1 and _digits(top[0]) and _digits(bottom[0]) and int(bottom[0].text):
            return Fraction(int(top[0].text), int(bottom[0].text)), place + 1
        return None, place
    if apart and place + 2 < len(nodes) and nodes[place + 1].is_("sign", "/"):
        top, _, bottom = nodes[place : place + 3]
        if _digits(top) and _digits(bottom) and int(bottom.text):
            return Fraction(int(top.text), int(bottom.text)), place + 3
    return None, place


def repeating(nodes: Nodes) -> Nodes:
    r"""Rewrite 0.\overline{3}, 0.1\dot{6}, 0.\dot{2}\dot{7} and 0.333... as fractions."""
    found: Nodes = []
    place = 0
    while place < len(nodes):
        node = nodes[place]
        start = _leading(nodes, place)
        if start is not None:
            whole, fixed, after = start
            period, end = _period(nodes, after)
            if period is None and after < len(nodes) and fixed:
                dots = _dots(nodes, after)
                guess = _guess(fixed) if dots else None
                if guess:
                    fixed, period, end = *guess, after + dots
            if period:
                found.append(_fraction(_value(whole, fixed, period)))
                place = end
                continue
        if node.kind == "number" and "." in node.text and not node.text.partition(".")[2].strip("0"):
            node = Node("number", node.text.partition(".")[0] or "0")  # 2.00 is exactly 2
        found.append(node)
        place += 1
    return found


def _leading(nodes: Nodes, place: int) -> tuple[str, str, int] | None:
    """Return whole part, fixed decimals and the next place, of a number with a point here."""
    node = nodes[place]
    if node.kind != "number":
        if (
            node.is_("sign", ".")
            and place + 1 < len(nodes)
            and nodes[place + 1].is_("command", "overline", "dot", "bar")
        ):
            return "0", "", place + 1
        return None
    if "." in node.text:
        whole, _, fixed = node.text.partition(".")
        return whole or "0", fixed, place + 1
    after = nodes[place + 1 : place + 3]
    if len(after) == 2 and after[0].is_("sign", ".") and after[1].is_("command", "overline", "dot", "bar"):
        return node.text, "", place + 2
    return None


def _period(nodes: Nodes, place: int) -> tuple[str | None, int]:
    if place >= len(nodes):
        return None, place
    node = nodes[place]
    if node.is_("command", "overline", "bar", "dot") and len(node.args[0]) == 1 and _digits(node.args[0][0]):
        digits = node.args[0][0].text
        if node.text == "dot":
            rest = nodes[place + 1 : place + 3]
            if rest and rest[0].is_("command", "dot"):
                return digits + rest[0].args[0][0].text, place + 2
            if len(rest) == 2 and _digits(rest[0]) and rest[1].is_("command", "dot"):
                return digits + rest[0].text + rest[1].args[0][0].text, place + 3
        return digits, place + 1
    return None, place


def _dots(nodes: Nodes, place: int) -> int:
    """Return how many nodes the dots at this place take: ... or one command."""
    if nodes[place].is_("command", "dots"):
        return 1
    count = 0
    while place + count < len(nodes) and nodes[place + count].is_("sign", "."):
        count += 1
    return count if count > 1 else 0


def _guess(digits: str) -> tuple[str, str] | None:
    """Return fixed and repeating decimals where the period is shown at least three times, or twice if it is long."""
    for start in range(len(digits)):
        rest = digits[start:]
        for length in range(1, len(rest) // 2 + 1):
            period = rest[:length]
            shown = len(rest) / length
            if (period * (len(rest) // length + 1)).startswith(rest) and shown >= (3 if length == 1 else 2):
                return digits[:start], period
    return None


def _value(whole: str, fixed: str, period: str) -> Fraction:
    nines = 10 ** len(period) - 1
    return Fraction(int((whole or "0") + fixed) * nines + int(period), nines * 10 ** len(fixed))

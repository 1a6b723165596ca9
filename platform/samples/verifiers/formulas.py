r"""Find formulas in prose: $…$, \(…\), \[…\], and mathematics that is typed among words.

A run of typed mathematics goes on over numbers, operators, letters and functions, and ends at a word. It is never cut
inside: of "the area is 6*pi" the run is `6*pi`, not 6. "or" and "and" between equations belong to it.
"""

import re

SEARCHED = 1_000  # characters at the end of a completion
_FORMULA = re.compile(
    r"\$\$(.+?)\$\$|\\\[(.+?)\\\]|\\\((.+?)\\\)|(?<!\\)\$(?![\s$])([^$\n]*[^\s$\\])\$(?!\d)", re.DOTALL
)
_BETWEEN = re.compile(r"[\s,;.]*(?:and|or)?[\s,]*")
_TOKEN = re.compile(
    r"(?P<command>\\(?:[A-Za-z]+|.))|(?P<number>[$€£]?\d[\d,]*\d(?:\.\d+)?|[$€£]?\d(?:\.\d+)?|[$€£]?\.\d+)|(?P<word>[^\W\d_]+)"
    r"|(?P<space>\s+)|(?P<operator>[-+*/^=<>×·÷±≤≥−√∞%°!_|&'½¼¾²³]|\*\*)|(?P<bracket>[(){}\[\]])|(?P<comma>,)|(?P<other>.)",
    re.DOTALL,
)
_NAMES = frozenset(["pi", "sqrt", "sin", "cos", "tan", "ln", "log", "exp", "infinity", "infty", "e", "i"])
_WORDS = frozenset("aAI")
_PAIR = 2  # letters that are a product behind a number: 2xy


def formula(text: str) -> str | None:
    """Return the last formula near the end, with those that only "and", "or" or a comma joins to it."""
    tail = text[-SEARCHED:]
    found = [match for match in _FORMULA.finditer(tail) if _inside(match).strip("$")]
    if not found:
        return None
    parts = [_inside(found[-1])]
    for before, after in zip(found[-2::-1], found[:0:-1], strict=False):
        between = tail[before.end() : after.start()]
        if not _BETWEEN.fullmatch(between) or not between.strip(" .\n"):
            break
        parts.insert(0, _inside(before))
    percent = "\\%" if re.match(r"\s?\\?%", tail[found[-1].end() :]) else ""
    return ", ".join(parts) + percent


def _inside(found: re.Match[str]) -> str:
    return next(part for part in found.groups() if part is not None).strip(" ,.;\n")


def runs(text: str) -> list[str]:
    """Return the runs of typed mathematics near the end of a text."""
    tokens = [(str(found.lastgroup), found[0]) for found in _TOKEN.finditer(text[-SEARCHED:].replace("**", " "))]
    found: list[str] = []
    run = ""
    for place, (kind, part) in enumerate(tokens):
        if _goes_on(tokens, place, run):
            run += part
        else:
            found.append(run)
            run = part if kind in ("number", "command") or _starts(tokens, place) else ""
    found.append(run)
    return [one for one in map(_trimmed, found) if re.search(r"\d|\\[A-Za-z]|[π∞]|[=^]", one)]


def _starts(tokens: list[tuple[str, str]], place: int) -> bool:
    kind, part = tokens[place]
    if kind == "word":
        return _is_letter(tokens, place)
    return kind == "bracket" or part in ("-", "−", "+", "√", "±", "=", "|", "∞", "½", "¼", "¾", "<", ">")


def _is_letter(tokens: list[tuple[str, str]], place: int) -> bool:
    """Return whether letters are mathematics: one letter, or a known name. "a" and "I" only beside an operator."""
    part = tokens[place][1]
    if part in _NAMES and len(part) > 1:
        return True
    product = len(part) == _PAIR and place and tokens[place - 1][0] == "number"
    if len(part) > 1 and not product:
        return part == "π" * len(part)
    neighbours = [tokens[one] for one in (place - 1, place + 1, place - 2, place + 2) if 0 <= one < len(tokens)]
    close = [one for one in neighbours[:2] if one[0] in ("operator", "bracket", "number", "command")]
    if close:
        return True
    far = [kind for kind, text in neighbours[2:] if kind == "operator" and text not in "'!"]
    return bool(far) and (part not in _WORDS or len(far) > 0)


def _goes_on(tokens: list[tuple[str, str]], place: int, run: str) -> bool:
    kind, part = tokens[place]
    if not run:
        return False
    if kind == "word":
        if part in ("or", "and") and re.search(r"[=<>]", run):
            ahead = "".join(text for _, text in tokens[place + 1 : place + 7])
            return bool(re.match(r"\s*\\?[A-Za-z]\w?\s*[=<>]", ahead))
        joined = (
            run.rstrip().endswith((" or", " and"))
            or run.rstrip()[-1:] in "0123456789+-*/^=<>(){}×·√π_"
            or len(part) > 1
        )
        return _is_letter(tokens, place) and (joined or run[-1:] != " ")
    if kind == "number":
        return run[-1:] != " " or run.rstrip()[-1:] in "+-*/^=<>×·÷±≤≥−√,(["
    if kind == "comma":
        return run.count("(") + run.count("[") > run.count(")") + run.count("]")
    return kind in ("command", "space", "operator", "bracket")


def _trimmed(run: str) -> str:
    run = run.strip(" \n\t,.;:*!'&").removesuffix("=").strip()
    while run and run[-1] in "([{+-*/^=<>_":
        run = run[:-1].rstrip()
    if run.count("(") > run.count(")") and run.startswith("("):
        run = run[1:]
    while run.endswith(")") and run.count(")") > run.count("("):
        run = run[:-1].rstrip()
    return run

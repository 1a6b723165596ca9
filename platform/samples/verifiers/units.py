r"""Units and percent signs at the end of an answer.

A unit is dropped where it follows a number: wrapped (`15 \mbox{ cm}^2`), a known short one (`15 cm`), or a word of four
letters or more behind a blank (`12 apples`). Anything else may be a variable and stays.
"""

import re

_PERCENT = re.compile(r"\s*(?:\\?%|\\(?:text|mathrm)\s*\{\s*(?:\\?%|per\s?cent)\s*\}|per\s?cent)\s*\Z")
_BLANK = r"(?:[\s~/]|\\[,;:! ]|\\cdot(?![A-Za-z]))*"
_POWER = r"(?:\^\s*\{?-?\d\}?)?"
_WRAP = rf"\\(?:text(?:rm|bf|it)?|mbox|mathrm|rm)\s*\{{[^{{}}]*\}}{_POWER}{_BLANK}"
_RATIO = rf"\\[dt]?frac\s*\{{\s*{_WRAP}\}}\s*\{{\s*{_WRAP}\}}"
_WRAPPED = re.compile(rf"{_BLANK}(?:{_WRAP}|{_RATIO})+\Z")
_PLAIN = re.compile(rf"\A(.*[\d}})]|.*\\pi)(\s*)((?:[A-Za-z]+[\s./]*)+){_POWER}\Z", re.DOTALL)
_COMMAND = re.compile(r"\\(?:[dt]?frac|sqrt|pi|cdot|times|left|right)(?![A-Za-z])")
_SHORT = frozenset(
    [
        "cm",
        "mm",
        "km",
        "nm",
        "ft",
        "in",
        "mi",
        "yd",
        "kg",
        "mg",
        "lb",
        "lbs",
        "oz",
        "sec",
        "min",
        "hr",
        "hrs",
        "mph",
        "kmh",
        "kph",
        "ml",
        "mL",
        "kJ",
        "kW",
        "Hz",
        "eV",
        "MeV",
        "deg",
        "rad",
        "sq",
        "cu",
        "per",
        "of",
        "usd",
        "eur",
        "day",
        "pm",
        "am",
        "m",
        "g",
        "s",
        "h",
        "l",
        "L",
    ]
)


def percent(text: str) -> tuple[str, bool]:
    """Split a percent sign or word off the end: the rest, and whether there was one."""
    found = _PERCENT.search(text)
    return (text[: found.start()], True) if found and found.start() else (text, False)


def unitless(text: str, other: str, *, gold: bool = False) -> str:
    """Drop a unit that follows a number.

    A single letter may be a variable: it stays where `other` has letters too, and right behind a number of the gold
    answer (`5m`, but not `5 m`).
    """
    found = _WRAPPED.search(text)
    if found and re.search(r"[\d})A-Za-z]\Z", text[: found.start()]) and re.search(r"\d|\\pi", text[: found.start()]):
        return text[: found.start()]
    found = _PLAIN.match(text)
    if not found or re.search(r"[A-Za-z]", _COMMAND.sub("", found[1])):
        return text
    words = re.findall(r"[A-Za-z]+", found[3])
    if not all(word in _SHORT or (len(word) > 3 and found[2]) for word in words):  # noqa: PLR2004 - words of a unit are longer
        return text
    lone = len(words) == 1 and len(words[0]) == 1
    variable = lone and ((gold and not found[2]) or re.search(r"[A-Za-z]", _COMMAND.sub("", other)))
    return text if variable else found[1]

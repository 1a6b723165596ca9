r"""Remove units and percent signs from the end of an answer.

A unit is removed if it follows a number and has one of three forms: it is wrapped (`15 \mbox{ cm}^2`), it is a known
short unit (`15 cm`), or it is a word of four or more letters after a blank (`12 apples`). Everything else may be a
variable, and is kept.
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


def split_percent(text: str) -> tuple[str, bool]:
    """Remove a percent sign or word from the end; return the rest, and whether there was one."""
    found = _PERCENT.search(text)
    return (text[: found.start()], True) if found and found.start() else (text, False)


def drop_unit(text: str, other: str, *, gold: bool = False) -> str:
    """Remove a unit that follows a number.

    A single letter may be a variable. It is kept if `other` has letters too. In a gold answer, it is also kept directly
    after a number (`5m`, but not `5 m`).
    """
    found = _WRAPPED.search(text)
    if found and re.search(r"[\d})A-Za-z]\Z", text[: found.start()]) and re.search(r"\d|\\pi", text[: found.start()]):
        return text[: found.start()]
    found = _PLAIN.match(text)
    if not found or re.search(r"[A-Za-z]", _COMMAND.sub("", found[1])):
        return text
    words = re.findall(r"[A-Za-z]+", found[3])
    if not all(word in _SHORT or (len(word) > 3 and found[2]) for word in words):  # noqa: PLR2004 - an unknown unit has more than three letters
        return text
    lone = len(words) == 1 and len(words[0]) == 1
    variable = lone and ((gold and not found[2]) or re.search(r"[A-Za-z]", _COMMAND.sub("", other)))
    return text if variable else found[1]

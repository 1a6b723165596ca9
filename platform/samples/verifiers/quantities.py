r"""Find the numbers in prose: with any sign, grouping, script, exponent, fraction or word of magnitude.

1,234 and 1 234 and 1'234 and 1_234 and 1{,}234 and 1,00,000 are one number each. 10^6, 1.5*10^3, 1/2, \frac{1}{2} and
`5 million` have the value that they say. Digits behind a letter (`m2`), an exponent of a unit (`cm^2`) and a
subscript are no numbers. A sign belongs to the number unless a number or a letter stands before it: "10-3" ends in 3,
"is - 3" in -3.
"""

import re
from decimal import Decimal
from fractions import Fraction

from samples.verifiers.notation.characters import to_latex

_MAGNITUDES = {"hundred": 2, "thousand": 3, "million": 6, "billion": 9, "trillion": 12, "lakh": 5, "crore": 7}
_MOST_DIGITS = 400  # of a power
_LATEX = (
    (re.compile(r"\{,\}|(?<=\d)\\[,!;:](?=\s?\d{3})"), ","),
    (re.compile(r"\\[dtc]?frac\s*\{\s*(\d+)\s*\}\s*\{\s*(\d+)\s*\}"), r"\1/\2"),
    (re.compile(r"\\[dtc]?frac\s*(\d)\s*(\d)"), r"\1/\2"),
    (re.compile(r"\\times(?![A-Za-z])|\\cdot(?![A-Za-z])|\u00d7"), "*"),
    (re.compile(r"\\\$|\\[,!;: ]"), " "),
)
_WHOLE = (
    r"\d{1,3}(?:,\d{3})+(?!\d)|\d{1,2}(?:,\d{2})+,\d{3}(?!\d)|\d{1,3}(?:\.\d{3}){2,}(?!\d)|\d{1,3}(?: \d{3})+(?![\d,])"
    r"|\d{1,3}(?:['_]\d{3})+(?!\d)|\d+"
)
_NUMBER = re.compile(
    r"(?<![A-Za-z_^.\d])(?<![\^_]\{)(?<![\^_][-+])(?<![\^_]\{[-+])"
    r"(?:(?P<sign>(?<![\w.)}])[-+]|(?:(?<=[A-Za-z]{2} )|(?<=[=:(] )|(?<=[=:(]))[-+] )?)"
    rf"(?P<number>(?:{_WHOLE})(?:\.\d+)?|\.\d+)"
    r"(?:(?P<exponent>[eE][-+]?\d{1,3}(?!\w))"
    r"|\s*[*x]\s*10\s?(?:\^|\*\*)\s?\{?(?P<ten>[-+]?\d{1,3})\}?"
    r"|\s?(?:\^|\*\*)\s?\{?(?P<power>[-+]?\d{1,3})\}?"
    r"|\s?/\s?(?P<bottom>\d{1,30})(?!\d|/|\.\d)"
    r"|\s(?P<magnitude>hundred|thousand|million|billion|trillion|lakh|crore)s?\b)?",
    re.ASCII,
)
_CURRENCY = re.compile(r"\b(?:Rs\.?|USD|EUR|US|INR)\s?(?=[-\d])")


def quantities(text: str) -> list[str]:
    """Return the numbers of a text in order, as decimals without separators, or as a fraction like 1/2."""
    text = to_latex(text)
    if "\\" in text or "{" in text:
        for pattern, replacement in _LATEX:
            text = pattern.sub(replacement, text)
    text = _CURRENCY.sub(" ", text)
    return [one for one in map(_written, _NUMBER.finditer(text)) if one is not None]


def last_quantity(text: str) -> str | None:
    """Return the last number of a text."""
    found = quantities(text)
    return found[-1] if found else None


def value(written: str) -> Fraction:
    """Return the exact value of a number as `quantities` writes it."""
    top, _, bottom = written.partition("/")
    return Fraction(Decimal(top)) / int(bottom or "1")


def _written(found: re.Match[str]) -> str | None:
    sign = "-" if "-" in found[0][: found.start("number") - found.start()] else ""
    plain = re.sub(r"[,'_ ]", "", found["number"])
    if plain.count(".") > 1:  # 2.000.000
        plain = plain.replace(".", "")
    if found["bottom"]:
        return f"{sign}{plain}/{found['bottom']}" if int(found["bottom"]) else None
    if found["exponent"]:
        return f"{sign}{plain}{found['exponent']}"
    if not (found["ten"] or found["power"] or found["magnitude"]):
        return sign + plain
    exact = Fraction(Decimal(plain))
    if found["power"]:
        exponent = int(found["power"])
        if len(plain) * abs(exponent) > _MOST_DIGITS or (not exact and exponent < 0):
            return None
        exact **= exponent
    else:
        exact *= Fraction(10) ** (int(found["ten"]) if found["ten"] else _MAGNITUDES[found["magnitude"]])
    return sign + str(exact)

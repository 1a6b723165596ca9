"""Make text fit to leave the program: harmless on a terminal, and without keys.

Completions, ids and names of columns may be hostile. Control characters, escape sequences, characters that change the
direction of writing, and invisible characters are spelled out: the reader sees them, the terminal does not obey them.

Users write keys into URIs, and libraries repeat URIs and headers in their errors. Errors, logs and the lake get them
without keys.
"""

import math
import re
from typing import Any

# Python calls these printable, but they are invisible: joiners, fillers and selectors of a letter's variant.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
_BLANKS = frozenset("\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000")

_HIDDEN = "***"
_PARAMETER = r"[\w-]*(?:signature|token|secret|password|passwd|pwd|credential|api_?key|access_?key(?:_?id)?|sig)"
_KEYS = (
    # user:password@ in a URI. The first form ends before a slash. In the second, the password holds slashes, as keys of
    # S3 do; HOST:PORT/… is none.
    (re.compile(r"""(?<=://)[^\s/"'<>]*@"""), f"{_HIDDEN}@"),
    (re.compile(r"""(?<=://)[^\s@/:"'<>]+:(?!\d{1,5}(?:[/?#\s]|$))[^\s@"'<>]*@"""), f"{_HIDDEN}@"),
    # A parameter of a URI, an option, a header: ?sig=…, secret_access_key='…', "authorization": "…"
    (re.compile(rf"""(?i)([?&;]{_PARAMETER}=)[^&\s"'<>#]+?(?=[:,;.]?(?:[&\s"'<>#]|$))"""), rf"\1{_HIDDEN}"),
    (
        re.compile(r"""(?i)((?:secret_access_key|access_key_id|session_token|authorization)["']?\s*[:=]\s*)"""
        r"""(?:"[^"]*"|'[^']*'|(?:(?:bearer|basic)\s+)?[^\s,;}"']+)"""),
        rf"\1{_HIDDEN}",
    ),
    # Keys that are known by their form: those of AWS and of the Hugging Face Hub.
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bhf_[A-Za-z0-9]{20,}\b"), _HIDDEN),
)  # fmt: skip

_SECRET_NAME = re.compile(
    "(?i)secret|password|passwd|session_token|auth_token|hf_token|authorization|api_?key|access_key"
)


def printable(given: str, *, lines: bool = True) -> str:
    """Spell out every character that a terminal would obey or hide; newlines and tabs stay unless `lines` is False."""
    if given.isprintable() and (given.isascii() or not _INVISIBLE.search(given)):
        return given
    return "".join(c if _is_harmless(c, lines) else c.encode("unicode_escape").decode() for c in given)


def printable_json(given: str) -> str:
    """Spell out the same characters in JSON, as JSON does it: the text stays JSON, and its values stay the same."""
    if given.isprintable() and (given.isascii() or not _INVISIBLE.search(given)):
        return given
    return "".join(c if _is_harmless(c, lines=True) else _json_escape(c) for c in given)


def without_keys(given: str) -> str:
    """Replace keys and passwords in a text by ***: those of URIs, of their parameters, and of known forms."""
    for pattern, hidden in _KEYS:
        given = pattern.sub(hidden, given)
    return given


def json_without_keys(given: Any) -> Any:
    """Replace keys and passwords in the texts of a JSON value, and texts whose name says that they are secret."""
    if isinstance(given, str):
        return without_keys(given)
    if isinstance(given, list | tuple):
        return [json_without_keys(item) for item in given]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(given, dict):
        return {
            name: _HIDDEN if isinstance(value, str) and _SECRET_NAME.search(str(name)) else json_without_keys(value)
            for name, value in given.items()  # pyright: ignore[reportUnknownVariableType]
        }
    return given


def json_finite(given: Any) -> Any:
    """Replace the numbers of a value that JSON lacks by the texts "NaN", "Infinity" and "-Infinity"."""
    if isinstance(given, float) and not math.isfinite(given):
        return "NaN" if math.isnan(given) else "Infinity" if given > 0 else "-Infinity"
    if isinstance(given, list | tuple):
        return [json_finite(item) for item in given]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(given, dict):
        return {name: json_finite(value) for name, value in given.items()}  # pyright: ignore[reportUnknownVariableType]
    return given


def _is_harmless(c: str, lines: bool) -> bool:
    return (c.isprintable() and not _INVISIBLE.match(c)) or c in _BLANKS or (lines and c in "\n\t")


def _json_escape(c: str) -> str:
    units = c.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def size_of(count: int) -> str:
    """Return bytes for people, such as 3.4 MB."""
    for unit, size in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count / 1000:,.1f} kB"

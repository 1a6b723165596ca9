"""Which settings differ between runs, and the hash that names a specification. Queries import this, so it is light."""

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

IMPORTED = "imported"  # the engine of runs whose samples came in a file
UNKNOWN_MODEL = "unknown"  # of imported runs whose file and labels name none
_OWN_COLUMNS = {"model", "dataset"}  # they are told elsewhere
_LONGEST = 24  # characters of a setting's value


def differing(specifications: Sequence[Mapping[str, Any]]) -> dict[str, list[str | None]]:
    """Return the settings that differ between specifications, each with its value (short text) in every one.

    A revision counts only if one model has several, a problem set's hash only if one dataset has several, and the hash
    of an imported file only if files of one name have several.
    """
    flat = [_flat(specification) for specification in specifications]
    names = list(dict.fromkeys(name for one in flat for name in one))
    found: dict[str, list[str | None]] = {}
    for name in names:
        values = [one.get(name) for one in flat]
        within = {"revision": "model", "problems": "dataset", "content": "file"}.get(name)
        groups = [one.get(within) for one in flat] if within else [None] * len(flat)
        if name not in _OWN_COLUMNS and len(set(zip(groups, values, strict=True))) > len(set(groups)):
            found[name] = [None if value is None else _short(value) for value in values]
    short = [name.rpartition(".")[2] for name in found]
    return {s if short.count(s) == 1 else name: found[name] for s, name in zip(short, found, strict=True)}


def side_by_side(specifications: Sequence[Mapping[str, Any]]) -> dict[str, list[str | None]]:
    """Return every setting of specifications, with its whole value in each one, by its dotted name."""
    flat = [_flat(specification) for specification in specifications]
    names = dict.fromkeys(name for one in flat for name in one)
    return {name: [one.get(name) for one in flat] for name in names}


def _flat(specification: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in specification.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")  # pyright: ignore[reportUnknownArgumentType]
        elif value is not None and value != []:
            flat[prefix + key] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return flat


def _short(value: str) -> str:
    """Shorten a long value; its hash tells long values apart."""
    line = " ".join(value.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 8]}… {digest(value)[:6]}"


def digest(text: str) -> str:
    """Return the hash of a text as 16 hex digits (BLAKE2b, 64 bits)."""
    return blake2b(text.encode(), digest_size=8).hexdigest()

"""Names that are partition values of the lake: those of datasets and verifiers."""

import re

# Readers guess the types of partition values, so a name must look like text: it is no number, nan or true.
_NAME = re.compile(r"(?!(?:nan|inf|infinity|true|false|null|none)\Z)[a-z][a-z0-9._-]*", re.IGNORECASE)


def is_partition_name(name: str) -> bool:
    """Return whether a name is a letter, then letters, digits and . _ -, and not a word such as nan or true."""
    return _NAME.fullmatch(name) is not None

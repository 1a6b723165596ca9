"""Sets of words that rules know, and how they are written down: as text."""


def words(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


def values(text: str, scale: int = 1) -> dict[str, int]:
    """Return {"one": 1, "two": 2} for "one 1 two 2"."""
    parts = text.split()
    return {word: int(value) * scale for word, value in zip(parts[::2], parts[1::2], strict=True)}

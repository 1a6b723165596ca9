"""Find which characters of a completion each of its tokens wrote.

A tokenizer decodes tokens one by one. A character of several bytes may be spread over several tokens, and no single one
of them decodes to it. Some tokenizers drop the space before a word. An end token is no part of the text.
"""

from collections.abc import Sequence
from typing import NamedTuple

_BROKEN = "\ufffd"  # what a part of a character decodes to
_WINDOW = 64  # characters of the text in which the next whole token is looked for
_MISSED = 0.2  # share of tokens; where more are not found in the text, another tokenizer made them


class Piece(NamedTuple):
    """Characters that tokens `first` to `last` (inclusive) wrote together. Without a place, the text lacks them."""

    text: str
    first: int
    last: int
    special: bool = False


def aligned(text: str, tokens: Sequence[str]) -> list[Piece] | None:
    """Return a text in pieces, one for each token or for tokens that share a character.

    Pieces of tokens that the text lacks, such as the end token, have their own text and are `special`. None means that
    the tokens do not make this text.
    """
    pieces: list[Piece] = []
    at, number, missed = 0, 0, 0
    while number < len(tokens):
        token = tokens[number]
        lead = 1 if text[at : at + 1] == " " and not token.startswith(" ") and text.startswith(token, at + 1) else 0
        if token and _BROKEN not in token and (lead or text.startswith(token, at)):
            pieces.append(Piece(text[at : at + lead + len(token)], number, number))
            at, number = at + lead + len(token), number + 1
            continue
        if _BROKEN in token:
            last, stop = _whole_again(text, at, tokens, number)
            pieces.append(Piece(text[at:stop], number, last))
            at, number = stop, last + 1
            continue
        missed += bool(token)
        pieces.append(Piece(token, number, number, special=True))
        number += 1
    if missed > 1 + _MISSED * len(tokens):
        return None
    if at < len(text):  # the text is longer than its tokens: it was edited, or tokens are left out
        pieces.append(Piece(text[at:], len(tokens), len(tokens) - 1))
    return pieces


def _whole_again(text: str, at: int, tokens: Sequence[str], number: int) -> tuple[int, int]:
    """Return the last token that shares a character with token `number`, and where the text goes on after them."""
    for following in range(number + 1, len(tokens)):
        token = tokens[following]
        if not token or _BROKEN in token:
            continue
        found = text.find(token, at, at + _WINDOW + len(token))
        if found > at:
            return following - 1, found
        if found < 0 and following - number > 1:
            break
    return (len(tokens) - 1 if number + 1 >= len(tokens) else number), min(len(text), at + 1)

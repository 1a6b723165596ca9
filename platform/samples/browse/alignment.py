"""Find which characters of a completion each of its tokens wrote.

A tokenizer decodes tokens one by one. A character of several bytes may be spread over several tokens, and no single one
of them decodes to it. Some tokenizers drop the space before a word. An end token is no part of the text.
"""

from collections.abc import Sequence
from typing import NamedTuple

_BROKEN = "\ufffd"  # what a part of a character decodes to
_AHEAD = 4  # tokens after a character, of which one is looked for in the text: the first may be special
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
        if (rest := text[at:]) and token.startswith(rest):  # a stop string within the token cut the text
            pieces.append(Piece(rest, number, number))
            at, token = len(text), token[len(rest) :]
        missed += bool(token) and at < len(text)
        pieces.append(Piece(token, number, number, special=True))
        number += 1
    if missed > 1 + _MISSED * len(tokens):
        return None
    if at < len(text):  # the text is longer than its tokens: it was edited, or tokens are left out
        pieces.append(Piece(text[at:], len(tokens), len(tokens) - 1))
    return pieces


def _whole_again(text: str, at: int, tokens: Sequence[str], number: int) -> tuple[int, int]:
    """Return the last token that shares characters with token `number`, and where the text goes on after them."""
    last = number
    while last + 1 < len(tokens) and (not tokens[last + 1] or _BROKEN in tokens[last + 1]):
        last += 1
    shared = tokens[number : last + 1]
    least = at + sum(len(token) - token.count(_BROKEN) for token in shared) + 1
    most = at + sum(map(len, shared))
    for token in filter(None, tokens[last + 1 : last + 1 + _AHEAD]):
        found = text.find(token, least, most + 1 + len(token))
        if found >= 0:
            return last, found
    return last, min(len(text), most)

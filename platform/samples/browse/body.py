"""The text of one sample with everything that is marked in it, and the part of it that a page shows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from samples.browse import marks, shading
from samples.browse.alignment import Piece, aligned
from samples.browse.highlight import code_spans
from samples.browse.layers import Span, laid_over
from samples.browse.numbers import logprob

PART = 32_000  # characters that a page shows at once
_MOST_TOKENS = 65_536  # that are shaded; text after them is shown plainly
_MOST_IDS = 2_000  # token ids that are listed
_MOST_SHARED = 16  # ids that hovering lists of tokens that share characters
_MOST_CODE = 1 << 20  # characters in which code blocks are looked for
SHADES = {"own": "the model that drew it", "scorer": "the scorer", "difference": "scorer minus own model"}


@dataclass(frozen=True)
class Body:
    """The text, its markings, and what a reader must know about them. `shade` is what tokens are shaded by.

    `ids` are the first of all `tokens` where they are not decoded, each with its shade and what hovering says.
    """

    text: str
    layers: tuple[Sequence[Span], ...]
    thinking: list[tuple[int, int]]
    answer_at: int | None
    shade: str | None
    notes: tuple[str, ...]
    ids: list[tuple[int, str, str]]
    tokens: int


@dataclass(frozen=True)
class Section:
    """A piece of the text that is shown: thinking is folded apart."""

    html: Markup
    thinking: bool
    characters: int


def body(shown: Any, shade: str, verdict: Any, found: Sequence[tuple[int, str]] = (), *, program: bool = False) -> Body:
    """Return the body of a sample. `shade` is one of SHADES; `found` are texts to mark, with their places.

    `program` says that unit tests judge the text, which may be a program without a fence.
    """
    notes: list[str] = []
    if shown.scorer_own is not None and (shade == "scorer" or shown.token_logprobs is None):
        shown, shade = _by_its_own_tokens(shown), "scorer"
    pieces, own = _pieces(shown, notes), shown.token_logprobs
    if shown.scorer is not None and shown.scorer_logprobs is None:
        notes.append(f"Not shaded by {shown.scorer}: {shown.scorer_why}.")
    if shade != "own" and shown.scorer_logprobs is None:
        shade = "own"
    if own is None and shade != "scorer":
        notes.append("This sample has no log-probs, so its tokens are not shaded.")
        shade = ""
    text = "".join(piece.text for piece in pieces)
    tokens = _tokens(pieces, shown, shade) if shade else []
    ids = _ids(shown, shade) if shade and shown.token_texts is None else []
    answer = marks.answer_span(text, verdict["answer"], verdict["verifier"]) if verdict else None
    thinking = marks.thinking(text, shown.prompt)
    begins = (thinking[-1][1] if thinking else 0) if program else None
    layers = (tokens, code_spans(text[:_MOST_CODE], begins), [answer] if answer else [], _found(text, found))
    at = answer.start if answer else None
    count = len(shown.token_ids or ())
    return Body(text, layers, thinking, at, shade if tokens or ids else None, tuple(notes), ids, count)


def sections(body: Body, start: int) -> tuple[list[Section], int | None]:
    """Return the part of a body that begins at character `start`, and where the next part begins."""
    stop = min(start + PART, len(body.text))
    cuts = sorted({start, stop, *(cut for part in body.thinking for cut in part if start < cut < stop)})
    shown = [
        Section(laid_over(body.text, body.layers, one, two), _within(body.thinking, one), two - one)
        for one, two in pairwise(cuts)
    ]
    return shown, stop if stop < len(body.text) else None


def _by_its_own_tokens(shown: Any) -> Any:
    """Return a sample as the scorer read it, that made other tokens of the text than the run drew."""
    its = shown.scorer_own
    mine = {name: its[name] for name in ("token_ids", "token_texts", "why")}
    return replace(shown, **mine, token_logprobs=None, ranks=None, scorer_logprobs=its["token_logprobs"])


def _within(parts: Sequence[tuple[int, int]], place: int) -> bool:
    return any(start <= place < stop for start, stop in parts)


def _pieces(shown: Any, notes: list[str]) -> list[Piece]:
    """Return the text in the pieces that tokens wrote; in one piece if that is not known."""
    text, tokens = shown.text, shown.token_texts
    if tokens is None:
        if shown.token_ids is not None and (shown.token_logprobs is not None or shown.scorer_logprobs is not None):
            known = "--tokenizer" in shown.why  # it names the option of samples show
            how = f"samples browse --tokenizer run decodes them with the run's tokenizer, {shown.run.model}"
            notes.append(f"Tokens are shown as ids, and the text is not shaded: {how if known else shown.why}.")
        return [Piece(text, len(shown.token_ids or ()), 0)] if text else []
    tokens = tokens[:_MOST_TOKENS]
    if text is None:
        notes.append("The text is made of the tokens: none is stored.")
        return [Piece(token, number, number) for number, token in enumerate(tokens)]
    found = aligned(text, tokens)
    if found is None:
        notes.append("The stored text is not what these tokens decode to; the decoded tokens are shown.")
        return [Piece(token, number, number) for number, token in enumerate(tokens)]
    if len(tokens) < len(shown.token_ids or ()):
        notes.append(f"Only the first {len(tokens):,} tokens are shaded.")
    return found


def _tokens(pieces: Sequence[Piece], shown: Any, shade: str) -> list[Span]:
    spans: list[Span] = []
    at = 0
    for piece in pieces:
        here, at = at, at + len(piece.text)
        if piece.last < piece.first or not piece.text:
            continue
        name, said = _shaded(shown, range(piece.first, piece.last + 1), shade)
        special = " special" if piece.special else ""
        spans.append(Span(here, at, f"t {name}{special}", said))
    return spans


def _ids(shown: Any, shade: str) -> list[tuple[int, str, str]]:
    """Return the first token ids, each with its shade and what hovering says."""
    ids = (shown.token_ids or ())[:_MOST_IDS]
    return [(token, *_shaded(shown, range(number, number + 1), shade)) for number, token in enumerate(ids)]


def _shaded(shown: Any, group: range, shade: str) -> tuple[str, str]:
    """Return the class of a token, or of several that share a character, and what hovering says."""
    own = shading.joint([shown.token_logprobs[n] for n in group]) if shown.token_logprobs else None
    other = shading.joint([shown.scorer_logprobs[n] for n in group]) if shown.scorer_logprobs else None
    if shade == "difference" and own is not None and other is not None:
        name = shading.by_difference(other, own)
    else:
        value = other if shade == "scorer" else own
        name = "odd" if value is None else shading.by_probability(value)
    return name, _said(shown, group, own, other)


def _said(shown: Any, group: range, own: float | None, other: float | None) -> str:
    """Say of a token, or of several that share a character, what hovering shows."""
    ids = shown.token_ids or ()
    parts = [f"token {group[0]}" if len(group) == 1 else f"tokens {group[0]} to {group[-1]}"]
    listed = ", ".join(str(ids[n]) for n in group[:_MOST_SHARED]) if ids else ""
    parts += [f"id {listed}{', …' * (len(group) > _MOST_SHARED)}"] if ids else []
    mean = "mean " if len(group) > 1 else ""
    parts += [f"{mean}log-prob {logprob(own)}"] if own is not None else []
    parts += _rank(shown.ranks, group)
    parts += [f"{mean}log-prob {logprob(other)} under {shown.scorer}"] if other is not None else []
    parts += [f"{rank} under {shown.scorer}" for rank in _rank(shown.scorer_ranks, group)]
    return " · ".join(parts)


def _rank(ranks: Sequence[int | None] | None, group: range) -> list[str]:
    """Return the rank of a token in words, if it is stored."""
    rank = ranks[group[0]] if ranks and len(group) == 1 and group[0] < len(ranks) else None
    return [] if rank is None else [f"rank {rank}"]


def _found(text: str, words: Sequence[tuple[int, str]]) -> list[Span]:
    """Return where these texts stand: at their places, else one after another, as where the text is that of tokens."""
    spans: list[Span] = []
    at = 0
    for place, word in words:
        start = place if place >= at and text.startswith(word, place) else text.find(word, at)
        if start >= 0 and word:
            at = start + len(word)
            spans.append(Span(start, at, "found"))
    return spans

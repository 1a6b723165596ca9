"""Lay several markings over one text: tokens, an answer, thinking, code, what was searched for.

Markings of different layers may cross, and HTML elements may not. So the text is cut wherever any marking begins or
ends, and each piece gets the classes of all markings over it.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from markupsafe import Markup

from samples.browse.visible import visible


class Span(NamedTuple):
    """A marking of the characters `start` to `stop` of a text: its classes, and what hovering over it says."""

    start: int
    stop: int
    classes: str
    title: str = ""


def laid_over(text: str, layers: Iterable[Sequence[Span]], start: int = 0, stop: int | None = None) -> Markup:
    """Return characters `start` to `stop` of a text as HTML. Spans of one layer are in order, and do not overlap."""
    stop = len(text) if stop is None else min(stop, len(text))
    within = [[span for span in layer if span.start < stop and span.stop > start] for layer in layers]
    cuts = {start, stop}
    for layer in within:
        for span in layer:
            cuts |= {max(span.start, start), min(span.stop, stop)}
    return Markup("").join(_pieces(text, within, sorted(cuts)))


def _pieces(text: str, layers: Sequence[Sequence[Span]], cuts: Sequence[int]) -> Iterator[Markup]:
    at = [0] * len(layers)
    for start, stop in pairwise(cuts):
        over: list[Span] = []
        for number, layer in enumerate(layers):
            while at[number] < len(layer) and layer[at[number]].stop <= start:
                at[number] += 1
            if at[number] < len(layer) and layer[at[number]].start <= start:
                over.append(layer[at[number]])
        inner = visible(text[start:stop])
        if not over:
            yield inner
            continue
        title = " · ".join(span.title for span in over if span.title)
        named = Markup(' title="{}"').format(title) if title else Markup("")
        yield Markup('<span class="{}"{}>{}</span>').format(" ".join(span.classes for span in over), named, inner)

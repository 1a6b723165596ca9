"""How long samples are, and how many were cut."""

from samples.report.asking import Asker
from samples.report.parts import Section


def lengths(ask: Asker) -> Section:
    """Return the section."""
    return Section(
        "lengths",
        "Lengths and truncation",
        "A sample that reaches the limit of tokens is cut, and a cut sample is rarely correct. The accuracy without "
        "cut samples is usually too high, because long answers are often the wrong ones.",
        (),
        [
            ask.ask("lengths", "Tokens of all, correct and wrong samples"),
            ask.ask("truncation", "How the samples ended"),
        ],
    )

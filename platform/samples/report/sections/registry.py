"""Which sections a report has, in the order of reading."""

from collections.abc import Callable

from samples.report.asking import Asker
from samples.report.parts import Section
from samples.report.sections import accuracy, curves, health, judged, lengths, likelihood, sampled, two

SECTIONS: tuple[Callable[[Asker], Section], ...] = (
    sampled.section,
    health.section,
    curves.pass_at_k,
    curves.compare,
    two.coverage,
    two.by_problem,
    accuracy.histogram,
    two.efficiency,
    two.support,
    accuracy.reliability,
    accuracy.selection,
    accuracy.forecast,
    accuracy.cost,
    likelihood.perplexity,
    likelihood.divergence,
    judged.verdicts,
    lengths.lengths,
)

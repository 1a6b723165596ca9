"""pass@k: the curves, where they cross, and the paired difference at each k."""

from typing import Any

from samples.report.asking import Asker
from samples.report.parts import Answer, Section, Sentence
from samples.report.sections.two import needs_two
from samples.report.words import percent, share


def pass_at_k(ask: Asker) -> Section:
    """Return the section about the curves of all runs."""
    crossings = [ask.ask("crossing", f"Crossing of {a} and {b}", a=a, b=b) for a, b in ask.subject.pairs]
    return Section(
        "pass-at-k",
        "pass@k",
        "pass@k is the chance that at least one of k samples of a problem is correct, averaged over the problems. The "
        "interval says how far it is from the truth for other problems of this kind.",
        crossed(crossings),
        [ask.ask("pass_at_k", "pass@k of each run"), *crossings],
    )


def compare(ask: Asker) -> Section:
    """Return the section about the difference at each k."""
    pairs = ask.subject.pairs
    return Section(
        "compare",
        "Difference in pass@k",
        "Both runs are compared problem by problem. Where the interval leaves out 0, the difference is more than "
        "chance in these problems. A run that is ahead on many problems by little may still be behind on average.",
        needs_two(ask),
        [ask.ask("compare", f"pass@k of {a} minus pass@k of {b}", a=a, b=b) for a, b in pairs],
    )


def crossed(crossings: list[Answer]) -> list[Sentence]:
    """Say for each pair of runs who leads, and where the other takes the lead."""
    return [Sentence(_crossed(row)) for answer in crossings for row in answer.dicts]


def _crossed(row: dict[str, Any]) -> str:
    a, b, leader, taken = row["a"], row["b"], row["leads_at_1"], row["leads_at_k"]
    if leader is None:
        return f"{a} and {b} have the same pass@k at every k up to {row['largest_k']}."
    other = b if leader == a else a
    at = {a: share(row["pass_at_k_a"]), b: share(row["pass_at_k_b"])}
    if row["k"] is None:
        k = row["largest_k"]
        return (
            f"At k = 1, {leader} leads {other}, and no k up to {k} changes that: at k = {k}, {leader} has {at[leader]} "
            f"and {other} {at[other]}. {_resampled(row)}"
        )
    ends = f"{row['low']} to {'above ' + str(row['largest_k']) if row['high'] is None else row['high']}"
    interval = f"95 % interval: {ends}" if row["low"] is not None else f"95 % interval: above {row['largest_k']}"
    return (
        f"At k = 1, {leader} leads {other}. At k = {row['k']} ({interval}), {taken} takes the lead: {at[taken]} "
        f"against {at[leader]}. {_resampled(row)}"
    )


def _resampled(row: dict[str, Any]) -> str:
    """Say how often the first leader is never behind when other problems of this kind are asked."""
    uncrossed = row["uncrossed"]
    leader = row["leads_at_1"]
    return (
        ""
        if uncrossed is None
        else f"In {percent(uncrossed)} of the resamples of the problems, {leader} is not behind at any k."
    )

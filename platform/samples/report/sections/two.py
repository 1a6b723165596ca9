"""Two runs: which problems each solves, the sampling-efficiency gap, support, the accuracy of each problem."""

from typing import Any

from samples.report.asking import Asker
from samples.report.parts import Answer, Section, Sentence
from samples.report.words import counted

_THREE = 3


def needs_two(ask: Asker) -> list[Sentence]:
    """Say what fills a section about two runs, if there is one run of each problem set."""
    if ask.subject.pairs:
        return []
    return [Sentence("This compares two runs of one problem set: name another with --run.", "missing")]


def coverage(ask: Asker) -> Section:
    """Return the section about the problems that runs solve."""
    answers = [ask.ask("coverage", f"Problems that {a} and {b} solve", a=a, b=b) for a, b in ask.subject.pairs]
    said = solved(answers) or needs_two(ask)
    if len(ask.subject.runs) >= _THREE:
        answers.append(ask.ask("coverage_many", "Problems by the set of runs that solve them"))
    return Section(
        "coverage",
        "Which problems are solved",
        "A run solves a problem when at least one of its samples is correct. Nobody knows whether an unsolved "
        "problem is out of reach: the columns p_most bound how likely a correct sample may still be.",
        said,
        answers,
    )


def by_problem(ask: Asker) -> Section:
    """Return the section about the accuracy of each problem under two runs."""
    return Section(
        "by-problem",
        "The same problems under two runs",
        "Each circle is a problem, or several at one place. Above the line the run on the vertical axis is "
        "more accurate.",
        needs_two(ask),
        [
            ask.ask("pass_at_k_by_problem", f"Accuracy of each problem under {a} and {b}", runs=[a, b], ks=[1])
            for a, b in ask.subject.pairs
        ],
    )


def efficiency(ask: Asker) -> Section:
    """Return the section about what sampling the base reaches beyond one sample of the trained run."""
    bases: dict[str, list[str]] = {}
    for a, b in ask.subject.pairs:
        bases.setdefault(a, []).append(b)
    return Section(
        "efficiency-gap",
        "Sampling-efficiency gap",
        "The gap is pass@K of the base minus pass@1 of the trained run (arXiv:2504.13837). The smaller it is, the "
        "more of what sampling can reach one sample of the trained run already has. The first run counts as the "
        "base.",
        needs_two(ask),
        [
            ask.ask("efficiency_gap", f"Gap between {base} and the runs trained from it", base=base, runs=runs)
            for base, runs in bases.items()
        ],
    )


def support(ask: Asker) -> Section:
    """Return the section about solved problems that training kept, gained and lost."""
    return Section(
        "support",
        "Support: kept, gained and lost",
        "Of the problems that the base solves, training keeps the share srr; of those that the trained run solves, the "
        "share ndr is new (arXiv:2507.14843). The first run counts as the base.",
        needs_two(ask),
        [ask.ask("support", f"Support of {a} and {b}", a=a, b=b) for a, b in ask.subject.pairs],
    )


def solved(answers: list[Answer]) -> list[Sentence]:
    """Say for each pair how many problems both runs solve, only one, or neither."""
    found: list[Sentence] = []
    for answer in answers:
        by_dataset: dict[object, dict[object, dict[str, Any]]] = {}
        for row in answer.dicts:
            by_dataset.setdefault(row["dataset"], {})[row["outcome"]] = row
        for outcomes in by_dataset.values():
            n = {outcome: row["problems"] for outcome, row in outcomes.items()}
            one = outcomes["both"]
            found.append(
                Sentence(
                    f"{one['a']} and {one['b']} both solve {counted(n['both'], 'problem')}. Only {one['a']} solves "
                    f"{n['only_a']:,}, only {one['b']} {n['only_b']:,}, and neither {n['neither']:,}."
                )
            )
    return found

"""Whether runs can be compared: their problems, templates and log-probs."""

from collections.abc import Sequence
from itertools import groupby

from samples.report.asking import Asker
from samples.report.parts import Sentence
from samples.report.words import counted, several
from samples.runs.run import Run
from samples.runs.settings import differing


def sentences(ask: Asker) -> list[Sentence]:
    """Return what a reader must know."""
    by_dataset = sorted(ask.subject.runs, key=lambda run: run.dataset)
    found: list[Sentence] = []
    datasets: list[str] = []
    for dataset, group in groupby(by_dataset, lambda run: run.dataset):
        runs = [run for run in ask.subject.runs if run in list(group) or run.dataset == dataset]
        datasets.append(dataset)
        found += [*_problems(dataset, runs), *_templates(dataset, runs)]
    if len(datasets) > 1:
        found.append(
            Sentence(
                f"The runs are of different problem sets ({several(datasets)}): only runs of one set are compared.",
                "care",
            )
        )
    return [*found, *_logprobs(ask.subject.runs)]


def _problems(dataset: str, runs: Sequence[Run]) -> list[Sentence]:
    """Say that runs of one dataset have different problems, or different versions of them."""
    first, *others = runs
    found: list[Sentence] = []
    for other in others:
        common = first.problem_hashes.keys() & other.problem_hashes.keys()
        edited = sum(first.problem_hashes[one] != other.problem_hashes[one] for one in common)
        if first.problem_hashes.keys() != other.problem_hashes.keys():
            text = (
                f"{dataset}: {first.name} has {counted(len(first.problem_hashes), 'problem')}, {other.name} "
                f"{len(other.problem_hashes):,}, and {len(common):,} are in both. Comparisons are of those that "
                "both have."
            )
            found.append(Sentence(text, "care"))
        if edited:
            text = f"{dataset}: {counted(edited, 'problem')} had another content in {other.name} than in {first.name}."
            found.append(Sentence(f"{text} They are left out of comparisons.", "wrong"))
    return found


def _templates(dataset: str, runs: Sequence[Run]) -> list[Sentence]:
    """Say that prompts were written by different templates."""
    if any("template" not in run.specification for run in runs):
        return []
    found = differing([{"template": run.specification["template"]} for run in runs])
    if not found:
        return []
    what = f"{several(list(found))} differ{'s' if len(found) == 1 else ''}"
    return [
        Sentence(
            f"{dataset}: the prompts come from different templates ({what}). A difference between the runs is then "
            "also one between prompts.",
            "care",
        )
    ]


def _logprobs(runs: Sequence[Run]) -> list[Sentence]:
    """Say which runs stored the log-probs of what they were drawn from, and not of the model."""
    processed = [
        run.name
        for run in runs
        if dict(run.specification.get("sampling", {})).get("logprobs_mode") == "processed_logprobs"
    ]
    if not processed:
        return []
    have = "have" if len(processed) > 1 else "has"
    return [
        Sentence(
            f"{several(processed)} {have} processed log-probs: those of the distribution that tokens were drawn "
            "from, after temperature and truncation, not of the model. Perplexities of them do not compare with "
            "those of raw "
            "log-probs.",
            "care",
        )
    ]

"""What a reader must know before the numbers: what is missing, failed, cut, repeated, or differs between the runs."""

from collections.abc import Callable, Iterable
from shlex import quote
from typing import Any

from samples.report.asking import Asker
from samples.report.parts import Answer, Section, Sentence
from samples.report.sections import alike, complete, repeats
from samples.report.words import counted, percent, share

_CUT = 0.05  # share of cut samples from which a reader must be warned


def section(ask: Asker) -> Section:
    """Return the section. It says in words what is wrong, or that nothing is."""
    truncation = ask.ask("truncation", "How the samples ended", chart=False)
    errors = ask.ask("errors", "Why samples have no completion, or no verdict")
    copies = repeats.answer(ask)
    curves = ask.ask("pass_at_k", "pass@k of each run", chart=False)
    said = [
        *complete.sentences(ask),
        *_failed(errors),
        *_unjudged(ask, curves),
        *_cut(truncation),
        *repeats.sentences(ask, copies),
        *alike.sentences(ask),
        *_near_n(ask, curves),
        *_noted(curves),
    ]
    return Section(
        "health",
        "Health",
        "What a reader must know before the numbers. Wrong is what to mend first; care is what to read the numbers "
        "with.",
        in_order(said if {sentence.kind for sentence in said} & {"wrong", "care"} else [_CLEAN, *said]),
        [answer for answer in (errors, copies) if answer is not None and (answer.refused or answer.dicts)],
    )


_CLEAN = Sentence(
    "Nothing is wrong: the samples that were asked for are there and judged, and nothing about them changes how the "
    "numbers read.",
    "good",
)


def in_order(said: Iterable[Sentence]) -> list[Sentence]:
    """Put what is wrong first, then what needs care, then plain facts; each sentence once."""
    kinds = ("wrong", "care", "good", "missing", "plain")
    return sorted(dict.fromkeys(said), key=lambda sentence: kinds.index(sentence.kind))


def _failed(errors: Answer) -> list[Sentence]:
    """Say for each reason how many samples have no completion or no verdict."""
    words: dict[object, Callable[[dict[str, Any]], str]] = {
        "sampling": lambda _: "have no completion",
        "verdict error": lambda row: f"have no verdict, because the verifier {row['verifier']} failed",
        "timeout": lambda row: f"have no verdict, because the verifier {row['verifier']} took too long",
    }
    by_kind: dict[tuple[object, object, object], list[dict[str, Any]]] = {}
    for row in errors.dicts:
        by_kind.setdefault((row["run"], row["kind"], row["verifier"]), []).append(row)
    found: list[Sentence] = []
    for (run, kind, _), rows in by_kind.items():
        total = sum(row["samples"] for row in rows)
        most = rows[0]  # the query gives the most frequent reason first
        why = f" Most often: {most['error']}." if most["error"] else ""
        verb = words[kind](most).replace("have", "has", 1) if total == 1 else words[kind](most)
        end = f"No figure counts {'it' if total == 1 else 'them'} as wrong."
        found.append(Sentence(f"{run}: {counted(total, 'sample')} {verb}.{why} {end}", "care"))
    return found


def _unjudged(ask: Asker, curves: Answer) -> list[Sentence]:
    """Say that a verifier has not judged samples, or none at all."""
    if ask.subject.verifier is None:
        named = " ".join(f"--run {quote(name)}" for name in ask.subject.names)
        return [Sentence(f"No verifier has judged these runs: samples rescore --verifier NAME {named}", "wrong")]
    return [Sentence(f"The curves cannot be drawn: {curves.refused}", "wrong")] if curves.refused else []


def _cut(truncation: Answer) -> list[Sentence]:
    """Say how many samples were cut, and how many have no known end."""
    found: list[Sentence] = []
    for row in truncation.dicts:
        cut, of = row["cut"], row["cut"] + row["stopped"]
        if cut:
            part = row["share_cut"]
            both = row["accuracy"], row["accuracy_without_cut"]
            accuracy = "" if None in both else f" The accuracy is {share(both[0])}, and {share(both[1])} without them."
            of_all = f"{row['run']}: {cut:,} of {counted(of, 'sample')} ({percent(part)})"
            text = f"{of_all} {'was' if cut == 1 else 'were'} cut at the limit of tokens.{accuracy}"
            found.append(Sentence(text, "care" if part >= _CUT else "plain"))
        if row["unknown"]:
            text = f"{row['run']}: it is not known of {counted(row['unknown'], 'sample')} whether they were cut."
            found.append(Sentence(text, "plain"))
    return found


def _near_n(ask: Asker, curves: Answer) -> list[Sentence]:
    """Say that pass@k at a k close to n rests on few draws. A curve counts problems with k samples or more."""
    counts, dataset = complete.verified(ask), {run.name: run.dataset for run in ask.subject.runs}
    largest: dict[str, int] = {}
    for row in curves.dicts:
        largest[row["run"]] = max(largest.get(row["run"], 0), row["k"])
    fewest: dict[tuple[str, int], int] = {}
    for run, k in largest.items():
        n = min((n for n in counts.get(run, ()) if n >= k), default=2 * k)
        fewest[dataset[run], k] = min(fewest.get((dataset[run], k), n), n)
    return [
        Sentence(
            f"{of}: curves go up to k = {k:,}, and their problems have {n:,} verified samples or more. Above half of "
            "them, pass@k rests on few independent draws: read it with its interval.",
            "plain",
        )
        for (of, k), n in fewest.items()
        if k > 1 and n < 2 * k
    ]


def _noted(answer: Answer) -> list[Sentence]:
    """Return the notes of an answer as sentences."""
    notes = () if answer.rows is None else answer.rows.notes
    return [Sentence(note, "care") for note in notes]
